//! A learner with a small lesson of the tests' own, whose containers run and hold data.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lesson::case::Files;
use libtest_mimic::Failed;

use crate::support::{Ran, repository, signal};

/// A learner with the fixture's lesson, whose containers run and hold data of their own.
pub struct Drilled {
    pub home: tempfile::TempDir,
    pub exercises: PathBuf,
    slug: String,
    /// The Compose project, which no other test has.
    pub project: String,
}

impl Drilled {
    pub fn new(project: &str) -> Result<Self, Failed> {
        let exercises = repository().join("tests/fixtures/drills");
        let files = files_below(&exercises.join("01-box/start"))?;
        let learner = Self::prepared(project, exercises, "01-box", "drill-box", &files)?;
        learner.compose(&["up", "--detach", "--wait", "--pull", "never"])?;
        learner.inside(
            "mkdir -p /data/own/folder /root/own && head -c 100000 /dev/urandom > /data/own/bytes && \
             echo mine > /data/own/text && chown 12:34 /data/own/text && chmod 640 /data/own/text && \
             ln -s text /data/own/link && ln /data/own/text /data/own/hard && echo two > '/scratch/own' && \
             echo three > '/root/own/a file' && echo root:x >> /etc/group && chown 7:8 /data && chmod 711 /data && chmod 1777 /scratch",
        )?;
        Ok(learner)
    }

    /// A workspace whose lesson has these files, and a project name of its own instead of `name`: somebody may have the
    /// lesson running on this machine.
    pub fn prepared(
        project: &str,
        exercises: PathBuf,
        slug: &str,
        name: &str,
        files: &Files,
    ) -> Result<Self, Failed> {
        let project = format!("drill-test-{project}-{}", std::process::id());
        let learner = Self {
            home: tempfile::tempdir()?,
            exercises,
            slug: slug.to_owned(),
            project,
        };
        learner.checker(&["init"]).exits(0);
        // The reference may have other files than the start.
        std::fs::remove_dir_all(learner.folder())?;
        let named = format!("name: {name}");
        let mut is_named = false;
        for (path, bytes) in files {
            let mut bytes = bytes.clone();
            if let Ok(text) = std::str::from_utf8(&bytes)
                && text.contains(&named)
            {
                is_named = true;
                let own = format!("name: {}", learner.project);
                bytes = text.replacen(&named, &own, 1).into_bytes();
            }
            let file = learner.folder().join(path);
            std::fs::create_dir_all(file.parent().expect("a folder"))?;
            std::fs::write(file, bytes)?;
        }
        assert!(is_named, "a file names the project");
        Ok(learner)
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("course").join(&self.slug)
    }

    pub fn compose(&self, arguments: &[&str]) -> Result<String, Failed> {
        docker(&self.folder(), &[&["compose"], arguments].concat())
    }

    /// Runs a script in the box.
    pub fn inside(&self, script: &str) -> Result<String, Failed> {
        self.compose(&["exec", "-T", "box", "sh", "-c", script])
    }

    /// Everything that the learner has in the containers: by path, with kind, mode, owner, size and content.
    pub fn data(&self) -> Result<String, Failed> {
        self.inside(
            "find /data /scratch /root /note /etc/group 2>/dev/null | sort | while read -r path; do \
             stat -c '%n %F %a %u %g' \"$path\"; [ -L \"$path\" ] && readlink \"$path\"; \
             [ -f \"$path\" ] && md5sum < \"$path\"; done; true",
        )
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("CHECKER_EXERCISES", &self.exercises)
            .env_remove("CARGO")
            .stdin(Stdio::null());
        command
    }

    pub fn checker(&self, arguments: &[&str]) -> Ran {
        self.checker_at(arguments, None)
    }

    pub fn checker_at(&self, arguments: &[&str], engine: Option<&str>) -> Ran {
        let mut command = self.command(arguments);
        if let Some(engine) = engine {
            command.env("DOCKER_HOST", engine);
        }
        ran(command.output().expect("the program runs"))
    }

    /// Starts a drill and returns when it has printed a line with this text.
    pub fn until(&self, arguments: &[&str], text: &str) -> Result<Begun, Failed> {
        let mut command = self.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stdout = String::new();
        while !stdout.contains(text) {
            if lines.read_line(&mut stdout)? == 0 {
                return Err(format!("it ended without {text:?}:\n{stdout}").into());
            }
        }
        Ok(Begun {
            child,
            lines,
            stdout,
        })
    }

    pub fn journals(&self) -> Vec<PathBuf> {
        let folder = self.home.path().join("course/.checker/drills");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path()));
        folders.filter(|path| path.is_dir()).collect()
    }

    /// Repeats a command while one of the killed program's own is still under way.
    pub fn until_free(&self, arguments: &[&str]) -> Result<Ran, Failed> {
        for _ in 0..600 {
            let ran = self.checker(arguments);
            if !ran.stderr.contains("running now") {
                return Ok(ran);
            }
            std::thread::yield_now();
        }
        Err("the lock is never let go".into())
    }

    /// Ids of the project's containers that run.
    pub fn running(&self) -> Result<String, Failed> {
        self.compose(&["ps", "--quiet", "--status", "running"])
    }
}

impl Drop for Drilled {
    fn drop(&mut self) {
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "0"];
        if let Err(error) = self.compose(&down) {
            eprintln!("{} was not taken down: {error:?}", self.project);
        }
    }
}

/// A drill that is under way.
pub struct Begun {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    stdout: String,
}

impl Begun {
    pub fn signal(&self, name: &str) -> Result<(), Failed> {
        assert!(signal(&self.child.id().to_string(), name));
        Ok(())
    }

    pub fn end(mut self) -> Result<Ran, Failed> {
        self.lines.read_to_string(&mut self.stdout)?;
        let mut stderr = String::new();
        self.child
            .stderr
            .take()
            .expect("a pipe")
            .read_to_string(&mut stderr)?;
        let exit = self.child.wait()?.code().unwrap_or(-1);
        Ok(Ran {
            exit,
            stdout: self.stdout,
            stderr,
        })
    }
}

pub fn ran(output: std::process::Output) -> Ran {
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub fn docker(folder: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("docker")
        .args(arguments)
        .current_dir(folder)
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// Files below a folder, by path with `/` as separator.
pub fn files_below(folder: &Path) -> Result<Files, Failed> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            let below = files_below(&entry.path())?;
            files.extend(
                below
                    .into_iter()
                    .map(|(path, bytes)| (format!("{name}/{path}"), bytes)),
            );
        } else {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(files)
}
