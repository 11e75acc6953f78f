//! Addresses that a service is given: which service of the file they lead to, and whether they get there.

use compose::Service;

use crate::format::Reach;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

/// One address out of a value such as `http://etcd1:2379,http://etcd2:2379`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port, where one is written.
    pub port: Option<String>,
    /// What follows host and port, from the `/` on.
    pub path: String,
}

/// The addresses in a text: separated by commas, each with or without scheme, user, port and path.
pub fn endpoints(text: &str) -> Vec<Endpoint> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(endpoint)
        .collect()
}

fn endpoint(text: &str) -> Endpoint {
    let without_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = without_scheme
        .find(['/', '?', '#'])
        .unwrap_or(without_scheme.len());
    let (authority, path) = without_scheme.split_at(end);
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, rest)| rest);
    let (host, port) = match host_and_port
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match host_and_port.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (host_and_port, None),
        },
    };
    Endpoint {
        host: host.to_owned(),
        port: port.map(str::to_owned),
        path: path.to_owned(),
    }
}

/// Whether every address of a value reaches the expected service.
///
/// `owner` is the service that uses the address, `spot` where the text stands.
pub fn reaches(scene: &Scene<'_>, reach: &Reach, owner: &str, text: &str, spot: &Spot) -> Judged {
    let expected = expected(scene, reach);
    let all = endpoints(text);
    if all.is_empty() {
        return Mismatch::new(spot.clone(), "there is no address here", expected).into();
    }
    if let Some(endpoint) = all
        .iter()
        .find(|one| reach.host_only && text.trim() != one.host)
    {
        let found = format!(
            "`{}` as a whole is taken for the name of a host",
            text.trim()
        );
        return Mismatch::new(spot.clone(), found, expected)
            .next(format!("write `{}` alone", endpoint.host))
            .into();
    }
    let from = reach.from.as_deref().unwrap_or(owner);
    Judged::all(all.iter().map(
        |endpoint| match misses(scene, reach, from, owner, endpoint) {
            Some((found, next)) => {
                let mismatch = Mismatch::new(spot.clone(), found, expected.clone());
                Judged::Fails(vec![Mismatch { next, ..mismatch }])
            }
            None => Judged::Holds,
        },
    ))
}

/// What a reach expects, in words: `the address of the etcd service, port 2379 (services here: etcd, minio)`.
pub fn expected(scene: &Scene<'_>, reach: &Reach) -> String {
    let who = match (&reach.service, &reach.service_with_image) {
        (Some(service), _) => format!("the {service} service"),
        (None, Some(image)) => format!("a service that runs {image}"),
        (None, None) => "a service".to_owned(),
    };
    format!(
        "the address of {who}, port {} (services here: {})",
        reach.port,
        scene.service_names()
    )
}

/// What is wrong with an endpoint, and what to look at next.
fn misses(
    scene: &Scene<'_>,
    reach: &Reach,
    from: &str,
    owner: &str,
    endpoint: &Endpoint,
) -> Option<(String, Option<String>)> {
    let host = endpoint.host.as_str();
    let from_service = scene.service(from)?;
    if reach.no_path && !endpoint.path.is_empty() {
        return Some((
            format!(
                "`{}` after the port is taken for a part of the port",
                endpoint.path
            ),
            Some("write NAME:PORT and nothing behind it".to_owned()),
        ));
    }
    let target = match locate(scene, &from_service, host) {
        Located::Service(service) => service,
        Located::Itself => {
            return Some((
                format!("`{host}` inside a container is that container itself"),
                Some("find the name of the other service under `services:`".to_owned()),
            ));
        }
        Located::HostMachine => {
            return Some((
                format!("`{host}` leads out to your machine and back in through a published port"),
                Some("containers of one file reach each other by service name".to_owned()),
            ));
        }
        Located::Address => {
            return Some((
                format!(
                    "`{host}` is an IP address; a container gets another one whenever it is made anew"
                ),
                Some("containers of one file reach each other by service name".to_owned()),
            ));
        }
        Located::Unshared(service) => {
            return Some((
                format!(
                    "`{host}` is the service `{service}`, but `{from}` and `{service}` share no network"
                ),
                Some(format!("compare `networks:` of `{from}` and `{service}`")),
            ));
        }
        Located::Nothing if host.is_empty() => {
            return Some(("the address names no host".to_owned(), None));
        }
        Located::Nothing => {
            return Some((
                format!("no service in this file is called `{host}`"),
                Some("compare the host part with the names under `services:`".to_owned()),
            ));
        }
    };
    if !is_expected(scene, reach, &target) {
        return Some((format!("`{host}` is the service `{target}`"), None));
    }
    misses_port(scene, reach, owner, &target, endpoint)
}

fn misses_port(
    scene: &Scene<'_>,
    reach: &Reach,
    owner: &str,
    target: &str,
    endpoint: &Endpoint,
) -> Option<(String, Option<String>)> {
    let beside = reach.port_variable.as_deref().and_then(|name| {
        scene
            .service(owner)?
            .environment(name)
            .and_then(|node| node.scalar_text())
            .map(|text| text.to_string())
    });
    let port = endpoint
        .port
        .clone()
        .or(beside)
        .or(reach.default_port.map(|port| port.to_string()));
    let Some(port) = port else {
        return Some((
            "the address names no port".to_owned(),
            Some(format!("write it as `{}:PORT`", endpoint.host)),
        ));
    };
    if port.is_empty() {
        let name = reach.port_variable.as_deref().unwrap_or("the port");
        return Some((format!("{name} is set to nothing"), None));
    }
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && port.parse() == Ok(reach.port) {
        return None;
    }
    if !is_number {
        return Some((
            format!("`{port}` stands where the port belongs, and is no number"),
            None,
        ));
    }
    let ports = scene
        .service(target)
        .map(|service| service.ports())
        .unwrap_or_default();
    let host_side = ports.iter().any(|mapping| {
        mapping.target == reach.port && mapping.published.as_deref() == Some(port.as_str())
    });
    Some(if host_side {
        (
            format!(
                "{port} is the port of `{target}` on your machine; between containers it does not exist"
            ),
            Some("use the container's side of the mapping, the part after the colon".to_owned()),
        )
    } else {
        (format!("this leads to port {port} of `{target}`"), None)
    })
}

fn is_expected(scene: &Scene<'_>, reach: &Reach, target: &str) -> bool {
    let by_name = reach
        .service
        .as_deref()
        .is_none_or(|expected| expected == target);
    let by_image = reach.service_with_image.as_deref().is_none_or(|word| {
        let image = scene
            .service(target)
            .and_then(|service| service.image()?.as_str().map(str::to_owned));
        image.is_some_and(|image| {
            compose::image::ImageReference::parse(&image)
                .is_ok_and(|reference| reference.repository.rsplit('/').next() == Some(word))
        })
    });
    by_name && by_image
}

/// Where a host name leads, seen from a service's container.
enum Located {
    Service(String),
    Unshared(String),
    Itself,
    HostMachine,
    Address,
    Nothing,
}

fn locate(scene: &Scene<'_>, from: &Service<'_>, host: &str) -> Located {
    let loopback =
        matches!(host, "localhost" | "0.0.0.0" | "::1" | "::") || host.starts_with("127.");
    if loopback {
        // With `network_mode: service:NAME` containers have one network stack, so loopback is shared.
        let stack = network_owner(scene, *from).name();
        let mut services = scene
            .project()
            .into_iter()
            .flat_map(|project| project.services());
        let neighbour = services.find(|service| {
            service.name() != from.name() && network_owner(scene, *service).name() == stack
        });
        return neighbour.map_or(Located::Itself, |service| {
            Located::Service(service.name().to_owned())
        });
    }
    if matches!(host, "host.docker.internal" | "gateway.docker.internal") {
        return Located::HostMachine;
    }
    if host.parse::<std::net::IpAddr>().is_ok() {
        return at_fixed_address(scene, from, host).map_or(Located::Address, Located::Service);
    }
    if let Some(linked) = linked(from, host) {
        return Located::Service(linked);
    }
    let mut unshared = None;
    let host = host.strip_suffix('.').unwrap_or(host);
    for service in scene
        .project()
        .into_iter()
        .flat_map(|project| project.services())
    {
        let shared = shared_networks(scene, from, &service);
        // Docker's resolver answers whatever the case of the letters, and knows each name with the network's behind it, too.
        let is_host = |name: &str| {
            let with_network = |network: &&str| {
                let network = name_on_engine(scene, network);
                format!("{name}.{network}").eq_ignore_ascii_case(host)
            };
            name.eq_ignore_ascii_case(host) || shared.iter().any(with_network)
        };
        let named = own_names(scene, &service).iter().any(|name| is_host(name));
        let aliased = |networks: &[&str]| {
            service.networks().iter().any(|attachment| {
                networks.contains(&attachment.name)
                    && attachment.aliases.iter().any(|alias| is_host(alias))
            })
        };
        let all: Vec<_> = service
            .networks()
            .into_iter()
            .map(|attachment| attachment.name)
            .collect();
        if !shared.is_empty() && (named || aliased(&shared)) {
            return Located::Service(service.name().to_owned());
        }
        if named || aliased(&all) {
            unshared = Some(service.name().to_owned());
        }
    }
    unshared.map_or(Located::Nothing, Located::Unshared)
}

/// The service to which the file gives this address on a network that both are on.
fn at_fixed_address(scene: &Scene<'_>, from: &Service<'_>, host: &str) -> Option<String> {
    let mut services = scene.project()?.services();
    let has_it = |service: &Service<'_>| {
        let shared = shared_networks(scene, from, service);
        service.networks().iter().any(|attachment| {
            let fixed = ["ipv4_address", "ipv6_address"].iter();
            shared.contains(&attachment.name)
                && fixed
                    .filter_map(|key| attachment.node.get(key)?.as_str())
                    .any(|address| address == host)
        })
    };
    services
        .find(has_it)
        .map(|service| service.name().to_owned())
}

/// What the engine calls a network of the file: `lesson-05_backend` for `backend`.
fn name_on_engine<'a>(scene: &Scene<'a>, network: &'a str) -> &'a str {
    let networks = scene.project().into_iter();
    let mut networks = networks.flat_map(|project| project.networks());
    let definition = networks.find(|(name, _)| *name == network);
    let name = definition.and_then(|(_, definition)| definition.get("name")?.as_str());
    name.unwrap_or(network)
}

/// The names that a service's first container has on every network: the service's, its own, and its `hostname:`.
fn own_names(scene: &Scene<'_>, service: &Service<'_>) -> Vec<String> {
    // Engines from 20.10 on know a container by its `hostname:` too.
    let hostname = service.node().get("hostname");
    let hostname = hostname.and_then(|hostname| hostname.as_str());
    let container = container_name(scene, service);
    [service.name(), &container]
        .into_iter()
        .chain(hostname)
        .map(str::to_owned)
        .collect()
}

/// The names under which a service's first container finds itself, those on one of its networks too.
pub fn names(scene: &Scene<'_>, service: &Service<'_>) -> Vec<String> {
    let networks = service.networks().into_iter();
    let aliases = networks.flat_map(|attachment| attachment.aliases);
    own_names(scene, service)
        .into_iter()
        .chain(aliases)
        .collect()
}

/// What the first container of a service is called: by the file, or by Compose.
fn container_name(scene: &Scene<'_>, service: &Service<'_>) -> String {
    let project = scene.project().map_or("", |project| project.name());
    service
        .container_name()
        .map_or_else(|| format!("{project}-{}-1", service.name()), str::to_owned)
}

/// The service that a service knows by this name through `links: [SERVICE:NAME]`.
fn linked(from: &Service<'_>, host: &str) -> Option<String> {
    let links = from.node().get("links")?.as_sequence()?;
    let links: Vec<String> = links
        .iter()
        .filter_map(compose::Node::scalar_text)
        .collect();
    let pairs = links
        .iter()
        .map(|link| link.split_once(':').unwrap_or((link, link)));
    pairs
        .filter(|(_, name)| name.eq_ignore_ascii_case(host))
        .map(|(service, _)| service.to_owned())
        .next()
}

/// Names of the networks that both services are attached to. A service shares its own.
pub fn shared_networks<'a>(
    scene: &Scene<'a>,
    one: &Service<'a>,
    other: &Service<'a>,
) -> Vec<&'a str> {
    let theirs = networks(scene, other);
    networks(scene, one)
        .into_iter()
        .filter(|network| theirs.contains(network))
        .collect()
}

/// The networks that a service talks on: with `network_mode: service:NAME` those of the other one.
pub fn networks<'a>(scene: &Scene<'a>, service: &Service<'a>) -> Vec<&'a str> {
    let attachments = network_owner(scene, *service).networks();
    attachments
        .into_iter()
        .map(|attachment| attachment.name)
        .collect()
}

/// The service whose networks and published ports count for this one: itself, or the one that `network_mode: service:NAME` names.
pub fn network_owner<'a>(scene: &Scene<'a>, mut service: Service<'a>) -> Service<'a> {
    let services = scene
        .project()
        .map_or(0, |project| project.services().count());
    // As many steps as there are services are enough; a circle of them is refused when the file is loaded.
    for _ in 0..services {
        let neighbour = service
            .network_mode()
            .and_then(|mode| mode.strip_prefix("service:"))
            .and_then(|name| scene.service(name));
        match neighbour {
            Some(neighbour) => service = neighbour,
            None => break,
        }
    }
    service
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_scheme_user_port_and_path() {
        let cases = [
            ("etcd:2379", "etcd", Some("2379"), ""),
            ("http://etcd:2379", "etcd", Some("2379"), ""),
            ("minio", "minio", None, ""),
            (
                "postgresql://user:p@ss@db:5432/app",
                "db",
                Some("5432"),
                "/app",
            ),
            ("[::1]:80", "::1", Some("80"), ""),
        ];
        for (text, host, port, path) in cases {
            let expected = Endpoint {
                host: host.to_owned(),
                port: port.map(str::to_owned),
                path: path.to_owned(),
            };
            assert_eq!(endpoints(text), [expected], "{text}");
        }
    }

    #[test]
    fn a_name_counts_in_any_case_and_a_wrong_port_is_named_without_saying_that_nobody_listens_there()
     {
        let compose = "services:\n  api:\n    image: api:1\n  db:\n    image: db:1\n    ports: ['5433:5432']\n";
        let found = |address: &str| found_from_api(compose, address);
        assert_eq!(found("db:8080"), ["this leads to port 8080 of `db`"]);
        assert_eq!(
            found("db:7.4"),
            ["`7.4` stands where the port belongs, and is no number"]
        );
        assert_eq!(
            found("db:5433"),
            ["5433 is the port of `db` on your machine; between containers it does not exist"]
        );
        assert!(found("db:5432").is_empty());
        assert!(found("DB:5432").is_empty());
        // The name that Compose gives to the container, in the project `test`.
        assert!(found("test-db-1:5432").is_empty());
        assert!(found("db.:5432").is_empty());
        assert!(found("db.test_default:5432").is_empty());
        assert_eq!(found("db.test_other:5432").len(), 1);
        let named = compose.replace("image: db:1", "image: db:1\n    hostname: store");
        assert!(found_from_api(&named, "store:5432").is_empty());
    }

    #[test]
    fn links_and_a_shared_network_stack_lead_to_the_service_too() {
        let linked = "services: {api: {image: x, links: ['db:store']}, db: {image: y}}";
        assert!(found_from_api(linked, "store:5432").is_empty());
        let joined = "services: {api: {image: x}, db: {image: y, network_mode: 'service:api'}}";
        assert!(found_from_api(joined, "localhost:5432").is_empty());
        let apart = "services: {api: {image: x}, db: {image: y}}";
        assert_eq!(found_from_api(apart, "localhost:5432").len(), 1);
        assert_eq!(found_from_api(apart, "db:+5432").len(), 1);
    }

    #[test]
    fn an_address_that_the_file_gives_lasts_and_another_one_does_not() {
        let compose = "services: {api: {image: x}, db: {image: y, networks: {default: {ipv4_address: 10.7.0.5}}}}";
        assert!(found_from_api(compose, "10.7.0.5:5432").is_empty());
        assert_eq!(found_from_api(compose, "10.7.0.6:5432").len(), 1);
    }

    /// What is wrong with an address of `db`, port 5432, that `api` is given.
    fn found_from_api(compose: &str, address: &str) -> Vec<String> {
        found_by(compose, address, false)
    }

    #[test]
    fn a_host_that_has_to_stand_alone_has_nothing_around_it() {
        let compose = "services: {db: {image: x}, api: {image: x}}";
        let found = |address| found_by(compose, address, true);
        assert_eq!(found("db").len(), 0);
        for address in ["db:5432", "http://db", "postgresql://u:p@db/x", "db/"] {
            let found = found(address);
            assert!(
                found[0].contains("taken for the name of a host"),
                "{found:?}"
            );
        }
    }

    fn found_by(compose: &str, address: &str, host_only: bool) -> Vec<String> {
        let reach = Reach {
            service: Some("db".to_owned()),
            service_with_image: None,
            port: 5432,
            default_port: host_only.then_some(5432),
            port_variable: None,
            no_path: false,
            host_only,
            from: None,
        };
        let spot = Spot::WholeFile {
            path: String::new(),
        };
        let judge = |scene: &Scene<'_>| reaches(scene, &reach, "api", address, &spot);
        crate::testing::found(crate::testing::look_at_file(compose, judge))
    }

    #[test]
    fn a_path_is_told_from_the_port() {
        let paths: Vec<_> = endpoints("http://a:1/x?y,b:2/,c:3")
            .into_iter()
            .map(|endpoint| endpoint.path)
            .collect();
        assert_eq!(paths, ["/x?y", "/", ""]);
    }

    #[test]
    fn several_addresses_are_separated_by_commas() {
        let hosts: Vec<_> = endpoints("http://a:1, http://b:2,")
            .into_iter()
            .map(|endpoint| endpoint.host)
            .collect();
        assert_eq!(hosts, ["a", "b"]);
    }
}
