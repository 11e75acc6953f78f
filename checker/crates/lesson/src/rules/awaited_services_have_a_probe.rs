//! `awaited-services-have-a-probe`

use std::collections::BTreeSet;

use compose::image::ImageReference;
use compose::{DependencyCondition, Service};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::evidence::ImageSeen;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "awaited-services-have-a-probe",
    what: "Every service that another one wants to be healthy has a health check, in the file or in its image.",
    why: "Without one nobody ever calls it healthy, and `up` ends with “has no healthcheck configured” after it has started half of the services.",
    mend: "Give it a `healthcheck:` whose `test:` can run in its image.",
    leave: "Never: Compose cannot wait for it.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// Repositories whose images are known to bring no health check, as `redis`.
    #[serde(default)]
    without: Vec<String>,
}

/// Where a service's health check comes from.
enum Probe {
    /// There is one.
    There,
    /// The file switches it off.
    SwitchedOff,
    /// Neither the file nor the image has one.
    Missing,
    /// The file has none, and the image was not seen.
    Unclear,
}

fn judge(scene: &Scene<'_>, Parameters { without }: &Parameters) -> Judged {
    let Some(project) = scene.project() else {
        return Judged::not_seen("the file cannot be read", "mend the file first");
    };
    let mut awaited: BTreeSet<(&str, String)> = BTreeSet::new();
    for service in project.services() {
        for dependency in service.depends_on() {
            if dependency.condition == DependencyCondition::Healthy {
                awaited.insert((dependency.service, service.name().to_owned()));
            }
        }
    }
    let mut told = BTreeSet::new();
    Judged::all(awaited.into_iter().filter_map(|(name, waits)| {
        let service = scene.service(name)?;
        told.insert(name)
            .then(|| one(scene, &service, &waits, without))
    }))
}

fn one(scene: &Scene<'_>, service: &Service<'_>, waits: &str, without: &[String]) -> Judged {
    let name = service.name();
    let place = format!("services.{name}.healthcheck");
    let found = match probe(scene, service, without) {
        Probe::There => return Judged::Holds,
        Probe::Unclear => {
            return Judged::not_seen(
                format!("`{name}` has no health check in the file, and its image was not seen"),
                format!("look for `HEALTHCHECK` in the image of `{name}`"),
            );
        }
        Probe::SwitchedOff => {
            format!(
                "the health check of `{name}` is switched off, and `{waits}` waits until it is healthy"
            )
        }
        Probe::Missing => {
            format!("`{name}` has no health check, and `{waits}` waits until it is healthy")
        }
    };
    Mismatch::new(
        scene.nearest(&place),
        found,
        format!(
            "a health check, without which `up` ends with “container {} has no healthcheck configured”",
            container(scene, service)
        ),
    )
    .into()
}

/// The name that Compose gives to its first container.
fn container(scene: &Scene<'_>, service: &Service<'_>) -> String {
    let made_up = || {
        let project = scene.project().map_or("", |project| project.name());
        format!("{project}-{}-1", service.name())
    };
    service.container_name().map_or_else(made_up, str::to_owned)
}

fn probe(scene: &Scene<'_>, service: &Service<'_>, without: &[String]) -> Probe {
    match service.healthcheck() {
        Some(check) if check.disabled => return Probe::SwitchedOff,
        Some(check) if !check.test.is_empty() => return Probe::There,
        // Only times: the test is that of the image.
        Some(_) | None => {}
    }
    let Some(image) = service.image().and_then(compose::Node::as_str) else {
        return Probe::Unclear;
    };
    if let Some(ImageSeen::Present(inspect)) = scene.evidence.world.images.get(image) {
        let test = inspect.pointer("/Config/Healthcheck/Test/0");
        let test = test.and_then(serde_json::Value::as_str);
        return match test {
            None | Some("NONE") => Probe::Missing,
            Some(_) => Probe::There,
        };
    }
    let known = |reference: ImageReference| {
        let repository = |name: &str| {
            let known = ImageReference::parse(name).ok()?;
            Some((known.registry, known.repository))
        };
        let this = Some((reference.registry, reference.repository));
        without.iter().any(|name| repository(name) == this)
    };
    match ImageReference::parse(image).is_ok_and(known) && service.node().child("build").is_none() {
        true => Probe::Missing,
        false => Probe::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::{ImageSeen, WorldSeen};
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file, on_world};

    fn file(db: &str) -> String {
        format!(
            "name: shop\nservices:\n  db: {{image: 'redis:7'{db}}}\n  web: {{image: x, depends_on: {{db: {{condition: service_healthy}}}}}}\n"
        )
    }

    fn judge(db: &str) -> Judged {
        let with = json!({"without": ["redis"]});
        on_file("awaited-services-have-a-probe", with, &file(db))
    }

    #[test]
    fn a_probe_in_the_file_holds() {
        holds(judge(", healthcheck: {test: redis-cli ping}"));
        holds(judge(", healthcheck: {test: [CMD, redis-cli, ping]}"));
    }

    #[test]
    fn no_probe_is_told_with_the_words_of_compose() {
        finds(judge(""), "`db` has no health check, and `web` waits");
        finds(
            judge(", healthcheck: {interval: 5s}"),
            "has no health check",
        );
        let Judged::Fails(mismatches) = judge("") else {
            panic!("it has to fail");
        };
        assert!(
            mismatches[0]
                .expected
                .contains("shop-db-1 has no healthcheck configured")
        );
    }

    #[test]
    fn one_that_is_switched_off_is_none() {
        for off in ["{test: [NONE]}", "{disable: true}"] {
            finds(judge(&format!(", healthcheck: {off}")), "switched off");
        }
    }

    #[test]
    fn an_image_may_bring_one() {
        let on = |test: Value| {
            let image = json!({"Config": {"Healthcheck": {"Test": test}}});
            let world = WorldSeen {
                images: [("redis:7".to_owned(), ImageSeen::Present(image))].into(),
                ..WorldSeen::default()
            };
            let with = json!({"without": ["redis"]});
            on_world("awaited-services-have-a-probe", with, &file(""), world)
        };
        holds(on(json!(["CMD", "redis-cli", "ping"])));
        finds(on(json!(["NONE"])), "has no health check");
        finds(on(Value::Null), "has no health check");
    }

    #[test]
    fn an_image_that_nobody_knows_is_not_judged() {
        let judged = on_file("awaited-services-have-a-probe", json!({}), &file(""));
        assert!(matches!(judged, Judged::Unknown(_)), "{judged:?}");
        let built = judge(", build: .");
        assert!(matches!(built, Judged::Unknown(_)), "{built:?}");
    }

    #[test]
    fn whom_nobody_waits_for_needs_none() {
        let alone = "services: {db: {image: 'redis:7'}, web: {image: x, depends_on: [db]}}";
        holds(on_file(
            "awaited-services-have-a-probe",
            json!({"without": ["redis"]}),
            alone,
        ));
    }
}
