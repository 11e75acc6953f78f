//! `checker completions`: a script for the shell, with the lessons, checks, rules and drills of this course in it.
//!
//! clap_complete's other way, asking the program at each key, is still marked as unstable. The course is fixed in the program,
//! so its names can be written into the script.

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::Exit;
use crate::cli::Cli;
use crate::course;

pub fn run(shell: Shell) -> anyhow::Result<Exit> {
    let mut command = with_names(Cli::command())?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "checker", &mut script);
    anstream::print!("{}", String::from_utf8_lossy(&script));
    Ok(Exit::Success)
}

/// The command line as a shell shall know it: names instead of any text.
fn with_names(command: Command) -> anyhow::Result<Command> {
    let mut lessons = Vec::new();
    let mut checks = Vec::new();
    let mut drills = Vec::new();
    for lesson in course::lessons()? {
        let id = &lesson.lesson.header.id;
        for check in &lesson.lesson.checks {
            checks.push(format!("{id}/{}", check.header.id));
        }
        drills.extend(lesson.drills()?.into_iter().map(|drill| drill.id));
        lessons.push(id.clone());
    }
    let rules = lesson::rules::all().map(|rule| rule.name.to_owned());
    let explained: Vec<_> = lessons
        .iter()
        .cloned()
        .chain(checks.iter().cloned())
        .chain(rules)
        .collect();
    let arguments = [
        ("verify", "lessons", &lessons),
        ("hint", "lesson", &lessons),
        ("hint", "check", &checks),
        ("solution", "lesson", &lessons),
        ("reset", "lesson", &lessons),
        ("open", "lesson", &lessons),
        ("drill", "lesson", &lessons),
        ("drill", "name", &drills),
        ("explain", "what", &explained),
    ];
    let there = |command: &Command, name: &str, argument: &str| {
        let found = command.find_subcommand(name);
        found.is_some_and(|found| {
            found
                .get_arguments()
                .any(|known| known.get_id() == argument)
        })
    };
    let mut command = command;
    for (name, argument, values) in arguments {
        if !values.is_empty() && there(&command, name, argument) {
            let values = PossibleValuesParser::new(values.clone());
            command = command.mut_subcommand(name, |command| {
                command.mut_arg(argument, |argument| argument.value_parser(values))
            });
        }
    }
    Ok(command)
}
