//! One module a command.

pub mod completions;
pub mod config;
pub mod context;
pub mod doctor;
pub mod drill;
pub mod explain;
pub mod hint;
pub mod init;
pub mod lint;
pub mod list;
pub mod next;
pub mod open;
pub mod reset;
pub mod serve;
pub mod solution;
pub mod status;
pub mod verify;

use std::io::{BufRead, IsTerminal};

/// Asks a yes-or-no question; without a terminal nobody can answer, and that is a no.
fn confirmed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        anstream::eprintln!("{question} Nobody can be asked here; `--yes` answers yes.");
        return false;
    }
    anstream::eprint!("{question} [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
