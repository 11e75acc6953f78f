//! Reading `lesson.yaml`: every mistake of an author is pointed at in the author's line.

use std::collections::{BTreeMap, BTreeSet};

use compose::{Node, Position, SourceId, Sources};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::format::{
    Check, CheckHeader, HEADER_KEYS, Header, Look, Matcher, PLACE_KEYS, Place, matcher_of_entry,
};
use crate::rules;

/// A lesson as its file describes it.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// Everything but the checks.
    pub header: Header,
    /// The checks in the author's order.
    pub checks: Vec<Check>,
}

impl Lesson {
    /// `lesson-4` → 4.
    pub fn number(&self) -> u32 {
        number_of(&self.header.id).unwrap_or_default()
    }

    /// The check of this id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.header.id == id)
    }
}

/// The number in `lesson-4`, if it is one.
pub fn number_of(id: &str) -> Option<u32> {
    let digits = id.strip_prefix("lesson-")?;
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

/// A mistake in a lesson file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonError {
    /// File name as given.
    pub file: String,
    /// Where, counted from 1.
    pub position: Position,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for LessonError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Position { line, column } = self.position;
        write!(formatter, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

impl std::error::Error for LessonError {}

/// Reads a lesson. `values` stand for the variables of the same name instead of their defaults.
///
/// # Errors
/// All mistakes that could be told apart, each with its place.
pub fn parse_lesson(
    file: &str,
    text: &str,
    values: &BTreeMap<String, Value>,
) -> Result<Lesson, Vec<LessonError>> {
    let places = LineFinder::new(file, text)?;
    let document: Value = serde_yaml::from_str(text).map_err(|error| {
        let position = error
            .location()
            .map_or(Position { line: 1, column: 1 }, |location| Position {
                line: u32::try_from(location.line()).unwrap_or(u32::MAX),
                column: u32::try_from(location.column()).unwrap_or(u32::MAX),
            });
        vec![LessonError {
            file: file.to_owned(),
            position,
            message: error.to_string(),
        }]
    })?;
    let Value::Object(mut document) = document else {
        return Err(vec![places.error(
            "",
            "a lesson is a map with `id`, `title`, `checks` and so on",
        )]);
    };
    let checks = document.remove("checks").unwrap_or(Value::Null);
    let header: Header =
        typed(Value::Object(document), "", &places).map_err(|error| vec![error])?;

    let mut errors = Vec::new();
    let variables = Variables::new(&header, values, &places, &mut errors);
    let mut parsed = Vec::new();
    match checks {
        Value::Array(list) if !list.is_empty() => {
            for (index, mut check) in list.into_iter().enumerate() {
                let path = format!("checks.{index}");
                variables.replace(&mut check, &path, &places, &mut errors);
                match parse_check(check, &path, &places) {
                    Ok(check) => parsed.push(check),
                    Err(error) => errors.push(error),
                }
            }
        }
        _ => errors.push(places.error(
            "checks",
            "a lesson needs a list of `checks` with at least one",
        )),
    }
    let lesson = Lesson {
        header,
        checks: parsed,
    };
    if errors.is_empty() {
        examine(&lesson, &places, &mut errors);
    }
    if errors.is_empty() {
        Ok(lesson)
    } else {
        Err(errors)
    }
}

/// Reads any other file of a lesson's folder (a mistake, a variant) into its type, with the author's place on error.
///
/// # Errors
/// The first mistake.
pub fn parse_form<T: serde::de::DeserializeOwned>(
    file: &str,
    text: &str,
) -> Result<T, LessonError> {
    let places = LineFinder::new(file, text).map_err(|mut errors| errors.remove(0))?;
    let document: Value =
        serde_yaml::from_str(text).map_err(|error| places.error("", &error.to_string()))?;
    typed(document, "", &places)
}

fn parse_check(check: Value, path: &str, places: &LineFinder) -> Result<Check, LessonError> {
    let Value::Object(entries) = check else {
        return Err(places.error(
            path,
            "a check is a map with `id`, `title`, a place, a matcher and `why`",
        ));
    };
    let (header, rest): (Map<_, _>, Map<_, _>) = entries
        .into_iter()
        .partition(|(key, _)| HEADER_KEYS.contains(&key.as_str()));
    let header: CheckHeader = typed(Value::Object(header), path, places)?;
    let look = parse_look(rest, path, places)?;
    Ok(Check { header, look })
}

pub(crate) fn parse_look(
    mut entries: Map<String, Value>,
    path: &str,
    places: &LineFinder,
) -> Result<Look, LessonError> {
    for (name, combine) in [
        ("all", Look::All as fn(Vec<Look>) -> Look),
        ("any", Look::Any),
    ] {
        let Some(list) = entries.remove(name) else {
            continue;
        };
        if let Some(other) = entries.keys().next() {
            let message = format!("`{name}` stands alone: put `{other}` into one of its entries");
            return Err(places.error(&format!("{path}.{other}"), &message));
        }
        let Value::Array(list) = list else {
            return Err(places.error(
                &format!("{path}.{name}"),
                "a list of places with matchers is expected",
            ));
        };
        let looks = list.into_iter().enumerate().map(|(index, item)| {
            let path = format!("{path}.{name}.{index}");
            match item {
                Value::Object(entries) => parse_look(entries, &path, places),
                _ => Err(places.error(&path, "a map with a place and matchers is expected")),
            }
        });
        return Ok(combine(looks.collect::<Result<_, _>>()?));
    }

    let (mut named, rest): (Map<_, _>, Map<_, _>) = entries
        .into_iter()
        .partition(|(key, _)| PLACE_KEYS.contains(&key.as_str()));
    let place = match (named.len(), named.keys().nth(1)) {
        (0, _) => {
            let known = PLACE_KEYS.join("`, `");
            let message = match rest.keys().find(|key| is_no_matcher(key)) {
                Some(key) => {
                    format!("`{key}` is neither a place nor a matcher; the places are `{known}`")
                }
                None => format!("it does not say where to look: one of `{known}`"),
            };
            return Err(places.error(path, &message));
        }
        (1, _) => typed::<Place>(Value::Object(std::mem::take(&mut named)), path, places)?,
        (_, second) => {
            let second = second.cloned().unwrap_or_default();
            return Err(places.error(
                &format!("{path}.{second}"),
                "a check looks at one place; use `all` or `any` for several",
            ));
        }
    };
    let mut matchers = Vec::new();
    for (key, value) in rest {
        let at = format!("{path}.{key}");
        let matcher: Result<Matcher, serde_json::Error> = matcher_of_entry((key, value));
        matchers.push(matcher.map_err(|error| places.error(&at, &error.to_string()))?);
    }
    if matchers.is_empty() && !matches!(place, Place::Rule(_)) {
        return Err(places.error(
            path,
            "it does not say what to expect: name a matcher, such as `present: true`",
        ));
    }
    Ok(Look::At {
        place: Box::new(place),
        matchers,
    })
}

fn is_no_matcher(key: &str) -> bool {
    let known: Result<Matcher, serde_json::Error> = matcher_of_entry((key.to_owned(), Value::Null));
    known.is_err_and(|error| error.to_string().starts_with("unknown variant"))
}

/// What a schema cannot say.
fn examine(lesson: &Lesson, places: &LineFinder, errors: &mut Vec<LessonError>) {
    if number_of(&lesson.header.id).is_none() {
        errors.push(places.error(
            "id",
            "the id is `lesson-` and the lesson's number, as `lesson-4`",
        ));
    }
    let mut earlier = BTreeSet::new();
    for (index, check) in lesson.checks.iter().enumerate() {
        let path = format!("checks.{index}");
        for need in &check.header.needs {
            if !earlier.contains(need.as_str()) {
                let message =
                    format!("`{need}` is no check above this one; a check needs only earlier ones");
                errors.push(places.error(&format!("{path}.needs"), &message));
            }
        }
        if !earlier.insert(check.header.id.as_str()) {
            errors.push(places.error(&format!("{path}.id"), "another check above has the same id"));
        }
        examine_look(&check.look, &path, places, errors);
    }
    for (index, question) in lesson.header.quiz.iter().enumerate() {
        let right = question
            .answers
            .iter()
            .filter(|answer| answer.right)
            .count();
        if right == 0 || right == question.answers.len() {
            let message = "a question needs a right answer and a wrong one";
            errors.push(places.error(&format!("quiz.{index}"), message));
        }
    }
}

pub(crate) fn examine_look(
    look: &Look,
    path: &str,
    places: &LineFinder,
    errors: &mut Vec<LessonError>,
) {
    match look {
        Look::All(looks) => looks.iter().enumerate().for_each(|(index, look)| {
            examine_look(look, &format!("{path}.all.{index}"), places, errors)
        }),
        Look::Any(looks) => looks.iter().enumerate().for_each(|(index, look)| {
            examine_look(look, &format!("{path}.any.{index}"), places, errors)
        }),
        Look::At { place, matchers } => {
            if let Place::Rule(rule) = place.as_ref() {
                match rules::find(&rule.name) {
                    None => {
                        let known: Vec<_> = rules::all().map(|rule| rule.name).collect();
                        let message = format!(
                            "there is no rule `{}`; rules are {}",
                            rule.name,
                            known.join(", ")
                        );
                        errors.push(places.error(&format!("{path}.rule"), &message));
                    }
                    Some(known) => {
                        if let Err(message) = (known.accepts)(&rule.with) {
                            errors.push(places.error(&format!("{path}.rule"), &message));
                        }
                    }
                }
                if let Some(matcher) = matchers.first() {
                    let name = matcher.name();
                    let message =
                        format!("a rule judges by itself; `{name}` has nothing to look at");
                    errors.push(places.error(&format!("{path}.{name}"), &message));
                }
            }
            if let Place::File(file) = place.as_ref()
                && let Err(message) = crate::inside::is_visible(file)
            {
                errors.push(places.error(&format!("{path}.file.path"), &message));
            }
            for matcher in matchers {
                if let Err(message) = crate::matcher::fits(matcher, place) {
                    errors.push(places.error(&format!("{path}.{}", matcher.name()), &message));
                }
            }
        }
    }
}

pub(crate) struct Variables(BTreeMap<String, Value>);

impl Variables {
    pub(crate) fn new(
        header: &Header,
        values: &BTreeMap<String, Value>,
        places: &LineFinder,
        errors: &mut Vec<LessonError>,
    ) -> Self {
        let mut known = BTreeMap::new();
        for (name, variable) in &header.variables {
            let value = values.get(name).unwrap_or(&variable.default);
            if value.is_object() || value.is_array() {
                let message = format!("the value of `{name}` has to be one text or number");
                errors.push(places.error(&format!("variables.\"{name}\""), &message));
            }
            known.insert(name.clone(), value.clone());
        }
        Self(known)
    }

    pub(crate) fn replace(
        &self,
        value: &mut Value,
        path: &str,
        places: &LineFinder,
        errors: &mut Vec<LessonError>,
    ) {
        match value {
            Value::String(text) if text.contains("${") => match self.resolve(text) {
                Ok(resolved) => *value = resolved,
                Err(name) => {
                    let message = format!("no variable `{name}` is declared under `variables`");
                    errors.push(places.error(path, &message));
                }
            },
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.replace(item, &format!("{path}.{index}"), places, errors);
                }
            }
            Value::Object(entries) => {
                for (key, item) in entries.iter_mut() {
                    self.replace(item, &format!("{path}.{key}"), places, errors);
                }
            }
            _ => {}
        }
    }

    /// A text that is one variable and nothing else keeps the variable's type.
    fn resolve(&self, text: &str) -> Result<Value, String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, opened) = rest.split_at(start);
            let Some(end) = opened.find('}') else { break };
            let name = &opened[2..end];
            if !is_variable_name(name) {
                // `${NAME:-value}` in a hint is Compose's own form.
                result.push_str(before);
                result.push_str(&opened[..=end]);
                rest = &opened[end + 1..];
                continue;
            }
            let value = self.0.get(name).ok_or_else(|| name.to_owned())?;
            if before.is_empty() && result.is_empty() && end + 1 == opened.len() {
                return Ok(value.clone());
            }
            result.push_str(before);
            match value {
                Value::String(text) => result.push_str(text),
                other => result.push_str(&other.to_string()),
            }
            rest = &opened[end + 1..];
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }
}

/// Names of variables are small letters, digits, `.` and `-`, so that a shell's variables are never taken for them.
fn is_variable_name(name: &str) -> bool {
    let known = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '.' | '-')
    };
    name.starts_with(|letter: char| letter.is_ascii_lowercase()) && name.chars().all(known)
}

/// Finds the author's line for a path such as `checks.3.reaches`.
pub(crate) struct LineFinder {
    file: String,
    sources: Sources,
    root: Node,
}

impl LineFinder {
    pub(crate) fn new(file: &str, text: &str) -> Result<Self, Vec<LessonError>> {
        let mut sources = Sources::default();
        let id: SourceId = sources.add(file, text);
        match compose::tree::parse(id, text, compose::tree::Limits::default()) {
            Ok(root) => Ok(Self {
                file: file.to_owned(),
                root,
                sources,
            }),
            Err(findings) => Err(findings
                .into_iter()
                .map(|finding| LessonError {
                    file: file.to_owned(),
                    position: finding
                        .span
                        .map_or(Position { line: 1, column: 1 }, |span| {
                            sources.position(span)
                        }),
                    message: finding.message,
                })
                .collect()),
        }
    }

    /// An error at the deepest part of the path that the file has.
    pub(crate) fn error(&self, path: &str, message: &str) -> LessonError {
        let position = self
            .sources
            .position(crate::locate::nearest(&self.root, path));
        LessonError {
            file: self.file.clone(),
            position,
            message: message.to_owned(),
        }
    }
}

/// Deserialises with the path of what went wrong.
pub(crate) fn typed<T: for<'de> Deserialize<'de>>(
    value: Value,
    path: &str,
    places: &LineFinder,
) -> Result<T, LessonError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = error.path().to_string();
        let message = error.inner().to_string();
        let inner = inner.replace('[', ".").replace(']', "");
        let mut at: Vec<&str> = [path, inner.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split('`').next());
        at.extend(unknown);
        places.error(&at.join("."), &message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(check: &str) -> Vec<String> {
        let lesson = format!(
            "id: lesson-1\ntitle: T\ngoal: G\nminutes: 5\nproject: lesson-01\nedit: [compose.yaml]\nchecks:\n  - id: one\n    title: t\n    why: w\n{check}"
        );
        match parse_lesson("lesson.yaml", &lesson, &BTreeMap::new()) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_place_with_fields_tells_its_author_which_it_has() {
        let place = "    first-process: api\n";
        let right = format!("{place}    field: {{path: user, gt: 0}}\n");
        assert_eq!(mistakes(&right), Vec::<String>::new());
        let wrong = format!("{place}    field: {{path: uid, gt: 0}}\n");
        let told = mistakes(&wrong);
        assert!(
            told.len() == 1
                && told[0].starts_with("lesson.yaml:12:")
                && told[0].contains("no field `uid` here; there are `command`, `user`"),
            "{told:?}"
        );
    }

    #[test]
    fn a_path_that_no_archive_holds_is_refused_in_its_line() {
        let told = mistakes(
            "    file:\n      service: api\n      path: /proc/1/status\n    present: true\n",
        );
        assert!(
            told.len() == 1 && told[0].starts_with("lesson.yaml:13:") && told[0].contains("`exec`"),
            "{told:?}"
        );
    }

    #[test]
    fn elements_are_described_by_known_matchers() {
        let with = |element: &str| {
            mistakes(&format!(
                "    history-of: api\n    not: {{contain-element: {element}}}\n"
            ))
        };
        assert_eq!(with("{contain-substring: apt-get}"), Vec::<String>::new());
        assert_eq!(with("CMD"), Vec::<String>::new());
        let told = with("{contains: apt-get}");
        assert!(
            told.len() == 1 && told[0].contains("a map of matchers"),
            "{told:?}"
        );
    }
}
