//! Looking at a lesson for as long as somebody has its page open.
//!
//! Each lesson that is listened to has one task. It looks when it begins, when a file is saved, when the engine tells of a
//! change, and each second while a container is starting; otherwise it waits and costs nothing. The looks are those of
//! `verify`: the same evidence, judged by the same code.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lesson::evidence::Evidence;
use lesson::report::{Report, Scope, Starting, Verdict};
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::capture::{self, Engine, Request};
use crate::course::{self, CourseLesson};
use crate::output;
use crate::output::json::WithOutcome;
use crate::serve::running;
use crate::serve::saves::Saves;
use crate::workspace::Workspace;

/// Editors save in several steps, and Compose starts several containers at once: looked is when it has been quiet this long,
const QUIET: Duration = Duration::from_millis(50);
/// but after this long at the latest.
const AT_LATEST: Duration = Duration::from_millis(500);
/// How often is looked while a container is starting.
const STARTING: Duration = Duration::from_secs(1);
/// How long the first look waits for the engine's events, so that nothing happens unseen between the two.
const CONNECTING: Duration = Duration::from_millis(300);
/// How often an engine that does not answer is tried: first and last pause.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// What files of a lesson are watched before the first look has said which matter.
const USUAL_FILES: [&str; 9] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
    ".env",
];

/// What a lesson's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// Nobody has looked yet.
    Nothing,
    /// A verdict.
    Verdict {
        /// See [`Shown`].
        json: String,
        /// Whether it changes by itself, because a container is starting.
        is_starting: bool,
    },
    /// Why there is none, in words.
    Trouble(String),
}

/// The verdict as the page gets it.
#[derive(Serialize)]
struct Shown<'a> {
    /// The report as `verify --format json` prints it.
    report: WithOutcome<'a>,
    /// Why checks were not judged, by their id: words that the report's type gives, not its JSON.
    reasons: BTreeMap<&'a str, Why<'a>>,
    /// The words about containers that are starting.
    starting: Vec<String>,
    /// Where saving is not noticed: why.
    unnoticed: Option<&'a str>,
}

#[derive(Serialize)]
struct Why<'a> {
    text: String,
    next: Option<&'a str>,
}

/// A lesson as the pages list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    id: String,
    number: u32,
    title: String,
    /// The chapter's page.
    page: String,
    /// Whether it has ever passed.
    passed: bool,
}

/// Who looks, and what was last seen.
pub struct Desk {
    workspace: Workspace,
    /// `--host`
    host: Option<String>,
    lessons: Vec<Arc<CourseLesson>>,
    /// The lessons that are listened to, by id.
    open: Mutex<BTreeMap<String, Open>>,
    course: watch::Sender<Vec<Listed>>,
    /// Two lessons that pass at once write one after the other.
    progress: Mutex<()>,
}

/// A lesson that is listened to.
struct Open {
    readers: watch::Sender<Look>,
    wake: mpsc::UnboundedSender<Cause>,
}

/// Why to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Containers,
    Files,
}

impl Desk {
    /// For a workspace. Nothing is looked at before somebody listens.
    ///
    /// # Errors
    /// A lesson file with a mistake.
    pub fn new(workspace: Workspace, host: Option<String>) -> anyhow::Result<Self> {
        let desk = Self {
            workspace,
            host,
            lessons: course::lessons()?.into_iter().map(Arc::new).collect(),
            open: Mutex::default(),
            course: watch::Sender::new(Vec::new()),
            progress: Mutex::default(),
        };
        desk.list_again();
        Ok(desk)
    }

    /// The workspace as it names itself to others.
    pub fn workspace_name(&self) -> String {
        running::name_of(&self.workspace)
    }

    /// The lessons with their marks, now and whenever they change.
    pub fn course(&self) -> watch::Receiver<Vec<Listed>> {
        self.list_again();
        self.course.subscribe()
    }

    /// What is seen of a lesson, now and whenever it changes, for as long as the receiver lives. None for an unknown lesson.
    pub fn listen(self: &Arc<Self>, id: &str) -> Option<watch::Receiver<Look>> {
        let lesson = self
            .lessons
            .iter()
            .find(|lesson| lesson.lesson.header.id == id)?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.get(id) {
            // Whoever opens a page, or asks it to look again, wants to know how things are now.
            let _ = open.wake.send(Cause::Files);
            return Some(open.readers.subscribe());
        }
        let (readers, reader) = watch::channel(Look::Nothing);
        let (wake, causes) = mpsc::unbounded_channel();
        open.insert(
            id.to_owned(),
            Open {
                readers: readers.clone(),
                wake: wake.clone(),
            },
        );
        let table = Table::new(Arc::clone(self), Arc::clone(lesson), readers, causes, &wake);
        let task = tokio::spawn(table.keep_looking());
        let (desk, id) = (Arc::clone(self), id.to_owned());
        tokio::spawn(async move {
            if task.await.is_err() {
                // A fault of ours must not leave an old verdict standing: the pages lose their stream, say so, and come back.
                let mut open = desk.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.remove(&id);
            }
        });
        Some(reader)
    }

    /// Whether nobody listens any more; then the lesson is closed.
    fn close(&self, id: &str) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = open
            .get(id)
            .is_none_or(|open| open.readers.receiver_count() == 0);
        if is_over {
            open.remove(id);
        }
        is_over
    }

    fn list_again(&self) {
        // Progress that cannot be read is told by the commands that write it; a page shows no marks then.
        let progress = self.workspace.progress().unwrap_or_default();
        let listed: Vec<_> = self
            .lessons
            .iter()
            .map(|lesson| {
                let header = &lesson.lesson.header;
                Listed {
                    id: header.id.clone(),
                    number: lesson.lesson.number(),
                    title: header.title.clone(),
                    page: format!("{}.html", lesson.slug),
                    passed: progress.has_passed(&header.id),
                }
            })
            .collect();
        self.course.send_if_modified(|known| {
            let is_new = *known != listed;
            *known = listed;
            is_new
        });
    }

    /// Looks once. Takes as long as the engine and the services do.
    fn look(&self, lesson: &CourseLesson, scope: Scope) -> anyhow::Result<(Report, Evidence)> {
        let engine = match scope {
            Scope::Files => Engine::None,
            Scope::FilesAndContainers => Engine::Found {
                host: self.host.clone(),
            },
        };
        let request = Request {
            folder: self.workspace.folder(lesson),
            engine,
            ..Request::default()
        };
        let evidence = capture::capture(&lesson.lesson, &request)?;
        let report = lesson::check(&lesson.lesson, &evidence, scope);
        Ok((report, evidence))
    }

    fn remember(&self, report: &Report) -> anyhow::Result<()> {
        let _one_at_a_time = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        self.workspace.remember_passes([report])?;
        self.list_again();
        Ok(())
    }
}

/// One lesson that somebody has open.
struct Table {
    desk: Arc<Desk>,
    lesson: Arc<CourseLesson>,
    /// Whoever has its page open.
    readers: watch::Sender<Look>,
    causes: mpsc::UnboundedReceiver<Cause>,
    saves: Saves,
    /// The lesson's folder, absolute.
    folder: PathBuf,
    /// The Compose project whose containers are followed; the file may name another than the lesson.
    project: watch::Sender<String>,
    /// Why saving is not noticed, where it is not.
    unnoticed: Option<String>,
    /// Follows the engine.
    events: JoinHandle<()>,
}

/// Whether the world stood still during a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    Something,
}

/// What is to be done next.
enum Next {
    LookAtFiles,
    LookAtContainers,
    /// Nobody listens any more.
    Close,
}

impl Table {
    fn new(
        desk: Arc<Desk>,
        lesson: Arc<CourseLesson>,
        readers: watch::Sender<Look>,
        causes: mpsc::UnboundedReceiver<Cause>,
        wake: &mpsc::UnboundedSender<Cause>,
    ) -> Self {
        let (project, projects) = watch::channel(lesson.lesson.header.project.clone());
        let events = follow_engine(desk.host.clone(), projects, wake.clone());
        let folder = desk.workspace.folder(&lesson);
        let saved = wake.clone();
        Self {
            folder: std::path::absolute(&folder).unwrap_or(folder),
            saves: Saves::new(move || {
                // Who has gone does not need to be woken.
                let _ = saved.send(Cause::Files);
            }),
            events: tokio::spawn(events),
            unnoticed: None,
            desk,
            lesson,
            readers,
            causes,
            project,
        }
    }

    /// The lesson's task; ends when nobody listens any more.
    async fn keep_looking(mut self) {
        self.look_at_files().await;
        let _ = timeout(CONNECTING, self.causes.recv()).await;
        loop {
            if self.look_at_everything().await == Meanwhile::Something {
                continue;
            }
            match self.next().await {
                Next::LookAtFiles => self.look_at_files().await,
                Next::LookAtContainers => {}
                Next::Close => break,
            }
        }
        self.events.abort();
    }

    /// The verdict on the files alone takes milliseconds, so it is shown before the engine is asked.
    async fn look_at_files(&mut self) {
        match self.start(Scope::Files).await {
            Ok(Ok((report, evidence))) => {
                let files = evidence.files.files.keys().map(String::as_str);
                self.unnoticed = self.saves.watch(&self.folder, files).err();
                self.show(&report);
            }
            Ok(Err(error)) => {
                let edited = self.lesson.lesson.header.edit.iter().map(String::as_str);
                let files = edited.chain(USUAL_FILES);
                self.unnoticed = self.saves.watch(&self.folder, files).err();
                self.trouble(&error);
            }
            Err(error) => self.trouble(&error.into()),
        }
    }

    /// Files and containers. What happens meanwhile leads to another look.
    async fn look_at_everything(&mut self) -> Meanwhile {
        let mut asking = self.start(Scope::FilesAndContainers);
        let mut overtaken_by = None;
        let looked = loop {
            tokio::select! {
                looked = &mut asking => break looked,
                Some(cause) = self.causes.recv() => {
                    let cause = settled(cause, &mut self.causes).await;
                    overtaken_by = overtaken_by.max(Some(cause));
                    if cause == Cause::Files {
                        self.look_at_files().await;
                    }
                }
            }
        };
        match looked {
            // It would contradict what the page shows of the changed files already.
            _ if overtaken_by == Some(Cause::Files) => {}
            Ok(Ok((report, evidence))) => self.take(&report, &evidence),
            Ok(Err(error)) => self.trouble(&error),
            Err(error) => self.trouble(&error.into()),
        }
        match overtaken_by {
            Some(_) => Meanwhile::Something,
            None => Meanwhile::Nothing,
        }
    }

    fn take(&mut self, report: &Report, evidence: &Evidence) {
        self.show(report);
        if let Err(error) = self.desk.remember(report) {
            self.trouble(&error.context("the lesson passes, and that cannot be remembered"));
        }
        let loaded = lesson::load(evidence);
        let folder = self.folder.to_string_lossy();
        let wanted = lesson::wanted(&self.lesson.lesson, evidence, &loaded, &folder);
        self.project.send_if_modified(|known| {
            let is_new = *known != wanted.project;
            *known = wanted.project;
            is_new
        });
    }

    async fn next(&mut self) -> Next {
        let is_starting = self.is_starting();
        tokio::select! {
            Some(cause) = self.causes.recv() => match settled(cause, &mut self.causes).await {
                Cause::Files => Next::LookAtFiles,
                Cause::Containers => Next::LookAtContainers,
            },
            () = tokio::time::sleep(STARTING), if is_starting => Next::LookAtContainers,
            () = self.readers.closed() => match self.desk.close(&self.lesson.lesson.header.id) {
                true => Next::Close,
                false => Next::LookAtContainers,
            },
        }
    }

    fn is_starting(&self) -> bool {
        matches!(
            &*self.readers.borrow(),
            Look::Verdict {
                is_starting: true,
                ..
            }
        )
    }

    /// Begins a look beside this task, which goes on listening.
    fn start(&self, scope: Scope) -> JoinHandle<anyhow::Result<(Report, Evidence)>> {
        let (desk, lesson) = (Arc::clone(&self.desk), Arc::clone(&self.lesson));
        tokio::task::spawn_blocking(move || desk.look(&lesson, scope))
    }

    fn show(&self, report: &Report) {
        let look = match shown(report, self.unnoticed.as_deref()) {
            Ok(json) => Look::Verdict {
                json,
                is_starting: capture::is_unsettled(report),
            },
            Err(error) => Look::Trouble(error.to_string()),
        };
        self.readers.send_replace(look);
    }

    fn trouble(&self, error: &anyhow::Error) {
        let words = output::typed(&format!("{error:#}"));
        self.readers.send_replace(Look::Trouble(words));
    }
}

fn shown(report: &Report, unnoticed: Option<&str>) -> serde_json::Result<String> {
    let open = report
        .checks
        .iter()
        .filter_map(|check| match &check.verdict {
            Verdict::NotChecked { reason } => Some((check.id.as_str(), reason)),
            _ => None,
        });
    let reasons = open.map(|(id, reason)| {
        let (text, next) = (reason.text(), reason.next());
        (id, Why { text, next })
    });
    let json = serde_json::to_string(&Shown {
        report: report.into(),
        reasons: reasons.collect(),
        starting: report.starting.iter().map(Starting::text).collect(),
        unnoticed,
    })?;
    Ok(output::typed(&json))
}

/// Waits until nothing more happens, and gives the strongest cause.
async fn settled(first: Cause, causes: &mut mpsc::UnboundedReceiver<Cause>) -> Cause {
    let end = Instant::now() + AT_LATEST;
    let mut strongest = first;
    while let Ok(Some(cause)) = timeout_at(end.min(Instant::now() + QUIET), causes.recv()).await {
        strongest = strongest.max(cause);
    }
    strongest
}

/// Tells of changes of the project's containers, for as long as it is not aborted: also when the engine comes and goes.
async fn follow_engine(
    host: Option<String>,
    mut projects: watch::Receiver<String>,
    wake: mpsc::UnboundedSender<Cause>,
) {
    let mut pause = RETRY.0;
    loop {
        let project = projects.borrow_and_update().clone();
        let mut was_connected = false;
        if let Ok(address) = engine::find(&capture::lookup(host.as_deref())) {
            let follow = engine::follow(&address, &project, || {
                was_connected = true;
                // Who has gone does not need to be woken.
                let _ = wake.send(Cause::Containers);
            });
            tokio::select! {
                () = follow => {}
                Ok(()) = projects.changed() => continue,
            }
        }
        if was_connected {
            // It has gone away, and that changes verdicts too.
            let _ = wake.send(Cause::Containers);
            pause = RETRY.0;
        }
        tokio::time::sleep(pause).await;
        pause = RETRY.1.min(pause * 2);
    }
}
