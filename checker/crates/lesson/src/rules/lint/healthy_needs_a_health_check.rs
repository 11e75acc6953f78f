//! `healthy-needs-a-health-check`

use compose::{DependencyCondition, Node, Service};

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson, known};
use crate::evidence::ImageSeen;
use crate::rules::{Reads, Rule};
use crate::scene::{Judged, Scene};

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "healthy-needs-a-health-check",
        what: "A service that others wait for with `service_healthy` has a health check.",
        why: "Without a health check there is no health to wait for: `up` fails, or stops with the others never started.",
        mend: "Give that service a `healthcheck:`, or wait with `service_started`.",
        leave: "Where its image brings a health check of its own, as `docker image inspect` shows.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| match in_lesson(&LINT, scene, with) {
            Judged::Holds => unclear(scene),
            judged => judged,
        },
    },
    level: Level::Problem,
    examine,
};

/// Where a service's health check comes from.
enum HealthCheck {
    /// There is one, in the file or in the image.
    There,
    /// The file switches it off.
    SwitchedOff,
    /// Neither the file nor the image has one.
    Missing,
    /// The file has none, and nobody can know from here what its image brings.
    Unclear,
}

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for dependency in service.depends_on() {
            let Some(other) = scene.service(dependency.service) else {
                continue;
            };
            // One that may be missing stops nobody: Compose warns, and goes on.
            if dependency.condition != DependencyCondition::Healthy || !dependency.required {
                continue;
            }
            let name = other.name();
            let found = match health_check(scene, &other) {
                HealthCheck::There | HealthCheck::Unclear => continue,
                HealthCheck::SwitchedOff => format!(
                    "it waits until `{name}` is healthy, whose health check is switched off"
                ),
                HealthCheck::Missing => {
                    format!("it waits until `{name}` is healthy, which has no health check")
                }
            };
            let remark = Remark::of(&service, dependency.node.span(), found);
            remarks.push(remark.related(other.key_span(), "this service"));
        }
    }
    remarks
}

fn health_check(scene: &Scene<'_>, service: &Service<'_>) -> HealthCheck {
    match service.healthcheck() {
        Some(check) if check.disabled => return HealthCheck::SwitchedOff,
        Some(check) if !check.test.is_empty() => return HealthCheck::There,
        // Only times: the test is that of the image.
        Some(_) | None => {}
    }
    if service.node().get("build").is_some() {
        return HealthCheck::Unclear;
    }
    let name = service.image().and_then(Node::as_str).unwrap_or_default();
    if let Some(ImageSeen::Present(image)) = scene.evidence.world.images.get(name) {
        let test = image.pointer("/Config/Healthcheck/Test/0");
        return match test.and_then(serde_json::Value::as_str) {
            None | Some("NONE") => HealthCheck::Missing,
            Some(_) => HealthCheck::There,
        };
    }
    match known::image(service) {
        Some(image) if known::brings_no_health_check(&image) => HealthCheck::Missing,
        _ => HealthCheck::Unclear,
    }
}

/// What is told where nothing is wrong as far as it can be seen, but not everything can be seen.
fn unclear(scene: &Scene<'_>) -> Judged {
    let awaited = services(scene).into_iter().flat_map(|service| {
        let awaited = service.depends_on().into_iter();
        let healthy = awaited.filter(|other| other.condition == DependencyCondition::Healthy);
        healthy.map(|other| other.service).collect::<Vec<_>>()
    });
    let mut awaited = awaited.filter_map(|name| scene.service(name));
    match awaited.find(|other| matches!(health_check(scene, other), HealthCheck::Unclear)) {
        None => Judged::Holds,
        Some(other) => Judged::not_seen(
            format!(
                "`{}` has no health check in the file, and its image was not seen",
                other.name()
            ),
            "look for `HEALTHCHECK` in that image, or give the service a `healthcheck:`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{finds_in, silent_in};
    use super::LINT;
    use crate::evidence::{ImageSeen, WorldSeen};
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file, on_world};

    fn waiting_for(db: &str) -> String {
        format!(
            "services: {{web: {{image: x, depends_on: {{db: {{condition: service_healthy}}}}}}, db: {{{db}}}}}"
        )
    }

    #[test]
    fn one_that_may_be_missing_stops_nobody() {
        silent_in(
            &LINT,
            &waiting_for("image: 'postgres:17'")
                .replace("service_healthy", "service_healthy, required: false"),
        );
    }

    #[test]
    fn official_images_with_a_health_check_are_left_alone() {
        silent_in(&LINT, &waiting_for("image: 'kong:3.9'"));
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
    fn a_lesson_does_not_judge_an_image_that_was_not_seen() {
        let name = LINT.rule.name;
        let judge = |db: &str| on_file(name, Value::Null, &waiting_for(db));
        assert!(matches!(
            judge("image: example.com/mine"),
            Judged::Unknown(_)
        ));
        assert!(matches!(judge("build: ."), Judged::Unknown(_)));
        holds(judge("image: example.com/mine, healthcheck: {test: a}"));
        finds(
            judge("image: 'quay.io/coreos/etcd:v3.5.25'"),
            "no health check",
        );
    }

    #[test]
    fn an_image_that_was_seen_is_believed() {
        let judge = |test: Value| {
            let image = json!({"Config": {"Healthcheck": {"Test": test}}});
            let world = WorldSeen {
                images: [("example.com/mine".to_owned(), ImageSeen::Present(image))].into(),
                ..WorldSeen::default()
            };
            let compose = waiting_for("image: example.com/mine");
            on_world(LINT.rule.name, Value::Null, &compose, world)
        };
        holds(judge(json!(["CMD", "a"])));
        finds(judge(json!(["NONE"])), "no health check");
        finds(judge(Value::Null), "no health check");
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
