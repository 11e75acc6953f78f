//! `package-lists-are-removed`

use ::dockerfile::{BuildMountKind, Instruction};

use super::dockerfiles::{has_argument, recipes, steps};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "package-lists-are-removed",
        what: "A step that installs packages with apt removes the lists that it has downloaded.",
        why: "The lists of all packages lie in the step's layer and in every copy of the image, and are out of date the next day. A later step cannot make the layer smaller.",
        mend: "End the same step with `&& rm -rf /var/lib/apt/lists/*`, or mount the folder as a cache.",
        leave: "In a stage that only builds.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Note,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for recipe in recipes(scene) {
        for instruction in recipe
            .stages_of_image()
            .into_iter()
            .flat_map(|stage| recipe.stage(stage))
        {
            let updates = steps(instruction).iter().find(|step| {
                matches!(step.program(), Some("apt-get" | "apt")) && has_argument(step, "update")
            });
            if let Some(update) = updates.filter(|_| !removes_lists(instruction)) {
                let found = "the lists of all packages stay in the image";
                remarks.push(Remark::of(&recipe.service, update.span, found));
            }
        }
    }
    remarks
}

fn removes_lists(instruction: &Instruction) -> bool {
    let names_folder = |text: &str| text.contains("/var/lib/apt") || text.contains("/var/lib/*");
    let removes = steps(instruction).iter().any(|step| {
        matches!(step.program(), Some("rm" | "find"))
            && step.arguments().iter().any(|word| names_folder(&word.text))
    });
    let cleans = steps(instruction).iter().any(|step| {
        ["dist-clean", "distclean"]
            .iter()
            .any(|word| has_argument(step, word))
    });
    // Another program may, and a mount keeps them out of the layer.
    let is_mounted = instruction.mounts().iter().any(|mount| {
        matches!(mount.kind, BuildMountKind::Cache | BuildMountKind::Tmpfs)
            && mount
                .target
                .as_deref()
                .is_some_and(|target| names_folder(target) || target == "/var/lib")
    });
    let by_script = steps(instruction)
        .iter()
        .any(|step| step.words.iter().any(|word| word.text.ends_with(".sh")));
    removes || cleans || is_mounted || by_script
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn lists_that_stay_are_told() {
        finds_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get install -y git\n",
            "lists of all packages",
        );
        finds_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get install -y git && apt-get clean\n",
            "lists of all packages",
        );
    }

    #[test]
    fn lists_that_go_are_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
        );
        silent_built(
            &LINT,
            "FROM x:1\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y git\n",
        );
        silent_built(
            &LINT,
            "FROM x:1 AS a\nRUN apt-get update && apt-get install -y gcc\nFROM y:1\nCOPY --from=a /a /a\n",
        );
    }
}
