//! `probe-is-one-command`

use super::read::{is_shell, probe_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-is-one-command",
        what: "A health check runs what its author wrote: `CMD` with one item for each word and no shell signs, `CMD-SHELL` with one text.",
        why: "`CMD` starts a program without a shell, and `CMD-SHELL` gives the shell its first item alone. Written the other way round, something else is run, and the container never becomes healthy, or always is.",
        mend: "For `||`, `|` and variables write one text: `test: [\"CMD-SHELL\", \"curl -f http://localhost/ || exit 1\"]`. Without them give `CMD` each word as an item.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        let check = compose::Service::healthcheck(&service).filter(|check| !check.disabled)?;
        let words: Vec<&str> = check.test.iter().map(String::as_str).collect();
        let found = found(&words)?;
        Some(Remark::of(&service, probe_span(&service), found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

fn found(words: &[&str]) -> Option<String> {
    match words {
        // What follows are the script's own arguments, and nearly no script reads them.
        ["CMD-SHELL", script, next, ..] if !reads_arguments(script) => Some(format!(
            "the shell runs `{script}` alone: `CMD-SHELL` takes one text, and `{next}` is not part of it"
        )),
        ["CMD-SHELL", script] if script.starts_with("CMD ") => Some(
            "in a text there is no `CMD`: the shell looks for a program of that name".to_owned(),
        ),
        ["CMD", program] if program.contains(' ') => Some(format!(
            "`CMD` takes each word as an item of its own: there is no program called `{program}`"
        )),
        ["CMD", program, rest @ ..] if !is_shell(program) => {
            let sign = rest
                .iter()
                .find(|word| matches!(**word, "||" | "&&" | "|" | ";"))?;
            Some(format!(
                "`CMD` starts no shell: `{program}` gets `{sign}` and what follows as arguments"
            ))
        }
        _ => None,
    }
}

/// Whether a script uses the words that follow it.
fn reads_arguments(script: &str) -> bool {
    ["$0", "$1", "$2", "$@", "$*", "${1", "${@"]
        .iter()
        .any(|name| script.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    fn test(test: &str) -> String {
        format!("healthcheck: {{test: {test}}}")
    }

    #[test]
    fn what_is_not_run_as_written_is_told() {
        finds(
            &LINT,
            &test("[CMD-SHELL, curl, -f, 'http://localhost/']"),
            "runs `curl` alone",
        );
        finds(
            &LINT,
            &test("[CMD, 'curl -f http://localhost/']"),
            "no program called",
        );
        finds(
            &LINT,
            &test("[CMD, curl, -f, 'http://localhost/', '||', exit, '1']"),
            "gets `||`",
        );
        finds(&LINT, &test("'CMD curl -f http://localhost/'"), "no `CMD`");
    }

    #[test]
    fn what_is_run_as_written_is_left_alone() {
        for probe in [
            "'curl -f http://localhost/ || exit 1'",
            "[CMD-SHELL, 'pg_isready -U $$POSTGRES_USER || exit 1']",
            "[CMD, curl, -f, 'http://localhost/']",
            "[CMD, sh, -c, 'a || b']",
            "[CMD-SHELL, 'test -e \"$$1\"', name, /ready]",
            "[CMD, /healthy]",
        ] {
            silent(&LINT, &test(probe));
        }
    }
}
