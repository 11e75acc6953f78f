//! Loading a project, in the order Compose does it.
//!
//! For each document of each file: variables, `extends`, `!reset`, `include`, merging onto what came before, validation,
//! short forms written out. Then for the whole: defaults, paths, names, profiles, references, files of variables.

mod extends;
mod include;
mod project_name;
mod selection;
mod service_files;
mod variables_in_values;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use self::extends::BaseFile;
use crate::at::At;
use crate::consistency;
use crate::dotenv::{self, FileVariables, Format};
use crate::expand;
use crate::files::{self, ReadFailure};
use crate::finding::Finding;
use crate::interpolate::{Variable, Variables};
use crate::merge;
use crate::node::{Mapping, Node, Tag, Value, VariableOrigin};
use crate::normalize;
use crate::path;
use crate::project::Project;
use crate::reader::{FileRead, ReadError, Reader, Recorder};
use crate::resolve::{self, Base};
use crate::settle;
use crate::source::{SourceId, Sources, Span};
use crate::specification::PROJECT;
use crate::tree::{self, Limits};
use crate::validate;
use project_name::ProjectName;

/// What to load, and with which surroundings.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Compose files, relative to the project folder, each merged onto the one before. Empty: the ones Compose finds by itself.
    pub files: Vec<String>,
    /// The project's name, as `--project-name` gives it.
    pub project_name: Option<String>,
    /// Name of the project folder; the project is called after it when nothing else names it.
    pub folder_name: String,
    /// Where the project folder is, for absolute paths in the model. Empty: paths stay relative (`./data`).
    pub project_directory: String,
    /// The folder the command was run in, if it is another one; a `.env` there is read before that of the project folder.
    pub started_in: String,
    /// The shell's variables. `HOME` is what `~` stands for; `PWD` is the project folder unless it is set here.
    pub environment: BTreeMap<String, String>,
    /// Files of variables, as `--env-file` gives them. Without it `.env` is read if it is there.
    pub env_files: Option<Vec<String>>,
    /// Active profiles; `*` is all of them.
    pub profiles: Vec<String>,
}

/// What came of loading.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The project, unless there is an error among the findings.
    pub project: Option<Project>,
    /// Everything that is wrong or worth saying, errors first.
    pub findings: Vec<Finding>,
    /// The files that were read; spans point into them.
    pub sources: Sources,
    /// Every file that was asked for, and what came of it.
    pub files_read: Vec<FileRead>,
}

impl Loaded {
    /// The findings for which Compose refuses the project.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_error())
    }
}

/// Loads the project that `request` describes through `reader`.
///
/// ```
/// let reader = compose::MemoryReader::new([("compose.yaml", "services: {web: {image: nginx, ports: [\"8080:80\"]}}")]);
/// let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
/// let project = loaded.project.expect("no findings");
/// assert_eq!(project.name(), "shop");
/// assert_eq!(project.root().get("services.web.ports.0.published").and_then(|node| node.as_str()), Some("8080"));
/// ```
pub fn load(reader: &dyn Reader, request: &Request) -> Loaded {
    let mut loader = Loader {
        recorder: Recorder::new(reader),
        sources: Sources::new(),
        findings: Vec::new(),
        limits: Limits::default(),
        home: request
            .environment
            .get("HOME")
            .or_else(|| request.environment.get("USERPROFILE"))
            .filter(|home| !home.is_empty())
            .cloned(),
        interpolated: 0,
        outdone: BTreeMap::new(),
        work: Work::default(),
        bases: HashMap::new(),
    };
    let project = loader.project(request);
    let mut findings = loader.findings;
    remove_repeats(&mut findings);
    findings.sort_by_key(|finding| !finding.is_error());
    leave_out_the_last(&mut findings);
    let has_errors = findings.iter().any(Finding::is_error);
    Loaded {
        project: project.filter(|_| !has_errors),
        findings,
        sources: loader.sources,
        files_read: loader.recorder.files,
    }
}

fn remove_repeats(findings: &mut Vec<Finding>) {
    let mut seen = std::collections::HashSet::new();
    findings.retain(|finding| seen.insert((finding.code, finding.span, finding.message.clone())));
}

/// More findings than this help nobody, and telling them all would take longer than finding them.
const MOST_FINDINGS: usize = 1000;

fn leave_out_the_last(findings: &mut Vec<Finding>) {
    let more = findings.len().saturating_sub(MOST_FINDINGS);
    if more > 0 {
        findings.truncate(MOST_FINDINGS);
        findings.push(Finding::warning(
            "more-findings",
            format!("{more} more findings are left out."),
            None,
        ));
    }
}

struct Loader<'a> {
    recorder: Recorder<'a>,
    sources: Sources,
    findings: Vec<Finding>,
    limits: Limits,
    home: Option<String>,
    interpolated: usize,
    /// Where files set variables that the shell sets as well.
    outdone: BTreeMap<String, Span>,
    work: Work,
    bases: HashMap<String, Rc<BaseFile>>,
}

/// How much was done so far. Files that include each other twice double the work with every level, and a thousand services
/// may all take over a thousand values.
#[derive(Default)]
struct Work {
    /// Compose files parsed.
    files: usize,
    /// Their bytes, and those of files of variables, each time they are used.
    bytes: usize,
    /// Values that `extends`, `env_file` and `label_file` put into services.
    values: usize,
    /// Values that were looked through again because a further document came.
    repeated: usize,
}

impl Work {
    const MOST_FILES: usize = 12_000;
    const MOST_BYTES: usize = 64 << 20;
    const MOST_VALUES: usize = 1_000_000;
    const MOST_REPEATED: usize = 2_000_000;

    fn is_too_much(&self) -> bool {
        self.files > Self::MOST_FILES
            || self.bytes > Self::MOST_BYTES
            || self.values > Self::MOST_VALUES
            || self.repeated > Self::MOST_REPEATED
    }
}

/// A file that was read and parsed.
struct ParsedFile {
    path: String,
    documents: Vec<Node>,
}

/// Where a part of the project is loaded from.
struct Place<'a> {
    /// The folder that `include` and `extends` start from, relative to the project folder.
    folder: &'a str,
    /// The files that led here through `include`.
    included: Vec<String>,
}

/// Errors have been noted; nothing more can be made of this part.
struct Stopped;

type Attempt<T> = Result<T, Stopped>;

impl Loader<'_> {
    fn project(&mut self, request: &Request) -> Option<Project> {
        let mut variables = self.variables(request);
        let (names, asked_at) = self.file_names(request, &variables);
        let known = self.findings.len();
        let files = self.parse_files(&names, asked_at);
        if request.files.is_empty()
            && asked_at.is_none()
            && files::named_by_variable(&variables).is_some()
        {
            self.blame_the_shell(known);
        }
        if names.is_empty() || self.has_errors() {
            return None;
        }
        // A wrong name hides no other mistake.
        let name = self
            .project_name(request, &files, &variables)
            .unwrap_or_default();
        normalize::set_project_name(&mut variables, &name.name);
        let place = Place {
            folder: "",
            included: Vec::new(),
        };
        let mut root = self.model(files, &variables, &place, "").ok()?;
        if root.as_mapping().is_none_or(Mapping::is_empty) {
            self.findings.push(
                Finding::error("empty-file", "The Compose file is empty.", root.span())
                    .label("nothing is written here")
                    .help("start with a line `services:` and a service below it"),
            );
            return None;
        }
        self.finish(&mut root, name, request, &variables)
    }

    /// Says of the findings since `known` that a variable of the shell names these files: nothing in the folder shows it.
    fn blame_the_shell(&mut self, known: usize) {
        for finding in &mut self.findings[known..] {
            if finding.span.is_none() {
                finding.help = Some(
                    "the variable `COMPOSE_FILE` of your shell names this file: `unset COMPOSE_FILE` if you did not mean that"
                        .into(),
                );
            }
        }
    }

    fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    fn error_count(&self) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.is_error())
            .count()
    }

    // Files and variables.

    fn variables(&mut self, request: &Request) -> Variables {
        let mut variables = Variables::from_shell(&request.environment);
        normalize::set_working_folder(&mut variables, &request.project_directory);
        let listed = request.env_files.clone().or_else(|| {
            let names = variables.value("COMPOSE_ENV_FILES")?.split(',');
            let names = names.filter(|name| !name.is_empty()).map(String::from);
            Some(names.collect()).filter(|names: &Vec<String>| !names.is_empty())
        });
        if let Some(names) = listed {
            let from_files = self.variable_files(&names, true, &variables);
            self.note_outdone(&from_files, &variables);
            variables.add_missing(from_files);
            return variables;
        }
        let elsewhere = Some(request.started_in.as_str()).filter(|folder| !folder.is_empty());
        let folders = elsewhere.into_iter().chain([""]);
        for (index, folder) in folders.enumerate() {
            if self.is_env_file_disabled(&variables) {
                break;
            }
            let name = path::join(folder, ".env");
            let from_file = self.variable_files(&[name], false, &variables);
            self.note_outdone(&from_file, &variables);
            if index == 0 {
                // Compose takes from the first file what is meant for itself, and then asks again whether to read it.
                let own = from_file.clone().into_iter();
                variables.add_missing(own.filter(|(name, _)| name.starts_with("COMPOSE_")));
                if self.is_env_file_disabled(&variables) {
                    break;
                }
            }
            variables.add_missing(from_file);
        }
        variables
    }

    fn note_outdone(&mut self, from_files: &FileVariables, variables: &Variables) {
        for (name, variable) in from_files {
            let by_shell = variables.get(name).map(|known| &known.origin);
            if let (Some(VariableOrigin::Shell), VariableOrigin::File(span)) =
                (by_shell, &variable.origin)
            {
                self.outdone.insert(name.clone(), *span);
            }
        }
    }

    fn is_env_file_disabled(&mut self, variables: &Variables) -> bool {
        match env_file_disabled(variables) {
            Ok(is_disabled) => is_disabled,
            Err(variable) => {
                let place = match &variable.origin {
                    VariableOrigin::File(span) => Some(*span),
                    _ => None,
                };
                let text = &variable.value;
                self.findings.push(
                    Finding::error(
                        "bad-boolean",
                        format!("`COMPOSE_DISABLE_ENV_FILE` is `{text}`, which is neither true nor false."),
                        place,
                    )
                    .label("true or false is expected")
                    .expected("true or false")
                    .help("set it to `true`, or take it away"),
                );
                true
            }
        }
    }

    fn variable_files(
        &mut self,
        names: &[String],
        required: bool,
        variables: &Variables,
    ) -> FileVariables {
        let mut found = FileVariables::new();
        for name in names {
            let path = path::clean(name);
            match files::read_variables(&mut self.recorder, &mut self.sources, &path, self.limits) {
                Ok(source) => {
                    let lookup = |name: &str| variables.get(name).cloned();
                    self.parse_variables(source, Format::Compose, &lookup, &mut found, None);
                }
                // A folder called `.env` is left alone, as in Compose.
                Err(ReadFailure::Unreadable(ReadError::NotFound | ReadError::IsDirectory))
                    if !required => {}
                Err(ReadFailure::Unreadable(ReadError::Outside)) if !required => {
                    self.findings.extend(link_out(&path));
                }
                Err(failure) => self.findings.push(failure.into_finding(&path, None)),
            }
        }
        found
    }

    /// Reads the file `source` into `found`. What it asks for is told at `asked_at` when it is too much.
    fn parse_variables(
        &mut self,
        source: SourceId,
        format: Format,
        lookup: &dyn Fn(&str) -> Option<Variable>,
        found: &mut FileVariables,
        asked_at: Option<Span>,
    ) {
        let text = &self.sources.get(source).text;
        self.work.bytes += text.len();
        let known = found.len();
        let findings = dotenv::parse(source, text, format, lookup, found);
        self.findings.extend(findings);
        self.work.values += found.len() - known;
        self.is_too_much(asked_at);
    }

    /// The files to load, and where they are named if that stands in a file.
    fn file_names(
        &mut self,
        request: &Request,
        variables: &Variables,
    ) -> (Vec<String>, Option<Span>) {
        if !request.files.is_empty() {
            let files = request.files.iter().map(|file| path::clean(file));
            return (files.collect(), None);
        }
        if let Some(listed) = files::named_by_variable(variables) {
            return (listed, variables.place("COMPOSE_FILE"));
        }
        (
            files::discover(&mut self.recorder, &mut self.findings),
            None,
        )
    }

    fn parse_files(&mut self, names: &[String], asked_at: Option<Span>) -> Vec<ParsedFile> {
        names
            .iter()
            .filter_map(|name| self.parse_file(name, asked_at))
            .collect()
    }

    fn parse_file(&mut self, path: &str, asked_at: Option<Span>) -> Option<ParsedFile> {
        let source =
            match files::read_text(&mut self.recorder, &mut self.sources, path, self.limits) {
                Ok(source) => source,
                Err(failure) => {
                    self.findings.push(failure.into_finding(path, asked_at));
                    return None;
                }
            };
        self.work.files += 1;
        self.work.bytes += self.sources.get(source).text.len();
        if self.is_too_much(asked_at) {
            return None;
        }
        match tree::parse_documents(source, &self.sources.get(source).text, self.limits) {
            Ok(documents) => Some(ParsedFile {
                path: path.to_string(),
                documents,
            }),
            Err(findings) => {
                self.findings.extend(findings);
                None
            }
        }
    }

    /// Whether this asks for more than anybody needs. Said once, however much is still asked for.
    fn is_too_much(&mut self, asked_at: Option<Span>) -> bool {
        if !self.work.is_too_much() {
            return false;
        }
        if !self
            .findings
            .iter()
            .any(|finding| finding.code == "too-much")
        {
            self.findings.push(
                Finding::error(
                    "too-much",
                    "The files of this project ask for too much together.",
                    asked_at,
                )
                .label("this is too much")
                .help("look for files or services that take over the same things again and again"),
            );
        }
        true
    }

    // One model from files, documents and includes.

    fn model(
        &mut self,
        files: Vec<ParsedFile>,
        variables: &Variables,
        place: &Place<'_>,
        relative: &str,
    ) -> Attempt<Node> {
        let mut root: Option<Node> = None;
        for file in files {
            if file.documents.is_empty() && root.is_none() {
                root = Some(Node::new(
                    Value::Mapping(Mapping::new()),
                    self.start_of(&file.path),
                ));
            }
            for document in file.documents {
                let base = root
                    .take()
                    .unwrap_or_else(|| Node::new(Value::Mapping(Mapping::new()), document.span()));
                root = Some(self.document(base, document, &file.path, variables, place)?);
            }
        }
        let mut root = root.ok_or(Stopped)?;
        normalize::set_defaults(&mut root);
        consistency::check_values(&root, &mut self.findings);
        resolve::resolve_paths(
            &mut root,
            &Base {
                folder: relative,
                home: self.home.as_deref(),
            },
        );
        normalize::resolve_environment(&mut root, variables);
        Ok(root)
    }

    fn start_of(&self, path: &str) -> Span {
        let found = self
            .sources
            .iter()
            .filter(|(_, source)| source.path == path)
            .last();
        Span {
            source: found.map_or(SourceId(0), |(id, _)| id),
            start: 0,
            end: 0,
        }
    }

    fn document(
        &mut self,
        mut base: Node,
        mut document: Node,
        file: &str,
        variables: &Variables,
        place: &Place<'_>,
    ) -> Attempt<Node> {
        let errors = self.error_count();
        self.work.repeated += base.size();
        if self.is_too_much(Some(document.span())) {
            return Err(Stopped);
        }
        let resets = self.prepare(&mut document, variables)?;
        self.extends(&mut document, file, &resets, variables, place);
        merge::clear(&mut base, &resets);
        self.includes(&mut document, file, variables, place);
        if self.error_count() > errors || !has_mappings_as_services(&document) {
            // What is there is still worth judging, so that one run shows all mistakes of the file.
            self.validate_and_expand(&mut document);
            return Err(Stopped);
        }
        merge::merge(&mut base, document, &PROJECT, &At::ROOT, &mut self.findings);
        merge::keep_last(&mut base, &PROJECT);
        self.validate_and_expand(&mut base);
        drop_empty_name_servers(&mut base);
        merge::keep_last(&mut base, &PROJECT);
        if self.error_count() > errors {
            Err(Stopped)
        } else {
            Ok(base)
        }
    }

    /// Short forms are looked at even where something else is wrong: both kinds of mistakes are told at once.
    fn validate_and_expand(&mut self, root: &mut Node) {
        let known = self.findings.len();
        validate::validate(root, &PROJECT, None, &At::ROOT, &mut self.findings);
        self.drop_version(root);
        let wrong: Vec<Span> = self.findings[known..]
            .iter()
            .filter(|finding| finding.is_error())
            .filter_map(|finding| finding.span)
            .collect();
        let mut further = Vec::new();
        expand::expand(root, &PROJECT, &At::ROOT, &mut further);
        // A value of the wrong kind cannot be written out either; once is enough.
        further.retain(|finding| {
            let is_told = |span: Span| wrong.iter().any(|wrong| wrong.overlaps(span));
            !finding.span.is_some_and(is_told)
        });
        self.findings.append(&mut further);
    }

    /// What every document needs before anything is merged; returns what `!reset` and `!override` clear.
    fn prepare(&mut self, document: &mut Node, variables: &Variables) -> Attempt<Vec<Vec<String>>> {
        // Compose crashes on a file that is taken out as a whole.
        if document.as_mapping().is_none() || document.tag == Some(Tag::Reset) {
            self.findings.push(
                Finding::error(
                    "not-a-mapping",
                    format!(
                        "A Compose file is a mapping, and this is {}.",
                        document.kind()
                    ),
                    document.span(),
                )
                .label("keys such as `services:` are expected")
                .help("start with a line `services:` and a service below it"),
            );
            return Err(Stopped);
        }
        validate::check_keys(document, &At::ROOT, &mut self.findings);
        // A tag begins with this, and hardly any file has one.
        let resets = match self.sources.get(document.span().source).text.contains('!') {
            true => merge::take_resets(document),
            false => Vec::new(),
        };
        self.interpolate(document, variables, &At::ROOT);
        Ok(resets)
    }

    fn drop_version(&mut self, root: &mut Node) {
        let Some(version) = root
            .as_mapping_mut()
            .and_then(|root| root.remove("version"))
        else {
            return;
        };
        self.findings.push(
            Finding::warning(
                "obsolete-version",
                "The key `version` is obsolete; Compose ignores it.",
                version.key_span,
            )
            .label("has no effect")
            .help("remove this line")
            .path("version"),
        );
    }

    // The whole project.

    fn finish(
        &mut self,
        root: &mut Node,
        name: ProjectName,
        request: &Request,
        variables: &Variables,
    ) -> Option<Project> {
        if self.has_errors() {
            return None;
        }
        normalize::normalize(root, &name.name, variables);
        let project_name = name.name.clone();
        let name_node = name.node(root);
        let root = std::mem::replace(root, Node::new(Value::Null, root.span()));
        let mut root = settle::settle(root, &PROJECT, &At::ROOT, &mut self.findings)?;
        let profiles = selection::active_profiles(request, variables);
        let disabled = selection::disable_services(&mut root, &profiles);
        consistency::check_project(&root, &disabled, &mut self.findings);
        self.environment_files(&mut root, variables);
        self.label_files(&mut root);
        if self.has_errors() {
            return None;
        }
        selection::prune(&mut root);
        if !request.project_directory.is_empty() {
            resolve::resolve_paths(
                &mut root,
                &Base {
                    folder: &request.project_directory,
                    home: self.home.as_deref(),
                },
            );
        }
        if let Some(mapping) = root.as_mapping_mut() {
            let span = name_node.span();
            mapping.insert("name", span, name_node);
        }
        let outdone = std::mem::take(&mut self.outdone);
        Some(Project::new(project_name, root, disabled, outdone))
    }
}

/// What is said of a `.env` in the project's folder that leads out of it: Compose would read its variables.
fn link_out(path: &str) -> Option<Finding> {
    let is_outside_itself = path.starts_with("..") || path::is_absolute(path);
    let finding = || {
        let message = format!(
            "`{path}` leads out of the folder that may be read: its variables are not used."
        );
        Finding::warning("file-outside", message, None)
            .help("put the file itself into the project's folder")
    };
    (!is_outside_itself).then(finding)
}

/// Whether the variables forbid to read `.env`; the variable that says so when it cannot be understood.
pub(crate) fn env_file_disabled(variables: &Variables) -> Result<bool, &Variable> {
    let Some(variable) = variables.get("COMPOSE_DISABLE_ENV_FILE") else {
        return Ok(false);
    };
    match variable.value.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(variable),
    }
}

/// Whether the services can be merged at all; nothing is a service that another file fills.
fn has_mappings_as_services(document: &Node) -> bool {
    let fits = |node: &Node| node.is_null() || node.as_mapping().is_some();
    let Some(services) = document.child("services") else {
        return true;
    };
    let mut each = services.as_mapping().into_iter().flat_map(Mapping::iter);
    fits(services) && each.all(|(_, entry)| fits(&entry.value))
}

fn texts(node: Option<&Node>) -> Vec<String> {
    match node {
        Some(node) => match node.as_str() {
            Some(text) => vec![text.to_string()],
            None => node
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .filter_map(Node::scalar_text)
                .collect(),
        },
        None => Vec::new(),
    }
}

fn drop_empty_name_servers(root: &mut Node) {
    normalize::for_each_service(root, &mut |_, service| {
        if let Some(Value::Sequence(items)) = service
            .as_mapping_mut()
            .and_then(|service| service.get_mut("dns"))
            .map(|dns| &mut dns.value)
        {
            items.retain(|item| !item.is_null() && item.as_str() != Some(""));
        }
    });
}

fn take_services(root: &mut Node) -> Mapping {
    match root
        .as_mapping_mut()
        .and_then(|root| root.get_mut("services"))
        .map(|services| &mut services.value)
    {
        Some(Value::Mapping(services)) => std::mem::take(services),
        _ => Mapping::new(),
    }
}

fn put_services(root: &mut Node, services: Mapping) {
    if let Some(node) = root
        .as_mapping_mut()
        .and_then(|root| root.get_mut("services"))
    {
        node.value = Value::Mapping(services);
    }
}
