//! `probe-can-fail`

use super::dockerfiles::{Probed, probes};
use super::read::Probe;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-can-fail",
        what: "A health check can come out unhealthy.",
        why: "A probe that always ends with 0 says healthy while the program is down, and everything that waits for it goes on too early.",
        mend: "Let the probe end with another number than 0 where the program does not answer as it should: no `|| true` behind it, and `-f` for curl.",
        leave: "Never: a service that needs no health check is better off without one.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |probed: Probed<'_>| {
        let found = match &probed.probe {
            Probe::Script(script) => of_script(script)?,
            Probe::Program(words) => of_program(words)?,
        };
        Some(Remark::of(&probed.service, probed.span, found))
    };
    probes(scene).into_iter().filter_map(remark).collect()
}

fn of_script(script: &str) -> Option<&'static str> {
    let script = script.trim().trim_end_matches(';').trim_end();
    let last = ends_well(script);
    if last {
        return Some("this probe ends with 0 whatever happens: the container is always healthy");
    }
    // Other commands may look at what curl has printed.
    let alone = script
        .trim_end_matches(|letter: char| letter.is_ascii_digit())
        .trim_end()
        .trim_end_matches("|| exit")
        .trim_end();
    let is_alone = !alone.contains(['|', ';', '&', '$', '`', '(', '\n']);
    let words: Vec<String> = alone.split_whitespace().map(str::to_owned).collect();
    is_alone.then(|| of_program(&words))?
}

/// Whether the last thing that a script does is to say that all is well.
fn ends_well(script: &str) -> bool {
    let ends = ["true", ":", "exit 0", "/bin/true"];
    ends.iter().any(|end| {
        script.strip_suffix(end).is_some_and(|before| {
            let before = before.trim_end();
            let follows = before.ends_with("||") || before.ends_with(';') || before.ends_with('\n');
            // After `if … then … else … fi` and `exit 1` it is not always reached.
            let is_one_line =
                !before.contains("if ") && !before.contains("exit ") && !before.contains("&&");
            before.is_empty() || (follows && is_one_line)
        })
    })
}

fn of_program(words: &[String]) -> Option<&'static str> {
    let (program, arguments) = words.split_first()?;
    match program.rsplit('/').next()? {
        "true" | ":" => {
            Some("`true` ends with 0 whatever happens: the container is always healthy")
        }
        _ if asks_itself(arguments) => {
            Some("this probe prints what its tool is, and ends with 0 whatever happens")
        }
        "curl" if !arguments.iter().any(|word| sees_errors(word)) => {
            Some("without `-f` curl ends with 0 for any answer, also for 404 and 500")
        }
        _ => None,
    }
}

/// Whether a program is only asked about itself, as in `python --version`.
fn asks_itself(arguments: &[String]) -> bool {
    let about = ["--version", "-V", "--help"];
    matches!(arguments, [word] if about.contains(&word.as_str()))
}

/// Whether an option of curl makes it tell errors, or may.
fn sees_errors(word: &str) -> bool {
    match word.strip_prefix('-') {
        Some(long) if long.starts_with('-') => ["-fail", "-config", "-write-out"]
            .iter()
            .any(|option| long.starts_with(option)),
        Some(short) => short.contains(['f', 'K', 'w']),
        // Only HTTP has answers that are errors.
        None => ["telnet://", "tcp://", "ftp://", "file://"]
            .iter()
            .any(|scheme| word.starts_with(scheme)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_built, silent, silent_built};
    use super::LINT;

    fn test(test: &str) -> String {
        format!("healthcheck: {{test: {test}}}")
    }

    #[test]
    fn a_probe_that_always_succeeds_is_told() {
        for probe in [
            "curl -f http://localhost/ || true",
            "curl -f http://localhost/ || exit 0",
            "pg_isready; exit 0",
            "exit 0",
        ] {
            finds(&LINT, &test(&format!("'{probe}'")), "whatever happens");
        }
        finds(&LINT, &test("[CMD, 'true']"), "whatever happens");
        finds(&LINT, &test("[CMD, python, --version]"), "whatever happens");
    }

    #[test]
    fn a_curl_that_sees_no_errors_is_told() {
        finds(
            &LINT,
            &test("[CMD, curl, 'http://localhost/']"),
            "without `-f`",
        );
        finds(
            &LINT,
            &test("'curl -s http://localhost/ || exit 1'"),
            "without `-f`",
        );
        finds(
            &LINT,
            &test("[CMD-SHELL, 'curl http://localhost/']"),
            "without `-f`",
        );
    }

    #[test]
    fn a_probe_of_the_dockerfile_counts_too() {
        finds_built(
            &LINT,
            "FROM x:1\nHEALTHCHECK CMD curl http://localhost/ || exit 1\n",
            "without `-f`",
        );
        silent_built(
            &LINT,
            "FROM x:1\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\n",
        );
    }

    #[test]
    fn a_probe_that_can_fail_is_left_alone() {
        for probe in [
            "[CMD, curl, -f, 'http://localhost/']",
            "[CMD, curl, --fail, 'http://localhost/']",
            "[CMD, curl, -fsS, 'http://localhost/']",
            "'curl -sf http://localhost/ || exit 1'",
            "'curl -s http://localhost/ | grep -q ok'",
            "'test \"$$(curl -s -o /dev/null http://localhost/)\" = ok'",
            "'if curl -s http://localhost/; then exit 1; else exit 0; fi'",
            "'pg_isready || exit 1'",
            "'echo ok | nc localhost 2181 && true'",
        ] {
            silent(&LINT, &test(probe));
        }
        silent(&LINT, "healthcheck: {disable: true}");
    }
}
