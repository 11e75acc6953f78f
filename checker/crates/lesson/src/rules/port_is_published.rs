//! `port-is-published`, `port-is-not-published`, `port-is-private`

use compose::Port;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::address::{network_owner, networks};
use crate::scene::{Judged, Mismatch, Scene};

pub const IS_PUBLISHED: Rule = Rule {
    name: "port-is-published",
    what: "A container port of a service is published on the host: under `host-port` where the lesson names one, else under any, and on any address.",
    why: "Programs on your machine, and a browser, reach a container only through a published port.",
    mend: "Add an entry `HOST:CONTAINER` to `ports:` of the service; the container's port is the part after the colon.",
    leave: "Where only other containers of the same network talk to the port.",
    reads: Reads::Files,
    accepts: |with| parameters::<PublishedParameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| published(scene, &parameters)),
};

pub const IS_NOT_PUBLISHED: Rule = Rule {
    name: "port-is-not-published",
    what: "A container port of a service is not published on the host.",
    why: "Containers of one network reach each other without it; a published port is one more door from outside.",
    mend: "Take the entry out of `ports:`.",
    leave: "Where a tool on your machine needs the port, and the port is bound to 127.0.0.1.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| not_published(scene, &parameters)),
};

pub const IS_PRIVATE: Rule = Rule {
    name: "port-is-private",
    what: "Where a container port is published, it is bound to a loopback address of the host.",
    why: "A port without an address is bound to every address of the machine, and Docker's rules come before those of ufw.",
    mend: "Write the address in front: `127.0.0.1:9091:9091`.",
    leave: "Where other machines are meant to reach the port.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| private(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    port: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PublishedParameters {
    service: String,
    port: u16,
    /// The port of the host that it has to be; where absent any will do.
    host_port: Option<u16>,
}

fn ports<'a>(scene: &Scene<'a>, service: &str) -> Vec<Port<'a>> {
    let service = scene.service(service);
    service
        .map(|service| network_owner(scene, service).ports())
        .unwrap_or_default()
}

fn published(scene: &Scene<'_>, parameters: &PublishedParameters) -> Judged {
    let PublishedParameters {
        service,
        port,
        host_port,
    } = parameters;
    let ports = ports(scene, service);
    let of_port = || ports.iter().filter(|mapping| mapping.target == *port);
    let over_tcp = || of_port().filter(|mapping| mapping.protocol == "tcp");
    let expected = match host_port {
        Some(host_port) => {
            format!(
                "an entry that leads from port {host_port} of your machine to port {port} of the container"
            )
        }
        None => format!("an entry whose container port is {port}"),
    };
    if host_network(scene, service) {
        return Judged::Holds;
    }
    if let Some(mapping) = over_tcp().next() {
        if let Some(networks) = internal_only(scene, service) {
            let found = format!(
                "it opens nothing: `{service}` is on internal networks only ({})",
                networks.join(", ")
            );
            return Mismatch::new(
                scene.spot_of(mapping.node),
                found,
                "a network that is not internal",
            )
            .next("compare `internal:` under `networks:` with the networks of the service")
            .into();
        }
        return match host_port {
            Some(host_port) => {
                at_host_port(scene, over_tcp().collect(), mapping, *host_port, expected)
            }
            None => Judged::Holds,
        };
    }
    if let Some(mapping) = of_port().next() {
        let found = format!(
            "port {port} is published for {}; the program listens on tcp",
            mapping.protocol
        );
        return Mismatch::new(scene.spot_of(mapping.node), found, expected)
            .next("an entry without `/udp` or `/sctp` is for tcp")
            .into();
    }
    let reversed = ports
        .iter()
        .find(|mapping| mapping.published.as_deref() == Some(port.to_string().as_str()));
    match (reversed, ports.first()) {
        (Some(mapping), _) => Mismatch::new(
            scene.spot_of(mapping.node),
            format!(
                "this leads to port {} in the container; the program listens on {port}",
                mapping.target
            ),
            expected,
        )
        .next("the host's port stands first, the container's second")
        .into(),
        (None, Some(_)) => {
            let targets: Vec<_> = ports
                .iter()
                .map(|mapping| mapping.target.to_string())
                .collect();
            let found = format!(
                "only the container ports {} are published",
                targets.join(", ")
            );
            Mismatch::new(
                scene.nearest(&format!("services.{service}.ports")),
                found,
                expected,
            )
            .into()
        }
        (None, None) => Mismatch::new(
            scene.service_spot(service),
            format!("`{service}` publishes no port"),
            expected,
        )
        .next(format!("look for `ports:` of `{service}`"))
        .into(),
    }
}

/// The networks of a service, where it has some and all of them are internal: there the engine publishes nothing, and says nothing about it.
fn internal_only<'a>(scene: &Scene<'a>, service: &str) -> Option<Vec<&'a str>> {
    let project = scene.project()?;
    let attached = networks(scene, &scene.service(service)?);
    let is_internal = |network: &&str| {
        let mut defined = project.networks().filter(|(name, _)| name == network);
        defined.any(|(_, node)| {
            node.get("internal")
                .is_some_and(|node| node.to_json() == true)
        })
    };
    (!attached.is_empty() && attached.iter().all(is_internal)).then_some(attached)
}

/// One of the entries for the container's port has to be at this port of the host.
fn at_host_port(
    scene: &Scene<'_>,
    entries: Vec<&Port<'_>>,
    first: &Port<'_>,
    host_port: u16,
    expected: String,
) -> Judged {
    let is_wanted = |entry: &&Port<'_>| entry.published_range() == Some((host_port, host_port));
    if entries.iter().any(is_wanted) {
        return Judged::Holds;
    }
    let found = match first.published.as_deref() {
        Some(range) if range.contains('-') => {
            format!("Docker chooses a port of your machine out of {range}")
        }
        Some(other) => format!("this entry is for port {other} of your machine"),
        None => "without a port for your machine, Docker chooses one that is free".to_owned(),
    };
    Mismatch::new(scene.spot_of(first.node), found, expected)
        .next("the host's port stands in front of the container's")
        .into()
}

/// With `network_mode: host` there is nothing to publish: the program listens on the host itself.
fn host_network(scene: &Scene<'_>, service: &str) -> bool {
    scene
        .service(service)
        .and_then(|service| service.network_mode().map(|mode| mode == "host"))
        .unwrap_or_default()
}

fn not_published(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let Parameters { service, port } = parameters;
    if host_network(scene, service) {
        return on_the_host(scene, service, &format!("port {port} not published"));
    }
    let open = ports(scene, service)
        .into_iter()
        .filter(|mapping| mapping.target == *port);
    Judged::from_mismatches(
        open.map(|mapping| {
            let host = mapping.published.as_deref().unwrap_or("a free port");
            Mismatch::new(
                scene.spot_of(mapping.node),
                format!("port {port} of `{service}` is published on the host as {host}"),
                format!(
                    "port {port} not published: containers of the same network reach it without"
                ),
            )
        })
        .collect(),
    )
}

fn on_the_host(scene: &Scene<'_>, service: &str, expected: &str) -> Judged {
    let found = format!("with the host's network every port of `{service}` is open on the host");
    let spot = scene.nearest(&format!("services.{service}.network_mode"));
    Mismatch::new(spot, found, expected).into()
}

fn private(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let Parameters { service, port } = parameters;
    if host_network(scene, service) {
        return on_the_host(scene, service, "a published port on a loopback address");
    }
    let open = ports(scene, service)
        .into_iter()
        .filter(|mapping| mapping.target == *port);
    let open = open.filter(|mapping| !mapping.host_ip.as_deref().is_some_and(is_loopback));
    Judged::from_mismatches(
        open.map(|mapping| {
            let address = mapping
                .host_ip
                .as_deref()
                .unwrap_or("every address of your machine");
            Mismatch::new(
                scene.spot_of(mapping.node),
                format!("port {port} is open on {address}"),
                "a loopback address, as 127.0.0.1, in front of it",
            )
        })
        .collect(),
    )
}

fn is_loopback(address: &str) -> bool {
    address == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn with_ports(rule: &str, ports: &str) -> Judged {
        let compose = format!("services: {{web: {{image: x, ports: {ports}}}}}");
        on_file(rule, json!({"service": "web", "port": 80}), &compose)
    }

    #[test]
    fn a_port_is_published_in_every_spelling() {
        for ports in [
            "['80:80']",
            "['8080:80']",
            "[80]",
            "['127.0.0.1:8080:80']",
            "[{target: 80, published: '1'}]",
            "['79-81:79-81']",
        ] {
            holds(with_ports("port-is-published", ports));
        }
        let host = on_file(
            "port-is-published",
            json!({"service": "web", "port": 80}),
            "services: {web: {image: x, network_mode: host}}",
        );
        holds(host);
    }

    #[test]
    fn a_port_may_be_published_by_the_service_whose_network_is_shared() {
        let compose = "services: {web: {image: x, network_mode: 'service:door'}, door: {image: y, ports: ['8080:80']}}";
        holds(on_file(
            "port-is-published",
            json!({"service": "web", "port": 80}),
            compose,
        ));
        let with = json!({"service": "web", "port": 80});
        finds(
            on_file("port-is-not-published", with, compose),
            "published on the host as 8080",
        );
    }

    #[test]
    fn an_internal_network_publishes_nothing() {
        let on = |networks: &str| {
            let compose = format!(
                "services: {{web: {{image: x, ports: ['8080:80'], networks: {networks}}}}}\nnetworks: {{front: {{}}, back: {{internal: true}}}}\n"
            );
            let with = json!({"service": "web", "port": 80});
            on_file("port-is-published", with, &compose)
        };
        holds(on("[front, back]"));
        finds(on("[back]"), "on internal networks only (back)");
    }

    #[test]
    fn a_port_that_is_not_published_is_told_from_a_reversed_one() {
        finds(
            with_ports("port-is-published", "['80:8080']"),
            "leads to port 8080",
        );
        finds(
            with_ports("port-is-published", "['8080:80/udp']"),
            "published for udp",
        );
        finds(
            with_ports("port-is-published", "['443:443']"),
            "only the container ports 443",
        );
        finds(with_ports("port-is-published", "[]"), "publishes no port");
    }

    #[test]
    fn a_port_of_the_host_may_be_asked_for() {
        let at_8001 = |ports: &str| {
            let with = json!({"service": "web", "port": 80, "host-port": 8001});
            let compose = format!("services: {{web: {{image: x, ports: {ports}}}}}");
            on_file("port-is-published", with, &compose)
        };
        for ports in [
            "['8001:80']",
            "['127.0.0.1:8001:80/tcp']",
            "[{target: 80, published: 8001}]",
            "['8002:80', '8001:80']",
            "['8000-8001:79-80']",
            "[{target: 80, published: 8001-8001}]",
        ] {
            holds(at_8001(ports));
        }
        finds(at_8001("['8002:80']"), "for port 8002 of your machine");
        finds(at_8001("[80]"), "Docker chooses one that is free");
        finds(at_8001("['8001-8009:80']"), "out of 8001-8009");
        finds(
            at_8001("['80:8001']"),
            "leads to port 8001 in the container",
        );
        finds(at_8001("['8001:80/udp']"), "published for udp");
    }

    #[test]
    fn a_port_stays_inside_unless_it_is_published() {
        holds(with_ports("port-is-not-published", "['80:8080']"));
        finds(
            with_ports("port-is-not-published", "['127.0.0.1:8080:80']"),
            "published on the host as 8080",
        );
        let exposed = "services: {web: {image: x, expose: ['80']}}";
        holds(on_file(
            "port-is-not-published",
            json!({"service": "web", "port": 80}),
            exposed,
        ));
    }

    #[test]
    fn a_port_is_private_on_any_loopback_address() {
        for ports in [
            "['127.0.0.1:80:80']",
            "['127.1.2.3:80:80']",
            "['[::1]:80:80']",
            "['80:8080']",
        ] {
            holds(with_ports("port-is-private", ports));
        }
        finds(with_ports("port-is-private", "['80:80']"), "every address");
        finds(
            with_ports("port-is-private", "['0.0.0.0:80:80']"),
            "0.0.0.0",
        );
        finds(
            on_file(
                "port-is-private",
                json!({"service": "web", "port": 80}),
                "services: {web: {image: x, network_mode: host}}",
            ),
            "with the host's network",
        );
        // One private entry does not make another one private.
        finds(
            with_ports("port-is-private", "['127.0.0.1:81:80', '80:80']"),
            "every address",
        );
    }
}
