//! `runs-a-lasting-program`

use compose::Service;
use compose::image::ImageReference;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::command;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "runs-a-lasting-program",
    what: "What the file lets a service run is one program that the image can have, and none that ends because nobody types.",
    why: "A container lives as long as its first process. A shell or an interpreter without a program reads from a terminal; where there is none it ends at once.",
    mend: "Give the service a `command` that goes on, such as a server; or a terminal (`tty: true`), where somebody will type.",
    leave: "For services that have to end, such as a migration.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// Official images without an entrypoint whose own command is a shell or an interpreter, and that command.
const INTERACTIVE: [(&str, &str); 8] = [
    ("library/python", "python3"),
    ("library/node", "node"),
    ("library/debian", "bash"),
    ("library/ubuntu", "/bin/bash"),
    ("library/bash", "bash"),
    ("library/alpine", "/bin/sh"),
    ("library/busybox", "sh"),
    ("library/ruby", "irb"),
];

/// Words that only a shell understands.
const OF_THE_SHELL: [&str; 22] = [
    "cd", "export", "source", ".", "set", "exec", "eval", "trap", "ulimit", "umask", "alias",
    "while", "until", "for", "if", "case", "function", "{", "(", "!", "[[", "((",
];

fn judge(scene: &Scene<'_>, Parameters { service: name }: &Parameters) -> Judged {
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let words: Vec<String> = [service.entrypoint(), service.command()]
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    let own_command = own_command(&service);
    let expected = "a program that goes on running without anybody typing";
    let wrong = match (words.first(), own_command) {
        // What an image's own entrypoint makes of the command is not in the file.
        (Some(_), None) if service.entrypoint().is_none() => None,
        (Some(first), _) => not_a_program(first).or_else(|| {
            let reader = command::reads_from_terminal(&words).filter(|_| !has_terminal(&service))?;
            Some(format!("`{reader}` without a program to run reads from a terminal, and there is none"))
        }),
        (None, own) => own.filter(|_| !has_terminal(&service)).map(|own| {
            format!("it names no command, so the image's own runs: `{own}`, which reads from a terminal, and there is none")
        }),
    };
    let Some(found) = wrong else {
        return Judged::Holds;
    };
    let node = ["command", "entrypoint"]
        .iter()
        .find_map(|key| service.node().get(key))
        .filter(|node| !node.is_null());
    let spot = match node {
        Some(node) if !words.is_empty() => scene.spot_of(node),
        _ => scene.service_spot(name),
    };
    Mismatch::new(spot, found, expected)
        .next(format!("look at `command:` of `{name}`"))
        .into()
}

/// Why the first word cannot be the name of a program.
fn not_a_program(first: &str) -> Option<String> {
    let in_one_word =
        first.contains(char::is_whitespace) && (!first.contains('/') || first.contains(" -"));
    if in_one_word {
        return Some(format!(
            "Docker looks for one program whose whole name is `{first}`, blanks included"
        ));
    }
    if first.starts_with('-') {
        return Some(format!(
            "`{first}` is no program: a command takes the place of the image's own, it is not added to it"
        ));
    }
    let sets_a_variable = first.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    });
    if sets_a_variable {
        return Some(format!(
            "`{first}` is for a shell, which would set a variable, and no shell runs here"
        ));
    }
    if first.starts_with(['“', '”', '„', '‘', '’']) {
        return Some(format!(
            "`{first}` begins with a quotation mark of a text, which is a letter like any other here"
        ));
    }
    OF_THE_SHELL
        .contains(&first)
        .then(|| format!("`{first}` is a word of the shell, no program, and no shell runs here"))
}

/// What the image runs by itself, where that waits for somebody to type. An image that is built here may run anything.
fn own_command(service: &Service<'_>) -> Option<&'static str> {
    if service.node().get("build").is_some() {
        return None;
    }
    let image = ImageReference::parse(service.image()?.as_str()?).ok()?;
    INTERACTIVE
        .iter()
        .find(|(repository, _)| *repository == image.repository)
        .map(|(_, command)| *command)
}

/// A terminal, or an input that stays open: both keep a reader waiting.
fn has_terminal(service: &Service<'_>) -> bool {
    ["tty", "stdin_open"].iter().any(|key| {
        service
            .node()
            .get(key)
            .and_then(|node| node.as_bool())
            .unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, on_file};

    fn hello(keys: &str) -> Judged {
        let file = format!(
            "services:\n  hello:\n    {}\n",
            keys.replace("; ", "\n    ")
        );
        on_file("runs-a-lasting-program", json!({"service": "hello"}), &file)
    }

    #[test]
    fn a_program_that_goes_on_holds_however_it_is_written() {
        for right in [
            "image: python:3.11; command: python -m http.server 8000",
            "image: python:3.11; command: [python, -m, http.server, '8000']",
            "image: python:3.11; entrypoint: [python, -m, http.server]",
            "image: python:3.11; command: sh -c 'cd / && exec python -m http.server'",
            "image: python:3.11; entrypoint: [sh, -c]; command: ['python -m http.server 8000']",
            "image: python:3.11; command: python /srv/app.py",
            "image: python:3.11; command: python -X dev app.py",
            "image: python:3.11; command: python -umhttp.server",
            "image: python:3.11; command: [python, '-cimport app']",
            "image: python:3.11; command: python -Wdefault -mhttp.server",
            "image: python:3.11; command: sh -ce 'sleep infinity'",
            "image: python:3.11; command: sh -c 'sleep infinity || bash'",
            "image: python:3.11; command: tail -f /dev/null",
            "image: python:3.11; tty: true",
            "image: python:3.11; stdin_open: true; command: python",
            "image: python:3.11; command: sh -c 'python -m http.server 8000 && bash'",
            "image: nginx:1.27",
            "image: me/tool:1; command: bash",
            "image: python:3.11; build: .",
            "image: postgres:17; command: -c shared_buffers=256MB",
        ] {
            holds(hello(right));
        }
    }

    #[test]
    fn an_image_whose_own_command_waits_for_typing_is_told() {
        for wrong in [
            "image: python:3.11",
            "image: docker.io/library/python:3.11; command: []",
            "image: python:3.11; command: ''; tty: false",
            "image: python:3.11; entrypoint: []",
        ] {
            finds(hello(wrong), "the image's own runs: `python3`");
        }
    }

    #[test]
    fn an_interpreter_without_a_program_is_told() {
        for (wrong, reader) in [
            ("image: python:3.11; command: python", "`python`"),
            (
                "image: python:3.11; command: [/usr/local/bin/python3, -u]",
                "`python3`",
            ),
            ("image: python:3.11; command: bash -l", "`bash`"),
            (
                "image: python:3.11; command: sh -c python3.11",
                "`python3.11`",
            ),
            (
                "image: x/y:1; entrypoint: [tini, --]; command: python",
                "`python`",
            ),
            ("image: python:3.11; command: python --", "`python`"),
            ("image: python:3.11; command: python -Wmodule", "`python`"),
            (
                "image: python:3.11; command: sh -c 'exec \"bash\";'",
                "`bash`",
            ),
        ] {
            finds(hello(wrong), &format!("{reader} without a program"));
        }
    }

    #[test]
    fn a_first_word_that_is_no_program_is_told() {
        for (wrong, words) in [
            (
                "image: python:3.11; command: ['python -m http.server 8000']",
                "whose whole name is `python -m http.server 8000`",
            ),
            (
                "image: python:3.11; command: -m http.server 8000",
                "`-m` is no program",
            ),
            (
                "image: python:3.11; command: cd /srv && python app.py",
                "`cd` is a word of the shell",
            ),
            (
                "image: python:3.11; command: while true",
                "`while` is a word of the shell",
            ),
            (
                "image: python:3.11; command: PORT=8000 python -m http.server",
                "`PORT=8000` is for a shell",
            ),
            (
                "image: python:3.11; command: “python -m http.server”",
                "begins with a quotation mark of a text",
            ),
        ] {
            finds(hello(wrong), words);
        }
    }
}
