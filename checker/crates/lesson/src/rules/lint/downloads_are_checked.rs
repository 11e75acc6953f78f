//! `downloads-are-checked`

use ::dockerfile::Kind;

use super::dockerfiles::recipes;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "downloads-are-checked",
        what: "What `ADD` downloads is checked.",
        why: "Whatever the address gives on the day of the build goes into the image, also what somebody else has put there.",
        mend: "Write what it has to be: `ADD --checksum=sha256:… ADDRESS FILE`.",
        leave: "For a file of your own server that changes, and whose way nobody else can write to.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for recipe in recipes(scene) {
        for instruction in recipe.stages().flatten() {
            let Kind::Add(added) = &instruction.kind else {
                continue;
            };
            for source in &added.sources {
                let text = source.text.as_str();
                let is_file = (text.starts_with("http://") || text.starts_with("https://"))
                    && !text.contains(".git");
                if is_file && instruction.flag("checksum").is_none() {
                    let found = "whatever this address gives goes into the image";
                    remarks.push(Remark::of(&recipe.service, source.span, found));
                }
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn a_download_without_a_checksum_is_told() {
        finds_built(
            &LINT,
            "FROM x:1\nADD https://example.com/tool /usr/bin/tool\n",
            "whatever this address gives",
        );
    }

    #[test]
    fn files_and_what_is_checked_are_left_alone() {
        let sum = "0".repeat(64);
        silent_built(
            &LINT,
            &format!(
                "FROM x:1\nADD --checksum=sha256:{sum} https://example.com/tool /usr/bin/tool\n"
            ),
        );
        silent_built(
            &LINT,
            "FROM x:1\nADD app.tar.gz /app\nADD https://github.com/team/app.git /app\n",
        );
    }
}
