//! Goes through one chapter from top to bottom, as a reader does who types everything.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;
use book::{ChapterSnippets, Language, Manner, Snippet, Task, Varies};
use compose::disk::ConfinedDirectory;
use compose::render::{self, Style};

use super::compare::{compare, contains, renewed};
use super::leftovers::{Inventory, Leftover, Maker, Traces, leftovers};
use super::place::Place;
use super::session::{Kind, Lost, Ran, Session};
use super::{docker, interrupt, part_of};
use crate::course;

/// How often a command is repeated that has to come true.
const AGAIN: Duration = Duration::from_millis(500);
/// How long a container of an unknown maker is given to go away.
const SOMEBODY_ELSES: Duration = Duration::from_secs(10);
/// What a check of a Compose file may take.
const CHECK: Duration = Duration::from_secs(60);
/// Files that Compose finds without being told.
const FOUND_BY_COMPOSE: [&str; 8] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// What came of a chapter.
#[derive(Default)]
pub struct Outcome {
    /// The blocks that are not as the book says.
    pub failures: Vec<Failure>,
    /// What the run printed, for the chapter; only where that was asked for.
    pub outputs: Vec<Output>,
}

/// What a run printed below one command.
pub struct Output {
    /// The line of the block's opening row.
    pub block: usize,
    /// The line of the chapter where it begins.
    pub line: usize,
    /// How many lines of the chapter it replaces.
    pub replaces: usize,
    /// Its lines.
    pub lines: Vec<String>,
}

/// A block that is not as the book says.
pub struct Failure {
    /// The line of the block, or of the command in it.
    pub line: usize,
    /// What is not as it should be.
    pub text: String,
}

/// What a chapter is run with.
pub struct Manual<'a> {
    /// The lessons' folders, with `start` and `solution`.
    pub exercises: &'a Path,
    /// Whether to go on after a failing block.
    pub keep_going: bool,
    /// Whether to print every block as it is run.
    pub verbose: bool,
    /// Whether outputs are taken from the run instead of being compared.
    pub update: bool,
}

/// Runs a chapter. Whatever it starts is taken down again, also when it fails.
///
/// # Errors
/// It cannot be run at all: no engine, no shell, or the lesson's project runs already.
pub fn run(chapter: &ChapterSnippets, manual: &Manual<'_>) -> anyhow::Result<Outcome> {
    let lesson = course::by_slug(&chapter.slug).transpose()?;
    let project = lesson
        .as_ref()
        .map(|lesson| lesson.lesson.header.project.clone());
    if let Some(project) = &project {
        refuse_if_there(project)?;
    }
    let place = Place::make(lesson.as_ref(), manual.exercises)?;
    let before = Inventory::take()?;
    let mut walk = Walk {
        chapter,
        exercise: lesson.map(|lesson| manual.exercises.join(lesson.slug)),
        place: &place,
        session: place.session()?,
        outcome: Outcome::default(),
        update: manual.update,
    };
    let went_through = walk.walk(manual);
    let Walk {
        session,
        mut outcome,
        ..
    } = walk;
    let (commands, outputs) = (session.commands().to_owned(), session.outputs().to_owned());
    drop(session);
    let traces = Traces {
        folder: &place.work,
        project: project.as_deref(),
        commands: &commands,
        outputs: &outputs,
    };
    let cleaned = clean_up(&before, &traces);
    place.remove();
    let left = cleaned?;
    went_through?;
    // A chapter that stopped half-way did not come to its own cleaning up.
    if outcome.failures.is_empty() && !left.is_empty() {
        outcome.failures.push(Failure {
            line: chapter.snippets.last().map_or(1, |snippet| snippet.line),
            text: format!(
                "the chapter leaves something behind: {}\n  next: remove it in a ```bash,hidden block at the end\n",
                left.join(", ")
            ),
        });
    }
    Ok(outcome)
}

fn refuse_if_there(project: &str) -> anyhow::Result<()> {
    let filter = format!("label=com.docker.compose.project={project}");
    if docker(&["ps", "--all", "--quiet", "--filter", &filter])?
        .trim()
        .is_empty()
    {
        return Ok(());
    }
    bail!(
        "the project {project} has containers on this machine; `docker compose -p {project} down` removes them first"
    )
}

/// Takes everything down; what was still there besides the lesson's project is told.
fn clean_up(before: &Inventory, traces: &Traces<'_>) -> anyhow::Result<Vec<String>> {
    if let Some(project) = traces.project {
        docker(&[
            "compose",
            "--project-name",
            project,
            "down",
            "--volumes",
            "--remove-orphans",
            "--timeout",
            "10",
        ])?;
    }
    let mut told = Vec::new();
    for thing in left_for_good(before, traces)? {
        let name = thing.name.as_str();
        if thing.maker == Maker::Unknown {
            told.push(format!(
                "{} {name} (still there: somebody else may have made it)",
                thing.kind
            ));
            continue;
        }
        told.push(format!("{} {name}", thing.kind));
        let arguments: &[&str] = match thing.kind {
            "container" => &["rm", "--force", "--volumes", name],
            kind => &[kind, "rm", name],
        };
        if let Err(error) = docker(arguments) {
            anstream::eprintln!("could not clean up: {error:#}");
        }
    }
    Ok(told)
}

/// What is there still after a while, if it may be somebody else's: most such containers are gone in a moment.
fn left_for_good(before: &Inventory, traces: &Traces<'_>) -> anyhow::Result<Vec<Leftover>> {
    let began = Instant::now();
    loop {
        let left = leftovers(before, &Inventory::take()?, traces);
        let is_known = left.iter().all(|thing| thing.maker == Maker::Chapter);
        if is_known || began.elapsed() >= SOMEBODY_ELSES {
            return Ok(left);
        }
        std::thread::sleep(AGAIN);
    }
}

/// A chapter half-way.
struct Walk<'a> {
    chapter: &'a ChapterSnippets,
    /// The folder of the chapter's lesson.
    exercise: Option<PathBuf>,
    place: &'a Place,
    session: Session,
    outcome: Outcome,
    /// Whether outputs are taken from the run.
    update: bool,
}

/// Why a block is not as the book says.
enum Stop {
    /// It differs; the session goes on.
    Differs { line: usize, text: String },
    /// It differs, and there is no shell any more.
    SessionLost { line: usize, text: String },
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Walk<'_> {
    fn walk(&mut self, manual: &Manual<'_>) -> anyhow::Result<()> {
        for snippet in &self.chapter.snippets {
            let began = Instant::now();
            let outcome = self.check(snippet);
            if manual.verbose {
                let word = if outcome.is_ok() { "ok" } else { "FAILED" };
                anstream::eprintln!(
                    "{:>6.1} s  {}:{} {word}",
                    began.elapsed().as_secs_f64(),
                    self.chapter.file,
                    snippet.line
                );
            }
            match outcome {
                Ok(()) => {}
                Err(Stop::Interrupted) => bail!("interrupted"),
                Err(Stop::SessionLost { line, text }) => {
                    self.outcome.failures.push(Failure { line, text });
                    return Ok(());
                }
                Err(Stop::Differs { line, text }) => {
                    self.outcome.failures.push(Failure { line, text });
                    if !manual.keep_going {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, snippet: &Snippet) -> Result<(), Stop> {
        let differs = |text: String| Stop::Differs {
            line: snippet.line,
            text,
        };
        if snippet.text.contains("{{#include") {
            return Err(differs(
                "an included file is not read here\n  next: write the text, with `from=` if it shows a part of a file\n".to_owned(),
            ));
        }
        part_of::compare(snippet, self.exercise.as_deref()).map_err(differs)?;
        match &snippet.task {
            Task::Excused { .. } => Ok(()),
            Task::Terminal { exchanges, manner } => {
                let mut has_failed = false;
                for (at, exchange) in exchanges.iter().enumerate() {
                    let step = Step {
                        line: snippet.line + 1 + exchange.offset,
                        command: &exchange.command,
                        manner,
                        is_last: at + 1 == exchanges.len(),
                    };
                    // What is repeated until it is true has to be compared all the same.
                    let takes_all = self.update && !(step.is_last && manner.until.is_some());
                    let agrees = |ran: &Ran| {
                        step.judge_exit(ran)?;
                        if takes_all {
                            return Ok(());
                        }
                        compare(&exchange.output, &ran.output, &manner.varies)
                            .map_err(step.told("prints something else"))
                    };
                    let ran = self.run(&step, Kind::Command, &agrees)?;
                    has_failed |= ran.code != 0;
                    if self.update {
                        self.outcome.outputs.push(Output {
                            block: snippet.line,
                            line: step.line + exchange.command.lines().count(),
                            replaces: exchange.output.len(),
                            lines: renewed(&exchange.output, &ran.output, &manner.varies),
                        });
                    }
                }
                match manner.fails && !has_failed {
                    true => Err(differs(
                        "one of these commands has to fail, and all succeed\n".to_owned(),
                    )),
                    false => Ok(()),
                }
            }
            Task::Script { manner } => self.script(snippet, manner),
            Task::Lines { command, manner } => {
                let lines: Vec<_> = snippet.text.lines().map(str::to_owned).collect();
                let step = Step {
                    line: snippet.line,
                    command,
                    manner,
                    is_last: true,
                };
                let agrees = |ran: &Ran| {
                    step.judge_exit(ran)?;
                    contains(&lines, &ran.output, &manner.varies)
                        .map_err(step.told("does not print these lines in this order"))
                };
                let ran = self.run(&step, Kind::Command, &agrees)?;
                match manner.fails && ran.code == 0 {
                    true => Err(differs(format!("`{command}` has to fail, and succeeds\n"))),
                    false => Ok(()),
                }
            }
            Task::Compose { refused, file, .. } => {
                self.compose(snippet, refused.as_deref(), file.as_deref())
            }
            Task::Document { language, file, .. } => {
                if let Some(problem) = unreadable(*language, &snippet.text) {
                    return Err(differs(format!("{problem}\n")));
                }
                match file {
                    Some(file) => self.write(file, &snippet.text).map(drop).map_err(differs),
                    None => Ok(()),
                }
            }
        }
    }

    fn script(&mut self, snippet: &Snippet, manner: &Manner) -> Result<(), Stop> {
        let (kind, line) = match manner.fails {
            true => (Kind::ScriptThatFails, snippet.line),
            false => (Kind::Script, snippet.line),
        };
        let step = Step {
            line,
            command: &snippet.text,
            manner,
            is_last: true,
        };
        let agrees = |ran: &Ran| {
            let failed_at = snippet.text.lines().nth(ran.line.saturating_sub(1));
            match (manner.fails, ran.line, failed_at) {
                (true, 0, _) if ran.code == 0 => {
                    Err("one of these commands has to fail, and all succeed\n".to_owned())
                }
                (true, ..) => Ok(()),
                (false, 0, _) if ran.code == 0 => Ok(()),
                (false, _, command) => Err(format!(
                    "`{}` ends with exit code {}\n{}",
                    command.unwrap_or(&snippet.text).trim(),
                    ran.code,
                    quoted(&ran.output)
                )),
            }
        };
        self.run(&step, kind, &agrees).map(drop)
    }

    /// Runs a command until it agrees, once where the block does not say `until`.
    fn run(
        &mut self,
        step: &Step<'_>,
        kind: Kind,
        agrees: &dyn Fn(&Ran) -> Result<(), String>,
    ) -> Result<Ran, Stop> {
        let Step {
            line,
            command,
            manner,
            is_last,
        } = *step;
        let began = Instant::now();
        let until = manner.until.filter(|_| is_last);
        let interrupt = manner.interrupt.filter(|_| is_last);
        let lost = |text: String| Stop::SessionLost { line, text };
        loop {
            let ran = match self.session.run(command, kind, manner.within, interrupt) {
                Ok(ran) => ran,
                Err(Lost::Interrupted) => return Err(Stop::Interrupted),
                Err(Lost::Deadline(output)) => {
                    return Err(lost(format!(
                        "`{command}` has not ended after {} s, and was killed\n{}  next: say `within=…` if it may take longer, `interrupt=…` if a reader presses Ctrl-C\n",
                        manner.within.as_secs(),
                        quoted(&output)
                    )));
                }
                Err(Lost::Ended(output)) => {
                    return Err(lost(format!(
                        "`{command}` ends the shell\n{}",
                        quoted(&output)
                    )));
                }
            };
            match agrees(&ran) {
                Ok(()) => return Ok(ran),
                Err(text) => {
                    if until.is_none_or(|until| began.elapsed() >= until) {
                        let after = until.map_or(String::new(), |until| {
                            format!("not true within {} s: ", until.as_secs())
                        });
                        return Err(Stop::Differs {
                            line,
                            text: format!("{after}{text}"),
                        });
                    }
                }
            }
            if interrupt::was_asked_for() {
                return Err(Stop::Interrupted);
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// Our loader and Compose itself both read the file, and both say the same of it.
    fn compose(
        &mut self,
        snippet: &Snippet,
        refused: Option<&str>,
        file: Option<&str>,
    ) -> Result<(), Stop> {
        let line = snippet.line;
        let differs = |text: String| Stop::Differs { line, text };
        let name = file.unwrap_or(".block.yaml");
        let written = self.write(name, &snippet.text).map_err(differs)?;
        let is_found = FOUND_BY_COMPOSE.contains(&name);
        let folder = self.session.folder().to_path_buf();
        let ours = self
            .load(&folder, (!is_found).then_some(name))
            .map_err(differs)?;
        let command = match is_found {
            true => "docker compose config --quiet".to_owned(),
            false => format!("docker compose --file '{name}' config --quiet"),
        };
        let manner = Manner {
            fails: false,
            within: CHECK,
            until: None,
            interrupt: None,
            varies: Vec::<Varies>::new(),
        };
        let step = Step {
            line,
            command: &command,
            manner: &manner,
            is_last: true,
        };
        let theirs = self.run(&step, Kind::Command, &|_| Ok(()))?;
        if file.is_none() {
            // Of no use to the commands that follow; where it cannot be removed, the folder is thrown away anyway.
            let _ = std::fs::remove_file(written);
        }
        let said = quoted(&theirs.output);
        match (refused, ours, theirs.code == 0) {
            (None, None, true) => Ok(()),
            (None, Some(findings), _) => Err(differs(format!(
                "checker refuses this file\n{}",
                quoted(&findings)
            ))),
            (None, None, false) => {
                Err(differs(format!("Docker Compose refuses this file\n{said}")))
            }
            (Some(_), None, _) => Err(differs(
                "this file has to be refused, and checker accepts it\n".to_owned(),
            )),
            (Some(_), Some(_), true) => Err(differs(
                "this file has to be refused, and Docker Compose accepts it\n".to_owned(),
            )),
            (Some(words), Some(findings), false) if findings.contains(words) => Ok(()),
            (Some(words), Some(findings), false) => Err(differs(format!(
                "checker refuses this file and does not say `{words}`\n{}  Docker Compose says:\n{said}",
                quoted(&findings)
            ))),
        }
    }

    /// What our loader objects to.
    fn load(&self, folder: &Path, file: Option<&str>) -> Result<Option<String>, String> {
        let reader = ConfinedDirectory::new(folder)
            .map_err(|error| format!("{} cannot be read: {error}\n", folder.display()))?;
        let request = compose::Request {
            files: file.map(str::to_owned).into_iter().collect(),
            folder_name: folder
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            environment: self
                .place
                .variables
                .iter()
                .cloned()
                .collect::<BTreeMap<_, _>>(),
            ..compose::Request::default()
        };
        let loaded = compose::load(&reader, &request);
        let findings: Vec<_> = loaded
            .errors()
            .map(|finding| render::finding(finding, &loaded.sources, Style::Plain))
            .collect();
        Ok(loaded.project.is_none().then(|| findings.join("\n")))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = Path::new(name);
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_inside || !self.session.folder().starts_with(&self.place.work) {
            return Err(format!(
                "the file {name} is outside the folder of this chapter\n"
            ));
        }
        let path = self.session.folder().join(path);
        crate::workspace::write_whole(&path, text.as_bytes())
            .map_err(|error| format!("{error:#}\n"))?;
        Ok(path)
    }
}

/// A command of a block.
#[derive(Clone, Copy)]
struct Step<'a> {
    line: usize,
    command: &'a str,
    manner: &'a Manner,
    is_last: bool,
}

impl Step<'_> {
    /// A command that Ctrl-C ends says nothing by its exit code.
    fn judge_exit(&self, ran: &Ran) -> Result<(), String> {
        let may_fail = self.manner.fails || (self.manner.interrupt.is_some() && self.is_last);
        match ran.code == 0 || may_fail {
            true => Ok(()),
            false => Err(format!(
                "`{}` ends with exit code {}\n{}",
                self.command,
                ran.code,
                quoted(&ran.output)
            )),
        }
    }

    fn told(&self, what: &'static str) -> impl Fn(String) -> String {
        move |difference| {
            format!(
                "`{}` {what} (- the book, + this run)\n{difference}",
                self.command
            )
        }
    }
}

fn unreadable(language: Language, text: &str) -> Option<String> {
    match language {
        Language::Json => serde_json::from_str::<serde_json::Value>(text)
            .err()
            .map(|error| format!("this is no JSON: {error}")),
        Language::Yaml => serde_yaml::from_str::<serde_yaml::Value>(text)
            .err()
            .map(|error| format!("this is no YAML: {error}")),
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
