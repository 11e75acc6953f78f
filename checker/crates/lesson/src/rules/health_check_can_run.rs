//! `health-check-can-run`

use compose::Service;

use super::health_check_can_fail::{Services, of_services};
use super::{Reads, Rule, judged, parameters};
use crate::images;
use crate::probe::{self, Probe};
use crate::scene::{Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "health-check-can-run",
    what: "A health check starts what its author meant, with programs that the service's image has.",
    why: "A probe runs inside the container, and many images have no curl, some not even a shell. A probe that cannot run is a failed probe, and the container is unhealthy for ever.",
    mend: "Use the client that the program brings along: etcdctl, pg_isready, redis-cli, mc. Python can ask an address by itself.",
    leave: "Where the image is your own and has the program.",
    reads: Reads::Files,
    accepts: |with| parameters::<Services>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Services| {
            of_services(scene, &parameters, |service, probe| {
                wrong(scene, service, probe)
            })
        })
    },
};

const EXPECTED: &str = "a probe whose programs are in the image";

/// Why the probe of a service cannot run, if so.
pub fn wrong(scene: &Scene<'_>, service: &Service<'_>, probe: &Probe) -> Option<Mismatch> {
    let test = service.healthcheck()?.test;
    let spot = probe::spot(scene, service);
    if let Some(found) = probe::mistaken(&test) {
        let next = "`[\"CMD\", program, argument, …]` starts the program itself; `CMD-SHELL` and a plain text are for a shell";
        return Some(Mismatch::new(spot, found, EXPECTED).next(next));
    }
    let contents = images::contents_of(service)?;
    let image = service.image()?.as_str()?;
    let found = if probe.in_shell && !contents.has_shell() {
        format!("the image {image} has no shell, and this probe needs one")
    } else {
        let program = probe.needs(|program| contents.lacks(program))?;
        format!("the image {image} has no `{program}`")
    };
    Some(Mismatch::new(spot, found, EXPECTED).next(contents.instead.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(image: &str, test: &str) -> Judged {
        let compose =
            format!("services: {{a: {{image: '{image}', healthcheck: {{test: {test}}}}}}}");
        on_file("health-check-can-run", json!({}), &compose)
    }

    const ETCD: &str = "quay.io/coreos/etcd:v3.5.25";

    #[test]
    fn a_program_of_the_image_holds_in_every_form() {
        holds(judge(ETCD, "[CMD, etcdctl, endpoint, health]"));
        holds(judge(
            ETCD,
            "[CMD, /usr/local/bin/etcdctl, endpoint, health]",
        ));
        holds(judge("python:3.11-slim", "python3 -c 'print()'"));
        holds(judge("python:3.11", "[CMD, curl, -f, 'http://localhost']"));
        holds(judge("example/own:1", "[CMD, anything]"));
    }

    #[test]
    fn a_missing_program_is_told_in_every_form() {
        for test in [
            "[CMD, curl, -f, 'http://localhost:8000/']",
            "curl -f http://localhost:8000/ || exit 1",
            "[CMD-SHELL, 'curl -f http://localhost:8000/']",
            "[CMD, sh, -c, 'curl -f http://localhost:8000/']",
        ] {
            finds(judge("python:3.11-slim", test), "has no `curl`");
        }
        finds(judge(ETCD, "etcdctl endpoint health"), "no shell");
        finds(
            judge(ETCD, "[CMD, sh, -c, etcdctl endpoint health]"),
            "no shell",
        );
        finds(
            judge(ETCD, "[CMD, curl, 'http://localhost:2379/health']"),
            "no `curl`",
        );
    }

    #[test]
    fn words_that_go_astray_are_told() {
        finds(
            judge("x", "[CMD, curl -f http://localhost]"),
            "items of their own",
        );
        finds(
            judge("x", "[CMD-SHELL, pg_isready, -U, shop]"),
            "nothing more",
        );
        finds(
            judge("x", "[CMD, curl, -f, 'http://x', '||', exit, '1']"),
            "no shell",
        );
        finds(
            judge("x", "[CMD, redis-cli, -a, $$PASSWORD, ping]"),
            "no shell",
        );
    }

    #[test]
    fn services_without_a_probe_are_left_alone() {
        let file = "services: {a: {image: x}, b: {image: x, healthcheck: {disable: true}}}";
        holds(on_file("health-check-can-run", json!({}), file));
    }
}
