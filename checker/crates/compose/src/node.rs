//! The located tree: every value with the place it came from and the way it took.

mod mapping;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::scalar::{self, Plain};
use crate::source::Span;
pub(crate) use mapping::Key;
pub use mapping::{Entry, KeyKind, Mapping};

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands, and how it got here.
    pub origin: Origin,
    /// What a YAML tag says of it, or would say if it were written out.
    pub tag: Option<Tag>,
}

/// The tags that mean something to Compose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!reset`: the value is taken out, and what came before with it.
    Reset,
    /// `!override`: the value takes the place of what came before, instead of being merged with it.
    Override,
    /// A text that YAML takes for a date (`!!timestamp`).
    Date,
    /// A text that YAML takes for a whole number beyond 64 bits with sign (`!!int`).
    LargeNumber,
}

/// Where a value stands and how it came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Where the value is written. A default that Compose fills in has the place of what it belongs to.
    pub span: Span,
    /// What happened on the way, oldest first. Empty for a value that is used as it is written.
    pub steps: Steps,
}

/// What happened to a value on its way, oldest first: a slice of [`Step`].
///
/// Values that went the same way share it. A file of anchors may repeat a thousand values a thousand times, and all
/// that differs between them is their place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Steps(Option<Arc<Vec<Step>>>);

impl Steps {
    /// The most steps that are kept, the oldest ones. A longer history tells nobody more, and could grow without bound.
    pub const MOST: usize = 12;

    fn push(&mut self, step: Step) {
        if self.len() < Self::MOST {
            let all = self.iter().cloned().chain(std::iter::once(step));
            self.0 = Some(Arc::new(all.collect()));
        }
    }

    fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Deref for Steps {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// One thing that happened to a value between the file and the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It replaced an earlier value, which stands at `previous` (a later file, document or service wins).
    MergedOver {
        /// The value that lost.
        previous: Span,
    },
    /// What another place says about the same thing was added: keys of a later file, more items of a list.
    Joined {
        /// What was added.
        other: Span,
    },
    /// It was written once with an anchor and used again by the alias at `used`.
    Alias {
        /// The `*name`.
        used: Span,
    },
    /// It came into this mapping through the merge key (`<<`) at `used`.
    MergeKey {
        /// The `<<`.
        used: Span,
    },
    /// A variable was put in.
    Interpolated {
        /// Name of the variable.
        variable: String,
        /// Where its value was found.
        from: VariableOrigin,
    },
    /// Compose fills this in when nothing is written.
    Default,
    /// It was written in a short form, for example `8080:80`.
    ShortForm,
    /// It came from the service that `extends` names.
    Extended {
        /// The service it was taken from.
        service: String,
        /// The `extends` that asked for it.
        at: Span,
    },
    /// It came from a file that `include` names.
    Included {
        /// The `include` entry.
        at: Span,
    },
    /// It stands in a file that `env_file` or `label_file` names.
    OtherFile {
        /// The name of that file.
        at: Span,
    },
    /// It was a size, a duration or the like in a form that people write.
    Canonical,
    /// It was a relative path, and is now seen from the project folder.
    RelativePath,
    /// The caller said so, and nothing is written that would count.
    Given {
        /// As the command line calls it: `--project-name`.
        option: &'static str,
    },
}

/// Where a variable's value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableOrigin {
    /// In the environment of the shell.
    Shell,
    /// In a file of variables, such as `.env`.
    File(Span),
    /// Not its value but the expression itself decides: `${NAME:-fallback}`, `${NAME:+replacement}`.
    Fallback,
    /// Nowhere; Compose takes the empty text and warns.
    Unset,
    /// Compose sets it itself (`COMPOSE_PROJECT_NAME`).
    Compose,
}

/// A value.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping; keys keep the order of the file.
    Mapping(Mapping),
}

impl Value {
    /// What a scalar that reads `text` means, once it is known what it is.
    pub(crate) fn of_scalar(scalar: Plain, text: &str) -> Self {
        match scalar {
            Plain::Null => Value::Null,
            Plain::Bool(value) => Value::Bool(value),
            Plain::Integer(value) => Value::Integer(value),
            Plain::Float(value) => Value::Float(value),
            Plain::Timestamp | Plain::Large | Plain::Text => Value::String(text.to_string()),
        }
    }
}

impl Origin {
    /// A value used as it is written.
    pub(crate) fn at(span: Span) -> Self {
        Self {
            span,
            steps: Steps::default(),
        }
    }

    /// The same place with one more step.
    pub(crate) fn with(&self, step: Step) -> Self {
        let mut origin = self.clone();
        origin.push(step);
        origin
    }

    /// Adds a step, unless there are [`Steps::MOST`] already.
    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }
}

impl Node {
    /// A value written at `span`.
    pub(crate) fn new(value: Value, span: Span) -> Self {
        Self::with_origin(value, Origin::at(span))
    }

    /// A value with a history.
    pub(crate) fn with_origin(value: Value, origin: Origin) -> Self {
        Self {
            value,
            origin,
            tag: None,
        }
    }

    /// A text with the place of `origin`.
    pub(crate) fn text(text: impl Into<String>, origin: Origin) -> Self {
        Self::with_origin(Value::String(text.into()), origin)
    }

    /// Where the value is written.
    pub fn span(&self) -> Span {
        self.origin.span
    }

    /// The value at `path`: keys and list positions joined by dots, for example
    /// `services.web.ports.0.published`. A key that contains a dot is quoted: `labels."a.b"`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let mut node = self;
        for step in PathSteps(path) {
            node = node.child(step?)?;
        }
        Some(node)
    }

    /// The value of a key or at a list position.
    pub fn child(&self, step: &str) -> Option<&Node> {
        match &self.value {
            Value::Mapping(mapping) => mapping.get(step),
            Value::Sequence(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The mapping, to change it.
    pub(crate) fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// Whether there is nothing here.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// A scalar as Compose writes it when it needs text (`1.10` is "1.1"); nothing for lists, mappings and null.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Float(value) => Some(scalar::float_text(*value)),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// What kind of value it is, for people: "a list", "a mapping", "a text".
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::String(_) => match self.tag {
                Some(Tag::Date) => "a date",
                Some(Tag::LargeNumber) => "a number",
                _ => "a text",
            },
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// The value as JSON, without places. A number that JSON cannot write becomes text.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::from(*value),
            Value::Float(value) => float_to_json(*value),
            Value::String(text) => Json::String(text.clone()),
            Value::Sequence(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Mapping(mapping) => Json::Object(
                mapping
                    .iter()
                    .map(|(key, entry)| (key.to_string(), entry.value.to_json()))
                    .collect(),
            ),
        }
    }

    /// Whether two values are the same to Compose, wherever they came from; a list of `KEY=value` has an order.
    pub fn same_value(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(one), Value::Bool(two)) => one == two,
            (Value::Integer(one), Value::Integer(two)) => one == two,
            (Value::Float(one), Value::Float(two)) => one == two,
            (Value::String(one), Value::String(two)) => one == two,
            (Value::Sequence(one), Value::Sequence(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.same_value(two))
            }
            (Value::Mapping(one), Value::Mapping(two)) if one.is_listed() || two.is_listed() => {
                one.is_listed() == two.is_listed()
                    && one.len() == two.len()
                    && one
                        .iter()
                        .zip(two.iter())
                        .all(|(one, two)| one.0 == two.0 && one.1.value.same_value(&two.1.value))
            }
            (Value::Mapping(one), Value::Mapping(two)) => {
                one.len() == two.len()
                    && one.iter().all(|(key, entry)| {
                        two.get(key)
                            .is_some_and(|value| entry.value.same_value(value))
                    })
            }
            _ => false,
        }
    }

    /// How many values there are in this one, itself included.
    pub(crate) fn size(&self) -> usize {
        match &self.value {
            Value::Sequence(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Value::Mapping(mapping) => {
                1 + mapping
                    .iter()
                    .map(|(_, entry)| entry.value.size())
                    .sum::<usize>()
            }
            _ => 1,
        }
    }

    /// Adds `step` to this value and to everything in it.
    pub(crate) fn add_step(&mut self, step: &Step) {
        self.lengthen(&mut Longer::by(step));
    }

    fn lengthen(&mut self, longer: &mut Longer<'_>) {
        longer.lengthen(&mut self.origin.steps);
        match &mut self.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.lengthen(longer)),
            Value::Mapping(mapping) => mapping
                .iter_mut()
                .for_each(|(_, entry)| entry.value.lengthen(longer)),
            _ => {}
        }
    }
}

/// Adds one step to many histories. Those that were shared stay shared.
struct Longer<'a> {
    step: &'a Step,
    /// The history that was seen last, and what became of it.
    last: Option<(Steps, Steps)>,
}

impl<'a> Longer<'a> {
    fn by(step: &'a Step) -> Self {
        Self { step, last: None }
    }

    fn lengthen(&mut self, steps: &mut Steps) {
        let (_, longer) = match self.last.take() {
            Some(last) if last.0.is_shared_with(steps) => self.last.insert(last),
            _ => {
                let mut longer = steps.clone();
                longer.push(self.step.clone());
                self.last.insert((steps.clone(), longer))
            }
        };
        *steps = longer.clone();
    }
}

/// Go writes a float without a fraction as a whole number; so does the model.
fn float_to_json(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return serde_json::Value::from(value as i64);
    }
    match serde_json::Number::from_f64(value) {
        Some(number) => serde_json::Value::Number(number),
        None => serde_json::Value::String(scalar::float_text(value)),
    }
}

/// Splits `a.b."c.d".0` into its steps; nothing when a quote is not closed.
pub(crate) fn split_path(path: &str) -> Option<Vec<String>> {
    PathSteps(path).map(|step| step.map(String::from)).collect()
}

/// The steps of a path that are still to be taken; the last one is nothing when a quote is not closed.
struct PathSteps<'a>(&'a str);

impl<'a> Iterator for PathSteps<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.0);
        if rest.is_empty() {
            return None;
        }
        let Some(quoted) = rest.strip_prefix('"') else {
            let (step, after) = rest.split_once('.').unwrap_or((rest, ""));
            self.0 = after;
            return Some(Some(step));
        };
        let step = quoted.split_once('"').and_then(|(step, after)| {
            self.0 = match after {
                "" => "",
                after => after.strip_prefix('.')?,
            };
            Some(step)
        });
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_step_may_contain_dots() {
        assert_eq!(
            split_path(r#"services.web.labels."a.b".0"#).unwrap(),
            ["services", "web", "labels", "a.b", "0"]
        );
        assert_eq!(split_path(r#"a."b"#), None);
        assert_eq!(split_path("").unwrap(), Vec::<String>::new());
    }
}
