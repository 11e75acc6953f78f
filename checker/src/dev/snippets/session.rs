//! One shell for a whole chapter, as a reader has one: folders, variables and functions stay from command to command.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::interrupt;
use crate::dev::group;

/// How much of an output is read; more than that no book prints.
const LARGEST_OUTPUT: usize = 4 << 20;
/// How often is looked whether somebody pressed Ctrl-C.
const LOOK: Duration = Duration::from_millis(100);

/// A running bash.
pub struct Session {
    bash: Child,
    input: ChildStdin,
    marks: Receiver<Mark>,
    /// Where commands and outputs are put.
    control: PathBuf,
    steps: usize,
    folder: PathBuf,
    commands: String,
    outputs: String,
}

/// A bash that Ctrl-C reaches. Who starts this program in the background may have it ignore that signal, and a shell cannot
/// take it back by itself.
fn bash() -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new("bash");
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=INT", "bash"]);
    command
}

/// What the shell says after each step.
struct Mark {
    code: i32,
    line: usize,
    folder: PathBuf,
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Standard output and standard error, in the order in which they were written.
    pub output: String,
    /// In a script: the line of the first command that failed, counted from 1; 0 for none.
    pub line: usize,
}

/// How a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One command; its exit code counts.
    Command,
    /// A script that ends at the first command that fails.
    Script,
    /// A script that goes on after one.
    ScriptThatFails,
}

/// Why a session cannot go on.
#[derive(Debug)]
pub enum Lost {
    /// The command took too long, and was killed with all it had started. Its output so far.
    Deadline(String),
    /// The shell ended: by `exit`, or by a signal. The output so far.
    Ended(String),
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Session {
    /// Starts bash in a folder with these variables and no others.
    ///
    /// # Errors
    /// There is no bash.
    pub fn start(
        folder: &Path,
        control: &Path,
        variables: &[(String, String)],
    ) -> anyhow::Result<Self> {
        let mut command = bash();
        command
            .args(["--noprofile", "--norc"])
            .current_dir(folder)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        in_own_group(&mut command);
        let mut bash = command.spawn().context("`bash` cannot be run")?;
        let mut input = bash.stdin.take().context("bash has no input")?;
        let output = bash.stdout.take().context("bash has no output")?;
        let (sender, marks) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Some(mark) = mark(&line) else { continue };
                if sender.send(mark).is_err() {
                    break;
                }
            }
        });
        // Ctrl-C is for the command that runs, not for the shell.
        writeln!(input, "trap : INT").context("bash does not read")?;
        Ok(Self {
            bash,
            input,
            marks,
            control: control.to_path_buf(),
            steps: 0,
            folder: folder.to_path_buf(),
            commands: String::new(),
            outputs: String::new(),
        })
    }

    /// The shell's current folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every command so far.
    pub fn commands(&self) -> &str {
        &self.commands
    }

    /// Every output so far.
    pub fn outputs(&self) -> &str {
        &self.outputs
    }

    /// Runs something and waits for its end.
    ///
    /// `within` is how long it may take; after `interrupt`, if given, it gets Ctrl-C first.
    ///
    /// # Errors
    /// The session is lost; everything that it started is killed.
    pub fn run(
        &mut self,
        text: &str,
        kind: Kind,
        within: Duration,
        interrupt: Option<Duration>,
    ) -> Result<Ran, Lost> {
        self.steps += 1;
        let step = self.control.join(format!("step-{}", self.steps));
        let output = self.control.join(format!("output-{}", self.steps));
        self.commands.push_str(text);
        self.commands.push('\n');
        let trap = match kind {
            Kind::Command => "",
            Kind::Script => "trap '__line=$LINENO; return' ERR",
            Kind::ScriptThatFails => "trap '__line=$LINENO' ERR",
        };
        let written = std::fs::write(&step, format!("{trap}\n{text}\n"));
        // Standard input is empty: a command that reads it must not eat the next ones.
        let asked = written.and_then(|()| {
            writeln!(
                self.input,
                "__line=1; . '{}' </dev/null >'{}' 2>&1; printf '%s %s %s\\n' \"$?\" \"$__line\" \"$PWD\"; trap - ERR",
                step.display(),
                output.display(),
            )
        });
        let told = match asked {
            Ok(()) => self.wait(within, interrupt),
            Err(_) => Err(Waiting::Ended),
        };
        let text = self.output(&output, &step);
        self.outputs.push_str(&text);
        self.outputs.push('\n');
        let lost = match told {
            Ok(mark) => {
                self.folder = mark.folder;
                return Ok(Ran {
                    code: mark.code,
                    output: text,
                    line: mark.line.saturating_sub(1),
                });
            }
            Err(Waiting::Deadline) => Lost::Deadline(text),
            Err(Waiting::Ended) => Lost::Ended(text),
            Err(Waiting::Interrupted) => Lost::Interrupted,
        };
        self.kill();
        Err(lost)
    }

    fn wait(&self, within: Duration, interrupt: Option<Duration>) -> Result<Mark, Waiting> {
        let began = Instant::now();
        let mut interrupt = interrupt;
        let again = Duration::from_secs(1);
        loop {
            match self.marks.recv_timeout(LOOK) {
                Ok(mark) => return Ok(mark),
                Err(RecvTimeoutError::Disconnected) => return Err(Waiting::Ended),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupt::was_asked_for() {
                return Err(Waiting::Interrupted);
            }
            // Again and again, as a person would: on a busy machine the first may come before the command has begun.
            if let Some(after) = interrupt
                && began.elapsed() >= after
            {
                interrupt = Some(began.elapsed() + again);
                self.signal("INT");
            }
            if began.elapsed() >= within {
                return Err(Waiting::Deadline);
            }
        }
    }

    /// An output as a terminal shows it: bash names no script in its own messages there.
    fn output(&self, file: &Path, step: &Path) -> String {
        let mut bytes = std::fs::read(file).unwrap_or_default();
        bytes.truncate(LARGEST_OUTPUT);
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let place = format!("{}: line ", step.display());
        let mut shown = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let message = line
                .strip_prefix(&place)
                .and_then(|rest| rest.split_once(": "))
                .map(|(_, message)| message);
            match message {
                Some(message) => {
                    shown.push_str("bash: ");
                    shown.push_str(message);
                }
                None => shown.push_str(line),
            }
        }
        shown
    }

    fn signal(&self, name: &str) {
        // A group that is gone already needs no signal.
        let _ = group::signal(self.bash.id(), name)
            .stderr(Stdio::null())
            .status();
    }

    fn kill(&mut self) {
        self.signal("KILL");
        // Reaped, or reaped before; both is what is wanted.
        let _ = self.bash.wait();
    }
}

impl Drop for Session {
    /// Also what the chapter left running in the background ends here.
    fn drop(&mut self) {
        self.kill();
    }
}

enum Waiting {
    Deadline,
    Ended,
    Interrupted,
}

fn mark(line: &str) -> Option<Mark> {
    let mut words = line.splitn(3, ' ');
    Some(Mark {
        code: words.next()?.parse().ok()?,
        line: words.next()?.parse().ok()?,
        folder: PathBuf::from(words.next()?),
    })
}

/// A group of its own can be signalled whole, and does not get the Ctrl-C that is meant for this program.
#[cfg(unix)]
fn in_own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn in_own_group(_command: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn session() -> (Session, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let session = Session::start(folder.path(), folder.path(), &[("PATH".to_owned(), path)])
            .expect("a shell");
        (session, folder)
    }

    fn run(session: &mut Session, command: &str) -> Ran {
        session
            .run(command, Kind::Command, LONG, None)
            .expect("the shell goes on")
    }

    #[test]
    fn folder_and_variables_stay_from_command_to_command() {
        let (mut session, folder) = session();
        run(&mut session, "mkdir inside; cd inside; x=kept");
        let ran = run(&mut session, "echo $x $(basename $PWD)");
        assert_eq!((ran.code, ran.output.as_str()), (0, "kept inside\n"));
        let real = folder.path().canonicalize().expect("the folder");
        assert!(session.folder().ends_with("inside") && session.folder().starts_with(real));
    }

    #[test]
    fn both_streams_come_in_their_order_and_the_exit_code_with_them() {
        let (mut session, _folder) = session();
        let ran = run(&mut session, "echo one; echo two >&2; echo three; (exit 7)");
        assert_eq!((ran.code, ran.output.as_str()), (7, "one\ntwo\nthree\n"));
    }

    #[test]
    fn a_command_that_reads_its_input_finds_it_empty() {
        let (mut session, _folder) = session();
        assert_eq!(run(&mut session, "cat").output, "");
        assert_eq!(
            run(&mut session, "echo still there").output,
            "still there\n"
        );
    }

    #[test]
    fn bash_speaks_as_it_does_at_a_prompt() {
        let (mut session, _folder) = session();
        let ran = run(&mut session, "no-such-command");
        assert_eq!(ran.code, 127);
        assert_eq!(ran.output, "bash: no-such-command: command not found\n");
    }

    #[test]
    fn a_script_ends_at_the_first_command_that_fails() {
        let (mut session, _folder) = session();
        let ran = session
            .run("echo one\nfalse\necho two", Kind::Script, LONG, None)
            .expect("the shell goes on");
        assert_eq!((ran.code, ran.line, ran.output.as_str()), (1, 2, "one\n"));
        let ran = session
            .run("false\necho two", Kind::ScriptThatFails, LONG, None)
            .expect("the shell goes on");
        assert_eq!((ran.line, ran.output.as_str()), (1, "two\n"));
        assert_eq!(run(&mut session, "false; echo on").output, "on\n");
    }

    #[test]
    fn a_command_that_takes_too_long_is_killed_with_its_children() {
        let (mut session, folder) = session();
        let lost = session.run(
            "echo begun; sleep 300 & echo $! > child; wait",
            Kind::Command,
            Duration::from_millis(500),
            None,
        );
        assert!(matches!(lost, Err(Lost::Deadline(output)) if output == "begun\n"));
        let child = std::fs::read_to_string(folder.path().join("child")).expect("its number");
        let runs = || {
            std::fs::read_to_string(format!("/proc/{}/stat", child.trim()))
                .is_ok_and(|state| !state.contains(") Z "))
        };
        let began = Instant::now();
        while runs() {
            assert!(began.elapsed() < LONG, "the child goes on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn ctrl_c_ends_the_command_and_not_the_shell() {
        let (mut session, _folder) = session();
        let began = Instant::now();
        session
            .run(
                "sleep 300",
                Kind::Command,
                LONG,
                Some(Duration::from_millis(300)),
            )
            .expect("the shell goes on");
        assert!(began.elapsed() < LONG);
        assert_eq!(run(&mut session, "echo on").output, "on\n");
    }

    #[test]
    fn exit_ends_the_session() {
        let (mut session, _folder) = session();
        let lost = session.run("echo bye; exit 3", Kind::Command, LONG, None);
        assert!(matches!(lost, Err(Lost::Ended(output)) if output == "bye\n"));
    }
}
