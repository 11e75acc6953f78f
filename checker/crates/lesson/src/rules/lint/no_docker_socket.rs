//! `no-docker-socket`

use compose::MountKind;

use super::known;
use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-docker-socket",
        what: "No container is given the socket of a container engine.",
        why: "Who may talk to the engine may start a container that mounts the whole disk: that is root on the machine. `:ro` does not help, because it keeps the file from being replaced, not the engine from being asked.",
        mend: "Put a proxy in between that lets only the needed questions through, or let the program ask over the network with a certificate of its own.",
        leave: "Where the program's purpose is to manage containers, and you trust it and everybody who reaches it as you trust root.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

const SOCKETS: [&str; 5] = [
    "docker.sock",
    "containerd.sock",
    "podman.sock",
    "crio.sock",
    "docker_engine",
];

/// Images whose purpose is to manage containers.
const MANAGERS: [&str; 8] = [
    "autoheal",
    "dockge",
    "portainer",
    "portainer-ce",
    "portainer-ee",
    "swarmpit",
    "watchtower",
    "yacht",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        if known::image(&service).is_some_and(|image| MANAGERS.contains(&image.base_name())) {
            continue;
        }
        for mount in service.mounts() {
            let source = mount.source.as_deref().unwrap_or_default();
            let name = source.rsplit(['/', '\\']).next().unwrap_or_default();
            let is_from_host = matches!(mount.kind, MountKind::Bind | MountKind::NamedPipe);
            if is_from_host && SOCKETS.contains(&name) {
                let found = "with the engine's socket it can do on your machine what root can";
                remarks.push(Remark::of(&service, mount.node.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent, silent_in};
    use super::LINT;

    #[test]
    fn a_socket_is_told_in_every_spelling() {
        for volume in [
            "/var/run/docker.sock:/var/run/docker.sock",
            "/run/docker.sock:/docker.sock:ro",
            "/run/containerd/containerd.sock:/c.sock",
        ] {
            finds(&LINT, &format!("volumes: ['{volume}']"), "socket");
        }
        finds(
            &LINT,
            "volumes: [{type: bind, source: /var/run/docker.sock, target: /s, read_only: true}]",
            "socket",
        );
    }

    #[test]
    fn who_manages_containers_may_have_the_socket() {
        for image in ["portainer/portainer-ce:2.27.0", "willfarrell/autoheal"] {
            silent_in(
                &LINT,
                &format!(
                    "services: {{web: {{image: '{image}', volumes: ['/var/run/docker.sock:/var/run/docker.sock']}}}}"
                ),
            );
        }
    }

    #[test]
    fn other_files_are_left_alone() {
        silent(
            &LINT,
            "volumes: ['./docker.sock.md:/readme', '/run/app.sock:/run/app.sock']",
        );
    }
}
