//! The canonical model as text: what `docker compose config` prints, byte for byte.
//!
//! The model is one; the two notations show it a little differently. YAML has the keys that start with `x-` and leaves out
//! what is empty; JSON has only those of the top level, says `"command": null`, and has no `models`. Both write records in
//! the order of the specification and sort what people have named, and both double every `$`, so that what is printed
//! can be loaded again.

mod json;
mod yaml;

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::node::{Mapping, Node, Value};
use crate::project::Project;
use crate::specification::{Form, Keys, PROJECT, Shape};

/// The project as `docker compose config` prints it. Ends with a line break.
///
/// ```
/// let reader = compose::MemoryReader::new([("compose.yaml", "services: {web: {image: nginx, environment: {PRICE: 5$$, ON: \"yes\"}}}")]);
/// let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
/// let project = loaded.project.expect("no findings");
/// assert_eq!(compose::print::yaml(&project), "\
/// name: shop
/// services:
///   web:
///     environment:
///       \"ON\": \"yes\"
///       PRICE: 5$$
///     image: nginx
///     networks:
///       default: null
/// networks:
///   default:
///     name: shop_default
/// ");
/// ```
pub fn yaml(project: &Project) -> String {
    doubled_dollars(&yaml::document(project.root(), &PROJECT))
}

/// The project as `docker compose config --format json` prints it: two blanks for each level, no line break at the end.
///
/// ```
/// let reader = compose::MemoryReader::new([("compose.yaml", "services: {web: {image: nginx, network_mode: none}}")]);
/// let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
/// let text = compose::print::json(&loaded.project.expect("no findings"));
/// assert!(text.starts_with("{\n  \"name\": \"shop\",\n  \"services\": {\n"));
/// ```
pub fn json(project: &Project) -> String {
    doubled_dollars(&json::document(project.root(), &PROJECT))
}

impl Project {
    /// The model as `docker compose config --format json` shows it, with every `$` doubled so that it could be loaded again.
    pub fn to_json(&self) -> serde_json::Value {
        json::value(self.root(), &PROJECT)
    }
}

fn doubled_dollars(text: &str) -> String {
    text.replace('$', "$$")
}

/// How the model is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Yaml,
    Json,
}

/// One key of a mapping as a notation shows it.
pub(crate) struct Shown<'a> {
    pub key: Cow<'a, str>,
    pub value: &'a Node,
    pub shape: &'static Shape,
}

/// The keys of `mapping` in the order in which `notation` writes them.
pub(crate) fn entries<'a>(
    mapping: &'a Mapping,
    shape: &Shape,
    notation: Notation,
) -> Vec<Shown<'a>> {
    let is_whole = std::ptr::eq(shape, &PROJECT);
    let mut fields = Vec::with_capacity(mapping.len());
    for field in shape.fields() {
        if let Some(value) = mapping.get(field.key)
            && is_shown(field.is_always_shown(), value, shape, notation)
            && !(is_whole && notation == Notation::Json && field.key == "models")
        {
            let key = match (shape.form, notation) {
                (Form::CapitalRecord, Notation::Json) => capitalized(field.key).into(),
                _ => field.key.into(),
            };
            let shape = field.shape;
            fields.push(Shown { key, value, shape });
        }
    }
    let is_record = matches!(shape.keys, Keys::Fields(..));
    let hides_extensions = is_record && !is_whole && notation == Notation::Json;
    let mut others: Vec<Shown<'a>> = mapping
        .iter()
        .filter(|(key, _)| shape.field(key).is_none() && !hides_extensions)
        .map(|(key, entry)| Shown {
            key: key.into(),
            value: &entry.value,
            shape: shape.child(key),
        })
        .collect();
    match notation {
        Notation::Yaml => others.sort_by(|one, two| natural(&one.key, &two.key)),
        Notation::Json => others.sort_by(|one, two| one.key.cmp(&two.key)),
    }
    fields.extend(others);
    // Compose's JSON has the top level in the order of the alphabet.
    if is_whole && notation == Notation::Json {
        fields.sort_by(|one, two| one.key.cmp(&two.key));
    }
    fields
}

/// Of what Compose shows in any case, YAML leaves out the empty, and JSON the limits that are 0.
fn is_shown(always: bool, value: &Node, record: &Shape, notation: Notation) -> bool {
    match notation {
        Notation::Yaml => !(always && is_empty(value) && !std::ptr::eq(record, &PROJECT)),
        Notation::Json => !(record.form == Form::Ulimit && value.as_integer() == Some(0)),
    }
}

/// Whether there is nothing in a record but records of nothing.
fn is_empty(value: &Node) -> bool {
    match &value.value {
        Value::Null => true,
        Value::Mapping(mapping) => mapping
            .iter()
            .all(|(key, entry)| !key.starts_with("x-") && is_empty(&entry.value)),
        _ => false,
    }
}

fn capitalized(key: &str) -> String {
    key[..1].to_uppercase() + &key[1..]
}

/// The order of keys in Compose's YAML: numbers by their value (`a2` before `a10`), signs before letters, and letters before
/// everything else where they follow a digit.
fn natural(one: &str, two: &str) -> Ordering {
    let one: Vec<char> = one.chars().collect();
    let two: Vec<char> = two.chars().collect();
    let Some(at) = one.iter().zip(&two).position(|(one, two)| one != two) else {
        return one.len().cmp(&two.len());
    };
    let after_digit = at > 0 && one[at - 1].is_ascii_digit();
    match (one[at].is_alphabetic(), two[at].is_alphabetic()) {
        (true, true) => return one[at].cmp(&two[at]),
        (true, false) if after_digit => return Ordering::Less,
        (false, true) if after_digit => return Ordering::Greater,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A nought in the middle of a number counts as a digit of it, so that `10` is more than `1.`.
    let is_inside = (one[at] == '0' || two[at] == '0')
        && one[..at]
            .iter()
            .rev()
            .take_while(|character| character.is_ascii_digit())
            .any(|digit| *digit != '0');
    let number = |text: &[char]| {
        let digits = text[at..].iter().map_while(|digit| digit.to_digit(10));
        digits.fold(
            (u128::from(is_inside), 0_usize),
            |(value, length), digit| {
                let value = value.saturating_mul(10).saturating_add(digit.into());
                (value, length + 1)
            },
        )
    };
    number(&one).cmp(&number(&two)).then(one[at].cmp(&two[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_the_order_in_which_compose_writes_them() {
        let sorted = [
            "", "-", ".", "_", "0", "00", "1", "1a", "1-", "01", "2", "10", "10a", "11", "A", "a",
            "a-b", "a.b", "a0", "a0-", "a00", "a1", "a1b", "a01", "a2", "a10", "ab", "ä",
        ];
        for (at, one) in sorted.iter().enumerate() {
            for (other_at, two) in sorted.iter().enumerate() {
                let wanted = at.cmp(&other_at);
                assert_eq!(natural(one, two), wanted, "{one} and {two}");
            }
        }
    }
}
