//! `image-has-a-user`

use compose::image::ImageReference;

use super::dockerfiles::{Recipe, recipes};
use super::read::key;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "image-has-a-user",
        what: "An image is made for a user other than root.",
        why: "Root in the container is root for the kernel: with a mount or a mistake in the kernel it is root on the machine. Most programs need nothing of it.",
        mend: "Make a user, give it the folders that the program writes, and end with `USER`: `RUN useradd --create-home app` and `USER app`.",
        leave: "Where the start script changes to another user by itself, and in images for building.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |recipe: Recipe<'_>| {
        let service = recipe.service;
        if key(&service, "user").is_some() {
            return None;
        }
        let configuration = recipe.configuration();
        if let Some(user) = &configuration.user {
            let name = user.text.split(':').next().unwrap_or_default();
            let found = "the program runs as root, because this is the last `USER`";
            return matches!(name, "root" | "0")
                .then(|| Remark::of(&service, user.word.span, found));
        }
        // Images of others may bring a user; those of the official library for languages and systems bring none.
        let image = ImageReference::parse(configuration.image.as_deref()?).ok()?;
        let is_open = AS_ROOT.contains(&image.familiar_name().as_str());
        // A script may change to another user, as those of many images do.
        let changes = recipe.steps_of_image().any(|step| {
            step.words.iter().any(|word| {
                ["gosu", "su-exec", "setpriv"]
                    .iter()
                    .any(|name| word.text.contains(name))
            })
        });
        let by_script = configuration.entrypoint.as_ref().is_some_and(|command| {
            command
                .steps
                .iter()
                .any(|step| step.words.iter().any(|word| word.text.ends_with(".sh")))
                || command
                    .words()
                    .is_some_and(|words| words.iter().any(|word| word.ends_with(".sh")))
        });
        let found = "the program runs as root: no `USER` says another";
        (is_open && !changes && !by_script).then(|| Remark::of(&service, recipe.base_span(), found))
    };
    recipes(scene).into_iter().filter_map(remark).collect()
}

/// Official images that run as root and change to nobody else.
pub(super) const AS_ROOT: [&str; 13] = [
    "debian",
    "ubuntu",
    "alpine",
    "python",
    "node",
    "ruby",
    "golang",
    "rust",
    "perl",
    "openjdk",
    "eclipse-temurin",
    "buildpack-deps",
    "busybox",
];

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn root_is_told() {
        finds_built(
            &LINT,
            "FROM python:3.12\nCMD [\"python\"]\n",
            "no `USER` says another",
        );
        finds_built(
            &LINT,
            "FROM team/base:1\nUSER app\nRUN true\nUSER root\n",
            "the last `USER`",
        );
    }

    #[test]
    fn a_user_is_left_alone() {
        silent_built(&LINT, "FROM python:3.12\nUSER app\n");
        silent_built(&LINT, "FROM python:3.12 AS base\nUSER 1000\nFROM base\n");
        silent_built(&LINT, "FROM team/base:1\nCMD [\"x\"]\n");
        silent_built(
            &LINT,
            "FROM debian:12\nCOPY start.sh /\nENTRYPOINT [\"/start.sh\"]\n",
        );
    }
}
