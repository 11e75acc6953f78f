//! What a machine has, whatever the lesson: for `checker doctor`.

use std::collections::{BTreeMap, BTreeSet};

use lesson::evidence::{EngineSeen, HostPort, ImageSeen, PortSeen};
use serde::Serialize;
use serde_json::Value;

use crate::address::Address;
use crate::client::Engine;
use crate::collect::{list, version};
use crate::deadlines::Deadlines;
use crate::failure::Failure;
use crate::{holders, images};

/// What an engine has and holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Surroundings {
    /// Whether and which engine answered.
    pub engine: EngineSeen,
    /// The machine that the engine runs on (with Docker Desktop a virtual one).
    pub machine: Machine,
    /// The images asked for. One that the engine does not speak about is left out.
    pub images: BTreeMap<String, ImageSeen>,
    /// Who holds the ports asked for. Container names are all foreign here: no lesson is asked about.
    pub ports: Vec<PortSeen>,
}

/// The engine's `GET /info`, as far as it matters. Nothing where the engine says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// As the engine writes it: `Debian GNU/Linux 12 (bookworm)`, `Docker Desktop`.
    pub operating_system: Option<String>,
    /// `linux` or `windows`: which kind of containers it runs.
    pub kind: Option<String>,
    /// `x86_64`, `aarch64`, …
    pub architecture: Option<String>,
    /// Number of processors.
    pub processors: Option<u64>,
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Version of the kernel.
    pub kernel: Option<String>,
    /// `overlay2`, `overlayfs` (containerd's image store), …
    pub storage_driver: Option<String>,
    /// Folder where images and volumes are kept, on the engine's machine. The free space there is the host's to find out: the
    /// engine does not say.
    pub data_folder: Option<String>,
    /// `1` or `2`.
    pub cgroup_version: Option<String>,
    /// Number of containers that run.
    pub running: Option<u64>,
}

/// Asks an engine what it has. Reads only.
///
/// Must be called within a tokio runtime with time and input/output enabled.
pub async fn look_around(
    address: &Address,
    images: &BTreeSet<String>,
    ports: &BTreeSet<HostPort>,
    deadlines: &Deadlines,
) -> Surroundings {
    let gathered = async {
        let engine = Engine::new(address, deadlines)?;
        gather(&engine, images, ports).await
    };
    gathered
        .await
        .unwrap_or_else(|failure: Failure| Surroundings {
            engine: failure.silent(address),
            ..Surroundings::default()
        })
}

async fn gather(
    engine: &Engine,
    images: &BTreeSet<String>,
    ports: &BTreeSet<HostPort>,
) -> Result<Surroundings, Failure> {
    let (version, listed) = tokio::try_join!(version(engine), list(engine))?;
    let machine = match engine.address.endpoint.remote_host() {
        None => holders::Machine::This,
        Some(_) => holders::Machine::Other,
    };
    let (info, images, ports) = tokio::join!(
        engine.get("/info"),
        images::look_up(engine, images),
        holders::of(ports, &listed, |_| false, machine),
    );
    Ok(Surroundings {
        engine: EngineSeen::Answered {
            address: engine.address.to_string(),
            version,
        },
        machine: Machine::read(&info.unwrap_or_default()),
        images,
        ports,
    })
}

impl Machine {
    fn read(info: &Value) -> Self {
        let text = |name: &str| {
            info.get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let number = |name: &str| info.get(name).and_then(Value::as_u64);
        Self {
            operating_system: text("OperatingSystem"),
            kind: text("OSType"),
            architecture: text("Architecture"),
            processors: number("NCPU"),
            memory: number("MemTotal"),
            kernel: text("KernelVersion"),
            storage_driver: text("Driver"),
            data_folder: text("DockerRootDir"),
            cgroup_version: text("CgroupVersion"),
            running: number("ContainersRunning"),
        }
    }
}
