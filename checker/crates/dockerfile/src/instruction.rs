//! What a Dockerfile says, instruction by instruction.

use compose::Span;

use crate::script::Step;
use crate::word::Word;

/// One instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// From its keyword to its end, here-documents included.
    pub span: Span,
    /// `RUN`: always in capitals, however the file writes it.
    pub keyword: Word,
    /// What stands between the keyword and the arguments: `--from=build`.
    pub flags: Vec<Flag>,
    /// Its arguments.
    pub kind: Kind,
}

/// `--name=value`, or `--name` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without the two dashes.
    pub name: String,
    /// What follows `=`, quotes removed and variables as written.
    pub value: Option<String>,
    /// The whole flag.
    pub span: Span,
}

/// The arguments of an instruction. Texts are as written: variables are put in by [`Plan`](crate::Plan).
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// `FROM image AS name`
    From {
        /// The image, or the name of an earlier stage.
        image: Word,
        /// The stage's own name. BuildKit does not care about its case.
        name: Option<Word>,
    },
    /// `ARG NAME=default …`
    Arg(Vec<Variable>),
    /// `ENV NAME=value …`
    Env(Vec<Variable>),
    /// `LABEL name=value …`
    Label(Vec<Variable>),
    /// `RUN`
    Run(Command),
    /// `CMD`
    Cmd(Command),
    /// `ENTRYPOINT`
    Entrypoint(Command),
    /// `SHELL ["program", …]`
    Shell(Vec<Word>),
    /// `COPY`
    Copy(Copied),
    /// `ADD`
    Add(Copied),
    /// `HEALTHCHECK CMD …`; none is `HEALTHCHECK NONE`. Its times are flags.
    Healthcheck(Option<Command>),
    /// `EXPOSE port …`
    Expose(Vec<Word>),
    /// `VOLUME path …`
    Volume(Vec<Word>),
    /// `USER name`
    User(Word),
    /// `WORKDIR path`
    Workdir(Word),
    /// `STOPSIGNAL signal`
    Stopsignal(Word),
    /// `MAINTAINER text`
    Maintainer(Word),
    /// `ONBUILD INSTRUCTION …`; none where the instruction is wrong, which only the next build refuses.
    Onbuild(Option<Box<Instruction>>),
}

/// A name with its value. Quotes and variables are as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: Word,
    /// The value; only an `ARG` may have none.
    pub value: Option<Word>,
}

/// What `COPY` and `ADD` copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Paths, patterns or addresses; without here-documents.
    pub sources: Vec<Word>,
    /// Files that are written in the Dockerfile itself.
    pub heredocs: Vec<Heredoc>,
    /// Where to.
    pub destination: Word,
}

/// A program that is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// How it is written.
    pub form: Form,
    /// Here-documents that belong to it.
    pub heredocs: Vec<Heredoc>,
    /// Its simple commands one by one, those of here-documents that a shell runs included.
    pub steps: Vec<Step>,
}

/// The two ways to write a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line for a shell: `CMD python app.py`. Also what looks like a list and is none, as `['python']`.
    Shell(Word),
    /// A list of words, run without a shell: `CMD ["python", "app.py"]`. It may be empty.
    Exec(Vec<Word>),
}

/// `<<NAME` and the lines up to `NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub name: String,
    /// Its lines as written, and their place.
    pub content: Word,
    /// Whether variables in it are replaced; not where the name stands in quotes.
    pub expands: bool,
    /// Whether tabs at the beginning of lines are removed (`<<-`).
    pub strips_tabs: bool,
}

impl Instruction {
    /// The flag of this name, without dashes.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }

    /// The program that it runs or sets: that of `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK CMD`.
    pub fn command(&self) -> Option<&Command> {
        match &self.kind {
            Kind::Run(command)
            | Kind::Cmd(command)
            | Kind::Entrypoint(command)
            | Kind::Healthcheck(Some(command)) => Some(command),
            _ => None,
        }
    }
}

impl Command {
    /// The words of the list form; the shell form has none.
    pub fn words(&self) -> Option<Vec<&str>> {
        match &self.form {
            Form::Shell(_) => None,
            Form::Exec(words) => Some(words.iter().map(|word| word.text.as_str()).collect()),
        }
    }
}
