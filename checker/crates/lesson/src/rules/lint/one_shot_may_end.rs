//! `one-shot-may-end`

use compose::DependencyCondition;

use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "one-shot-may-end",
        what: "A service that others wait for until it has completed is not restarted each time it ends.",
        why: "With `restart: always` or `unless-stopped` a task that has ended is started again at once. It never counts as completed, and what waits for it never starts.",
        mend: "Take `restart` out of the task, or write `on-failure`: then it is started again only when it has failed.",
        leave: "Never.",
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
        for dependency in service.depends_on() {
            if dependency.condition != DependencyCondition::CompletedSuccessfully {
                continue;
            }
            let Some(task) = scene.service(dependency.service) else {
                continue;
            };
            // Where both are given, Compose takes that under `deploy`.
            let restart = key(&task, "deploy.restart_policy.condition")
                .or_else(|| key(&task, "restart"))
                .filter(|restart| {
                    matches!(restart.as_str(), Some("always" | "unless-stopped" | "any"))
                });
            if let Some(restart) = restart {
                let found = "it is started again whenever it ends, so it never counts as completed";
                let label = format!("`{}` waits for its end", service.name());
                remarks.push(
                    Remark::of(&task, restart.span(), found).related(dependency.node.span(), label),
                );
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn waiting_for(task: &str) -> String {
        format!(
            "services: {{web: {{image: x, depends_on: {{task: {{condition: service_completed_successfully}}}}}}, task: {{image: x{task}}}}}"
        )
    }

    #[test]
    fn a_task_that_never_ends_is_told() {
        finds_in(
            &LINT,
            &waiting_for(", restart: always"),
            "never counts as completed",
        );
        finds_in(
            &LINT,
            &waiting_for(", restart: unless-stopped"),
            "never counts as completed",
        );
        finds_in(
            &LINT,
            &waiting_for(", deploy: {restart_policy: {condition: any}}"),
            "never counts as completed",
        );
    }

    #[test]
    fn a_task_that_ends_is_left_alone() {
        silent_in(&LINT, &waiting_for(""));
        silent_in(&LINT, &waiting_for(", restart: on-failure"));
        silent_in(
            &LINT,
            &waiting_for(", restart: always, deploy: {restart_policy: {condition: none}}"),
        );
    }
}
