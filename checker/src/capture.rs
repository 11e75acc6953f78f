//! Capturing evidence: the learner's files and what the world answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use compose::disk::ConfinedDirectory;
use compose::{ReadError, Reader};
use lesson::Lesson;
use lesson::evidence::{EngineSeen, Evidence, FileSeen, FilesSeen, SCHEMA_VERSION, WorldSeen};
use lesson::secrets::PutAway;

use crate::listing::LessonFolder;

/// What to capture.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The lesson's folder.
    pub folder: PathBuf,
    /// Compose files named on the command line.
    pub files: Vec<String>,
    /// Project name given on the command line.
    pub project_name: Option<String>,
    /// Which engine to ask, if any.
    pub engine: Engine,
    /// The shell's variables; where it is absent those of this process.
    pub environment: Option<BTreeMap<String, String>>,
}

/// Which engine to ask.
#[derive(Debug, Clone, Default)]
pub enum Engine {
    /// None: the files alone.
    #[default]
    None,
    /// The one that Docker's own client would ask, or the one at this address.
    Found {
        /// `--host`
        host: Option<String>,
    },
}

/// Remembers what was read, so that evidence holds exactly what the verdict rests on.
struct Recording<'a> {
    inner: &'a dyn Reader,
    seen: RefCell<BTreeMap<String, FileSeen>>,
}

impl Reader for Recording<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let read = self.inner.read(path);
        self.seen
            .borrow_mut()
            .insert(path.to_owned(), FileSeen::from(read.clone()));
        read
    }
}

/// Captures evidence for a lesson; secrets are already replaced.
///
/// # Errors
/// The folder is not there, or its compose file cannot be read at all.
pub fn capture(lesson: &Lesson, request: &Request) -> anyhow::Result<Evidence> {
    let folder = absolute(&request.folder)?;
    let (files, put_away) = capture_files(lesson, &folder, request)?;
    let mut evidence = Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: lesson.header.id.clone(),
        at: jiff::Timestamp::now(),
        files,
        world: WorldSeen::default(),
    };
    if let Engine::Found { host } = &request.engine {
        let loaded = lesson::load(&evidence);
        let wanted = lesson::wanted(lesson, &evidence, &loaded, &folder.to_string_lossy());
        evidence.world = capture_world(host.as_deref(), &wanted)?;
        // Ages are measured against the moment at which the engine had answered.
        evidence.at = jiff::Timestamp::now();
    }
    evidence.files.forget_other_variables();
    lesson::secrets::hide(&mut evidence, &put_away);
    Ok(evidence)
}

/// The folder as Compose writes it into its labels.
fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(folder)
        .with_context(|| format!("{} is no usable path", folder.display()))?;
    if !folder.is_dir() {
        bail!(
            "{} is not there; `checker init` brings missing lessons back",
            folder.display()
        );
    }
    Ok(folder)
}

fn capture_files(
    lesson: &Lesson,
    folder: &Path,
    request: &Request,
) -> anyhow::Result<(FilesSeen, PutAway)> {
    let directory = ConfinedDirectory::new(folder)
        .with_context(|| format!("cannot open {}", folder.display()))?;
    let folder_name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut files = read_files(
        &directory,
        FilesSeen {
            folder_name,
            compose_files: request.files.clone(),
            project_name: request.project_name.clone(),
            environment: request
                .environment
                .clone()
                .unwrap_or_else(|| environment(folder)),
            ..FilesSeen::default()
        },
    );
    refuse_unreadable(folder, &files)?;
    let put_away = read_files_beside(lesson, &directory, &mut files);
    lesson::capture_builds(&LessonFolder(&directory), &mut files);
    lesson::capture_copied(lesson, &directory, &mut files);
    Ok((files, put_away))
}

/// Reads the files that loading the project reads, no others.
pub fn read_files(reader: &dyn Reader, mut files: FilesSeen) -> FilesSeen {
    let recording = Recording {
        inner: reader,
        seen: RefCell::default(),
    };
    let loaded = compose::load(&recording, &files.request());
    // The first file alone may need one that the others take away.
    compose::load(&recording, &lesson::base_request(&files, &loaded));
    files.files = recording.seen.into_inner();
    files
}

/// Reads the files that checks of the lesson ask for, and puts away those that hold a secret and nothing else. One that cannot be
/// read is for the check to tell.
pub fn read_files_beside(lesson: &Lesson, reader: &dyn Reader, files: &mut FilesSeen) -> PutAway {
    let loaded = compose::load(&*files, &files.request());
    let settings = lesson::settings_files(lesson, &loaded);
    let put_away = lesson::secrets::put_away(files, reader, &settings);
    for path in lesson::files_to_read(lesson, &loaded) {
        let seen = FileSeen::from(reader.read(&path));
        files.files.entry(path).or_insert(seen);
    }
    put_away
}

/// This process' variables, as a shell in the lesson's folder has them: `docker compose` runs there, wherever this program does.
pub fn environment(folder: &Path) -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut variables: BTreeMap<_, _> = std::env::vars_os().filter_map(text).collect();
    if let Some(folder_of_shell) = variables.get_mut("PWD") {
        *folder_of_shell = folder.to_string_lossy().into_owned();
    }
    variables
}

/// A file that is there and cannot be read at all says nothing about the learner's answer.
fn refuse_unreadable(folder: &Path, files: &FilesSeen) -> anyhow::Result<()> {
    for (path, seen) in &files.files {
        let place = folder.join(path);
        let place = place.display();
        match seen {
            FileSeen::Folder => bail!(
                "{place} is a folder, not a file; move it away, `checker reset` brings the file back"
            ),
            FileSeen::PermissionDenied => {
                bail!("{place} cannot be read: permission denied; look at its owner with `ls -l`")
            }
            FileSeen::Unreadable(reason) => bail!("{place} cannot be read: {reason}"),
            FileSeen::Text(_)
            | FileSeen::Bytes(_)
            | FileSeen::Secret { .. }
            | FileSeen::Absent
            | FileSeen::Outside
            | FileSeen::TooLarge { .. } => {}
        }
    }
    Ok(())
}

/// Asks the engine; that none answers is evidence too. Nothing is hidden in it.
pub fn capture_world(
    host: Option<&str>,
    wanted: &lesson::evidence::Wanted,
) -> anyhow::Result<WorldSeen> {
    let address = match engine::find(&lookup(host)) {
        Ok(address) => address,
        Err(error) => {
            return Ok(WorldSeen {
                engine: EngineSeen::from(error),
                ..WorldSeen::default()
            });
        }
    };
    let runtime = runtime()?;
    let seen = runtime.block_on(engine::collect(
        &address,
        wanted,
        &engine::Deadlines::default(),
    ));
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    Ok(seen)
}

/// How the engine is looked for: with this process' environment and home folder.
pub fn lookup(host: Option<&str>) -> engine::Lookup {
    engine::Lookup::of_this_process(host.map(str::to_owned))
}

/// One thread is enough: everything that takes time is somebody else's answer.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start asking the engine")
}

/// Captures again and again until nothing is starting any more, or the time is over.
///
/// # Errors
/// As [`capture`].
pub fn capture_settled(
    lesson: &Lesson,
    request: &Request,
    at_most: Duration,
    mut progress: impl FnMut(&lesson::report::Report),
) -> anyhow::Result<Evidence> {
    const PAUSE: Duration = Duration::from_secs(1);
    let began = std::time::Instant::now();
    loop {
        let evidence = capture(lesson, request)?;
        let report = lesson::check(lesson, &evidence, lesson::report::Scope::FilesAndContainers);
        if !is_unsettled(&report) || began.elapsed() >= at_most {
            return Ok(evidence);
        }
        progress(&report);
        std::thread::sleep(PAUSE);
    }
}

/// Whether a later look may give another verdict by itself.
pub fn is_unsettled(report: &lesson::report::Report) -> bool {
    use lesson::report::{Reason, Verdict};
    report.checks.iter().any(|check| {
        matches!(
            &check.verdict,
            Verdict::NotChecked {
                reason: Reason::Starting(_)
            }
        )
    })
}
