//! `system-call-filter-is-on`

use super::read::{items, key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "system-call-filter-is-on",
        what: "No container switches off what confines it: seccomp, AppArmor, SELinux, the masked files of the kernel.",
        why: "Docker refuses containers the calls into the kernel that hardly any program needs and many break-outs use. Switched off, a mistake in the kernel is within reach.",
        mend: "Take the line out: most programs run without it today. Where one call is missing, write a profile that allows that one, `seccomp:./profile.json`.",
        leave: "Where the program needs a call that the filter refuses on your engine, and you have seen it refused.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// What is switched off, and what that was.
const OFF: [(&str, &str); 4] = [
    (
        "seccomp=unconfined",
        "without seccomp the kernel answers every call, also those that Docker refuses to containers",
    ),
    (
        "apparmor=unconfined",
        "without AppArmor nothing keeps it from the kernel's own files",
    ),
    (
        "label=disable",
        "without SELinux' labels nothing keeps it from the machine's files that are mounted",
    ),
    (
        "systempaths=unconfined",
        "the kernel's files under /proc and /sys that Docker hides are open to it",
    ),
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        if key(&service, "privileged").is_some_and(super::read::is_true) {
            continue;
        }
        for item in items(&service, "security_opt") {
            // Both signs part name and value.
            let text = item.as_str().unwrap_or_default().replacen(':', "=", 1);
            let off = OFF.iter().find(|(off, _)| *off == text.trim());
            remarks.extend(off.map(|(_, found)| Remark::of(&service, item.span(), *found)));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_filter_that_is_switched_off_is_told_in_both_spellings() {
        finds(&LINT, "security_opt: ['seccomp:unconfined']", "seccomp");
        finds(&LINT, "security_opt: ['seccomp=unconfined']", "seccomp");
        finds(&LINT, "security_opt: ['apparmor:unconfined']", "AppArmor");
    }

    #[test]
    fn a_profile_of_its_own_is_left_alone() {
        silent(
            &LINT,
            "security_opt: ['seccomp:./profile.json', 'no-new-privileges:true']",
        );
        silent(
            &LINT,
            "security_opt: ['seccomp:unconfined'], privileged: true",
        );
    }
}
