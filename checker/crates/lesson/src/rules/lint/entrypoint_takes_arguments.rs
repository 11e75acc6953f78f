//! `entrypoint-takes-arguments`

use ::dockerfile::{Form, Instruction, Kind};

use super::dockerfiles::{recipes, script};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "entrypoint-takes-arguments",
        what: "An `ENTRYPOINT` that has a `CMD` behind it is written as a list.",
        why: "Written as a line it is run by a shell, which gets no arguments: `CMD`, `command:` of Compose and what stands behind `docker run IMAGE` are dropped without a word.",
        mend: "Write it as a list: `ENTRYPOINT [\"python\", \"app.py\"]`.",
        leave: "Never: without a use for `CMD` take that out.",
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
        let own = recipe.stage(recipe.plan.target);
        let last = |is_kind: fn(&Instruction) -> bool| {
            own.iter().rfind(|instruction| is_kind(instruction))
        };
        let Some(entrypoint) = last(|instruction| matches!(instruction.kind, Kind::Entrypoint(_)))
        else {
            continue;
        };
        let command = last(
            |instruction| matches!(&instruction.kind, Kind::Cmd(command) if !matches!(&command.form, Form::Exec(words) if words.is_empty())),
        );
        // A script that ends with "$@" was given arguments to pass on, though it gets none.
        let is_line = script(entrypoint).is_some_and(|line| !line.trim().is_empty());
        if let Some(command) = command.filter(|_| is_line) {
            let found = "an `ENTRYPOINT` written as a line drops its `CMD`";
            let remark = Remark::of(&recipe.service, entrypoint.span, found);
            remarks.push(remark.related(command.span, "never reaches the program"));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn arguments_that_are_dropped_are_told() {
        finds_built(
            &LINT,
            "FROM x:1\nENTRYPOINT python app.py\nCMD [\"--port\", \"80\"]\n",
            "drops its `CMD`",
        );
    }

    #[test]
    fn a_list_and_a_line_alone_are_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1\nENTRYPOINT [\"python\", \"app.py\"]\nCMD [\"--port\", \"80\"]\n",
        );
        silent_built(&LINT, "FROM x:1\nENTRYPOINT exec python app.py\n");
        silent_built(&LINT, "FROM x:1\nENTRYPOINT []\nCMD python app.py\n");
    }
}
