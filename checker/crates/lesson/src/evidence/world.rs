//! The engine and what it runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Answered, Probe};

/// What has to be known of the world to judge a lesson: made by the core, fulfilled by the engine crate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wanted {
    /// Compose project name (label `com.docker.compose.project`).
    pub project: String,
    /// Absolute path of the lesson's folder (label `com.docker.compose.project.working_dir`).
    pub folder: String,
    /// Image references of the file, to learn which are on the machine.
    pub images: BTreeSet<String>,
    /// Image references whose history is asked for as well.
    pub histories: BTreeSet<String>,
    /// Host ports that the file publishes, to learn who holds them.
    pub ports: BTreeSet<HostPort>,
    /// Questions to running services.
    pub probes: BTreeSet<Probe>,
}

impl Wanted {
    /// Whether this is an image of a repository that the file names, whatever the tag.
    pub fn has_repository_of(&self, image: &str) -> bool {
        let repository = |image: &str| {
            let reference = compose::image::ImageReference::parse(image).ok()?;
            Some((reference.registry, reference.repository))
        };
        repository(image).is_some_and(|found| {
            self.images
                .iter()
                .any(|wanted| repository(wanted).as_ref() == Some(&found))
        })
    }
}

/// A port of the host as a compose file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostPort {
    /// Address it is bound to; empty means every address.
    pub address: String,
    /// Port number.
    pub port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// What was seen of the engine, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSeen {
    /// Whether and which engine answered.
    pub engine: EngineSeen,
    /// The lesson's containers: project and folder agree with the labels. Sorted by name.
    #[serde(default)]
    pub containers: Vec<ContainerSeen>,
    /// Containers of the same project name that were started from another folder, or by hand from an image that Compose has built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strangers: Vec<ContainerSeen>,
    /// Containers that no Compose project has made, of a repository that the file names. Sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loose: Vec<LooseSeen>,
    /// Image reference as wanted or as a container names it, and what the engine has under it.
    #[serde(default)]
    pub images: BTreeMap<String, ImageSeen>,
    /// Images that Compose has built for the project, by its label, whether they still have a name or not. Sorted by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub built: Vec<BuiltSeen>,
    /// The body of `GET /images/{name}/history` for each reference that it was asked for: the steps, newest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub histories: BTreeMap<String, Value>,
    /// The engine's `GET /networks/{id}` for each network of the project's label or of a container of it, by name.
    #[serde(default)]
    pub networks: BTreeMap<String, Value>,
    /// The engine's `GET /volumes/{name}` likewise.
    #[serde(default)]
    pub volumes: BTreeMap<String, Value>,
    /// Who holds the host ports that the file publishes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortSeen>,
    /// Answers, in the probes' order.
    #[serde(default)]
    pub answers: Vec<Answered>,
}

impl WorldSeen {
    /// The answer to a probe, where it was put.
    pub fn answer(&self, probe: &Probe) -> Option<&Answer> {
        self.answers
            .iter()
            .find(|answered| &answered.probe == probe)
            .map(|answered| &answered.answer)
    }
}

/// The engine, or why there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum EngineSeen {
    /// Nobody asked: the files alone are judged.
    #[default]
    NotAsked,
    /// No engine could be asked, or it went away half-way.
    Silent {
        /// Where it was looked for and why there: `unix:///var/run/docker.sock (the default socket)`.
        address: String,
        /// What happened, in one sentence.
        reason: String,
        /// What to look at or run next.
        next: String,
    },
    /// It answered.
    Answered {
        /// Where it was found and why there.
        address: String,
        /// The body of `GET /version`.
        version: Value,
    },
}

/// One container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContainerSeen {
    /// The body of `GET /containers/{id}/json`.
    pub inspect: Value,
    /// Its newest log lines (40 at the most), read where it is not running.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_lines: Vec<String>,
}

/// A container without any Compose label, as `docker run` leaves it. No more is kept of it: it is nobody's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LooseSeen {
    /// Its name.
    pub name: String,
    /// The image as it was named.
    pub image: String,
    /// The engine's word for its state: `running`, `exited`, `created`.
    pub state: String,
}

/// An image reference looked up on the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageSeen {
    /// The body of `GET /images/{name}/json`.
    Present(Value),
    /// The engine has no image under this name.
    Absent,
}

/// An image that Compose has built. No more is kept of it: it is nobody's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltSeen {
    /// Its id, as `sha256:…`.
    pub id: String,
    /// Names with tags under which the engine has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// All its layers together, in bytes.
    pub bytes: u64,
    /// Those of them that other images have too, in bytes, where the engine says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_bytes: Option<u64>,
}

/// A host port and who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortSeen {
    /// The port.
    pub port: HostPort,
    /// Who holds it.
    pub holder: PortHolder,
}

/// Who holds a host port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PortHolder {
    /// Nobody, as far as can be seen from here.
    Nobody,
    /// A container of this lesson.
    Own(String),
    /// Another container.
    Container {
        /// Its name.
        name: String,
        /// Its Compose project, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
        /// The folder it was started from, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folder: Option<String>,
    },
    /// Something on this machine that is no container of this engine.
    Program,
}

/// A process of a container. The engine's list leaves zombies out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Process number as the host counts.
    pub pid: u32,
    /// Its parent's.
    pub parent: u32,
    /// User it runs as: the number, where the engine gives it. A name is the host's, not the image's.
    pub user: String,
    /// Command line.
    pub command: String,
}
