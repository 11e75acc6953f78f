//! The lesson's project as it is now: what a drill may touch, and whether it can be put back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use lesson::container::{Container, Status};
use lesson::drill::Endangered;
use lesson::evidence::{ContainerSeen, EngineSeen, Wanted, WorldSeen};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::docker::{Docker, Project};

const LABEL: &str = "com.docker.compose";

/// The project's containers with what is mounted into them, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its containers.
    pub containers: Vec<Known>,
    /// Its networks.
    pub networks: Vec<String>,
    /// Its named volumes, whether they are mounted or not.
    pub volumes: BTreeSet<String>,
}

/// A container of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// `lesson-03-redis-1`
    pub name: String,
    /// Its service.
    pub service: String,
    /// Which of the service's containers it is, counted from 1.
    pub number: u32,
    /// Whether its process runs.
    pub runs: bool,
    /// Whether its process has ended with exit code 0, as that of a job does. It is run again where its service is started.
    #[serde(default)]
    pub done: bool,
    /// The hash that Compose made of its service.
    pub hash: String,
    /// Whether its own file system can only be read.
    pub read_only: bool,
    /// Volumes.
    pub mounts: Vec<Mount>,
    /// Folders where something is mounted, of whatever kind.
    pub mounted: Vec<String>,
}

/// A volume mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The volume's name.
    pub volume: String,
    /// The folder in the container.
    pub folder: String,
    /// Whether the container can write into it.
    pub writable: bool,
    /// Whose volume it is.
    pub owner: Owner,
}

/// Whose a volume is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The project's, by a name in its file.
    Project,
    /// The container's alone; it has no name of its own.
    Anonymous,
    /// Somebody else's (`external`), so nothing may happen to it.
    Other,
}

/// Asks the engine what the project has now.
///
/// # Errors
/// No engine answers, with its words and the next step; or it leaves out a volume. For a verdict that is something not seen;
/// here it would be something lost.
pub fn look(docker: &Docker) -> anyhow::Result<WorldSeen> {
    let Project { name, folder, .. } = &docker.project;
    let wanted = Wanted {
        project: name.clone(),
        folder: folder.clone(),
        ..Wanted::default()
    };
    let seen = crate::capture::capture_world(docker.host.as_deref(), &wanted)?;
    match &seen.engine {
        EngineSeen::Answered { .. } => {}
        EngineSeen::Silent {
            address,
            reason,
            next,
        } => bail!("the engine at {address} was not reached: {reason}. Next: {next}"),
        EngineSeen::NotAsked => bail!("the engine was not asked"),
    }
    let filter = format!("label={LABEL}.project={name}");
    let listed = docker.docker(&["volume", "ls", "--quiet", "--filter", &filter])?;
    match listed
        .lines()
        .find(|volume| !seen.volumes.contains_key(*volume))
    {
        None => Ok(seen),
        Some(volume) => bail!("the engine did not describe the volume {volume}; try again"),
    }
}

impl Running {
    /// Reads it out of what was seen of the project of this name.
    pub fn of(world: &WorldSeen, project: &str) -> Self {
        let networks = world.networks.iter();
        let networks = networks.filter(|(_, network)| is_made_for(network, project));
        let volumes = world.volumes.iter();
        let volumes = volumes.filter(|(_, volume)| is_made_for(volume, project));
        Self {
            containers: world
                .containers
                .iter()
                .map(|seen| Known::of(seen, world, project))
                .collect(),
            networks: networks.map(|(name, _)| name.clone()).collect(),
            volumes: volumes.map(|(name, _)| name.clone()).collect(),
        }
    }

    /// Names of the volumes that belong to one container alone.
    pub fn anonymous(&self) -> BTreeSet<String> {
        let mounts = self.containers.iter().flat_map(|known| &known.mounts);
        mounts
            .filter(|mount| mount.owner == Owner::Anonymous)
            .map(|mount| mount.volume.clone())
            .collect()
    }

    /// Whether there is anything to save but the containers' own files.
    pub fn has_volumes(&self) -> bool {
        let mut mounts = self.containers.iter().flat_map(|known| &known.mounts);
        !self.volumes.is_empty()
            || mounts.any(|mount| mount.owner != Owner::Other || mount.writable)
    }

    /// How many containers each service has, and how many of them run.
    pub fn counts(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut counts = BTreeMap::new();
        for known in &self.containers {
            let (all, running): &mut (usize, usize) =
                counts.entry(known.service.as_str()).or_default();
            *all += 1;
            *running += usize::from(known.runs);
        }
        counts
    }

    /// Names of the containers of these services; an empty list means all.
    pub fn names(&self, services: &[String]) -> Vec<&str> {
        self.containers
            .iter()
            .filter(|known| services.is_empty() || services.contains(&known.service))
            .map(|known| known.name.as_str())
            .collect()
    }

    /// The container that stands where another stood.
    pub fn successor(&self, of: &Known) -> Option<&Known> {
        self.containers
            .iter()
            .find(|known| known.service == of.service && known.number == of.number)
    }
}

impl Known {
    fn of(seen: &ContainerSeen, world: &WorldSeen, project: &str) -> Self {
        let container = Container::new(seen);
        let label = |name: &str| self::label(&seen.inspect, name).unwrap_or_default();
        let text = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let listed = seen.inspect.get("Mounts").and_then(Value::as_array);
        let volumes = listed.into_iter().flatten();
        let volumes = volumes.filter(|mount| text(mount, "Type") == "volume");
        let mounts = volumes.map(|mount| {
            let volume = text(mount, "Name");
            Mount {
                owner: owner(world.volumes.get(&volume), project),
                folder: text(mount, "Destination"),
                writable: mount.get("RW").and_then(Value::as_bool).unwrap_or_default(),
                volume,
            }
        });
        // The engine lists them in an order of its own, another one each time.
        let mut mounts: Vec<_> = mounts.collect();
        mounts.sort_by(|one, other| one.folder.cmp(&other.folder));
        let mounted = container.mounts().into_iter();
        let mut mounted: Vec<_> = mounted.map(|mounted| mounted.target).collect();
        mounted.sort();
        Self {
            id: text(&seen.inspect, "Id"),
            name: container.name().to_owned(),
            service: container.service().to_owned(),
            number: label("container-number").parse().unwrap_or_default(),
            runs: container.status() == Status::Running,
            done: container.status() == Status::Exited && container.exit_code() == Some(0),
            hash: label("config-hash").to_owned(),
            read_only: container
                .field("HostConfig.ReadonlyRootfs")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            mounts,
            mounted,
        }
    }
}

/// A Compose label of an inspected container.
fn label<'a>(inspect: &'a Value, name: &str) -> Option<&'a str> {
    let labels = inspect.pointer("/Config/Labels")?;
    labels.get(format!("{LABEL}.{name}"))?.as_str()
}

/// Whether Compose made this network or volume for the project. What is `external` there may be another project's.
fn is_made_for(inspect: &Value, project: &str) -> bool {
    let labels = inspect.get("Labels");
    let of = labels.and_then(|labels| labels.get(format!("{LABEL}.project"))?.as_str());
    of == Some(project)
}

/// Whose a volume is, by its labels. One that the engine says nothing about is somebody else's.
fn owner(volume: Option<&Value>, project: &str) -> Owner {
    let has = |volume: &Value, label: &str| {
        let labels = volume.get("Labels");
        labels.is_some_and(|labels| labels.get(label).is_some())
    };
    match volume {
        Some(volume) if is_made_for(volume, project) => Owner::Project,
        Some(volume) if has(volume, "com.docker.volume.anonymous") => Owner::Anonymous,
        _ => Owner::Other,
    }
}

/// The files and names that the project's containers were started with.
///
/// # Errors
/// Nothing runs, or not everything was started alike.
pub fn started_with(world: &WorldSeen, name: &str, folder: &Path) -> anyhow::Result<Project> {
    let mut all = world.containers.iter().map(|seen| {
        let label = |name: &str| self::label(&seen.inspect, name).unwrap_or_default();
        let list = |name: &str| -> Vec<String> {
            let parts = label(name).split(',').filter(|part| !part.is_empty());
            parts.map(str::to_owned).collect()
        };
        Project {
            name: name.to_owned(),
            folder: label("project.working_dir").to_owned(),
            files: list("project.config_files"),
            environment_files: list("project.environment_file"),
        }
    });
    let Some(first) = all.next() else {
        bail!(
            "nothing of the project {name} is there. Next: `docker compose up --detach --wait` in {}",
            folder.display()
        );
    };
    if let Some(other) = all.find(|other| *other != first) {
        bail!(
            "its containers were started from different files ({} and {}). Next: `docker compose up --detach --wait` in {}",
            first.files.join(", "),
            other.files.join(", "),
            folder.display()
        );
    }
    Ok(first)
}

/// Makes sure that all of it can be put back.
///
/// # Errors
/// What stands in the way, and the next step.
pub fn can_be_put_back(
    docker: &Docker,
    running: &Running,
    endangered: Endangered,
) -> anyhow::Result<()> {
    let name = &docker.project.name;
    for known in &running.containers {
        if !known.runs && !known.done {
            bail!(
                "{} does not run, or is paused. Next: `docker compose up --detach --wait`, or `docker compose rm {}`",
                known.name,
                known.service
            );
        }
    }
    only_own_containers(docker, running)?;
    made_from_these_files(docker, running)?;
    if !endangered.volumes {
        return Ok(());
    }
    let mut mounted = BTreeSet::new();
    for known in &running.containers {
        for mount in &known.mounts {
            mounted.insert(&mount.volume);
            if mount.owner == Owner::Other && mount.writable {
                bail!(
                    "the volume {} is not the project's own, and {} could write into it; a drill does not touch it",
                    mount.volume,
                    known.name
                );
            }
            if mount.owner != Owner::Other {
                only_own_users(docker, running, &mount.volume)?;
            }
        }
    }
    if let Some(unused) = running
        .volumes
        .iter()
        .find(|volume| !mounted.contains(volume))
    {
        bail!(
            "the volume {unused} of the project {name} is mounted nowhere, so it could not be saved. Next: look at what is in it; `docker volume rm {unused}` removes it"
        );
    }
    let is_saved = |mount: &Mount| mount.owner != Owner::Other;
    for volume in mounted {
        let all = running.containers.iter().flat_map(|known| &known.mounts);
        let mut of_it = all.filter(|mount| mount.volume == *volume && is_saved(mount));
        if of_it.clone().count() > 0 && !of_it.any(|mount| mount.writable) {
            bail!(
                "the volume {volume} is mounted read-only everywhere, so it could not be filled again"
            );
        }
    }
    Ok(())
}

/// `docker compose down` takes every container with the project's label, wherever it came from.
fn only_own_containers(docker: &Docker, running: &Running) -> anyhow::Result<()> {
    let name = &docker.project.name;
    let filter = format!("label={LABEL}.project={name}");
    if let Some(other) = other_container(docker, running, &filter)? {
        bail!(
            "{other} carries the project's name {name} and was not made by `up` in this folder. Next: `docker rm --force {other}` if it is of no use any more"
        );
    }
    Ok(())
}

fn only_own_users(docker: &Docker, running: &Running, volume: &str) -> anyhow::Result<()> {
    if let Some(other) = other_container(docker, running, &format!("volume={volume}"))? {
        bail!("{other} uses the volume {volume} too, and is no container of this project");
    }
    Ok(())
}

fn other_container(
    docker: &Docker,
    running: &Running,
    filter: &str,
) -> anyhow::Result<Option<String>> {
    let format = "{{.ID}} {{.Names}}";
    let listed = docker.docker(&[
        "ps",
        "--all",
        "--no-trunc",
        "--filter",
        filter,
        "--format",
        format,
    ])?;
    let other = listed.lines().find_map(|line| {
        let (id, name) = line.split_once(' ')?;
        let is_own = running.containers.iter().any(|known| known.id == id);
        (!is_own).then(|| name.to_owned())
    });
    Ok(other)
}

/// Otherwise `up` would make other containers than those that were there.
fn made_from_these_files(docker: &Docker, running: &Running) -> anyhow::Result<()> {
    let hashes = docker.compose(&["config", "--hash", "*"])?;
    let hashes: BTreeMap<_, _> = hashes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    for known in &running.containers {
        match hashes.get(known.service.as_str()) {
            Some(hash) if hash.trim() == known.hash => {}
            Some(_) => bail!(
                "{} was started from an older file, or with other variables. Next: `docker compose up --detach --wait`",
                known.name
            ),
            None => bail!(
                "{} belongs to the service {}, which the file does not have. Next: `docker compose up --detach --remove-orphans`",
                known.name,
                known.service
            ),
        }
    }
    Ok(())
}

/// The project's folder as Compose writes it into labels.
pub fn absolute(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    std::path::absolute(folder).with_context(|| format!("{} is no usable path", folder.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_volume_of_another_project_is_not_ones_own() {
        let of = |project: &str| json!({"Labels": {"com.docker.compose.project": project, "com.docker.compose.volume": "data"}});
        assert_eq!(owner(Some(&of("lesson-03")), "lesson-03"), Owner::Project);
        assert_eq!(owner(Some(&of("shop")), "lesson-03"), Owner::Other);
        let anonymous = json!({"Labels": {"com.docker.volume.anonymous": ""}});
        assert_eq!(owner(Some(&anonymous), "lesson-03"), Owner::Anonymous);
        assert_eq!(
            owner(Some(&json!({"Labels": null})), "lesson-03"),
            Owner::Other
        );
        assert_eq!(
            owner(None, "lesson-03"),
            Owner::Other,
            "the engine did not say"
        );
    }
}
