//! JSON as Go's encoder makes it.

use serde_json::Value as Json;

use crate::node::{Node, Value};
use crate::scalar;
use crate::specification::{ANYTHING, Form, Shape};

use super::{Notation, doubled_dollars, entries};

/// A whole document, without a line break at the end.
pub(super) fn document(root: &Node, shape: &Shape) -> String {
    let mut text = String::new();
    write(root, shape, 0, &mut text);
    text
}

/// The same as a value, with its dollars doubled.
pub(super) fn value(node: &Node, shape: &Shape) -> Json {
    match &node.value {
        Value::Mapping(mapping) => entries(mapping, shape, Notation::Json)
            .into_iter()
            .map(|shown| {
                let key = doubled_dollars(&shown.key);
                (key, value(shown.value, shown.shape))
            })
            .collect(),
        Value::Sequence(items) if is_nothing(items, shape) => Json::Null,
        Value::Sequence(items) => items
            .iter()
            .map(|item| value(item, shape.items.unwrap_or(&ANYTHING)))
            .collect(),
        Value::String(text) => Json::String(doubled_dollars(text)),
        _ => node.to_json(),
    }
}

/// Below an `x-` key Compose shows an empty list as nothing.
fn is_nothing(items: &[Node], shape: &Shape) -> bool {
    items.is_empty() && shape.form == Form::Raw
}

fn write(node: &Node, shape: &Shape, level: usize, text: &mut String) {
    match &node.value {
        Value::Mapping(mapping) => {
            let entries = entries(mapping, shape, Notation::Json);
            block('{', entries, '}', level, text, |shown, text| {
                quoted(&shown.key, text);
                text.push_str(": ");
                write(shown.value, shown.shape, level + 1, text);
            });
        }
        Value::Sequence(items) if is_nothing(items, shape) => text.push_str("null"),
        Value::Sequence(items) => {
            let shape = shape.items.unwrap_or(&ANYTHING);
            block('[', items, ']', level, text, |item, text| {
                write(item, shape, level + 1, text);
            });
        }
        Value::Null => text.push_str("null"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value) => text.push_str(&value.to_string()),
        // JSON has no word for infinity; Compose prints no project that has one.
        Value::Float(value) if !value.is_finite() => quoted(&scalar::float_text(*value), text),
        Value::Float(value) => text.push_str(&scalar::float_in_json(*value)),
        Value::String(value) => quoted(value, text),
    }
}

fn block<T>(
    open: char,
    items: impl IntoIterator<Item = T>,
    close: char,
    level: usize,
    text: &mut String,
    write: impl Fn(T, &mut String),
) {
    let line = |level: usize, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", level));
    };
    text.push(open);
    let mut is_empty = true;
    for item in items {
        if !is_empty {
            text.push(',');
        }
        is_empty = false;
        line(level + 1, text);
        write(item, text);
    }
    if !is_empty {
        line(level, text);
    }
    text.push(close);
}

/// In quotes, safe for HTML as well.
fn quoted(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\x08' => text.push_str("\\b"),
            '\x0c' => text.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_safe_for_html_as_well() {
        let mut text = String::new();
        quoted(
            "<a href=\"x\">&\n\t\u{8}\u{1b}\u{7f}\u{2028}\u{1f600}\\</a>",
            &mut text,
        );
        let expected = r#""\u003ca href=\"x\"\u003e\u0026\n\t\b\u001b"#.to_string()
            + "\u{7f}"
            + r"\u2028"
            + "\u{1f600}"
            + r#"\\\u003c/a\u003e""#;
        assert_eq!(text, expected);
    }
}
