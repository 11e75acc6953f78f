//! `no-host-namespaces`

use super::known;
use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-host-namespaces",
        what: "No container shares the machine's network, processes or memory between processes.",
        why: "On the machine's own network a container reaches everything that listens on 127.0.0.1; with its processes it can look into them, and as root end them.",
        mend: "Take the line out. Publish the ports that are meant to be reached under `ports:`, and let containers of one file talk over their network.",
        leave: "For programs that watch the machine itself, or need its network as it is: monitoring, discovery by broadcast, a VPN.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Keys that take `host`, and what that means.
const SHARED: [(&str, &str); 4] = [
    (
        "network_mode",
        "it is on the machine's own network: every port it opens is open there, and it reaches what listens on 127.0.0.1",
    ),
    ("pid", "it sees every process of the machine"),
    (
        "ipc",
        "it shares memory between processes with the whole machine",
    ),
    ("cgroup", "it sees the machine's control groups"),
];

/// Images that find other devices by broadcast, carry the machine's own traffic, or watch the machine.
const NEED_THE_NETWORK: [&str; 14] = [
    "adguardhome",
    "cadvisor",
    "emby",
    "embyserver",
    "home-assistant",
    "homeassistant",
    "homebridge",
    "jellyfin",
    "netdata",
    "node-exporter",
    "pihole",
    "plex",
    "pms-docker",
    "tailscale",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        let image = known::image(&service);
        let needs_it = image.is_some_and(|image| NEED_THE_NETWORK.contains(&image.base_name()));
        for (name, found) in SHARED {
            let node = key(&service, name).filter(|node| node.as_str() == Some("host"));
            let node = node.filter(|_| !(needs_it && name == "network_mode"));
            let remark = node.map(|node| Remark::of(&service, node.span(), found));
            remarks.extend(remark.map(|remark| match name {
                "network_mode" => remark,
                _ => {
                    remark.next("take the line out, unless the program watches the machine itself")
                }
            }));
        }
        // A service may also join Docker's network `host` by its name.
        for network in service.networks() {
            let name = scene
                .project()
                .and_then(|project| project.root().child("networks")?.child(network.name))
                .and_then(|network| network.child("name"));
            if name.and_then(compose::Node::as_str) == Some("host") {
                let (_, found) = SHARED[0];
                remarks.push(Remark::of(&service, network.node.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_in, silent, silent_in};
    use super::LINT;

    #[test]
    fn who_finds_devices_by_broadcast_may_have_the_network() {
        let plex = "services: {web: {image: 'linuxserver/plex:1.42.2', network_mode: host";
        silent_in(&LINT, &format!("{plex}}}}}"));
        finds_in(&LINT, &format!("{plex}, pid: host}}}}"), "every process");
    }

    #[test]
    fn what_is_shared_with_the_machine_is_told() {
        finds(&LINT, "network_mode: host", "own network");
        finds(&LINT, "pid: host", "every process");
        finds(&LINT, "ipc: host", "shares memory");
        finds_in(
            &LINT,
            "services: {web: {image: x, networks: [outside]}}\nnetworks: {outside: {name: host, external: true}}",
            "own network",
        );
    }

    #[test]
    fn what_containers_share_among_themselves_is_left_alone() {
        silent(&LINT, "network_mode: none, ipc: private");
        silent(&LINT, "ports: ['80:80']");
    }
}
