//! One project, loaded by this program and compared with what Docker Compose makes of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use compose::disk::ConfinedDirectory;
use compose::{Finding, Loaded, Request};
use serde_json::Value;

use super::reason::{self, Match, Reason};

/// A project, and what Compose says of it.
pub struct Project {
    /// Its files as the corpus names them, with blanks between.
    pub name: String,
    /// Its files, relative to its folder.
    pub files: Vec<String>,
    /// What it makes use of.
    pub features: Vec<String>,
    /// Where it is loaded.
    pub surroundings: Surroundings,
    /// What Compose says of it.
    pub verdict: Verdict,
}

/// Where a project is loaded, and with which variables.
pub struct Surroundings {
    /// No file outside of it is read.
    pub bounds: PathBuf,
    /// The project's folder.
    pub folder: PathBuf,
    /// What the folder is called in Compose's model.
    pub project_directory: String,
    /// Its last part; the project is called after it.
    pub folder_name: String,
    /// The shell's variables.
    pub environment: BTreeMap<String, String>,
}

/// What Compose says of a project.
pub enum Verdict {
    /// It loads.
    Loads {
        /// What `config --format json` prints.
        model: Value,
        /// The same with `--profile '*'`, where there are profiles.
        with_all_profiles: Option<Value>,
    },
    /// It does not, and this is the error's text.
    Refuses(String),
}

/// What the comparison showed.
pub enum Outcome {
    /// The models are the same.
    Agreed,
    /// They are not, first at this place.
    Different(Difference),
    /// This program refuses what Compose loads, for this.
    RefusedAlone(String),
    /// Compose refuses what this program loads, for this.
    AcceptedAlone(String),
    /// Both refuse it.
    RefusedAlike(Match),
}

/// The first place at which two models differ.
pub struct Difference {
    /// `services.web.image`
    pub path: String,
    /// What Compose has there; nothing where it has no such key.
    pub expected: Option<Value>,
    /// What this program has there.
    pub got: Option<Value>,
}

/// Whether a refusal says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Every error names it: file, line and column, and for a path also the path.
    Named,
    /// An error does not.
    Missing,
}

/// What a project was refused for by this program, as far as the place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Something written in a file.
    Content(Place),
    /// A file that is not there, is a folder or lies outside.
    Path(Place),
}

/// A project with what came of it.
pub struct Judged {
    /// What the comparison showed.
    pub outcome: Outcome,
    /// How this program refused it, where it did.
    pub refused: Option<Refused>,
}

impl Project {
    /// Loads it and compares.
    ///
    /// # Errors
    /// Its folder cannot be opened.
    pub fn judge(&self) -> anyhow::Result<Judged> {
        let loaded = self.load(&[])?;
        let refused = loaded.project.is_none().then(|| self.refused(&loaded));
        let outcome = match (&self.verdict, &loaded.project) {
            (Verdict::Loads { .. }, None) => Outcome::RefusedAlone(first_error(&loaded)),
            (Verdict::Refuses(error), Some(_)) => Outcome::AcceptedAlone(error.clone()),
            (Verdict::Refuses(error), None) => {
                Outcome::RefusedAlike(reason::compare(&Reason::read(error), &loaded))
            }
            (
                Verdict::Loads {
                    model,
                    with_all_profiles,
                },
                Some(project),
            ) => match difference(model, &project.to_json(), "") {
                Some(difference) => Outcome::Different(difference),
                None => self.with_all_profiles(with_all_profiles.as_ref())?,
            },
        };
        Ok(Judged { outcome, refused })
    }

    fn with_all_profiles(&self, expected: Option<&Value>) -> anyhow::Result<Outcome> {
        let Some(expected) = expected else {
            return Ok(Outcome::Agreed);
        };
        let loaded = self.load(&["*"])?;
        let Some(project) = &loaded.project else {
            let error = first_error(&loaded);
            return Ok(Outcome::RefusedAlone(format!("with all profiles: {error}")));
        };
        Ok(match difference(expected, &project.to_json(), "") {
            Some(difference) => Outcome::Different(difference),
            None => Outcome::Agreed,
        })
    }

    fn load(&self, profiles: &[&str]) -> anyhow::Result<Loaded> {
        let here = &self.surroundings;
        let reader = ConfinedDirectory::within(&here.bounds, &here.folder)
            .with_context(|| format!("cannot open {}", here.folder.display()))?;
        let request = Request {
            files: self.files.clone(),
            folder_name: here.folder_name.clone(),
            project_directory: here.project_directory.clone(),
            environment: here.environment.clone(),
            profiles: profiles
                .iter()
                .map(|profile| (*profile).to_owned())
                .collect(),
            ..Request::default()
        };
        Ok(compose::load(&reader, &request))
    }

    fn refused(&self, loaded: &Loaded) -> Refused {
        let has_place = |error: &Finding| {
            // No file refers to what was asked for by name.
            let is_asked_for = || self.files.iter().any(|file| error.message.contains(file));
            error.span.is_some() || is_asked_for()
        };
        let place = if loaded.errors().all(has_place) {
            Place::Named
        } else {
            Place::Missing
        };
        match loaded.errors().next() {
            Some(error) if reason::is_of_a_path(error) => Refused::Path(place),
            Some(_) => Refused::Content(place),
            None => Refused::Content(Place::Missing),
        }
    }
}

fn first_error(loaded: &Loaded) -> String {
    match loaded.errors().next() {
        Some(error) => format!("{} ({})", error.message, error.code),
        None => "no project and no error".to_owned(),
    }
}

/// The first place where two models differ; the order of keys does not count.
fn difference(expected: &Value, got: &Value, path: &str) -> Option<Difference> {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (expected, got) {
        (Value::Object(one), Value::Object(two)) => {
            let keys = one
                .keys()
                .chain(two.keys().filter(|key| !one.contains_key(*key)));
            keys.into_iter()
                .find_map(|key| match (one.get(key), two.get(key)) {
                    (Some(one), Some(two)) => difference(one, two, &below(key)),
                    (one, two) => Some(Difference {
                        path: below(key),
                        expected: one.cloned(),
                        got: two.cloned(),
                    }),
                })
        }
        (Value::Array(one), Value::Array(two)) if one.len() == two.len() => {
            let items = one.iter().zip(two).enumerate();
            let mut items = items.map(|(index, (one, two))| (below(&index.to_string()), one, two));
            items.find_map(|(path, one, two)| difference(one, two, &path))
        }
        (Value::Number(one), Value::Number(two)) if one.as_f64() == two.as_f64() => None,
        _ if expected == got => None,
        _ => Some(Difference {
            path: path.to_owned(),
            expected: Some(expected.clone()),
            got: Some(got.clone()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::difference;

    fn first(expected: Value, got: Value) -> Option<(String, Option<Value>, Option<Value>)> {
        let found = difference(&expected, &got, "")?;
        Some((found.path, found.expected, found.got))
    }

    #[test]
    fn the_order_of_keys_and_the_spelling_of_numbers_do_not_count() {
        let one = json!({"a": 1, "b": [1.0]});
        assert!(first(one, json!({"b": [1], "a": 1.0})).is_none());
    }

    #[test]
    fn the_first_difference_has_a_path_and_both_values() {
        let one = json!({"a": {"b": [1, {"c": "x"}]}});
        let two = json!({"a": {"b": [1, {"c": "y"}]}});
        let expected = ("a.b.1.c".to_owned(), Some(json!("x")), Some(json!("y")));
        assert_eq!(first(one, two), Some(expected));
    }

    #[test]
    fn a_key_on_one_side_alone_is_a_difference() {
        let missing = first(json!({"a": 1}), json!({}));
        assert_eq!(missing, Some(("a".to_owned(), Some(json!(1)), None)));
        let extra = first(json!({}), json!({"a": null}));
        assert_eq!(extra, Some(("a".to_owned(), None, Some(Value::Null))));
    }
}
