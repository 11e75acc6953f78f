//! The undo journal: what was there before a drill, written before each act.
//!
//! `.checker/drills/LESSON-DRILL-TIME/journal.json`, with what was saved as archives beside it. A journal that is not closed
//! means that a drill was cut short; `drill --recover` puts back what it names. `.checker/drills/lock` is held by the
//! running drill and let go by the operating system, however the program ends.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};

use super::docker::Project;
use super::project::Running;
use super::saved::Saved;
use crate::workspace::Workspace;

const FOLDER: &str = ".checker/drills";
const FORMAT: u32 = 1;

/// Everything that is needed to put things back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Journal {
    /// Version of this form.
    pub format: u32,
    /// `lesson-3`
    pub lesson: String,
    /// The drill's id.
    pub drill: String,
    /// When it began.
    pub began: jiff::Timestamp,
    /// `--host`
    pub host: Option<String>,
    /// The files and names that commands are run with.
    pub project: Project,
    /// What was there before.
    pub before: Running,
    /// What was saved of it.
    pub saved: Vec<Saved>,
    /// Volumes without a name that the project's containers have had since it began.
    pub anonymous: BTreeSet<String>,
    /// What was done, in this order; each written before it was done.
    pub acts: Vec<Act>,
    /// Set when everything is as it was.
    pub closed: Option<jiff::Timestamp>,
}

/// Something that was about to be done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: jiff::Timestamp,
    /// The command.
    pub command: String,
    /// Whether it belongs to the drill's steps, and not to the saving before them.
    pub is_step: bool,
}

/// A journal with its folder.
#[derive(Debug)]
pub struct Kept {
    /// `.checker/drills/LESSON-DRILL-TIME`
    pub folder: PathBuf,
    /// What it says.
    pub journal: Journal,
}

/// Whether drills can be begun.
#[derive(Debug)]
pub enum State {
    /// Nothing stands in the way. The lock is held as long as the file is open here or in a command that got it.
    Free(Arc<File>),
    /// One is running now in another process, or a command that it has left behind.
    Running,
}

impl Kept {
    /// Makes the folder; nothing is written yet.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new(workspace: &Workspace, journal: Journal) -> anyhow::Result<Self> {
        let stamp = journal.began.strftime("%Y%m%dT%H%M%SZ").to_string();
        let name = format!("{}-{}-{stamp}", journal.lesson, journal.drill);
        let folder = workspace.root().join(FOLDER).join(name);
        // A second one within the same second would write over the first.
        private_folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, journal })
    }

    /// A new journal for a drill.
    pub fn journal(
        lesson: &str,
        drill: &str,
        host: Option<&str>,
        project: Project,
        before: Running,
    ) -> Journal {
        Journal {
            format: FORMAT,
            lesson: lesson.to_owned(),
            drill: drill.to_owned(),
            began: jiff::Timestamp::now(),
            host: host.map(str::to_owned),
            project,
            anonymous: before.anonymous(),
            before,
            saved: Vec::new(),
            acts: Vec::new(),
            closed: None,
        }
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// It cannot be written; then it may not be done.
    pub fn note(&mut self, command: &str, is_step: bool) -> anyhow::Result<()> {
        self.journal.acts.push(Act {
            at: jiff::Timestamp::now(),
            command: command.to_owned(),
            is_step,
        });
        self.write()
    }

    /// Writes the journal whole, and returns when it is on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self) -> anyhow::Result<()> {
        let path = self.folder.join("journal.json");
        let beside = self.folder.join("journal.json.tmp");
        let text = serde_json::to_string_pretty(&self.journal)?;
        let written = || -> std::io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            sync_folder(&self.folder)
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Everything is as it was: the archives are removed, the journal stays.
    ///
    /// # Errors
    /// The journal cannot be written. An archive that cannot be removed is told, and nothing more.
    pub fn close(&mut self) -> anyhow::Result<()> {
        self.journal.closed = Some(jiff::Timestamp::now());
        self.write()?;
        for saved in &self.journal.saved {
            let archive = self.folder.join(&saved.archive);
            if let Err(error) = fs::remove_file(&archive) {
                anstream::eprintln!("{} could not be removed: {error}", archive.display());
            }
        }
        Ok(())
    }
}

/// The archives hold what containers keep to themselves. Windows gives a folder the rights of the one that it is in.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().mode(0o700).create(folder)
    }
    #[cfg(not(unix))]
    fs::create_dir(folder)
}

/// A rename is on the disk when its folder is. Windows has no such thing.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Takes the lock, if no other process has it.
///
/// # Errors
/// The folder cannot be made.
pub fn lock(workspace: &Workspace) -> anyhow::Result<State> {
    let folder = workspace.root().join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(State::Free(Arc::new(file))),
        Err(TryLockError::WouldBlock) => Ok(State::Running),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

/// Takes the lock; a command that a killed drill has left behind is waited for.
///
/// # Errors
/// As [`lock`].
pub fn lock_patiently(workspace: &Workspace) -> anyhow::Result<State> {
    const PATIENCE: Duration = Duration::from_secs(30);
    let began = Instant::now();
    loop {
        match lock(workspace)? {
            State::Running if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(200));
            }
            state => return Ok(state),
        }
    }
}

/// The journals that are not closed, oldest first.
///
/// # Errors
/// One that cannot be read: it may not be passed over.
pub fn open(workspace: &Workspace) -> anyhow::Result<Vec<Kept>> {
    let folder = workspace.root().join(FOLDER);
    let Ok(entries) = fs::read_dir(&folder) else {
        return Ok(Vec::new());
    };
    let mut folders: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    let mut open = Vec::new();
    for folder in folders {
        let path = folder.join("journal.json");
        if !path.is_file() {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let journal: Journal = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if journal.format > FORMAT {
            bail!(
                "{} was written by a newer program; update this one",
                path.display()
            );
        }
        if journal.closed.is_none() {
            open.push(Kept { folder, journal });
        }
    }
    open.sort_by_key(|kept| kept.journal.began);
    Ok(open)
}

/// One line for whoever looks at a project in the middle of a drill; nothing where none was cut short.
pub fn notice(workspace: &Workspace) -> Option<String> {
    let open = open(workspace).ok()?;
    let journal = &open.first()?.journal;
    let which = format!("{}/{}", journal.lesson, journal.drill);
    Some(match lock(workspace) {
        Ok(State::Running) => {
            format!("the drill {which} is running now and changes its containers")
        }
        _ => format!(
            "the drill {which} was interrupted before everything was put back: `checker drill --recover` does it"
        ),
    })
}
