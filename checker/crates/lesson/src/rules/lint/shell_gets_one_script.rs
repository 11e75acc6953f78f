//! `shell-gets-one-script`

use super::read::{is_shell, key_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "shell-gets-one-script",
        what: "A shell with `-c` is given its script as one item.",
        why: "`sh -c` runs the one word that follows; the others become the script's own arguments. `sh -c npm start` runs `npm` and nothing else.",
        mend: "Quote the script: `command: sh -c \"npm start\"`, or write it as one item of the list. An `entrypoint` that ends with `-c` needs the same of `command`.",
        leave: "Where the script reads its arguments as `$1`.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service: compose::Service<'_>| {
        let entrypoint = service.entrypoint().unwrap_or_default();
        let command = service.command().unwrap_or_default();
        let words: Vec<&str> = entrypoint
            .iter()
            .chain(&command)
            .map(String::as_str)
            .collect();
        let [shell, option, script, next, ..] = words.as_slice() else {
            return None;
        };
        let is_script = is_shell(shell)
            && option.starts_with('-')
            && !option.starts_with("--")
            && option.ends_with('c');
        let reads_arguments = script.contains("$0")
            || script.contains("$1")
            || script.contains("$@")
            || script.contains("$*");
        if !is_script || reads_arguments {
            return None;
        }
        // A whole script with a word behind it: that one is only left out.
        let name = if script.contains(' ') {
            "the first item"
        } else {
            script
        };
        let last = if entrypoint.len() >= 4 || command.is_empty() {
            "entrypoint"
        } else {
            "command"
        };
        let found = format!("the shell runs `{name}` alone: `{next}` is not part of the script");
        let found = found.replace("`the first item`", "the first item");
        let span = service
            .node()
            .get(last)
            .map_or_else(|| key_span(&service, last), compose::Node::span);
        Some(Remark::of(&service, span, found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_script_in_several_words_is_told() {
        finds(&LINT, "command: sh -c npm start", "runs `npm` alone");
        finds(
            &LINT,
            "command: [bash, -c, python, app.py]",
            "runs `python` alone",
        );
        finds(
            &LINT,
            "entrypoint: [sh, -c], command: python app.py",
            "runs `python` alone",
        );
        finds(
            &LINT,
            "command: [/bin/sh, -c, 'a && b', c]",
            "the first item alone",
        );
    }

    #[test]
    fn one_script_is_left_alone() {
        silent(&LINT, "command: sh -c 'npm start'");
        silent(&LINT, "entrypoint: [sh, -c], command: [python app.py]");
        silent(&LINT, "command: [sh, -c, 'exec \"$$@\"', name, program]");
        silent(&LINT, "command: [sh, script.sh, a, b]");
    }
}
