//! The loaded project, and typed views of its services.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::node::{Mapping, Node};
use crate::normalize::is_true;
use crate::source::Span;
use crate::units;

/// A resolved Compose project.
#[derive(Clone, Debug)]
pub struct Project {
    name: String,
    root: Node,
    disabled: BTreeMap<String, Vec<String>>,
    outdone: BTreeMap<String, Span>,
}

impl Project {
    pub(crate) fn new(
        name: String,
        root: Node,
        disabled: BTreeMap<String, Vec<String>>,
        outdone: BTreeMap<String, Span>,
    ) -> Self {
        Self {
            name,
            root,
            disabled,
            outdone,
        }
    }

    /// Where files set variables that do not count, because the shell sets them.
    pub(crate) fn outdone(&self) -> &BTreeMap<String, Span> {
        &self.outdone
    }

    /// The project's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The canonical model, as `docker compose config` shows it: short forms written out, defaults filled in, variables
    /// put in. Values are the real ones; only [`Project::to_json`] writes a dollar sign twice.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// All services that take part, in the order of the file.
    pub fn services(&self) -> impl Iterator<Item = Service<'_>> {
        let services = self.root.child("services").and_then(Node::as_mapping);
        services
            .into_iter()
            .flat_map(Mapping::iter)
            .map(|(name, entry)| Service {
                name,
                key_span: entry.key_span,
                node: &entry.value,
            })
    }

    /// The service called `name`.
    pub fn service(&self, name: &str) -> Option<Service<'_>> {
        let services = self.root.child("services").and_then(Node::as_mapping)?;
        let entry = services.entry(name)?;
        let name = services.keys().find(|key| *key == name)?;
        Some(Service {
            name,
            key_span: entry.key_span,
            node: &entry.value,
        })
    }

    /// Services that are left out because none of their profiles is active, with those profiles.
    pub fn disabled_services(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.disabled
            .iter()
            .map(|(name, profiles)| (name.as_str(), profiles.as_slice()))
    }

    /// Top-level volumes that a service uses: the name in the file and the definition.
    pub fn volumes(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.top_level("volumes")
    }

    /// Top-level networks that a service uses: the name in the file and the definition.
    pub fn networks(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.top_level("networks")
    }

    fn top_level(&self, kind: &str) -> impl Iterator<Item = (&str, &Node)> {
        let resources = self.root.child(kind).and_then(Node::as_mapping);
        resources
            .into_iter()
            .flat_map(Mapping::iter)
            .map(|(name, entry)| (name, &entry.value))
    }
}

/// One service of a project.
#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    name: &'a str,
    key_span: Span,
    node: &'a Node,
}

/// A published or exposed port.
#[derive(Clone, Debug)]
pub struct Port<'a> {
    /// The address on the host it is bound to; nothing means all addresses.
    pub host_ip: Option<String>,
    /// The port on the host, possibly a range such as `9000-9005`; nothing lets the engine choose.
    pub published: Option<String>,
    /// The port in the container.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The entry it comes from.
    pub node: &'a Node,
}

impl Port<'_> {
    /// The first and the last published port; nothing when the engine chooses.
    pub fn published_range(&self) -> Option<(u16, u16)> {
        let published = self.published.as_deref()?;
        let (first, last) = published.split_once('-').unwrap_or((published, published));
        Some((first.parse().ok()?, last.parse().ok()?))
    }
}

/// What kind of thing a mount shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MountKind {
    /// A folder or file of the host.
    Bind,
    /// A volume, named or anonymous.
    Volume,
    /// Memory.
    Tmpfs,
    /// A named pipe of Windows.
    NamedPipe,
    /// A cluster volume.
    Cluster,
    /// Files of an image.
    Image,
}

/// A mount of a service.
#[derive(Clone, Debug)]
pub struct Mount<'a> {
    /// What it shows.
    pub kind: MountKind,
    /// The host's path, or the volume's name in the file; nothing for memory and anonymous volumes.
    pub source: Option<String>,
    /// The path in the container.
    pub target: String,
    /// Whether the container cannot write to it.
    pub read_only: bool,
    /// The entry it comes from.
    pub node: &'a Node,
}

/// A network that a service joins.
#[derive(Clone, Debug)]
pub struct NetworkAttachment<'a> {
    /// The network's name in the file; `default` is there without being written.
    pub name: &'a str,
    /// Further names of the service on this network.
    pub aliases: Vec<String>,
    /// The entry it comes from.
    pub node: &'a Node,
}

/// How a service is found healthy.
#[derive(Clone, Debug)]
pub struct Healthcheck<'a> {
    /// The test as Docker takes it: `["CMD", …]`, `["CMD-SHELL", …]` or `["NONE"]`. Empty: that of the image.
    pub test: Vec<String>,
    /// Time between two tests.
    pub interval: Option<Duration>,
    /// How long one test may take.
    pub timeout: Option<Duration>,
    /// How long failures do not count after the start.
    pub start_period: Option<Duration>,
    /// Time between two tests during the start period.
    pub start_interval: Option<Duration>,
    /// How many failures in a row make it unhealthy.
    pub retries: Option<u64>,
    /// Whether the image's health check is switched off.
    pub disabled: bool,
    /// The whole `healthcheck`.
    pub node: &'a Node,
}

/// What a service waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DependencyCondition {
    /// The other is started.
    Started,
    /// The other is healthy.
    Healthy,
    /// The other has ended without an error.
    CompletedSuccessfully,
}

/// A service that must come first.
#[derive(Clone, Debug)]
pub struct Dependency<'a> {
    /// The other service.
    pub service: &'a str,
    /// What is waited for.
    pub condition: DependencyCondition,
    /// Whether the other must be there.
    pub required: bool,
    /// Whether this one restarts with the other.
    pub restart: bool,
    /// The entry it comes from.
    pub node: &'a Node,
}

impl<'a> Service<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Where its name is written.
    pub fn key_span(&self) -> Span {
        self.key_span
    }

    /// All its keys, in canonical form.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The container's name, when the file fixes one.
    pub fn container_name(&self) -> Option<&'a str> {
        self.text("container_name")
    }

    /// The image, if one is named.
    pub fn image(&self) -> Option<&'a Node> {
        self.node.child("image")
    }

    /// One variable of its environment. A variable named without a value is null.
    pub fn environment(&self, name: &str) -> Option<&'a Node> {
        self.node.child("environment")?.child(name)
    }

    /// Its environment: what the file says and what its `env_file`s say.
    pub fn environment_all(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let environment = self.node.child("environment").and_then(Node::as_mapping);
        environment
            .into_iter()
            .flat_map(Mapping::iter)
            .map(|(name, entry)| (name, &entry.value))
    }

    /// The words of its command; nothing when the image's own is used.
    pub fn command(&self) -> Option<Vec<String>> {
        self.words("command")
    }

    /// The words of its entrypoint; nothing when the image's own is used.
    pub fn entrypoint(&self) -> Option<Vec<String>> {
        self.words("entrypoint")
    }

    /// Its ports, ranges written out.
    pub fn ports(&self) -> Vec<Port<'a>> {
        let port = |node: &'a Node| {
            let text = |key: &str| node.child(key).and_then(Node::scalar_text);
            Some(Port {
                host_ip: text("host_ip"),
                published: text("published"),
                target: u16::try_from(node.child("target")?.as_integer()?).ok()?,
                protocol: text("protocol").unwrap_or_else(|| "tcp".into()),
                node,
            })
        };
        self.items("ports").iter().filter_map(port).collect()
    }

    /// Its mounts: `volumes` and `tmpfs`.
    pub fn mounts(&self) -> Vec<Mount<'a>> {
        let mount = |node: &'a Node| {
            let text = |key: &str| node.child(key).and_then(Node::scalar_text);
            let kind = match node.child("type")?.as_str()? {
                "bind" => MountKind::Bind,
                "volume" => MountKind::Volume,
                "tmpfs" => MountKind::Tmpfs,
                "npipe" => MountKind::NamedPipe,
                "cluster" => MountKind::Cluster,
                "image" => MountKind::Image,
                _ => return None,
            };
            let read_only = node.child("read_only").is_some_and(is_true);
            Some(Mount {
                kind,
                source: text("source"),
                target: text("target")?,
                read_only,
                node,
            })
        };
        let in_memory = |node: &'a Node| {
            let (target, options) = node
                .as_str()?
                .split_once(':')
                .unwrap_or((node.as_str()?, ""));
            let read_only = options.split(',').any(|option| option == "ro");
            Some(Mount {
                kind: MountKind::Tmpfs,
                source: None,
                target: target.into(),
                read_only,
                node,
            })
        };
        let volumes = self.items("volumes").iter().filter_map(mount);
        volumes
            .chain(self.items("tmpfs").iter().filter_map(in_memory))
            .collect()
    }

    /// The networks it joins, `default` included when Compose adds it.
    pub fn networks(&self) -> Vec<NetworkAttachment<'a>> {
        let networks = self.node.child("networks").and_then(Node::as_mapping);
        let attachment = |(name, entry): (&'a str, &'a crate::node::Entry)| NetworkAttachment {
            name,
            aliases: texts(entry.value.child("aliases")),
            node: &entry.value,
        };
        networks
            .into_iter()
            .flat_map(Mapping::iter)
            .map(attachment)
            .collect()
    }

    /// The network mode, when it takes the place of networks.
    pub fn network_mode(&self) -> Option<&'a str> {
        self.text("network_mode")
    }

    /// Its health check, when the file has one.
    pub fn healthcheck(&self) -> Option<Healthcheck<'a>> {
        let node = self.node.child("healthcheck")?;
        let duration = |key: &str| {
            node.child(key)
                .and_then(Node::as_str)
                .and_then(|text| units::duration(text).ok())
        };
        let test = texts(node.child("test"));
        Some(Healthcheck {
            disabled: node.child("disable").is_some_and(is_true)
                || test.first().is_some_and(|word| word == "NONE"),
            test,
            interval: duration("interval"),
            timeout: duration("timeout"),
            start_period: duration("start_period"),
            start_interval: duration("start_interval"),
            retries: node
                .child("retries")
                .and_then(Node::as_integer)
                .and_then(|retries| u64::try_from(retries).ok()),
            node,
        })
    }

    /// The services that must come first, also those that `links` and the like imply.
    pub fn depends_on(&self) -> Vec<Dependency<'a>> {
        let dependencies = self.node.child("depends_on").and_then(Node::as_mapping);
        let dependency = |(service, entry): (&'a str, &'a crate::node::Entry)| Dependency {
            service,
            condition: match entry.value.child("condition").and_then(Node::as_str) {
                Some("service_healthy") => DependencyCondition::Healthy,
                Some("service_completed_successfully") => {
                    DependencyCondition::CompletedSuccessfully
                }
                _ => DependencyCondition::Started,
            },
            required: entry.value.child("required").is_none_or(is_true),
            restart: entry.value.child("restart").is_some_and(is_true),
            node: &entry.value,
        };
        dependencies
            .into_iter()
            .flat_map(Mapping::iter)
            .map(dependency)
            .collect()
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.node.child(key).and_then(Node::as_str)
    }

    fn items(&self, key: &str) -> &'a [Node] {
        self.node
            .child(key)
            .and_then(Node::as_sequence)
            .unwrap_or_default()
    }

    fn words(&self, key: &str) -> Option<Vec<String>> {
        let words = self.node.child(key)?.as_sequence()?;
        Some(words.iter().filter_map(Node::scalar_text).collect())
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    node.and_then(Node::as_sequence)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::scalar_text)
        .collect()
}
