//! `starts-after`

use std::collections::{BTreeMap, BTreeSet};

use compose::{Dependency, DependencyCondition, Node, Service};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "starts-after",
    what: "A service is started only when others are healthy, or have done their work: by a condition of its own, or because what it waits for waits for them.",
    why: "A list under `depends_on` waits until the others are started. A started program may need a minute until it answers.",
    mend: "Write `depends_on` as a map: `NAME:` and below it `condition: service_healthy`, or `service_completed_successfully` for a job that ends.",
    leave: "Where the program itself waits for what it needs, and goes on looking when it is lost later.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// By service: how far it has to be.
    after: BTreeMap<String, Ready>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Ready {
    /// Its health check passes.
    Healthy,
    /// It has ended with exit code 0.
    Completed,
}

impl Ready {
    fn is_awaited_by(self, condition: DependencyCondition) -> bool {
        matches!(
            (self, condition),
            (Self::Healthy, DependencyCondition::Healthy)
                | (Self::Completed, DependencyCondition::CompletedSuccessfully)
        )
    }
}

fn judge(scene: &Scene<'_>, Parameters { service, after }: &Parameters) -> Judged {
    for name in std::iter::once(service).chain(after.keys()) {
        if scene.service(name).is_none() {
            return Judged::not_seen(
                format!("there is no service `{name}`"),
                "look at the names under `services:`",
            );
        }
    }
    let mismatches = after
        .iter()
        .filter(|(other, ready)| !waits(scene, service, other, **ready))
        .map(|(other, ready)| mismatch(scene, service, other, *ready));
    Judged::from_mismatches(mismatches.collect())
}

/// Whether some way of dependencies from the service ends with the wanted condition on the other one. What stands on the
/// way needs no condition of its own: whoever waits for its start waits for all that it waits for.
fn waits(scene: &Scene<'_>, service: &str, other: &str, ready: Ready) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![service.to_owned()];
    while let Some(name) = open.pop() {
        let Some(service) = scene.service(&name) else {
            continue;
        };
        for dependency in service.depends_on() {
            if !counts(scene, &dependency) {
                continue;
            }
            if dependency.service == other && ready.is_awaited_by(dependency.condition) {
                return true;
            }
            if seen.insert(dependency.service) {
                open.push(dependency.service.to_owned());
            }
        }
    }
    false
}

/// With `required: false` Compose goes on when the other one fails, and for a service of no containers it does not wait.
fn counts(scene: &Scene<'_>, dependency: &Dependency<'_>) -> bool {
    dependency.required
        && scene
            .service(dependency.service)
            .is_some_and(|other| !has_no_containers(&other))
}

/// `scale: 0`, or the same under `deploy`.
pub(super) fn has_no_containers(service: &Service<'_>) -> bool {
    ["scale", "deploy.replicas"]
        .iter()
        .any(|path| service.node().get(path).and_then(Node::as_integer) == Some(0))
}

fn mismatch(scene: &Scene<'_>, service: &str, other: &str, ready: Ready) -> Mismatch {
    let direct = scene
        .service(service)
        .into_iter()
        .flat_map(|service| service.depends_on())
        .find(|dependency| dependency.service == other);
    let place = format!("services.{service}.depends_on");
    let (place, found) = match direct {
        None => (place, format!("`{service}` does not wait for `{other}`")),
        Some(dependency) => told(scene, service, &dependency, ready),
    };
    let expected = match ready {
        Ready::Healthy => format!("`{service}` is started when `{other}` is healthy"),
        Ready::Completed => {
            format!("`{service}` is started when `{other}` has ended with exit code 0")
        }
    };
    Mismatch::new(scene.nearest(&place), found, expected)
}

/// What is wrong with a dependency that there is, and where.
fn told(
    scene: &Scene<'_>,
    service: &str,
    dependency: &Dependency<'_>,
    ready: Ready,
) -> (String, String) {
    let other = dependency.service;
    let entry = format!("services.{service}.depends_on.{other}");
    match (dependency.condition, ready) {
        (DependencyCondition::Started, Ready::Healthy) => (
            entry,
            format!("this waits until `{other}` is started, and started is not ready"),
        ),
        (DependencyCondition::Started, Ready::Completed) => (
            entry,
            format!("this waits until `{other}` is started, and not until it has done its work"),
        ),
        (DependencyCondition::Healthy, Ready::Completed) => (
            format!("{entry}.condition"),
            format!("this waits until `{other}` is healthy, and a job that ends never is"),
        ),
        (DependencyCondition::CompletedSuccessfully, Ready::Healthy) => (
            format!("{entry}.condition"),
            format!("this waits until `{other}` has ended, and `{other}` is to go on running"),
        ),
        _ if !dependency.required => (
            format!("{entry}.required"),
            format!(
                "`required: false` lets `{service}` start although `{other}` is not there, or has failed"
            ),
        ),
        _ if scene
            .service(other)
            .is_some_and(|other| has_no_containers(&other)) =>
        {
            (
                format!("services.{other}.scale"),
                format!("`{other}` has no containers here, and then Compose does not wait for it"),
            )
        }
        _ => (entry, format!("`{service}` does not wait for `{other}`")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(with: Value, web: &str, more: &str) -> Judged {
        let compose = format!(
            "services:\n  db: {{image: x, healthcheck: {{test: [CMD, a]}}{more}}}\n  job: {{image: x, depends_on: {{db: {{condition: service_healthy}}}}}}\n  web: {{image: x{web}}}\n"
        );
        on_file(
            "starts-after",
            json!({"service": "web", "after": with}),
            &compose,
        )
    }

    fn db(web: &str) -> Judged {
        judge(json!({"db": "healthy"}), web, "")
    }

    fn job(web: &str) -> Judged {
        judge(json!({"job": "completed"}), web, "")
    }

    #[test]
    fn a_condition_holds() {
        holds(db(", depends_on: {db: {condition: service_healthy}}"));
        holds(db(
            ", depends_on: {db: {condition: service_healthy, restart: true, required: true}}",
        ));
        holds(job(
            ", depends_on: {job: {condition: service_completed_successfully}}",
        ));
    }

    #[test]
    fn a_dependency_that_waits_is_waited_for_with_it() {
        holds(db(
            ", depends_on: {job: {condition: service_completed_successfully}}",
        ));
        // `job` is started only when `db` is healthy, so whoever waits for that start waits for `db`.
        holds(db(", depends_on: [job]"));
    }

    #[test]
    fn a_list_waits_for_the_start_alone() {
        finds(
            db(", depends_on: [db]"),
            "until `db` is started, and started is not ready",
        );
        finds(
            db(", depends_on: {db: {condition: service_started}}"),
            "started is not ready",
        );
        finds(job(", depends_on: [job]"), "not until it has done its work");
        finds(db(", links: [db]"), "started is not ready");
    }

    #[test]
    fn a_condition_that_cannot_come_true_is_told() {
        finds(
            job(", depends_on: {job: {condition: service_healthy}}"),
            "a job that ends never is",
        );
        finds(
            db(", depends_on: {db: {condition: service_completed_successfully}}"),
            "`db` is to go on running",
        );
    }

    #[test]
    fn what_may_fail_is_not_waited_for() {
        finds(
            db(", depends_on: {db: {condition: service_healthy, required: false}}"),
            "`required: false` lets `web` start",
        );
        finds(
            db(", depends_on: {job: {condition: service_completed_successfully, required: false}}"),
            "does not wait for `db`",
        );
        for none in [", scale: 0", ", deploy: {replicas: 0}"] {
            finds(
                judge(
                    json!({"db": "healthy"}),
                    ", depends_on: {db: {condition: service_healthy}}",
                    none,
                ),
                "has no containers",
            );
        }
    }

    #[test]
    fn no_dependency_is_told_for_each_service() {
        finds(db(""), "`web` does not wait for `db`");
        let judged = judge(json!({"db": "healthy", "job": "completed"}), "", "");
        assert_eq!(crate::testing::found(judged).len(), 2);
    }
}
