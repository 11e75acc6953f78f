//! `no-open-data-ports`

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson, known};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-open-data-ports",
        what: "Ports of databases, stores, queues and their management pages are published on a loopback address, or not at all.",
        why: "A port without an address is open on every address of the machine, and Docker's own firewall rules come before those of ufw. Services of the same file reach each other without any published port.",
        mend: "Take the entry out, or write 127.0.0.1 in front of it when you need the port on your own machine.",
        leave: "Where other machines are meant to reach it, and a password and a firewall of your own stand in front.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        let Some(known) = known::of(&service) else {
            continue;
        };
        let host = service.network_mode() == Some("host");
        let ports = service.ports().into_iter().filter(|port| {
            let everywhere = port.host_ip.as_deref().is_none_or(is_every_address);
            !host && everywhere && known.ports.contains(&port.target)
        });
        for port in ports {
            let found = format!(
                "port {} of {} is open on every address of your machine",
                port.target, known.what
            );
            let written = port.published.as_deref().map_or_else(
                || format!("127.0.0.1::{}", port.target),
                |published| format!("127.0.0.1:{published}:{}", port.target),
            );
            let next =
                format!("take it out, or write `{written}` when you need it on your own machine");
            remarks.push(Remark::of(&service, port.node.span(), found).next(next));
        }
    }
    remarks
}

fn is_every_address(address: &str) -> bool {
    matches!(address, "" | "0.0.0.0" | "::" | "[::]")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn with_ports(image: &str, ports: &str) -> String {
        format!("services: {{db: {{image: {image}, ports: {ports}}}}}")
    }

    #[test]
    fn a_database_that_is_open_to_everybody_is_told() {
        for ports in [
            "['5432:5432']",
            "['15432:5432']",
            "['0.0.0.0:5432:5432']",
            "[5432]",
            "[{target: 5432, published: 5432}]",
        ] {
            finds_in(
                &LINT,
                &with_ports("postgres:17", ports),
                "port 5432 of a database",
            );
        }
        finds_in(
            &LINT,
            &with_ports("minio/minio", "['9001:9001']"),
            "a store",
        );
        finds_in(
            &LINT,
            &with_ports("zilliz/attu:v2.6.5", "['8000:3000']"),
            "a page",
        );
    }

    #[test]
    fn a_loopback_address_and_what_is_meant_for_visitors_are_left_alone() {
        silent_in(&LINT, &with_ports("postgres:17", "['127.0.0.1:5432:5432']"));
        silent_in(&LINT, &with_ports("postgres:17", "['10.0.0.5:5432:5432']"));
        silent_in(&LINT, &with_ports("nginx:1.27", "['80:80']"));
        silent_in(&LINT, &with_ports("postgres:17", "[]"));
    }
}
