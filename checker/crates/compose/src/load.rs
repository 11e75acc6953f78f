//! Loading a project, in the order Compose does it.
//!
//! For each document of each file: variables, `extends`, `!reset`, `include`, merging onto what came before, validation,
//! short forms written out. Then for the whole: defaults, paths, names, profiles, references, files of variables.

use std::collections::BTreeMap;

use crate::at::At;
use crate::consistency;
use crate::dotenv::{self, FileVariables, Format};
use crate::expand;
use crate::files::{self, ReadFailure};
use crate::finding::Finding;
use crate::interpolate::{self, TemplateError, Variables};
use crate::merge;
use crate::node::{Entry, Mapping, Node, Step, Value, VariableOrigin};
use crate::normalize;
use crate::path;
use crate::project::Project;
use crate::reader::{FileRead, ReadError, Reader, Recorder};
use crate::resolve::{self, Base};
use crate::settle;
use crate::source::{SourceId, Sources, Span};
use crate::specification::{PROJECT, SERVICE};
use crate::suggest;
use crate::tree::{self, Limits};
use crate::validate;

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
    /// The shell's variables. `HOME` is what `~` stands for.
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
            .cloned(),
        interpolated: 0,
    };
    let project = loader.project(request);
    let mut findings = loader.findings;
    remove_repeats(&mut findings);
    findings.sort_by_key(|finding| !finding.is_error());
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

/// Together, values with their variables put in may not grow beyond this many bytes.
const MOST_INTERPOLATED: usize = 64 << 20;
/// A chain of includes longer than this is refused.
const DEEPEST_INCLUDE: usize = 30;

struct Loader<'a> {
    recorder: Recorder<'a>,
    sources: Sources,
    findings: Vec<Finding>,
    limits: Limits,
    home: Option<String>,
    interpolated: usize,
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

type Step_<T> = Result<T, Stopped>;

impl Loader<'_> {
    fn project(&mut self, request: &Request) -> Option<Project> {
        let mut variables = self.variables(request);
        let names = self.file_names(request, &variables);
        let files = self.parse_files(&names, None);
        if names.is_empty() || self.has_errors() {
            return None;
        }
        let name = self.project_name(request, &files, &variables)?;
        normalize::set_project_name(&mut variables, &name);
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
        self.finish(&mut root, &name, request, &variables)
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
        let listed = request.env_files.clone().or_else(|| {
            let names = variables
                .value("COMPOSE_ENV_FILES")
                .filter(|names| !names.is_empty())?;
            Some(
                names
                    .split(',')
                    .map(|name| name.trim().to_string())
                    .collect(),
            )
        });
        let is_disabled = matches!(
            variables.value("COMPOSE_DISABLE_ENV_FILE"),
            Some("1" | "t" | "T" | "true" | "TRUE" | "True")
        );
        let (names, required) = match listed {
            Some(names) => (names, true),
            None if is_disabled => (Vec::new(), false),
            None => (vec![".env".to_string()], false),
        };
        let from_files = self.variable_files(&names, required, &variables);
        variables.add_missing(from_files);
        variables
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
            match files::read_text(&mut self.recorder, &mut self.sources, &path, self.limits) {
                Ok(source) => self.parse_variables(source, Format::Compose, variables, &mut found),
                // A folder called `.env` is left alone, as in Compose.
                Err(ReadFailure::Unreadable(
                    ReadError::NotFound | ReadError::IsDirectory | ReadError::Outside,
                )) if !required => {}
                Err(failure) => self.findings.push(failure.into_finding(&path, None)),
            }
        }
        found
    }

    fn parse_variables(
        &mut self,
        source: SourceId,
        format: Format,
        variables: &Variables,
        found: &mut FileVariables,
    ) {
        let text = self.sources.get(source).text.clone();
        let findings = dotenv::parse(
            source,
            &text,
            format,
            &|name| variables.get(name).cloned(),
            found,
        );
        self.findings.extend(findings);
    }

    fn file_names(&mut self, request: &Request, variables: &Variables) -> Vec<String> {
        if !request.files.is_empty() {
            return request.files.iter().map(|file| path::clean(file)).collect();
        }
        if let Some(listed) = variables
            .value("COMPOSE_FILE")
            .filter(|listed| !listed.is_empty())
        {
            let separator = variables
                .value("COMPOSE_PATH_SEPARATOR")
                .unwrap_or(if cfg!(windows) { ";" } else { ":" });
            return listed
                .split(separator)
                .filter(|file| !file.is_empty())
                .map(path::clean)
                .collect();
        }
        files::discover(&mut self.recorder, &mut self.findings)
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

    // The project's name.

    fn project_name(
        &mut self,
        request: &Request,
        files: &[ParsedFile],
        variables: &Variables,
    ) -> Option<String> {
        let explicit = request
            .project_name
            .as_deref()
            .filter(|name| !name.is_empty())
            .map(|name| (name, "--project-name"));
        let from_variable = || {
            variables
                .value("COMPOSE_PROJECT_NAME")
                .filter(|name| !name.is_empty())
                .map(|name| (name, "COMPOSE_PROJECT_NAME"))
        };
        if let Some((name, set_by)) = explicit.or_else(from_variable) {
            if normalized_name(name) == name {
                return Some(name.to_string());
            }
            self.findings
                .push(bad_project_name(name, None).help(format!("change what `{set_by}` says")));
            return None;
        }
        let written = files
            .iter()
            .flat_map(|file| &file.documents)
            .filter_map(|document| document.child("name"))
            .rfind(|name| name.scalar_text().is_some_and(|text| !text.is_empty()));
        let (name, span) = match written {
            None => (normalized_name(&request.folder_name), None),
            Some(node) => {
                let text = node.scalar_text().unwrap_or_default();
                let text = interpolate::substitute(&text, &|name| variables.get(name).cloned())
                    .map_or(text, |result| result.text);
                (normalized_name(&text), Some(node.span()))
            }
        };
        if name.is_empty() {
            let shown = span.map_or(request.folder_name.as_str(), |span| self.sources.text(span));
            self.findings.push(bad_project_name(shown, span).help("add a line `name: …` at the top of the Compose file, in lower-case letters and digits"));
            return None;
        }
        Some(name)
    }

    // One model from files, documents and includes.

    fn model(
        &mut self,
        files: Vec<ParsedFile>,
        variables: &Variables,
        place: &Place<'_>,
        relative: &str,
    ) -> Step_<Node> {
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
    ) -> Step_<Node> {
        let errors = self.error_count();
        let resets = self.prepare(&mut document, variables)?;
        self.extends(&mut document, file, &resets, variables, place);
        merge::clear(&mut base, &resets);
        self.includes(&mut document, file, variables, place);
        if self.error_count() > errors {
            // What is there is still worth judging, so that one run shows all mistakes of the file.
            validate::validate(&document, &PROJECT, None, &At::ROOT, &mut self.findings);
            return Err(Stopped);
        }
        merge::merge(&mut base, document, &PROJECT, &At::ROOT, &mut self.findings);
        merge::keep_last(&mut base, &PROJECT);
        validate::validate(&base, &PROJECT, None, &At::ROOT, &mut self.findings);
        self.drop_version(&mut base);
        if self.error_count() > errors {
            return Err(Stopped);
        }
        expand::expand(&mut base, &PROJECT, &At::ROOT, &mut self.findings);
        drop_empty_name_servers(&mut base);
        merge::keep_last(&mut base, &PROJECT);
        if self.error_count() > errors {
            Err(Stopped)
        } else {
            Ok(base)
        }
    }

    /// What every document needs before anything is merged; returns what `!reset` and `!override` clear.
    fn prepare(&mut self, document: &mut Node, variables: &Variables) -> Step_<Vec<Vec<String>>> {
        if document.as_mapping().is_none() {
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
        let resets = merge::take_resets(document);
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

    // Variables in values.

    fn interpolate(&mut self, node: &mut Node, variables: &Variables, at: &At<'_>) {
        match &mut node.value {
            Value::String(text) if text.contains('$') => {
                let template = std::mem::take(text);
                self.interpolate_text(node, template, variables, at);
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.interpolate(item, variables, &at.item(index));
                }
            }
            Value::Mapping(mapping) => {
                for (key, entry) in mapping.iter_mut() {
                    self.interpolate(&mut entry.value, variables, &at.key(key));
                }
            }
            _ => {}
        }
    }

    fn interpolate_text(
        &mut self,
        node: &mut Node,
        template: String,
        variables: &Variables,
        at: &At<'_>,
    ) {
        match interpolate::substitute(&template, &|name| variables.get(name).cloned()) {
            Ok(result) => {
                self.interpolated += result.text.len();
                if self.interpolated > MOST_INTERPOLATED {
                    self.findings.push(
                        dotenv::refusal(TemplateError::TooLong, &template, node.span())
                            .path(at.to_string()),
                    );
                }
                for (name, from) in result.used {
                    if from == VariableOrigin::Unset {
                        let span = self.expression(node.span(), &name);
                        self.findings
                            .push(dotenv::unset(&name, span).path(at.to_string()));
                    }
                    node.origin.push(Step::Interpolated {
                        variable: name,
                        from,
                    });
                }
                node.value = Value::String(result.text);
            }
            Err(error) => {
                let span = match &error {
                    TemplateError::Syntax { at } | TemplateError::Required { at, .. } => {
                        self.part_from(node, &template, *at)
                    }
                    TemplateError::TooLong => node.span(),
                };
                self.findings
                    .push(dotenv::refusal(error, &template, span).path(at.to_string()));
                node.value = Value::String(template);
            }
        }
    }

    /// Where `$NAME` or `${NAME…}` stands within `span`.
    fn expression(&self, span: Span, name: &str) -> Span {
        let text = self.sources.text(span);
        for (needle, closed) in [(format!("${{{name}"), true), (format!("${name}"), false)] {
            if let Some(found) = text.find(&needle) {
                let end = if closed {
                    text[found..].find('}').map_or(needle.len(), |end| end + 1)
                } else {
                    needle.len()
                };
                return Span {
                    source: span.source,
                    start: span.start + found as u32,
                    end: span.start + (found + end) as u32,
                };
            }
        }
        span
    }

    /// The place of the expression that starts at byte `at` of `template`, which `node` holds.
    fn part_from(&self, node: &Node, template: &str, at: usize) -> Span {
        let span = node.span();
        let text = self.sources.text(span);
        let rest = &template[at.min(template.len())..];
        let length = rest.find('}').map_or_else(
            || rest.find(char::is_whitespace).unwrap_or(rest.len()),
            |end| end + 1,
        );
        match text.find(&rest[..length]) {
            Some(found) => Span {
                source: span.source,
                start: span.start + found as u32,
                end: span.start + (found + length) as u32,
            },
            None => span,
        }
    }

    // extends

    fn extends(
        &mut self,
        document: &mut Node,
        file: &str,
        resets: &[Vec<String>],
        variables: &Variables,
        place: &Place<'_>,
    ) {
        let Some(services) = document.child("services").and_then(Node::as_mapping) else {
            return;
        };
        if !services
            .iter()
            .any(|(_, entry)| entry.value.child("extends").is_some())
        {
            return;
        }
        let mut services = services.clone();
        let names: Vec<String> = services.keys().map(String::from).collect();
        for name in names {
            let mut trail = Vec::new();
            let mut context = Extending {
                file: file.to_string(),
                services: &services,
                resets,
                variables,
                place,
            };
            if let Some(service) = self.extended(&name, &mut context, &mut trail)
                && let Some(entry) = services.get_mut(&name)
            {
                *entry = service;
            }
        }
        if let Some(node) = document
            .as_mapping_mut()
            .and_then(|document| document.get_mut("services"))
        {
            node.value = Value::Mapping(services);
        }
    }

    /// The service `name` with everything it extends; nothing when it cannot be had.
    fn extended(
        &mut self,
        name: &str,
        context: &mut Extending<'_>,
        trail: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        let service = context.services.get(name)?;
        let Some(extends) = service
            .as_mapping()
            .and_then(|service| service.entry("extends"))
        else {
            return Some(service.clone());
        };
        let (target, file) = match &extends.value.value {
            Value::String(target) => (target.clone(), None),
            // A missing or wrongly typed key is for validation to report.
            _ => (
                extends.value.child("service")?.as_str()?.to_string(),
                extends.value.child("file"),
            ),
        };
        let at = extends.value.span();
        let service = service.clone();
        if trail
            .iter()
            .any(|(known_file, known)| *known_file == context.file && known == name)
        {
            let circle: Vec<&str> = trail
                .iter()
                .map(|(_, name)| name.as_str())
                .chain([name])
                .collect();
            // Every service of the circle comes by here; one finding is enough.
            if !self
                .findings
                .iter()
                .any(|finding| finding.code == "extends-cycle")
            {
                self.findings.push(
                    Finding::error(
                        "extends-cycle",
                        format!(
                            "Services extend each other in a circle: {}.",
                            circle.join(" → ")
                        ),
                        at,
                    )
                    .label("this closes the circle")
                    .help("move what they share to a service that extends nothing")
                    .path(format!("services.{name}.extends")),
                );
            }

            return None;
        }
        trail.push((context.file.clone(), name.to_string()));
        let base = match file {
            Some(file) => self.base_from_file(&target, file, at, context, trail)?,
            None => {
                if !context.services.contains(&target) {
                    self.findings
                        .push(unknown_base(&target, at, context.services, "this file"));
                    return None;
                }
                let mut inner = Extending {
                    file: context.file.clone(),
                    resets: &[],
                    ..*context
                };
                self.extended(&target, &mut inner, trail)?
            }
        };
        trail.pop();
        if base.is_null() {
            return Some(service);
        }
        let mut base = base;
        base.add_step(&Step::Extended {
            service: target,
            at,
        });
        clear_service(&mut base, name, context.resets);
        let at_services = At::ROOT.key("services");
        merge::merge(
            &mut base,
            service,
            &SERVICE,
            &at_services.key(name),
            &mut self.findings,
        );
        if let Some(mapping) = base.as_mapping_mut() {
            mapping.remove("extends");
        }
        Some(base)
    }

    fn base_from_file(
        &mut self,
        target: &str,
        file: &Node,
        at: Span,
        context: &Extending<'_>,
        trail: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        let written = file.as_str()?;
        if is_remote(written) {
            self.findings.push(remote(written, file.span()));
            return None;
        }
        let path = path::join(context.place.folder, written);
        let parsed = self.parse_file(&path, Some(file.span()))?;
        let errors = self.error_count();
        let mut root = Node::new(Value::Mapping(Mapping::new()), at);
        let mut resets = Vec::new();
        for mut document in parsed.documents {
            resets = self.prepare(&mut document, context.variables).ok()?;
            merge::clear(&mut root, &resets);
            merge::merge(&mut root, document, &PROJECT, &At::ROOT, &mut self.findings);
            merge::keep_last(&mut root, &PROJECT);
            expand::expand(&mut root, &PROJECT, &At::ROOT, &mut self.findings);
            merge::keep_last(&mut root, &PROJECT);
        }
        if self.error_count() > errors {
            return None;
        }
        resolve::resolve_paths(
            &mut root,
            &Base {
                folder: &path::folder_of(written),
                home: self.home.as_deref(),
            },
        );
        let Some(services) = root
            .child("services")
            .and_then(Node::as_mapping)
            .filter(|services| services.contains(target))
        else {
            let none = Mapping::new();
            let services = root
                .child("services")
                .and_then(Node::as_mapping)
                .unwrap_or(&none);
            self.findings
                .push(unknown_base(target, at, services, &format!("`{path}`")));
            return None;
        };
        let mut inner = Extending {
            file: path,
            services,
            resets: &resets,
            variables: context.variables,
            place: context.place,
        };
        self.extended(target, &mut inner, trail)
    }

    // include

    fn includes(
        &mut self,
        document: &mut Node,
        file: &str,
        variables: &Variables,
        place: &Place<'_>,
    ) {
        let Some(include) = document
            .as_mapping_mut()
            .and_then(|document| document.remove("include"))
        else {
            return;
        };
        let errors = self.error_count();
        let mut check = Mapping::new();
        check.insert_entry("include", include.clone());
        validate::validate(
            &Node::new(Value::Mapping(check), include.value.span()),
            &PROJECT,
            None,
            &At::ROOT,
            &mut self.findings,
        );
        if self.error_count() > errors {
            return;
        }
        let mut chain = place.included.clone();
        chain.push(file.to_string());
        for entry in include.value.as_sequence().unwrap_or_default() {
            if let Some(imported) = self.include(entry, variables, place, &chain) {
                self.import(document, imported, entry.span());
            }
        }
    }

    fn include(
        &mut self,
        entry: &Node,
        variables: &Variables,
        place: &Place<'_>,
        chain: &[String],
    ) -> Option<Node> {
        let span = entry.span();
        let written = match entry.as_str() {
            Some(path) => vec![path.to_string()],
            None => texts(entry.child("path")),
        };
        if let Some(address) = written.iter().find(|path| is_remote(path)) {
            self.findings.push(remote(address, span));
            return None;
        }
        let paths: Vec<String> = written
            .iter()
            .map(|path| path::join(place.folder, path))
            .collect();
        let first = paths.first()?;
        if chain.contains(first) || chain.len() > DEEPEST_INCLUDE {
            self.findings.push(
                Finding::error(
                    "include-cycle",
                    format!(
                        "Files include each other in a circle: {} → {first}.",
                        chain.join(" → ")
                    ),
                    span,
                )
                .label("this closes the circle")
                .help("remove one of these includes"),
            );
            return None;
        }
        let project_directory = entry
            .child("project_directory")
            .and_then(Node::as_str)
            .filter(|folder| !folder.is_empty());
        let relative = project_directory.map_or_else(|| path::folder_of(&written[0]), path::clean);
        let folder = path::join(place.folder, &relative);
        let env_files = texts(entry.child("env_file"));
        let mut own = variables.clone();
        if env_files.is_empty() {
            let found = self.variable_files(&[path::join(&folder, ".env")], false, variables);
            own.add_missing(found);
        } else {
            let paths: Vec<String> = env_files
                .iter()
                .map(|file| path::join(place.folder, file))
                .collect();
            let mut found = FileVariables::new();
            for path in paths {
                match files::read_text(&mut self.recorder, &mut self.sources, &path, self.limits) {
                    Ok(source) => {
                        self.parse_variables(source, Format::Compose, variables, &mut found)
                    }
                    Err(failure) => self.findings.push(failure.into_finding(&path, Some(span))),
                }
            }
            own.add_missing(found);
        }
        let files = self.parse_files(&paths, Some(span));
        if files.len() < paths.len() {
            return None;
        }
        let inner = Place {
            folder: &folder,
            included: chain.to_vec(),
        };
        let mut root = self.model(files, &own, &inner, &relative).ok()?;
        root.add_step(&Step::Included { at: span });
        Some(root)
    }

    /// Puts what was included into `document`; the same name with another content is a mistake.
    fn import(&mut self, document: &mut Node, imported: Node, at: Span) {
        let (Some(document), Value::Mapping(mut imported)) =
            (document.as_mapping_mut(), imported.value)
        else {
            return;
        };
        for kind in [
            "services", "volumes", "networks", "secrets", "configs", "models",
        ] {
            let Some(Entry {
                key_span, value, ..
            }) = imported.remove(kind)
            else {
                continue;
            };
            let Value::Mapping(resources) = value.value else {
                continue;
            };
            if !document.contains(kind) {
                document.insert(
                    kind,
                    key_span,
                    Node::with_origin(Value::Mapping(Mapping::new()), value.origin.clone()),
                );
            }
            let Some(known) = document.get_mut(kind).and_then(Node::as_mapping_mut) else {
                continue;
            };
            for (name, entry) in resources {
                match known.entry(&name) {
                    Some(existing) if existing.value.same_value(&entry.value) => {}
                    Some(existing) => self.findings.push(
                        Finding::error("include-conflict", format!("`{name}` is also defined in a file that is included here."), existing.key_span)
                            .label("defined here")
                            .related(entry.key_span, "and here, differently")
                            .related(at, "included here")
                            .help("give one of them another name, or change it in an override file of the include")
                            .path(format!("{kind}.{name}")),
                    ),
                    None => known.insert_entry(name, entry),
                }
            }
        }
    }

    // The whole project.

    fn finish(
        &mut self,
        root: &mut Node,
        name: &str,
        request: &Request,
        variables: &Variables,
    ) -> Option<Project> {
        if self.has_errors() {
            return None;
        }
        normalize::normalize(root, name, variables);
        let extensions = take_extensions(root);
        let name_node = self.name_node(root, name);
        let root = std::mem::replace(root, Node::new(Value::Null, root.span()));
        let mut root = settle::settle(root, &PROJECT, &At::ROOT, &mut self.findings)?;
        let profiles = active_profiles(request, variables);
        let disabled = disable_services(&mut root, &profiles);
        consistency::check_project(&root, &disabled, &mut self.findings);
        self.environment_files(&mut root, variables);
        self.label_files(&mut root);
        if self.has_errors() {
            return None;
        }
        prune(&mut root);
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
            extensions
                .into_iter()
                .for_each(|(key, entry)| mapping.insert_entry(key, entry));
        }
        Some(Project::new(name.to_string(), root, disabled))
    }

    fn name_node(&self, root: &Node, name: &str) -> Node {
        match root.child("name") {
            Some(node) => Node::text(name, node.origin.clone()),
            None => Node::text(name, root.origin.with(Step::Default)),
        }
    }

    fn environment_files(&mut self, root: &mut Node, variables: &Variables) {
        let mut services = take_services(root);
        for (name, entry) in services.iter_mut() {
            let Some(service) = entry.value.as_mapping_mut() else {
                continue;
            };
            let Some(files) = service.remove("env_file") else {
                continue;
            };
            let written = service
                .get("environment")
                .and_then(Node::as_mapping)
                .cloned()
                .unwrap_or_default();
            let mut found = FileVariables::new();
            for (index, file) in files
                .value
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let path_of = format!("services.{name}.env_file.{index}");
                self.environment_file(file, &path_of, &written, variables, &mut found);
            }
            let mut environment = Mapping::new();
            for (variable, value) in found {
                let span = if let VariableOrigin::File(span) = value.origin {
                    span
                } else {
                    files.value.span()
                };
                let mut node = Node::text(value.value, crate::node::Origin::at(span));
                node.origin.push(Step::Interpolated {
                    variable: variable.clone(),
                    from: value.origin,
                });
                environment.insert(variable, span, node);
            }
            written
                .into_iter()
                .for_each(|(variable, entry)| environment.insert_entry(variable, entry));
            if !environment.is_empty() {
                let origin = service
                    .get("environment")
                    .map_or(files.value.origin.clone(), |node| node.origin.clone());
                service.insert(
                    "environment",
                    files.key_span,
                    Node::with_origin(Value::Mapping(environment), origin),
                );
            }
        }
        put_services(root, services);
    }

    fn environment_file(
        &mut self,
        file: &Node,
        path_of: &str,
        written: &Mapping,
        variables: &Variables,
        found: &mut FileVariables,
    ) {
        let Some(node) = file.child("path") else {
            return;
        };
        let path = path::clean(node.as_str().unwrap_or_default());
        let is_required = file.child("required").is_some_and(normalize::is_true);
        let format = match file.child("format").and_then(Node::as_str).unwrap_or("") {
            "" => Format::Compose,
            "raw" => Format::Raw,
            other => {
                self.findings.push(
                    Finding::error(
                        "unknown-value",
                        format!("`{other}` is no format of a file of variables."),
                        file.child("format").map_or(node.span(), Node::span),
                    )
                    .label("not a known format")
                    .expected("raw, or no format at all")
                    .path(path_of),
                );
                return;
            }
        };
        match files::read_text(&mut self.recorder, &mut self.sources, &path, self.limits) {
            Ok(source) => {
                let text = self.sources.get(source).text.clone();
                // The project's own variables win, then what the service itself sets.
                let lookup = |name: &str| {
                    variables.get(name).cloned().or_else(|| {
                        let node = written.get(name)?;
                        let origin = VariableOrigin::File(node.span());
                        Some(interpolate::Variable {
                            value: node.as_str()?.to_string(),
                            origin,
                        })
                    })
                };
                self.findings
                    .extend(dotenv::parse(source, &text, format, &lookup, found));
            }
            Err(ReadFailure::Unreadable(ReadError::NotFound)) if !is_required => {}
            Err(failure) => self
                .findings
                .push(failure.into_finding(&path, Some(node.span())).path(path_of)),
        }
    }

    fn label_files(&mut self, root: &mut Node) {
        let mut services = take_services(root);
        for (name, entry) in services.iter_mut() {
            let Some(service) = entry.value.as_mapping_mut() else {
                continue;
            };
            let Some(files) = service.remove("label_file") else {
                continue;
            };
            let mut found = FileVariables::new();
            for (index, file) in files
                .value
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let path = path::clean(file.as_str().unwrap_or_default());
                match files::read_text(&mut self.recorder, &mut self.sources, &path, self.limits) {
                    Ok(source) => self.parse_variables(
                        source,
                        Format::Compose,
                        &Variables::default(),
                        &mut found,
                    ),
                    Err(failure) => self.findings.push(
                        failure
                            .into_finding(&path, Some(file.span()))
                            .path(format!("services.{name}.label_file.{index}")),
                    ),
                }
            }
            let written = service.remove("labels");
            let mut labels = Mapping::new();
            for (label, value) in found {
                let span = if let VariableOrigin::File(span) = value.origin {
                    span
                } else {
                    files.value.span()
                };
                labels.insert(
                    label,
                    span,
                    Node::text(value.value, crate::node::Origin::at(span)),
                );
            }
            let origin = written
                .as_ref()
                .map_or(files.value.origin.clone(), |entry| {
                    entry.value.origin.clone()
                });
            if let Some(Entry {
                value:
                    Node {
                        value: Value::Mapping(written),
                        ..
                    },
                ..
            }) = written
            {
                written
                    .into_iter()
                    .for_each(|(label, entry)| labels.insert_entry(label, entry));
            }
            if !labels.is_empty() {
                service.insert(
                    "labels",
                    files.key_span,
                    Node::with_origin(Value::Mapping(labels), origin),
                );
            }
        }
        put_services(root, services);
    }
}

/// What a chain of `extends` needs to know about the file it is in.
struct Extending<'a> {
    file: String,
    services: &'a Mapping,
    resets: &'a [Vec<String>],
    variables: &'a Variables,
    place: &'a Place<'a>,
}

/// `!reset` in the extending service also clears what it would take from its base.
fn clear_service(service: &mut Node, name: &str, resets: &[Vec<String>]) {
    let below: Vec<Vec<String>> = resets
        .iter()
        .filter_map(|path| match path.as_slice() {
            [services, service, rest @ ..] if services == "services" && service == name => {
                Some(rest.to_vec())
            }
            _ => None,
        })
        .collect();
    merge::clear(service, &below);
}

fn unknown_base(target: &str, at: Span, services: &Mapping, place: &str) -> Finding {
    let finding = Finding::error(
        "unknown-service",
        format!("There is no service `{target}` in {place} to extend."),
        at,
    )
    .label("extends this service");
    match suggest::nearest(target, services.keys()) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None if services.is_empty() => finding.help(format!("{place} has no services")),
        None => finding.expected(format!(
            "one of {}",
            services.keys().collect::<Vec<_>>().join(", ")
        )),
    }
}

fn is_remote(path: &str) -> bool {
    [
        "oci://",
        "https://",
        "http://",
        "git://",
        "ssh://",
        "git@",
        "github.com/",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

fn remote(address: &str, span: Span) -> Finding {
    Finding::error(
        "remote-file",
        format!("`{address}` lies on another machine, and nothing is fetched here."),
        span,
    )
    .label("refers to another machine")
    .help("download the file and name it by its path")
}

fn bad_project_name(name: &str, span: Option<Span>) -> Finding {
    Finding::error(
        "bad-project-name",
        format!("`{name}` cannot be the name of a project."),
        span,
    )
    .label("not a project name")
    .expected("lower-case letters, digits, `-` and `_`, with a letter or digit first")
}

/// A name as Compose makes it fit: lower case, and only letters, digits, `-` and `_`.
fn normalized_name(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|character| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || matches!(character, '-' | '_')
        })
        .collect();
    kept.trim_start_matches(['-', '_']).to_string()
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

fn take_extensions(root: &mut Node) -> Vec<(String, Entry)> {
    let Some(mapping) = root.as_mapping_mut() else {
        return Vec::new();
    };
    let keys: Vec<String> = mapping
        .keys()
        .filter(|key| key.starts_with("x-"))
        .map(String::from)
        .collect();
    keys.into_iter()
        .filter_map(|key| mapping.remove(&key).map(|entry| (key, entry)))
        .collect()
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

fn active_profiles(request: &Request, variables: &Variables) -> Vec<String> {
    if !request.profiles.is_empty() {
        return request.profiles.clone();
    }
    let listed = variables.value("COMPOSE_PROFILES").unwrap_or("");
    listed
        .split(',')
        .map(str::trim)
        .filter(|profile| !profile.is_empty())
        .map(String::from)
        .collect()
}

/// Takes out the services that no active profile names, and returns them with their profiles.
fn disable_services(root: &mut Node, active: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut disabled = BTreeMap::new();
    let mut services = take_services(root);
    services.retain(|name, entry| {
        let profiles = texts(entry.value.child("profiles"));
        let is_enabled = profiles.is_empty()
            || active
                .iter()
                .any(|profile| profile == "*" || profiles.contains(profile));
        if !is_enabled {
            disabled.insert(name.to_string(), profiles);
        }
        is_enabled
    });
    put_services(root, services);
    disabled
}

/// Leaves out the networks, volumes, secrets, configs and models that no service uses.
fn prune(root: &mut Node) {
    let mut used: BTreeMap<&str, std::collections::BTreeSet<String>> = BTreeMap::new();
    let services = root.child("services").and_then(Node::as_mapping);
    for (_, entry) in services.into_iter().flat_map(Mapping::iter) {
        let service = &entry.value;
        for kind in ["networks", "models"] {
            let names = service
                .child(kind)
                .and_then(Node::as_mapping)
                .into_iter()
                .flat_map(Mapping::keys);
            used.entry(kind)
                .or_default()
                .extend(names.map(String::from));
        }
        for mount in service
            .child("volumes")
            .and_then(Node::as_sequence)
            .unwrap_or_default()
        {
            if mount.child("type").and_then(Node::as_str) == Some("volume") {
                used.entry("volumes")
                    .or_default()
                    .extend(mount.child("source").and_then(Node::scalar_text));
            }
        }
        for (kind, list) in [
            ("secrets", "secrets"),
            ("configs", "configs"),
            ("secrets", "build.secrets"),
        ] {
            for reference in service
                .get(list)
                .and_then(Node::as_sequence)
                .unwrap_or_default()
            {
                used.entry(kind)
                    .or_default()
                    .extend(reference.child("source").and_then(Node::scalar_text));
            }
        }
    }
    let Some(mapping) = root.as_mapping_mut() else {
        return;
    };
    for kind in ["networks", "volumes", "secrets", "configs", "models"] {
        let Some(resources) = mapping.get_mut(kind).and_then(Node::as_mapping_mut) else {
            continue;
        };
        resources.retain(|name, _| used.get(kind).is_some_and(|names| names.contains(name)));
        if resources.is_empty() {
            mapping.remove(kind);
        }
    }
}
