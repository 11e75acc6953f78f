//! Drills: the only part of the program that acts on containers.
//!
//! A drill's steps are data ([`lesson::drill`]). This is the hand that does them: it makes sure that all can be put back
//! ([`project`]), saves what could be lost ([`saved`]), writes down each act before it is done ([`journal`]), does it with
//! Docker's own client ([`docker`]), looks until what is expected is true or the time is over, and puts everything back
//! ([`put_back`]): also after a failing step, an interruption ([`interrupt`]), or, by `drill --recover`, a crash.

mod docker;
mod interrupt;
pub mod journal;
mod project;
pub mod put_back;
mod saved;
mod show;

use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use lesson::drill::{Drill, Endangered, Standing, Step};
use lesson::format::Question;
use lesson::report::{CheckReport, Report, Scope, Verdict};

use crate::capture::{self, Engine, Request};
use crate::course::CourseLesson;
use crate::output::{self, style};
use crate::workspace::Workspace;
use docker::{Docker, Project};
use interrupt::Interrupt;
use journal::Kept;
use project::Running;

/// A drill that could be done.
pub struct Prepared<'a> {
    lesson: &'a CourseLesson,
    drill: &'a Drill,
    folder: PathBuf,
    docker: Docker,
    running: Running,
    standing: Standing,
    endangered: Endangered,
}

/// How a drill ended; everything is as it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything happened as expected.
    Passed,
    /// Something happened otherwise.
    Failed,
    /// Something could not be seen.
    Unknown,
}

/// Makes sure that a drill can be done and put back. Only looks.
///
/// # Errors
/// What stands in the way, and the next step.
pub fn prepare<'a>(
    workspace: &Workspace,
    lesson: &'a CourseLesson,
    drill: &'a Drill,
    host: Option<&str>,
    lock: &Arc<File>,
) -> anyhow::Result<Prepared<'a>> {
    let folder = project::absolute(&workspace.folder(lesson))?;
    let request = request(&folder, host);
    let evidence = capture::capture(&lesson.lesson, &request)?;
    let report = lesson::check(&lesson.lesson, &evidence, Scope::FilesAndContainers);
    first_passes(&report, lesson, drill)?;
    let loaded = lesson::load(&evidence);
    let name = match &loaded.project {
        Some(project) => project.name().to_owned(),
        None => bail!(
            "the compose file cannot be read. Next: `checker verify {}`",
            lesson.lesson.number()
        ),
    };
    let mut docker = Docker {
        host: host.map(str::to_owned),
        project: Project {
            name: name.clone(),
            folder: folder.to_string_lossy().into_owned(),
            ..Project::default()
        },
        lock: Arc::clone(lock),
    };
    let world = project::look(&docker)?;
    docker.project = project::started_with(&world, &name, &folder)?;
    let running = Running::of(&world, &name);
    let mut endangered = drill.endangers();
    endangered.volumes &= running.has_volumes();
    project::can_be_put_back(&docker, &running, endangered)?;
    let standing = standing(&world, &name, &folder, drill)?;
    Ok(Prepared {
        lesson,
        drill,
        folder,
        docker,
        running,
        standing,
        endangered,
    })
}

/// The checks that the drill rests on have to pass.
fn first_passes(report: &Report, lesson: &CourseLesson, drill: &Drill) -> anyhow::Result<()> {
    for id in &drill.header.after {
        let check = report.checks.iter().find(|check| check.id == *id);
        let Some(check) = check else { continue };
        let state = match &check.verdict {
            Verdict::Pass => continue,
            Verdict::Fail { .. } | Verdict::Advice { .. } => "does not pass".to_owned(),
            Verdict::NotChecked { reason } => format!("was not checked: {}", reason.text()),
        };
        bail!(
            "the drill rests on \"{}\", which {state}. Next: `docker compose up -d --wait` in the lesson's folder, then `checker verify {}`",
            check.title,
            lesson.lesson.number()
        );
    }
    Ok(())
}

fn request(folder: &Path, host: Option<&str>) -> Request {
    Request {
        folder: folder.to_path_buf(),
        engine: Engine::Found {
            host: host.map(str::to_owned),
        },
        ..Request::default()
    }
}

fn standing(
    world: &lesson::evidence::WorldSeen,
    project: &str,
    folder: &Path,
    drill: &Drill,
) -> anyhow::Result<Standing> {
    let mut standing = Standing::of(world, project);
    for path in drill.paths() {
        if let Some(fingerprint) = saved::fingerprint(&folder.join(path))? {
            standing.paths.insert(path.to_owned(), fingerprint);
        }
    }
    Ok(standing)
}

impl Prepared<'_> {
    /// `lesson-3/down-keeps-a-volume`
    pub fn name(&self) -> String {
        format!("{}/{}", self.lesson.lesson.header.id, self.drill.id)
    }

    /// Whether it would do the same to the same containers.
    pub fn is_as(&self, other: &Self) -> bool {
        self.running == other.running && self.docker.project == other.docker.project
    }

    /// What it will do, for the one who has to agree.
    pub fn plan(&self) -> String {
        show::plan(
            &self.name(),
            self.drill,
            &self.docker.project,
            &self.running,
            self.endangered,
        )
    }

    /// Does it, and puts everything back, whatever happens.
    ///
    /// # Errors
    /// It could not be done, or not put back; the message says which.
    pub fn run(&self, workspace: &Workspace, with_predictions: bool) -> anyhow::Result<Ended> {
        let interrupt = Interrupt::listen()?;
        let journal = Kept::journal(
            &self.lesson.lesson.header.id,
            &self.drill.id,
            self.docker.host.as_deref(),
            self.docker.project.clone(),
            self.running.clone(),
        );
        let mut kept = Kept::new(workspace, journal)?;
        let done = self
            .save(&mut kept, &interrupt)
            .and_then(|()| self.steps(&mut kept, &interrupt, with_predictions));
        anstream::eprintln!("putting everything back …");
        let back = put_back::put_back(&mut kept, &self.docker.lock).with_context(|| {
            format!(
                "not everything could be put back; `checker drill --recover` tries again. What was saved is in {}; remove that folder to give it up",
                kept.folder.display()
            )
        });
        match (done, back) {
            (Ok(reports), Ok(told)) => {
                anstream::println!("Put back: {told}.");
                Ok(ended(&reports))
            }
            (Err(error), Ok(told)) => {
                anstream::println!("Put back: {told}.");
                Err(error)
            }
            (Ok(_), Err(error)) => Err(error),
            (Err(first), Err(error)) => Err(error.context(format!("{first:#}"))),
        }
    }

    fn save(&self, kept: &mut Kept, interrupt: &Interrupt) -> anyhow::Result<()> {
        let endangered = self.endangered;
        if !endangered.layers && !endangered.volumes {
            return Ok(());
        }
        anstream::eprintln!("saving what could be lost …");
        if endangered.volumes {
            // A program that has ended has written everything.
            kept.note("docker compose stop", false)?;
            self.docker.compose(&["stop"])?;
        }
        stop_if_asked(interrupt)?;
        kept.journal.saved = saved::save(&self.docker, &self.running, endangered, &kept.folder)?;
        kept.write()?;
        stop_if_asked(interrupt)?;
        if endangered.volumes {
            kept.note("docker compose start", false)?;
            self.docker
                .compose(&["up", "--detach", "--wait", "--no-recreate"])?;
        }
        stop_if_asked(interrupt)
    }

    fn steps(
        &self,
        kept: &mut Kept,
        interrupt: &Interrupt,
        with_predictions: bool,
    ) -> anyhow::Result<Vec<CheckReport>> {
        let mut all = Vec::new();
        let count = self.drill.steps.len();
        for (number, step) in self.drill.steps.iter().enumerate() {
            let doing = match &step.header.act {
                Some(act) => show::command(act),
                None => "look".to_owned(),
            };
            let place = format!("{}/{count}", number + 1);
            anstream::println!(
                "\n{} {doing}\n{}",
                style::painted(style::STRONG, &place),
                step.header.why
            );
            let asked = step.header.predict.as_ref().filter(|_| with_predictions);
            let predicted = match asked {
                Some(question) => predict(question, interrupt)?,
                None => None,
            };
            if let Some(act) = &step.header.act {
                stop_if_asked(interrupt)?;
                kept.note(&show::command(act), true)?;
                self.docker.compose(&act.arguments())?;
            }
            let reports = self.watch(kept, step, interrupt)?;
            for report in &reports {
                anstream::print!("{}", output::human::check(report));
            }
            if let (Some(question), Some(predicted)) = (asked, predicted)
                && reports.iter().all(|report| report.verdict == Verdict::Pass)
            {
                anstream::println!("{}", compared_prediction(question, predicted));
            }
            let failed = reports.iter().any(|report| report.verdict != Verdict::Pass);
            all.extend(reports);
            if failed {
                break;
            }
        }
        Ok(all)
    }

    /// Looks until everything that is expected is true at one moment, or the time is over; the last look counts.
    fn watch(
        &self,
        kept: &mut Kept,
        step: &Step,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Vec<CheckReport>> {
        const PAUSE: Duration = Duration::from_millis(200);
        let host = self.docker.host.as_deref();
        let of_step = lesson::drill::lesson_of_step(&self.lesson.lesson, step);
        let began = Instant::now();
        loop {
            stop_if_asked(interrupt)?;
            let project = &self.docker.project.name;
            let world = project::look(&self.docker)?;
            let anonymous = Running::of(&world, project).anonymous();
            kept.journal.anonymous.extend(anonymous);
            let now = standing(&world, project, &self.folder, self.drill)?;
            let evidence = capture::capture(&of_step, &request(&self.folder, host))?;
            let reports = lesson::drill::judge_step(
                &self.lesson.lesson,
                step,
                &evidence,
                &self.standing,
                &now,
            );
            let done = reports.iter().all(|report| report.verdict == Verdict::Pass);
            if done || began.elapsed() >= step.header.within() {
                return Ok(reports);
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn stop_if_asked(interrupt: &Interrupt) -> anyhow::Result<()> {
    match interrupt.came() {
        true => bail!("the drill was interrupted"),
        false => Ok(()),
    }
}

/// Nothing judged is no success.
fn ended(reports: &[CheckReport]) -> Ended {
    let any = |wanted: fn(&Verdict) -> bool| reports.iter().any(|report| wanted(&report.verdict));
    if any(|verdict| matches!(verdict, Verdict::Fail { .. } | Verdict::Advice { .. })) {
        Ended::Failed
    } else if reports.is_empty() || any(|verdict| matches!(verdict, Verdict::NotChecked { .. })) {
        Ended::Unknown
    } else {
        Ended::Passed
    }
}

/// Asks what will happen; an empty line is no prediction.
fn predict(question: &Question, interrupt: &Interrupt) -> anyhow::Result<Option<usize>> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(None);
    }
    anstream::println!("{}", question.question);
    for (number, answer) in question.answers.iter().enumerate() {
        anstream::println!("  {}. {}", number + 1, answer.text);
    }
    anstream::eprint!(
        "What do you think? [1-{}, Enter: see] ",
        question.answers.len()
    );
    let line = line(interrupt)?;
    let number = line.trim().parse::<usize>().ok();
    Ok(number
        .and_then(|number| number.checked_sub(1))
        .filter(|index| *index < question.answers.len()))
}

/// A line that is typed. Ctrl-C does not end the wait for one, so somebody else waits for it.
fn line(interrupt: &Interrupt) -> anyhow::Result<String> {
    let (typed, read) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line).map(|_| line);
        // Nobody listens any more after an interruption.
        let _ = typed.send(read);
    });
    loop {
        stop_if_asked(interrupt)?;
        match read.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => return Ok(line?),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("the terminal cannot be read"),
        }
    }
}

fn compared_prediction(question: &Question, predicted: usize) -> String {
    let Some(answer) = question.answers.get(predicted) else {
        return String::new();
    };
    match answer.right {
        true => format!("As you predicted. {}", answer.why),
        false => format!(
            "You predicted: {}. It went otherwise. {}",
            answer.text, answer.why
        ),
    }
}
