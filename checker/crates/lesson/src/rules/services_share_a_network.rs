//! `services-share-a-network`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::address::shared_networks;
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

/// Pairs of services that talk to each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pairs {
    pub(super) pairs: Vec<(String, String)>,
}

fn judge(scene: &Scene<'_>, Pairs { pairs }: &Pairs) -> Judged {
    let mut mismatches = Vec::new();
    for (from, to) in pairs {
        let (Some(one), Some(other)) = (scene.service(from), scene.service(to)) else { continue };
        // One network stack for both, or the host's own for both: then they meet on loopback.
        let mode = one.network_mode();
        let shares_stack = mode.is_some_and(|mode| mode == format!("service:{to}") || Some(mode) == other.network_mode());
        if shares_stack || !shared_networks(&one, &other).is_empty() {
            continue;
        }
        let list = |service: &compose::Service<'_>| {
            let names: Vec<_> = service.networks().into_iter().map(|attachment| attachment.name).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        };
        let found = format!("`{from}` is on {}, `{to}` is on {}: they share no network", list(&one), list(&other));
        let spot = scene.nearest(&format!("services.{from}.networks"));
        let expected = format!("a network that `{from}` and `{to}` are both on");
        mismatches.push(Mismatch::new(spot, found, expected).next(format!("compare `networks:` of `{from}` and `{to}`")));
    }
    Judged::from_mismatches(mismatches)
}
