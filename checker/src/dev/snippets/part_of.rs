//! A block that shows a part of a file: whether all it shows is there.

use std::path::Path;

use book::{Language, Snippet, Task};
use serde_yaml::Value;

/// Whether a block shows what stands in the file that it names with `from`; a block that names none does.
///
/// `exercise` is the folder of the chapter's lesson, if it has one.
///
/// # Errors
/// It does not, or there is no such file; in words for the author.
pub fn compare(snippet: &Snippet, exercise: Option<&Path>) -> Result<(), String> {
    let (from, is_yaml) = match &snippet.task {
        Task::Compose {
            from: Some(from), ..
        }
        | Task::Document {
            language: Language::Yaml,
            from: Some(from),
            ..
        } => (from, true),
        Task::Document {
            from: Some(from), ..
        } => (from, false),
        _ => return Ok(()),
    };
    let Some(exercise) = exercise else {
        return Err("this chapter belongs to no lesson, so `from` names nothing\n".to_owned());
    };
    let file = exercise.join(from);
    let whole = std::fs::read_to_string(&file)
        .map_err(|error| format!("{} cannot be read: {error}\n", file.display()))?;
    let compared = match is_yaml {
        true => yaml(&snippet.text, &whole),
        false => lines(&snippet.text, &whole),
    };
    compared.map_err(|problem| format!("this is not what {from} says: {problem}\n"))
}

/// What of a shown YAML text does not stand at the same place in the whole one.
///
/// A mapping may leave keys out, a list entries; what it shows has to be there, in a list in the same order.
fn yaml(shown: &str, whole: &str) -> Result<(), String> {
    let shown: Value =
        serde_yaml::from_str(shown).map_err(|error| format!("this is no YAML: {error}"))?;
    let whole: Value =
        serde_yaml::from_str(whole).map_err(|error| format!("the file is no YAML: {error}"))?;
    match missing(&shown, &whole, "") {
        None => Ok(()),
        Some(text) => Err(text),
    }
}

/// Whether the lines of a shown text stand in the whole one, one after the other. Blanks at their ends do not count.
fn lines(shown: &str, whole: &str) -> Result<(), String> {
    let shown: Vec<_> = shown.trim_end().lines().map(str::trim_end).collect();
    let whole: Vec<_> = whole.lines().map(str::trim_end).collect();
    if whole.windows(shown.len().max(1)).any(|part| part == shown) {
        return Ok(());
    }
    let first = shown.iter().find(|line| !whole.contains(line));
    Err(match first {
        Some(line) => format!("the file has no line `{line}`"),
        None => "the file has these lines, and not one after the other".to_owned(),
    })
}

fn missing(shown: &Value, whole: &Value, place: &str) -> Option<String> {
    match (shown, whole) {
        (Value::Mapping(shown), Value::Mapping(whole)) => shown.iter().find_map(|(key, value)| {
            let name = word(key);
            let place = if place.is_empty() {
                name
            } else {
                format!("{place}.{name}")
            };
            match whole.get(key) {
                Some(there) => missing(value, there, &place),
                None => Some(format!("the file has no `{place}`")),
            }
        }),
        (Value::Sequence(shown), Value::Sequence(whole)) => {
            let mut left = whole.iter();
            let gone = shown
                .iter()
                .find(|entry| !left.any(|there| missing(entry, there, place).is_none()));
            gone.map(|entry| {
                format!(
                    "the list `{place}` of the file has no `{}` here",
                    word(entry)
                )
            })
        }
        (shown, whole) if shown == whole => None,
        (shown, whole) => Some(format!(
            "`{place}` is `{}` in the file, and `{}` here",
            word(whole),
            word(shown)
        )),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other)
            .unwrap_or_default()
            .trim_end()
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str =
        "services:\n  a:\n    image: x:1\n    ports: [\"1:1\", \"2:2\"]\n  b:\n    image: y\n";

    #[test]
    fn keys_and_entries_may_be_left_out() {
        assert_eq!(
            yaml("services:\n  a:\n    ports: [\"2:2\"]\n", WHOLE),
            Ok(())
        );
        assert_eq!(yaml(WHOLE, WHOLE), Ok(()));
    }

    #[test]
    fn what_is_shown_has_to_stand_at_its_place() {
        let told = |shown: &str| yaml(shown, WHOLE).expect_err("it is not there");
        assert_eq!(
            told("services:\n  a:\n    image: x:2\n"),
            "`services.a.image` is `x:1` in the file, and `x:2` here"
        );
        assert_eq!(told("services:\n  c: {}\n"), "the file has no `services.c`");
        assert_eq!(
            told("services:\n  a:\n    ports: [\"2:2\", \"1:1\"]\n"),
            "the list `services.a.ports` of the file has no `1:1` here"
        );
    }

    #[test]
    fn lines_stand_one_after_the_other() {
        assert_eq!(
            lines("FROM a  \nRUN b\n", "# x\nFROM a\nRUN b\nCMD c\n"),
            Ok(())
        );
        assert!(lines("FROM a\nCMD c\n", "FROM a\nRUN b\nCMD c\n").is_err());
        assert_eq!(
            lines("ADD d\n", "FROM a\n"),
            Err("the file has no line `ADD d`".to_owned())
        );
    }
}
