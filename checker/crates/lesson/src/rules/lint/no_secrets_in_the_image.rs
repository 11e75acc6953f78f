//! `no-secrets-in-the-image`

use std::collections::BTreeSet;

use ::dockerfile::Kind;

use super::credentials;
use super::dockerfiles::recipes;
use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::build::arguments;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-secrets-in-the-image",
        what: "No secret goes into an image: not as a build argument, not under `ENV`, not as a file that is copied.",
        why: "Everybody who has the image has the secret: `docker history` shows build arguments and `ENV`, and a file stays in its layer even when a later step removes it.",
        mend: "Give the program its secrets when it starts. For what the build itself needs use a build secret: `build: secrets:` in the Compose file, `RUN --mount=type=secret,id=…` in the Dockerfile.",
        leave: "For values that are public anyway.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// Files that hold nothing but secrets.
const FILES: [&str; 8] = [
    ".env",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    "id_rsa",
    "id_ed25519",
    "credentials.json",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut told = BTreeSet::new();
    for service in services(scene) {
        for (name, node) in arguments(&service) {
            let value = node.scalar_text().unwrap_or_default();
            if is_secret(name, &value) {
                told.insert((service.name(), name.to_owned()));
                remarks.push(Remark::of(&service, node.span(), stays(name)));
            }
        }
    }
    for recipe in recipes(scene) {
        for instruction in recipe.stages().flatten() {
            match &instruction.kind {
                // Where the Compose file gives it, it is told there.
                Kind::Arg(variables) | Kind::Env(variables) => {
                    for variable in variables {
                        let name = &variable.name.text;
                        let value = variable
                            .value
                            .as_ref()
                            .map_or("", |value| value.text.as_str());
                        let value = value.trim_matches(['"', '\'']);
                        // Set to nothing it is no secret; without a value it is given when the build begins.
                        if value.is_empty() && variable.value.is_some() {
                            continue;
                        }
                        let is_given = told.contains(&(recipe.service.name(), name.clone()))
                            || value.contains('$');
                        if is_secret(name, value) && !is_given {
                            remarks.push(Remark::of(
                                &recipe.service,
                                variable.name.span,
                                stays(name),
                            ));
                        }
                    }
                }
                Kind::Copy(copied) | Kind::Add(copied) if instruction.flag("from").is_none() => {
                    for source in &copied.sources {
                        let file = source.text.rsplit('/').next().unwrap_or_default();
                        if FILES.contains(&file) {
                            let found = format!("the secrets in `{file}` stay in the image");
                            remarks.push(Remark::of(&recipe.service, source.span, found));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    remarks
}

/// Without a value it comes from the command line, or the build has none.
fn is_secret(name: &str, value: &str) -> bool {
    credentials::in_variable(name, value).is_some()
        || (value.is_empty() && credentials::is_secret_name(name))
}

fn stays(name: &str) -> String {
    format!("the value of `{name}` stays readable in the image's history")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_built, silent, silent_built};
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
    fn a_secret_in_the_dockerfile_is_told() {
        finds_built(
            &LINT,
            "FROM x:1\nARG NPM_TOKEN\nRUN npm ci\n",
            "`NPM_TOKEN`",
        );
        finds_built(
            &LINT,
            "FROM x:1\nENV DB_PASSWORD=kite-battery-9\n",
            "`DB_PASSWORD`",
        );
        finds_built(&LINT, "FROM x:1\nCOPY .env /app/\n", "`.env`");
        silent_built(
            &LINT,
            "FROM x:1\nENV TOKEN_FILE=/run/secrets/token MAX_TOKENS=100 DB_PASSWORD=\"\"\nCOPY .env.example .\n",
        );
        silent_built(&LINT, "FROM x:1\nRUN --mount=type=secret,id=npm npm ci\n");
    }

    #[test]
    fn other_arguments_are_left_alone() {
        silent(
            &LINT,
            "build: {context: ., args: {VERSION: '1.2', TOKEN_URL: 'https://example.com'}}",
        );
    }
}
