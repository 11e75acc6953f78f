//! `no-system-folders`

use compose::MountKind;

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-system-folders",
        what: "No container is given a folder that the machine itself lives in.",
        why: "Who can write to `/etc`, `/usr` or the whole disk of the machine can become root on it; who can read `/etc`, `/root` or the engine's folder can read everybody's keys and every container's files.",
        mend: "Mount the one file or folder that the program needs, read-only where it only reads.",
        leave: "For monitoring and backup that have to see the machine, with `:ro`, and nobody else reaching them.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Folders of a Unix machine that must not be written from a container.
const SYSTEM: [&str; 19] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/lib/modules",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/run",
    "/home",
];
/// Those that must not be read either: keys, and sockets that obey.
const SECRET: [&str; 7] = [
    "/",
    "/etc",
    "/root",
    "/run",
    "/var/run",
    "/var/lib/docker",
    "/var",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for mount in service.mounts() {
            let source = mount.source.as_deref().unwrap_or_default();
            let source = match source.trim_end_matches('/') {
                "" if source.starts_with('/') => "/",
                other => other,
            };
            let is_system = mount.kind == MountKind::Bind && SYSTEM.contains(&source);
            if !is_system {
                continue;
            }
            let found = match (mount.read_only, SECRET.contains(&source)) {
                (true, true) => format!(
                    "it can read everything in {source} of your machine, with the rights of its user"
                ),
                (true, false) => continue,
                (false, _) => format!(
                    "it can change everything in {source} of your machine, with the rights of its user"
                ),
            };
            remarks.push(Remark::of(&service, mount.node.span(), found));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_folder_of_the_machine_is_told() {
        finds(&LINT, "volumes: ['/:/host']", "can change everything in /");
        finds(&LINT, "volumes: ['/:/host:ro']", "can read everything");
        finds(&LINT, "volumes: ['/etc/:/etc']", "in /etc");
        finds(
            &LINT,
            "volumes: [{type: bind, source: /var/run, target: /var/run}]",
            "/var/run",
        );
        finds(&LINT, "volumes: ['/sys:/sys']", "can change");
    }

    #[test]
    fn a_file_and_what_only_watches_are_left_alone() {
        silent(
            &LINT,
            "volumes: ['/etc/localtime:/etc/localtime:ro', '/sys:/sys:ro', '/proc:/host/proc:ro']",
        );
        silent(&LINT, "volumes: ['./etc:/etc', '/srv/data:/data']");
    }
}
