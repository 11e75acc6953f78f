//! The table of contents, judged before mdBook reads it: mdBook names no line, and trusts every path in it.

use crate::markdown::{self, Link};
use crate::mistake::Mistake;
use crate::sources;
use std::path::{Component, Path};

/// A mistake for each chapter in `SUMMARY.md` that is not a file in the folder of the chapters.
///
/// `source` is that folder, relative to `root`. A table of contents that cannot be read is left to mdBook to report.
pub(crate) fn judge(root: &Path, source: &Path) -> Vec<Mistake> {
    let folder = root.join(source);
    let Ok(text) = std::fs::read_to_string(folder.join("SUMMARY.md")) else {
        return Vec::new();
    };
    let file = sources::with_slashes(&source.join("SUMMARY.md"));
    let listed = markdown::read(&text).links.into_iter();
    listed
        // A title without a target announces a chapter that is still to be written.
        .filter(|link| !link.target.is_empty())
        .filter_map(|Link { target, line }| {
            let (problem, next) = objection(&target, &folder)?;
            Some(Mistake {
                file: file.clone(),
                line,
                problem,
                next: next.to_owned(),
            })
        })
        .collect()
}

fn objection(target: &str, folder: &Path) -> Option<(String, &'static str)> {
    let path = target.replace("%20", " ");
    let is_inside = Path::new(&path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_inside {
        return Some((
            format!("the chapter {target} is outside the folder of the chapters"),
            "move the chapter into that folder and name it relative to this file",
        ));
    }
    if !folder.join(&path).is_file() {
        return Some((
            format!("there is no chapter {target}"),
            "look for a typing mistake, or leave the parentheses empty until it is written",
        ));
    }
    None
}
