//! `checker hint`

use anyhow::bail;
use lesson::report::{Scope, Verdict};

use crate::Exit;
use crate::capture::{self, Engine, Request};
use crate::course::CourseLesson;
use crate::workspace::{Place, Workspace};

pub fn run(
    place: &Place,
    name: Option<&str>,
    check: Option<&str>,
    level: Option<usize>,
) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    let lesson = place.lesson(name)?;
    let id = match check {
        Some(id) => id.rsplit('/').next().unwrap_or(id).to_owned(),
        None => match first_red(&workspace, &lesson)? {
            Some(id) => id,
            None => {
                anstream::println!(
                    "Nothing fails in {}. `checker hint {} CHECK` shows the hints of a check.",
                    lesson.lesson.header.id,
                    lesson.lesson.number()
                );
                return Ok(Exit::Success);
            }
        },
    };
    let check = lesson.check(&id)?;
    let hints = &check.header.hints;
    anstream::println!("{} · {}", check.header.id, check.header.title);
    if hints.is_empty() {
        anstream::println!(
            "{}\nThere are no hints for this check; read its part of the chapter.",
            check.header.why
        );
        return Ok(Exit::Success);
    }
    let mut progress = workspace.progress()?;
    let seen = progress
        .lessons
        .entry(lesson.lesson.header.id.clone())
        .or_default()
        .hints
        .entry(id)
        .or_default();
    let tier = match level {
        Some(level) if (1..=hints.len()).contains(&level) => level,
        Some(level) => bail!("there is no hint {level}; this check has {}", hints.len()),
        None => (*seen + 1).min(hints.len()),
    };
    *seen = tier.max(*seen);
    workspace.remember(&progress)?;
    anstream::println!("hint {tier} of {}: {}", hints.len(), hints[tier - 1]);
    if tier < hints.len() {
        anstream::println!("The same command again shows the next one.");
    } else {
        let last = format!(
            "That was the last one. `checker solution {}` prints the reference.",
            lesson.lesson.number()
        );
        anstream::println!("{}", crate::output::typed(&last));
    }
    Ok(Exit::Success)
}

fn first_red(workspace: &Workspace, lesson: &CourseLesson) -> anyhow::Result<Option<String>> {
    let request = Request {
        folder: workspace.folder(lesson),
        engine: Engine::Found { host: None },
        ..Request::default()
    };
    let evidence = capture::capture(&lesson.lesson, &request)?;
    let report = lesson::check(&lesson.lesson, &evidence, Scope::FilesAndContainers);
    let failed = report
        .checks
        .iter()
        .find(|check| matches!(check.verdict, Verdict::Fail { .. }));
    Ok(failed.map(|check| check.id.clone()))
}
