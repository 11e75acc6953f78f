//! `no-raw-devices`

use super::read::{items, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-raw-devices",
        what: "No container is given the machine's disks or memory as a device.",
        why: "Who reads a disk as a device reads every file on it, whatever its rights; who writes to it changes the machine.",
        mend: "Mount the folder that is needed.",
        leave: "For programs that look after disks: formatting, backup of whole disks, their health.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

const RAW: [&str; 12] = [
    "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "dm-", "md", "mem", "kmem", "port", "disk",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for item in items(&service, "devices") {
            let source = item
                .child("source")
                .and_then(compose::Node::as_str)
                .unwrap_or_default();
            let name = source.strip_prefix("/dev/").unwrap_or_default();
            let is_raw = RAW.iter().any(|raw| match *raw {
                "mem" | "kmem" | "port" => name == *raw,
                prefix => name.starts_with(prefix),
            });
            if is_raw {
                let found = format!("with {source} it reads the machine's disk or memory as it is");
                remarks.push(Remark::of(&service, item.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_disk_is_told() {
        finds(&LINT, "devices: ['/dev/sda:/dev/xvda']", "/dev/sda");
        finds(&LINT, "devices: [/dev/mem]", "/dev/mem");
    }

    #[test]
    fn other_devices_are_left_alone() {
        silent(
            &LINT,
            "devices: ['/dev/ttyUSB0:/dev/ttyUSB0', /dev/dri, /dev/fuse, 'vendor.com/gpu=all']",
        );
    }
}
