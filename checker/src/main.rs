//! `checker`: verifies the course's exercises on the learner's own files and containers.
//!
//! This crate is the thin host: it reads files, asks the engine, and shows what the core (`lesson`) says.

mod capture;
mod cli;
mod commands;
mod course;
mod course_book;
mod dev;
mod drill;
mod listing;
mod output;
mod serve;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, DevCommand};

/// Exit codes, as documented in `checker --help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All judged checks passed, or the command did what it was asked.
    Success = 0,
    /// Something failed.
    Failed = 1,
    /// Wrong use, or a file that cannot be read at all.
    Usage = 2,
    /// Nothing failed, but something could not be checked.
    Incomplete = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    match run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::error(&error);
            Exit::Usage.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    let place = cli.place();
    match &cli.command {
        Command::Init { folder } => commands::init::run(&place, folder.as_deref()),
        Command::List { format } => commands::list::run(&place, *format),
        Command::Verify(arguments) => commands::verify::run(&place, arguments),
        Command::Hint {
            lesson,
            check,
            level,
        } => commands::hint::run(&place, lesson.as_deref(), check.as_deref(), *level),
        Command::Solution { lesson, yes } => {
            commands::solution::run(&place, lesson.as_deref(), *yes)
        }
        Command::Reset { lesson, yes } => commands::reset::run(&place, lesson, *yes),
        Command::Explain { what } => commands::explain::run(&place, what),
        Command::Next => commands::next::run(&place),
        Command::Status { host, format } => commands::status::run(&place, host.as_deref(), *format),
        Command::Completions { shell } => commands::completions::run(*shell),
        Command::Drill(arguments) => commands::drill::run(&place, arguments),
        Command::Serve(arguments) => commands::serve::run(&place, arguments),
        Command::Open { lesson, print } => commands::open::run(&place, lesson.as_deref(), *print),
        Command::Config(arguments) => commands::config::run(arguments),
        Command::Context { service, format } => commands::context::run(service.as_deref(), *format),
        Command::Lint(arguments) => commands::lint::run(arguments),
        Command::Doctor { host } => commands::doctor::run(&place, host.as_deref()),
        Command::Dev(DevCommand::Check(arguments)) => dev::check::run(arguments),
        Command::Dev(DevCommand::Schema { of }) => dev::schema(*of),
        Command::Dev(DevCommand::Book { root, out }) => dev::book::run(root, out.as_deref()),
        Command::Dev(DevCommand::Snippets(arguments)) => dev::snippets::run(arguments),
        Command::Dev(DevCommand::Conformance(arguments)) => dev::conformance::run(arguments),
    }
}
