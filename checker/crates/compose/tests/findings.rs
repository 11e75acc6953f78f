//! What people read when a file is wrong: each folder below `findings/` is a project with a mistake, and `expected.txt`
//! is every finding as it is printed. `UPDATE_EXPECTED=1 cargo test -p compose --test findings` writes them anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use compose::disk::ConfinedDirectory;
use compose::render::{self, Style};
use compose::{Loaded, Request};

/// Every example folder with what came of loading it, loaded once for all tests.
fn examples() -> &'static [(PathBuf, Loaded)] {
    static EXAMPLES: OnceLock<Vec<(PathBuf, Loaded)>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        folders()
            .into_iter()
            .map(|folder| (folder.clone(), load(&folder)))
            .collect()
    })
}

fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the examples can be read")
        .map(|entry| entry.expect("the examples can be read").path())
        .collect();
    folders.sort();
    folders
}

fn load(folder: &Path) -> Loaded {
    let reader = ConfinedDirectory::new(folder).expect("the examples can be read");
    compose::load(
        &reader,
        &Request {
            folder_name: "shop".into(),
            ..Request::default()
        },
    )
}

#[test]
fn every_mistake_is_explained_as_expected() {
    let mut wrong = Vec::new();
    for (folder, loaded) in examples() {
        let printed: String = loaded
            .findings
            .iter()
            .map(|finding| render::finding(finding, &loaded.sources, Style::Plain))
            .collect();
        let expected_path = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&expected_path, &printed).expect("the examples can be read");
        }
        let expected = std::fs::read_to_string(&expected_path)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        if printed != expected {
            wrong.push(format!(
                "{}:\n--- expected\n{expected}--- printed\n{printed}",
                folder.display()
            ));
        }
        assert!(!printed.is_empty(), "{} shows no finding", folder.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_project_with_an_error_is_not_loaded_and_one_with_warnings_is() {
    for (folder, loaded) in examples() {
        let has_errors = loaded.errors().next().is_some();
        assert_eq!(loaded.project.is_none(), has_errors, "{}", folder.display());
    }
}

#[test]
fn every_code_has_an_example() {
    // These need a file system or a size that no example folder can carry, or a question; `limits.rs`, `disk.rs` and
    // `explain.rs` show them.
    let elsewhere = [
        "file-not-readable",
        "file-too-large",
        "several-documents",
        "too-much",
        "more-findings",
        "too-many-anchors",
        "extends-too-long",
        "no-such-value",
    ];
    let shown: BTreeSet<String> = examples()
        .iter()
        .flat_map(|(_, loaded)| {
            loaded
                .findings
                .iter()
                .map(|finding| finding.code.to_string())
        })
        .collect();
    let in_source = codes_in_source();
    assert!(
        in_source.len() > 60,
        "the search for codes found only {}",
        in_source.len()
    );
    let missing: Vec<&String> = in_source
        .iter()
        .filter(|code| !shown.contains(*code) && !elsewhere.contains(&code.as_str()))
        .collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
    let listed_needlessly: Vec<&str> = elsewhere
        .into_iter()
        .filter(|code| shown.contains(*code))
        .collect();
    assert!(
        listed_needlessly.is_empty(),
        "{listed_needlessly:?} have an example now"
    );
}

/// The first text after each call that makes a finding.
fn codes_in_source() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the source can be read") {
            let path = entry.expect("the source can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                codes.extend(codes_in(
                    &std::fs::read_to_string(path).expect("the source can be read"),
                ));
            }
        }
    }
    codes
}

fn codes_in(source: &str) -> Vec<String> {
    let calls = ["Finding::error(", "Finding::warning(", "Problem::new("];
    let after_calls = calls
        .into_iter()
        .flat_map(|call| source.split(call).skip(1));
    after_calls
        .filter_map(|after| {
            after
                .trim_start()
                .strip_prefix('"')?
                .split('"')
                .next()
                .map(String::from)
        })
        .collect()
}

#[test]
fn colours_change_no_word() {
    for (folder, loaded) in examples() {
        for finding in &loaded.findings {
            let plain = render::finding(finding, &loaded.sources, Style::Plain);
            let coloured = render::finding(finding, &loaded.sources, Style::Coloured);
            assert_eq!(without_escapes(&coloured), plain, "{}", folder.display());
        }
    }
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    for (index, part) in text.split('\x1b').enumerate() {
        plain.push_str(if index == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, rest)| rest)
        });
    }
    plain
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
