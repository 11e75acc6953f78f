//! `no-privileged`

use super::read::{is_true, key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-privileged",
        what: "No container runs with `privileged: true`.",
        why: "A privileged container has every capability, sees every device and is not confined: root in it is root on the machine.",
        mend: "Take `privileged` out and see what fails; then give that one right: a capability under `cap_add`, or a device under `devices`.",
        leave: "For what has to own the machine's kernel, such as Docker inside Docker on a machine that does nothing else.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        let privileged = key(&service, "privileged").filter(|node| is_true(node))?;
        let found = "`privileged` gives every right over your machine";
        Some(Remark::of(&service, privileged.span(), found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_privileged_container_is_told() {
        finds(&LINT, "privileged: true", "every right");
    }

    #[test]
    fn a_container_with_a_right_of_its_own_is_left_alone() {
        silent(&LINT, "privileged: false, cap_add: [NET_ADMIN]");
    }
}
