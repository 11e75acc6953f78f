//! Right answers and mistakes that a lesson keeps, to prove its checks on.
//!
//! Each is a folder: files laid over the reference solution, and `variant.yaml` or `mistake.yaml`. An edit of a line is
//! written as such, so that a case stays a case when the solution changes around it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Files by path below the lesson's folder, with `/` as separator.
pub type Files = BTreeMap<String, Vec<u8>>;

/// `accepted/NAME/variant.yaml`: a right answer that differs from the reference.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Variant {
    /// In what it differs, in one sentence.
    pub about: String,
    /// What is changed.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Files of the solution that it does without.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// `mistakes/NAME/mistake.yaml`: a wrong answer, and the check that has to find it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mistake {
    /// What a learner did, in one sentence.
    pub about: String,
    /// Id of the one check that turns red.
    pub kills: String,
    /// Parts of what the learner is told, in this order.
    pub says: Vec<String>,
    /// Where it points: `compose.yaml:31`.
    pub at: Option<String>,
    /// What is changed.
    #[serde(default)]
    pub edits: Vec<Edit>,
    /// Files that are missing.
    #[serde(default)]
    pub remove: Vec<String>,
    /// What is done to a running solution. Where it is empty the files alone are judged.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What takes back those steps that bringing up the solution again does not.
    #[serde(default)]
    pub undo: Vec<Step>,
}

/// A piece of text replaced by another.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// Text that stands there exactly once.
    pub find: String,
    /// What stands there instead.
    pub put: String,
}

/// Something that is done to a running stack, in the lesson's folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// `docker compose ARGUMENTS`
    Compose(Vec<String>),
    /// `docker compose ARGUMENTS`, which has to fail: an `up` that finds its port taken, for example.
    ComposeFails(Vec<String>),
    /// `docker ARGUMENTS`
    Docker(Vec<String>),
    /// The mistake's files are put in place. Without this step that is the first thing to happen.
    Files(Put),
}

/// Marks where in the steps the files are put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Put {
    /// Now.
    Now,
}

/// Lays a case over the solution.
///
/// # Errors
/// An edit whose text does not stand in its file exactly once, or a file to remove that is not there.
pub fn lay_over(
    solution: &Files,
    overlay: &Files,
    edits: &[Edit],
    remove: &[String],
) -> Result<Files, String> {
    let mut files = solution.clone();
    files.extend(
        overlay
            .iter()
            .map(|(path, bytes)| (path.clone(), bytes.clone())),
    );
    for path in remove {
        if files.remove(path).is_none() {
            return Err(format!(
                "`remove` names {path}, which the solution does not have"
            ));
        }
    }
    for Edit { file, find, put } in edits {
        let bytes = files
            .get_mut(file)
            .ok_or_else(|| format!("an edit names {file}, which is not there"))?;
        let text = String::from_utf8(bytes.clone())
            .map_err(|_| format!("{file} is not UTF-8, so it cannot be edited"))?;
        let places = text.matches(find.as_str()).count();
        if places != 1 {
            return Err(format!(
                "the text to replace in {file} stands there {places} times instead of once: {find:?}"
            ));
        }
        *bytes = text.replacen(find.as_str(), put, 1).into_bytes();
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        entries
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    fn edit(find: &str, put: &str) -> Edit {
        Edit {
            file: "a".to_owned(),
            find: find.to_owned(),
            put: put.to_owned(),
        }
    }

    #[test]
    fn an_edit_replaces_text_that_stands_there_once() {
        let solution = files(&[("a", "one two"), ("b", "x")]);
        let changed = lay_over(
            &solution,
            &Files::new(),
            &[edit("two", "three")],
            &["b".to_owned()],
        );
        assert_eq!(changed, Ok(files(&[("a", "one three")])));
    }

    #[test]
    fn an_edit_that_no_longer_fits_is_an_error() {
        let solution = files(&[("a", "two two")]);
        for find in ["two", "four"] {
            assert!(
                lay_over(&solution, &Files::new(), &[edit(find, "x")], &[]).is_err(),
                "{find}"
            );
        }
        assert!(lay_over(&solution, &Files::new(), &[], &["c".to_owned()]).is_err());
    }
}
