//! No run of eight words in the book stands in one of the documents that the course grew from.
//!
//! The documents are not part of this repository. SOURCE_DOCUMENTS names the folder with their texts; without it the test is reported as
//! ignored, and with CHECKER_NEEDS_SOURCES=1 it fails instead.

mod support;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};

const RUN: usize = 8;

fn main() {
    let folder = std::env::var_os("SOURCE_DOCUMENTS").map(PathBuf::from);
    let needed = std::env::var_os("CHECKER_NEEDS_SOURCES").is_some_and(|value| value == "1");
    let (name, ignored) = match (&folder, needed) {
        (None, false) => (
            "the_book_is_in_its_own_words [SOURCE_DOCUMENTS is not set]",
            true,
        ),
        _ => ("the_book_is_in_its_own_words", false),
    };
    let trials = vec![
        Trial::test(name, move || compare(folder.as_deref())).with_ignored_flag(ignored),
        Trial::test("a_copied_sentence_would_be_found", || {
            let source = "Docker starts the container, and then it waits: for a second.";
            let copied = "He says that Docker starts\nthe container and then it *waits* for you.";
            let other = "Docker starts a container; then it waits for one second.";
            let known = runs(&words(source));
            let found = |text: &str| words(text).windows(RUN).any(|run| known.contains(run));
            assert!(found(copied));
            assert!(!found(other));
            Ok(())
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn compare(folder: Option<&Path>) -> Result<(), Failed> {
    let folder = folder.ok_or("SOURCE_DOCUMENTS is not set")?;
    let mut known = HashSet::new();
    let mut documents = 0;
    for entry in std::fs::read_dir(folder)? {
        let text = std::fs::read_to_string(entry?.path())?;
        known.extend(runs(&words(&text)));
        documents += 1;
    }
    if documents == 0 {
        return Err(format!("{} holds no document", folder.display()).into());
    }
    let mut found = Vec::new();
    let texts = book()?;
    for (path, text) in &texts {
        let words = words(text);
        for run in words.windows(RUN).filter(|run| known.contains(*run)) {
            found.push(format!("{}: {}", path.display(), run.join(" ")));
        }
    }
    if !found.is_empty() {
        return Err(found.join("\n").into());
    }
    println!("{} texts against {documents} documents", texts.len());
    Ok(())
}

/// Chapters, and what the lesson files put into them.
fn book() -> Result<Vec<(PathBuf, String)>, Failed> {
    let root = support::repository();
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(root.join("src"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    for entry in std::fs::read_dir(root.join("exercises"))? {
        let path = entry?.path().join("lesson.yaml");
        if path.is_file() {
            paths.push(path);
        }
    }
    let mut texts = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        texts.push((path, text));
    }
    if texts.len() < 3 {
        return Err("the book was not found".into());
    }
    Ok(texts)
}

/// Words as a reader sees them: marks around them and capitals do not count, and neither do line breaks.
fn words(text: &str) -> Vec<String> {
    let bare = |word: &str| {
        word.trim_matches(|letter: char| !letter.is_alphanumeric())
            .to_lowercase()
    };
    text.split_whitespace()
        .map(bare)
        .filter(|word| !word.is_empty())
        .collect()
}

fn runs(words: &[String]) -> HashSet<Vec<String>> {
    words.windows(RUN).map(<[String]>::to_vec).collect()
}
