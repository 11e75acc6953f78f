//! `program-gets-signals`

use ::dockerfile::{Command, Set};
use compose::image::ImageReference;

use super::dockerfiles::{Recipe, recipes};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "program-gets-signals",
        what: "The program is process 1 of its container, or a shell replaces itself with it.",
        why: "`docker stop` sends its signal to process 1 alone. Where that is a shell, it hands nothing on: the program never hears that it shall end, and is killed ten seconds later.",
        mend: "Write the command as a list, `CMD [\"python\", \"app.py\"]`, or put `exec` in front of the last program.",
        leave: "Where nothing is lost when the program is killed.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

/// Official images whose `sh` stays when it has started a single program. That of Alpine and of Red Hat's family replaces itself.
const SHELL_STAYS: [&str; 13] = [
    "debian",
    "ubuntu",
    "python",
    "node",
    "ruby",
    "golang",
    "rust",
    "php",
    "perl",
    "nginx",
    "httpd",
    "buildpack-deps",
    "eclipse-temurin",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |recipe: Recipe<'_>| {
        let configuration = recipe.configuration();
        // An entrypoint is process 1, and may take the command's place.
        let command = match (&configuration.entrypoint, &configuration.command) {
            (Some(entrypoint), _) => entrypoint,
            (None, Set::To(command)) => command,
            (None, _) => return None,
        };
        let is_overruled = recipe.service.command().is_some()
            || recipe.service.entrypoint().is_some()
            || recipe.service.node().get("init").is_some();
        let image = ImageReference::parse(configuration.image.as_deref()?).ok()?;
        let tag = image.tag.as_deref().unwrap_or_default();
        let stays =
            SHELL_STAYS.contains(&image.familiar_name().as_str()) && !tag.contains("alpine");
        if is_overruled || !stays || configuration.shell.is_some() || !is_line_without_exec(command)
        {
            return None;
        }
        let span = span_of(&recipe, command)?;
        let found = "a shell is process 1, and does not hand on the signal to end";
        Some(Remark::of(&recipe.service, span, found))
    };
    recipes(scene).into_iter().filter_map(remark).collect()
}

fn is_line_without_exec(command: &Command) -> bool {
    let last = command.steps.last().and_then(|step| step.words.first());
    command.words().is_none() && last.is_some_and(|word| word.text != "exec")
}

fn span_of(recipe: &Recipe<'_>, command: &Command) -> Option<compose::Span> {
    let mut instructions = recipe.dockerfile.instructions.iter();
    instructions
        .rfind(|instruction| instruction.command() == Some(command))
        .map(|instruction| instruction.span)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn a_shell_in_front_of_the_program_is_told() {
        finds_built(
            &LINT,
            "FROM python:3.12-slim\nCMD python app.py\n",
            "a shell is process 1",
        );
        finds_built(
            &LINT,
            "FROM debian:12\nENTRYPOINT a && b\n",
            "a shell is process 1",
        );
    }

    #[test]
    fn a_program_that_is_process_1_is_left_alone() {
        silent_built(
            &LINT,
            "FROM python:3.12-slim\nCMD [\"python\", \"app.py\"]\n",
        );
        silent_built(&LINT, "FROM python:3.12-slim\nCMD exec python app.py\n");
        silent_built(&LINT, "FROM python:3.12-alpine\nCMD python app.py\n");
        silent_built(
            &LINT,
            "FROM python:3.12-slim\nENTRYPOINT [\"/start\"]\nCMD python app.py\n",
        );
    }
}
