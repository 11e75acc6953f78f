//! The image that a service is built from: its Dockerfile, wherever the compose file has it, and its build context.

use std::collections::{BTreeMap, BTreeSet};

use compose::{
    Finding, Loaded, MemoryReader, Node, ReadError, Reader, Service, SourceId, Sources, Span,
};
use dockerfile::context::{Context, Listing};
use dockerfile::ignore::Ignore;
use dockerfile::{Base, Configuration, Dockerfile, Instruction, Kind, Plan, Request};

use crate::evidence::{Evidence, FileSeen, FilesSeen, SCHEMA_VERSION, WorldSeen};
use crate::packages;
use crate::report::Spot;
use crate::scene::{INLINE, Judged, Mismatch, Scene};

/// What a service's image is built from.
pub struct Build<'a> {
    /// The service's `build`.
    pub node: &'a Node,
    /// The context's folder below the lesson's, without `./`; empty is the lesson's own.
    pub folder: String,
    /// The Dockerfile's path below the lesson's folder; none where it stands in the compose file.
    pub path: Option<String>,
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// What is built of it.
    pub plan: Plan,
    /// The ignore file; empty where there is none.
    pub ignore: Ignore,
    /// The ignore file's path, where there is one.
    pub ignore_path: Option<String>,
    /// What lies in the context's folder.
    listing: &'a Listing,
}

impl Build<'_> {
    /// What of the context's folder reaches the builder.
    pub fn context(&self) -> Context<'_> {
        Context::simulate(self.listing, &self.ignore)
    }

    /// What lies in the context's folder, before the ignore file is applied.
    pub fn listing(&self) -> &Listing {
        self.listing
    }

    /// The file of the context that the builder knows by this path, with its path below the lesson's folder. Only files of
    /// requirements are read.
    pub fn text_in_context<'s>(
        &self,
        scene: &Scene<'s>,
        path: &str,
    ) -> Option<(String, &'s FileSeen)> {
        let path = packages::in_context(&self.dockerfile, self.listing, path)?;
        let path = joined(&self.folder, &path)?;
        let seen = scene.evidence.files.files.get(&path)?;
        Some((path, seen))
    }

    /// What the build takes of its context, as [`Context::asked`] wants it.
    pub fn asks_for(&self) -> BTreeSet<String> {
        let stages = self
            .plan
            .needed
            .iter()
            .map(|stage| &self.plan.stages[*stage]);
        stages.flat_map(|stage| stage.asks_for.clone()).collect()
    }

    /// What the stage that becomes the image is set to.
    pub fn configuration(&self) -> &Configuration {
        &self.plan.stages[self.plan.target].configuration
    }

    /// The instructions of the stage that becomes the image, its `FROM` first.
    pub fn instructions(&self) -> &[Instruction] {
        self.dockerfile.instructions_of(self.plan.target)
    }

    /// The instructions whose layers are in the image: those of the stage that becomes it, and before them those of the
    /// stages that it starts from.
    pub fn kept_instructions(&self) -> Vec<&Instruction> {
        self.instructions_up_to(self.plan.target)
    }

    /// The instructions of a stage, and before them those of the stages that it starts from.
    pub fn instructions_up_to(&self, stage: usize) -> Vec<&Instruction> {
        let mut all = match self.plan.stages[stage].base {
            Base::Stage(below) => self.instructions_up_to(below),
            Base::Scratch | Base::Image(_) => Vec::new(),
        };
        all.extend(self.dockerfile.instructions_of(stage));
        all
    }

    /// The instructions of all stages that are built, in the order of the file.
    pub fn all_instructions(&self) -> impl Iterator<Item = &Instruction> {
        let stages = self.plan.needed.iter();
        stages.flat_map(|stage| self.dockerfile.instructions_of(*stage))
    }
}

/// Where a service's `build` says things are.
struct Written<'a> {
    node: &'a Node,
    context: Place,
    file: File<'a>,
    request: Request,
}

/// A folder.
enum Place {
    /// Below the lesson's folder; empty is that itself.
    Here(String),
    /// Somewhere else: another machine, or outside.
    Elsewhere(String),
}

/// Where a Dockerfile stands.
enum File<'a> {
    /// In a file of its own.
    Path(String),
    /// In the compose file.
    Inline(&'a Node),
}

impl<'a> Written<'a> {
    fn of(service: &Service<'a>) -> Option<Self> {
        let node = service.node().child("build")?;
        let text = |key: &str| node.child(key).and_then(Node::scalar_text);
        let context = text("context").unwrap_or_else(|| ".".to_owned());
        let is_remote = context.contains("://")
            || context.starts_with("git@")
            || context.starts_with("github.com/");
        let context = match joined("", &context) {
            Some(folder) if !is_remote => Place::Here(folder),
            _ => Place::Elsewhere(context),
        };
        let folder = match &context {
            Place::Here(folder) => folder.as_str(),
            Place::Elsewhere(_) => "",
        };
        let file = match node.child("dockerfile_inline") {
            Some(inline) => File::Inline(inline),
            None => {
                let path = text("dockerfile").unwrap_or_else(|| "Dockerfile".to_owned());
                File::Path(joined(folder, &path).unwrap_or(path))
            }
        };
        Some(Self {
            node,
            context,
            file,
            request: Request {
                arguments: arguments(service)
                    .filter_map(|(name, value)| Some((name.to_owned(), value.scalar_text()?)))
                    .collect(),
                target: text("target"),
            },
        })
    }

    /// Paths at which the Dockerfile may be; the first that is there counts.
    fn candidates(&self) -> Vec<String> {
        match &self.file {
            File::Inline(_) => Vec::new(),
            File::Path(path) => {
                // BuildKit takes this one where nobody named another.
                let small = path
                    .strip_suffix("Dockerfile")
                    .map(|start| format!("{start}dockerfile"));
                std::iter::once(path.clone()).chain(small).collect()
            }
        }
    }

    /// Paths at which an ignore file may be; the first that is there counts.
    fn ignore_candidates(&self) -> Vec<String> {
        let own = match &self.file {
            File::Path(path) => Some(format!("{path}.dockerignore")),
            File::Inline(_) => None,
        };
        let of_folder = match &self.context {
            Place::Here(folder) => joined(folder, ".dockerignore"),
            Place::Elsewhere(_) => None,
        };
        own.into_iter().chain(of_folder).collect()
    }
}

/// A path seen from a folder, without `.` and `..`. None where it leaves the lesson's folder.
pub(crate) fn joined(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.starts_with('~') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Lists folders; the host decides what may be seen.
pub trait Folders {
    /// What lies in a folder below the lesson's; empty is that itself. None where there is no such folder.
    fn list(&self, folder: &str) -> Option<Listing>;
}

impl Folders for MemoryReader {
    fn list(&self, folder: &str) -> Option<Listing> {
        let start = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let files = self
            .0
            .iter()
            .filter_map(|(path, content)| Some((path.strip_prefix(&start)?, content.len() as u64)));
        let listing = Listing::of_files(files);
        (!listing.entries.is_empty()).then_some(listing)
    }
}

/// Reads what the services' images are built from into the evidence: Dockerfiles, ignore files, and what lies in the contexts.
pub fn capture_builds(reader: &(impl Reader + Folders), files: &mut FilesSeen) {
    let loaded = compose::load(&*files, &files.request());
    let services = loaded.project.iter().flat_map(|project| project.services());
    for written in services.filter_map(|service| Written::of(&service)) {
        for candidates in [written.candidates(), written.ignore_candidates()] {
            for path in candidates {
                let seen = files
                    .files
                    .entry(path)
                    .or_insert_with_key(|path| FileSeen::from(reader.read(path)));
                if *seen != FileSeen::Absent {
                    break;
                }
            }
        }
        let Place::Here(folder) = &written.context else {
            continue;
        };
        if !files.contexts.contains_key(folder)
            && let Some(listing) = reader.list(folder)
        {
            files.contexts.insert(folder.clone(), listing);
        }
        capture_requirements(reader, files, &written, folder);
    }
}

/// What pip installs says a file of requirements, and that may name others.
fn capture_requirements(
    reader: &dyn Reader,
    files: &mut FilesSeen,
    written: &Written<'_>,
    folder: &str,
) {
    const MOST: usize = 20;
    let Some(listing) = files.contexts.get(folder).cloned() else {
        return;
    };
    let inline = match written.file {
        File::Inline(node) => node.scalar_text(),
        File::Path(_) => None,
    };
    let paths = written.candidates();
    let text = paths.iter().find_map(|path| match files.files.get(path) {
        Some(FileSeen::Text(text)) => Some(text.clone()),
        _ => None,
    });
    let Some(text) = text.or(inline) else { return };
    let dockerfile = dockerfile::parse(&text, SourceId(0));
    let mut open = packages::requirement_files(&dockerfile, &listing);
    let mut known = BTreeSet::new();
    while let Some(path) = open.pop_first()
        && known.len() < MOST
    {
        let Some(place) = joined(folder, &path) else {
            continue;
        };
        if !known.insert(path) {
            continue;
        }
        let seen = files
            .files
            .entry(place)
            .or_insert_with_key(|place| FileSeen::from(reader.read(place)));
        if let FileSeen::Text(text) = seen {
            let (_, more) = packages::requirements(text);
            let more = more
                .iter()
                .filter_map(|path| packages::in_context(&dockerfile, &listing, path));
            open.extend(more);
        }
    }
}

/// Adds the texts of Dockerfiles and ignore files, so that places in them can be shown as those in compose files are.
pub fn add_sources(files: &FilesSeen, loaded: &mut Loaded) {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let services = loaded.project.iter().flat_map(|project| project.services());
    for (service, written) in services.filter_map(|service| Some((service, Written::of(&service)?)))
    {
        if let File::Inline(node) = written.file {
            let name = inline_name(&loaded.sources, service.name(), node);
            texts.insert(name, inline_text(&loaded.sources, node));
        }
        for path in written
            .candidates()
            .into_iter()
            .chain(written.ignore_candidates())
        {
            if let Some(FileSeen::Text(text)) = files.files.get(&path) {
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                texts.insert(path, text.to_owned());
            }
        }
    }
    for (path, text) in texts {
        loaded.sources.add(path, text);
    }
}

/// The build arguments that a service's image is given.
pub fn arguments<'a>(service: &Service<'a>) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
    let arguments = service
        .node()
        .child("build")
        .and_then(|build| build.child("args"));
    let arguments = arguments.and_then(Node::as_mapping);
    arguments
        .into_iter()
        .flat_map(|arguments| arguments.iter())
        .map(|(name, entry)| (name, &entry.value))
}

/// Names and values of `ENV` and `ARG` in Dockerfiles, as written, with the file and the place of the value.
pub fn variables_in_dockerfiles(loaded: &Loaded) -> Vec<(String, Span, String, String)> {
    let mut found = Vec::new();
    let services = loaded.project.iter().flat_map(|project| project.services());
    let paths: BTreeSet<String> = services
        .filter_map(|service| Written::of(&service))
        .flat_map(|written| written.candidates())
        .collect();
    for path in paths {
        let mut sources = loaded.sources.iter();
        let Some((id, source)) = sources.find(|(_, source)| source.path == path) else {
            continue;
        };
        for instruction in &dockerfile::parse(&source.text, id).instructions {
            let (Kind::Env(variables) | Kind::Arg(variables)) = &instruction.kind else {
                continue;
            };
            for variable in variables {
                if let Some(value) = &variable.value {
                    let name = variable.name.text.clone();
                    found.push((path.clone(), value.span, name, value.text.clone()));
                }
            }
        }
    }
    found
}

fn inline_name(sources: &Sources, service: &str, node: &Node) -> String {
    format!("{}{INLINE}{service}", sources.get(node.span().source).path)
}

/// The Dockerfile below as many empty lines as the compose file has above it.
fn inline_text(sources: &Sources, node: &Node) -> String {
    let is_block = sources.text(node.span()).starts_with(['|', '>']);
    let line = sources.position(node.span()).line as usize;
    let above = if is_block { line } else { line - 1 };
    "\n".repeat(above) + &node.scalar_text().unwrap_or_default()
}

/// Services of these files that build their image, in the order of the file.
pub fn building_services(files: &FilesSeen) -> Vec<String> {
    let loaded = compose::load(files, &files.request());
    let services = loaded.project.iter().flat_map(|project| project.services());
    let building = services.filter(|service| service.node().child("build").is_some());
    building.map(|service| service.name().to_owned()).collect()
}

/// Looks at what a service's image is built from.
///
/// # Errors
/// Why it cannot be built, or cannot be seen, in sentences for a person.
pub fn look_at_build<T>(
    files: FilesSeen,
    service: &str,
    look: impl FnOnce(&Build<'_>, &Sources) -> T,
) -> Result<T, String> {
    let evidence = Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: String::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        files,
        world: WorldSeen::default(),
    };
    let loaded = crate::load(&evidence);
    let scene = Scene {
        evidence: &evidence,
        loaded: &loaded,
    };
    match scene.build(service) {
        Ok(build) => Ok(look(&build, &loaded.sources)),
        Err(Judged::Fails(mismatches)) => {
            let told = mismatches.iter().map(|mismatch| {
                let place = match &mismatch.spot {
                    Spot::File { path, line, .. } => format!("{path}:{line}: "),
                    Spot::WholeFile { path } => format!("{path}: "),
                    Spot::Container { .. } | Spot::Probe { .. } => String::new(),
                };
                let next = mismatch.next.as_ref().map(|next| format!("; {next}"));
                format!(
                    "{place}{}; expected: {}{}",
                    mismatch.found,
                    mismatch.expected,
                    next.unwrap_or_default()
                )
            });
            Err(told.collect::<Vec<_>>().join("\n"))
        }
        Err(Judged::Unknown(reason)) => Err(reason.text()),
        Err(Judged::Holds) => Err(format!("`{service}` cannot be built")),
    }
}

/// A Dockerfile, whether or not it can be built.
pub struct Recipe {
    /// The Dockerfile.
    pub dockerfile: Dockerfile,
    /// What is built of it; none where it is refused.
    pub plan: Option<Plan>,
    /// What BuildKit refuses in it.
    pub refused: Vec<Finding>,
}

impl<'a> Scene<'a> {
    /// The Dockerfile of a service, where it builds from one that can be read here.
    pub fn recipe(&self, service: &Service<'a>) -> Option<Recipe> {
        let written = Written::of(service)?;
        let (_, dockerfile) = self.dockerfile(service.name(), &written).ok()?;
        let (plan, of_plan) = dockerfile.plan(&written.request);
        let needed = plan.iter().flat_map(|plan| &plan.needed);
        let of_stages =
            needed.flat_map(|stage| plan.iter().flat_map(|plan| &plan.stages[*stage].findings));
        let all = dockerfile.findings.iter().chain(&of_plan).chain(of_stages);
        let refused: Vec<_> = all.filter(|finding| finding.is_error()).cloned().collect();
        Some(Recipe {
            plan: plan.filter(|_| refused.is_empty()),
            dockerfile,
            refused,
        })
    }

    /// What a service's image is built from.
    ///
    /// # Errors
    /// What to tell where there is no such service, where it builds nothing, where the Dockerfile is missing or refused, and
    /// where it cannot be seen from here.
    pub fn build(&self, service: &str) -> Result<Build<'a>, Judged> {
        let Some(found) = self.service(service) else {
            let found = format!(
                "there is no service `{service}` (services here: {})",
                self.service_names()
            );
            let expected = format!("a service called `{service}`");
            return Err(Mismatch::new(self.nearest("services"), found, expected).into());
        };
        let Some(written) = Written::of(&found) else {
            return Err(Mismatch::new(
                self.service_spot(service),
                format!("`{service}` has no `build`, so its image is not made from a Dockerfile of yours"),
                "`build:` with the folder that the Dockerfile lies in",
            )
            .into());
        };
        let folder = match &written.context {
            Place::Here(folder) => folder.clone(),
            Place::Elsewhere(context) => {
                return Err(Judged::not_seen(
                    format!(
                        "`{service}` is built from {context}, which lies outside of this folder and is not read"
                    ),
                    "name a folder below this one after `build:`",
                ));
            }
        };
        let (path, dockerfile) = self.dockerfile(service, &written)?;
        let errors: Vec<_> = dockerfile
            .findings
            .iter()
            .filter(|finding| finding.is_error())
            .collect();
        if !errors.is_empty() {
            return Err(self.refused(&errors));
        }
        let (plan, findings) = dockerfile.plan(&written.request);
        let Some(plan) = plan.filter(|_| findings.is_empty()) else {
            return Err(self.refused(&findings.iter().collect::<Vec<_>>()));
        };
        let findings: Vec<_> = plan
            .needed
            .iter()
            .flat_map(|stage| &plan.stages[*stage].findings)
            .collect();
        if !findings.is_empty() {
            return Err(self.refused(&findings));
        }
        let (ignore_path, ignore) = self.ignore(&written)?;
        let Some(listing) = self.evidence.files.contexts.get(&folder) else {
            return Err(Mismatch::new(
                self.spot_of(written.node),
                format!("there is no folder `{folder}` to build from"),
                "the folder that the Dockerfile's files lie in",
            )
            .into());
        };
        Ok(Build {
            node: written.node,
            folder,
            path,
            dockerfile,
            plan,
            ignore,
            ignore_path,
            listing,
        })
    }

    fn dockerfile(
        &self,
        service: &str,
        written: &Written<'a>,
    ) -> Result<(Option<String>, Dockerfile), Judged> {
        if let File::Inline(node) = written.file {
            let name = inline_name(&self.loaded.sources, service, node);
            let (id, source) = self.source(&name)?;
            let start = source.len() - source.trim_start_matches('\n').len();
            return Ok((None, dockerfile::parse_from(source, id, start)));
        }
        let candidates = written.candidates();
        match self.first(&candidates) {
            Some((path, FileSeen::Text(_))) => {
                let (id, text) = self.source(path)?;
                Ok((Some(path.clone()), dockerfile::parse(text, id)))
            }
            Some((path, seen)) => Err(unreadable(path, seen)),
            None => {
                let path = candidates.into_iter().next().unwrap_or_default();
                Err(Mismatch::new(
                    self.spot_of(written.node.child("dockerfile").unwrap_or(written.node)),
                    format!("there is no file {path}"),
                    "the path of the Dockerfile, seen from the folder after `context:`",
                )
                .next("compare the name with `ls`")
                .into())
            }
        }
    }

    fn ignore(&self, written: &Written<'_>) -> Result<(Option<String>, Ignore), Judged> {
        match self.first(&written.ignore_candidates()) {
            None => Ok((None, Ignore::default())),
            Some((path, FileSeen::Text(_))) => {
                let (id, text) = self.source(path)?;
                let ignore = dockerfile::ignore::read(text, id);
                if !ignore.findings.is_empty() {
                    return Err(self.refused(&ignore.findings.iter().collect::<Vec<_>>()));
                }
                Ok((Some(path.clone()), ignore))
            }
            Some((path, seen)) => Err(unreadable(path, seen)),
        }
    }

    /// The first of these paths at which something is.
    fn first<'p>(&self, paths: &'p [String]) -> Option<(&'p String, &'a FileSeen)> {
        let files = &self.evidence.files.files;
        paths.iter().find_map(|path| {
            let seen = files.get(path).filter(|seen| **seen != FileSeen::Absent)?;
            Some((path, seen))
        })
    }

    fn source(&self, name: &str) -> Result<(compose::SourceId, &'a str), Judged> {
        let mut sources = self.loaded.sources.iter();
        let found = sources.find(|(_, source)| source.path == name);
        found
            .map(|(id, source)| (id, source.text.as_str()))
            .ok_or_else(|| {
                Judged::not_seen(format!("{name} was not read"), "run the command again")
            })
    }

    /// What BuildKit refuses, each at its place.
    fn refused(&self, findings: &[&Finding]) -> Judged {
        let mismatch = |finding: &&Finding| {
            let spot = match finding.span {
                Some(span) => self.spot(span),
                None => self.nearest("services"),
            };
            let expected = finding
                .expected
                .clone()
                .unwrap_or_else(|| "what Docker can build".to_owned());
            let found = finding.message.trim_end_matches('.');
            let mismatch = Mismatch::new(spot, found, expected);
            match &finding.help {
                Some(help) => mismatch.next(help.clone()),
                None => mismatch,
            }
        };
        Judged::from_mismatches(findings.iter().map(mismatch).collect())
    }
}

fn unreadable(path: &str, seen: &FileSeen) -> Judged {
    let reason = match seen {
        FileSeen::Outside => ReadError::Outside.to_string(),
        FileSeen::Folder => ReadError::IsDirectory.to_string(),
        FileSeen::PermissionDenied => ReadError::PermissionDenied.to_string(),
        FileSeen::TooLarge { bytes, .. } => format!("it has {bytes} bytes"),
        FileSeen::Unreadable(reason) => reason.clone(),
        FileSeen::Secret { .. } => "it holds a secret".to_owned(),
        FileSeen::Bytes(_) | FileSeen::Text(_) | FileSeen::Absent => {
            "it is not UTF-8 text".to_owned()
        }
    };
    Judged::not_seen(
        format!("{path} cannot be read: {reason}"),
        format!("look at it with `ls -l {path}`"),
    )
}
