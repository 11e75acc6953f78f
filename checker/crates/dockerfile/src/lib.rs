//! Dockerfiles, read as BuildKit reads them, with a place for every word.

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
mod words;

use std::ops::Range;

use compose::{Finding, SourceId, Span};

pub use instruction::{Command, Copied, Flag, Form, Heredoc, Instruction, Kind, Variable, Word};
pub use mount::{BuildMount, BuildMountKind};
pub use plan::{Base, Configuration, Healthcheck, Plan, Planned, Request, Set, Value};
pub use script::{After, Step};

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
