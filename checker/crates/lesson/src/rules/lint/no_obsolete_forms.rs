//! `no-obsolete-forms`

use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-obsolete-forms",
        what: "The file has no form of old that Compose only remarks on: `version`, `external.name`, `yes` for `true`.",
        why: "They have no effect, or another one than years ago, and the remark about them stands above the output of every command.",
        mend: "Take the line out, or write it as Compose reads it today.",
        leave: "While the old `docker-compose` still has to read the same file.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

const OBSOLETE: [&str; 3] = ["obsolete-version", "external-name", "old-boolean"];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    // What Compose refuses may be no Compose file at all: a chart of Helm has a `version` too, and needs it.
    if scene.project().is_none() {
        return Vec::new();
    }
    let findings = scene.loaded.findings.iter();
    let obsolete = findings.filter(|finding| OBSOLETE.contains(&finding.code));
    let remark = |finding: &compose::Finding| {
        let remark = Remark::of_file(finding.span?, finding.message.trim_end_matches('.'));
        Some(match &finding.help {
            Some(help) => remark.next(help),
            None => remark,
        })
    };
    obsolete.filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in, silent_in_refused};
    use super::LINT;

    #[test]
    fn what_compose_remarks_on_is_told() {
        finds_in(
            &LINT,
            "version: '3.8'\nservices: {web: {image: x}}",
            "obsolete",
        );
        finds_in(&LINT, "services: {web: {image: x, tty: yes}}", "old word");
    }

    #[test]
    fn a_file_that_is_no_compose_file_is_left_alone() {
        silent_in_refused(&LINT, "apiVersion: v2\nname: chart\nversion: '1.0'\n");
    }

    #[test]
    fn a_variable_that_is_not_set_is_left_to_the_machine_that_runs_it() {
        silent_in(&LINT, "services: {web: {image: 'x:$UNSET'}}");
    }
}
