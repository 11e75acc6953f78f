//! Running a lesson's stacks for real, one after the other, in a throw-away folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use lesson::case::{Files, Step};
use lesson::evidence::Evidence;

use super::cases::{Authored, Case, Expected};
use crate::capture::{self, Engine, Request};

/// How long a case may take to look as expected.
const SETTLES_WITHIN: Duration = Duration::from_secs(180);
/// What `docker compose up --wait` may take.
const UP_WITHIN: &str = "300";
/// How long a container may take to stop before it is killed: those that listen need three seconds at the most, and
/// nothing that the others lose is needed again.
const STOP_WITHIN: &str = "5";

/// A lesson's stack on this machine.
pub struct Stack<'a> {
    lesson: &'a Authored,
    base: tempfile::TempDir,
    state: State,
}

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Nothing,
    Solution,
    Other,
}

impl<'a> Stack<'a> {
    /// Makes sure that nothing of this project runs: it may be somebody's own.
    ///
    /// # Errors
    /// No engine, or containers of the project.
    pub fn new(lesson: &'a Authored) -> anyhow::Result<Self> {
        let base = tempfile::tempdir().context("cannot make a temporary folder")?;
        let stack = Self {
            lesson,
            base,
            state: State::Nothing,
        };
        let project = &lesson.lesson.header.project;
        let filter = format!("label=com.docker.compose.project={project}");
        let running = stack.docker(&["ps", "--all", "--quiet", "--filter", &filter])?;
        if !running.trim().is_empty() {
            bail!(
                "the project {project} has containers on this machine; `docker compose -p {project} down` removes them first"
            );
        }
        Ok(stack)
    }

    fn folder(&self) -> PathBuf {
        self.base.path().join(&self.lesson.slug)
    }

    /// Brings a case about and looks until `enough` says so or the time is over; the last look is returned.
    ///
    /// # Errors
    /// Docker or Compose failed.
    pub fn run(
        &mut self,
        case: &Case,
        enough: &dyn Fn(&Evidence) -> bool,
    ) -> anyhow::Result<Evidence> {
        match &case.expected {
            Expected::Kills { steps, undo, .. } => {
                self.solution()?;
                self.state = State::Other;
                let evidence = self
                    .apply(steps, &case.files)
                    .and_then(|()| self.look(enough));
                undo.iter()
                    .try_for_each(|step| self.step(step, &case.files))?;
                return evidence;
            }
            Expected::Passes if case.name == "solution" => self.solution()?,
            Expected::Passes => {
                self.down()?;
                self.state = State::Other;
                self.put(&case.files)?;
                self.up(&[])?;
            }
        }
        self.look(enough)
    }

    /// Makes the reference solution run, whatever ran before.
    fn solution(&mut self) -> anyhow::Result<()> {
        if self.state == State::Solution {
            return Ok(());
        }
        let files = self
            .lesson
            .cases
            .iter()
            .find(|case| case.name == "solution")
            .map(|case| case.files.clone());
        self.put(&files.unwrap_or_default())?;
        // Force: a container that was cut off from a network is not made anew by itself.
        let again: &[&str] = if self.state == State::Other {
            &["--force-recreate"]
        } else {
            &[]
        };
        self.up(again)?;
        self.state = State::Solution;
        Ok(())
    }

    fn apply(&self, steps: &[Step], files: &Files) -> anyhow::Result<()> {
        if !steps.iter().any(|step| matches!(step, Step::Files(_))) {
            self.put(files)?;
        }
        steps.iter().try_for_each(|step| self.step(step, files))
    }

    fn step(&self, step: &Step, files: &Files) -> anyhow::Result<()> {
        match step {
            Step::Files(_) => self.put(files),
            Step::Compose(arguments) => {
                self.compose(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Step::ComposeFails(arguments) => {
                self.compose_fails(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Step::Docker(arguments) => self
                .docker(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
                .map(drop),
        }
    }

    fn look(&self, enough: &dyn Fn(&Evidence) -> bool) -> anyhow::Result<Evidence> {
        let request = Request {
            folder: self.folder(),
            engine: Engine::Found { host: None },
            environment: Some(BTreeMap::new()),
            ..Request::default()
        };
        let began = Instant::now();
        loop {
            let evidence = capture::capture(&self.lesson.lesson, &request)?;
            if enough(&evidence) || began.elapsed() > SETTLES_WITHIN {
                return Ok(evidence);
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// Writes the files, and removes those of the case before. Data of running services stays.
    fn put(&self, files: &Files) -> anyhow::Result<()> {
        let folder = self.folder();
        let known: std::collections::BTreeSet<_> = self
            .lesson
            .cases
            .iter()
            .flat_map(|case| case.files.keys())
            .collect();
        for path in known {
            let file = folder.join(path);
            if !files.contains_key(path) && file.is_file() {
                std::fs::remove_file(&file)
                    .with_context(|| format!("cannot remove {}", file.display()))?;
            }
        }
        files
            .iter()
            .try_for_each(|(path, bytes)| crate::workspace::write_whole(&folder.join(path), bytes))
    }

    fn up(&self, more: &[&str]) -> anyhow::Result<()> {
        let up = [
            &[
                "up",
                "--detach",
                "--wait",
                "--wait-timeout",
                UP_WITHIN,
                "--timeout",
                STOP_WITHIN,
                "--remove-orphans",
                // A case may differ in a file that an image is built from.
                "--build",
            ],
            more,
        ]
        .concat();
        self.compose(&up)?;
        let prepare = &self.lesson.lesson.header.prepare;
        prepare.iter().try_for_each(|arguments| {
            self.compose(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
        })
    }

    /// Removes containers, volumes, images that were built here, and data.
    ///
    /// # Errors
    /// Docker or Compose failed.
    pub fn down(&mut self) -> anyhow::Result<()> {
        if self.state == State::Nothing {
            return Ok(());
        }
        self.compose(&[
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            STOP_WITHIN,
        ])?;
        self.remove_images()?;
        self.state = State::Nothing;
        let folder = self.folder();
        std::fs::remove_dir_all(&folder).with_context(|| {
            format!(
                "{} holds data that a container wrote as another user; remove it by hand",
                folder.display()
            )
        })
    }

    /// Images that this project has built, also those of services that `up` leaves out: `down --rmi` forgets these.
    fn remove_images(&self) -> anyhow::Result<()> {
        let project = &self.lesson.lesson.header.project;
        let filter = format!("label=com.docker.compose.project={project}");
        let listed = self.docker(&["image", "ls", "--all", "--quiet", "--filter", &filter])?;
        let images: std::collections::BTreeSet<_> = listed.lines().collect();
        if images.is_empty() {
            return Ok(());
        }
        let arguments: Vec<_> = ["image", "rm", "--force"]
            .into_iter()
            .chain(images)
            .collect();
        self.docker(&arguments).map(drop)
    }

    fn compose(&self, arguments: &[&str]) -> anyhow::Result<()> {
        self.docker(&[&["compose"], arguments].concat()).map(drop)
    }

    fn compose_fails(&self, arguments: &[&str]) -> anyhow::Result<()> {
        if self.compose(arguments).is_ok() {
            bail!(
                "`docker compose {}` has to fail here, and did not",
                arguments.join(" ")
            );
        }
        Ok(())
    }

    /// Runs Docker's client in the lesson's folder, with nothing of this shell but what the client itself needs.
    fn docker(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let kept = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy().to_uppercase();
            name.starts_with("DOCKER_") && name != "DOCKER_VOLUME_DIRECTORY"
                || matches!(
                    name.as_str(),
                    "PATH"
                        | "HOME"
                        | "USERPROFILE"
                        | "SYSTEMROOT"
                        | "XDG_RUNTIME_DIR"
                        | "TMPDIR"
                        | "TEMP"
                )
        });
        let folder = self.folder();
        let place: &Path = if folder.is_dir() {
            &folder
        } else {
            self.base.path()
        };
        let output = Command::new("docker")
            .args(arguments)
            .current_dir(place)
            .env_clear()
            .envs(kept)
            .output()
            .context("`docker` cannot be run; is it installed?")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last: Vec<_> = said.lines().rev().take(6).collect();
            let last: Vec<_> = last.into_iter().rev().collect();
            bail!(
                "`docker {}` failed:\n{}",
                arguments.join(" "),
                last.join("\n")
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Stack<'_> {
    /// Also after an error nothing of ours is left running.
    fn drop(&mut self) {
        if let Err(error) = self.down() {
            anstream::eprintln!("could not clean up: {error:#}");
        }
    }
}
