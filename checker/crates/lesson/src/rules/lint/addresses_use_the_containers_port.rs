//! `addresses-use-the-containers-port`

use compose::Node;

use super::read::{items, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::address::endpoints;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "addresses-use-the-containers-port",
        what: "An address of another service has that service's port inside its container.",
        why: "Between containers there is no published port: the one in front of the colon exists on the machine alone, and the connection is refused.",
        mend: "Write the port behind the colon.",
        leave: "Where the program listens on both.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for (name, node) in service.environment_all() {
            let value = node.scalar_text().unwrap_or_default();
            if value.contains(char::is_whitespace) {
                continue;
            }
            for endpoint in endpoints(&value) {
                let Some((other, asked)) = scene.service(&endpoint.host).zip(endpoint.port) else {
                    continue;
                };
                let ports = other.ports();
                let exposed = items(&other, "expose").iter().filter_map(Node::scalar_text);
                let mut inside = ports
                    .iter()
                    .map(|port| port.target.to_string())
                    .chain(exposed);
                let port = ports
                    .iter()
                    .find(|port| port.published.as_deref() == Some(asked.as_str()));
                if let Some(port) = port.filter(|_| !inside.any(|inside| inside == asked)) {
                    let found = format!(
                        "`{name}` asks `{}` at {asked}, its port on your machine; between containers it is {}",
                        other.name(),
                        port.target
                    );
                    remarks.push(
                        Remark::of(&service, node.span(), found)
                            .related(port.node.span(), "published here"),
                    );
                }
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn with(address: &str, ports: &str) -> String {
        format!(
            "services: {{web: {{image: x, environment: {{DB: '{address}'}}}}, db: {{image: y, ports: {ports}}}}}"
        )
    }

    #[test]
    fn the_machines_port_is_told() {
        finds_in(
            &LINT,
            &with("postgres://ada@db:5433/app", "['5433:5432']"),
            "between containers it is 5432",
        );
        finds_in(
            &LINT,
            &with("db:5433", "['127.0.0.1:5433:5432']"),
            "between containers it is 5432",
        );
    }

    #[test]
    fn the_containers_port_is_left_alone() {
        silent_in(&LINT, &with("postgres://ada@db:5432/app", "['5433:5432']"));
        silent_in(&LINT, &with("db:8080", "['8080:80', '81:8080']"));
        silent_in(&LINT, &with("localhost:5433", "['5433:5432']"));
    }
}
