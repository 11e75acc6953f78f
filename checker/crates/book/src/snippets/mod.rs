//! What is done with each code block of the book to know that it is true: run, loaded, compared, or excused with a reason.
//!
//! The words on a block's opening row say it (`console,varies=times`; docs/snippets.md explains them all). They are read
//! here into a [`Task`]. Somebody with a shell and an engine does it; this crate shows the blocks without those words.

mod attributes;
mod commands;
pub(crate) mod page;

use crate::fences::Fence;
use crate::mistake::Mistake;
pub use attributes::Varies;
use attributes::{Attributes, Objection, meant};
pub use commands::Exchange;
use std::time::Duration;

/// The code blocks of one chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapterSnippets {
    /// The chapter, relative to the folder of `book.toml`, with forward slashes.
    pub file: String,
    /// Its name without folder and `.md`; a lesson's chapter is called like the lesson's folder.
    pub slug: String,
    /// In reading order.
    pub snippets: Vec<Snippet>,
}

/// A code block, and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The line of its opening row, counted from 1; for a block out of a lesson file that of the directive.
    pub line: usize,
    /// What stands in it.
    pub text: String,
    /// Whether it is left out of the page.
    pub hidden: bool,
    /// What is done with it.
    pub task: Task,
}

/// What is done with a code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Commands are run one by one, and what they print is compared with what stands below them.
    Terminal {
        /// The commands with their output.
        exchanges: Vec<Exchange>,
        /// How.
        manner: Manner,
    },
    /// The whole block is run as a script; each of its commands has to succeed.
    Script {
        /// How.
        manner: Manner,
    },
    /// A command is run, and each line of the block has to be in its output, in this order.
    Lines {
        /// The command.
        command: String,
        /// How.
        manner: Manner,
    },
    /// A whole Compose file: our loader and Compose itself read it.
    Compose {
        /// Words of the message with which it has to be refused; none when it has to be accepted.
        refused: Option<String>,
        /// The file of the session that it is written to.
        file: Option<String>,
        /// The file of the lesson that it shows a part of: `solution/compose.yaml`.
        from: Option<String>,
    },
    /// Anything else that is read as what it is, written for later commands, or compared with a file of the lesson.
    Document {
        /// Its language.
        language: Language,
        /// The file of the session that it is written to.
        file: Option<String>,
        /// The file of the lesson that it shows a part of.
        from: Option<String>,
    },
    /// Nothing, for a reason that the page shows.
    Excused {
        /// Why not.
        reason: String,
    },
}

/// How commands are run and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manner {
    /// At least one command has to end with another exit code than 0, instead of none.
    pub fails: bool,
    /// How long one command may take.
    pub within: Duration,
    /// The last command is repeated until all is as printed, at the most so long.
    pub until: Option<Duration>,
    /// After so long Ctrl-C is sent to the last command.
    pub interrupt: Option<Duration>,
    /// What may differ in the output.
    pub varies: Vec<Varies>,
}

/// How long a command may take where the block does not say.
const WITHIN: Duration = Duration::from_secs(120);

/// The language of a code block, as it stands after the backticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Commands after a `$ ` and their output.
    Console,
    /// Commands.
    Bash,
    /// A Compose file, or with `part` any YAML.
    Yaml,
    /// Lines of an output.
    Text,
    /// A Dockerfile.
    Dockerfile,
    /// A Python program.
    Python,
    /// JSON.
    Json,
    /// Lines such as `NAME=value`.
    Ini,
}

const LANGUAGES: [(&str, Language); 8] = [
    ("console", Language::Console),
    ("bash", Language::Bash),
    ("yaml", Language::Yaml),
    ("text", Language::Text),
    ("dockerfile", Language::Dockerfile),
    ("python", Language::Python),
    ("json", Language::Json),
    ("ini", Language::Ini),
];

impl Snippet {
    /// Whether something is run for it; otherwise it is looked at, or excused.
    pub fn is_run(&self) -> bool {
        matches!(
            self.task,
            Task::Terminal { .. } | Task::Script { .. } | Task::Lines { .. }
        )
    }

    /// The file that is written for later commands.
    pub fn written_file(&self) -> Option<&str> {
        match &self.task {
            Task::Compose { file, .. } | Task::Document { file, .. } => file.as_deref(),
            _ => None,
        }
    }
}

/// The meaning of each block, and a mistake for each that has none.
pub(crate) fn read(fences: &[Fence], file: &str) -> (Vec<Snippet>, Vec<Mistake>) {
    let mut snippets = Vec::new();
    let mut mistakes = Vec::new();
    // A block without a language has its own mistake.
    for fence in fences.iter().filter(|fence| !fence.language.is_empty()) {
        match snippet(fence) {
            Ok(snippet) => snippets.push(snippet),
            Err(Objection { problem, next }) => mistakes.push(Mistake {
                file: file.to_owned(),
                line: fence.line,
                problem,
                next,
            }),
        }
    }
    (snippets, mistakes)
}

/// A mistake for each file that is written for later commands where none follows.
pub(crate) fn unused_files(snippets: &[Snippet], file: &str) -> Vec<Mistake> {
    let last_run = snippets.iter().rposition(Snippet::is_run);
    let unused = snippets
        .iter()
        .enumerate()
        .filter(|(at, _)| last_run.is_none_or(|last| *at > last));
    unused
        .filter_map(|(_, snippet)| {
            let name = snippet.written_file()?;
            Some(Mistake {
                file: file.to_owned(),
                line: snippet.line,
                problem: format!("no command after this block uses the file {name}"),
                next: "run it, or take `file` away".to_owned(),
            })
        })
        .collect()
}

fn snippet(fence: &Fence) -> Result<Snippet, Objection> {
    let written = fence.language.as_str();
    let Some((_, language)) = LANGUAGES.iter().find(|(name, _)| *name == written) else {
        let names = LANGUAGES.map(|(name, _)| name);
        return Err(Objection::new(
            format!("nothing here can run or check a block in the language `{written}`"),
            meant(written, &names),
        ));
    };
    let mut attributes = Attributes::read(written, &fence.attributes)?;
    let excuse = attributes.words("not-run")?.map(str::to_owned);
    let hidden = attributes.flag("hidden")?;
    let task = match language {
        Language::Console => terminal(&mut attributes, &fence.text)?,
        Language::Bash => Task::Script {
            manner: manner(&mut attributes)?,
        },
        Language::Text => lines(&mut attributes, excuse.is_some())?,
        Language::Yaml => yaml(&mut attributes)?,
        language => document(*language, &mut attributes, excuse.is_some())?,
    };
    attributes.finish()?;
    if hidden && (excuse.is_some() || matches!(task, Task::Terminal { .. } | Task::Lines { .. })) {
        return Err(Objection::new(
            "a hidden block prints nothing that a reader sees, so it is commands or a file",
            "use bash for hidden commands",
        ));
    }
    Ok(Snippet {
        line: fence.line,
        text: fence.text.clone(),
        hidden,
        task: excuse.map_or(task, |reason| Task::Excused { reason }),
    })
}

fn terminal(attributes: &mut Attributes<'_>, text: &str) -> Result<Task, Objection> {
    let manner = manner(attributes)?;
    let (exchanges, stray) = commands::exchanges(text);
    if let Some(stray) = stray {
        return Err(Objection::new(
            format!("`{stray}` stands before the first command"),
            "begin a console block with `$ ` and a command; for an output alone take ```text,of=\"COMMAND\"",
        ));
    }
    if exchanges.is_empty() {
        return Err(Objection::new(
            "there is no command in this console block",
            "begin a line with `$ `",
        ));
    }
    Ok(Task::Terminal { exchanges, manner })
}

fn lines(attributes: &mut Attributes<'_>, is_excused: bool) -> Result<Task, Objection> {
    let manner = manner(attributes)?;
    match attributes.words("of")? {
        Some(command) => Ok(Task::Lines {
            command: command.to_owned(),
            manner,
        }),
        None if is_excused => Ok(Task::Lines {
            command: String::new(),
            manner,
        }),
        None => Err(Objection::new(
            "nothing says where this text comes from, so nothing can compare it",
            "write ```text,of=\"COMMAND\", or a console block with the command in it",
        )),
    }
}

fn manner(attributes: &mut Attributes<'_>) -> Result<Manner, Objection> {
    let manner = Manner {
        fails: attributes.flag("fails")?,
        within: attributes.duration("within")?.unwrap_or(WITHIN),
        until: attributes.duration("until")?,
        interrupt: attributes.duration("interrupt")?,
        varies: attributes.varies()?,
    };
    if manner.until.is_some() && manner.interrupt.is_some() {
        return Err(Objection::new(
            "`until` repeats a command and `interrupt` stops it; both together mean nothing",
            "keep one",
        ));
    }
    Ok(manner)
}

fn yaml(attributes: &mut Attributes<'_>) -> Result<Task, Objection> {
    let is_part = attributes.flag("part")?;
    let refused = attributes.words("fails")?.map(str::to_owned);
    let file = attributes.words("file")?.map(str::to_owned);
    let from = attributes.words("from")?.map(str::to_owned);
    match (is_part, refused) {
        (true, Some(_)) => Err(Objection::new(
            "Compose reads whole files, so a part of one cannot be refused",
            "write the file from `services:` on and leave `part` away",
        )),
        (true, None) => Ok(Task::Document {
            language: Language::Yaml,
            file,
            from,
        }),
        (false, refused) => Ok(Task::Compose {
            refused,
            file,
            from,
        }),
    }
}

fn document(
    language: Language,
    attributes: &mut Attributes<'_>,
    is_excused: bool,
) -> Result<Task, Objection> {
    let file = attributes.words("file")?.map(str::to_owned);
    let from = attributes.words("from")?.map(str::to_owned);
    // JSON can be read as such; of the others nothing is known until something uses them.
    if file.is_none() && from.is_none() && language != Language::Json && !is_excused {
        return Err(Objection::new(
            "nothing runs or checks this block",
            "write it to a file that a later command uses, `file=NAME`, or say `from=start/NAME` if it shows a part of a file of the lesson",
        ));
    }
    Ok(Task::Document {
        language,
        file,
        from,
    })
}
