//! `image-has-a-version`

use std::collections::BTreeSet;

use ::dockerfile::Base;
use compose::image::ImageReference;

use super::dockerfiles::recipes;
use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "image-has-a-version",
        what: "Each image that is pulled has a tag that names a version, or a digest.",
        why: "`latest`, and no tag, mean whatever carries that name on the day it is pulled. The same file then starts something else next month, and two machines run two versions.",
        mend: "Write the version that you run today: `docker image inspect IMAGE` shows it, or the image's page lists its tags.",
        leave: "For a first try, and where a test is meant to run on whatever is newest.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Tags that are moved to whatever is newest.
const MOVING: [&str; 16] = [
    "latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "lts", "current",
    "mainline", "unstable", "alpine", "slim", "snapshot", "head",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let services = services(scene);
    let built: BTreeSet<&str> = services
        .iter()
        .filter(|service| service.node().get("build").is_some())
        .filter_map(|service| service.image()?.as_str())
        .collect();
    let of_service = |service: &compose::Service<'_>| {
        let node = service.image()?;
        let text = node.as_str()?;
        // What is made here is named here.
        let never_pulled =
            |policy: &compose::Node| matches!(policy.as_str(), Some("never" | "build"));
        let is_local =
            built.contains(text) || key(service, "pull_policy").is_some_and(never_pulled);
        let found = found(text).filter(|_| !is_local)?;
        Some(Remark::of(service, node.span(), found.as_str()).once(found))
    };
    let mut remarks: Vec<_> = services.iter().filter_map(of_service).collect();
    for recipe in recipes(scene) {
        for index in &recipe.plan.needed {
            // An argument may say another version with each build.
            let word = &recipe.dockerfile.stages[*index].base;
            let base = match &recipe.plan.stages[*index].base {
                Base::Image(image)
                    if !word.text.contains('$')
                        && !built.contains(image.as_str())
                        && !is_context(&recipe.service, image) =>
                {
                    image
                }
                _ => continue,
            };
            if let Some(found) = found(base) {
                let remark = Remark::of(&recipe.service, word.span, found.as_str());
                remarks.push(remark.once(found));
            }
        }
    }
    remarks
}

/// What is wrong with an image's name.
fn found(text: &str) -> Option<String> {
    let image = ImageReference::parse(text).ok()?;
    if image.digest.is_some() {
        return None;
    }
    let name = image.familiar_name();
    match image.tag.as_deref() {
        None => Some(format!(
            "`{name}` without a tag is `{name}:latest`, whatever that is on the day it is pulled"
        )),
        Some(tag) if MOVING.contains(&tag.to_lowercase().as_str()) => Some(format!(
            "`{tag}` of `{name}` is whatever carries that name on the day it is pulled"
        )),
        Some(_) => None,
    }
}

/// Whether a name is a context that the build is given beside its folder: nothing is pulled under it.
fn is_context(service: &compose::Service<'_>, name: &str) -> bool {
    let contexts = key(service, "build.additional_contexts");
    contexts.is_some_and(|contexts| contexts.child(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, finds_in, silent_built, silent_in};
    use super::LINT;

    fn image(image: &str) -> String {
        format!("services: {{web: {{image: '{image}'}}}}")
    }

    #[test]
    fn an_image_that_may_be_another_one_tomorrow_is_told() {
        finds_in(&LINT, &image("nginx"), "without a tag");
        finds_in(&LINT, &image("quay.io/team/app:latest"), "`latest`");
        finds_in(&LINT, &image("localhost:5000/app"), "without a tag");
        finds_in(&LINT, &image("redis:alpine"), "`alpine`");
        finds_in(
            &LINT,
            "services: {a: {image: nginx}, b: {image: nginx}}",
            "`a`, `b`",
        );
    }

    #[test]
    fn what_a_dockerfile_begins_with_counts_too() {
        finds_built(&LINT, "FROM python\n", "without a tag");
        finds_built(
            &LINT,
            "FROM node:lts AS build\nFROM nginx:1.27\nCOPY --from=build /a /a\n",
            "`lts`",
        );
        silent_built(
            &LINT,
            "ARG TAG=latest\nFROM scratch AS a\nFROM python:$TAG\n",
        );
        silent_built(&LINT, "FROM unused AS unused\nFROM python:3.12\n");
    }

    #[test]
    fn what_the_build_is_given_as_a_context_is_not_pulled() {
        let compose = "services: {web: {build: {context: ., additional_contexts: [base=service:low]}}, low: {build: ./low}}";
        let files = [
            ("Dockerfile", "FROM base\n"),
            ("low/Dockerfile", "FROM python:3.12\n"),
        ];
        crate::testing::look_at_all(compose, &files, |scene| {
            assert!(super::examine(scene).is_empty());
        });
        let compose = "services: {web: {build: .}}";
        crate::testing::look_at_all(compose, &files, |scene| {
            assert_eq!(super::examine(scene).len(), 1);
        });
    }

    #[test]
    fn a_version_a_digest_and_what_is_built_here_are_left_alone() {
        silent_in(&LINT, &image("nginx:1.27"));
        silent_in(&LINT, &image("postgres:17-alpine"));
        silent_in(&LINT, &image(&format!("nginx@sha256:{}", "0".repeat(64))));
        silent_in(
            &LINT,
            "services: {a: {build: ., image: app}, b: {image: app}}",
        );
        silent_in(&LINT, "services: {a: {image: app, pull_policy: never}}");
    }
}
