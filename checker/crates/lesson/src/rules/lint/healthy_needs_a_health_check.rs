//! `healthy-needs-a-health-check`

use compose::DependencyCondition;

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson, known};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "healthy-needs-a-health-check",
        what: "A service that others wait for with `service_healthy` has a health check.",
        why: "Without a health check there is no health to wait for: `up` fails, or stops with the others never started.",
        mend: "Give that service a `healthcheck:`, or wait with `service_started`.",
        leave: "Where its image brings a health check of its own, as `docker image inspect` shows.",
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
        for dependency in service.depends_on() {
            let Some(other) = scene.service(dependency.service) else {
                continue;
            };
            if dependency.condition != DependencyCondition::Healthy {
                continue;
            }
            let name = other.name();
            let found = match other.healthcheck() {
                Some(check) if check.disabled => {
                    format!(
                        "it waits until `{name}` is healthy, whose health check is switched off"
                    )
                }
                Some(check) if !check.test.is_empty() => continue,
                // Nobody can know from here what another image brings; those of the official library bring none.
                _ if other.node().get("build").is_some() => continue,
                _ if known::image(&other)
                    .is_none_or(|image| !image.repository.starts_with("library/")) =>
                {
                    continue;
                }
                _ => format!("it waits until `{name}` is healthy, which has no health check"),
            };
            let remark = Remark::of(&service, dependency.node.span(), found);
            remarks.push(remark.related(other.key_span(), "this service"));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn waiting_for(db: &str) -> String {
        format!(
            "services: {{web: {{image: x, depends_on: {{db: {{condition: service_healthy}}}}}}, db: {{{db}}}}}"
        )
    }

    #[test]
    fn waiting_for_a_health_that_is_never_asked_is_told() {
        finds_in(
            &LINT,
            &waiting_for("image: 'postgres:17'"),
            "has no health check",
        );
        finds_in(
            &LINT,
            &waiting_for("image: mine, healthcheck: {disable: true}"),
            "switched off",
        );
        finds_in(
            &LINT,
            &waiting_for("image: mine, healthcheck: {test: [NONE]}"),
            "switched off",
        );
    }

    #[test]
    fn a_health_check_of_the_file_or_perhaps_of_the_image_is_enough() {
        silent_in(
            &LINT,
            &waiting_for("image: 'postgres:17', healthcheck: {test: pg_isready}"),
        );
        silent_in(&LINT, &waiting_for("image: example.com/mine"));
        silent_in(&LINT, &waiting_for("build: ."));
        silent_in(
            &LINT,
            "services: {web: {image: x, depends_on: [db]}, db: {image: postgres}}",
        );
    }
}
