//! What a check is judged on: the evidence, the file as loaded, and how to point at either.

use compose::{Loaded, Node, Project, Service, Span};

use crate::container::{Container, Health, Status};
use crate::evidence::{EngineSeen, Evidence, ImageSeen};
use crate::report::{Reason, Spot, Starting};

/// How long a container without a health check may take before silence counts as an answer.
const SETTLES_WITHIN: u64 = 30;

/// Evidence with the compose file loaded from it.
pub struct Scene<'a> {
    /// What was seen.
    pub evidence: &'a Evidence,
    /// The files, loaded from the evidence.
    pub loaded: &'a Loaded,
}

/// What came of looking at one place.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// As expected.
    Holds,
    /// Not as expected; at least one.
    Fails(Vec<Mismatch>),
    /// It could not be seen.
    Unknown(Reason),
}

/// One thing that is not as expected, before the check's own words are added.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// What was looked at.
    pub spot: Spot,
    /// What stands or happens there.
    pub found: String,
    /// What would be right.
    pub expected: String,
    /// What to look at or run next, where the mismatch itself suggests it.
    pub next: Option<String>,
}

impl Mismatch {
    /// A mismatch.
    pub fn new(spot: Spot, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            spot,
            found: found.into(),
            expected: expected.into(),
            next: None,
        }
    }

    /// With a next step.
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl From<Mismatch> for Judged {
    fn from(mismatch: Mismatch) -> Self {
        Self::Fails(vec![mismatch])
    }
}

impl Judged {
    /// Holds where there is nothing to complain of.
    pub fn from_mismatches(mismatches: Vec<Mismatch>) -> Self {
        if mismatches.is_empty() {
            Self::Holds
        } else {
            Self::Fails(mismatches)
        }
    }

    /// Every one has to hold. What is known to be wrong outweighs what could not be seen.
    pub fn all(judged: impl IntoIterator<Item = Self>) -> Self {
        let mut mismatches = Vec::new();
        let mut unknown = None;
        for one in judged {
            match one {
                Self::Holds => {}
                Self::Fails(more) => mismatches.extend(more),
                Self::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        match unknown {
            Some(reason) if mismatches.is_empty() => Self::Unknown(reason),
            _ => Self::from_mismatches(mismatches),
        }
    }

    /// Something stood in the way of seeing it.
    pub fn not_seen(text: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Unknown(Reason::NotSeen {
            text: text.into(),
            next: next.into(),
        })
    }
}

/// Path of the first compose file that was read, or the name it should have.
pub fn compose_file(loaded: &Loaded) -> String {
    let mut sources = loaded.sources.iter().map(|(_, source)| source);
    let first =
        sources.find(|source| source.path.ends_with(".yaml") || source.path.ends_with(".yml"));
    first.map_or_else(|| "compose.yaml".to_owned(), |source| source.path.clone())
}

impl<'a> Scene<'a> {
    /// The compose project, where the files load.
    pub fn project(&self) -> Option<&'a Project> {
        self.loaded.project.as_ref()
    }

    /// A service of the file.
    pub fn service(&self, name: &str) -> Option<Service<'a>> {
        self.project()?.service(name)
    }

    /// Names of all services, as `etcd, minio, standalone`.
    pub fn service_names(&self) -> String {
        let names: Vec<_> = self
            .project()
            .into_iter()
            .flat_map(Project::services)
            .map(|service| service.name().to_owned())
            .collect();
        names.join(", ")
    }

    /// The place of a span in the learner's file.
    pub fn spot(&self, span: Span) -> Spot {
        let start = self.loaded.sources.position(span);
        let end = self.loaded.sources.end_position(span);
        let excerpt = self.loaded.sources.line_text(span).to_owned();
        let last = u32::try_from(excerpt.chars().count())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let end_column = if end.line == start.line {
            end.column
        } else {
            last
        };
        Spot::File {
            path: shown_path(&self.loaded.sources.get(span.source).path).to_owned(),
            line: start.line,
            column: start.column,
            end_column: end_column.max(start.column.saturating_add(1)),
            excerpt,
        }
    }

    /// The line on which a span begins, from 1.
    pub fn line_of(&self, span: Span) -> u32 {
        self.loaded.sources.position(span).line
    }

    /// The place of a value.
    pub fn spot_of(&self, node: &Node) -> Spot {
        self.spot(node.origin.span)
    }

    /// The place of the deepest part of a path that the file has: its key where it has one.
    pub fn nearest(&self, path: &str) -> Spot {
        match self.project() {
            Some(project) => self.spot(crate::locate::nearest(project.root(), path)),
            None => Spot::WholeFile {
                path: self.compose_file(),
            },
        }
    }

    /// The place of a service's name.
    pub fn service_spot(&self, service: &str) -> Spot {
        self.nearest(&format!("services.{service}"))
    }

    /// Path of the compose file that was read, or the name it should have.
    pub fn compose_file(&self) -> String {
        compose_file(self.loaded)
    }

    /// The containers of a service.
    pub fn containers(&self, service: &str) -> Vec<Container<'a>> {
        let all = self.evidence.world.containers.iter().map(Container::new);
        all.filter(|container| container.service() == service)
            .collect()
    }

    /// Why nothing can be said about containers at all, if so.
    pub fn engine_silence(&self) -> Option<Reason> {
        match &self.evidence.world.engine {
            EngineSeen::Answered { .. } => None,
            EngineSeen::NotAsked => Some(Reason::NoEngine {
                text: "the containers were not asked".to_owned(),
                next: "run the same command without `--static-only`".to_owned(),
            }),
            EngineSeen::Silent {
                address,
                reason,
                next,
            } => Some(Reason::NoEngine {
                text: format!("{reason} (asked: {address})"),
                next: next.clone(),
            }),
        }
    }

    /// Whether this container is still on its way, and how long that may take.
    pub fn starting(&self, container: Container<'a>) -> Option<Starting> {
        let running = container.running_for(self.evidence.at)?.as_secs();
        let at_most = match (container.status(), container.health()) {
            (Status::Running, Health::Starting) => container.health_decides_after().as_secs(),
            (Status::Running, Health::None) if running < SETTLES_WITHIN => SETTLES_WITHIN,
            _ => return None,
        };
        Some(Starting {
            service: container.service().to_owned(),
            seconds: running,
            at_most,
        })
    }

    /// The first of a service's containers that is still on its way, as a reason.
    pub fn still_starting(&self, service: &str) -> Option<Reason> {
        self.containers(service)
            .into_iter()
            .find_map(|container| self.starting(container))
            .map(Reason::Starting)
    }

    /// The engine's description of the image that a container was made from, where the image's name still means that one.
    pub fn image_of(&self, container: Container<'a>) -> Option<&'a serde_json::Value> {
        let ImageSeen::Present(image) = self.evidence.world.images.get(container.image())? else {
            return None;
        };
        let id = container.field("Image")?;
        (image.get("Id") == Some(id)).then_some(image)
    }

    /// Whether the image of a service is known not to be on the machine, and which it is.
    pub fn missing_image(&self, service: &str) -> Option<String> {
        let image = self.service(service)?.image()?.as_str()?.to_owned();
        let seen = self.evidence.world.images.get(&image)?;
        matches!(seen, ImageSeen::Absent).then_some(image)
    }
}

/// Between a compose file's path and the service whose Dockerfile stands in it. No path has it.
pub const INLINE: char = '\0';

/// The path to show for a source: a Dockerfile in a compose file is shown at its lines there.
pub fn shown_path(path: &str) -> &str {
    path.split(INLINE).next().unwrap_or(path)
}
