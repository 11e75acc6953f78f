//! `no-secrets-in-build-arguments`

use compose::{Mapping, Node};

use super::credentials;
use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-secrets-in-build-arguments",
        what: "No secret goes into a build as an argument.",
        why: "Build arguments stay readable in the image: `docker history` shows them to everybody who has it.",
        mend: "Use a build secret: `build: secrets:` in the Compose file, `RUN --mount=type=secret,id=…` in the Dockerfile.",
        leave: "For values that are public anyway.",
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
        let arguments = key(&service, "build.args").and_then(Node::as_mapping);
        for (name, entry) in arguments.into_iter().flat_map(Mapping::iter) {
            let value = entry.value.scalar_text().unwrap_or_default();
            // Without a value here it comes from the shell, or the build has none.
            let is_secret = credentials::in_variable(name, &value).is_some()
                || (value.is_empty() && credentials::is_secret_name(name));
            if is_secret {
                let found = format!("the value of `{name}` stays readable in the image's history");
                remarks.push(Remark::of(&service, entry.value.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_secret_among_the_arguments_is_told() {
        finds(
            &LINT,
            "build: {context: ., args: {NPM_TOKEN: kite-battery-9}}",
            "history",
        );
        finds(
            &LINT,
            "build: {context: ., args: ['NPM_TOKEN=${NPM_TOKEN}']}",
            "history",
        );
    }

    #[test]
    fn other_arguments_are_left_alone() {
        silent(
            &LINT,
            "build: {context: ., args: {VERSION: '1.2', TOKEN_URL: 'https://example.com'}}",
        );
    }
}
