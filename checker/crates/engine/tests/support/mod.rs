//! What several test programs need: a running engine, a throw-away Compose project, and a recording proxy.
//!
//! Included by path (`#[path = …] mod support;`), so that tests of other crates can use it too.
#![allow(dead_code, reason = "each test program uses its own part of it")]

pub mod fake;
pub mod project;
pub mod recorder;

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
