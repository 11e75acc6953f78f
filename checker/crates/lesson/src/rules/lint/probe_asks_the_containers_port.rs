//! `probe-asks-the-containers-port`

use super::dockerfiles::{Probed, probes};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::probe::{addresses, is_this_container};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-asks-the-containers-port",
        what: "A health check asks the port inside the container.",
        why: "The probe runs inside the container, where the port in front of the colon does not exist: that one is the machine's. The connection is refused, and the container stays unhealthy.",
        mend: "Ask the port behind the colon.",
        leave: "Where the program listens on both.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |probed: Probed<'_>| {
        let service = probed.service;
        let ports = service.ports();
        let exposed = super::read::items(&service, "expose")
            .iter()
            .filter_map(compose::Node::scalar_text);
        let inside: Vec<String> = ports
            .iter()
            .map(|port| port.target.to_string())
            .chain(exposed)
            .collect();
        let addresses = addresses(&probed.probe.text);
        let asked = addresses
            .iter()
            .find(|asked| is_this_container(&asked.host))?;
        let asked = asked.port.to_string();
        let port = ports
            .iter()
            .find(|port| port.published.as_deref() == Some(&asked))?;
        if inside.contains(&asked) {
            return None;
        }
        let found = format!(
            "{asked} is the port on your machine; inside the container it is {}",
            port.target
        );
        Some(Remark::of(&service, probed.span, found).related(port.node.span(), "published here"))
    };
    probes(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn the_machines_port_is_told() {
        finds(
            &LINT,
            "ports: ['8080:80'], healthcheck: {test: [CMD, curl, -f, 'http://localhost:8080/']}",
            "inside the container it is 80",
        );
    }

    #[test]
    fn the_containers_port_is_left_alone() {
        silent(
            &LINT,
            "ports: ['8080:80'], healthcheck: {test: [CMD, curl, -f, 'http://localhost:80/']}",
        );
        silent(
            &LINT,
            "ports: ['8080:80', '81:8080'], healthcheck: {test: [CMD, curl, -f, 'http://localhost:8080/']}",
        );
        silent(
            &LINT,
            "ports: ['8080:80'], expose: [8080], healthcheck: {test: [CMD, curl, -f, 'http://localhost:8080/']}",
        );
        silent(&LINT, "ports: ['8080:80'], healthcheck: {test: pg_isready}");
    }
}
