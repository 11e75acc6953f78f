//! Judging images: what the engine says of the image that a service runs or builds.

use serde_json::Value;

use crate::evidence::{Evidence, ImageSeen};
use crate::format::Matcher;
use crate::load::load_with_all_profiles;
use crate::matcher::{self, Matched};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::words;

/// The reference of a service's image: the one that the file names, or the one that Compose gives to what it builds.
pub fn reference(project: &compose::Project, service: &compose::Service<'_>) -> Option<String> {
    let named = service.image().and_then(|image| image.as_str());
    let is_built = service.node().get("build").is_some();
    let of_compose = || format!("{}-{}", project.name(), service.name());
    named
        .map(str::to_owned)
        .or_else(|| is_built.then(of_compose))
}

/// The image that another one is held against: that of a service of this name, though `up` may leave it out, or else one that is
/// called so.
pub fn other(evidence: &Evidence, name: &str) -> String {
    let loaded = load_with_all_profiles(evidence);
    let of_service = loaded.project.as_ref().and_then(|project| {
        let service = project.service(name)?;
        reference(project, &service)
    });
    of_service.unwrap_or_else(|| name.to_owned())
}

/// An image that is on the machine.
#[derive(Debug, Clone)]
pub struct Image<'a> {
    /// As it was asked for.
    pub reference: String,
    /// The body of `GET /images/{name}/json`.
    pub inspect: &'a Value,
}

impl Image<'_> {
    /// In bytes, as the engine counts them.
    pub fn size(&self) -> Option<u64> {
        self.inspect.get("Size")?.as_u64()
    }

    /// Digests of what it is made of. Two builds of the same steps share them; their ids differ by a label.
    fn layers(&self) -> Option<&Value> {
        self.inspect.pointer("/RootFS/Layers")
    }

    fn spot(&self) -> Spot {
        spot(&self.reference)
    }
}

fn spot(reference: &str) -> Spot {
    Spot::Probe {
        question: format!("the image {reference}"),
    }
}

/// The image of a service, or why nothing can be said about it.
///
/// # Errors
/// The verdict: a service that builds its image and has none fails, everything else is not known.
pub fn of_service<'a>(scene: &Scene<'a>, service: &str) -> Result<Image<'a>, Judged> {
    if let Some(silence) = scene.engine_silence() {
        return Err(Judged::Unknown(silence));
    }
    let reference = scene
        .project()
        .and_then(|project| reference(project, &project.service(service)?));
    let Some(reference) = reference else {
        return Err(Judged::not_seen(
            format!("no image is known of `{service}`"),
            format!("look at `{service}` in the file"),
        ));
    };
    let is_built = scene
        .service(service)
        .is_some_and(|service| service.node().get("build").is_some());
    match scene.evidence.world.images.get(&reference) {
        Some(ImageSeen::Present(inspect)) => Ok(Image { reference, inspect }),
        Some(ImageSeen::Absent) if is_built => Err(Mismatch::new(
            scene.nearest(&format!("services.{service}.build")),
            format!("there is no image `{reference}` on this machine yet"),
            "an image, built from the Dockerfile",
        )
        .next(format!("run `docker compose build {service}`"))
        .into()),
        Some(ImageSeen::Absent) => Err(Judged::not_seen(
            format!("the image {reference} is not on this machine"),
            "run `docker compose pull`, or look at the image's name in the file",
        )),
        None => Err(Judged::not_seen(
            format!("the engine says nothing about the image {reference}"),
            format!("look at `docker image inspect {reference}`"),
        )),
    }
}

/// Judges the image of a service.
pub fn judge(scene: &Scene<'_>, service: &str, matchers: &[Matcher]) -> Judged {
    let image = match of_service(scene, service) {
        Ok(image) => image,
        Err(judged) => return judged,
    };
    Judged::all(matchers.iter().map(|matcher| match matcher {
        Matcher::Field(expected) => {
            let value = crate::container::at(image.inspect, &expected.path);
            let value = value.filter(|value| !value.is_null());
            let matched = matcher::every(&expected.expect.0, value);
            judged(&image, matched.of_field(&expected.path))
        }
        Matcher::SmallerThan(name) => smaller_than(scene, &image, &other(scene.evidence, name)),
        _ => Judged::not_seen(
            "this matcher says nothing about an image",
            "correct the lesson",
        ),
    }))
}

fn judged(image: &Image<'_>, matched: Matched) -> Judged {
    match matched {
        Matched::Yes => Judged::Holds,
        Matched::No(differs) => Mismatch::new(image.spot(), differs.found, differs.expected).into(),
        Matched::Unclear(why) => Judged::not_seen(why, "look at the value yourself"),
    }
}

/// Both have to be on the machine: nothing is built or pulled to compare them.
fn smaller_than(scene: &Scene<'_>, image: &Image<'_>, other: &str) -> Judged {
    let Some(ImageSeen::Present(inspect)) = scene.evidence.world.images.get(other) else {
        return Judged::not_seen(
            format!("there is no image `{other}` on this machine to compare with"),
            how_to_build(scene, other),
        );
    };
    let other = Image {
        reference: other.to_owned(),
        inspect,
    };
    let (Some(own), Some(others)) = (image.size(), other.size()) else {
        return Judged::not_seen(
            "the engine does not say how big it is",
            format!("look at `docker image inspect {}`", image.reference),
        );
    };
    if own < others {
        return Judged::Holds;
    }
    let found = if image
        .layers()
        .is_some_and(|own| Some(own) == other.layers())
    {
        format!(
            "`{}` has the very same layers, {}",
            other.reference,
            words::size(own)
        )
    } else {
        format!(
            "it has {}, and `{}` has {}",
            words::size(own),
            other.reference,
            words::size(others)
        )
    };
    let expected = format!(
        "less than the {} of `{}`",
        words::size(others),
        other.reference
    );
    Mismatch::new(image.spot(), found, expected).into()
}

/// Compose builds by the service's name, also where `up` leaves the service out.
fn how_to_build(scene: &Scene<'_>, reference: &str) -> String {
    let service = scene.project().and_then(|project| {
        let mut left_out = project.disabled_services().map(|(name, _)| name);
        let name = reference.strip_prefix(project.name())?.strip_prefix('-')?;
        (project.service(name).is_some() || left_out.any(|other| other == name)).then_some(name)
    });
    match service {
        Some(service) => format!("run `docker compose build {service}`"),
        None => format!("build `{reference}` first"),
    }
}

/// Judges the steps that made the image of a service.
pub fn judge_history(scene: &Scene<'_>, service: &str, matchers: &[Matcher]) -> Judged {
    let image = match of_service(scene, service) {
        Ok(image) => image,
        Err(judged) => return judged,
    };
    let Some(history) = scene.evidence.world.histories.get(&image.reference) else {
        return Judged::not_seen(
            "the engine does not tell its history",
            format!("look at `docker history {}`", image.reference),
        );
    };
    let steps = history.as_array().into_iter().flatten();
    let steps = steps.filter_map(|step| step.get("CreatedBy").cloned());
    let steps = Value::Array(steps.collect());
    Judged::all(
        matchers
            .iter()
            .map(|matcher| judged(&image, matcher::matches(matcher, Some(&steps)))),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evidence::{EngineSeen, WorldSeen};
    use crate::testing::{finds, holds, look_at_world};

    const BUILT: &str = "name: shop\nservices:\n  api:\n    build: .\n";

    fn world(images: &[(&str, Value)]) -> WorldSeen {
        let images = images.iter().map(|(name, inspect)| {
            let seen = match inspect {
                Value::Null => ImageSeen::Absent,
                inspect => ImageSeen::Present(inspect.clone()),
            };
            ((*name).to_owned(), seen)
        });
        WorldSeen {
            engine: EngineSeen::Answered {
                address: "unix:///test.sock".to_owned(),
                version: Value::Null,
            },
            images: images.collect(),
            ..WorldSeen::default()
        }
    }

    fn on(file: &str, images: &[(&str, Value)], matcher: Value) -> Judged {
        let matcher: Matcher = serde_json::from_value(matcher).expect("a matcher");
        look_at_world(file, world(images), |scene| judge(scene, "api", &[matcher]))
    }

    fn is_not_root() -> Value {
        json!({"field": {"path": "Config.User", "present": true, "not": {"match-regexp": "^(0|root)?(:.*)?$"}}})
    }

    #[test]
    fn the_image_that_compose_builds_has_a_name_of_its_own() {
        let image = |user: &str| json!({"Id": "sha256:1", "Config": {"User": user}});
        holds(on(BUILT, &[("shop-api", image("999:999"))], is_not_root()));
        finds(
            on(BUILT, &[("shop-api", image(""))], is_not_root()),
            "`Config.User` is empty",
        );
        finds(
            on(BUILT, &[("shop-api", image("0:0"))], is_not_root()),
            "`Config.User` is `0:0`",
        );
        let named = "name: shop\nservices: {api: {build: ., image: 'shop/api:1'}}";
        holds(on(named, &[("shop/api:1", image("app"))], is_not_root()));
    }

    /// The engine with the containerd store leaves empty fields out, and says more elsewhere.
    #[test]
    fn a_field_that_an_engine_leaves_out_is_not_set() {
        let image = json!({
            "Id": "sha256:2", "Descriptor": {"digest": "sha256:2"}, "RepoDigests": ["shop-api@sha256:2"], "Config": {"Cmd": ["run"]},
        });
        finds(
            on(BUILT, &[("shop-api", image)], is_not_root()),
            "`Config.User` is not set",
        );
    }

    #[test]
    fn what_was_not_built_yet_fails_and_what_was_not_pulled_is_not_judged() {
        let absent = [("shop-api", Value::Null)];
        finds(on(BUILT, &absent, is_not_root()), "no image `shop-api`");
        let pulled = "name: shop\nservices: {api: {image: 'shop-api'}}";
        assert!(matches!(
            on(pulled, &absent, is_not_root()),
            Judged::Unknown(_)
        ));
        assert!(matches!(on(BUILT, &[], is_not_root()), Judged::Unknown(_)));
    }

    #[test]
    fn sizes_are_compared_with_an_image_that_is_there() {
        let image = |id: &str, size: u64| json!({"Id": format!("sha256:{id}{size}"), "Size": size, "RootFS": {"Layers": [id]}});
        let smaller = || json!({"smaller-than": "shop:builder"});
        let on = |own: Value, other: Value| {
            on(
                BUILT,
                &[("shop-api", own), ("shop:builder", other)],
                smaller(),
            )
        };
        holds(on(image("1", 299_999_999), image("2", 300_000_000)));
        finds(
            on(image("1", 300_000_000), image("2", 283_000_000)),
            "it has 300.0 MB, and `shop:builder` has 283.0 MB",
        );
        finds(
            on(image("1", 5), image("1", 5)),
            "`shop:builder` has the very same layers",
        );
        assert!(matches!(on(image("1", 5), Value::Null), Judged::Unknown(_)));
    }

    #[test]
    fn a_missing_image_is_built_by_the_name_of_its_service() {
        let file = "name: shop\nservices: {api: {build: .}, tests: {build: ., profiles: [test]}}";
        let next = |reference: &str| {
            look_at_world(file, world(&[]), |scene| how_to_build(scene, reference))
        };
        assert_eq!(next("shop-tests"), "run `docker compose build tests`");
        assert_eq!(next("shop:builder"), "build `shop:builder` first");
    }

    #[test]
    fn steps_of_an_image_are_looked_through_one_by_one() {
        let judged = |matcher: Value| {
            let matcher: Matcher = serde_json::from_value(matcher).expect("a matcher");
            let steps = json!([
                {"CreatedBy": "CMD [\"python\"]", "Size": 0},
                {"CreatedBy": "RUN /bin/sh -c apt-get update # buildkit", "Size": 5},
            ]);
            let world = WorldSeen {
                histories: [("shop-api".to_owned(), steps)].into(),
                ..world(&[("shop-api", json!({"Id": "1"}))])
            };
            look_at_world(BUILT, world, |scene| {
                judge_history(scene, "api", &[matcher])
            })
        };
        let has = |part: &str| json!({"contain-element": {"contain-substring": part}});
        holds(judged(has("apt-get update")));
        finds(judged(has("apt-get install")), "it is");
        finds(
            judged(json!({"not": has("apt-get update")})),
            "`RUN /bin/sh -c apt-get update # buildkit` is in it",
        );
    }
}
