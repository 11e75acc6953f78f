//! The learner's workspace: lesson folders, and `.checker/` with what the program remembers.
//!
//! `.checker/workspace.json` marks the workspace, `.checker/originals/` keeps every start file as it was handed out (so
//! that a changed file is told from an untouched one), `.checker/progress.json` what has passed, `.checker/backups/` what
//! `reset` replaced. Every file is written whole or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lesson::report::{Outcome, Report};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::course::{self, CourseLesson};

const MARK: &str = ".checker/workspace.json";
const PROGRESS: &str = ".checker/progress.json";
const ORIGINALS: &str = ".checker/originals";
const BACKUPS: &str = ".checker/backups";
const FORMAT: u32 = 1;

/// Where a command was called: the folder given with `--dir`, if any.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `--dir`
    pub given: Option<PathBuf>,
}

/// A workspace on disk.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    format: u32,
    made_by: String,
}

/// What the program remembers of a learner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Progress {
    format: u32,
    /// By lesson id.
    pub lessons: BTreeMap<String, LessonProgress>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            format: FORMAT,
            lessons: BTreeMap::new(),
        }
    }
}

/// What the program remembers of one lesson.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LessonProgress {
    /// When it passed the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_passed: Option<jiff::Timestamp>,
    /// When it passed the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_passed: Option<jiff::Timestamp>,
    /// How many hints of each check were shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hints: BTreeMap<String, usize>,
    /// When each drill was done the last time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drills: BTreeMap<String, jiff::Timestamp>,
}

/// What `init` did with one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// It was not there.
    New,
    /// It was there as handed out, and there is a newer one.
    Updated,
    /// The learner has changed it; the newer one was not written.
    Kept,
    /// The learner has removed it.
    Gone,
    /// Nothing to do.
    Same,
}

impl Place {
    /// The workspace: the given folder, else searched upwards from here, else ./course.
    ///
    /// # Errors
    /// There is none.
    pub fn workspace(&self) -> anyhow::Result<Workspace> {
        match (self.existing()?, &self.given) {
            (Some(workspace), _) => Ok(workspace),
            (None, Some(given)) => bail!(
                "{} is no workspace; `checker init {}` makes one",
                given.display(),
                given.display()
            ),
            (None, None) => bail!(
                "no workspace here or above, nor in ./course. `checker init` makes one; `--dir DIR` names one elsewhere"
            ),
        }
    }

    /// As [`Place::workspace`], for whoever makes one where there is none.
    ///
    /// # Errors
    /// The current folder cannot be opened.
    pub fn existing(&self) -> anyhow::Result<Option<Workspace>> {
        if let Some(given) = &self.given {
            return Ok(is_workspace(given).then(|| Workspace {
                root: given.clone(),
            }));
        }
        if let Some(around) = self.around()? {
            return Ok(Some(around));
        }
        let here = std::env::current_dir().context("the current folder cannot be opened")?;
        let below = Some(here.join("course")).filter(|folder| is_workspace(folder));
        Ok(below.map(|root| Workspace { root }))
    }

    /// The given workspace, else the one that the current folder is in.
    ///
    /// # Errors
    /// The current folder cannot be opened.
    pub fn around(&self) -> anyhow::Result<Option<Workspace>> {
        if let Some(given) = &self.given {
            return Ok(is_workspace(given).then(|| Workspace {
                root: given.clone(),
            }));
        }
        let here = std::env::current_dir().context("the current folder cannot be opened")?;
        let upwards = here.ancestors().find(|folder| is_workspace(folder));
        Ok(upwards.map(|root| Workspace {
            root: root.to_path_buf(),
        }))
    }

    /// The lesson that is meant: by name, else the one of the current folder, else the next one that has not passed.
    ///
    /// # Errors
    /// No lesson of this name, or no workspace.
    pub fn lesson(&self, name: Option<&str>) -> anyhow::Result<CourseLesson> {
        if let Some(name) = name {
            return course::find(name);
        }
        let workspace = self.workspace()?;
        let here = std::env::current_dir().context("the current folder cannot be opened")?;
        let by_folder = here
            .ancestors()
            .filter_map(|folder| folder.file_name()?.to_str())
            .find_map(course::by_slug);
        if let Some(lesson) = by_folder {
            return lesson;
        }
        let progress = workspace.progress()?;
        let lessons = course::lessons()?;
        progress
            .first_open(&lessons)
            .or(lessons.first())
            .cloned()
            .context("this program carries no lessons")
    }
}

fn is_workspace(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

impl Progress {
    /// Whether a lesson has ever passed.
    pub fn has_passed(&self, lesson: &str) -> bool {
        self.lessons
            .get(lesson)
            .is_some_and(|lesson| lesson.first_passed.is_some())
    }

    /// The first of `lessons` that has never passed.
    pub fn first_open<'a>(&self, lessons: &'a [CourseLesson]) -> Option<&'a CourseLesson> {
        lessons
            .iter()
            .find(|lesson| !self.has_passed(&lesson.lesson.header.id))
    }

    /// Whether a drill of a lesson has ever been done.
    pub fn has_drilled(&self, lesson: &str, drill: &str) -> bool {
        self.lessons
            .get(lesson)
            .is_some_and(|lesson| lesson.drills.contains_key(drill))
    }
}

impl Workspace {
    /// Makes a workspace, or opens the one that is there.
    ///
    /// # Errors
    /// The folder cannot be made, or is of a newer format.
    pub fn make(root: &Path) -> anyhow::Result<Self> {
        if root.exists() && !root.is_dir() {
            bail!(
                "{} is a file; name a folder for the workspace: `checker init DIR`",
                root.display()
            );
        }
        let workspace = Self {
            root: root.to_path_buf(),
        };
        let mark = root.join(MARK);
        if mark.exists() {
            let known: Mark =
                read_json(&mark)?.context("the workspace's mark vanished while it was read")?;
            if known.format > FORMAT {
                bail!(
                    "{} was made by a newer program ({}); update this one",
                    root.display(),
                    known.made_by
                );
            }
            return Ok(workspace);
        }
        let made_by = format!("checker {}", env!("CARGO_PKG_VERSION"));
        write_json(
            &mark,
            &Mark {
                format: FORMAT,
                made_by,
            },
        )?;
        Ok(workspace)
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a lesson.
    pub fn folder(&self, lesson: &CourseLesson) -> PathBuf {
        self.root.join(&lesson.slug)
    }

    /// Brings a lesson's start files up to date; a changed file is never overwritten.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn bring(&self, lesson: &CourseLesson) -> anyhow::Result<Vec<(String, Brought)>> {
        let mut brought = Vec::new();
        for (path, bytes) in lesson.start() {
            let file = self.folder(lesson).join(&path);
            let original = self.root.join(ORIGINALS).join(&lesson.slug).join(&path);
            let what = match (read_if_there(&file)?, read_if_there(&original)?) {
                (None, None) => Brought::New,
                (None, Some(_)) => Brought::Gone,
                (Some(current), _) if current == bytes => Brought::Same,
                (Some(current), Some(original)) if current == original => Brought::Updated,
                (Some(_), Some(original)) if original == bytes => Brought::Same,
                (Some(_), _) => Brought::Kept,
            };
            if matches!(what, Brought::New | Brought::Updated) {
                write_whole(&file, &bytes)?;
            }
            if matches!(what, Brought::New | Brought::Updated | Brought::Same) {
                write_whole(&original, &bytes)?;
            }
            brought.push((path, what));
        }
        Ok(brought)
    }

    /// Puts a lesson's start files back; what they replace is kept in the folder that is returned.
    ///
    /// # Errors
    /// A file that cannot be read or written; nothing is replaced before its backup is written.
    pub fn reset(&self, lesson: &CourseLesson) -> anyhow::Result<Option<PathBuf>> {
        let stamp = jiff::Timestamp::now()
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let backup = self.root.join(BACKUPS).join(stamp).join(&lesson.slug);
        let mut kept = false;
        for (path, bytes) in lesson.start() {
            let file = self.folder(lesson).join(&path);
            match read_if_there(&file)? {
                Some(current) if current != bytes => {
                    write_whole(&backup.join(&path), &current)?;
                    kept = true;
                }
                _ => {}
            }
            write_whole(&file, &bytes)?;
            write_whole(
                &self.root.join(ORIGINALS).join(&lesson.slug).join(&path),
                &bytes,
            )?;
        }
        Ok(kept.then_some(backup))
    }

    /// What the program remembers.
    ///
    /// # Errors
    /// The file is there and cannot be read; it is never silently replaced.
    pub fn progress(&self) -> anyhow::Result<Progress> {
        let path = self.root.join(PROGRESS);
        let progress: Progress = read_json(&path)?.unwrap_or_default();
        if progress.format > FORMAT {
            bail!(
                "{} was written by a newer program; update this one",
                path.display()
            );
        }
        Ok(progress)
    }

    /// Remembers which lessons have passed by `reports`.
    ///
    /// # Errors
    /// The progress cannot be read or written.
    pub fn remember_passes<'a>(
        &self,
        reports: impl IntoIterator<Item = &'a Report>,
    ) -> anyhow::Result<()> {
        let mut passed = reports
            .into_iter()
            .filter(|report| report.outcome() == Outcome::Passed)
            .peekable();
        if passed.peek().is_none() {
            return Ok(());
        }
        let mut progress = self.progress()?;
        for report in passed {
            let lesson = progress.lessons.entry(report.lesson.clone()).or_default();
            lesson.first_passed.get_or_insert(report.at);
            lesson.last_passed = Some(report.at);
        }
        self.remember(&progress)
    }

    /// Remembers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remember(&self, progress: &Progress) -> anyhow::Result<()> {
        write_json(&self.root.join(PROGRESS), progress)
    }
}

fn read_if_there(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    let value = serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{} cannot be read; move it away to start afresh, nothing else depends on it",
            path.display()
        )
    })?;
    Ok(Some(value))
}

fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// Writes a file whole or not at all: beside it first, then by renaming.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let told = || format!("cannot write {}", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(told)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    fs::write(&beside, bytes).with_context(told)?;
    fs::rename(&beside, path)
        .with_context(told)
        .inspect_err(|_| {
            // The half-way file is of no use to anybody; that it cannot be removed either changes nothing.
            let _ = fs::remove_file(&beside);
        })
}
