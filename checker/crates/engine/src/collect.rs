//! Gathers what a lesson wants to know.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join_all};
use lesson::evidence::{ContainerSeen, EngineSeen, LooseSeen, Wanted, WorldSeen};
use serde_json::Value;

use crate::address::Address;
use crate::client::{Engine, escaped, label_filter};
use crate::deadlines::Deadlines;
use crate::failure::Failure;
use crate::holders::{self, Machine};
use crate::images;
use crate::inspect::{FOLDER, Inspected, Listed, PROJECT, same_folder};
use crate::output::last_lines;
use crate::probe;

/// How many log lines a container that does not run is seen with.
const LAST_LINES: usize = 40;

/// How many are read to find them: a Go program that panics prints some thousand lines of stack after the one that matters.
const LINES_READ: u32 = 5000;

/// Asks the engine and the services for everything that is wanted, and returns when all is answered or the deadlines are over.
///
/// Where the engine cannot be asked, or goes away before all containers are known, the result is
/// [`EngineSeen::Silent`] and nothing else: half a list of containers would look like containers that are missing. Images,
/// networks and volumes that the engine does not speak about are left out.
///
/// Must be called within a tokio runtime with time and input/output enabled. A runtime that is dropped waits for a name that is
/// still being looked up (`tcp://name`): end it with `shutdown_background`, so that a silent name server delays nobody.
pub async fn collect(address: &Address, wanted: &Wanted, deadlines: &Deadlines) -> WorldSeen {
    let gathered = async {
        let engine = Engine::new(address, deadlines)?;
        gather(&engine, wanted).await
    };
    gathered.await.unwrap_or_else(|failure: Failure| WorldSeen {
        engine: failure.silent(address),
        ..WorldSeen::default()
    })
}

async fn gather(engine: &Engine, wanted: &Wanted) -> Result<WorldSeen, Failure> {
    let (version, listed) = tokio::try_join!(version(engine), list(engine))?;
    let (own, strangers) = of_project(&listed, wanted);

    let machine = match engine.address.endpoint.remote_host() {
        None => Machine::This,
        Some(_) => Machine::Other,
    };
    let is_own = |container: Listed<'_>| own.contains(container.id());
    let (containers, strangers, ports) = tokio::join!(
        inspect_all(engine, &own),
        inspect_all(engine, &strangers),
        holders::of(&wanted.ports, &listed, is_own, machine),
    );
    let (containers, strangers) = (containers?, strangers?);

    let inspected = || containers.iter().map(|seen| Inspected(&seen.inspect));
    let mut names = wanted.images.clone();
    names.extend(
        inspected()
            .map(|container| container.image().to_owned())
            .filter(|name| !name.is_empty()),
    );
    let (images, histories, built, networks, volumes, answers) = tokio::join!(
        images::look_up(engine, &names),
        images::histories(engine, &wanted.histories),
        images::built(engine, &wanted.project),
        networks(
            engine,
            &wanted.project,
            inspected().flat_map(Inspected::networks)
        ),
        volumes(
            engine,
            &wanted.project,
            inspected().flat_map(Inspected::volumes)
        ),
        probe::ask_all(engine, &wanted.probes, &containers),
    );
    Ok(WorldSeen {
        engine: EngineSeen::Answered {
            address: engine.address.to_string(),
            version,
        },
        containers,
        strangers,
        loose: loose(&listed, wanted),
        images,
        built,
        histories,
        networks,
        volumes,
        ports,
        answers,
    })
}

/// The engine's own description. Whatever has neither a version nor an API version is no engine.
pub(crate) async fn version(engine: &Engine) -> Result<Value, Failure> {
    let version = engine
        .get_within(engine.deadlines.first_answer, "/version")
        .await?;
    let names = ["ApiVersion", "Version"];
    if names
        .iter()
        .any(|name| version.get(name).is_some_and(Value::is_string))
    {
        return Ok(version);
    }
    Err(Failure::Nonsense(
        "its `/version` names no version".to_owned(),
    ))
}

/// All containers of the engine, in whatever state, of whatever project.
pub(crate) async fn list(engine: &Engine) -> Result<Vec<Value>, Failure> {
    match engine
        .get_within(engine.deadlines.first_answer, "/containers/json?all=true")
        .await?
    {
        Value::Array(containers)
            if containers
                .iter()
                .all(|container| !Listed(container).id().is_empty()) =>
        {
            Ok(containers)
        }
        _ => Err(Failure::Nonsense(
            "its list of containers is no list of containers".to_owned(),
        )),
    }
}

/// Ids of the project's containers: those started from the lesson's folder, and those from elsewhere.
fn of_project<'a>(listed: &'a [Value], wanted: &Wanted) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let of_project = listed.iter().map(Listed);
    let of_project = of_project.filter(|container| {
        container.label(PROJECT) == Some(&wanted.project) && !container.is_one_off()
    });
    let (own, strangers): (Vec<_>, Vec<_>) = of_project.partition(|container| {
        container
            .label(FOLDER)
            .is_some_and(|folder| same_folder(folder, &wanted.folder))
    });
    let ids = |containers: Vec<Listed<'a>>| containers.into_iter().map(Listed::id).collect();
    (ids(own), ids(strangers))
}

/// Containers that no Compose project has made, of images that the file names too.
fn loose(listed: &[Value], wanted: &Wanted) -> Vec<LooseSeen> {
    let listed = listed.iter().map(Listed).filter(|container| {
        container.label(PROJECT).is_none() && wanted.has_repository_of(container.image())
    });
    let mut loose: Vec<_> = listed
        .map(|container| LooseSeen {
            name: container.name().to_owned(),
            image: container.image().to_owned(),
            state: container.state().to_owned(),
        })
        .collect();
    loose.sort_by(|left, right| left.name.cmp(&right.name));
    loose
}

/// Inspects containers, sorted by name. One that was removed since it was listed is left out.
async fn inspect_all(engine: &Engine, ids: &BTreeSet<&str>) -> Result<Vec<ContainerSeen>, Failure> {
    let seen = try_join_all(ids.iter().map(|id| inspect(engine, id))).await?;
    let mut seen: Vec<_> = seen.into_iter().flatten().collect();
    seen.sort_by(|left, right| {
        Inspected(&left.inspect)
            .name()
            .cmp(Inspected(&right.inspect).name())
    });
    Ok(seen)
}

async fn inspect(engine: &Engine, id: &str) -> Result<Option<ContainerSeen>, Failure> {
    let inspect = match engine
        .get(&format!("/containers/{}/json", escaped(id)))
        .await
    {
        Ok(inspect) => inspect,
        Err(Failure::Said { status: 404, .. }) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let container = Inspected(&inspect);
    if container.id().is_empty() {
        return Err(Failure::Nonsense(format!(
            "what it says about container {id} is no container"
        )));
    }
    let lines = match container.is_running() {
        true => Vec::new(),
        // Not every log driver lets its lines be read; a container without lines says enough.
        false => engine
            .end
            .within(engine.deadlines.call, last_lines(engine, id, LINES_READ))
            .await
            .map_or(Vec::new(), |lines| last_words(lines.unwrap_or_default())),
    };
    Ok(Some(ContainerSeen {
        inspect,
        last_lines: lines,
    }))
}

/// The newest lines; where the program ended in a panic, those that lead up to it, without the stack that follows.
fn last_words(mut lines: Vec<String>) -> Vec<String> {
    let panics = |line: &String| line.starts_with("panic: ") || line.starts_with("fatal error: ");
    if let Some(last) = lines.iter().rposition(panics) {
        lines.truncate(last + 1);
    }
    lines.split_off(lines.len().saturating_sub(LAST_LINES))
}

/// The networks of the project's label, and those that its containers are attached to.
async fn networks(
    engine: &Engine,
    project: &str,
    attached: impl Iterator<Item = &str>,
) -> BTreeMap<String, Value> {
    let mut names: BTreeSet<String> = attached.map(str::to_owned).collect();
    let labelled = engine
        .get(&format!(
            "/networks?filters={}",
            label_filter(PROJECT, project)
        ))
        .await
        .unwrap_or_default();
    names.extend(names_in(&labelled));
    describe(engine, "networks", &names).await
}

/// The volumes of the project's label, and those that its containers have mounted.
async fn volumes(
    engine: &Engine,
    project: &str,
    mounted: impl Iterator<Item = &str>,
) -> BTreeMap<String, Value> {
    let mut names: BTreeSet<String> = mounted.map(str::to_owned).collect();
    let labelled = engine
        .get(&format!(
            "/volumes?filters={}",
            label_filter(PROJECT, project)
        ))
        .await
        .unwrap_or_default();
    names.extend(names_in(labelled.get("Volumes").unwrap_or(&Value::Null)));
    describe(engine, "volumes", &names).await
}

fn names_in(list: &Value) -> impl Iterator<Item = String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|thing| thing.get("Name").and_then(Value::as_str).map(str::to_owned))
}

/// `GET /{kind}/{name}` for each name; what is not described is left out.
async fn describe(
    engine: &Engine,
    kind: &str,
    names: &BTreeSet<String>,
) -> BTreeMap<String, Value> {
    let described = join_all(
        names
            .iter()
            .filter(|name| !name.is_empty())
            .map(|name| async move {
                let body = engine
                    .get(&format!("/{kind}/{}", escaped(name)))
                    .await
                    .ok()?;
                Some((name.clone(), body))
            }),
    );
    described.await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn the_stack_after_a_panic_is_left_out() {
        let mut log = lines(&["starting", "panic: no bucket", "", "goroutine 1 [running]:"]);
        log.extend((0..100).map(|number| format!("main.go:{number}")));
        assert_eq!(last_words(log), lines(&["starting", "panic: no bucket"]));
    }

    #[test]
    fn without_a_panic_the_newest_lines_are_kept() {
        let log: Vec<_> = (0..50).map(|number| number.to_string()).collect();
        assert_eq!(last_words(log.clone()), log[10..]);
        assert_eq!(last_words(lines(&["one"])), lines(&["one"]));
    }
}
