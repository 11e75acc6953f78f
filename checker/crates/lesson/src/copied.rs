//! Which of the learner's files a build puts where in the image, as far as the Dockerfile tells.

use std::collections::BTreeMap;

use dockerfile::context::{Entry, Seen};
use dockerfile::{Command, Copied, Form, Instruction, Kind, Step};

use crate::build::{Build, joined};
use crate::evidence::Probe;
use crate::packages::file_name;

/// A file that is copied as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedFile {
    /// Its path below the lesson's folder.
    pub here: String,
    /// Its path in the container.
    pub there: String,
}

impl CopiedFile {
    /// How the container is asked for it.
    pub fn probe(&self, service: &str) -> Probe {
        Probe::File {
            service: service.to_owned(),
            path: self.there.clone(),
            contents: true,
        }
    }
}

/// Larger files are not compared: of a container's file no more is read.
const LARGEST: u64 = 64 << 10;

/// More files than these are not compared, those deepest in folders first. Each is a question to the engine.
const MOST: usize = 20;

/// Programs that change, move or remove files which they are given.
const CHANGING: [&str; 12] = [
    "sed", "perl", "awk", "dos2unix", "mv", "cp", "rm", "install", "tee", "patch", "find",
    "envsubst",
];

/// The files that the image has from the build context and that no later step is seen to change.
pub fn copied_files(build: &Build<'_>) -> Vec<CopiedFile> {
    let context = build.context();
    let mut folder: Option<String> = None;
    let mut copied: BTreeMap<String, String> = BTreeMap::new();
    for instruction in build.kept_instructions() {
        match &instruction.kind {
            Kind::Workdir(word) => folder = in_container(folder.as_deref(), &word.text),
            Kind::Copy(what) | Kind::Add(what) => {
                let files = || context.files();
                for (here, there) in files_of(instruction, what, folder.as_deref(), &files) {
                    copied.insert(there, here);
                }
            }
            Kind::Run(command) => {
                copied.retain(|there, _| !changes(command, folder.as_deref(), there));
            }
            _ => {}
        }
    }
    let mut files: Vec<_> = copied
        .into_iter()
        .filter_map(|(there, here)| {
            let here = joined(&build.folder, &here)?;
            Some(CopiedFile { here, there })
        })
        .collect();
    files.sort_by_key(|file| file.here.matches('/').count());
    files.truncate(MOST);
    files
}

/// What one instruction copies: paths in the context, with those in the container. What is not sure is left out.
fn files_of<'a, F: Iterator<Item = &'a Seen<'a>>>(
    instruction: &Instruction,
    Copied {
        sources,
        heredocs,
        destination,
    }: &Copied,
    folder: Option<&str>,
    files: &dyn Fn() -> F,
) -> Vec<(String, String)> {
    let changes_paths = ["from", "parents", "exclude", "unpack"];
    let is_plain =
        |text: &str| !text.contains(['$', '*', '?', '[', '\\', '"', '\'']) && !text.contains("://");
    let all_plain = sources.iter().all(|source| is_plain(&source.text));
    if changes_paths
        .iter()
        .any(|flag| instruction.flag(flag).is_some())
        || !heredocs.is_empty()
        || !all_plain
        || !is_plain(&destination.text)
    {
        return Vec::new();
    }
    let Some(target) = in_container(folder, &destination.text) else {
        return Vec::new();
    };
    let is_folder = sources.len() > 1
        || destination.text.ends_with('/')
        || matches!(destination.text.as_str(), "." | "..")
        || Some(target.as_str()) == folder;
    let unpacks = matches!(instruction.kind, Kind::Add(_));
    let mut found = Vec::new();
    for source in sources {
        let Some(source) = joined("", source.text.trim_start_matches('/')) else {
            continue;
        };
        for seen in files() {
            let is_small_file = matches!(
                seen.entry,
                Entry::File(bytes) | Entry::Program(bytes) if *bytes <= LARGEST
            );
            if !is_small_file || unpacks && is_archive(seen.path) {
                continue;
            }
            let below = match source.as_str() {
                "" => Some(seen.path),
                source => seen
                    .path
                    .strip_prefix(source)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            let there = match below {
                Some(below) => format!("{}/{below}", target.trim_end_matches('/')),
                None if seen.path == source && is_folder => {
                    format!("{}/{}", target.trim_end_matches('/'), file_name(seen.path))
                }
                None if seen.path == source => target.clone(),
                None => continue,
            };
            found.push((seen.path.to_owned(), there));
        }
    }
    found
}

fn is_archive(path: &str) -> bool {
    [".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// A path as a step of the Dockerfile means it. None where only the image below knows the folder, or a variable is in it.
fn in_container(folder: Option<&str>, path: &str) -> Option<String> {
    if path.contains('$') {
        return None;
    }
    let start = if path.starts_with('/') { "" } else { folder? };
    let path = joined(start.trim_start_matches('/'), path.trim_start_matches('/'))?;
    Some(format!("/{path}"))
}

/// Whether a step may change a file: one of its programs does such things, and is given the file, its folder or a pattern that
/// it fits; or something is written into it.
fn changes(command: &Command, folder: Option<&str>, there: &str) -> bool {
    let parent = there.rsplit_once('/').map_or("", |(parent, _)| parent);
    let means = |word: &str| {
        let (above, last) = word.rsplit_once('/').unwrap_or((".", word));
        let is_pattern = last.contains(['*', '?', '[']);
        match is_pattern {
            true => in_container(folder, above).is_some_and(|above| above == parent),
            false => in_container(folder, word)
                .is_some_and(|path| path == there || there.starts_with(&format!("{path}/"))),
        }
    };
    let is_changed_by = |step: &Step| {
        let is_changing = step
            .program()
            .is_some_and(|program| CHANGING.contains(&program));
        is_changing && step.arguments().iter().any(|word| means(&word.text))
            || step.writes.iter().any(|word| means(&word.text))
    };
    // What a here-document or another shell does is not looked into.
    let is_unknown = !command.heredocs.is_empty()
        || matches!(&command.form, Form::Shell(line) if line.text.contains(file_name(there)))
            && command.steps.is_empty();
    is_unknown || command.steps.iter().any(is_changed_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_all;

    fn copied(dockerfile: &str) -> Vec<String> {
        let files = [
            ("Dockerfile", dockerfile),
            ("app.py", "x"),
            ("requirements.txt", "flask"),
            ("start.sh", "exec app"),
            ("src/main.py", "y"),
            ("src/lib/one.py", "z"),
            (".dockerignore", "Dockerfile\n.dockerignore\ncompose.yaml\n"),
        ];
        look_at_all("services: {api: {build: .}}", &files, |scene| {
            let Ok(build) = scene.build("api") else {
                panic!("it builds");
            };
            let files = copied_files(&build).into_iter();
            files
                .map(|file| format!("{}={}", file.here, file.there))
                .collect()
        })
    }

    #[test]
    fn every_way_to_copy_leads_to_a_path() {
        for (lines, expected) in [
            ("WORKDIR /app\nCOPY app.py .", vec!["app.py=/app/app.py"]),
            ("WORKDIR /app\nCOPY app.py ./", vec!["app.py=/app/app.py"]),
            ("WORKDIR /app\nCOPY app.py /app", vec!["app.py=/app/app.py"]),
            (
                "WORKDIR /app\nCOPY app.py main.py",
                vec!["app.py=/app/main.py"],
            ),
            (
                "WORKDIR /srv\nWORKDIR api\nADD ./app.py .",
                vec!["app.py=/srv/api/app.py"],
            ),
            ("COPY app.py /srv/app.py", vec!["app.py=/srv/app.py"]),
            (
                "COPY app.py requirements.txt /srv",
                vec![
                    "app.py=/srv/app.py",
                    "requirements.txt=/srv/requirements.txt",
                ],
            ),
            (
                "WORKDIR /app\nCOPY src/ .",
                vec!["src/main.py=/app/main.py", "src/lib/one.py=/app/lib/one.py"],
            ),
            (
                "WORKDIR /app\nCOPY src src",
                vec![
                    "src/main.py=/app/src/main.py",
                    "src/lib/one.py=/app/src/lib/one.py",
                ],
            ),
            (
                "WORKDIR /app\nCOPY --chown=1:1 . .",
                vec![
                    "app.py=/app/app.py",
                    "requirements.txt=/app/requirements.txt",
                    "start.sh=/app/start.sh",
                    "src/main.py=/app/src/main.py",
                    "src/lib/one.py=/app/src/lib/one.py",
                ],
            ),
            (
                "WORKDIR /app\nCOPY [\"app.py\", \".\"]",
                vec!["app.py=/app/app.py"],
            ),
            // The later one counts.
            ("COPY app.py /a\nCOPY start.sh /a", vec!["start.sh=/a"]),
        ] {
            assert_eq!(
                copied(&format!("FROM python:3.11-slim\n{lines}\n")),
                expected,
                "{lines}"
            );
        }
    }

    #[test]
    fn what_is_not_sure_is_left_out() {
        for lines in [
            // Only the base knows the folder.
            "COPY app.py .",
            "ARG TO=/srv\nCOPY app.py $TO/",
            "WORKDIR /app\nCOPY *.py .",
            "COPY --from=python:3.11-slim app.py /app.py",
            "COPY <<EOF /app.py\nprint()\nEOF",
            "WORKDIR /app\nCOPY app.py .\nRUN sed -i s/a/b/ app.py",
            "WORKDIR /app\nCOPY app.py .\nRUN true && sed -i 's/\\r$//' *.py",
            "WORKDIR /app\nCOPY app.py .\nRUN find . -name '*.py' -exec dos2unix {} +",
            "WORKDIR /app\nCOPY app.py .\nRUN rm -r /app",
            "WORKDIR /app\nCOPY app.py .\nRUN echo x > app.py",
            "WORKDIR /app\nCOPY app.py .\nRUN mv app.py main.py",
        ] {
            let found = copied(&format!("FROM python:3.11-slim\n{lines}\n"));
            assert_eq!(found, Vec::<String>::new(), "{lines}");
        }
        for lines in [
            "WORKDIR /app\nCOPY app.py .\nRUN apt-get update && rm -rf /var/lib/apt/lists/*",
            "WORKDIR /app\nCOPY app.py .\nRUN pip install -r app.py",
            "WORKDIR /app\nCOPY app.py .\nRUN chown -R 1:1 . && cat app.py > /dev/null",
        ] {
            let found = copied(&format!("FROM python:3.11-slim\n{lines}\n"));
            assert_eq!(found, ["app.py=/app/app.py"], "{lines}");
        }
    }

    #[test]
    fn a_stage_hands_its_files_to_the_one_that_starts_from_it() {
        let stages = "FROM python:3.11-slim AS base\nWORKDIR /app\nCOPY requirements.txt .\nFROM python:3.11-slim AS other\nCOPY start.sh /start.sh\n\
            FROM base\nCOPY app.py .\nCOPY --from=other /start.sh .\n";
        assert_eq!(
            copied(stages),
            [
                "app.py=/app/app.py",
                "requirements.txt=/app/requirements.txt"
            ]
        );
    }
}
