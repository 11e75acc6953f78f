//! `no-root-user`

use compose::DependencyCondition;

use super::image_has_a_user::AS_ROOT;
use super::known;
use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-root-user",
        what: "No service asks for root where its image may bring a user of its own.",
        why: "`user: root` overrules the user that the image's author chose, and files that the program makes on a bind mount belong to root.",
        mend: "Take the line out. Where it was there for files that cannot be written, give the folder to the image's user instead.",
        leave: "For a service that prepares folders for others and ends.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        let user = key(&service, "user")?;
        let text = user.as_str()?;
        let name = text.split(':').next().unwrap_or_default();
        // It runs as root anyway.
        let image = known::image(&service);
        if image.is_some_and(|image| AS_ROOT.contains(&image.familiar_name().as_str())) {
            return None;
        }
        // A task that prepares folders for others has to be root, and ends.
        if is_task(scene, &service) {
            return None;
        }
        let is_root = matches!(name, "root" | "0");
        is_root.then(|| {
            Remark::of(
                &service,
                user.span(),
                "it runs as root, whatever user the image brings",
            )
        })
    };
    services(scene).into_iter().filter_map(remark).collect()
}

/// Whether others wait for its end.
fn is_task(scene: &Scene<'_>, service: &compose::Service<'_>) -> bool {
    let waits = |other: &compose::Service<'_>| {
        other.depends_on().iter().any(|dependency| {
            dependency.service == service.name()
                && dependency.condition == DependencyCondition::CompletedSuccessfully
        })
    };
    services(scene).iter().any(waits)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent, silent_in};
    use super::LINT;

    #[test]
    fn root_is_told_in_every_spelling() {
        for user in ["root", "'0'", "'0:0'", "root:root"] {
            finds(&LINT, &format!("user: {user}"), "runs as root");
        }
    }

    #[test]
    fn another_user_is_left_alone() {
        silent(&LINT, "user: '1000:0'");
        silent(&LINT, "command: x");
        silent_in(&LINT, "services: {a: {image: busybox, user: root}}");
        silent_in(
            &LINT,
            "services: {task: {image: x, user: root}, web: {image: x, depends_on: {task: {condition: service_completed_successfully}}}}",
        );
    }
}
