//! `host-network-publishes-no-ports`

use super::read::{key_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "host-network-publishes-no-ports",
        what: "A service on the machine's own network has no `ports:`.",
        why: "There is nothing to publish there: the program listens on the machine itself, at its own port. Docker drops the entries, and the port in front of the colon stays closed.",
        mend: "Take `ports:` out, or `network_mode: host`.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service: compose::Service<'_>| {
        let is_dropped = service.network_mode() == Some("host") && !service.ports().is_empty();
        is_dropped.then(|| {
            Remark::of(
                &service,
                key_span(&service, "ports"),
                "with `network_mode: host` these entries are dropped",
            )
        })
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn ports_that_are_dropped_are_told() {
        finds(&LINT, "network_mode: host, ports: ['8080:80']", "dropped");
    }

    #[test]
    fn ports_that_count_are_left_alone() {
        silent(&LINT, "ports: ['8080:80']");
        silent(&LINT, "network_mode: host, expose: [80]");
    }
}
