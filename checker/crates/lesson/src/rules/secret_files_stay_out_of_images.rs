//! `secret-files-stay-out-of-images`

use compose::Project;
use dockerfile::{Instruction, Kind};
use serde::Deserialize;

use super::secret_files_stay_out_of_git::variable_files;
use super::{Reads, Rule, judged, parameters};
use crate::build::Build;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::places;

pub const RULE: Rule = Rule {
    name: "secret-files-stay-out-of-images",
    what: "No `COPY` or `ADD` takes a file that holds a secret into an image: the ignore file leaves it out, or nothing copies it.",
    why: "An image goes to other machines and other people, and a file that a later step deletes stays in the layer below.",
    mend: "Name the file, or the folder it lies in, in `.dockerignore`. What was in an image once has to be changed: it is known.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    let Some(project) = scene.project() else {
        return Judged::not_seen(
            "the compose file does not load",
            "run `docker compose config -q`",
        );
    };
    let secrets = secret_files(scene, project);
    let built = project
        .services()
        .filter(|service| service.node().child("build").is_some());
    let judged = built.map(|service| match scene.build(service.name()) {
        Ok(build) => in_image(scene, service.name(), &build, &secrets),
        Err(judged) => judged,
    });
    Judged::all(judged.collect::<Vec<_>>())
}

/// The files that hold secrets, as paths below the lesson's folder.
fn secret_files(scene: &Scene<'_>, project: &Project) -> Vec<String> {
    let own = places::files(project).into_iter();
    own.chain(variable_files(scene, project)).collect()
}

fn in_image(scene: &Scene<'_>, service: &str, build: &Build<'_>, secrets: &[String]) -> Judged {
    let context = build.context();
    let mut mismatches = Vec::new();
    for secret in secrets {
        let path = match build.folder.as_str() {
            "" => Some(secret.as_str()),
            folder => secret
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        let Some(path) = path else { continue };
        if context.path(path).is_none_or(|seen| !seen.is_in) {
            continue;
        }
        let taker = build
            .all_instructions()
            .find(|instruction| takes(instruction, path));
        mismatches.extend(taker.map(|instruction| {
            let found = format!(
                "this copies {secret} into the image of `{service}`, and the file holds a secret"
            );
            let expected = match &build.ignore_path {
                Some(ignore) => format!("a line in {ignore} that leaves {path} out"),
                None => format!("a .dockerignore that leaves {path} out"),
            };
            Mismatch::new(scene.spot(instruction.span), found, expected).next(
                "`checker context` lists what of the folder reaches the builder, and which line leaves out what",
            )
        }));
    }
    Judged::from_mismatches(mismatches)
}

/// Whether an instruction takes a file out of the build context.
fn takes(instruction: &Instruction, path: &str) -> bool {
    let (Kind::Copy(copied) | Kind::Add(copied)) = &instruction.kind else {
        return false;
    };
    let from_context = instruction.flag("from").is_none();
    from_context && copied.sources.iter().any(|source| fits(&source.text, path))
}

/// Whether a source of `COPY` is this file, a folder above it, or a pattern for either.
fn fits(source: &str, path: &str) -> bool {
    let wanted: Vec<&str> = crate::config_file::parts(source);
    let path: Vec<&str> = path.split('/').collect();
    wanted.len() <= path.len()
        && wanted
            .iter()
            .zip(&path)
            .all(|(pattern, part)| part_fits(pattern, part))
}

/// `*` stands for any run of characters and `?` for one; whatever else is a pattern, a variable for example, may fit.
fn part_fits(pattern: &str, part: &str) -> bool {
    if pattern.contains(['[', '$', '\\']) {
        return true;
    }
    match pattern.chars().next() {
        None => part.is_empty(),
        Some('*') => part
            .char_indices()
            .map(|(at, _)| at)
            .chain([part.len()])
            .any(|at| part_fits(&pattern[1..], &part[at..])),
        Some(letter) => {
            let mut rest = part.chars();
            rest.next()
                .is_some_and(|next| letter == '?' || next == letter)
                && part_fits(&pattern[letter.len_utf8()..], rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_files};

    fn judge(dockerfile: &str, ignore: &str) -> Judged {
        let files = [
            (
                "compose.yaml",
                "services: {api: {build: ., secrets: [db]}}\nsecrets: {db: {file: ./secrets/db.txt}}",
            ),
            ("secrets/db.txt", "blue"),
            ("app.py", "print()"),
            ("Dockerfile", dockerfile),
            (".dockerignore", ignore),
        ];
        on_files("secret-files-stay-out-of-images", Value::Null, &files)
    }

    #[test]
    fn a_file_is_kept_out_by_the_ignore_file_or_by_what_is_copied() {
        let all = "FROM x\nCOPY . .\n";
        for ignore in ["secrets", "secrets/", "/secrets", "**/*.txt", "*\n!app.py"] {
            holds(judge(all, ignore));
        }
        holds(judge("FROM x\nCOPY app.py /app/\n", ""));
        holds(judge("FROM x\nCOPY *.py ./\n", ""));
        holds(judge(
            "FROM x AS a\nCOPY app.py .\nFROM x\nCOPY --from=a / /\n",
            "",
        ));
    }

    #[test]
    fn a_file_that_is_copied_is_told_at_the_instruction() {
        for (dockerfile, ignore) in [
            ("FROM x\nCOPY . .\n", ""),
            ("FROM x\nADD ./ /app\n", "*.txt"),
            ("FROM x\nCOPY secrets /s\n", "secret"),
            ("FROM x\nCOPY s*/*.txt /s/\nRUN rm /s/db.txt\n", ""),
        ] {
            finds(
                judge(dockerfile, ignore),
                "copies secrets/db.txt into the image of `api`",
            );
        }
    }
}
