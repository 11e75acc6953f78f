//! `services-share-a-network`, `services-share-no-network`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::address::{network_owner, networks, shared_networks};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "services-share-a-network",
    what: "Each pair of services that talk to each other is attached to a network that both are on.",
    why: "Docker answers for a service's name only on networks that both containers are attached to.",
    mend: "Give both services the same entry under `networks:`, or leave `networks:` out of both: then Compose puts them on the project's default network.",
    leave: "Where two services must not reach each other.",
    reads: Reads::Files,
    accepts: |with| parameters::<Pairs>(with).map(drop),
    judge: |scene, with| judged(with, |pairs: Pairs| judge(scene, &pairs)),
};

pub const NONE_SHARED: Rule = Rule {
    name: "services-share-no-network",
    what: "The two services of each pair have no network in common.",
    why: "A container that has no network in common with another one can neither find it by name nor connect to it, whatever passwords it knows.",
    mend: "Give the two services different entries under `networks:`; a third one that talks to both is on both networks.",
    leave: "Where the two services talk to each other.",
    reads: Reads::Files,
    accepts: |with| parameters::<Pairs>(with).map(drop),
    judge: |scene, with| judged(with, |pairs: Pairs| judge_apart(scene, &pairs)),
};

/// Pairs of services.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pairs {
    pub(super) pairs: Vec<(String, String)>,
}

fn judge(scene: &Scene<'_>, Pairs { pairs }: &Pairs) -> Judged {
    let mut mismatches = Vec::new();
    for (from, to) in pairs {
        let (Some(one), Some(other)) = (scene.service(from), scene.service(to)) else {
            continue;
        };
        if both_on_host(&one, &other) || !shared_networks(scene, &one, &other).is_empty() {
            continue;
        }
        let list = |service: &compose::Service<'_>| {
            let names = networks(scene, service);
            match network_owner(scene, *service).network_mode() {
                _ if !names.is_empty() => names.join(", "),
                Some(mode) => format!("none of the file's, for `network_mode: {mode}`"),
                None => "none".to_owned(),
            }
        };
        let found = format!(
            "`{from}` is on {}, `{to}` is on {}: they share no network",
            list(&one),
            list(&other)
        );
        let spot = scene.nearest(&format!("services.{from}.networks"));
        let expected = format!("a network that `{from}` and `{to}` are both on");
        mismatches.push(
            Mismatch::new(spot, found, expected)
                .next(format!("compare `networks:` of `{from}` and `{to}`")),
        );
    }
    Judged::from_mismatches(mismatches)
}

/// Both on the host's own network: they meet on loopback.
fn both_on_host(one: &compose::Service<'_>, other: &compose::Service<'_>) -> bool {
    let on_host = |service: &compose::Service<'_>| service.network_mode() == Some("host");
    on_host(one) && on_host(other)
}

fn judge_apart(scene: &Scene<'_>, Pairs { pairs }: &Pairs) -> Judged {
    let mut mismatches = Vec::new();
    for (from, to) in pairs {
        let (Some(one), Some(other)) = (scene.service(from), scene.service(to)) else {
            continue;
        };
        let mut shared: Vec<_> = shared_networks(scene, &one, &other);
        if both_on_host(&one, &other) {
            shared.push("host");
        }
        if shared.is_empty() {
            continue;
        }
        let found = format!("`{from}` and `{to}` are both on {}", shared.join(", "));
        let spot = scene.nearest(&format!("services.{from}.networks"));
        let expected = format!("no network that `{from}` and `{to}` are both on");
        mismatches.push(
            Mismatch::new(spot, found, expected)
                .next(format!("compare `networks:` of `{from}` and `{to}`")),
        );
    }
    Judged::from_mismatches(mismatches)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(a: &str, b: &str) -> Judged {
        judge_with("services-share-a-network", a, b)
    }

    fn judge_with(rule: &str, a: &str, b: &str) -> Judged {
        let compose = format!(
            "services: {{a: {{image: x{a}}}, b: {{image: x{b}}}}}\nnetworks: {{front: {{}}, back: {{}}}}\n"
        );
        on_file(rule, json!({"pairs": [["a", "b"]]}), &compose)
    }

    #[test]
    fn one_network_in_common_is_enough() {
        holds(judge("", ""));
        holds(judge(", networks: [front]", ", networks: [front, back]"));
        holds(judge(
            ", networks: {back: {aliases: [other]}}",
            ", networks: [back]",
        ));
        holds(judge("", ", network_mode: 'service:a'"));
        holds(judge(", network_mode: host", ", network_mode: host"));
    }

    #[test]
    fn none_in_common_is_told() {
        finds(
            judge(", networks: [front]", ", networks: [back]"),
            "share no network",
        );
        finds(judge("", ", networks: [back]"), "share no network");
        finds(judge("", ", network_mode: none"), "share no network");
        finds(
            judge("", ", network_mode: host"),
            "none of the file's, for `network_mode: host`",
        );
        finds(
            judge(", network_mode: none", ", network_mode: none"),
            "share no network",
        );
    }

    #[test]
    fn a_pair_that_is_to_stay_apart_meets_nowhere() {
        let apart = |a: &str, b: &str| judge_with("services-share-no-network", a, b);
        holds(apart(", networks: [front]", ", networks: [back]"));
        holds(apart("", ", networks: [back]"));
        holds(apart(", network_mode: none", ", network_mode: none"));
        finds(apart("", ""), "`a` and `b` are both on default");
        finds(
            apart(", networks: [front, back]", ", networks: {back: }"),
            "both on back",
        );
        finds(apart("", ", network_mode: 'service:a'"), "both on default");
        finds(
            apart(", network_mode: host", ", network_mode: host"),
            "both on host",
        );
    }
}
