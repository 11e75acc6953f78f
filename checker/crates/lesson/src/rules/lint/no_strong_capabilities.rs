//! `no-strong-capabilities`

use super::read::{items, key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-strong-capabilities",
        what: "No container is given a capability that leads out of it.",
        why: "Root's power is cut into pieces called capabilities. Some of them are as good as the whole: with them a program in the container can load code into the kernel or read every file of the machine.",
        mend: "Take the capability out and see what fails; a smaller one is often enough.",
        leave: "Where the program's purpose needs it (mounting file systems, tracing), and nobody else reaches the program.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Capabilities that lead out of a container, and how (capabilities(7)).
const STRONG: [(&str, &str); 11] = [
    ("ALL", "every capability there is"),
    (
        "SYS_ADMIN",
        "mounting file systems, and much of what root can do",
    ),
    ("SYS_MODULE", "loading code into the machine's kernel"),
    (
        "SYS_RAWIO",
        "reading and writing the machine's memory and devices",
    ),
    ("SYS_PTRACE", "looking into every process that it sees"),
    ("SYS_BOOT", "restarting the machine"),
    ("SYS_TIME", "setting the machine's clock"),
    (
        "DAC_READ_SEARCH",
        "reading any file of the machine by its number",
    ),
    ("BPF", "running programs in the machine's kernel"),
    ("MAC_ADMIN", "changing the machine's access rules"),
    ("SYSLOG", "reading the kernel's log and addresses"),
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        let on_host_network = service.network_mode() == Some("host");
        for item in items(&service, "cap_add") {
            let name = item.scalar_text().unwrap_or_default().to_uppercase();
            let name = name.strip_prefix("CAP_").unwrap_or(&name);
            let strong = STRONG.iter().find(|(strong, _)| *strong == name);
            let drops = !items(&service, "cap_drop").is_empty();
            let allows = match strong {
                Some(("ALL", _)) if drops => {
                    Some("every capability there is but those under `cap_drop`")
                }
                Some((_, allows)) => Some(*allows),
                // In a network of its own it can only change that one.
                None if name == "NET_ADMIN" && on_host_network => {
                    Some("changing the machine's own network and firewall")
                }
                None => None,
            };
            // A privileged container has them all: that is told by its own rule.
            let is_told = key(&service, "privileged").is_some_and(super::read::is_true);
            if let Some(allows) = allows.filter(|_| !is_told) {
                let found = format!("the capability {name} allows {allows}");
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
    fn a_strong_capability_is_told_in_every_spelling() {
        for name in ["SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin"] {
            finds(&LINT, &format!("cap_add: [{name}]"), "SYS_ADMIN");
        }
        finds(&LINT, "cap_add: [ALL]", "every capability");
        finds(
            &LINT,
            "cap_add: [NET_ADMIN], network_mode: host",
            "firewall",
        );
    }

    #[test]
    fn a_small_capability_is_left_alone() {
        silent(
            &LINT,
            "cap_add: [NET_BIND_SERVICE, NET_ADMIN], cap_drop: [ALL]",
        );
        silent(&LINT, "cap_add: [SYS_ADMIN], privileged: true");
    }
}
