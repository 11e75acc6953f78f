//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::workspace::Place;

const EXIT_CODES: &str = "Exit codes: 0 all judged checks passed · 1 something failed · 2 wrong use, or a file that cannot be \
read at all · 3 nothing failed, but something could not be checked";

/// The course and its exercises: `serve` shows the book, `verify` judges your own files and running containers.
///
/// `verify` only looks. `init` and `serve` write into the workspace; `reset` and `drill` ask before they change something.
#[derive(Debug, Parser)]
#[command(name = "checker", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// The workspace made by `checker init`; where it is absent it is searched upwards from here, then in ./course
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a workspace with the exercises, or bring one up to date
    Init {
        /// Where [default: course]
        folder: Option<PathBuf>,
    },
    /// Show the book in a browser, with live verdicts on each lesson's page; makes the workspace on first use
    Serve(ServeArguments),
    /// Open a lesson's page, where `checker serve` runs
    Open {
        /// `lesson-4`, `4` or `milvus-stack` [default: the start page]
        lesson: Option<String>,
        /// Print the address and open nothing
        #[arg(long)]
        print: bool,
    },
    /// List the lessons and how far you are
    List {
        #[arg(long, value_enum, default_value = "human")]
        format: ListFormat,
    },
    /// Show the next lesson that has not passed yet
    Next,
    /// Verify again what has passed before, and say what is broken since
    Status {
        #[arg(long, value_enum, default_value = "human")]
        format: ListFormat,
        /// The engine's address [default: as Docker's own client finds it]
        #[arg(long, value_name = "ADDRESS")]
        host: Option<String>,
    },
    /// Verify lessons on your files and containers
    Verify(VerifyArguments),
    /// Show the next hint for the first check that fails
    Hint {
        /// `lesson-4`, `4` or `milvus-stack` [default: the lesson of this folder, else the next one]
        lesson: Option<String>,
        /// A check of the lesson, by its id
        check: Option<String>,
        /// Which tier, counted from 1 [default: the next one you have not seen]
        #[arg(long, value_name = "N")]
        level: Option<usize>,
    },
    /// Print the reference solution
    Solution {
        lesson: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Put a lesson's start files back; your own are kept in a backup
    Reset {
        lesson: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Explain a check (`lesson-4/standalone-finds-etcd`) or a rule (`keeps-data`), or list a lesson's checks
    Explain { what: String },
    /// Do something to a lesson's own containers, see what comes of it, and have everything put back
    Drill(DrillArguments),
    /// Print a Compose project as Docker Compose understands it, or explain where one of its values comes from
    Config(ConfigArguments),
    /// List what of a folder an image is built from reaches the builder, and what is left out by which line
    Context {
        /// The service to build [default: the only one that builds its image]
        service: Option<String>,
        #[arg(long, value_enum, default_value = "human")]
        format: ListFormat,
    },
    /// Look for what is risky or does not do what it says in any Compose file
    Lint(LintArguments),
    /// Look at engine, Compose, memory, ports and images
    Doctor {
        /// The engine's address [default: as Docker's own client finds it]
        #[arg(long, value_name = "ADDRESS")]
        host: Option<String>,
    },
    /// Print a script that completes commands and names in a shell
    Completions { shell: clap_complete::Shell },
    /// For authors of lessons
    #[command(subcommand)]
    Dev(DevCommand),
}

#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// `lesson-4`, `4` or `milvus-stack` [default: the lesson of this folder, else the next one]
    pub lessons: Vec<String>,
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
    /// Judge the files alone
    #[arg(long)]
    pub static_only: bool,
    /// Wait until every container has settled, at the most this long, as `3m`
    #[arg(long, value_name = "DURATION", value_parser = duration, num_args = 0..=1, default_missing_value = "5m")]
    pub wait: Option<Duration>,
    /// Write what was seen to this file; secrets are replaced
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// A compose file instead of the one Compose finds by itself; may be given several times
    #[arg(short, long = "file", value_name = "FILE")]
    pub files: Vec<String>,
    /// The Compose project, where it is not the one of the file
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// The engine's address [default: as Docker's own client finds it]
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Show only what failed, and the summary
    #[arg(short, long)]
    pub quiet: bool,
    /// Show which engine was asked, and every question and answer
    #[arg(short, long)]
    pub verbose: bool,
}

/// Print a Compose project as Docker Compose understands it, or explain where one of its values comes from
///
/// Works on any Compose project, without a workspace and without Docker. What is printed is what `docker compose config`
/// prints: variables put in, files merged, short forms written out, defaults filled in. What Compose would refuse is shown
/// with its place, all mistakes at once.
#[derive(Debug, Args)]
#[command(after_long_help = CONFIG_EXAMPLES)]
pub struct ConfigArguments {
    /// A Compose file, each merged onto the one before; `-` is standard input [default: $COMPOSE_FILE, else the file that
    /// Compose finds here or in a folder above]
    #[arg(short, long = "file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<String>,
    /// The project's name [default: $COMPOSE_PROJECT_NAME, else the file's `name`, else the folder's]
    #[arg(short, long, value_name = "NAME")]
    pub project_name: Option<String>,
    /// Take part in this profile; may be given several times, `*` is all of them [default: $COMPOSE_PROFILES]
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
    /// A file of variables instead of `.env`; may be given several times [default: $COMPOSE_ENV_FILES]
    #[arg(long = "env-file", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub env_files: Vec<String>,
    /// The project's folder, where relative paths start [default: the folder of the first Compose file]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub project_directory: Option<String>,
    /// Say what is wrong, and print nothing else
    #[arg(short, long)]
    pub quiet: bool,
    #[arg(long, value_enum, default_value = "yaml")]
    pub format: ConfigFormat,
    /// Tell step by step where a value comes from, as `services.web.image`; a key with dots is quoted: `labels."a.b"`
    #[arg(long, value_name = "PATH", conflicts_with = "quiet")]
    pub explain: Option<String>,
    /// Read nothing outside this folder, wherever the files point
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub confine: Option<PathBuf>,
}

const CONFIG_EXAMPLES: &str = "\
Examples:
  checker config                                   the project of this folder
  checker config -q                                only what is wrong
  checker config -f compose.yaml -f prod.yaml      two files, merged
  checker config --explain services.web.image      where this value comes from
  checker config --explain services.web            the same for each key of a service
  checker config --explain services.web.ports.0    the first item of a list

Exit codes: 0 the project can be read · 1 something in its files is wrong · 2 wrong use, no Compose file, or a PATH that leads nowhere";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// As `docker compose config` prints it
    Yaml,
    /// As `docker compose config --format json` prints it; findings and explanations as JSON with a schema_version
    Json,
}

/// Look for what is risky or does not do what it says in any Compose file
///
/// Works on any Compose project, without a workspace and without Docker. Each finding has its place, why it matters and the next
/// step; `checker explain RULE` tells more. A comment allows a finding: `# checker: allow RULE because REASON`, at the end of
/// the line, or above it; above a service it counts for the whole service.
#[derive(Debug, Args)]
#[command(after_long_help = LINT_EXAMPLES)]
pub struct LintArguments {
    /// Compose files, each by itself, or folders of projects [default: the project that Compose finds here]
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "human")]
    pub format: LintFormat,
    /// Ask only this rule; may be given several times
    #[arg(long = "rule", value_name = "NAME", value_parser = rule())]
    pub rules: Vec<String>,
    /// Do not ask this rule; may be given several times
    #[arg(long, value_name = "NAME", value_parser = rule())]
    pub allow: Vec<String>,
    /// The least that makes the exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "cautions")]
    pub deny: Deny,
}

/// The names of the rules that `checker lint` asks.
fn rule() -> clap::builder::PossibleValuesParser {
    let lints = lesson::rules::lint::all().iter();
    clap::builder::PossibleValuesParser::new(lints.map(|lint| lint.rule.name))
}

const LINT_EXAMPLES: &str = "\
Examples:
  checker lint                                     the project of this folder
  checker lint compose.yaml deploy/                two projects
  checker lint --rule no-privileged                one rule alone
  checker lint --deny problems                     cautions and notes are shown, and are no failure
  checker lint --format github                     as annotations of a workflow on GitHub

Exit codes: 0 nothing found at or above the level of --deny · 1 something was found · 2 wrong use, or a file that Compose cannot read";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For a person
    Human,
    /// For programs; has a schema_version
    Json,
    /// For code scanners
    Sarif,
    /// Annotations of a workflow on GitHub
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Only what does not do what it says, or gives away what it should keep
    Problems,
    /// These, and risks
    Cautions,
    /// Everything
    Notes,
}

#[derive(Debug, Args)]
pub struct DrillArguments {
    /// `lesson-3`, `3` or `volumes` [default: the lesson of this folder, else the next one]
    pub lesson: Option<String>,
    /// Which of its drills; without it they are listed, unless there is only one
    pub name: Option<String>,
    /// Begin without a question, and ask for no predictions
    #[arg(long)]
    pub yes: bool,
    /// Put back what an interrupted drill has left
    #[arg(long, conflicts_with_all = ["lesson", "name", "host"])]
    pub recover: bool,
    /// The engine's address [default: as Docker's own client finds it]
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
}

#[derive(Debug, Args)]
pub struct ServeArguments {
    /// A port of 127.0.0.1 [default: the one of last time, else the next free one from 8765 on]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Open the browser
    #[arg(long)]
    pub open: bool,
    /// The engine's address [default: as Docker's own client finds it]
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// lesson.yaml
    Lesson,
    /// drills/NAME.yaml
    Drill,
}

#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Prove every check of a lesson on its right answers and mistakes
    Check(DevCheckArguments),
    /// Print the JSON Schema of lesson.yaml, or of a drill's file
    Schema {
        #[arg(value_enum, default_value = "lesson")]
        of: SchemaOf,
    },
    /// Build the book and check its links
    Book {
        /// Folder of book.toml
        #[arg(long, default_value = ".")]
        root: PathBuf,
        /// Where to [default: the build-dir of book.toml]
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Run every code block of the book and compare what it prints
    Snippets(DevSnippetsArguments),
    /// Compare our reading of Compose projects with Docker Compose's own, project by project
    #[command(after_help = CONFORMANCE_HELP)]
    Conformance(DevConformanceArguments),
}

const CONFORMANCE_HELP: &str = "DIR holds a corpus: manifest.jsonl has one project a line (`files` and `cwd` relative to files/, `ok`, \
`error`, `features`, `expected` and `expected_all_profiles`), files/ the projects, expected/ what `docker compose config --format json` \
printed with the corpus written $ROOT and the home folder $HOME.

With --live every file below DIR whose name has `compose` in it and ends with .yaml or .yml is a project, loaded in its own folder with \
PATH and HOME only; a file that takes Compose longer than --within counts as one that Compose fails on.

The last line is `agreed N of M (P %)`; M counts the projects that Compose loads. Where Compose refuses a project for something in its \
files, an error of ours has to be of the same class, at the key that Compose names or below it; otherwise the project differs too.

Exit codes: 0 the projects that differ are the listed exceptions, and each of these differs · 1 another one differs, or an exception is \
needless · 2 wrong use, or a corpus that cannot be read";

#[derive(Debug, Args)]
pub struct DevConformanceArguments {
    /// A corpus, or with --live a folder with compose files
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Ask the installed Docker Compose, file by file
    #[arg(long)]
    pub live: bool,
    /// How long Compose may take for one file, as `90s`
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s", requires = "live")]
    pub within: Duration,
    /// Projects that are known to differ, one a line: its files, two blanks, the reason
    #[arg(long, value_name = "FILE")]
    pub exceptions: Option<PathBuf>,
    /// Show this many projects of each kind and feature; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub first: usize,
    #[arg(long, value_enum, default_value = "human")]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub struct DevSnippetsArguments {
    /// Chapters, as `04-milvus-stack`, `4` or `README` [default: all]
    pub chapters: Vec<String>,
    /// Folder of book.toml
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub root: PathBuf,
    /// Go on with a chapter after a block that is not as printed
    #[arg(long)]
    pub keep_going: bool,
    /// Write what the run printed into the chapter, instead of comparing it; wildcards stay
    #[arg(long)]
    pub update: bool,
    /// Tell each block as it is run, and how long it takes
    #[arg(short, long)]
    pub verbose: bool,
}

#[derive(Debug, Args)]
pub struct DevCheckArguments {
    /// Lessons [default: all]
    pub lessons: Vec<String>,
    /// Folder of the exercises
    #[arg(long, default_value = "exercises", value_name = "DIR")]
    pub exercises: PathBuf,
    /// Run the real stacks and record them anew; without it recordings are judged
    #[arg(long)]
    pub live: bool,
    /// Run only these cases, as `accepted/named-volumes`; may be given several times
    #[arg(long, value_name = "CASE")]
    pub case: Vec<String>,
    /// Run the solution and this many of the other cases, others each day
    #[arg(long, value_name = "N", requires = "live")]
    pub sample: Option<usize>,
    /// Keep the recordings as they are
    #[arg(long, requires = "live")]
    pub keep_recordings: bool,
    /// Print a table of checks and the mistakes that kill them
    #[arg(long)]
    pub matrix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a person
    Human,
    /// For programs; has a schema_version
    Json,
    /// For CI servers: a lesson is a suite, a check a case
    Junit,
    /// For code scanners
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes the choice hold for everything that is printed from here on. `auto` honours NO_COLOR and dumb terminals.
    pub fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

impl Cli {
    /// Where the command was called.
    pub fn place(&self) -> Place {
        Place {
            given: self.dir.clone(),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u64>().map(Duration::from_secs).ok();
    seconds
        .or_else(|| compose::units::duration(text).ok())
        .ok_or_else(|| "write a duration as `90s`, `3m` or `1m30s`".to_owned())
}
