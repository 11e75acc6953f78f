//! `health-check-asks-a-known-route`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
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
    if let Some(found) = runs_something_else(&check.test) {
        return Mismatch::new(spot(), found, expected).into();
    }
    for (url_port, path) in check.test.iter().flat_map(|word| urls(word)) {
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

/// What a probe runs instead of what its author meant.
fn runs_something_else(test: &[String]) -> Option<String> {
    let words: Vec<&str> = test.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CMD", program] if program.contains(' ') => Some(format!(
            "`CMD` takes a program and its arguments as items of their own; there is no program called `{program}`"
        )),
        ["CMD-SHELL", script, _, ..] => Some(format!(
            "`CMD-SHELL` takes one text; the shell gets `{script}` and nothing more"
        )),
        ["CMD-SHELL", script] if script.starts_with("CMD ") => Some(
            "in a text there is no `CMD`: the shell looks for a program of that name".to_owned(),
        ),
        _ => None,
    }
}

/// Port and path of each HTTP address in a text; the path without query.
pub fn urls(text: &str) -> Vec<(u16, String)> {
    let ends = |letter: char| {
        letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '(' | ')' | ';' | '|' | '&')
    };
    text.split(ends).filter_map(url).collect()
}

/// An address of this container itself, with or without a scheme, as curl takes both. One whose port is no number is none.
fn url(word: &str) -> Option<(u16, String)> {
    let (standard, rest) = match (word.strip_prefix("http://"), word.strip_prefix("https://")) {
        (Some(rest), _) => (80, rest),
        (_, Some(rest)) => (443, rest),
        (None, None) => (80, word),
    };
    let has_scheme = rest.len() < word.len();
    let (authority, path) = match rest.find('/') {
        Some(start) => rest.split_at(start),
        None => (rest, "/"),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (authority, standard),
    };
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]");
    let path = path.split(['?', '#']).next().unwrap_or("/");
    (has_scheme || is_here).then(|| (port, path.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::urls;
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

    #[test]
    fn addresses_are_found_in_any_form_of_a_probe() {
        assert_eq!(
            urls("http://localhost:9091/healthz"),
            [(9091, "/healthz".to_owned())]
        );
        assert_eq!(
            urls("curl -fsS 'http://127.0.0.1:9091/healthz?x=1' || exit 1"),
            [(9091, "/healthz".to_owned())]
        );
        assert_eq!(urls("http://localhost"), [(80, "/".to_owned())]);
        assert_eq!(urls("etcdctl endpoint health"), []);
    }
}
