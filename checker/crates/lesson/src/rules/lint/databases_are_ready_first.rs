//! `databases-are-ready-first`

use compose::{DependencyCondition, Step};

use super::known;
use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::address::network_owner;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "databases-are-ready-first",
        what: "A service that needs a database, a store or a queue waits until that is ready.",
        why: "Without a condition Compose waits until the other container has been started, not until the program in it answers. A first connection that comes too early fails.",
        mend: "Give the other service a `healthcheck:` and wait with `depends_on: {NAME: {condition: service_healthy}}`.",
        leave: "Where the program tries again by itself until it is connected.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        // A page to look at data is opened by hand, long after.
        if known::of(&service).is_some_and(|known| known.is_page) {
            continue;
        }
        for dependency in service.depends_on() {
            let Some(other) = scene.service(dependency.service) else {
                continue;
            };
            let Some(known) = known::of(&other).filter(|known| !known.is_page) else {
                continue;
            };
            // With one network for both, Compose itself starts the other one first.
            let is_implied =
                network_owner(scene, service).name() == network_owner(scene, other).name();
            // Who writes `service_started` has decided.
            let condition = dependency.node.child("condition");
            let is_decided = condition.is_some_and(|condition| {
                let steps = &condition.origin.steps;
                !steps.contains(&Step::Default) && !steps.contains(&Step::ShortForm)
            });
            let is_started = dependency.condition == DependencyCondition::Started;
            if !is_started || is_implied || is_decided {
                continue;
            }
            let name = other.name();
            let found = format!(
                "it starts as soon as `{name}` is started, before {} answers",
                known.what.replacen("a ", "the ", 1)
            );
            let remark = Remark::of(&service, dependency.node.span(), found.as_str()).once(found);
            remarks.push(match other.healthcheck().filter(|check| !check.disabled) {
                Some(_) => remark.next(format!(
                    "`{name}` has a health check: wait for it with `condition: service_healthy`"
                )),
                None => remark,
            });
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    #[test]
    fn a_service_that_starts_too_early_is_told() {
        let compose = "services: {web: {image: x, depends_on: [db]}, db: {image: 'postgres:17'}}";
        finds_in(&LINT, compose, "before the database answers");
    }

    #[test]
    fn a_service_that_waits_is_left_alone() {
        silent_in(
            &LINT,
            "services: {web: {image: x, depends_on: {db: {condition: service_healthy}}}, db: {image: 'postgres:17', healthcheck: {test: pg_isready}}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: x, depends_on: [api]}, api: {image: x}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: x, depends_on: {db: {condition: service_started}}}, db: {image: 'postgres:17'}}",
        );
        silent_in(
            &LINT,
            "services: {page: {image: adminer, depends_on: [db]}, db: {image: 'postgres:17'}}",
        );
    }
}
