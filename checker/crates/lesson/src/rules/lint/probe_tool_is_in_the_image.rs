//! `probe-tool-is-in-the-image`

use ::dockerfile::{Instruction, Kind};
use compose::image::ImageReference;

use super::dockerfiles::{Probed, Recipe, probes, recipes};
use super::known;
use super::read::words;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::image_contents::contents_of_image;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-tool-is-in-the-image",
        what: "A health check runs a program that its image has.",
        why: "The probe runs inside the container. What the image does not have cannot be started there, and the container stays unhealthy while its program works.",
        mend: "Use what the image brings: `pg_isready`, `redis-cli ping`, `wget` of Alpine, Python's own `urllib`; or install the tool in a Dockerfile of your own.",
        leave: "Where the container installs the tool when it starts.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let recipes = recipes(scene);
    let remark = |probed: Probed<'_>| {
        let service = probed.service;
        let recipe = recipes
            .iter()
            .find(|recipe| recipe.service.name() == service.name());
        let image = match (recipe, service.node().get("build")) {
            (Some(recipe), _) => {
                ImageReference::parse(recipe.configuration().image.as_deref()?).ok()?
            }
            (None, Some(_)) => return None,
            (None, None) => known::image(&service)?,
        };
        let contents = contents_of_image(&image)?;
        let is_missing = |program: &str| {
            // The container may bring it itself, when it starts.
            let by_command = words(&service).iter().any(|word| word.contains(program));
            let by_build = recipe.is_some_and(|recipe| may_install(recipe, program));
            contents.lacks(program) && !by_command && !by_build
        };
        let program = probed.probe.needs(is_missing)?;
        let found =
            format!("the image `{image}` has no `{program}`, so the container stays unhealthy");
        let remark =
            Remark::of(&service, probed.span, found).next(format!("{}.", contents.instead));
        Some(match recipe {
            Some(recipe) => remark.related(recipe.base_span(), "the base image"),
            None => remark,
        })
    };
    probes(scene).into_iter().filter_map(remark).collect()
}

/// Whether the build brings the program, or runs a script that might.
fn may_install(recipe: &Recipe<'_>, program: &str) -> bool {
    let mut steps = recipe.steps_of_image();
    let by_step = steps.any(|step| {
        step.words.iter().any(|word| {
            word.text.contains(program) || word.text.ends_with(".sh") || word.text.contains('$')
        })
    });
    let copies = |instruction: &Instruction| match &instruction.kind {
        Kind::Copy(copied) => copied
            .sources
            .iter()
            .any(|source| source.text.contains(program)),
        _ => false,
    };
    by_step
        || recipe
            .stages_of_image()
            .into_iter()
            .flat_map(|stage| recipe.stage(stage))
            .any(copies)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, finds_in, silent_built, silent_in};
    use super::LINT;

    fn probed(image: &str, test: &str) -> String {
        format!("services: {{web: {{image: '{image}', healthcheck: {{test: {test}}}}}}}")
    }

    #[test]
    fn a_tool_that_is_not_there_is_told() {
        finds_in(
            &LINT,
            &probed("python:3.12-slim", "[CMD, curl, -f, 'http://localhost/']"),
            "no `curl`",
        );
        finds_in(
            &LINT,
            &probed("postgres:17", "curl -f localhost:5432 || exit 1"),
            "no `curl`",
        );
        finds_in(
            &LINT,
            &probed(
                "qdrant/qdrant:v1.15.4",
                "[CMD, wget, 'http://localhost:6333']",
            ),
            "no `wget`",
        );
        finds_in(
            &LINT,
            &probed("node:22-alpine", "[CMD, curl, -f, 'http://localhost/']"),
            "no `curl`",
        );
    }

    #[test]
    fn a_tool_that_the_build_does_not_install_is_told() {
        let probe = "HEALTHCHECK CMD curl -f http://localhost/ || exit 1\n";
        let built = |steps: &str| {
            format!("FROM python:3.12-slim AS base\n{steps}FROM base\nRUN true\n{probe}")
        };
        finds_built(&LINT, &built("RUN pip install flask\n"), "no `curl`");
        silent_built(
            &LINT,
            &built("RUN apt-get update && apt-get install -y curl\n"),
        );
        silent_built(&LINT, &built("RUN ./setup.sh\n"));
        silent_built(&LINT, &format!("FROM python:3.12\n{probe}"));
    }

    #[test]
    fn a_tool_that_is_there_or_may_be_is_left_alone() {
        silent_in(
            &LINT,
            &probed("python:3.12", "[CMD, curl, -f, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            &probed("redis:7-alpine", "[CMD, wget, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            &probed("team/postgres:17", "[CMD, curl, -f, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            "services: {web: {build: ., image: 'python:3.12-slim', healthcheck: {test: curl -f localhost}}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: 'debian:12', command: sh -c 'apt install curl', healthcheck: {test: curl -f localhost}}}",
        );
    }
}
