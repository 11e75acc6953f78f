//! `containers-share-a-network`

use super::services_share_a_network::Pairs;
use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "containers-share-a-network",
    what: "The running containers of each pair of services are attached to a network that both are on.",
    why: "The file says what should be; `docker network disconnect`, or containers from an older file, make it otherwise.",
    mend: "Run `docker compose up -d --force-recreate` for the service that is off the network.",
    leave: "Where two services must not reach each other.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Pairs>(with).map(drop),
    judge: |scene, with| judged(with, |pairs: Pairs| judge(scene, &pairs)),
};

fn judge(scene: &Scene<'_>, Pairs { pairs }: &Pairs) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    Judged::all(pairs.iter().map(|(from, to)| {
        let (ones, others) = (scene.containers(from), scene.containers(to));
        let (Some(one), Some(other)) = (ones.first(), others.first()) else {
            return Judged::not_seen(
                format!("`{from}` and `{to}` do not both have a container"),
                "run `docker compose up -d`",
            );
        };
        if shares_stack(*one, *other)
            || one
                .networks()
                .iter()
                .any(|network| other.networks().contains(network))
        {
            return Judged::Holds;
        }
        let list = |container: &Container<'_>| {
            let names = container.networks();
            if names.is_empty() {
                "no network".to_owned()
            } else {
                names.join(", ")
            }
        };
        let found = format!(
            "it is on {}; {} is on {}",
            list(one),
            other.name(),
            list(other)
        );
        let spot = Spot::Container {
            name: one.name().to_owned(),
            lines: Vec::new(),
        };
        Mismatch::new(
            spot,
            found,
            format!("a network that `{from}` and `{to}` are both on"),
        )
        .next(format!(
            "compare with the file; `docker compose up -d --force-recreate {from}` attaches it anew"
        ))
        .into()
    }))
}

/// `network_mode: service:NAME` or `host`: they meet on loopback.
fn shares_stack(one: Container<'_>, other: Container<'_>) -> bool {
    let mode = |container: Container<'_>| {
        container
            .field("HostConfig.NetworkMode")
            .and_then(|mode| mode.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let joined = mode(one).starts_with("container:") || mode(other).starts_with("container:");
    joined || (mode(one) == "host" && mode(other) == "host")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_containers};

    fn container(service: &str, networks: &[&str]) -> Value {
        let networks: serde_json::Map<_, _> = networks
            .iter()
            .map(|name| ((*name).to_owned(), json!({})))
            .collect();
        json!({
            "Name": format!("/{service}-1"),
            "Config": {"Labels": {"com.docker.compose.service": service}},
            "NetworkSettings": {"Networks": networks},
        })
    }

    fn judge(a: &[&str], b: &[&str]) -> Judged {
        let compose = "services: {a: {image: x}, b: {image: x}}";
        let with = json!({"pairs": [["a", "b"]]});
        on_containers(
            "containers-share-a-network",
            with,
            compose,
            &[container("a", a), container("b", b)],
        )
    }

    #[test]
    fn containers_meet_on_one_network() {
        holds(judge(&["front", "back"], &["back"]));
    }

    #[test]
    fn a_container_that_was_cut_off_is_named() {
        finds(judge(&[], &["back"]), "it is on no network; b-1 is on back");
    }

    #[test]
    fn without_containers_nothing_is_said() {
        let compose = "services: {a: {image: x}, b: {image: x}}";
        let judged = on_containers(
            "containers-share-a-network",
            json!({"pairs": [["a", "b"]]}),
            compose,
            &[],
        );
        assert!(matches!(judged, Judged::Unknown(_)));
    }
}
