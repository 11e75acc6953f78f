//! Agreement with Docker Compose on a corpus of projects.
//!
//! Runs only where `COMPOSE_CORPUS` names a folder with `manifest.jsonl`, `files/` and `expected/`: each line of the
//! manifest is a project with its `files`, its `cwd`, whether Compose loads it (`ok`), its `error`, and the file with the
//! model that Compose prints (`expected`), in which the corpus root is written `$ROOT` and the home folder `$HOME`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use compose::disk::ConfinedDirectory;
use compose::{Loaded, Request};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;

/// Says it past the test harness, which swallows what passing tests print.
macro_rules! say {
    ($($argument:tt)*) => {{
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

/// Stand for the folders that the corpus calls `$ROOT` and `$HOME`.
const ROOT: &str = "/corpus-root";
const HOME: &str = "/corpus-home";

/// What one project showed.
enum Outcome {
    Agreed,
    RefusedAlike,
    Different(String),
    RefusedAlone(String),
    AcceptedAlone(String),
}

fn main() -> std::process::ExitCode {
    let corpus = std::env::var_os("COMPOSE_CORPUS").map(PathBuf::from);
    let is_there = corpus.is_some();
    let trial = Trial::test("the_model_is_the_one_that_compose_prints", move || {
        the_model_is_the_one_that_compose_prints(corpus.unwrap_or_default());
        Ok(())
    });
    let trial = match is_there {
        true => trial,
        false => trial
            .with_kind("COMPOSE_CORPUS names no corpus")
            .with_ignored_flag(true),
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn the_model_is_the_one_that_compose_prints(corpus: PathBuf) {
    let manifest = std::fs::read_to_string(corpus.join("manifest.jsonl"))
        .expect("the corpus has a manifest.jsonl");
    let rows: Vec<Value> = manifest
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let exceptions = exceptions();
    let mut unexpected = Vec::new();
    let mut by_feature: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut agreed, mut loadable, mut refused_alike, mut refusable) = (0, 0, 0, 0);
    let mut without_place = Vec::new();
    for row in &rows {
        let outcome = judge(&corpus, row);
        let is_right = matches!(outcome, Outcome::Agreed | Outcome::RefusedAlike);
        if row["ok"] == true {
            loadable += 1;
            agreed += usize::from(is_right);
            for feature in texts(&row["features"]) {
                let count = by_feature.entry(feature).or_default();
                count.0 += usize::from(is_right);
                count.1 += 1;
            }
        } else {
            refusable += 1;
            refused_alike += usize::from(is_right);
            without_place.extend(errors_without_place(&corpus, row));
        }
        let files = texts(&row["files"]).join(" ");
        match (is_right, exceptions.contains_key(files.as_str())) {
            (true, true) => unexpected.push(format!(
                "{files} agrees now: take it off the list of exceptions"
            )),
            (false, false) => unexpected.push(format!("{files} differs and is no known exception")),
            _ => {}
        }
        match outcome {
            Outcome::Agreed | Outcome::RefusedAlike => {}
            Outcome::Different(difference) => say!("different      {files}: {difference}"),
            Outcome::RefusedAlone(reason) => say!("refused alone  {files}: {reason}"),
            Outcome::AcceptedAlone(reason) => say!("accepted alone {files}: {reason}"),
        }
    }
    for (feature, (agreed, of)) in &by_feature {
        say!("{feature}: {agreed} of {of}");
    }
    say!("refused alike {refused_alike} of {refusable}");
    say!(
        "agreed {agreed} of {loadable} ({:.1} %)",
        100.0 * agreed as f64 / loadable as f64
    );
    assert!(
        without_place.is_empty(),
        "these refusals name no place: {without_place:#?}"
    );
    // Another corpus has its own oddities; there the share decides.
    if rows
        .iter()
        .any(|row| exceptions.contains_key(texts(&row["files"]).join(" ").as_str()))
    {
        assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    }
    assert!(agreed * 100 >= loadable * 99, "fewer than 99 % agree");
}

fn expected_model(corpus: &Path, path: &Value) -> Value {
    let text = std::fs::read_to_string(corpus.join(path.as_str().unwrap_or_default()))
        .expect("the expected model");
    let text = text.replace("$ROOT", ROOT).replace("$HOME", HOME);
    serde_json::from_str(&text).expect("the expected model is JSON")
}

/// How the model with every profile active differs, for projects that have one.
fn with_all_profiles(corpus: &Path, row: &Value) -> Option<String> {
    row["expected_all_profiles"].as_str()?;
    let expected = expected_model(corpus, &row["expected_all_profiles"]);
    match load(corpus, row, &["*"]).project {
        Some(project) => difference(&expected, &project.to_json(), String::new()),
        None => Some("refused".into()),
    }
}

/// Errors that name no place, although a file was read.
fn errors_without_place(corpus: &Path, row: &Value) -> Vec<String> {
    let loaded = load(corpus, row, &[]);
    let unplaced = loaded.errors().filter(|finding| finding.span.is_none());
    unplaced
        .map(|finding| format!("{}: {}", texts(&row["files"]).join(" "), finding.message))
        .collect()
}

/// The projects that are known to differ, each with its reason.
fn exceptions() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("corpus-exceptions.txt").lines();
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    entries
        .filter_map(|line| line.split_once(' '))
        .map(|(files, reason)| (files, reason.trim()))
        .collect()
}

fn judge(corpus: &Path, row: &Value) -> Outcome {
    let loaded = load(corpus, row, &[]);
    let error = loaded
        .errors()
        .next()
        .map(|finding| format!("{} ({})", finding.message, finding.code));
    match (row["ok"] == true, &loaded.project) {
        (true, None) => {
            Outcome::RefusedAlone(error.unwrap_or_else(|| "no project and no error".into()))
        }
        (false, None) => Outcome::RefusedAlike,
        (false, Some(_)) => {
            Outcome::AcceptedAlone(row["error"].as_str().unwrap_or_default().replace('\n', " "))
        }
        (true, Some(project)) => {
            if let Some(difference) = with_all_profiles(corpus, row) {
                return Outcome::Different(format!("with all profiles: {difference}"));
            }
            let expected = expected_model(corpus, &row["expected"]);
            let ours = project.to_json();
            match difference(&expected, &ours, String::new()) {
                None => Outcome::Agreed,
                Some(difference) => Outcome::Different(difference),
            }
        }
    }
}

fn load(corpus: &Path, row: &Value, profiles: &[&str]) -> Loaded {
    let root = corpus.join("files");
    // Wherever Compose runs, the folder of the first file is the project's.
    let files = texts(&row["files"]);
    let cwd = files[0].rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = root.join(cwd);
    let reader =
        ConfinedDirectory::within(&root, &folder).expect("the project folder is in the corpus");
    let request = Request {
        files: files.iter().map(|file| relative(cwd, file)).collect(),
        folder_name: Path::new(cwd)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        project_directory: format!("{ROOT}/{cwd}"),
        // The expected models were made with nothing but these; `PWD` is of Compose's own making.
        environment: BTreeMap::from([
            (
                "PWD".into(),
                format!("{ROOT}/{}", row["cwd"].as_str().unwrap_or_default()),
            ),
            ("HOME".into(), HOME.into()),
            ("PATH".into(), "/usr/bin".into()),
        ]),
        profiles: profiles.iter().map(|profile| profile.to_string()).collect(),
        ..Request::default()
    };
    compose::load(&reader, &request)
}

/// `file` seen from `cwd`, both relative to the same folder.
fn relative(cwd: &str, file: &str) -> String {
    let from: Vec<&str> = cwd.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = file.split('/').collect();
    let common = from
        .iter()
        .zip(&to)
        .take_while(|(one, two)| one == two)
        .count();
    let up = from[common..].iter().map(|_| "..");
    up.chain(to[common..].iter().copied())
        .collect::<Vec<_>>()
        .join("/")
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(String::from)
        .collect()
}

/// The first place where two models differ; the order of keys does not count.
fn difference(expected: &Value, ours: &Value, path: String) -> Option<String> {
    match (expected, ours) {
        (Value::Object(one), Value::Object(two)) => {
            let missing = one
                .keys()
                .find(|key| !two.contains_key(*key))
                .map(|key| format!("{path}.{key} is missing"));
            let extra = || {
                two.keys()
                    .find(|key| !one.contains_key(*key))
                    .map(|key| format!("{path}.{key} is too much: {}", two[key]))
            };
            missing.or_else(extra).or_else(|| {
                one.iter()
                    .find_map(|(key, value)| difference(value, &two[key], format!("{path}.{key}")))
            })
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => one
            .iter()
            .zip(two)
            .enumerate()
            .find_map(|(index, (one, two))| difference(one, two, format!("{path}.{index}"))),
        (Value::Number(one), Value::Number(two)) if one.as_f64() == two.as_f64() => None,
        _ if expected == ours => None,
        _ => Some(format!("{path}: expected {expected}, got {ours}")),
    }
}
