//! `packages-are-installed-from-fresh-lists`

use ::dockerfile::Step;

use super::dockerfiles::{recipes, steps};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "packages-are-installed-from-fresh-lists",
        what: "A step that fetches apt's lists also installs from them, and does not wait for an answer.",
        why: "A step of its own that only runs `apt-get update` is taken from the cache for months. The step after it then asks for packages that are gone. Without `-y` apt asks a question that nobody answers, and the build ends.",
        mend: "Write both into one step: `RUN apt-get update && apt-get install -y NAME && rm -rf /var/lib/apt/lists/*`.",
        leave: "Where every build begins without a cache.",
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
        for stage in recipe.stages() {
            let runs: Vec<&[Step]> = stage.iter().map(steps).collect();
            for (index, run) in runs.iter().enumerate() {
                let update = run.iter().find(|step| apt(step, &["update"]));
                let uses = |run: &&[Step]| {
                    run.iter().any(|step| {
                        apt(
                            step,
                            &[
                                "install",
                                "upgrade",
                                "dist-upgrade",
                                "full-upgrade",
                                "build-dep",
                                "satisfy",
                            ],
                        ) || reads_lists(step)
                    })
                };
                let later = runs.iter().skip(index + 1).any(uses);
                if let Some(update) = update.filter(|_| !uses(run) && later) {
                    let found = "these lists come out of the cache when a later step is built anew";
                    remarks.push(Remark::of(&recipe.service, update.span, found));
                }
                for step in run
                    .iter()
                    .filter(|step| apt(step, &["install"]) && !answers(step))
                {
                    let found = "without `-y` it waits for an answer, and the build ends";
                    remarks.push(Remark::of(&recipe.service, step.span, found));
                }
            }
        }
    }
    remarks
}

fn apt(step: &Step, commands: &[&str]) -> bool {
    let is_apt = matches!(step.program(), Some("apt-get" | "apt"));
    is_apt
        && step
            .arguments()
            .iter()
            .any(|word| commands.contains(&word.text.as_str()))
}

/// Whether a script may install something.
fn reads_lists(step: &Step) -> bool {
    step.words.iter().any(|word| word.text.ends_with(".sh"))
}

fn answers(step: &Step) -> bool {
    let is_yes = |text: &str| {
        let short = text.starts_with('-')
            && !text.starts_with("--")
            && (text.contains('y') || text.contains("qq"));
        // Options that a variable brings cannot be read here.
        short
            || text.starts_with("--yes")
            || text.starts_with("--assume-yes")
            || text.starts_with('$')
            || text.contains("Assume-Yes")
    };
    // `yes | apt-get …`
    let is_fed = step.after == ::dockerfile::After::Pipe;
    is_fed
        || step.arguments().iter().any(|word| is_yes(&word.text))
        || step.arguments().iter().any(|word| {
            matches!(
                word.text.as_str(),
                "--download-only" | "-d" | "--simulate" | "-s"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn lists_of_another_step_are_told() {
        finds_built(
            &LINT,
            "FROM x:1\nRUN apt-get update\nRUN apt-get install -y git\n",
            "out of the cache",
        );
    }

    #[test]
    fn a_question_that_nobody_answers_is_told() {
        finds_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get install git\n",
            "without `-y`",
        );
    }

    #[test]
    fn one_step_is_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get install -y --no-install-recommends git\n",
        );
        silent_built(
            &LINT,
            "FROM x:1\nRUN apt-get update -qq && apt-get -qqy install git\n",
        );
        silent_built(
            &LINT,
            "FROM x:1\nRUN apt-get update && apt-get upgrade --yes\n",
        );
        silent_built(&LINT, "FROM x:1\nRUN apt-get update\n");
    }
}
