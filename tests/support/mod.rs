//! A learner's workspace in a temporary folder, and the program run in it.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// Address of an engine that is not there.
pub const NO_ENGINE: &str = "unix:///nonexistent/docker.sock";

/// A learner's workspace.
pub struct Learner {
    pub home: tempfile::TempDir,
}

/// What a run of the program gave.
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Learner {
    /// After `checker init`.
    pub fn new() -> Self {
        let learner = Self {
            home: tempfile::tempdir().expect("a temporary folder"),
        };
        let ran = learner.checker(&["init"]);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        learner
    }

    /// With lesson 4's reference solution in place of the start.
    pub fn solved() -> Self {
        let learner = Self::new();
        let solution = repository().join("exercises/04-milvus-stack/solution");
        for entry in std::fs::read_dir(solution).expect("the solution") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), learner.folder().join(entry.file_name())).expect("a copy");
        }
        learner
    }

    /// Lesson 4's folder.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("course/04-milvus-stack")
    }

    /// Replaces a piece of lesson 4's compose file.
    pub fn edit(&self, find: &str, put: &str) -> &Self {
        let path = self.folder().join("compose.yaml");
        let text = std::fs::read_to_string(&path).expect("compose.yaml");
        assert!(text.contains(find), "{find:?} is not in the file");
        std::fs::write(&path, text.replacen(find, put, 1)).expect("written");
        self
    }

    /// Writes a file of lesson 4.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.folder().join(path), bytes).expect("written");
        self
    }

    /// Runs the program in the home folder, without an engine.
    pub fn checker(&self, arguments: &[&str]) -> Ran {
        self.checker_in(self.home.path(), arguments, &[("DOCKER_HOST", NO_ENGINE)])
    }

    /// Runs the program somewhere with some variables; of the others only PATH is kept, and HOME is the learner's own.
    pub fn checker_in(&self, folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .current_dir(folder)
            .args(arguments);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(variables.iter().copied());
        let output = command.output().expect("the program runs");
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Static verification of lesson 4 as a person sees it.
    pub fn verify_files(&self) -> Ran {
        self.checker(&["verify", "4", "--static-only"])
    }
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Fails unless every part is printed, in this order.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) -> &Self {
        let all = format!("{}{}", self.stdout, self.stderr);
        let mut rest = all.as_str();
        for part in parts {
            match rest.find(part) {
                Some(start) => rest = &rest[start + part.len()..],
                None => panic!("{part:?} is not said (in this order):\n{all}"),
            }
        }
        self
    }

    /// Fails unless the program ended with this code.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.exit, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a parent")
        .to_path_buf()
}

/// What asynchronous tests run on.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
}

/// The socket of the engine that the tests' own environment names.
pub fn socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    PathBuf::from(
        host.strip_prefix("unix://")
            .unwrap_or("/var/run/docker.sock"),
    )
}

/// Sends a signal, such as `INT`, to a process, or to all of a group where its number has a minus; whether that could be done.
///
/// The shell has `kill` built in; a small system has no program of that name.
pub fn signal(process: &str, name: &str) -> bool {
    std::process::Command::new("sh")
        .args(["-c", r#"kill -s "$0" -- "$1""#, name, process])
        .status()
        .is_ok_and(|sent| sent.success())
}
