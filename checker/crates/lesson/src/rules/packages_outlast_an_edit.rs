//! `packages-outlast-an-edit`

use std::collections::BTreeSet;

use dockerfile::Word;
use dockerfile::context::Seen;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::packages;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "packages-outlast-an-edit",
    what: "Python packages are installed before a file of the program is copied, so an edit of it does not install them again.",
    why: "A step is taken from the cache as long as nothing before it has changed; a COPY has changed when one of its files has.",
    mend: "Copy the requirements file alone, install from it, and copy the program below that.",
    leave: "Never where packages are installed.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// A file of the program, by its name without folders.
    file: String,
}

fn judge(scene: &Scene<'_>, Parameters { service, file }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let context = build.context();
    let of_program: Vec<&Seen<'_>> = context
        .files()
        .filter(|seen| packages::file_name(seen.path) == file)
        .collect();
    if of_program.is_empty() {
        return Judged::not_seen(
            format!("{file} is not among the files that reach the builder"),
            format!("run `checker context {service}` and look for it"),
        );
    }
    let mut installs = false;
    let mut mismatches = Vec::new();
    for stage in &build.plan.needed {
        let mut copied_by: Option<&Word> = None;
        for instruction in build.instructions_up_to(*stage) {
            let brings = |asks_for: BTreeSet<String>| {
                context
                    .asked(&asks_for)
                    .any(|asked| of_program.iter().any(|seen| seen.path == asked.path))
            };
            let takes = instruction.asks_for();
            let is_install = instruction
                .command()
                .is_some_and(|command| command.steps.iter().any(installs_packages));
            let is_own = build
                .dockerfile
                .instructions_of(*stage)
                .iter()
                .any(|own| own == instruction);
            if is_install && is_own {
                installs = true;
                // A file that is mounted for one step counts like one that was copied before it.
                let mounted = brings(takes).then_some(&instruction.keyword);
                if let Some(by) = mounted.or(copied_by) {
                    let line = scene.line_of(by.span);
                    mismatches.push(
                        Mismatch::new(
                            scene.spot(instruction.keyword.span),
                            format!("packages are installed after line {line} has brought in {file}, so they are installed again after every edit of it"),
                            format!("packages installed before {file} is copied"),
                        )
                        .next(format!("what does line {line} copy, and what of it does this step need?")),
                    );
                }
            } else if copied_by.is_none() && brings(takes) {
                copied_by = Some(&instruction.keyword);
            }
        }
    }
    if !installs {
        return Judged::not_seen(
            "no step of the Dockerfile installs Python packages in a way that is known here",
            "look at the order of its steps yourself",
        );
    }
    Judged::from_mismatches(mismatches)
}

fn installs_packages(step: &dockerfile::Step) -> bool {
    let locked = matches!(
        (
            step.program(),
            step.arguments().first().map(|word| word.text.as_str())
        ),
        (Some("uv"), Some("sync")) | (Some("poetry" | "pipenv"), Some("install" | "sync"))
    );
    // `pip install .` is the program itself.
    locked
        || packages::pip(step).is_some_and(|pip| !pip.files.is_empty() || !pip.packages.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_all};

    fn on(dockerfile: &str) -> Judged {
        let files = [
            ("Dockerfile", dockerfile),
            ("app.py", ""),
            ("requirements.txt", "flask\n"),
            ("src/other.py", ""),
        ];
        look_at_all("services: {api: {build: .}}", &files, |scene| {
            (RULE.judge)(scene, &json!({"service": "api", "file": "app.py"}))
        })
    }

    #[test]
    fn packages_before_the_program() {
        for right in [
            "FROM x\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
            "FROM x\nCOPY --link req*.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\nCOPY app.py .\n",
            "FROM x\nRUN pip install flask==3\nCOPY . .\n",
            "FROM x\nRUN --mount=type=bind,source=requirements.txt,target=r.txt pip install -r r.txt\nCOPY . .\n",
            "FROM x AS build\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nFROM build\nCOPY . .\n",
            "FROM x\nCOPY src/ src/\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n",
            "FROM x\nCOPY requirements.txt .\nRUN <<EOF\npip install -r requirements.txt\nEOF\nCOPY . .\n",
            "FROM x AS unused\nCOPY . .\nRUN pip install flask\nFROM x\nRUN pip install flask\nCOPY . .\n",
        ] {
            holds(on(right));
        }
    }

    #[test]
    fn the_program_before_packages() {
        for wrong in [
            "FROM x\nCOPY . .\nRUN pip install -r requirements.txt\n",
            "FROM x\nCOPY app.py requirements.txt ./\nRUN pip install -r requirements.txt\n",
            "FROM x\nADD *.py requirements.txt /app/\nRUN cd /app && pip install -r requirements.txt\n",
            "FROM x AS base\nCOPY . .\nFROM base\nRUN pip install -r requirements.txt\n",
            "FROM x\nRUN --mount=type=bind,target=/src pip install -r /src/requirements.txt\nCOPY . .\n",
        ] {
            finds(on(wrong), "has brought in app.py");
        }
    }

    #[test]
    fn what_leaves_the_program_out_of_the_context_is_told_apart() {
        let nothing_installed = "FROM x\nCOPY . .\n";
        assert!(matches!(on(nothing_installed), Judged::Unknown(_)));
    }
}
