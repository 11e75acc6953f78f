//! `health-check-can-fail`

use compose::{Project, Service};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe::{self, Probe};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "health-check-can-fail",
    what: "A health check can end with another exit code than 0.",
    why: "Docker looks at nothing but the exit code. A probe that always ends with 0 says healthy of a program that has long stopped working.",
    mend: "Take `|| true` and its like away, and give curl the option `-f`.",
    leave: "Where healthy is meant to say no more than that the container runs.",
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

/// The services that are looked at; all of them where none is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    #[serde(default)]
    services: Vec<String>,
}

/// Judges the probe of each service that has one.
pub fn of_services<'a>(
    scene: &Scene<'a>,
    Services { services }: &Services,
    wrong: impl Fn(&Service<'a>, &Probe) -> Option<Mismatch>,
) -> Judged {
    let all = scene.project().into_iter().flat_map(Project::services);
    let named = all.filter(|service| {
        services.is_empty() || services.iter().any(|name| name == service.name())
    });
    let found = named.filter_map(|service| wrong(&service, &probe::of(&service)?.1));
    Judged::from_mismatches(found.collect())
}

/// Why the probe of a service says healthy whatever happens, if so.
pub fn wrong(scene: &Scene<'_>, service: &Service<'_>, probe: &Probe) -> Option<Mismatch> {
    let found = probe.cannot_fail()?;
    let spot = probe::spot(scene, service);
    let expected = "a probe that ends with another exit code than 0 when the program does not work";
    let next = format!(
        "run the probe by hand with `docker compose exec {}`, and look at `echo $?`",
        service.name()
    );
    Some(Mismatch::new(spot, found, expected).next(next))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{finds, holds, on_file};

    #[test]
    fn only_the_named_services_are_looked_at() {
        let file = "services:\n  a: {image: x, healthcheck: {test: 'curl -f http://x || true'}}\n  \
            b: {image: x, healthcheck: {test: [CMD, curl, -f, 'http://x']}}\n";
        finds(
            on_file("health-check-can-fail", json!({}), file),
            "because of `|| true`",
        );
        let with = json!({"services": ["b"]});
        holds(on_file("health-check-can-fail", with, file));
    }
}
