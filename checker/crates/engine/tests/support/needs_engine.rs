//! Tests that need an engine, and say so where none answers.

use libtest_mimic::{Failed, Trial};

/// Name of the variable that turns "no engine, ignored" into a failure.
pub const NEEDS_ENGINE: &str = "CHECKER_NEEDS_ENGINE";

/// Why tests that need an engine cannot run here; nothing where they can.
pub fn no_engine() -> Option<String> {
    let asked = std::process::Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output();
    match asked {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("`docker` cannot be run: {error}")),
    }
}

/// A test, which says why it failed.
pub type Test = fn() -> Result<(), Failed>;

/// Tests that need an engine: ignored with the reason where none answers, failed where one has to.
pub fn trials(tests: impl IntoIterator<Item = (&'static str, Test)>) -> Vec<Trial> {
    let no_engine = no_engine();
    let must_run = std::env::var_os(NEEDS_ENGINE).is_some();
    let trial = |(name, test): (&str, Test)| {
        let reason = no_engine.clone();
        let trial = Trial::test(name, move || match reason {
            None => test(),
            Some(reason) => Err(format!("no engine answers: {reason}").into()),
        });
        match &no_engine {
            Some(reason) if !must_run => trial
                .with_kind(format!("no engine: {reason}"))
                .with_ignored_flag(true),
            _ => trial,
        }
    };
    tests.into_iter().map(trial).collect()
}
