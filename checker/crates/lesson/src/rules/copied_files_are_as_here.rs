//! `copied-files-are-as-here`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::copied::{CopiedFile, copied_files};
use crate::evidence::{Answer, FileKind, FileSeen};
use crate::inside::{asked, is_at_or_below};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "copied-files-are-as-here",
    what: "The files that the Dockerfile copies are in the container as they lie in your folder now.",
    why: "`COPY` takes a file as it is when the image is built. An edit after that reaches the container with the next build.",
    mend: "Run `docker compose up -d --build`.",
    leave: "Where the image is built elsewhere.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let mut mismatches = Vec::new();
    for file in copied_files(&build) {
        let (container, answer) = match asked(scene, service, &file.probe(service)) {
            Ok(asked) => asked,
            Err(judged) => return judged,
        };
        let mounts = container.mounts();
        let is_covered = mounts
            .iter()
            .any(|mount| is_at_or_below(&file.there, &mount.target));
        // What is mounted there is not what was copied.
        let differs = if is_covered {
            None
        } else {
            differs(scene, &file, container, answer)
        };
        mismatches.extend(differs.map(|mismatch| {
            mismatch.next(format!("run `docker compose up -d --build {service}`"))
        }));
    }
    Judged::from_mismatches(mismatches)
}

fn differs(
    scene: &Scene<'_>,
    file: &CopiedFile,
    container: Container<'_>,
    answer: &Answer,
) -> Option<Mismatch> {
    let CopiedFile { here, there } = file;
    // What is no text, as a compiled module or a data base, a program writes anew where it runs; and a log it writes on.
    let FileSeen::Text(own) = scene.evidence.files.files.get(here)? else {
        return None;
    };
    if [".log", ".pid"].iter().any(|end| here.ends_with(end)) {
        return None;
    }
    let name = container.name();
    let whole = || Spot::WholeFile { path: here.clone() };
    let expected = "the file as it lies here";
    let seen = match answer {
        Answer::NoFile => {
            let found = format!("{there} is not in {name}");
            return Some(Mismatch::new(whole(), found, expected));
        }
        Answer::File(seen) if seen.kind == FileKind::File => seen,
        _ => return None,
    };
    let copy = &seen.contents.as_ref()?.0;
    if copy == own.as_bytes() {
        return None;
    }
    let Ok(copy) = std::str::from_utf8(copy) else {
        let found = format!("{there} in {name} has another content");
        return Some(Mismatch::new(whole(), found, expected));
    };
    let mut copied = copy.lines();
    let mut lines = own.lines().enumerate();
    let first = lines.find_map(|(at, line)| {
        let other = copied.next();
        (other != Some(line)).then_some((at, line, other))
    });
    Some(match first {
        Some((at, line, other)) => {
            let found = match other {
                Some(other) => format!("{there} in {name} has `{}` in this line", other.trim()),
                None => format!("{there} in {name} ends before this line"),
            };
            let columns = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
            let spot = Spot::File {
                path: here.clone(),
                line: u32::try_from(at + 1).unwrap_or(u32::MAX),
                column: 1,
                end_column: columns.saturating_add(1).max(2),
                excerpt: line.to_owned(),
            };
            Mismatch::new(spot, found, expected)
        }
        None => {
            let found = match copied.next() {
                Some(more) => format!("{there} in {name} goes on with `{}`", more.trim()),
                None => format!("{there} in {name} has other line breaks"),
            };
            Mismatch::new(whole(), found, expected)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::evidence::{
        Answered, Bytes, ContainerSeen, EngineSeen, FileInside, Probe, Unanswered, WorldSeen,
    };
    use crate::testing::{finds, holds, look_at_all_and_world};

    const APP: &str = "import flask\n\nprint(\"hello\")\n";

    fn on(mounts: Value, answer: Answer) -> Judged {
        let world = WorldSeen {
            engine: EngineSeen::Answered {
                address: String::new(),
                version: Value::Null,
            },
            containers: vec![ContainerSeen {
                inspect: json!({
                    "Name": "/shop-api-1",
                    "State": {"Status": "running"},
                    "Config": {"Labels": {"com.docker.compose.service": "api"}},
                    "Mounts": mounts,
                }),
                last_lines: Vec::new(),
            }],
            answers: vec![Answered {
                probe: Probe::File {
                    service: "api".to_owned(),
                    path: "/app/app.py".to_owned(),
                    contents: true,
                },
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        let files = [
            ("Dockerfile", "FROM x\nWORKDIR /app\nCOPY app.py .\n"),
            ("app.py", APP),
        ];
        look_at_all_and_world("services: {api: {build: .}}", &files, world, |scene| {
            (RULE.judge)(scene, &json!({"service": "api"}))
        })
    }

    fn file(contents: &str) -> Answer {
        Answer::File(FileInside {
            kind: FileKind::File,
            size: contents.len() as u64,
            mode: 0o644,
            uid: 0,
            gid: 0,
            link: None,
            contents: Some(Bytes(contents.as_bytes().to_vec())),
        })
    }

    #[test]
    fn an_edit_that_was_not_built_is_found_at_its_line() {
        holds(on(json!([]), file(APP)));
        for (copy, found) in [
            (
                "import flask\n\nprint(\"good day\")\n",
                "/app/app.py in shop-api-1 has `print(\"good day\")` in this line",
            ),
            ("import flask\n", "ends before this line"),
            (
                "import flask\n\nprint(\"hello\")\nexit()\n",
                "goes on with `exit()`",
            ),
            (
                "import flask\r\n\r\nprint(\"hello\")\r\n",
                "has other line breaks",
            ),
        ] {
            finds(on(json!([]), file(copy)), found);
        }
        finds(
            on(json!([]), Answer::NoFile),
            "/app/app.py is not in shop-api-1",
        );
    }

    #[test]
    fn what_is_mounted_over_it_is_not_compared() {
        let mounts =
            json!([{"Type": "bind", "Source": "/home/ada", "Destination": "/app", "RW": true}]);
        holds(on(mounts, file("other")));
    }

    #[test]
    fn a_file_that_cannot_be_looked_at_is_left_alone() {
        holds(on(
            json!([]),
            Answer::None(Unanswered::Engine("no".to_owned())),
        ));
    }
}
