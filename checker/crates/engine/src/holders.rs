//! Who holds a host port.

use std::time::Duration;

use futures_util::future::join_all;
use lesson::evidence::{HostPort, PortHolder, PortSeen};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::inspect::{FOLDER, Listed};

/// How long a program on this machine may take to accept a connection.
const ACCEPTS_WITHIN: Duration = Duration::from_millis(300);

/// Where a port is looked for besides the engine's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Machine {
    /// The engine publishes on this machine: its programs compete for the ports.
    This,
    /// It publishes on another one, which cannot be looked at from here.
    Other,
}

/// Looks up each port. `own` tells whether a container belongs to the lesson.
pub(crate) async fn of<'a>(
    ports: impl IntoIterator<Item = &'a HostPort>,
    containers: &[Value],
    own: impl Fn(Listed<'_>) -> bool,
    machine: Machine,
) -> Vec<PortSeen> {
    let own = &own;
    join_all(ports.into_iter().map(|port| async move {
        let holder = match containers
            .iter()
            .map(Listed)
            .find(|container| publishes(*container, port))
        {
            Some(container) if own(container) => PortHolder::Own(container.name().to_owned()),
            Some(container) => PortHolder::Container {
                name: container.name().to_owned(),
                project: container.project().map(str::to_owned),
                folder: container.label(FOLDER).map(str::to_owned),
            },
            None if machine == Machine::This && is_accepted(port).await => PortHolder::Program,
            None => PortHolder::Nobody,
        };
        PortSeen {
            port: port.clone(),
            holder,
        }
    }))
    .await
}

fn publishes(container: Listed<'_>, wanted: &HostPort) -> bool {
    container.ports().any(|port| {
        let text = |name| port.get(name).and_then(Value::as_str).unwrap_or_default();
        let number = port.get("PublicPort").and_then(Value::as_u64);
        let protocol = Some(text("Type"))
            .filter(|protocol| !protocol.is_empty())
            .unwrap_or("tcp");
        number == Some(u64::from(wanted.port))
            && protocol == wanted.protocol
            && collide(text("IP"), &wanted.address)
    })
}

/// Whether two addresses cannot both be bound to one port. IPv4's and IPv6's "every address" are held against each other too:
/// that is how the engine publishes when no address is given.
fn collide(left: &str, right: &str) -> bool {
    let every = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    every(left) || every(right) || left == right
}

/// Whether something on this machine accepts a TCP connection. Nothing is sent. A UDP port cannot be seen this way.
async fn is_accepted(port: &HostPort) -> bool {
    if port.protocol != "tcp" || port.port == 0 {
        return false;
    }
    let addresses: &[&str] = match port.address.as_str() {
        "" | "0.0.0.0" => &["127.0.0.1", "::1"],
        "::" => &["::1"],
        address => &[address],
    };
    let attempts = addresses.iter().map(|address| async move {
        let connected =
            tokio::time::timeout(ACCEPTS_WITHIN, TcpStream::connect((*address, port.port))).await;
        matches!(connected, Ok(Ok(_)))
    });
    join_all(attempts).await.contains(&true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;
    use crate::inspect::{NUMBER, PROJECT};

    fn port(address: &str, port: u16, protocol: &str) -> HostPort {
        HostPort {
            address: address.to_owned(),
            port,
            protocol: protocol.to_owned(),
        }
    }

    async fn holder(wanted: &HostPort, containers: &[Value]) -> PortHolder {
        let own = |container: Listed<'_>| container.label(PROJECT) == Some("mine");
        of([wanted], containers, own, Machine::This)
            .await
            .remove(0)
            .holder
    }

    #[tokio::test]
    async fn a_container_is_named_with_project_and_folder() {
        let containers = [
            json!({"Names": ["/mine-web-1"], "Labels": {PROJECT: "mine", NUMBER: "1"}, "Ports": [{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 18080, "Type": "tcp"}]}),
            json!({"Names": ["/other-db-1"], "Labels": {PROJECT: "other", NUMBER: "1", FOLDER: "/there"}, "Ports": [{"IP": "0.0.0.0", "PrivatePort": 1, "PublicPort": 19000, "Type": "tcp"}]}),
            json!({"Names": ["/bare"], "Labels": {PROJECT: "of-the-image"}, "Ports": [{"PrivatePort": 1, "PublicPort": 19001, "Type": "udp"}]}),
        ];
        assert_eq!(
            holder(&port("", 18080, "tcp"), &containers).await,
            PortHolder::Own("mine-web-1".to_owned())
        );
        assert_eq!(
            holder(&port("127.0.0.1", 19000, "tcp"), &containers).await,
            PortHolder::Container {
                name: "other-db-1".to_owned(),
                project: Some("other".to_owned()),
                folder: Some("/there".to_owned()),
            }
        );
        assert_eq!(
            holder(&port("", 19001, "udp"), &containers).await,
            PortHolder::Container {
                name: "bare".to_owned(),
                project: None,
                folder: None
            }
        );
        assert_eq!(
            holder(&port("127.0.0.2", 18080, "udp"), &containers).await,
            PortHolder::Nobody
        );
    }

    #[tokio::test]
    async fn a_program_on_this_machine_is_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let number = listener.local_addr().expect("its address").port();
        let wanted = port("", number, "tcp");
        assert_eq!(holder(&wanted, &[]).await, PortHolder::Program);
        let remote = of([&wanted], &[], |_| false, Machine::Other).await;
        assert_eq!(
            remote[0].holder,
            PortHolder::Nobody,
            "another machine's ports are not this one's"
        );
        drop(listener);
        assert_eq!(holder(&wanted, &[]).await, PortHolder::Nobody);
    }
}
