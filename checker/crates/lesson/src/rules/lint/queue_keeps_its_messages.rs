//! `queue-keeps-its-messages`

use super::read::{key_span, services, words};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::address::endpoints;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "queue-keeps-its-messages",
        what: "A Redis that carries tasks or messages throws none away when its memory is full.",
        why: "With an `allkeys-` policy Redis deletes any key to make room, also the list in which tasks wait. They are lost without a word.",
        mend: "Write `--maxmemory-policy noeviction` for the Redis that carries tasks, and use a second one as a cache.",
        leave: "Where every task is found again by somebody else.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for (name, node) in service.environment_all() {
            let is_broker = name.to_uppercase().contains("BROKER");
            let value = node
                .scalar_text()
                .filter(|value| is_broker && value.starts_with("redis"));
            let host = value.and_then(|value| Some(endpoints(&value).into_iter().next()?.host));
            let Some(redis) = host.and_then(|host| scene.service(&host)) else {
                continue;
            };
            let words = words(&redis);
            let policy = words.iter().find(|word| word.starts_with("allkeys-"));
            if let Some(policy) =
                policy.filter(|_| words.iter().any(|word| word == "--maxmemory-policy"))
            {
                let found = format!("`{policy}` throws waiting tasks away when the memory is full");
                let label = format!("tasks of `{}` wait there", service.name());
                let remark = Remark::of(&redis, key_span(&redis, "command"), found);
                remarks.push(remark.related(node.span(), label));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn with(policy: &str) -> String {
        format!(
            "services: {{worker: {{image: x, environment: {{CELERY_BROKER_URL: 'redis://redis:6379/0'}}}}, redis: {{image: 'redis:7', command: redis-server --maxmemory 512mb --maxmemory-policy {policy}}}}}"
        )
    }

    #[test]
    fn a_queue_that_forgets_is_told() {
        finds_in(&LINT, &with("allkeys-lru"), "throws waiting tasks away");
    }

    #[test]
    fn a_queue_that_refuses_is_left_alone() {
        silent_in(&LINT, &with("noeviction"));
        silent_in(
            &LINT,
            "services: {web: {image: x, environment: {CACHE_URL: 'redis://redis:6379/0'}}, redis: {image: 'redis:7', command: redis-server --maxmemory-policy allkeys-lru}}",
        );
    }
}
