//! `checker status`: whether what has passed still passes, and how far the rest is.

use lesson::container::{Container, Status};
use lesson::evidence::Evidence;
use lesson::report::{CheckReport, Counts, Outcome, Report, Scope, Verdict};
use serde::Serialize;
use serde_json::json;

use crate::Exit;
use crate::capture::{self, Engine, Request};
use crate::cli::ListFormat;
use crate::course::{self, CourseLesson};
use crate::drill::journal;
use crate::output::{self, dates, style};
use crate::workspace::{Place, Progress, Workspace};

/// One lesson as it stands.
struct Standing {
    state: State,
    report: Option<Report>,
}

/// How a lesson stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "because")]
enum State {
    /// It has not passed yet.
    Open,
    /// It passes now.
    Passes,
    /// It has passed, and does not any more.
    Broken,
    /// It has passed; whether it still does cannot be said.
    NotChecked(String),
}

pub fn run(place: &Place, host: Option<&str>, format: ListFormat) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    if let Some(notice) = journal::notice(&workspace) {
        anstream::eprintln!("{}", output::typed(&notice));
    }
    let progress = workspace.progress()?;
    let lessons = course::lessons()?;
    // Each lesson waits for the engine; all of them together wait no longer than one.
    let standings: Vec<_> = std::thread::scope(|scope| {
        let looking: Vec<_> = lessons
            .iter()
            .map(|lesson| scope.spawn(|| standing(&workspace, &progress, lesson, host)))
            .collect();
        looking
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| unknown("the look at it ended early"))
            })
            .collect()
    });
    let reports = standings
        .iter()
        .filter_map(|standing| standing.report.as_ref());
    workspace.remember_passes(reports)?;
    let all = || lessons.iter().zip(&standings);
    match format {
        ListFormat::Human => {
            for (lesson, standing) in all() {
                anstream::print!("{}", told(lesson, standing, &progress)?);
            }
            anstream::println!("\n{}", summary(&standings));
        }
        ListFormat::Json => {
            let lessons = all()
                .map(|(lesson, standing)| as_json(lesson, standing, &progress))
                .collect::<anyhow::Result<Vec<_>>>()?;
            let document = json!({"schema_version": 1, "lessons": lessons});
            anstream::println!("{}", serde_json::to_string_pretty(&document)?);
        }
    }
    Ok(exit(&standings))
}

fn standing(
    workspace: &Workspace,
    progress: &Progress,
    lesson: &CourseLesson,
    host: Option<&str>,
) -> Standing {
    let request = Request {
        folder: workspace.folder(lesson),
        engine: Engine::Found {
            host: host.map(str::to_owned),
        },
        ..Request::default()
    };
    let has_passed = progress.has_passed(&lesson.lesson.header.id);
    let evidence = match capture::capture(&lesson.lesson, &request) {
        Ok(evidence) => evidence,
        Err(error) if has_passed => return unknown(&format!("{error:#}")),
        Err(_) => {
            return Standing {
                state: State::Open,
                report: None,
            };
        }
    };
    let all = lesson::check(&lesson.lesson, &evidence, Scope::FilesAndContainers);
    if !has_passed {
        return Standing {
            state: State::Open,
            report: Some(all),
        };
    }
    // Containers that were stopped after the lesson are no fault of the answer.
    let runs = runs(&evidence);
    let report = match all.outcome() {
        Outcome::Failed if !runs => lesson::check(&lesson.lesson, &evidence, Scope::Files),
        _ => all,
    };
    let state = match report.outcome() {
        Outcome::Passed => State::Passes,
        Outcome::Failed => State::Broken,
        Outcome::FilesPass => State::NotChecked(
            "its containers are not running now, so its live checks were not checked".to_owned(),
        ),
        Outcome::Incomplete => State::NotChecked(first_reason(&report)),
    };
    let report = Some(report);
    Standing { state, report }
}

fn unknown(because: &str) -> Standing {
    Standing {
        state: State::NotChecked(because.to_owned()),
        report: None,
    }
}

fn runs(evidence: &Evidence) -> bool {
    let mut containers = evidence.world.containers.iter().map(Container::new);
    containers.any(|container| {
        matches!(
            container.status(),
            Status::Running | Status::Paused | Status::Restarting
        )
    })
}

fn first_reason(report: &Report) -> String {
    let reasons = report
        .checks
        .iter()
        .filter_map(|check| match &check.verdict {
            Verdict::NotChecked { reason } => Some(reason.text()),
            _ => None,
        });
    reasons.into_iter().next().unwrap_or_default()
}

fn failed(report: &Report) -> impl Iterator<Item = &CheckReport> {
    let is_failed = |check: &&CheckReport| matches!(check.verdict, Verdict::Fail { .. });
    report.checks.iter().filter(is_failed)
}

fn told(lesson: &CourseLesson, standing: &Standing, progress: &Progress) -> anyhow::Result<String> {
    let header = &lesson.lesson.header;
    let now = jiff::Zoned::now();
    let known = progress.lessons.get(&header.id);
    let last = known.and_then(|known| known.last_passed);
    let when = last.map_or_else(|| "before".to_owned(), |last| dates::said(last, &now));
    let report = standing.report.as_ref();
    let counts = report.map(Report::counts).unwrap_or_default();
    let Counts { passed, .. } = counts;
    let words = match &standing.state {
        State::Passes => format!("{}: {passed} checks", style::painted(style::GOOD, "passes")),
        State::Broken => format!(
            "passed {when}, {}",
            style::painted(style::BAD, "broken since")
        ),
        State::NotChecked(because) => format!("passed {when}; {because}"),
        State::Open => {
            let all = passed + counts.failed + counts.not_checked;
            format!("open: {passed} of {all} checks pass")
        }
    };
    let mut text = format!("{:<10} {}: {words}\n", header.id, header.title);
    if let (State::Broken, Some(report)) = (&standing.state, report) {
        for check in failed(report) {
            text.push_str(&output::human::check(check));
        }
    }
    for drill in lesson.drills()? {
        let when = known.and_then(|known| known.drills.get(&drill.id));
        let state = match when {
            Some(when) => format!("done {}", dates::said(*when, &now)),
            None => format!(
                "open: checker drill {} {}",
                lesson.lesson.number(),
                drill.id
            ),
        };
        text.push_str(&format!("{:<10} drill {}: {state}\n", "", drill.id));
    }
    Ok(output::typed(&text))
}

fn summary(standings: &[Standing]) -> String {
    let count = |wanted: fn(&State) -> bool| {
        let states = standings.iter().map(|standing| &standing.state);
        states.filter(|state| wanted(state)).count()
    };
    let broken = count(|state| *state == State::Broken);
    let unknown = count(|state| matches!(state, State::NotChecked(_)));
    let open = count(|state| *state == State::Open);
    let first = match (broken, unknown) {
        (0, 0) => style::painted(style::GOOD, "Nothing that has passed is broken."),
        (0, _) => style::painted(
            style::OPEN,
            &format!("Not checked again: {unknown} of those that have passed."),
        ),
        _ => style::painted(style::BAD, &format!("Broken since it passed: {broken}.")),
    };
    let next = if open > 0 {
        " `checker next` shows what comes next."
    } else {
        ""
    };
    output::typed(&format!("{first}{next}"))
}

fn as_json(
    lesson: &CourseLesson,
    standing: &Standing,
    progress: &Progress,
) -> anyhow::Result<serde_json::Value> {
    let header = &lesson.lesson.header;
    let known = progress.lessons.get(&header.id);
    let drills = lesson.drills()?;
    let drills = drills.iter().map(|drill| {
        let done = known.and_then(|known| known.drills.get(&drill.id));
        json!({"id": drill.id, "title": drill.header.title, "last_done": done})
    });
    let report = standing.report.as_ref();
    let failed: Vec<_> = report.into_iter().flat_map(failed).collect();
    let mut value = json!({
        "id": header.id,
        "title": header.title,
        "first_passed": known.and_then(|known| known.first_passed),
        "last_passed": known.and_then(|known| known.last_passed),
        "counts": report.map(Report::counts),
        "failed": failed,
        "drills": drills.collect::<Vec<_>>(),
    });
    if let (Some(value), Ok(serde_json::Value::Object(state))) =
        (value.as_object_mut(), serde_json::to_value(&standing.state))
    {
        value.extend(state);
    }
    Ok(value)
}

fn exit(standings: &[Standing]) -> Exit {
    let any = |wanted: fn(&State) -> bool| standings.iter().any(|standing| wanted(&standing.state));
    if any(|state| *state == State::Broken) {
        Exit::Failed
    } else if any(|state| matches!(state, State::NotChecked(_))) {
        Exit::Incomplete
    } else {
        Exit::Success
    }
}
