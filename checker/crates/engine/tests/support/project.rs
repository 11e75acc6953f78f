//! A Compose project in a folder of its own, taken down when dropped.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::Command;

/// A project that was brought up.
pub struct Project {
    folder: tempfile::TempDir,
    /// Its name, which no other project has.
    pub name: String,
}

impl Project {
    /// Writes the compose file and runs `docker compose up --detach --quiet-pull`.
    pub fn up(compose: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let name = format!(
            "engine-test-{:08x}",
            RandomState::new().hash_one(folder.path()) >> 32
        );
        std::fs::write(folder.path().join("compose.yaml"), compose)
            .map_err(|error| error.to_string())?;
        let project = Self { folder, name };
        project.compose(&["up", "--detach", "--pull", "never"])?;
        Ok(project)
    }

    /// The folder, as Compose writes it into its labels.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `docker compose` in the folder; gives back its standard output.
    pub fn compose(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("docker")
            .args(["compose", "--project-name", &self.name])
            .args(arguments)
            .current_dir(self.folder())
            .output()
            .map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

impl Project {
    /// Removes containers, networks and volumes. Doing it twice is harmless.
    pub fn down(&self) {
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "0"];
        if let Err(error) = self.compose(&down) {
            eprintln!("the test project {} was not taken down: {error}", self.name);
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.down();
    }
}
