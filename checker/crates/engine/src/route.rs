//! From where a container's port can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::inspect::Inspected;

/// The way to a container's port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// Connect here.
    At(Target),
    /// Published, but only on the loopback address of a machine that is not this one.
    RemoteLoopback(String),
    /// Not published.
    None,
}

/// Host name or address, and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub host: String,
    pub port: u16,
}

impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            return write!(out, "[{}]:{}", self.host, self.port);
        }
        write!(out, "{}:{}", self.host, self.port)
    }
}

/// The way to a TCP port of a container, as seen from the machine this program runs on. `remote_host` is the engine's machine
/// where that is another one. A container on the host's network needs no publishing.
pub(crate) fn to(container: Inspected<'_>, port: u16, remote_host: Option<&str>) -> Route {
    if container.network_mode() == "host" {
        let host = remote_host.unwrap_or("127.0.0.1").to_owned();
        return Route::At(Target { host, port });
    }
    let ports = container.0.pointer("/NetworkSettings/Ports");
    let bindings = ports
        .and_then(|ports| ports.get(format!("{port}/tcp")))
        .and_then(Value::as_array);
    let routes: Vec<Route> = bindings
        .into_iter()
        .flatten()
        .filter_map(|binding| through(binding, remote_host))
        .collect();
    let reachable = |route: &&Route| matches!(route, Route::At(_));
    // The engine may list several bindings; IPv4 is what `localhost` means to most programs.
    let version_4 =
        |route: &&Route| matches!(route, Route::At(target) if !target.host.contains(':'));
    let best = routes
        .iter()
        .find(version_4)
        .or_else(|| routes.iter().find(reachable))
        .or(routes.first());
    best.cloned().unwrap_or(Route::None)
}

fn through(binding: &Value, remote_host: Option<&str>) -> Option<Route> {
    let text = |name| {
        binding
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    // Podman writes no HostIp for "every address".
    let bound: IpAddr = match text("HostIp") {
        "" => Ipv4Addr::UNSPECIFIED.into(),
        address => address.parse().ok()?,
    };
    let port: u16 = text("HostPort").parse().ok().filter(|port| *port != 0)?;
    let at = |host: String| Some(Route::At(Target { host, port }));
    match remote_host {
        None if bound.is_unspecified() => at(loopback_of(bound).to_string()),
        Some(host) if bound.is_unspecified() => at(host.to_owned()),
        Some(_) if bound.is_loopback() => {
            let host = bound.to_string();
            Some(Route::RemoteLoopback(Target { host, port }.to_string()))
        }
        _ => at(bound.to_string()),
    }
}

/// Where something that listens on every address is reached from the same machine.
fn loopback_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn route(bindings: Value, remote_host: Option<&str>) -> Route {
        let inspect = json!({"NetworkSettings": {"Ports": {"9091/tcp": bindings}}});
        to(Inspected(&inspect), 9091, remote_host)
    }

    fn at(host: &str, port: u16) -> Route {
        let host = host.to_owned();
        Route::At(Target { host, port })
    }

    #[test]
    fn every_address_is_reached_at_the_loopback() {
        let both = json!([{"HostIp": "::", "HostPort": "19091"}, {"HostIp": "0.0.0.0", "HostPort": "9091"}]);
        assert_eq!(route(both, None), at("127.0.0.1", 9091));
        assert_eq!(
            route(json!([{"HostIp": "::", "HostPort": "9091"}]), None),
            at("::1", 9091)
        );
        assert_eq!(
            route(json!([{"HostPort": "9091"}]), None),
            at("127.0.0.1", 9091)
        );
    }

    #[test]
    fn a_bound_address_is_used_as_it_is() {
        assert_eq!(
            route(json!([{"HostIp": "127.0.0.7", "HostPort": "1"}]), None),
            at("127.0.0.7", 1)
        );
        assert_eq!(
            route(json!([{"HostIp": "192.168.3.4", "HostPort": "1"}]), None),
            at("192.168.3.4", 1)
        );
    }

    #[test]
    fn a_remote_engine_is_reached_by_its_name() {
        assert_eq!(
            route(json!([{"HostIp": "0.0.0.0", "HostPort": "9"}]), Some("far")),
            at("far", 9)
        );
        let loopback = json!([{"HostIp": "127.0.0.1", "HostPort": "9"}]);
        assert_eq!(
            route(loopback, Some("far")),
            Route::RemoteLoopback("127.0.0.1:9".to_owned())
        );
        let both = json!([{"HostIp": "127.0.0.1", "HostPort": "9"}, {"HostIp": "10.0.0.2", "HostPort": "9"}]);
        assert_eq!(route(both, Some("far")), at("10.0.0.2", 9));
    }

    #[test]
    fn what_is_not_published_has_no_route() {
        for bindings in [
            json!(null),
            json!([]),
            json!("nonsense"),
            json!([{"HostIp": "x", "HostPort": "1"}]),
            json!([{"HostPort": "0"}]),
        ] {
            assert_eq!(route(bindings.clone(), None), Route::None, "{bindings}");
        }
        assert_eq!(to(Inspected(&json!({})), 9091, None), Route::None);
    }

    #[test]
    fn the_hosts_network_needs_no_publishing() {
        let inspect =
            json!({"HostConfig": {"NetworkMode": "host"}, "NetworkSettings": {"Ports": {}}});
        assert_eq!(to(Inspected(&inspect), 2379, None), at("127.0.0.1", 2379));
    }

    #[test]
    fn an_ipv6_target_is_written_in_brackets() {
        let target = Target {
            host: "::1".to_owned(),
            port: 80,
        };
        assert_eq!(target.to_string(), "[::1]:80");
    }
}
