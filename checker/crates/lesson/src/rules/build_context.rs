//! `ignore-file-is-read`, `context-leaves-out`, `context-has`

use dockerfile::context::{Context, Entry, Listing};
use dockerfile::ignore;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::build::Build;
use crate::packages::file_name;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const IS_READ: Rule = Rule {
    name: "ignore-file-is-read",
    what: "There is an ignore file for a service's build, and it lies where Docker reads it.",
    why: "Docker reads one ignore file: the one that is called after the Dockerfile and lies beside it, or else the one in the context's folder. Any other is a file like all the others.",
    mend: "Put `.dockerignore` into the folder that is named as context.",
    leave: "Where the context holds nothing but what the image needs.",
    reads: Reads::Files,
    accepts: |with| parameters::<Service>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Service| {
            is_read(scene, &parameters.service)
        })
    },
};

pub const LEAVES_OUT: Rule = Rule {
    name: "context-leaves-out",
    what: "The ignore file keeps some paths away from the builder, whether they are there today or not.",
    why: "`COPY . .` copies whatever is in the context. A secret that was in a layer once is in the image for good.",
    mend: "Name what is to be left out, or leave out everything and take in again what the image needs.",
    leave: "Where every COPY names single files.",
    reads: Reads::Files,
    accepts: |with| parameters::<Paths>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Paths| leaves_out(scene, &parameters)),
};

pub const HAS: Rule = Rule {
    name: "context-has",
    what: "Files that the image needs reach the builder.",
    why: "What the ignore file leaves out is not there for a COPY, as if it did not exist.",
    mend: "Take the file in again with a `!` below the line that leaves it out.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Paths>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Paths| has(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    service: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    service: String,
    /// Files below the context's folder.
    paths: Vec<String>,
}

fn is_read(scene: &Scene<'_>, service: &str) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    if build.ignore_path.is_some() {
        return Judged::Holds;
    }
    let right = in_folder(&build.folder, ".dockerignore");
    let mut paths = build.listing().entries.keys();
    // `.dockerIgnore`, `dockerignore.txt`: nearly called so.
    let elsewhere = paths.find(|path| {
        file_name(path)
            .to_ascii_lowercase()
            .contains("dockerignore")
    });
    let expected = match &build.path {
        Some(path) => format!("{right}, or {path}.dockerignore"),
        None => right.clone(),
    };
    match elsewhere {
        Some(path) => {
            let path = in_folder(&build.folder, path);
            let found = format!(
                "Docker does not read this file: the context of `{service}` is {}",
                shown(&build.folder)
            );
            Mismatch::new(Spot::WholeFile { path }, found, expected).into()
        }
        None => {
            let found = format!(
                "there is no ignore file, so everything in {} can be copied",
                shown(&build.folder)
            );
            Mismatch::new(scene.spot_of(build.node), found, expected).into()
        }
    }
}

fn in_folder(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

fn shown(folder: &str) -> &str {
    match folder {
        "" => "this folder",
        folder => folder,
    }
}

fn leaves_out(scene: &Scene<'_>, Paths { service, paths }: &Paths) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    // Also what is not there today: a rule that names a folder today has to hold for the file of tomorrow.
    let mut listing = build.listing().clone();
    let imagined = Listing::of_files(paths.iter().map(|path| (path.as_str(), 0)));
    for (path, entry) in imagined.entries {
        listing.entries.entry(path).or_insert(entry);
    }
    let context = Context::simulate(&listing, &build.ignore);
    let is_there = |path: &str| build.listing().entries.contains_key(path);
    let sent = paths
        .iter()
        .filter(|path| context.path(path).is_some_and(|seen| seen.is_in));
    let unread = unread_ignore_file(&build);
    let mismatches = sent.map(|path| {
        let taken_in = context.path(path).and_then(|seen| seen.by);
        let commented = taken_in
            .is_none()
            .then(|| commented(&build, &listing, path));
        let commented = commented.flatten();
        let spot = match taken_in.or(commented) {
            Some(rule) => scene.spot(rule.span),
            None => ignore_spot(scene, &build),
        };
        let found = match (taken_in, commented, is_there(path)) {
            (Some(rule), ..) => format!("`{}` takes {path} in again", rule.text),
            (None, Some(_), _) => {
                format!("behind a pattern `#` begins no comment, so this leaves {path} in")
            }
            (None, None, true) => format!("no line leaves {path} out"),
            (None, None, false) => format!("no line would leave {path} out"),
        };
        let mismatch = Mismatch::new(spot, found, format!("{path} left out of the context"));
        match (commented, &unread) {
            (Some(_), _) => mismatch.next("put the comment into a line of its own"),
            (None, Some((read, unread))) => mismatch.next(format!(
                "Docker reads {read}, and so not {unread}: keep one of the two"
            )),
            (None, None) => mismatch,
        }
    });
    let mismatches: Vec<_> = mismatches.collect();
    Judged::from_mismatches(mismatches)
}

/// The ignore file that is read, and the one in the context's folder that is not read because of it.
fn unread_ignore_file(build: &Build<'_>) -> Option<(String, String)> {
    let read = build.ignore_path.clone()?;
    let usual = in_folder(&build.folder, ".dockerignore");
    let is_there = build.listing().entries.contains_key(".dockerignore");
    (is_there && read != usual).then_some((read, usual))
}

/// The line that would leave a path out but for a comment behind its pattern.
fn commented<'b>(build: &'b Build<'_>, listing: &Listing, path: &str) -> Option<&'b ignore::Rule> {
    let mut rules = build.ignore.rules.iter();
    rules.find(|rule| {
        let Some((pattern, _)) = rule.text.split_once(" #") else {
            return false;
        };
        let alone = ignore::read(pattern, rule.span.source);
        let context = Context::simulate(listing, &alone);
        context.path(path).is_some_and(|seen| !seen.is_in)
    })
}

fn ignore_spot(scene: &Scene<'_>, build: &Build<'_>) -> Spot {
    match &build.ignore_path {
        Some(path) => Spot::WholeFile { path: path.clone() },
        None => scene.spot_of(build.node),
    }
}

fn has(scene: &Scene<'_>, Paths { service, paths }: &Paths) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let context = build.context();
    let missing = paths.iter().filter_map(|path| {
        // Wherever it lies: folders may be called otherwise.
        let name = file_name(path);
        let called = || {
            context
                .paths
                .iter()
                .filter(|seen| *seen.entry != Entry::Folder && file_name(seen.path) == name)
        };
        if called().any(|seen| seen.is_in) {
            return None;
        }
        let mismatch = match called().find_map(|seen| Some((seen.path, seen.by?))) {
            Some((path, rule)) => Mismatch::new(
                scene.spot(rule.span),
                format!("this leaves {path} out, and the image needs it"),
                format!("{path} in the context"),
            ),
            None => Mismatch::new(
                ignore_spot(scene, &build),
                format!("there is no {name} in the context's folder"),
                format!("{path} in the context"),
            ),
        };
        Some(mismatch)
    });
    Judged::from_mismatches(missing.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, found, holds, look_at_all};

    const BUILD: &str = "services: {api: {build: {context: ., dockerfile: docker/Dockerfile}}}";
    const FROM: (&str, &str) = ("docker/Dockerfile", "FROM x\nCOPY . .\n");

    fn on(rule: &Rule, paths: &[&str], files: &[(&str, &str)]) -> Judged {
        let mut all = vec![
            FROM,
            ("app/main.py", ""),
            ("README.md", ""),
            (".env", "A=1"),
        ];
        all.extend(files);
        let with = match paths {
            [] => json!({"service": "api"}),
            paths => json!({"service": "api", "paths": paths}),
        };
        look_at_all(BUILD, &all, |scene| (rule.judge)(scene, &with))
    }

    #[test]
    fn an_ignore_file_counts_in_two_places_only() {
        holds(on(&IS_READ, &[], &[(".dockerignore", "")]));
        holds(on(&IS_READ, &[], &[("docker/Dockerfile.dockerignore", "")]));
        finds(
            on(&IS_READ, &[], &[("docker/.dockerignore", "")]),
            "does not read this file",
        );
        for near in [".dockerIgnore", "dockerignore", ".dockerignore.txt"] {
            finds(on(&IS_READ, &[], &[(near, "")]), "does not read this file");
        }
        finds(on(&IS_READ, &[], &[]), "there is no ignore file");
    }

    #[test]
    fn what_is_not_there_today_is_judged_too() {
        let paths = [".env", "app/.env", ".git/config"];
        for right in [
            "**/.env\n.git\n",
            "*\n!app\n**/.env*\n",
            "/.git/\n./.env\napp/.env\n",
            "**\n!app/*.py\n",
        ] {
            holds(on(&LEAVES_OUT, &paths, &[(".dockerignore", right)]));
        }
        let told = found(on(
            &LEAVES_OUT,
            &paths,
            &[(".dockerignore", ".env\n.git\n")],
        ));
        assert_eq!(told, ["no line would leave app/.env out"]);
        finds(
            on(&LEAVES_OUT, &[".env"], &[(".dockerignore", "*\n!.e*\n")]),
            "`!.e*` takes .env in again",
        );
        finds(
            on(
                &LEAVES_OUT,
                &[".env"],
                &[(".dockerignore", ".env # secrets\n")],
            ),
            "begins no comment, so this leaves .env in",
        );
        finds(
            on(&LEAVES_OUT, &[".env"], &[(".dockerignore", "# .env\n")]),
            "no line leaves .env out",
        );
    }

    #[test]
    fn what_the_image_needs_has_to_be_in() {
        let paths = ["README.md", "app/main.py"];
        holds(on(&HAS, &paths, &[(".dockerignore", "*.md\n!README.md\n")]));
        finds(
            on(&HAS, &paths, &[(".dockerignore", "*.md\n")]),
            "leaves README.md out",
        );
        finds(
            on(&HAS, &paths, &[(".dockerignore", "!README.md\n*.md\n")]),
            "leaves README.md out",
        );
    }
}
