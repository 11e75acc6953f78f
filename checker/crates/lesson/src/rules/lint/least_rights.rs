//! `least-rights`

use super::read::{is_true, items, key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "least-rights",
        what: "Each container gives up rights that its program does not need: `no-new-privileges`, dropped capabilities, a read-only root folder.",
        why: "Who breaks into a program has the program's rights. By default that is a set of fourteen capabilities for root, programs that become root when they are started, and a folder tree that can be written.",
        mend: "Add `security_opt: [\"no-new-privileges:true\"]`; then `cap_drop: [ALL]`, and `cap_add` for what fails; then `read_only: true` with a `tmpfs` for what the program writes besides its volumes.",
        leave: "Where the image's start script changes to another user by itself (many databases), drop capabilities one by one, or leave it.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        // Windows has none of the three.
        if key(&service, "isolation").is_some() {
            return None;
        }
        if key(&service, "privileged").is_some_and(is_true) {
            return None;
        }
        let option = |item: &compose::Node| {
            let text = item.as_str().unwrap_or_default().replacen(':', "=", 1);
            matches!(
                text.as_str(),
                "no-new-privileges" | "no-new-privileges=true"
            )
        };
        let keeps_privileges = items(&service, "security_opt").iter().any(option);
        let drops = !items(&service, "cap_drop").is_empty();
        let read_only = key(&service, "read_only").is_some_and(is_true);
        let missing = [
            (keeps_privileges, "`no-new-privileges`"),
            (drops, "`cap_drop`"),
            // Who has thought of the other two has thought of this one.
            (read_only || (keeps_privileges && drops), "`read_only`"),
        ];
        let missing: Vec<_> = missing
            .into_iter()
            .filter(|(is_there, _)| !is_there)
            .map(|(_, name)| name)
            .collect();
        let (last, before) = missing.split_last()?;
        let list = match before {
            [] => (*last).to_owned(),
            before => format!("{} and no {last}", before.join(", no ")),
        };
        let found = format!("more rights than most programs need: no {list}");
        Some(Remark::of(&service, service.key_span(), found.as_str()).once(found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn what_is_missing_is_told() {
        finds(
            &LINT,
            "user: '1000'",
            "no `no-new-privileges`, no `cap_drop` and no `read_only`",
        );
        finds(
            &LINT,
            "cap_drop: [ALL], read_only: true",
            "no `no-new-privileges`",
        );
        finds(
            &LINT,
            "security_opt: ['no-new-privileges=true'], read_only: true",
            "no `cap_drop`",
        );
    }

    #[test]
    fn a_container_that_gives_rights_up_is_left_alone() {
        silent(
            &LINT,
            "security_opt: ['no-new-privileges:true'], cap_drop: [ALL]",
        );
        silent(&LINT, "privileged: true");
        silent(&LINT, "isolation: process");
    }
}
