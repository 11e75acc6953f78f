//! `limits-are-possible`

use compose::{Node, units};

use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "limits-are-possible",
        what: "What a container reserves is not more than its limit, and both are amounts that the engine takes.",
        why: "The engine refuses a container that reserves more than it may take, or that has less memory than a process needs to start.",
        mend: "Make the reservation smaller than the limit. The least limit is 6 MB.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// The least limit that the engine takes, in bytes.
const LEAST: u64 = 6 << 20;

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        let bytes =
            |node: Option<&Node>| node.and_then(|node| units::bytes(&node.scalar_text()?).ok());
        let limit =
            key(&service, "mem_limit").or_else(|| key(&service, "deploy.resources.limits.memory"));
        let reserved = key(&service, "mem_reservation")
            .or_else(|| key(&service, "deploy.resources.reservations.memory"));
        let Some((limit, most)) = limit.zip(bytes(limit)).filter(|(_, most)| *most > 0) else {
            continue;
        };
        if most < LEAST {
            remarks.push(Remark::of(
                &service,
                limit.span(),
                "the engine refuses a limit below 6 MB",
            ));
        } else if let Some((reserved, _)) = reserved
            .zip(bytes(reserved))
            .filter(|(_, least)| *least > most)
        {
            let found =
                "it reserves more memory than its limit allows, and the engine refuses that";
            remarks.push(
                Remark::of(&service, reserved.span(), found).related(limit.span(), "the limit"),
            );
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn amounts_that_the_engine_refuses_are_told() {
        finds(
            &LINT,
            "mem_limit: 64m, mem_reservation: 128m",
            "reserves more",
        );
        finds(
            &LINT,
            "deploy: {resources: {limits: {memory: 1G}, reservations: {memory: 2G}}}",
            "reserves more",
        );
        finds(&LINT, "mem_limit: 512", "below 6 MB");
    }

    #[test]
    fn amounts_that_fit_are_left_alone() {
        silent(&LINT, "mem_limit: 1g, mem_reservation: 1g");
        silent(&LINT, "mem_reservation: 1g");
    }
}
