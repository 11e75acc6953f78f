//! Runs a declared command in a container.

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use lesson::evidence::{Answer, Bytes, Unanswered};
use serde_json::Value;

use super::{Place, by_engine};
use crate::client::Engine;
use crate::deadlines::Passed;
use crate::failure::Failure;
use crate::output::Output;

/// A command that ran to its end.
pub(super) struct Ran {
    pub exit_code: i64,
    pub output: Output,
}

/// The command as an answer.
pub(super) async fn answer(place: &Place<'_>, command: &[String]) -> Result<Answer, Unanswered> {
    let Ran { exit_code, output } = run(place, command).await?;
    Ok(Answer::Exec {
        exit_code,
        stdout: Bytes(output.stdout),
        stderr: Bytes(output.stderr),
    })
}

/// Runs it without a terminal, without input, as the container's own user.
pub(super) async fn run(place: &Place<'_>, command: &[String]) -> Result<Ran, Unanswered> {
    let engine = place.engine;
    let deadline = engine.deadlines.probe;
    let ran = match engine
        .end
        .within(deadline, run_to_end(engine, place.container.id(), command))
        .await
    {
        Ok(ran) => ran,
        Err(Passed::Own(_)) => {
            let program = command.join(" ");
            let name = place.container.name();
            return Err(Unanswered::TimedOut(format!(
                "`{program}` in {name}, {:.1} s",
                deadline.as_secs_f64()
            )));
        }
        Err(Passed::Total) => Err(Failure::TimedOut(Passed::Total)),
    };
    let ran = ran.map_err(by_missing_program)?;
    match missing_program(&ran) {
        Some(words) => Err(Unanswered::NoSuchProgram(words)),
        None => Ok(ran),
    }
}

async fn run_to_end(engine: &Engine, container: &str, command: &[String]) -> Result<Ran, Failure> {
    let docker = engine.docker();
    let options = CreateExecOptions {
        cmd: Some(command.to_vec()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let exec = docker.create_exec(container, options).await?;
    let output = match docker
        .start_exec(&exec.id, None::<StartExecOptions>)
        .await?
    {
        StartExecResults::Attached { output, .. } => Output::read(output).await?,
        StartExecResults::Detached => Output::default(),
    };
    let inspect = engine.get(&format!("/exec/{}/json", exec.id)).await?;
    let exit_code = inspect.get("ExitCode").and_then(Value::as_i64);
    let exit_code = exit_code
        .ok_or_else(|| Failure::Nonsense("the command ended without an exit code".to_owned()))?;
    Ok(Ran { exit_code, output })
}

/// Exit codes of a program that is not there (127) or cannot be run (126), when the container runtime says so and not a shell.
const CANNOT_RUN: [i64; 2] = [126, 127];

/// What Docker's (runc's, crun's) words for it have in common.
fn tells_of_missing_program(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("oci runtime")
        || words.contains("executable file not found")
        || words.contains("unable to start container process")
}

fn missing_program(ran: &Ran) -> Option<String> {
    let Ran { exit_code, output } = ran;
    if !CANNOT_RUN.contains(exit_code) {
        return None;
    }
    // The runtime's message comes in place of the command's own output, on either stream.
    let words = [&output.stdout, &output.stderr]
        .map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
    words
        .into_iter()
        .find(|words| tells_of_missing_program(words))
}

/// Some engines refuse to start such a command instead.
fn by_missing_program(failure: Failure) -> Unanswered {
    match failure {
        Failure::Said { message, .. } if tells_of_missing_program(&message) => {
            Unanswered::NoSuchProgram(message)
        }
        failure => by_engine(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(exit_code: i64, stdout: &str) -> Ran {
        let output = Output {
            stdout: stdout.as_bytes().to_vec(),
            stderr: Vec::new(),
        };
        Ran { exit_code, output }
    }

    #[test]
    fn a_missing_program_is_told_from_one_that_fails() {
        let words = "OCI runtime exec failed: exec failed: unable to start container process: exec: \"curl\": executable file not found in $PATH\r\n";
        assert_eq!(
            missing_program(&ran(127, words)).as_deref(),
            Some(words.trim())
        );
        assert_eq!(
            missing_program(&ran(127, "sh: curl: not found\n")),
            None,
            "the shell was there"
        );
        assert_eq!(
            missing_program(&ran(1, words)),
            None,
            "only quoted, by a command that ran"
        );
    }

    #[test]
    fn a_refusal_to_start_is_a_missing_program_too() {
        let refused = |message: &str| {
            by_missing_program(Failure::Said {
                status: 400,
                message: message.to_owned(),
            })
        };
        let words = "crun: executable file `curl` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found";
        assert_eq!(refused(words), Unanswered::NoSuchProgram(words.to_owned()));
        assert!(matches!(
            refused("container is paused"),
            Unanswered::Engine(_)
        ));
    }
}
