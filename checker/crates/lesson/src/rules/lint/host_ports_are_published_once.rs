//! `host-ports-are-published-once`

use std::collections::BTreeSet;

use compose::{Node, Port, Service};

use super::read::{items, key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "host-ports-are-published-once",
        what: "No two containers want the same port of the machine.",
        why: "A port of the machine belongs to one container at a time. The second one does not start: `port is already allocated`.",
        mend: "Give one of them another port in front of the colon. For several copies of one service leave it out, or put a proxy in front.",
        leave: "Where the two never run at the same time, and in files for Swarm, which shares a port out.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// Keys that only Swarm heeds.
const FOR_SWARM: [&str; 4] = [
    "deploy.endpoint_mode",
    "deploy.placement",
    "deploy.update_config",
    "deploy.rollback_config",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut taken: Vec<(Service<'_>, Port<'_>)> = Vec::new();
    for service in services(scene) {
        // Swarm shares a port out among all copies.
        if FOR_SWARM.iter().any(|path| key(&service, path).is_some()) {
            continue;
        }
        let copies = key(&service, "scale")
            .or_else(|| key(&service, "deploy.replicas"))
            .and_then(Node::as_integer);
        for port in service.ports() {
            let Some((first, last)) = port.published_range() else {
                continue;
            };
            if first != last || service.network_mode() == Some("host") {
                continue;
            }
            if let Some(copies) = copies.filter(|copies| *copies > 1) {
                let found = format!(
                    "{copies} containers want port {first} of your machine, and one gets it"
                );
                remarks.push(Remark::of(&service, port.node.span(), found));
                continue;
            }
            let other = taken.iter().find(|(other, earlier)| {
                other.name() != service.name() && meet(other, &service) && same(earlier, &port)
            });
            if let Some((other, earlier)) = other {
                let found = format!(
                    "port {first} of your machine is taken by `{}`",
                    other.name()
                );
                remarks.push(
                    Remark::of(&service, port.node.span(), found)
                        .related(earlier.node.span(), "here"),
                );
            } else {
                taken.push((service, port));
            }
        }
    }
    remarks
}

fn same(one: &Port<'_>, other: &Port<'_>) -> bool {
    let everywhere =
        |port: &Port<'_>| matches!(port.host_ip.as_deref(), None | Some("" | "0.0.0.0" | "::"));
    let same_address = everywhere(one) || everywhere(other) || one.host_ip == other.host_ip;
    same_address
        && one.protocol == other.protocol
        && one.published_range() == other.published_range()
}

/// Whether two services may run at the same time by themselves: services of different profiles are often a choice.
fn meet(one: &Service<'_>, other: &Service<'_>) -> bool {
    let profiles = |service: &Service<'_>| -> BTreeSet<String> {
        items(service, "profiles")
            .iter()
            .filter_map(Node::scalar_text)
            .collect()
    };
    let (one, other) = (profiles(one), profiles(other));
    (one.is_empty() && other.is_empty()) || one.intersection(&other).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn two(one: &str, other: &str) -> String {
        format!("services: {{a: {{image: x, {one}}}, b: {{image: x, {other}}}}}")
    }

    #[test]
    fn a_port_that_two_want_is_told() {
        finds_in(
            &LINT,
            &two("ports: ['80:80']", "ports: ['80:8080']"),
            "taken by `a`",
        );
        finds_in(
            &LINT,
            &two("ports: ['80:80']", "ports: ['127.0.0.1:80:80']"),
            "taken by `a`",
        );
        finds_in(
            &LINT,
            &two("ports: ['80:80'], scale: 2", "command: x"),
            "2 containers",
        );
    }

    #[test]
    fn ports_that_differ_are_left_alone() {
        silent_in(&LINT, &two("ports: ['80:80']", "ports: ['81:80']"));
        silent_in(&LINT, &two("ports: ['80:80']", "ports: ['80:80/udp']"));
        silent_in(
            &LINT,
            &two("ports: ['127.0.0.1:80:80']", "ports: ['127.0.0.2:80:80']"),
        );
        silent_in(
            &LINT,
            &two(
                "ports: ['80:80'], profiles: [one]",
                "ports: ['80:80'], profiles: [other]",
            ),
        );
        silent_in(&LINT, &two("ports: [80], scale: 2", "ports: [80]"));
    }

    #[test]
    fn a_service_written_for_swarm_shares_its_port() {
        silent_in(
            &LINT,
            &two(
                "ports: ['80:80'], deploy: {replicas: 2, update_config: {parallelism: 1}}",
                "command: x",
            ),
        );
    }
}
