//! `addresses-are-on-a-shared-network`

use super::read::{key_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::address::{endpoints, networks, shared_networks};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "addresses-are-on-a-shared-network",
        what: "A service that is given another one's address is on a network with it.",
        why: "Docker answers for a service's name only on networks that both containers are attached to; everywhere else the name is unknown.",
        mend: "Give both the same entry under `networks:`, or leave `networks:` out of both.",
        leave: "Where both are attached to a network by other means.",
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
            // One word alone may be anything; an address has a scheme or a port.
            if value.contains(char::is_whitespace) || !value.contains(':') {
                continue;
            }
            for endpoint in endpoints(&value) {
                let is_address =
                    value.contains("://") || endpoint.port.as_deref().is_some_and(is_port);
                let Some(other) = scene.service(&endpoint.host).filter(|_| is_address) else {
                    continue;
                };
                let own = networks(scene, &service);
                let theirs = networks(scene, &other);
                // Without networks they share the stack of something that this file does not show.
                if own.is_empty()
                    || theirs.is_empty()
                    || !shared_networks(scene, &service, &other).is_empty()
                {
                    continue;
                }
                let found = format!(
                    "`{name}` asks `{}`, but the two share no network: {} here, {} there",
                    other.name(),
                    own.join(", "),
                    theirs.join(", ")
                );
                let remark = Remark::of(&service, node.span(), found);
                remarks.push(remark.related(key_span(&other, "networks"), "its networks"));
            }
        }
    }
    remarks
}

fn is_port(text: &str) -> bool {
    text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn on(web: &str, db: &str) -> String {
        format!(
            "services: {{web: {{image: x, environment: {{DB: 'redis://db:6379'}}{web}}}, db: {{image: y{db}}}}}\nnetworks: {{front: {{}}, back: {{}}}}"
        )
    }

    #[test]
    fn an_address_that_nobody_answers_for_is_told() {
        finds_in(
            &LINT,
            &on(", networks: [front]", ", networks: [back]"),
            "share no network",
        );
        finds_in(&LINT, &on("", ", networks: [back]"), "share no network");
    }

    #[test]
    fn a_shared_network_is_left_alone() {
        silent_in(&LINT, &on("", ""));
        silent_in(
            &LINT,
            &on(", networks: [front, back]", ", networks: [back]"),
        );
        silent_in(&LINT, &on(", network_mode: host", ", networks: [back]"));
    }
}
