//! `probe-can-fail`

use super::dockerfiles::{Probed, probes};
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
        let because = probed.probe.cannot_fail()?;
        let found = format!("its health check is always content: {because}");
        Some(Remark::of(&probed.service, probed.span, found))
    };
    probes(scene).into_iter().filter_map(remark).collect()
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
