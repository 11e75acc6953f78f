//! The hand that acts: Docker's own client, with the very commands that a learner would type.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// A command that has not ended after this long is given up: longer than `up` may wait.
const LONGEST: Duration = Duration::from_secs(240);
/// The most that is copied out for one drill, in bytes.
pub const LARGEST: u64 = 256 << 20;
/// How long `up` waits for containers to run and be healthy, in seconds.
const UP_WAITS: &str = "180";

/// A Compose project as its containers name it, so that a command means the same files as when they were started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// The folder it was started from.
    pub folder: String,
    /// Its compose files.
    pub files: Vec<String>,
    /// Files given with `--env-file`.
    pub environment_files: Vec<String>,
}

/// Runs `docker` for one project.
#[derive(Debug, Clone)]
pub struct Docker {
    /// `--host`
    pub host: Option<String>,
    /// Whose containers.
    pub project: Project,
    /// The drills' lock, which is empty. Every command has it as its standard input: so it is held until the command has
    /// ended too, also when this program was killed.
    pub lock: Arc<File>,
}

impl Docker {
    /// `docker compose ARGUMENTS` on the project; gives back what it printed.
    ///
    /// # Errors
    /// It cannot be run, takes too long, or fails; with its own words.
    pub fn compose(&self, arguments: &[impl AsRef<str>]) -> anyhow::Result<String> {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let project = &self.project;
        let mut all = vec!["compose", "--project-name", &project.name];
        all.extend(["--project-directory", &project.folder]);
        for file in &project.files {
            all.extend(["--file", file]);
        }
        for file in &project.environment_files {
            all.extend(["--env-file", file]);
        }
        all.extend(&arguments);
        // Nothing is downloaded or built for a drill.
        if let Some("up") = arguments.first().copied() {
            let at = all.len() - arguments.len() + 1;
            all.splice(at..at, ["--pull", "never", "--no-build"]);
            if arguments.contains(&"--wait") {
                all.extend(["--wait-timeout", UP_WAITS]);
            }
        }
        let shown = format!("docker compose {}", arguments.join(" "));
        self.run(&all, &shown, None)
    }

    /// `docker ARGUMENTS`; gives back what it printed.
    ///
    /// # Errors
    /// As [`Self::compose`].
    pub fn docker(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.run(arguments, &format!("docker {}", arguments.join(" ")), None)
    }

    /// Unpacks an archive into a folder of a container, which need not run.
    ///
    /// # Errors
    /// As [`Self::compose`].
    pub fn unpack(&self, archive: &Path, container: &str, folder: &str) -> anyhow::Result<()> {
        let file =
            File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
        let target = format!("{container}:{folder}");
        let shown = format!("docker cp - {target}");
        self.run(&["cp", "-", &target], &shown, Some(file))
            .map(drop)
    }

    /// Packs a path of a container, which need not run, into an archive of at the most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::compose`], and when it is larger.
    pub fn pack(
        &self,
        container: &str,
        path: &str,
        archive: &Path,
        limit: u64,
    ) -> anyhow::Result<()> {
        let source = format!("{container}:{path}");
        let shown = format!("docker cp {source} -");
        let told = || format!("cannot write {}", archive.display());
        let mut file = File::create(archive).with_context(told)?;
        let mut command = self.command(&["cp", &source, "-"])?;
        let runtime = crate::capture::runtime()?;
        runtime.block_on(async {
            let mut child = command
                .stdout(Stdio::piped())
                .spawn()
                .with_context(cannot)?;
            let mut stdout = child.stdout.take().context("no output")?;
            let mut size = 0_u64;
            let copied = async {
                let mut piece = vec![0; 1 << 16];
                loop {
                    let read = stdout.read(&mut piece).await?;
                    if read == 0 {
                        break;
                    }
                    size += read as u64;
                    if size > limit {
                        bail!(
                            "{container} holds more than can be saved: all of it may be {} MB",
                            LARGEST >> 20
                        );
                    }
                    file.write_all(&piece[..read]).with_context(told)?;
                }
                drop(stdout);
                let output = child.wait_with_output().await?;
                finished(&output, &shown)
            };
            let within = tokio::time::timeout(LONGEST, copied).await;
            within.map_err(|_| too_long(&shown))?
        })
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new("docker");
        let lock = self.lock.try_clone().context("the lock cannot be shared")?;
        command
            .args(arguments)
            .stdin(lock)
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(host) = &self.host {
            command.env("DOCKER_HOST", host);
        }
        // Ctrl-C in the terminal is for this program, which then puts everything back; the command ends by itself.
        #[cfg(unix)]
        command.process_group(0);
        #[cfg(windows)]
        command.creation_flags(0x200);
        Ok(command)
    }

    fn run(&self, arguments: &[&str], shown: &str, input: Option<File>) -> anyhow::Result<String> {
        let mut command = self.command(arguments)?;
        command.stdout(Stdio::piped());
        if let Some(input) = input {
            command.stdin(input);
        }
        let runtime = crate::capture::runtime()?;
        runtime.block_on(async {
            let output = tokio::time::timeout(LONGEST, command.output())
                .await
                .map_err(|_| too_long(shown))?
                .with_context(cannot)?;
            finished(&output, shown)?;
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        })
    }
}

fn cannot() -> &'static str {
    "`docker` cannot be run; is it installed?"
}

fn too_long(shown: &str) -> anyhow::Error {
    anyhow::anyhow!("`{shown}` did not end within {} s", LONGEST.as_secs())
}

fn finished(output: &std::process::Output, shown: &str) -> anyhow::Result<()> {
    const LINES: usize = 6;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    bail!("`{shown}` failed:\n{}", last.join("\n"))
}
