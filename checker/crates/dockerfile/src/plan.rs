//! What a build does with a Dockerfile: which stage is built, which others it needs, and how each one's image is set.

use std::collections::{BTreeMap, BTreeSet};

use compose::image::ImageReference;
use compose::{Finding, Span};

use crate::Dockerfile;
use crate::expand::{Expanded, Known, expand};
use crate::instruction::{Command, Copied, Flag, Instruction, Kind, Variable};
use crate::mount::BuildMountKind;
use crate::word::Word;

/// What is said when a build begins: `docker build --build-arg … --target …`, or `args` and `target` of a Compose file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Build arguments by name.
    pub arguments: BTreeMap<String, String>,
    /// The stage to build: its name or its number from 0. None: the last one.
    pub target: Option<String>,
}

/// What the build does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The stage that becomes the image.
    pub target: usize,
    /// The stages that are built for it, itself included. BuildKit leaves the others out.
    pub needed: BTreeSet<usize>,
    /// All stages, in the order of the file.
    pub stages: Vec<Planned>,
}

/// One stage, with everything it takes over from the stages below it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What it starts from.
    pub base: Base,
    /// What the image says, as far as Dockerfile and arguments tell.
    pub configuration: Configuration,
    /// Earlier stages that it copies from or mounts.
    pub takes_from: BTreeSet<usize>,
    /// What it takes of the build context: clean paths and patterns; empty is the whole context. BuildKit is sent nothing else.
    pub asks_for: BTreeSet<String>,
    /// What BuildKit refuses in it, once it is needed.
    pub findings: Vec<Finding>,
}

/// What a stage starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing: `FROM scratch`.
    Scratch,
    /// An earlier stage.
    Stage(usize),
    /// An image, variables put in.
    Image(String),
}

/// What a stage's image is set to. What is not set here, an image below may set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configuration {
    /// The image it all starts from, through all stages; none is `scratch`.
    pub image: Option<String>,
    /// Who the program runs as.
    pub user: Option<Value>,
    /// Where it starts. Relative where only the image below knows the rest.
    pub working_folder: Option<Value>,
    /// Its environment.
    pub environment: BTreeMap<String, Value>,
    /// Labels.
    pub labels: BTreeMap<String, Value>,
    /// The ports that it says it listens at, as `8000/tcp`.
    pub ports: Vec<Value>,
    /// Folders that become volumes.
    pub volumes: Vec<Value>,
    /// `ENTRYPOINT`
    pub entrypoint: Option<Command>,
    /// `CMD`. An `ENTRYPOINT` above an image's `CMD` takes it away; that is [`Set::Removed`].
    pub command: Set<Command>,
    /// `HEALTHCHECK`
    pub healthcheck: Set<Healthcheck>,
    /// The shell of `RUN`, `CMD` and `ENTRYPOINT`, where it is not `/bin/sh -c`.
    pub shell: Option<Vec<Word>>,
    /// The signal that asks the program to end.
    pub stop_signal: Option<Value>,
}

/// A setting that can be taken away.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Set<T> {
    /// Nothing is said: the image below decides.
    #[default]
    Open,
    /// What the image below sets does not count.
    Removed,
    /// Set to this.
    To(T),
}

/// A health check.
#[derive(Clone, Debug, PartialEq)]
pub struct Healthcheck {
    /// What is run.
    pub command: Command,
    /// `--interval` and its like.
    pub times: Vec<Flag>,
    /// The whole instruction.
    pub span: Span,
}

/// A value with its variables put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What it comes to. A variable that only the image below can set stays as written.
    pub text: String,
    /// Names of those variables.
    pub open: Vec<String>,
    /// Where and how it is written.
    pub word: Word,
}

impl<T> Set<T> {
    /// What it is set to.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::To(value) => Some(value),
            Self::Open | Self::Removed => None,
        }
    }
}

/// Arguments that BuildKit takes without an `ARG`, and those that it sets itself.
const PREDEFINED: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];
const OF_THE_BUILDER: [&str; 10] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// Signals of Linux, without `SIG`.
const SIGNALS: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL",
    "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP",
    "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
    "UNUSED",
];

/// Plans a build. What is wrong with a stage is told in the stage; what is returned here is wrong with all of them.
pub(crate) fn plan(dockerfile: &Dockerfile, request: &Request) -> (Option<Plan>, Vec<Finding>) {
    let mut planner = Planner {
        dockerfile,
        request,
        global: BTreeMap::new(),
        findings: Vec::new(),
    };
    let plan = planner.plan();
    (plan, planner.findings)
}

struct Planner<'a> {
    dockerfile: &'a Dockerfile,
    request: &'a Request,
    /// `ARG`s before the first stage.
    global: BTreeMap<String, String>,
    findings: Vec<Finding>,
}

/// A stage while it is gone through.
#[derive(Clone)]
struct State {
    configuration: Configuration,
    /// `ARG`s that are declared, none where nobody gives a value.
    arguments: BTreeMap<String, Option<String>>,
    findings: Vec<Finding>,
    /// Other stages that it copies from.
    takes_from: BTreeSet<usize>,
    asks_for: BTreeSet<String>,
}

impl Planner<'_> {
    fn plan(&mut self) -> Option<Plan> {
        self.global_arguments();
        let mut stages: Vec<Planned> = Vec::new();
        let mut states: Vec<State> = Vec::new();
        for stage in &self.dockerfile.stages {
            let base = self.base(stage.index);
            let mut state = match &base {
                Base::Stage(index) => State {
                    findings: Vec::new(),
                    takes_from: BTreeSet::new(),
                    asks_for: BTreeSet::new(),
                    ..states[*index].clone()
                },
                Base::Scratch => State::new(None),
                Base::Image(image) => State::new(Some(image.clone())),
            };
            let inherited = state.configuration.command.clone();
            state.configuration.command = Set::Open;
            for instruction in &self.dockerfile.instructions[stage.instructions.clone()] {
                self.step(&mut state, instruction, stage.index);
            }
            // A stage's own `ENTRYPOINT` takes away the `CMD` of what it starts from.
            let has_entrypoint = self.dockerfile.instructions[stage.instructions.clone()]
                .iter()
                .any(|instruction| matches!(instruction.kind, Kind::Entrypoint(_)));
            if state.configuration.command == Set::Open {
                state.configuration.command = if has_entrypoint {
                    Set::Removed
                } else {
                    inherited
                };
            }
            let mut findings = state.findings.clone();
            findings.extend(self.wrong_base(stage.index, &base));
            stages.push(Planned {
                base,
                configuration: state.configuration.clone(),
                takes_from: state.takes_from.clone(),
                asks_for: state.asks_for.clone(),
                findings,
            });
            states.push(state);
        }
        let target = self.target()?;
        let mut needed = BTreeSet::new();
        let mut open = vec![target];
        while let Some(index) = open.pop() {
            if needed.insert(index) {
                open.extend(&stages[index].takes_from);
                if let Base::Stage(base) = stages[index].base {
                    open.push(base);
                }
            }
        }
        Some(Plan {
            target,
            needed,
            stages,
        })
    }

    fn target(&mut self) -> Option<usize> {
        let last = self.dockerfile.stages.len().checked_sub(1)?;
        let Some(wanted) = self
            .request
            .target
            .as_deref()
            .filter(|wanted| !wanted.is_empty())
        else {
            return Some(last);
        };
        let found = self.dockerfile.stage(wanted).map(|stage| stage.index);
        let number = wanted.parse::<usize>().ok().filter(|index| *index <= last);
        let found = found.or(number);
        if found.is_none() {
            let names: Vec<_> = self
                .dockerfile
                .stages
                .iter()
                .filter_map(|stage| Some(format!("`{}`", stage.name.as_ref()?.text)))
                .collect();
            let message = format!("There is no stage `{wanted}` to build.");
            let span = self.dockerfile.stages[last].from;
            let finding = Finding::error("no-such-target", message, span).label("the last stage");
            self.findings.push(if names.is_empty() {
                finding.help("give the stage a name: `FROM image AS name`")
            } else {
                finding.help(format!("stages with a name: {}", names.join(", ")))
            });
        }
        found
    }

    fn global_arguments(&mut self) {
        let first = self.dockerfile.stages.first();
        let before = first.map_or(self.dockerfile.instructions.len(), |stage| {
            stage.instructions.start
        });
        for instruction in &self.dockerfile.instructions[..before] {
            let Kind::Arg(variables) = &instruction.kind else {
                continue;
            };
            for variable in variables {
                let given = self.request.arguments.get(&variable.name.text).cloned();
                let value = match (&given, &variable.value) {
                    (Some(_), _) => given,
                    (None, Some(word)) => self.global_text(word),
                    (None, None) => None,
                };
                if let Some(value) = value {
                    self.global.insert(variable.name.text.clone(), value);
                }
            }
        }
    }

    /// A text outside of all stages.
    fn global_text(&mut self, word: &Word) -> Option<String> {
        let known = |name: &str| match self.global.get(name) {
            Some(value) => Known::Value(value.clone()),
            None if OF_THE_BUILDER.contains(&name) => Known::Open,
            None => Known::Unset,
        };
        match expand(&word.text, self.dockerfile.escape, &known) {
            Ok(expanded) => Some(expanded.text),
            Err(reason) => {
                self.findings.push(not_expanded(word, &reason));
                None
            }
        }
    }

    fn base(&mut self, index: usize) -> Base {
        let image = &self.dockerfile.stages[index].base;
        let Some(name) = self.global_text(image) else {
            return Base::Image(image.text.clone());
        };
        let earlier = self.dockerfile.stages[..index].iter().rev().find(|stage| {
            let own = stage.name.as_ref();
            own.is_some_and(|own| own.text.eq_ignore_ascii_case(&name))
        });
        match earlier {
            Some(stage) => Base::Stage(stage.index),
            None if name == "scratch" => Base::Scratch,
            None => {
                if name.is_empty() {
                    let message = format!("`{}` comes to nothing.", image.text);
                    self.findings.push(
                        Finding::error("empty-base", message, image.span)
                            .label("no image is left")
                            .help("give the `ARG` before the first `FROM` a default: `ARG NAME=value`"),
                    );
                }
                Base::Image(name)
            }
        }
    }

    fn wrong_base(&self, index: usize, base: &Base) -> Option<Finding> {
        let Base::Image(image) = base else {
            return None;
        };
        // What is not known yet may become a right name.
        if image.is_empty() || image.contains('$') {
            return None;
        }
        let error = ImageReference::parse(image).err()?;
        let span = self.dockerfile.stages[index].base.span;
        let finding = Finding::error("image-reference", format!("{error}."), span)
            .label("no image is called so")
            .expected("a name, and a tag behind a colon: `debian:bookworm-slim`");
        Some(finding)
    }

    fn step(&self, state: &mut State, instruction: &Instruction, stage: usize) {
        let escape = self.dockerfile.escape;
        match &instruction.kind {
            Kind::From { .. } | Kind::Onbuild(_) | Kind::Maintainer(_) | Kind::Run(_) => {}
            Kind::Arg(variables) => {
                for variable in variables {
                    self.declare(state, variable);
                }
            }
            Kind::Env(variables) => {
                let values = values(state, variables, escape);
                state.configuration.environment.extend(values);
            }
            Kind::Label(variables) => {
                let values = values(state, variables, escape);
                state.configuration.labels.extend(values);
            }
            Kind::User(word) => {
                if let Some(value) = state.value(word, escape) {
                    state.configuration.user = Some(value);
                }
            }
            Kind::Workdir(word) => {
                if let Some(value) = state.value(word, escape) {
                    state.change_folder(value);
                }
            }
            Kind::Stopsignal(word) => {
                if let Some(value) = state.value(word, escape) {
                    state.check_signal(&value);
                    state.configuration.stop_signal = Some(value);
                }
            }
            Kind::Expose(words) => state.expose(words, escape),
            Kind::Volume(words) => {
                for word in words {
                    let value = state.value(word, escape);
                    state.configuration.volumes.extend(value);
                }
            }
            Kind::Entrypoint(command) => state.configuration.entrypoint = Some(command.clone()),
            Kind::Cmd(command) => state.configuration.command = Set::To(command.clone()),
            Kind::Shell(words) => state.configuration.shell = Some(words.clone()),
            Kind::Healthcheck(None) => state.configuration.healthcheck = Set::Removed,
            Kind::Healthcheck(Some(command)) => {
                state.configuration.healthcheck = Set::To(Healthcheck {
                    command: command.clone(),
                    times: instruction.flags.clone(),
                    span: instruction.span,
                });
            }
            Kind::Copy(copied) | Kind::Add(copied) => {
                state.check_checksum(instruction, copied);
                state.value(&copied.destination, escape);
                for word in &copied.sources {
                    let value = state.value(word, escape);
                    // An address is fetched by the builder itself.
                    let here = value.filter(|value| {
                        instruction.flag("from").is_none() && !value.text.contains("://")
                    });
                    state
                        .asks_for
                        .extend(here.map(|value| in_context(&value.text)));
                }
            }
        }
        let of_context = instruction
            .mounts()
            .into_iter()
            .filter(|mount| mount.kind == BuildMountKind::Bind && mount.from.is_none());
        let sources = of_context.map(|mount| in_context(mount.source.as_deref().unwrap_or("/")));
        state.asks_for.extend(sources);
        self.needs(state, instruction, stage);
    }

    fn declare(&self, state: &mut State, variable: &Variable) {
        let name = variable.name.text.clone();
        let given = self.request.arguments.get(&name).cloned();
        let value = match (&given, &variable.value) {
            (Some(_), _) => given,
            (None, Some(word)) => state
                .value(word, self.dockerfile.escape)
                .map(|value| value.text),
            (None, None) => self.global.get(&name).cloned(),
        };
        state.arguments.insert(name, value);
    }

    /// The stages that an instruction takes files from.
    fn needs(&self, state: &mut State, instruction: &Instruction, stage: usize) {
        let mut sources: Vec<(String, Span)> = Vec::new();
        for flag in &instruction.flags {
            let Some(value) = &flag.value else { continue };
            match flag.name.as_str() {
                "from" => sources.push((value.clone(), flag.span)),
                "mount" => {
                    let from = value.split(',').find_map(|part| part.strip_prefix("from="));
                    sources.extend(from.map(|from| (from.to_owned(), flag.span)));
                }
                _ => {}
            }
        }
        for (name, span) in sources {
            let word = Word { text: name, span };
            let Some(value) = state.value(&word, self.dockerfile.escape) else {
                continue;
            };
            if let Ok(index) = value.text.parse::<usize>() {
                if index >= stage {
                    let message = format!("There is no stage {index} before this one.");
                    state.findings.push(
                        Finding::error("no-such-stage", message, span)
                            .label("stages are counted from 0")
                            .help("name the stage with `AS`, and write that name here"),
                    );
                } else {
                    state.takes_from.insert(index);
                }
            } else if let Some(found) = self.dockerfile.stages[..stage]
                .iter()
                .rev()
                .find(|stage| stage.is_called(&value.text))
            {
                state.takes_from.insert(found.index);
            } else if instruction.keyword.text == "RUN"
                && self.dockerfile.stage(&value.text).is_some()
            {
                let message = format!("The stage `{}` comes later in the file.", value.text);
                state.findings.push(
                    Finding::error("no-such-stage", message, span)
                        .label("not built yet")
                        .help("move that stage above this one"),
                );
            } else if self.dockerfile.stages[stage].is_called(&value.text) {
                let message = format!("The stage `{}` copies from itself.", value.text);
                state.findings.push(
                    Finding::error("copies-from-itself", message, span)
                        .label("this very stage")
                        .help("name an earlier stage"),
                );
            }
        }
    }
}

impl State {
    fn new(image: Option<String>) -> Self {
        Self {
            configuration: Configuration {
                image,
                ..Configuration::default()
            },
            arguments: BTreeMap::new(),
            findings: Vec::new(),
            takes_from: BTreeSet::new(),
            asks_for: BTreeSet::new(),
        }
    }

    /// A word with its variables put in. What cannot be is told.
    fn value(&mut self, word: &Word, escape: char) -> Option<Value> {
        let expanded = self.expanded(word, escape)?;
        Some(Value {
            text: expanded.text,
            open: expanded.open,
            word: word.clone(),
        })
    }

    fn expanded(&mut self, word: &Word, escape: char) -> Option<Expanded> {
        let known = |name: &str| {
            if let Some(value) = self.configuration.environment.get(name) {
                return Known::Value(value.text.clone());
            }
            match self.arguments.get(name) {
                Some(Some(value)) => Known::Value(value.clone()),
                // The image below may set it, or whoever builds.
                _ if self.configuration.image.is_some() || name == "PATH" => Known::Open,
                _ if PREDEFINED.contains(&name) || OF_THE_BUILDER.contains(&name) => Known::Open,
                _ => Known::Unset,
            }
        };
        match expand(&word.text, escape, &known) {
            Ok(expanded) => Some(expanded),
            Err(reason) => {
                self.findings.push(not_expanded(word, &reason));
                None
            }
        }
    }

    fn change_folder(&mut self, value: Value) {
        let before = self.configuration.working_folder.as_ref();
        let text = match before {
            _ if value.text.starts_with('/') => clean(&value.text),
            Some(before) => clean(&format!("{}/{}", before.text, value.text)),
            None if self.configuration.image.is_none() => clean(&format!("/{}", value.text)),
            None => value.text.clone(),
        };
        self.configuration.working_folder = Some(Value { text, ..value });
    }

    /// Only what is fetched can be compared with a checksum.
    fn check_checksum(&mut self, instruction: &Instruction, copied: &Copied) {
        let is_fetched = |source: &Word| {
            source.text.contains("://")
                || source.text.contains('$')
                || source.text.starts_with("git@")
        };
        if let Some(flag) = instruction.flag("checksum")
            && !copied.sources.iter().all(is_fetched)
        {
            self.findings.push(
                Finding::error("checksum", "`--checksum` needs an address.", flag.span)
                    .label("what is copied here is a file of yours")
                    .help("leave the flag out, or name an `https://` address"),
            );
        }
    }

    fn check_signal(&mut self, value: &Value) {
        let name = value.text.to_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        let number = name.strip_prefix("RTMIN+").or(name.strip_prefix("RTMAX-"));
        let is_known = SIGNALS.contains(&name)
            || number
                .unwrap_or(name)
                .parse::<u8>()
                .is_ok_and(|number| (1..=64).contains(&number));
        if !is_known && value.open.is_empty() {
            let message = format!("`{}` is no signal.", value.text);
            self.findings.push(
                Finding::error("signal", message, value.word.span)
                    .label("no signal is called so")
                    .expected("a name or number, as `SIGTERM` or `15`"),
            );
        }
    }

    fn expose(&mut self, words: &[Word], escape: char) {
        for word in words {
            let Some(expanded) = self.expanded(word, escape) else {
                continue;
            };
            for text in &expanded.words {
                if !text.contains('$') && !is_port(text) {
                    let message = format!("`{text}` is no port.");
                    self.findings.push(
                        Finding::error("port", message, word.span)
                            .label("not taken as a port")
                            .expected("a number up to 65535, a range, and `/tcp` or `/udp` behind it")
                            .help("write the port in the container alone; the host's is for `ports:` or `-p`"),
                    );
                    continue;
                }
                let text = match text.split_once('/') {
                    Some((port, protocol)) => format!("{port}/{}", protocol.to_lowercase()),
                    None => format!("{text}/tcp"),
                };
                self.configuration.ports.push(Value {
                    text,
                    open: expanded.open.clone(),
                    word: word.clone(),
                });
            }
        }
    }
}

/// Names and values of `ENV` or `LABEL`: those of one instruction do not see each other.
fn values(state: &mut State, variables: &[Variable], escape: char) -> Vec<(String, Value)> {
    let value = |variable: &Variable| {
        let name = state.value(&variable.name, escape)?.text;
        let value = state.value(variable.value.as_ref()?, escape)?;
        Some((name, value))
    };
    variables.iter().filter_map(value).collect()
}

fn not_expanded(word: &Word, reason: &str) -> Finding {
    let message = format!("`{}` cannot be read: {reason}.", word.text);
    Finding::error("variable", message, word.span)
        .label("quotes or variables are not right here")
        .help("close every quote and every `${`; a dollar sign that is meant as such is written `\\$`")
}

/// `8000`, `8000-8010`, `53/udp`. An address and a port of the host in front are taken and mean nothing.
fn is_port(text: &str) -> bool {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let is_protocol = ["tcp", "udp", "sctp", ""].contains(&protocol.to_lowercase().as_str());
    let range = |text: &str| -> Option<(u16, u16)> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (first <= last).then_some((first, last))
    };
    let mut parts = ports.rsplit(':');
    let container = parts.next().and_then(range);
    is_protocol
        && container.is_some()
        && parts
            .next()
            .is_none_or(|host| host.is_empty() || range(host).is_some())
}

impl Instruction {
    /// What it takes of the build context, as [`Context::asked`](crate::context::Context::asked) wants it; variables are not
    /// put in here.
    pub fn asks_for(&self) -> BTreeSet<String> {
        let copied = match &self.kind {
            Kind::Copy(copied) | Kind::Add(copied) if self.flag("from").is_none() => {
                copied.sources.as_slice()
            }
            _ => &[],
        };
        // An address is fetched by the builder itself.
        let copied = copied
            .iter()
            .map(|source| source.text.clone())
            .filter(|text| !text.contains("://"));
        let of_context =
            |mount: &crate::BuildMount| mount.kind == BuildMountKind::Bind && mount.from.is_none();
        let mounts = self.mounts().into_iter().filter(of_context);
        let mounted = mounts.map(|mount| mount.source.unwrap_or_else(|| "/".to_owned()));
        copied
            .chain(mounted)
            .map(|path| in_context(&path))
            .collect()
    }
}

/// A path of the context, whose root is the context itself.
fn in_context(path: &str) -> String {
    clean(&format!("/{path}"))
        .trim_start_matches('/')
        .to_owned()
}

/// A path without `.`, `..` and doubled slashes.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let slash = if path.starts_with('/') { "/" } else { "" };
    format!("{slash}{}", parts.join("/"))
}
