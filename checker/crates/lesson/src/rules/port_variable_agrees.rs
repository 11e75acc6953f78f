//! `port-variable-agrees`

use compose::Service;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "port-variable-agrees",
    what: "A program that takes its port from a variable is published at that very port, and its health check asks there.",
    why: "The variable moves the program, and nothing else: mapping and health check go on pointing at the old port.",
    mend: "Write the same number on the right side of the mapping, in the health check and in the variable.",
    leave: "Where the program listens on several ports.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// The variable that the program reads.
    variable: String,
    /// The port that it takes where the variable is not set.
    default: u16,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let Parameters {
        service: name,
        variable,
        default,
    } = parameters;
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let node = service.environment(variable);
    let text = node.and_then(compose::Node::scalar_text);
    let Some(port) = port_of(text.as_deref(), *default) else {
        let spot = node.map_or_else(|| scene.service_spot(name), |node| scene.spot_of(node));
        let found = match text.unwrap_or_default().as_str() {
            "" => format!("{variable} is set to nothing, and that is no port"),
            text => format!("`{text}` is no port"),
        };
        return Mismatch::new(spot, found, "a number from 1 to 65535").into();
    };
    let says = match node {
        Some(node) => match scene.spot_of(node) {
            crate::report::Spot::File { path, line, .. } => {
                format!("{variable} says so in {path}:{line}")
            }
            _ => format!("{variable} says so"),
        },
        None => format!("that is what it takes without {variable}"),
    };
    Judged::all([
        mapping(scene, &service, port, &says),
        asked_by_the_probe(scene, &service, port, &says),
    ])
}

/// The port that a program listens on.
pub fn port_of(text: Option<&str>, default: u16) -> Option<u16> {
    match text {
        None => Some(default),
        Some(text) => text.trim().parse().ok().filter(|port| *port != 0),
    }
}

fn mapping(scene: &Scene<'_>, service: &Service<'_>, port: u16, says: &str) -> Judged {
    let ports = service.ports();
    let is_tcp = |mapping: &&compose::Port<'_>| mapping.protocol == "tcp";
    if ports
        .iter()
        .filter(is_tcp)
        .any(|mapping| mapping.target == port)
    {
        return Judged::Holds;
    }
    let name = service.name();
    let (spot, found) = match ports.first() {
        Some(mapping) if mapping.target == port => (
            scene.spot_of(mapping.node),
            format!(
                "the mapping publishes {}, and a web server such as `{name}` speaks tcp",
                mapping.protocol
            ),
        ),
        Some(mapping) => (
            scene.spot_of(mapping.node),
            format!(
                "the mapping leads to port {}, and `{name}` listens on {port}: {says}",
                mapping.target
            ),
        ),
        None => (
            scene.nearest(&format!("services.{name}.ports")),
            format!("no port of `{name}` is published"),
        ),
    };
    Mismatch::new(spot, found, format!("a mapping that ends in {port}"))
        .next("compare the right side of the mapping with the variable")
        .into()
}

fn asked_by_the_probe(scene: &Scene<'_>, service: &Service<'_>, port: u16, says: &str) -> Judged {
    let test = service.healthcheck().map(|check| check.test);
    let asked = test.unwrap_or_default();
    let text = asked.join(" ");
    let addresses = asked.iter().flat_map(|word| probe::addresses(word));
    // `nc -z localhost 8000`, `create_connection(('127.0.0.1', 8000))`
    let words = probe::words(&text);
    let apart = words.windows(2).filter_map(|pair| match pair {
        [host, port] if probe::is_this_container(host) => port.parse().ok(),
        _ => None,
    });
    let wrong = addresses
        .map(|address| address.port)
        .chain(apart)
        .find(|asked| *asked != port);
    let Some(asked) = wrong else {
        return Judged::Holds;
    };
    let name = service.name();
    Mismatch::new(
        scene.nearest(&format!("services.{name}.healthcheck.test")),
        format!("the health check asks port {asked}, and `{name}` listens on {port}: {says}"),
        format!("a health check that asks port {port}"),
    )
    .next("the health check runs in the container, where the variable counts")
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(service: &str) -> Judged {
        let compose = format!("services: {{web: {{image: x, {service}}}}}");
        let with = json!({"service": "web", "variable": "PORT", "default": 80});
        on_file("port-variable-agrees", with, &compose)
    }

    #[test]
    fn mapping_and_probe_follow_the_variable() {
        for service in [
            "ports: ['8080:80']",
            "ports: ['8080:9000'], environment: {PORT: 9000}",
            "ports: [{target: 9000, published: 1}], environment: [PORT=9000], healthcheck: {test: curl http://localhost:9000/}",
            "ports: ['8080:9000'], environment: {PORT: 9000}, healthcheck: {test: 'curl http://localhost:$$PORT/'}",
        ] {
            holds(judge(service));
        }
    }

    #[test]
    fn what_stays_behind_is_told() {
        finds(
            judge("ports: ['8080:80'], environment: {PORT: 9000}"),
            "leads to port 80, and `web` listens on 9000: PORT says so in compose.yaml:1",
        );
        finds(judge("environment: {PORT: 9000}"), "no port of `web`");
        finds(
            judge(
                "ports: ['80:9000'], environment: {PORT: 9000}, healthcheck: {test: curl http://localhost/}",
            ),
            "asks port 80",
        );
        finds(
            judge("ports: ['80:80'], environment: {PORT: http}"),
            "no port",
        );
        finds(
            judge("ports: ['80:80'], environment: {PORT: ''}"),
            "PORT is set to nothing",
        );
        finds(judge("ports: ['80:80/udp']"), "the mapping publishes udp");
        for probe in [
            "nc -z localhost 81",
            "python -c \"socket.create_connection(('127.0.0.1', 81))\"",
        ] {
            let probe = probe.replace('\'', "''");
            let service = format!("ports: ['80:80'], healthcheck: {{test: '{probe}'}}");
            finds(judge(&service), "asks port 81");
        }
    }
}
