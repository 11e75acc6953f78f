//! `all-lasting-services-restart`

use super::read::{items, key, key_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "all-lasting-services-restart",
        what: "Where some services of a file come back after a crash or a restart of the machine, all lasting ones do.",
        why: "A service without a restart policy stays down when its program ends, also when the whole machine was restarted, while the others are up again.",
        mend: "Give it the policy of the others.",
        leave: "For tasks that end, and for what is started by hand.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let services = services(scene);
    let policy = |service: &compose::Service<'_>| {
        key(service, "restart")
            .or_else(|| key(service, "deploy.restart_policy"))
            .is_some()
    };
    let comes_back = |service: &&compose::Service<'_>| {
        matches!(
            key(service, "restart").and_then(compose::Node::as_str),
            Some("always" | "unless-stopped")
        )
    };
    let Some(example) = services.iter().find(comes_back) else {
        return Vec::new();
    };
    // What publishes a port or is asked for its health is meant to last.
    let lasts = |service: &&compose::Service<'_>| {
        let is_asked = service.healthcheck().is_some_and(|check| !check.disabled);
        let is_manual = !items(service, "profiles").is_empty();
        (is_asked || !service.ports().is_empty()) && !is_manual && !policy(service)
    };
    let remark = |service: &compose::Service<'_>| {
        let found = "it stays down after a crash, while others of this file come back";
        let policy = key(example, "restart").and_then(compose::Node::as_str);
        let next =
            policy.map(|policy| format!("give it the policy of the others, `restart: {policy}`"));
        let label = format!("`{}` comes back", example.name());
        let remark = Remark::of(service, service.key_span(), found)
            .once(found)
            .related(key_span(example, "restart"), label);
        match next {
            Some(next) => remark.next(next),
            None => remark,
        }
    };
    services.iter().filter(lasts).map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    #[test]
    fn a_service_that_stays_down_is_told() {
        finds_in(
            &LINT,
            "services: {web: {image: x, ports: [80]}, db: {image: y, restart: always}}",
            "`web`: it stays down",
        );
    }

    #[test]
    fn a_task_and_a_file_without_policies_are_left_alone() {
        silent_in(
            &LINT,
            "services: {task: {image: x}, db: {image: y, restart: always}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: x, ports: [80]}, db: {image: y}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: x, ports: [80], restart: 'no'}, db: {image: y, restart: always}}",
        );
    }
}
