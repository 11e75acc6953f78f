//! `probe-is-one-command`

use super::dockerfiles::{Probed, probes};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::probe;
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
    let remark = |probed: Probed<'_>| {
        let found = probe::mistaken(&probed.test)?;
        Some(Remark::of(&probed.service, probed.span, found))
    };
    probes(scene).into_iter().filter_map(remark).collect()
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
            "gets `curl` and nothing more",
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
