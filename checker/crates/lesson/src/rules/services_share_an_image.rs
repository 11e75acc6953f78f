//! `services-share-an-image`, `image-has-one-recipe`, `image-is-built-by-one-service`

use std::collections::BTreeSet;

use compose::image::ImageReference;
use compose::{Node, Service};
use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const SHARED: Rule = Rule {
    name: "services-share-an-image",
    what: "Several services run the same image, under one name.",
    why: "A service with `build:` and without `image:` gets an image under a name of its own: the same recipe is built once for each, and the results drift apart as soon as one of them is built alone.",
    mend: "Give all of them the same `image:`, and one of them `build:` as well.",
    leave: "Where the services need different programs.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Parameters| {
            shared(scene, &parameters.services)
        })
    },
};

pub const ONE_RECIPE: Rule = Rule {
    name: "image-has-one-recipe",
    what: "An image that several services run is built by this project, from one context, one Dockerfile and the same arguments.",
    why: "When two recipes write the same name, the one that ends last wins; when none does, nobody makes the image.",
    mend: "Keep `build:` at one of the services, and take it away from the others.",
    leave: "Where the image comes from a registry, and this project only uses it.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Parameters| {
            one_recipe(scene, &parameters.services)
        })
    },
};

pub const ONE_BUILDER: Rule = Rule {
    name: "image-is-built-by-one-service",
    what: "Of the services that run an image, one builds it.",
    why: "Compose runs every `build:` that it finds and labels each result with its service: from one recipe come several images, one keeps the name, and the others stay behind without one.",
    mend: "Keep `build:` at one of the services. The others need `image:` alone: Compose sees that the name is built in this project.",
    leave: "Where each service has to be buildable alone, by `docker compose build NAME`.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Parameters| {
            one_builder(scene, &parameters.services)
        })
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    services: Vec<String>,
}

/// The services of these names that the file has.
fn known<'a>(scene: &Scene<'a>, names: &[String]) -> Vec<Service<'a>> {
    names
        .iter()
        .filter_map(|name| scene.service(name))
        .collect()
}

/// The image's name as the engine keeps it. Without `image:` Compose makes one of project and service.
pub(super) fn image_name(scene: &Scene<'_>, service: &Service<'_>) -> String {
    let written = service.image().and_then(Node::as_str);
    let text = written.map_or_else(
        || {
            let project = scene.project().map_or("", |project| project.name());
            format!("{project}-{}", service.name())
        },
        str::to_owned,
    );
    whole_name(&text)
}

/// With the tag that is meant where none is written, and without the registry where it is Docker Hub's.
pub(super) fn whole_name(text: &str) -> String {
    let Ok(reference) = ImageReference::parse(text) else {
        return text.to_owned();
    };
    let name = format!("{}/{}", reference.registry, reference.repository);
    let name = name
        .strip_prefix("docker.io/library/")
        .or_else(|| name.strip_prefix("docker.io/"))
        .unwrap_or(&name);
    match (reference.digest, reference.tag) {
        (Some(digest), _) => format!("{name}@{digest}"),
        (None, tag) => format!("{name}:{}", tag.as_deref().unwrap_or("latest")),
    }
}

/// Every name that the image of a service has: that of `image:`, and those that its build gives it besides.
fn names(scene: &Scene<'_>, service: &Service<'_>) -> BTreeSet<String> {
    let tags = service.node().get("build.tags").map(Node::to_json);
    let tags: Vec<String> = tags
        .and_then(|tags| serde_json::from_value(tags).ok())
        .unwrap_or_default();
    tags.iter()
        .map(|tag| whole_name(tag))
        .chain([image_name(scene, service)])
        .collect()
}

/// The names that all these services' images have.
fn common_names(scene: &Scene<'_>, services: &[Service<'_>]) -> BTreeSet<String> {
    let mut all = services.iter().map(|service| names(scene, service));
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, names| &common & &names)
}

fn shared(scene: &Scene<'_>, names: &[String]) -> Judged {
    let services = known(scene, names);
    if services.is_empty() || !common_names(scene, &services).is_empty() {
        return Judged::Holds;
    }
    // The first that differs from the one before it.
    let differs = services
        .windows(2)
        .find(|pair| common_names(scene, pair).is_empty())
        .and_then(|pair| pair.last())
        .or(services.last());
    let Some(odd) = differs else {
        return Judged::Holds;
    };
    let key = if odd.image().is_some() {
        "image"
    } else {
        "build"
    };
    let list = services
        .iter()
        .map(|service| format!("`{}` runs {}", service.name(), image_name(scene, service)));
    let found = list.collect::<Vec<_>>().join(", ");
    Mismatch::new(
        scene.nearest(&format!("services.{}.{key}", odd.name())),
        found,
        format!("one image for {}", names.join(", ")),
    )
    .next("compare `image:` of these services; a service without it gets a name of its own")
    .into()
}

/// What makes two builds the same: context, Dockerfile, stage and arguments.
fn recipe(service: &Service<'_>) -> Option<Value> {
    let build = service.node().get("build")?.to_json();
    let parts = [
        "context",
        "dockerfile",
        "dockerfile_inline",
        "target",
        "args",
    ];
    // `./Dockerfile` is `Dockerfile`, and what is meant where none is written; `./` is `.`.
    let path = |value: &Value, default: &str| {
        let text = value.as_str().unwrap_or(default);
        let text = text.strip_prefix("./").unwrap_or(text);
        let text = text.trim_end_matches('/');
        Value::from(if text.is_empty() { "." } else { text })
    };
    Some(Value::from(
        parts
            .map(|part| {
                let value = build.get(part).cloned().unwrap_or_default();
                match part {
                    "context" => path(&value, "."),
                    "dockerfile" => path(&value, "Dockerfile"),
                    _ => value,
                }
            })
            .to_vec(),
    ))
}

/// Every service of the project that builds what these services run.
fn builders<'a>(scene: &Scene<'a>, services: &[String]) -> Vec<Service<'a>> {
    let common = common_names(scene, &known(scene, services));
    let project = scene.project().into_iter();
    project
        .flat_map(|project| project.services())
        .filter(|service| recipe(service).is_some() && !names(scene, service).is_disjoint(&common))
        .collect()
}

fn one_recipe(scene: &Scene<'_>, names: &[String]) -> Judged {
    let builders = builders(scene, names);
    let Some(first) = builders.first() else {
        let service = names.first().map_or("", String::as_str);
        return Mismatch::new(
            scene.nearest(&format!("services.{service}.image")),
            "no service of this project builds the image",
            "one service with `build:` beside this `image:`",
        )
        .next("`build: .` says where the Dockerfile is")
        .into();
    };
    let Some(other) = builders
        .iter()
        .find(|service| recipe(service) != recipe(first))
    else {
        return Judged::Holds;
    };
    Mismatch::new(
        scene.nearest(&format!("services.{}.build", other.name())),
        format!(
            "`{}` and `{}` build the same name from different recipes",
            first.name(),
            other.name()
        ),
        "one context, one Dockerfile and the same arguments",
    )
    .next(format!(
        "compare `build:` of `{}` and `{}`",
        first.name(),
        other.name()
    ))
    .into()
}

fn one_builder(scene: &Scene<'_>, names: &[String]) -> Judged {
    let builders = builders(scene, names);
    let [first, second, ..] = builders.as_slice() else {
        return Judged::Holds;
    };
    let list: Vec<_> = builders
        .iter()
        .map(|service| format!("`{}`", service.name()))
        .collect();
    Mismatch::new(
        scene.nearest(&format!("services.{}.build", second.name())),
        format!("{} services build it: {}", builders.len(), list.join(", ")),
        "`build:` at one of them",
    )
    .next(format!(
        "keep `build:` at `{}` alone; an anchor that holds it gives it to everyone",
        first.name()
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::whole_name;
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(rule: &str, services: &str) -> Judged {
        let compose = format!("name: p\nservices: {{{services}}}\n");
        on_file(rule, json!({"services": ["a", "b"]}), &compose)
    }

    #[test]
    fn one_name_is_one_image_however_it_is_written() {
        let judge = |services| judge("services-share-an-image", services);
        holds(judge("a: {image: x, build: .}, b: {image: x}"));
        holds(judge(
            "a: {image: x}, b: {image: 'docker.io/library/x:latest'}",
        ));
        // The name that Compose gives what `a` builds, and one that the build adds.
        holds(judge("a: {build: .}, b: {image: p-a}"));
        holds(judge("a: {build: {context: ., tags: [x]}}, b: {image: x}"));
        holds(judge(
            "a: {extends: {service: c}}, b: {extends: {service: c}}, c: {image: x}",
        ));
    }

    #[test]
    fn each_service_with_a_build_of_its_own_is_told() {
        let judge = |services| judge("services-share-an-image", services);
        finds(judge("a: {build: .}, b: {build: .}"), "`b` runs p-b:latest");
        finds(
            judge("a: {image: 'x:1', build: .}, b: {image: 'x:2'}"),
            "`a` runs x:1",
        );
        finds(judge("a: {image: x}, b: {build: .}"), "`b` runs p-b:latest");
    }

    #[test]
    fn one_recipe_makes_the_image() {
        let judge = |services| judge("image-has-one-recipe", services);
        holds(judge("a: {image: x, build: .}, b: {image: x}"));
        holds(judge(
            "a: {image: x, build: .}, b: {image: x, build: {context: ./}}",
        ));
        holds(judge(
            "a: {image: x}, b: {image: x}, builder: {image: x, build: .}",
        ));
        finds(
            judge("a: {image: x, build: .}, b: {image: x, build: {context: ., target: dev}}"),
            "different recipes",
        );
        finds(
            judge("a: {image: x, build: .}, b: {image: x, build: {context: ., args: {A: '1'}}}"),
            "different recipes",
        );
        finds(judge("a: {image: x}, b: {image: x}"), "no service");
    }

    #[test]
    fn a_build_at_every_service_is_told() {
        let judge = |services| judge("image-is-built-by-one-service", services);
        holds(judge("a: {image: x, build: .}, b: {image: x}"));
        finds(
            judge("a: {image: x, build: .}, b: {image: x, build: .}"),
            "`a`, `b`",
        );
    }

    #[test]
    fn a_name_is_written_out_as_the_engine_keeps_it() {
        for (written, kept) in [
            ("x", "x:latest"),
            ("docker.io/library/x:1", "x:1"),
            ("docker.io/me/x", "me/x:latest"),
            ("localhost:5000/x", "localhost:5000/x:latest"),
        ] {
            assert_eq!(whole_name(written), kept);
        }
    }
}
