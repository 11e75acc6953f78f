//! `files-are-not-open-to-all`

use super::dockerfiles::{recipes, steps};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "files-are-not-open-to-all",
        what: "No step lets every user write to the program's files.",
        why: "With `777` each process in the container may change the program and what it reads. The step also stores every file a second time.",
        mend: "Give the files to the user that runs the program: `COPY --chown=app:app`.",
        leave: "For a folder that several users have to write to, as /tmp.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for recipe in recipes(scene) {
        for step in recipe.stages().flatten().flat_map(steps) {
            let arguments = step.arguments();
            let is_open = |text: &str| {
                matches!(
                    text,
                    "777" | "0777" | "a+rwx" | "ugo+rwx" | "a+w" | "o+w" | "666" | "a=rwx"
                )
            };
            let is_temporary = arguments
                .last()
                .is_some_and(|path| path.text.ends_with("/tmp"));
            let found = "every user in the container may write there";
            if step.program() == Some("chmod")
                && !is_temporary
                && arguments.iter().any(|word| is_open(&word.text))
            {
                remarks.push(Remark::of(&recipe.service, step.span, found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn files_for_everybody_are_told() {
        finds_built(
            &LINT,
            "FROM x:1\nRUN mkdir /app && chmod -R 777 /app\n",
            "every user",
        );
    }

    #[test]
    fn narrower_rights_are_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1\nRUN chmod +x /app/start && chmod 1777 /tmp && chmod 755 /app\n",
        );
    }
}
