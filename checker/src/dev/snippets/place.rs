//! Where a chapter is run: a throw-away workspace, and a shell that has what a learner's has.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::session::Session;
use crate::course::{self, CourseLesson};
use crate::workspace::Workspace;

/// A throw-away folder with a learner's workspace, a home, and `checker` to be found.
pub struct Place {
    base: tempfile::TempDir,
    /// Where the folder `course` is made, or an empty folder for a chapter that is no lesson.
    pub work: PathBuf,
    /// Where the session begins.
    start: PathBuf,
    /// What the shell has, and nothing else.
    pub variables: Vec<(String, String)>,
}

impl Place {
    /// Makes it, for a chapter of this lesson or of none.
    ///
    /// # Errors
    /// A folder or file cannot be written.
    pub fn make(lesson: Option<&CourseLesson>, exercises: &Path) -> anyhow::Result<Self> {
        let base = tempfile::Builder::new()
            .prefix("snippets-")
            .tempdir()
            .context("cannot make a temporary folder")?;
        let root = base.path().canonicalize()?;
        let [work, home, programs, control] =
            ["work", "home", "programs", "control"].map(|name| root.join(name));
        for folder in [&work, &home, &programs, &control] {
            std::fs::create_dir(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let program = std::env::current_exe().context("this program does not know where it is")?;
        put_in_reach(&program, &programs.join("checker"))?;
        lend_docker_settings(&home)?;
        // At a terminal curl shows no progress next to what it prints; into a file it does.
        std::fs::write(home.join(".curlrc"), "no-progress-meter\n")
            .context("cannot write curl's settings")?;

        let mut variables = variables(&programs, &home);
        let mut start = work.clone();
        if let Some(lesson) = lesson {
            let workspace = Workspace::make(&work.join("course"))?;
            for lesson in course::lessons()? {
                workspace.bring(&lesson)?;
            }
            start = workspace.folder(lesson);
            let exercise = std::path::absolute(exercises.join(&lesson.slug))?;
            for (name, part) in [("START", "start"), ("SOLUTION", "solution")] {
                let folder = exercise.join(part).to_string_lossy().into_owned();
                variables.push((name.to_owned(), folder));
            }
        }
        Ok(Self {
            base,
            work,
            start,
            variables,
        })
    }

    /// A shell in it.
    ///
    /// # Errors
    /// There is none.
    pub fn session(&self) -> anyhow::Result<Session> {
        Session::start(
            &self.start,
            &self.base.path().canonicalize()?.join("control"),
            &self.variables,
        )
    }

    /// Removes it, with all that the chapter wrote.
    pub fn remove(self) {
        let path = self.base.path().to_path_buf();
        if self.base.close().is_err() {
            anstream::eprintln!(
                "{} holds data that a container wrote as another user; remove it by hand",
                path.display()
            );
        }
    }
}

/// What a learner's shell has, and nothing of this one's but the way to the engine.
fn variables(programs: &Path, home: &Path) -> Vec<(String, String)> {
    let path = std::env::var("PATH").unwrap_or_default();
    let own = [
        ("PATH", format!("{}:{path}", programs.display())),
        ("HOME", home.to_string_lossy().into_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
        ("TERM", "dumb".to_owned()),
        ("COLUMNS", "80".to_owned()),
        ("NO_COLOR", "1".to_owned()),
    ];
    let kept = [
        "DOCKER_HOST",
        "DOCKER_CONTEXT",
        "DOCKER_TLS_VERIFY",
        "DOCKER_CERT_PATH",
        "XDG_RUNTIME_DIR",
    ];
    let kept = kept
        .into_iter()
        .filter_map(|name| Some((name, std::env::var(name).ok()?)));
    own.into_iter()
        .chain(kept)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The empty home gets the contexts and plugins of Docker's client, and none of its other settings.
fn lend_docker_settings(home: &Path) -> anyhow::Result<()> {
    let settings = std::env::var_os("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(PathBuf::from(home).join(".docker"))
        });
    let Some(settings) = settings.filter(|folder| folder.is_dir()) else {
        return Ok(());
    };
    let lent = home.join(".docker");
    std::fs::create_dir(&lent).context("cannot make a folder for Docker's client")?;
    for name in ["cli-plugins", "contexts"] {
        if settings.join(name).is_dir() {
            put_in_reach(&settings.join(name).canonicalize()?, &lent.join(name))?;
        }
    }
    let text = std::fs::read(settings.join("config.json")).unwrap_or_default();
    let config: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let kept: serde_json::Map<_, _> = ["currentContext", "cliPluginsExtraDirs"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), config.get(name)?.clone())))
        .collect();
    std::fs::write(lent.join("config.json"), serde_json::to_vec(&kept)?)
        .context("cannot write the settings of Docker's client")
}

#[cfg(unix)]
fn put_in_reach(original: &Path, link: &Path) -> anyhow::Result<()> {
    std::os::unix::fs::symlink(original, link)
        .with_context(|| format!("cannot make {}", link.display()))
}

#[cfg(not(unix))]
fn put_in_reach(_original: &Path, _link: &Path) -> anyhow::Result<()> {
    anyhow::bail!("the book's commands are run by bash, on Linux or macOS")
}
