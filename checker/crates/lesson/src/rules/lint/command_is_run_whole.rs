//! `command-is-run-whole`

use compose::{Node, Service, Step};

use super::read::{is_shell, items, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "command-is-run-whole",
        what: "A command is run as a whole: no sign that only a shell understands stands in it without a shell.",
        why: "Compose takes a command apart into words and starts a program with them; no shell reads it. At an unquoted `&&`, `|`, `;` or `>` it stops reading, and the rest is never run.",
        mend: "Call a shell yourself: `command: [\"sh\", \"-c\", \"first && second\"]`.",
        leave: "Where the sign is meant for the program itself.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

const SIGNS: [&str; 6] = ["&&", "||", ";", "|", ">", "<"];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for name in ["entrypoint", "command"] {
            let Some(node) = service.node().get(name).filter(|node| !node.is_null()) else {
                continue;
            };
            let words: Vec<&str> = items(&service, name)
                .iter()
                .filter_map(Node::as_str)
                .collect();
            let found = cut_off(scene, node, &words).or_else(|| handed_on(&service, name, &words));
            remarks.extend(found.map(|found| Remark::of(&service, node.span(), found)));
        }
    }
    remarks
}

/// A command in one text: Compose reads up to the first sign that is not quoted.
fn cut_off(scene: &Scene<'_>, node: &Node, words: &[&str]) -> Option<String> {
    if !node.origin.steps.contains(&Step::ShortForm) {
        return None;
    }
    let written = scene.loaded.sources.text(node.span());
    let written = match written.strip_prefix(['>', '|']) {
        // The head of a text over several lines.
        Some(block) => block.split_once('\n').map_or("", |(_, text)| text),
        None => written,
    };
    let sign = SIGNS.iter().find(|sign| {
        let spaced = format!(" {sign}");
        let count = |text: &str| text.matches(spaced.as_str()).count();
        let ends_word =
            **sign == ";" && written.contains("; ") && !words.iter().any(|word| word.contains(';'));
        (count(written) > 0 || ends_word)
            && words
                .iter()
                .all(|word| count(word) == 0 && !word.contains(**sign))
    })?;
    Some(format!(
        "what follows `{sign}` is not run: without a shell Compose stops reading there"
    ))
}

/// A command in a list: every item is an argument.
fn handed_on(service: &Service<'_>, name: &str, words: &[&str]) -> Option<String> {
    let starts_shell = |words: &[&str]| words.iter().take(3).any(|word| is_shell(word));
    let entrypoint = service.entrypoint().unwrap_or_default();
    let entrypoint: Vec<&str> = entrypoint.iter().map(String::as_str).collect();
    if starts_shell(words) || (name == "command" && starts_shell(&entrypoint)) {
        return None;
    }
    let sign = words
        .iter()
        .find(|word| matches!(**word, "&&" | "||" | ";" | "|"))?;
    Some(format!(
        "`{sign}` and what follows are arguments of the program: no shell reads them"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_in, silent, silent_in};
    use super::LINT;

    #[test]
    fn what_no_shell_reads_is_told() {
        finds(&LINT, "command: npm install && npm start", "follows `&&`");
        finds(&LINT, "command: run > /tmp/log", "follows `>`");
        finds(&LINT, "command: first; second", "follows `;`");
        finds(
            &LINT,
            "command: [npm, install, '&&', npm, start]",
            "arguments of the program",
        );
        let folded = "services:\n  web:\n    image: x\n    command: >\n      npm install &&\n      npm start\n";
        finds_in(&LINT, folded, "follows `&&`");
    }

    #[test]
    fn what_a_shell_reads_is_left_alone() {
        silent(&LINT, "command: sh -c 'npm install && npm start'");
        silent(&LINT, "command: [sh, -c, 'npm install && npm start']");
        silent(&LINT, "command: ['bash', '-c', 'a', '&&', 'b']");
        silent(&LINT, "command: program --limit '<5' --name 'a && b'");
        silent(&LINT, "command: [program, 'a && b']");
        silent_in(
            &LINT,
            "services:\n  web:\n    image: x\n    command: >\n      npm start\n      --port 80\n",
        );
    }
}
