//! Dockerfiles and ignore files, read as BuildKit reads them, with a place for every word.
//!
//! [`parse`] takes a text and gives a [`Dockerfile`]: instructions, stages, and what BuildKit refuses when it reads the file.
//! [`Dockerfile::plan`] says what a build does with it. [`ignore::read`] reads a `.dockerignore`, and
//! [`context::Context::simulate`] applies it to the listing of a folder. Nothing is opened, asked or printed: places are
//! [`compose::Span`]s into the caller's [`compose::Sources`], and what is wrong is a [`compose::Finding`], so they are
//! shown as those of compose files are.
//!
//! ```
//! use compose::Sources;
//! use dockerfile::{Kind, Request};
//!
//! let text = "FROM python:3.12-slim AS base\nUSER 1000\n\nFROM base\nRUN apt-get update && apt-get install -y git\nCMD python app.py\n";
//! let mut sources = Sources::new();
//! let source = sources.add("Dockerfile", text);
//! let dockerfile = dockerfile::parse(text, source);
//! assert!(dockerfile.findings.is_empty());
//!
//! let (plan, findings) = dockerfile.plan(&Request::default());
//! let plan = plan.expect("there is a stage to build");
//! assert!(findings.is_empty());
//! let last = &plan.stages[plan.target];
//! assert_eq!(last.configuration.image.as_deref(), Some("python:3.12-slim"));
//! assert_eq!(last.configuration.user.as_ref().map(|user| user.text.as_str()), Some("1000"));
//!
//! // Every command of a `RUN` has its place.
//! let runs = dockerfile.instructions_of(plan.target).iter().filter(|one| matches!(one.kind, Kind::Run(_)));
//! let steps: Vec<_> = runs.filter_map(|run| run.command()).flat_map(|command| &command.steps).collect();
//! assert_eq!(steps[1].program(), Some("apt-get"));
//! assert_eq!(steps[1].arguments()[0].text, "install");
//! assert_eq!(sources.position(steps[1].span).column, 23);
//! ```
//!
//! # What is wrong
//!
//! Three kinds, as BuildKit meets them: [`Dockerfile::findings`] spoil the file whatever is built; the second part of
//! [`Dockerfile::plan`]'s answer is wrong with every build (no such target, a base that comes to nothing); and
//! [`Planned::findings`] count once their stage is needed. `docker build --check` looks at all stages, `docker build` at the
//! needed ones. One mistake an instruction is told, all instructions are looked at.
//!
//! # What is not known here
//!
//! A variable that only the image below can set stays as written, and its name stands in [`Value::open`]. A setting that
//! nothing in the file makes is empty: what the image below says, the engine knows. `TARGETARCH` and its like are open too.
//!
//! # Agreement
//!
//! The tests compare with what BuildKit said of some two hundred odd files, and the contexts with what it really sent. Known to differ: flags
//! that BuildKit has in later versions or in its `labs` channel (`COPY --parents`, `RUN --security`) are taken; where a
//! `# syntax=` line names another frontend, flags that are not known are taken too.

pub mod context;
mod expand;
pub mod ignore;
mod instruction;
mod lines;
mod mount;
mod parse;
mod pattern;
mod plan;
mod script;
mod word;
mod words;

use std::ops::Range;

use compose::{Finding, SourceId, Span};

pub use instruction::{Command, Copied, Flag, Form, Heredoc, Instruction, Kind, Variable};
pub use mount::{BuildMount, BuildMountKind};
pub use plan::{Base, Configuration, Healthcheck, Plan, Planned, Request, Set, Value};
pub use script::{After, Step};
pub use word::Word;

/// A Dockerfile that was read.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The character that makes a line go on: a backslash, or what `# escape=` says.
    pub escape: char,
    /// What `# syntax=` names: another frontend, which may know more than the one that BuildKit brings along.
    pub syntax: Option<Word>,
    /// All instructions that could be read, in the order of the file.
    pub instructions: Vec<Instruction>,
    /// What begins with a `FROM` each.
    pub stages: Vec<Stage>,
    /// What BuildKit refuses when it reads the file, whatever is built. [`Dockerfile::plan`] tells what it refuses later.
    pub findings: Vec<Finding>,
}

/// A stage: a `FROM` and what follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Its number, from 0.
    pub index: usize,
    /// Its own name, as written.
    pub name: Option<Word>,
    /// What it starts from, as written.
    pub base: Word,
    /// The whole `FROM` instruction.
    pub from: Span,
    /// Its instructions among [`Dockerfile::instructions`], `FROM` included.
    pub instructions: Range<usize>,
}

impl Stage {
    /// Whether this is its name; case does not count.
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.name.as_ref();
        own.is_some_and(|own| own.text.eq_ignore_ascii_case(name))
    }
}

/// Reads a Dockerfile. `text` is the text that [`Sources`](compose::Sources) holds under `source`: spans count its bytes.
pub fn parse(text: &str, source: SourceId) -> Dockerfile {
    parse_from(text, source, 0)
}

/// Reads a Dockerfile that begins at a byte of `text`: one that stands inside another file.
pub fn parse_from(text: &str, source: SourceId, start: usize) -> Dockerfile {
    let parsed = parse::parse(text, source, start);
    let mut stages: Vec<Stage> = Vec::new();
    for (at, instruction) in parsed.instructions.iter().enumerate() {
        if let Kind::From { image, name } = &instruction.kind {
            stages.push(Stage {
                index: stages.len(),
                name: name.clone(),
                base: image.clone(),
                from: instruction.span,
                instructions: at..at,
            });
        }
        if let Some(stage) = stages.last_mut() {
            stage.instructions.end = at + 1;
        }
    }
    Dockerfile {
        escape: parsed.escape,
        syntax: parsed.syntax,
        instructions: parsed.instructions,
        stages,
        findings: parsed.findings,
    }
}

impl Dockerfile {
    /// The stage of this name; where two have it, the last one.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().rev().find(|stage| stage.is_called(name))
    }

    /// The instructions of a stage, its `FROM` first.
    pub fn instructions_of(&self, stage: usize) -> &[Instruction] {
        let range = self
            .stages
            .get(stage)
            .map(|stage| stage.instructions.clone());
        range
            .and_then(|range| self.instructions.get(range))
            .unwrap_or_default()
    }

    /// What a build does, and what BuildKit refuses whichever stage it needs; what it refuses in a stage stands in
    /// [`Planned::findings`]. There is no plan where there is no stage to build.
    pub fn plan(&self, request: &Request) -> (Option<Plan>, Vec<Finding>) {
        plan::plan(self, request)
    }
}
