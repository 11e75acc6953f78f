//! `run-leaves-something`

use super::dockerfiles::{recipes, steps};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "run-leaves-something",
        what: "No `RUN` ends with what only its own shell knows.",
        why: "Each `RUN` has a shell of its own. A folder that it changes to and a variable that it exports are gone in the next line.",
        mend: "Write `WORKDIR` for the folder and `ENV` for the variable, or put the command that needs them into the same `RUN`.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for recipe in recipes(scene) {
        for instruction in recipe.stages().flatten() {
            let Some(last) = steps(instruction).last() else {
                continue;
            };
            let found = match last.program() {
                Some("cd") => "the next line is in the old folder again",
                Some("export") => "the next line does not know this variable",
                Some("source" | ".") => "the next line knows nothing of what this file sets",
                _ => continue,
            };
            remarks.push(Remark::of(&recipe.service, last.span, found));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn what_is_gone_in_the_next_line_is_told() {
        finds_built(&LINT, "FROM x:1\nRUN cd /app\n", "old folder");
        finds_built(&LINT, "FROM x:1\nRUN make && export A=1\n", "does not know");
        finds_built(
            &LINT,
            "FROM x:1\nRUN . venv/bin/activate\n",
            "what this file sets",
        );
    }

    #[test]
    fn what_the_same_line_uses_is_left_alone() {
        silent_built(&LINT, "FROM x:1\nRUN cd /app && make\n");
        silent_built(&LINT, "FROM x:1\nRUN export A=1; make\n");
    }
}
