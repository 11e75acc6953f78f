//! `only-one-command-counts`

use ::dockerfile::{Instruction, Kind};

use super::dockerfiles::recipes;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "only-one-command-counts",
        what: "A stage has one `CMD`, one `ENTRYPOINT` and one `HEALTHCHECK` at most.",
        why: "Only the last of each counts; the others are never run. They are no list of what is started one after the other.",
        mend: "Take the earlier one out. To start several programs use several containers, or a program that looks after them.",
        leave: "Never.",
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
        for stage in recipe.stages() {
            for name in ["CMD", "ENTRYPOINT", "HEALTHCHECK"] {
                let all: Vec<&Instruction> = stage
                    .iter()
                    .filter(|instruction| instruction.keyword.text == name)
                    .collect();
                let [.., earlier, last] = all.as_slice() else {
                    continue;
                };
                // Taken back first, and set anew.
                if matches!(earlier.kind, Kind::Healthcheck(None)) {
                    continue;
                }
                let found = format!("this `{name}` never counts");
                let remark = Remark::of(&recipe.service, earlier.span, found);
                remarks.push(remark.related(last.span, "the last one does"));
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
    fn a_command_that_never_counts_is_told() {
        finds_built(
            &LINT,
            "FROM x:1\nCMD [\"a\"]\nCMD [\"b\"]\n",
            "this `CMD` never counts",
        );
    }

    #[test]
    fn one_of_each_in_a_stage_is_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1 AS a\nCMD [\"a\"]\nFROM a\nENTRYPOINT [\"e\"]\nCMD [\"b\"]\n",
        );
    }
}
