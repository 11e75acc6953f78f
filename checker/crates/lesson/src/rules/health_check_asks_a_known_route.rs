//! `health-check-asks-a-known-route`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "health-check-asks-a-known-route",
    what: "A service has a health check, and where that asks over HTTP at the port, it asks for a path that the program serves.",
    why: "A path that is not served gives 404 for ever: the program works, and its container stays unhealthy.",
    mend: "Compare the path in `healthcheck: test:` with the program's documentation.",
    leave: "Where the health check uses other means than HTTP.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    port: u16,
    /// Paths that answer 200 when all is well.
    paths: Vec<String>,
}

fn judge(
    scene: &Scene<'_>,
    Parameters {
        service: name,
        port,
        paths,
    }: &Parameters,
) -> Judged {
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let wanted = paths.join(" or ");
    let expected = format!("a health check that asks port {port} for {wanted}");
    let check = service
        .healthcheck()
        .filter(|check| !check.disabled && !check.test.is_empty());
    let Some(check) = check else {
        let found = format!("`{name}` has no health check, so `up --wait` cannot wait for it");
        return Mismatch::new(
            scene.nearest(&format!("services.{name}.healthcheck")),
            found,
            expected,
        )
        .into();
    };
    let spot = || scene.nearest(&format!("services.{name}.healthcheck.test"));
    if let Some(found) = probe::mistaken(&check.test) {
        return Mismatch::new(spot(), found, expected).into();
    }
    let addresses = check.test.iter().flat_map(|word| probe::addresses(word));
    for probe::Address {
        port: url_port,
        path,
        ..
    } in addresses
    {
        if url_port != *port {
            let published = service
                .ports()
                .iter()
                .any(|mapping| mapping.published.as_deref() == Some(url_port.to_string().as_str()));
            let found = if published {
                format!(
                    "{url_port} is the port on your machine; the probe runs inside the container"
                )
            } else {
                format!("`{name}` does not answer HTTP on port {url_port}")
            };
            return Mismatch::new(spot(), found, expected).into();
        }
        if !paths.contains(&path) {
            let found = format!(
                "`{name}` does not serve {path}: it answers 404, and the container stays unhealthy"
            );
            return Mismatch::new(spot(), found, expected).into();
        }
    }
    Judged::Holds
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(service: &str) -> Judged {
        let compose = format!("services: {{web: {{image: x, ports: ['8080:80']{service}}}}}");
        let with = json!({"service": "web", "port": 80, "paths": ["/ok", "/ready"]});
        on_file("health-check-asks-a-known-route", with, &compose)
    }

    #[test]
    fn a_probe_that_asks_for_a_served_path_holds_in_every_form() {
        for test in [
            "[CMD, curl, -f, 'http://localhost:80/ok']",
            "curl -fsS http://127.0.0.1/ready || exit 1",
            "[CMD-SHELL, 'wget -qO- http://localhost/ok']",
            "[CMD, /healthy-or-not]",
            "[CMD, curl, -f, 'localhost:80/ok']",
            "'p=80; curl -f http://localhost:$$p/ok'",
        ] {
            holds(judge(&format!(", healthcheck: {{test: {test}}}")));
        }
    }

    #[test]
    fn a_probe_that_cannot_succeed_is_told() {
        finds(
            judge(", healthcheck: {test: [CMD, curl, -f, 'http://localhost:80/okay']}"),
            "does not serve /okay",
        );
        finds(
            judge(", healthcheck: {test: [CMD, curl, -f, 'http://localhost:8080/ok']}"),
            "port on your machine",
        );
        finds(
            judge(", healthcheck: {test: [CMD, curl, -f, 'http://localhost:9999/ok']}"),
            "does not answer HTTP on port 9999",
        );
        finds(
            judge(", healthcheck: {test: [CMD, curl, -f, 'localhost:80/okay']}"),
            "does not serve /okay",
        );
        finds(
            judge(", healthcheck: {test: [CMD, 'curl -f http://localhost:80/ok']}"),
            "items of their own",
        );
        finds(
            judge(", healthcheck: {test: [CMD-SHELL, curl, 'http://localhost:80/ok']}"),
            "nothing more",
        );
        finds(
            judge(", healthcheck: {test: 'CMD curl http://localhost:80/ok'}"),
            "no `CMD`",
        );
        finds(
            judge(", healthcheck: {interval: 5s}"),
            "has no health check",
        );
        finds(judge(""), "has no health check");
        finds(
            judge(", healthcheck: {disable: true}"),
            "has no health check",
        );
        finds(
            judge(", healthcheck: {test: [NONE]}"),
            "has no health check",
        );
    }
}
