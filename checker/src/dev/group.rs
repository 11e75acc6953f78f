//! Groups of processes: what a command has started ends with it.

use std::process::Command;

/// A command that sends a signal, such as `KILL`, to every process of a group. It fails where the group is gone already.
///
/// The shell has `kill` built in; a small system has no program of that name.
pub fn signal(group: u32, name: &str) -> Command {
    let mut command = Command::new("sh");
    let group = format!("-{group}");
    command.args(["-c", r#"kill -s "$0" -- "$1""#, name, &group]);
    command
}
