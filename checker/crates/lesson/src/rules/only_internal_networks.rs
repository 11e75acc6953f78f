//! `only-internal-networks`, `only-internal-networks-on-engine`

use compose::Step;
use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
use crate::address::{network_owner, networks};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const IN_FILE: Rule = Rule {
    name: "only-internal-networks",
    what: "Every network that a service is attached to is defined with `internal: true`.",
    why: "An internal network has no way out and no way in: its containers reach each other, nothing on the internet, and no port of theirs is published.",
    mend: "Write `internal: true` below the network's name under `networks:`, and attach the service to no other network.",
    leave: "Where the service has to reach something outside, or to be reached from your machine.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| in_file(scene, &parameters)),
};

pub const ON_ENGINE: Rule = Rule {
    name: "only-internal-networks-on-engine",
    what: "The engine says of every network that a service's container is attached to that it is internal.",
    why: "A network keeps what it was made with. The file may say something else by now, and `docker network connect` asks no file.",
    mend: "Run `docker compose down` and `docker compose up -d`; a network that was made by hand has to be made anew by hand.",
    leave: "Where the service has to reach something outside, or to be reached from your machine.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| on_engine(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn in_file(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let Some(owner) = scene.service(service).map(|it| network_owner(scene, it)) else {
        return Judged::Holds;
    };
    match owner.network_mode() {
        Some("none") => return Judged::Holds,
        Some(mode) => {
            let spot = scene.nearest(&format!("services.{}.network_mode", owner.name()));
            let found = format!("`network_mode: {mode}` takes the place of networks");
            return Mismatch::new(spot, found, "an internal network")
                .next("look at `networks:` of the other services")
                .into();
        }
        None => {}
    }
    let attached = networks(scene, &owner).into_iter();
    Judged::all(attached.map(|network| network_in_file(scene, owner.name(), network)))
}

fn network_in_file(scene: &Scene<'_>, service: &str, network: &str) -> Judged {
    let definition = scene
        .project()
        .and_then(|project| project.networks().find(|(name, _)| *name == network))
        .map(|(_, definition)| definition.to_json())
        .unwrap_or_default();
    let is_set = |key: &str| definition.get(key) == Some(&Value::Bool(true));
    // Somebody else made it: what the file says of it counts for nothing.
    if is_set("external") {
        let name = definition.get("name").and_then(Value::as_str);
        let name = name.unwrap_or(network);
        return match is_internal(scene, name) {
            Some(true) => Judged::Holds,
            Some(false) => not_internal(scene, service, network),
            None => Judged::not_seen(
                format!("`{network}` is external: the file does not say how it was made"),
                format!("`docker network inspect {name}` tells it"),
            ),
        };
    }
    if is_set("internal") {
        Judged::Holds
    } else {
        not_internal(scene, service, network)
    }
}

fn not_internal(scene: &Scene<'_>, service: &str, network: &str) -> Judged {
    // The network `default` need not be written anywhere. Then there is only the service to point at.
    let is_written = scene
        .project()
        .and_then(|project| project.root().get(&format!("networks.{network}")))
        .is_some_and(|definition| !definition.origin.steps.contains(&Step::Default));
    let spot = match is_written {
        true => scene.nearest(&format!("networks.{network}")),
        false => scene.nearest(&format!("services.{service}.networks")),
    };
    let found = format!("`{service}` is on `{network}`, which is not internal");
    Mismatch::new(spot, found, "internal networks only")
        .next("look at `networks:` of the service, and at `networks:` at the very left")
        .into()
}

fn on_engine(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let owner = scene.service(service).map(|it| network_owner(scene, it));
    let owner = owner.map_or(service.as_str(), |owner| owner.name());
    let containers = scene.containers(owner);
    if containers.is_empty() {
        return Judged::not_seen(
            format!("`{owner}` has no container"),
            "run `docker compose up -d`",
        );
    }
    Judged::all(containers.into_iter().flat_map(|container| {
        let networks = container.networks().into_iter();
        networks.map(move |network| match is_internal(scene, network) {
            Some(true) => Judged::Holds,
            // The network of `network_mode: none` is no way to anywhere.
            _ if network == "none" => Judged::Holds,
            Some(false) => {
                let spot = Spot::Container {
                    name: container.name().to_owned(),
                    lines: Vec::new(),
                };
                let found = format!("it is on {network}, and the engine says: Internal is false");
                Mismatch::new(spot, found, "internal networks only")
                    .next(format!(
                        "compare `docker network inspect {network}` with the file"
                    ))
                    .into()
            }
            None => Judged::not_seen(
                format!("the engine says nothing about the network {network}"),
                "run the same command again",
            ),
        })
    }))
}

/// What the engine says of a network, by the engine's name for it.
fn is_internal(scene: &Scene<'_>, network: &str) -> Option<bool> {
    let network = scene.evidence.world.networks.get(network)?;
    network.get("Internal")?.as_bool()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::{ContainerSeen, WorldSeen};
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file, on_world};

    const INTERNAL: &str = "networks: {back: {internal: true}, front: {}, other: {internal: true}}";

    fn file(networks_of_db: &str, networks: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x{networks_of_db}}}, api: {{image: x, networks: [back]}}}}\n{networks}\n"
        );
        on_file("only-internal-networks", json!({"service": "db"}), &compose)
    }

    fn world(networks: &[(&str, bool)]) -> WorldSeen {
        let names: serde_json::Map<String, Value> = networks
            .iter()
            .map(|(name, _)| ((*name).to_owned(), json!({})))
            .collect();
        let inspect = json!({
            "Name": "/shop-db-1",
            "Config": {"Labels": {"com.docker.compose.service": "db"}},
            "NetworkSettings": {"Networks": names},
        });
        let container = ContainerSeen {
            inspect,
            last_lines: Vec::new(),
        };
        let networks = networks.iter();
        let networks = networks.map(|(name, internal)| {
            (
                (*name).to_owned(),
                json!({"Name": name, "Internal": internal}),
            )
        });
        WorldSeen {
            containers: vec![container],
            networks: networks.collect(),
            ..WorldSeen::default()
        }
    }

    #[test]
    fn every_network_of_the_service_has_to_be_internal() {
        holds(file(", networks: [back]", INTERNAL));
        holds(file(
            ", networks: {back: {aliases: [store]}, other: }",
            INTERNAL,
        ));
        holds(file(", network_mode: 'service:api'", INTERNAL));
        holds(file(", network_mode: none", INTERNAL));
        finds(
            file(", networks: [front, back]", INTERNAL),
            "`db` is on `front`, which is not internal",
        );
        finds(file("", INTERNAL), "`db` is on `default`");
        finds(
            file(", networks: [back]", "networks: {back: {}}"),
            "`db` is on `back`",
        );
        finds(
            file(", network_mode: host", INTERNAL),
            "`network_mode: host` takes the place",
        );
        holds(file("", "networks: {back: {}, default: {internal: true}}"));
    }

    #[test]
    fn of_an_external_network_only_the_engine_knows() {
        let compose = "services: {db: {image: x, networks: [back]}}\nnetworks: {back: {external: true, name: made}}\n";
        let judge = |networks: &[(&str, bool)]| {
            on_world(
                "only-internal-networks",
                json!({"service": "db"}),
                compose,
                world(networks),
            )
        };
        holds(judge(&[("made", true)]));
        finds(judge(&[("made", false)]), "which is not internal");
        assert!(matches!(judge(&[("another", true)]), Judged::Unknown(_)));
    }

    #[test]
    fn what_counts_is_how_the_engine_made_the_network() {
        let judge = |networks: &[(&str, bool)]| {
            on_world(
                "only-internal-networks-on-engine",
                json!({"service": "db"}),
                "services: {db: {image: x}}",
                world(networks),
            )
        };
        holds(judge(&[("shop_back", true)]));
        holds(judge(&[("none", false)]));
        finds(
            judge(&[("shop_back", true), ("shop_front", false)]),
            "it is on shop_front, and the engine says: Internal is false",
        );
        let mut unheard_of = world(&[("shop_back", true)]);
        unheard_of.networks.clear();
        let judged = on_world(
            "only-internal-networks-on-engine",
            json!({"service": "db"}),
            "services: {db: {image: x}}",
            unheard_of,
        );
        assert!(matches!(judged, Judged::Unknown(_)));
    }
}
