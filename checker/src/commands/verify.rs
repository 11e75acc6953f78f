//! `checker verify`

use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use lesson::evidence::Evidence;
use lesson::report::{Outcome, Report, Scope};

use crate::Exit;
use crate::capture::{self, Engine, Request};
use crate::cli::{Format, VerifyArguments};
use crate::course::CourseLesson;
use crate::drill::journal;
use crate::output;
use crate::workspace::{Place, Workspace};

pub fn run(place: &Place, arguments: &VerifyArguments) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    if let Some(notice) = journal::notice(&workspace) {
        anstream::eprintln!("{}", output::typed(&notice));
    }
    let lessons = match arguments.lessons.as_slice() {
        [] => vec![place.lesson(None)?],
        names => names
            .iter()
            .map(|name| place.lesson(Some(name)))
            .collect::<Result<_, _>>()?,
    };
    let scope = if arguments.static_only {
        Scope::Files
    } else {
        Scope::FilesAndContainers
    };
    let mut seen = Vec::new();
    for lesson in &lessons {
        let evidence = capture_one(&workspace, lesson, arguments)?;
        let report = lesson::check(&lesson.lesson, &evidence, scope);
        seen.push((report, evidence));
    }
    if let Some(path) = &arguments.record {
        record(path, &seen)?;
    }
    show(&seen, arguments)?;
    let reports: Vec<_> = seen.into_iter().map(|(report, _)| report).collect();
    workspace.remember_passes(&reports)?;
    Ok(exit(&reports))
}

fn capture_one(
    workspace: &Workspace,
    lesson: &CourseLesson,
    arguments: &VerifyArguments,
) -> anyhow::Result<Evidence> {
    let engine = match arguments.static_only {
        true => Engine::None,
        false => Engine::Found {
            host: arguments.host.clone(),
        },
    };
    let request = Request {
        folder: workspace.folder(lesson),
        files: arguments.files.clone(),
        project_name: arguments.project_name.clone(),
        engine,
        environment: None,
    };
    match arguments.wait {
        Some(at_most) if !arguments.static_only => {
            let mut progress = Progress::default();
            capture::capture_settled(&lesson.lesson, &request, at_most, |report| {
                progress.tell(report)
            })
        }
        _ => capture::capture(&lesson.lesson, &request),
    }
}

/// Tells on stderr what is still starting: always anew on a terminal, and elsewhere only what has changed.
#[derive(Default)]
struct Progress {
    told: Vec<String>,
}

impl Progress {
    fn tell(&mut self, report: &Report) {
        let services: Vec<_> = report
            .starting
            .iter()
            .map(|starting| starting.service.clone())
            .collect();
        if std::io::stderr().is_terminal() || services != self.told {
            for starting in &report.starting {
                anstream::eprintln!("waiting: {}", starting.text());
            }
            self.told = services;
        }
    }
}

fn show(seen: &[(Report, Evidence)], arguments: &VerifyArguments) -> anyhow::Result<()> {
    let reports = || seen.iter().map(|(report, _)| report);
    match arguments.format {
        Format::Human => {
            let detail = match (arguments.quiet, arguments.verbose) {
                (true, _) => output::human::Detail::Quiet,
                (false, true) => output::human::Detail::Verbose,
                (false, false) => output::human::Detail::Normal,
            };
            for (report, evidence) in seen {
                anstream::print!("{}", output::human::report(report, evidence, detail));
            }
        }
        Format::Json => anstream::println!("{}", output::json::reports(reports())?),
        Format::Junit => anstream::print!("{}", output::junit::reports(reports())?),
        Format::Sarif => anstream::println!("{}", output::sarif::reports(reports())?),
    }
    Ok(())
}

/// One lesson's evidence is one value; that of several is a list of them.
fn record(path: &Path, seen: &[(Report, Evidence)]) -> anyhow::Result<()> {
    let text = match seen {
        [(_, evidence)] => serde_json::to_string_pretty(evidence)?,
        several => serde_json::to_string_pretty(
            &several
                .iter()
                .map(|(_, evidence)| evidence)
                .collect::<Vec<_>>(),
        )?,
    };
    crate::workspace::write_whole(path, format!("{text}\n").as_bytes())
        .with_context(|| "what was seen could not be recorded".to_owned())
}

fn exit(reports: &[Report]) -> Exit {
    let any = |outcome| reports.iter().any(|report| report.outcome() == outcome);
    if any(Outcome::Failed) {
        Exit::Failed
    } else if any(Outcome::Incomplete) || reports.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Success
    }
}
