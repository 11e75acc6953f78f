//! `dockerfile-is-accepted`

use dockerfile::Kind;
use dockerfile::context::Entry;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::build::{Build, joined};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "dockerfile-is-accepted",
    what: "A service is built from a Dockerfile of yours that Docker accepts, from a folder that is there, and with files that reach the builder.",
    why: "Docker reads the whole Dockerfile before it builds anything; one line that it does not understand, and there is no image.",
    mend: "Look at the place that is shown; `docker build --check .` says what Docker thinks of it.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    match scene.build(&parameters.service) {
        Ok(build) => Judged::from_mismatches(missing_sources(scene, &parameters.service, &build)),
        Err(judged) => judged,
    }
}

/// What a COPY names and the context does not have: the build stops there.
fn missing_sources(scene: &Scene<'_>, service: &str, build: &Build<'_>) -> Vec<Mismatch> {
    let context = build.context();
    let mut missing = Vec::new();
    for instruction in build.all_instructions() {
        let (Kind::Copy(copied) | Kind::Add(copied)) = &instruction.kind else {
            continue;
        };
        if instruction.flag("from").is_some() || instruction.flag("exclude").is_some() {
            continue;
        }
        for source in &copied.sources {
            // Quotes are as written here, and taken away by the builder.
            let is_plain = !source.text.contains(['$', '*', '?', '[', '\\', '"', '\'']);
            let path = joined("", source.text.trim_start_matches('/'));
            let Some(path) = path.filter(|path| is_plain && !path.is_empty()) else {
                continue;
            };
            // What lies behind a link, or in a folder that was not listed, nobody has seen.
            let is_unseen = |folder: &str| {
                let entry = context.path(folder).map(|seen| seen.entry);
                matches!(entry, Some(Entry::Link(_))) || context.unknown.contains(&folder)
            };
            let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
            if source.text.contains("://")
                || source.text.starts_with("git@")
                || above.any(is_unseen)
            {
                continue;
            }
            let found = match context.path(&path) {
                Some(seen) if seen.is_in => continue,
                Some(seen) => match seen.by {
                    Some(rule) => format!(
                        "the ignore file leaves `{path}` out (`{}`), so the builder does not get it",
                        rule.text
                    ),
                    None => format!("the ignore file leaves `{path}` out"),
                },
                None if path == "#" => {
                    "behind an instruction `#` begins no comment, it is one more file to copy"
                        .to_owned()
                }
                None => format!("there is no `{path}` in the folder that is built from"),
            };
            missing.push(
                Mismatch::new(scene.spot(source.span), found, "files that are there").next(
                    format!(
                        "run `checker context {}`: it lists what the builder gets",
                        service
                    ),
                ),
            );
            // What follows are the words of the comment.
            if path == "#" {
                break;
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_files};

    fn judged(compose: &str, file: (&str, &str)) -> Judged {
        look_at_files(compose, file, |scene| {
            (RULE.judge)(scene, &json!({"service": "api"}))
        })
    }

    #[test]
    fn wherever_the_dockerfile_is_it_is_found() {
        let dockerfile = "FROM busybox\n";
        for (compose, path) in [
            ("services: {api: {build: .}}", "Dockerfile"),
            ("services: {api: {build: ./app/}}", "app/Dockerfile"),
            (
                "services: {api: {build: {context: app, dockerfile: ../docker/Api.Dockerfile}}}",
                "docker/Api.Dockerfile",
            ),
            ("services: {api: {build: {context: .}}}", "dockerfile"),
        ] {
            let mut files = vec![(path, dockerfile)];
            files.push(("app/app.py", ""));
            let judged = crate::testing::look_at_all(compose, &files, |scene| {
                (RULE.judge)(scene, &json!({"service": "api"}))
            });
            holds(judged);
        }
        let inline =
            "services: {api: {build: {dockerfile_inline: \"FROM busybox\\nRUN true\\n\"}}}";
        holds(judged(inline, ("app.py", "")));
    }

    #[test]
    fn a_file_that_is_not_there_cannot_be_copied() {
        let on = |lines: &str, ignore: &str| {
            let dockerfile = format!("FROM busybox\n{lines}\n");
            let files = [
                ("Dockerfile", dockerfile.as_str()),
                ("app.py", ""),
                ("src/main.py", ""),
                (".dockerignore", ignore),
            ];
            crate::testing::look_at_all("services: {api: {build: .}}", &files, |scene| {
                (RULE.judge)(scene, &json!({"service": "api"}))
            })
        };
        for lines in [
            "COPY app.py .",
            "COPY ./app.py src/ /srv/",
            "ADD /app.py .",
            "COPY . .",
            "COPY *.txt .",
            "COPY src .",
            "COPY \"app.py\" .",
            "COPY ['app.py', '.']",
            "COPY [\"app.py\", \".\"]",
            "COPY --from=busybox /bin/x .",
            "ADD https://example.com/x .",
            "COPY <<EOF x\nhello\nEOF",
            "ARG FILE=app.py\nCOPY $FILE .",
        ] {
            holds(on(lines, ""));
        }
        finds(on("COPY ap.py .", ""), "there is no `ap.py`");
        finds(on("COPY app.py . # the program", ""), "begins no comment");
        finds(
            on("COPY app.py .", "*.py\n"),
            "leaves `app.py` out (`*.py`)",
        );
        finds(
            on("COPY src/main.py .", "src\n"),
            "leaves `src/main.py` out",
        );
    }

    #[test]
    fn what_docker_refuses_is_told() {
        let build = "services: {api: {build: .}}";
        finds(
            judged(build, ("Dockerfile", "FROM busybox\nRUNN true\n")),
            "`RUNN` is no instruction",
        );
        finds(judged(build, ("app.py", "")), "there is no file Dockerfile");
        finds(
            judged(build, ("Dockerfile", "FROM ${IMAGE}\n")),
            "comes to nothing",
        );
        finds(
            judged("services: {api: {image: busybox}}", ("app.py", "")),
            "has no `build`",
        );
        let target = "services: {api: {build: {context: ., target: last}}}";
        finds(
            judged(target, ("Dockerfile", "FROM busybox AS first\n")),
            "no stage `last`",
        );
        // A stage that is not built is not read.
        let unused = "FROM busybox AS unused\nEXPOSE http\nFROM busybox\n";
        holds(judged(build, ("Dockerfile", unused)));
    }

    #[test]
    fn a_context_elsewhere_is_not_judged() {
        let remote = "services: {api: {build: \"https://example.com/repo.git\"}}";
        assert!(matches!(judged(remote, ("app.py", "")), Judged::Unknown(_)));
    }
}
