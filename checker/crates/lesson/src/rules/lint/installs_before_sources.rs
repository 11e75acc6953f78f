//! `installs-before-sources`

use ::dockerfile::{Instruction, Kind, Step};

use super::dockerfiles::{recipes, steps};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "installs-before-sources",
        what: "A Dockerfile installs what the program needs before it copies the program itself.",
        why: "A step is built anew when anything before it has changed. With all sources copied first, each change of one line downloads and installs everything again.",
        mend: "Copy the list of what is needed first (`requirements.txt`, `package.json` with its lock file), install, and copy the rest after that.",
        leave: "Where the installation reads the sources themselves.",
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
        for stage in recipe.stages() {
            let Some(copy) = stage.iter().position(copies_everything) else {
                continue;
            };
            let after = stage.iter().skip(copy + 1);
            let install = after.flat_map(steps).find(|step| installs(step));
            if let Some(install) = install {
                let found = "everything is installed again with each change of a source file";
                let remark = Remark::of(&recipe.service, install.span, found);
                remarks.push(remark.related(stage[copy].span, "the sources are copied before"));
            }
        }
    }
    remarks
}

/// `COPY . .`
fn copies_everything(instruction: &Instruction) -> bool {
    let (Kind::Copy(copied) | Kind::Add(copied)) = &instruction.kind else {
        return false;
    };
    let everything = |source: &::dockerfile::Word| matches!(source.text.as_str(), "." | "./" | "/");
    instruction.flag("from").is_none() && copied.sources.iter().any(everything)
}

/// Whether a command installs what a list says or names, and nothing of the sources.
fn installs(step: &Step) -> bool {
    let words: Vec<&str> = step
        .arguments()
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    let has = |word: &str| words.contains(&word);
    match step.program().unwrap_or_default() {
        "apt-get" | "apt" => has("install"),
        "apk" => has("add"),
        "pip" | "pip3" => has("install") && (has("-r") || has("--requirement")),
        "python" | "python3" => has("pip") && has("install") && (has("-r") || has("--requirement")),
        "npm" => {
            matches!(words.as_slice(), ["ci" | "install" | "i", rest @ ..] if rest.iter().all(|word| word.starts_with('-')))
        }
        "yarn" => matches!(words.as_slice(), [] | ["install", ..]),
        "pnpm" => has("install"),
        "go" => matches!(words.as_slice(), ["mod", "download", ..]),
        "bundle" => has("install"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_built, silent_built};
    use super::LINT;

    #[test]
    fn sources_before_what_they_need_are_told() {
        finds_built(
            &LINT,
            "FROM x:1\nCOPY . .\nRUN pip install -r requirements.txt\n",
            "installed again",
        );
        finds_built(
            &LINT,
            "FROM x:1\nCOPY ./ /app\nRUN apt-get update && apt-get install -y git\n",
            "installed again",
        );
        finds_built(
            &LINT,
            "FROM x:1\nADD . /app\nRUN npm ci --omit=dev\n",
            "installed again",
        );
    }

    #[test]
    fn sources_after_what_they_need_are_left_alone() {
        silent_built(
            &LINT,
            "FROM x:1\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
        );
        silent_built(&LINT, "FROM x:1\nCOPY . .\nRUN pip install .\n");
        silent_built(
            &LINT,
            "FROM x:1 AS a\nCOPY . .\nFROM y:1\nCOPY --from=a . .\nRUN apk add git\n",
        );
    }
}
