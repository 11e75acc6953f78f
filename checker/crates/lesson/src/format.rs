//! The lesson file: what an author writes in `lesson.yaml`.
//!
//! A check is **where to look + what to expect + why**. Where to look is one [`Place`]; what to expect is one or more
//! [`Matcher`]s, written as keys of the same map:
//!
//! ```yaml
//! - id: standalone-finds-etcd
//!   title: standalone is told where etcd is
//!   compose: services.standalone.environment.ETCD_ENDPOINTS     # the place
//!   reaches: {service: etcd, port: 2379}                        # the matcher
//!   why: Milvus keeps every schema in etcd.
//! ```
//!
//! The doc comments of this module are the format's manual: the JSON Schema is generated from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use crate::evidence::{InsideClient, MilvusCall};

/// Everything about a lesson but its checks, which [`Check`] describes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Header {
    /// `lesson-4`. Never changes its meaning; progress is kept under it.
    pub id: String,
    /// The chapter's title.
    pub title: String,
    /// What the learner is able to do afterwards, in one sentence.
    pub goal: String,
    /// How long it takes, in minutes.
    pub minutes: u32,
    /// The Compose project name that the start files carry: `lesson-04`.
    pub project: String,
    /// What has to be there.
    #[serde(default)]
    pub needs: Needs,
    /// The files that the learner edits, relative to the lesson's folder.
    pub edit: Vec<String>,
    /// What the learner runs, in this order.
    #[serde(default)]
    pub run: Vec<String>,
    /// What stands in `run` besides `up` and leaves behind what checks look at, as arguments of `docker compose`: `[build, tests]`.
    /// `dev check --live` runs it after each `up`.
    #[serde(default)]
    pub prepare: Vec<Vec<String>>,
    /// Values that a class may give each learner differently. `${name}` anywhere in a check stands for the value.
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    /// Questions at the end of the chapter.
    #[serde(default)]
    pub quiz: Vec<Question>,
}

/// What a lesson needs from the machine.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Needs {
    /// Memory for its containers, as `8g`. Below it the lesson may still be read and its files judged.
    pub memory: Option<String>,
    /// Disk for images and data, as `4g`.
    pub disk: Option<String>,
}

/// A value that may differ from learner to learner.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Variable {
    /// The value where nobody sets another.
    pub default: Value,
    /// What it is, for the teacher who sets it.
    pub about: String,
}

/// A question with its answers.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    /// The question; needs the idea, not the wording.
    pub question: String,
    /// Two answers or more; at least one is right.
    pub answers: Vec<QuizAnswer>,
}

/// One answer of a question.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct QuizAnswer {
    /// The answer.
    pub text: String,
    /// Whether it is right.
    #[serde(default)]
    pub right: bool,
    /// Why it is right or wrong.
    pub why: String,
}

/// What every check says about itself, besides place and matchers.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckHeader {
    /// Unique in the lesson and for ever: `standalone-finds-etcd`.
    pub id: String,
    /// What is true when it passes, as a sentence without a full stop.
    pub title: String,
    /// Why it matters, in one sentence.
    pub why: String,
    /// What would be right, in a learner's words, where those of the matcher are not.
    pub expected: Option<String>,
    /// What to look at or run next when it fails; not the answer. Where it is absent the matcher suggests one.
    pub next: Option<String>,
    /// Tiers of help, from a nudge to nearly the answer.
    #[serde(default)]
    pub hints: Vec<String>,
    /// Checks that have to pass before this one says anything.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Shown, never counted.
    #[serde(default)]
    pub advice: bool,
    /// Share of the lesson's mark, for a class.
    #[serde(default = "one")]
    pub weight: u32,
    /// As what Compose files are read: all of them, where nothing is said.
    #[serde(default)]
    pub model: Model,
    /// Services that the answer speaks of, besides the one that is asked: a monitor tells how another service is. As long as one of
    /// them is starting, nothing is held against anybody.
    #[serde(default)]
    pub speaks_of: Vec<String>,
}

/// As what a project's Compose files are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// All files together, as `docker compose` reads them in the lesson's folder.
    #[default]
    Project,
    /// The first file alone, as `docker compose -f compose.yaml` reads it on a machine that gets no override.
    BaseFile,
}

fn one() -> u32 {
    1
}

/// One check of a lesson.
#[derive(Debug, Clone)]
pub struct Check {
    /// Id, title, reasons.
    pub header: CheckHeader,
    /// Where to look and what to expect.
    pub look: Look,
}

/// A place with what is expected there, or several of them combined.
#[derive(Debug, Clone)]
pub enum Look {
    /// One place; all matchers have to hold.
    At {
        /// Where to look.
        place: Box<Place>,
        /// What to expect.
        matchers: Vec<Matcher>,
    },
    /// Every one has to hold.
    All(Vec<Look>),
    /// One of them has to hold.
    Any(Vec<Look>),
}

/// Where to look. Exactly one a check.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A path into the resolved compose file: `services.standalone.environment.ETCD_ENDPOINTS`.
    Compose(String),
    /// A setting that a service takes from a command-line flag or an environment variable.
    Setting(Setting),
    /// What a service's image is set to by its Dockerfile.
    Dockerfile(DockerfilePlace),
    /// The container of this service.
    Container(String),
    /// The answer to an HTTP GET.
    Http(HttpPlace),
    /// A TCP connection.
    Tcp(PortPlace),
    /// What a read-only command prints inside the container. Only what stands here is ever run.
    Exec(ExecPlace),
    /// The answer to a reading call of Milvus.
    Milvus(MilvusPlace),
    /// The newest log lines of a service's container, as a list of texts.
    Log(LogPlace),
    /// Command lines of the processes in a service's container, as a list of texts. The engine leaves zombies out.
    Processes(String),
    /// The first process of a service's container, on which its life depends, as the engine lists it. Fields: `command`; `user`,
    /// a number; `children`, how many processes it has started that are still there.
    FirstProcess(String),
    /// What the kernel says of the processes in a service's container; the image needs a shell. Fields: `zombies`, how many
    /// there are; and of the first process that is no init such as `tini`: `name`, `user` (a number), `catches` (names of signals,
    /// as `TERM`), `capabilities` (those in effect, as `CHOWN`).
    ProcOf(String),
    /// What lies at a path of a service's container, running or not. Fields: `kind` (`file`, `folder`, `link`, `other`),
    /// `size` in bytes, `mode` as `0755`, `uid`, `gid`, `link`. A volume or a mount that covers the path is not looked into.
    File(FilePlace),
    /// The image of this service: the one that the file names, or that Compose builds for it. Fields are those of the engine's
    /// inspect answer: `Config.User`, `Config.Env`, `RootFS.Layers`, `RepoDigests`, and `Size` in bytes, which engines with
    /// another image store count in another way.
    ImageOf(String),
    /// The steps that made the image of this service, newest first, as a list of texts.
    HistoryOf(String),
    /// A named rule with its parameters; `checker explain` prints what each does.
    Rule(RulePlace),
}

/// A setting that may be given as a flag of the command or as an environment variable; the flag wins.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Setting {
    /// The service.
    pub service: String,
    /// The flag's name without dashes: `data-dir`.
    pub flag: Option<String>,
    /// The word after which the value stands as an argument of its own: `server` in `minio server /data`.
    pub argument_after: Option<String>,
    /// The environment variable.
    pub variable: Option<String>,
    /// A configuration file in which the flag's name may stand as well, in a line `name value`. The flag wins over it.
    pub config_file: Option<ConfigFile>,
    /// What the program takes where neither is given.
    pub default: Option<String>,
}

/// A configuration file that a service's command names.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ConfigFile {
    /// The program, as `redis-server`: its first argument is the path, unless that is an option.
    pub program: Option<String>,
    /// How its name ends, as `.conf`: where the command does not name the program, the first word that ends so is its path.
    pub ending: String,
    /// The image's working folder, where a relative path starts.
    pub working_folder: Option<String>,
}

/// A setting of the image that a service is built as: what the stage that is built says, or takes over from the stages below
/// it. What only the image below sets is not set here.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DockerfilePlace {
    /// The service.
    pub service: String,
    /// Which setting.
    pub value: ImageSetting,
}

/// A setting of an image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ImageSetting {
    /// The image that it all starts from, as a text; `scratch` where there is none.
    Image,
    /// `USER`, as a text.
    User,
    /// `WORKDIR`, as a whole path.
    WorkingFolder,
    /// `ENTRYPOINT`: the words of a list, or the line for a shell.
    Entrypoint,
    /// `CMD`, likewise.
    Command,
    /// `HEALTHCHECK`, likewise.
    Healthcheck,
    /// `STOPSIGNAL`, as a text.
    StopSignal,
    /// `EXPOSE`: a list of texts such as `8000/tcp`.
    Ports,
    /// A variable of `ENV`, as a text.
    Variable(String),
    /// A label, as a text.
    Label(String),
}

/// A GET of `path` at a container port.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HttpPlace {
    /// The service.
    pub service: String,
    /// The container port; the host asks at the port it is published on.
    pub port: u16,
    /// An environment variable of the service that may name another port.
    pub port_variable: Option<String>,
    /// Path and query.
    pub path: String,
    /// A client in the image that asks from inside where the port is not published.
    pub inside: Option<InsideClient>,
}

/// A container port.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PortPlace {
    /// The service.
    pub service: String,
    /// The container port.
    pub port: u16,
}

/// A command in a container.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExecPlace {
    /// The service.
    pub service: String,
    /// Program and arguments; no shell is added. It must only read.
    pub command: Vec<String>,
    /// What it prints where it could not look, as a regular expression: `NOAUTH` of a server that asks for a password
    /// first. Then the check says nothing.
    pub refused: Option<String>,
    /// A setting whose value the last word of the output has to be: what runs is what file and command say.
    pub agrees_with: Option<Box<Agreement>>,
}

/// A setting that a running program is asked for.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Agreement {
    /// What it is told.
    pub setting: Setting,
    /// As what both are read.
    pub kind: Kind,
}

/// What a setting's value stands for.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Text; upper and lower case are the same.
    Text,
    /// A number of bytes, as Redis writes it: `64mb`.
    Size,
    /// A path in the container.
    Path,
}

/// A reading call of Milvus.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MilvusPlace {
    /// The service.
    pub service: String,
    /// The container port.
    #[serde(default = "milvus_port")]
    pub port: u16,
    /// Which call.
    pub call: MilvusCall,
}

fn milvus_port() -> u16 {
    19530
}

/// Log lines.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogPlace {
    /// The service.
    pub service: String,
    /// How many of the newest lines.
    pub lines: u32,
}

/// A path in a container.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FilePlace {
    /// The service.
    pub service: String,
    /// Absolute path in the container.
    pub path: String,
}

/// A named rule.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RulePlace {
    /// Its name.
    pub name: String,
    /// Its parameters; which there are, the rule says.
    #[serde(default)]
    pub with: Value,
}

/// What to expect. The first group has goss' names and meanings, the second understands what a value stands for,
/// the third belongs to containers and probes.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Matcher {
    /// The very same value; a number equals its own text. Not for values that have several right spellings.
    Equals(Value),
    /// A text that starts so.
    HavePrefix(String),
    /// A text that ends so.
    HaveSuffix(String),
    /// A text with a part that matches this regular expression.
    MatchRegexp(String),
    /// A text with this part.
    ContainSubstring(String),
    /// A list with this element: its value, or a map of matchers that it meets.
    ContainElement(Value),
    /// A list with these elements, and maybe more; each as for `contain-element`.
    ContainElements(Vec<Value>),
    /// A list of these elements in any order, and no others.
    ConsistOf(Vec<Value>),
    /// A text, list or map of this length.
    HaveLen(usize),
    /// A map with this key.
    HaveKey(String),
    /// A map with these keys, and maybe more.
    HaveKeys(Vec<String>),
    /// A number greater than this.
    Gt(f64),
    /// A number of at least this.
    Ge(f64),
    /// A number less than this.
    Lt(f64),
    /// A number of at most this.
    Le(f64),
    /// None of these hold.
    Not(Matchers),
    /// Each of these holds.
    And(Vec<Matchers>),
    /// One of these holds.
    Or(Vec<Matchers>),

    /// Whether there is a value at all.
    Present(bool),
    /// An address, or several, of a service in this file.
    Reaches(Reach),
    /// An image reference of this repository, version or kind.
    Image(ImageExpected),
    /// A version, as `v2.6.19`, that meets a requirement, as `>=2.6.10, <3`.
    Version(String),
    /// The same path, whatever trailing slashes or `.` parts it is written with.
    Path(String),
    /// A duration within bounds, as `{least: 60s}`.
    Duration(Range),
    /// A size within bounds, as `{least: 2g, most: 8g}`.
    Size(Range),
    /// A command that runs these words, whether written as text or as a list, and through whichever wrapper.
    Command(Vec<String>),

    /// The container's state.
    Is(ContainerState),
    /// HTTP status code.
    Status(u16),
    /// HTTP body, or the contents of a file.
    Body(Matchers),
    /// Exit code of a command.
    ExitCode(i64),
    /// Standard output of a command.
    Stdout(Matchers),
    /// Whether a connection is accepted and stays open.
    Connects(bool),
    /// Whether the server answers the call; a server that asks for a login has answered.
    Answers(bool),
    /// A field of the engine's inspect answer, or of another place that has fields, as `{path: HostConfig.Memory, gt: 0}`.
    Field(FieldExpected),
    /// An image of less bytes than that of this service, or than this image: `tests`, `shop:builder`. It has to be on the machine.
    SmallerThan(String),
}

/// Matchers that all have to hold, as keys of one map.
#[derive(Debug, Clone)]
pub struct Matchers(pub Vec<Matcher>);

/// An address of a service in this file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reach {
    /// The service that has to be reached: by its name, its container_name or an alias.
    pub service: Option<String>,
    /// Any service whose image's repository ends in this word, as `etcd`.
    pub service_with_image: Option<String>,
    /// The container port.
    pub port: u16,
    /// The port that the program takes where none is given anywhere.
    pub default_port: Option<u16>,
    /// An environment variable beside the address that may carry the port instead.
    pub port_variable: Option<String>,
    /// The program takes host and port, and stumbles over a path behind them.
    #[serde(default)]
    pub no_path: bool,
    /// The program takes the host alone; scheme and port it would take for a part of the name.
    #[serde(default)]
    pub host_only: bool,
    /// The service from whose network it is looked at; where absent the one that the place belongs to.
    pub from: Option<String>,
}

/// What an image reference has to be.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImageExpected {
    /// Repositories of which it has to be one, as `quay.io/coreos/etcd`. A mirror of the same path counts.
    #[serde(default)]
    pub repository: Vec<String>,
    /// Requirement on the version in the tag, as `>=2.6.10, <3`.
    pub version: Option<String>,
    /// Why versions below are refused, shown when one is.
    pub version_why: Option<String>,
    /// It names one version: a tag with a number in it, or a digest.
    #[serde(default)]
    pub pinned: bool,
    /// What the tag has to look like, as a regular expression.
    pub tag: Option<String>,
}

/// Bounds, each included, each optional.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Range {
    /// Not less than this.
    pub least: Option<String>,
    /// Not more than this.
    pub most: Option<String>,
}

/// A field of what the engine says about a container, an image, a file or a process.
#[derive(Debug, Clone, Serialize)]
pub struct FieldExpected {
    /// Path into `GET /containers/{id}/json` or what else the place has, as `HostConfig.Memory`.
    pub path: String,
    /// What to expect there.
    #[serde(flatten)]
    pub expect: Matchers,
}

/// A state that a container can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerState {
    /// Its process runs.
    Running,
    /// Its own health check says so.
    Healthy,
    /// Its process ended by itself with exit code 0.
    Completed,
}

/// Names of the keys that [`CheckHeader`] reads; every other key of a check is a place or a matcher.
pub(crate) const HEADER_KEYS: [&str; 11] = [
    "id",
    "title",
    "why",
    "expected",
    "next",
    "hints",
    "needs",
    "advice",
    "weight",
    "model",
    "speaks-of",
];

/// Names of the keys that are places.
pub(crate) const PLACE_KEYS: [&str; 16] = [
    "compose",
    "setting",
    "dockerfile",
    "container",
    "http",
    "tcp",
    "exec",
    "milvus",
    "log",
    "processes",
    "first-process",
    "proc-of",
    "file",
    "image-of",
    "history-of",
    "rule",
];

impl<'de> Deserialize<'de> for Matchers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = serde_json::Map::deserialize(deserializer)?;
        if entries.is_empty() {
            return Err(serde::de::Error::custom(
                "nothing is expected here: name at least one matcher",
            ));
        }
        entries
            .into_iter()
            .map(matcher_of_entry)
            .collect::<Result<_, _>>()
            .map(Matchers)
    }
}

impl Serialize for Matchers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serde_json::Map::new();
        for matcher in &self.0 {
            if let Value::Object(entry) =
                serde_json::to_value(matcher).map_err(serde::ser::Error::custom)?
            {
                entries.extend(entry);
            }
        }
        entries.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FieldExpected {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut entries = serde_json::Map::deserialize(deserializer)?;
        let Some(Value::String(path)) = entries.remove("path") else {
            return Err(serde::de::Error::custom(
                "`field` needs a `path`, as `HostConfig.Memory`",
            ));
        };
        let expect =
            Matchers::deserialize(Value::Object(entries)).map_err(serde::de::Error::custom)?;
        Ok(Self { path, expect })
    }
}

/// A matcher written as one key of a map.
pub(crate) fn matcher_of_entry<E: serde::de::Error>(
    (key, value): (String, Value),
) -> Result<Matcher, E> {
    let entry = Value::Object(serde_json::Map::from_iter([(key, value)]));
    Matcher::deserialize(entry).map_err(E::custom)
}

impl Matcher {
    /// The key under which it is written.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::Object(entry)) => entry.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        }
    }
}
