//! `checker drill`

use lesson::drill::Drill;

use crate::Exit;
use crate::cli::DrillArguments;
use crate::course::CourseLesson;
use crate::drill::journal::{self, State};
use crate::drill::{self, Ended};
use crate::output;
use crate::workspace::{Place, Workspace};

use super::confirmed;

pub fn run(place: &Place, arguments: &DrillArguments) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    if arguments.recover {
        return recover(&workspace);
    }
    let lesson = place.lesson(arguments.lesson.as_deref())?;
    let drills = lesson.drills()?;
    let Some(drill) = chosen(&workspace, &lesson, &drills, arguments.name.as_deref())? else {
        let is_answered = arguments.name.is_none() && !drills.is_empty();
        return Ok(if is_answered {
            Exit::Success
        } else {
            Exit::Usage
        });
    };
    match begin(&workspace, &lesson, drill, arguments) {
        Ok(exit) => Ok(exit),
        Err(error) => {
            output::error(&error);
            Ok(Exit::Incomplete)
        }
    }
}

/// The drill that is meant; where that is not clear, those there are are listed.
fn chosen<'a>(
    workspace: &Workspace,
    lesson: &CourseLesson,
    drills: &'a [Drill],
    name: Option<&str>,
) -> anyhow::Result<Option<&'a Drill>> {
    let id = &lesson.lesson.header.id;
    let named = match (name, drills) {
        (Some(name), _) => drills.iter().find(|drill| drill.id == name),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    if named.is_some() {
        return Ok(named);
    }
    if drills.is_empty() {
        anstream::eprintln!("{id} has no drill; `checker list` shows which lessons have.");
        return Ok(None);
    }
    let list = listed(workspace, lesson, drills)?;
    match name {
        Some(name) => anstream::eprintln!("{id} has no drill `{name}`.\n{list}"),
        None => anstream::println!("{list}"),
    }
    Ok(None)
}

fn listed(
    workspace: &Workspace,
    lesson: &CourseLesson,
    drills: &[Drill],
) -> anyhow::Result<String> {
    let id = &lesson.lesson.header.id;
    let number = lesson.lesson.number();
    let progress = workspace.progress()?;
    let lines = drills.iter().map(|drill| {
        let state = match progress.has_drilled(id, &drill.id) {
            true => "done",
            false => "open",
        };
        let title = &drill.header.title;
        format!("  checker drill {number} {}  {state}  {title}", drill.id)
    });
    let lines: Vec<_> = lines.map(|line| output::typed(&line)).collect();
    Ok(format!("The drills of {id} are:\n{}", lines.join("\n")))
}

fn begin(
    workspace: &Workspace,
    lesson: &CourseLesson,
    drill: &Drill,
    arguments: &DrillArguments,
) -> anyhow::Result<Exit> {
    let State::Free(lock) = journal::lock(workspace)? else {
        anyhow::bail!("another drill of this workspace is running now; wait until it has ended");
    };
    if let Some(open) = journal::open(workspace)?.first() {
        anyhow::bail!(
            "the drill {}/{} was interrupted before everything was put back. Next: `checker drill --recover`",
            open.journal.lesson,
            open.journal.drill
        );
    }
    let prepare = || drill::prepare(workspace, lesson, drill, arguments.host.as_deref(), &lock);
    let prepared = prepare()?;
    anstream::println!("{}", prepared.plan());
    if !arguments.yes {
        if !confirmed("Begin?") {
            anstream::eprintln!("Nothing was done.");
            return Ok(Exit::Usage);
        }
        // What was agreed to is done, and nothing else.
        anyhow::ensure!(
            prepare()?.is_as(&prepared),
            "the containers have changed since the question was asked; begin again"
        );
    }
    let ended = prepared.run(workspace, !arguments.yes)?;
    let id = &lesson.lesson.header.id;
    Ok(match ended {
        Ended::Passed => {
            let mut progress = workspace.progress()?;
            let known = progress.lessons.entry(id.clone()).or_default();
            known
                .drills
                .insert(drill.id.clone(), jiff::Timestamp::now());
            workspace.remember(&progress)?;
            anstream::println!("\n{}\n{id}/{} is done.", drill.header.teaches, drill.id);
            Exit::Success
        }
        Ended::Failed => {
            anstream::println!(
                "\nIt did not go as expected; {id}/{} is not done.",
                drill.id
            );
            Exit::Failed
        }
        Ended::Unknown => {
            anstream::println!(
                "\nNot everything could be seen; {id}/{} is not done.",
                drill.id
            );
            Exit::Incomplete
        }
    })
}

fn recover(workspace: &Workspace) -> anyhow::Result<Exit> {
    let State::Free(lock) = journal::lock_patiently(workspace)? else {
        anstream::eprintln!(
            "A drill of this workspace, or a command of it, is still running; wait until it has ended."
        );
        return Ok(Exit::Incomplete);
    };
    let open = journal::open(workspace)?;
    if open.is_empty() {
        anstream::println!("No drill was interrupted; there is nothing to put back.");
    }
    let mut exit = Exit::Success;
    for mut kept in open {
        let which = format!("{}/{}", kept.journal.lesson, kept.journal.drill);
        anstream::eprintln!("putting back what {which} changed …");
        match drill::put_back::put_back(&mut kept, &lock) {
            Ok(told) => anstream::println!("Put back: {told}."),
            Err(error) => {
                output::error(&error.context(format!(
                    "{which} could not be put back. What was saved is in {}; remove that folder to give it up",
                    kept.folder.display()
                )));
                exit = Exit::Incomplete;
            }
        }
    }
    Ok(exit)
}
