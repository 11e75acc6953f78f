//! `memory-is-limited`

use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "memory-is-limited",
        what: "Each container has a limit of its memory.",
        why: "Without a limit one container can take the whole machine's memory. Then the kernel ends some process, not always the one that took it.",
        mend: "Look with `docker stats` what it takes under load, and write some more than that under `mem_limit:` or `deploy: resources: limits: memory:`. `cpus:` beside it bounds the processor.",
        leave: "On a machine that does nothing else, and where you would not know a number yet.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        let limits = |name: &str| key(&service, &format!("deploy.resources.limits.{name}"));
        if limits("memory")
            .or_else(|| key(&service, "mem_limit"))
            .is_some()
        {
            return None;
        }
        let processor = limits("cpus")
            .or_else(|| key(&service, "cpus"))
            .or_else(|| key(&service, "cpu_quota"));
        let found = match processor {
            Some(_) => "no limit of memory",
            None => "no limit of memory or processor",
        };
        Some(Remark::of(&service, service.key_span(), found).once(found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_in, silent};
    use super::LINT;

    #[test]
    fn services_without_a_limit_are_told_together() {
        finds_in(
            &LINT,
            "services: {a: {image: x}, b: {image: x}, c: {image: x, mem_limit: 1g}}",
            "`a`, `b`: no limit of memory or processor",
        );
        finds(&LINT, "mem_reservation: 1g, cpus: 2", "no limit of memory");
    }

    #[test]
    fn a_limit_counts_in_both_spellings() {
        silent(&LINT, "provider: {type: x}");
        silent(&LINT, "mem_limit: 512m");
        silent(&LINT, "deploy: {resources: {limits: {memory: 512M}}}");
    }
}
