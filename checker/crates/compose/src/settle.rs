//! The last step to the canonical model: every value in the form Compose prints, and what is empty left out.
//!
//! Only trees that passed validation come here; a value that still does not fit is left out.

use crate::at::At;
use crate::finding::Finding;
use crate::node::{Entry, Mapping, Node, Step, Tag, Value};
use crate::scalar;
use crate::shell_words;
use crate::specification::{Field, Form, Keys, Shape};
use crate::units;
use crate::validate;

/// The value as the canonical model shows it, or nothing when the model leaves it out.
pub(crate) fn settle(
    node: Node,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Node> {
    let Node {
        value,
        mut origin,
        tag,
    } = node;
    let span = origin.span;
    let scalar_text = |value: &Value| Node::new(value.clone(), span).scalar_text();
    let written = match shape.form {
        Form::Bytes
        | Form::Duration
        | Form::OptionalDuration
        | Form::FileMode
        | Form::DeviceCount => scalar_text(&value),
        _ => None,
    };
    let value = match shape.form {
        Form::Raw => value,
        Form::Unshown => return None,
        Form::Text | Form::Word => {
            Value::String(scalar_text(&value).filter(|text| !text.is_empty())?)
        }
        Form::Words => Value::String(scalar_text(&value).unwrap_or_default()),
        Form::Flag => Value::Bool(flag(value, &origin, at, findings).filter(|flag| *flag)?),
        Form::Switch => Value::Bool(flag(value, &origin, at, findings)?),
        Form::Integer => Value::Integer(integer(&value).filter(|number| *number != 0)?),
        Form::Count => Value::Integer(integer(&value)?),
        Form::Float => Value::Float(float(&value).filter(|number| *number != 0.0)?),
        Form::Bytes => Value::String(bytes(&value).filter(|bytes| *bytes != 0)?.to_string()),
        Form::Duration => Value::String(duration(&value).filter(|text| text != "0s")?),
        Form::OptionalDuration => Value::String(duration(&value)?),
        Form::Command => match value {
            Value::String(text) => {
                origin.push(Step::ShortForm);
                let words = shell_words::split(&text).unwrap_or_default();
                Value::Sequence(
                    words
                        .into_iter()
                        .map(|word| Node::text(word, origin.clone()))
                        .collect(),
                )
            }
            Value::Sequence(items) => Value::Sequence(texts(items)),
            _ => Value::Null,
        },
        Form::HealthTest => match value {
            Value::String(text) => {
                origin.push(Step::ShortForm);
                let shell = Node::text("CMD-SHELL", origin.clone());
                Value::Sequence(vec![shell, Node::text(text, origin.clone())])
            }
            value => non_empty_texts(value)?,
        },
        Form::Texts => non_empty_texts(value)?,
        Form::Environment => pairs(value, Nothing::Stays)?,
        Form::Pairs => pairs(value, Nothing::IsEmptyText)?,
        Form::MultiPairs => multi_pairs(value)?,
        Form::Hosts => hosts(value)?,
        Form::Ssh => ssh(value)?,
        Form::FileMode => Value::String(octal(mode(&value)?)),
        Form::DeviceCount => match &value {
            Value::String(text) if text.eq_ignore_ascii_case("all") => Value::Integer(-1),
            value => Value::Integer(integer(value).filter(|count| *count != 0)?),
        },
        Form::External => match value {
            Value::Mapping(_) => Value::Bool(true),
            value => Value::Bool(flag(value, &origin, at, findings).filter(|flag| *flag)?),
        },
        Form::Record | Form::CapitalRecord => match value {
            Value::Mapping(mapping) => {
                Value::Mapping(record(mapping, &origin, shape, at, findings))
            }
            _ => return None,
        },
        Form::Ulimit => match value {
            Value::Mapping(mapping) => {
                Value::Mapping(record(mapping, &origin, shape, at, findings))
            }
            value => match integer(&value)? {
                0 => Value::Mapping(record(Mapping::new(), &origin, shape, at, findings)),
                limit => Value::Integer(limit),
            },
        },
        Form::List => match value {
            Value::Sequence(items) if !items.is_empty() => {
                let item_shape = shape.items?;
                let settled = items.into_iter().enumerate().filter_map(|(index, item)| {
                    settle(item, item_shape, &at.item(index), findings)
                });
                Value::Sequence(settled.collect())
            }
            _ => return None,
        },
        Form::Map => match value {
            Value::Mapping(mapping) if !mapping.is_empty() => {
                Value::Mapping(map(mapping, shape, at, findings))
            }
            _ => return None,
        },
    };
    if written.is_some_and(|written| scalar_text(&value) != Some(written)) {
        origin.push(Step::Canonical);
    }
    Some(Node { value, origin, tag })
}

fn record(
    mapping: Mapping,
    origin: &crate::node::Origin,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) -> Mapping {
    // The file's order is kept, and what Compose always shows comes last.
    let mut settled = mapping;
    settled.retain(|key, entry| {
        let Some(field) = shape.field(key) else {
            write_dates_out(&mut entry.value);
            return shape.shows_extensions() && key.starts_with("x-");
        };
        let value = std::mem::replace(&mut entry.value, Node::new(Value::Null, entry.key_span));
        match settle(value, field.shape, &at.key(field.key), findings) {
            Some(value) => {
                entry.value = value;
                true
            }
            None => false,
        }
    });
    for field in shape
        .fields()
        .iter()
        .filter(|field| field.is_always_shown())
    {
        if !settled.contains(field.key) {
            let default = Node::with_origin(default_of(field), origin.with(Step::Default));
            let shown = settle(default.clone(), field.shape, &at.key(field.key), findings);
            settled.insert(field.key, origin.span, shown.unwrap_or(default));
        }
    }
    settled
}

/// Only below `x-` a date can stand, and Compose prints it with its time of day.
fn write_dates_out(node: &mut Node) {
    let is_date = node.tag == Some(Tag::Date);
    match &mut node.value {
        Value::String(text) if is_date => *text = scalar::date_text(text),
        Value::Sequence(items) => items.iter_mut().for_each(write_dates_out),
        Value::Mapping(mapping) => mapping
            .iter_mut()
            .for_each(|(_, entry)| write_dates_out(&mut entry.value)),
        _ => {}
    }
}

fn default_of(field: &Field) -> Value {
    match field.shape.form {
        Form::Record | Form::Map => Value::Mapping(Mapping::new()),
        Form::Switch => Value::Bool(false),
        Form::Count => Value::Integer(0),
        Form::Words => Value::String(String::new()),
        Form::Bytes => Value::String("0".into()),
        _ => Value::Null,
    }
}

fn map(mapping: Mapping, shape: &Shape, at: &At<'_>, findings: &mut Vec<Finding>) -> Mapping {
    let child = match shape.keys {
        Keys::Names(child) | Keys::Texts(child) => child,
        _ => return mapping,
    };
    let mut settled = mapping;
    for (key, entry) in settled.iter_mut() {
        let empty = Node::with_origin(Value::Null, entry.value.origin.clone());
        let value = std::mem::replace(&mut entry.value, empty);
        if let Some(value) = settle(value, child, &at.key(key), findings) {
            entry.value = value;
        }
    }
    settled
}

fn flag(
    value: Value,
    origin: &crate::node::Origin,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(flag),
        Value::String(text) => {
            let node = Node::text(text.clone(), origin.clone());
            validate::warn_of_old_booleans(&text, &node, at, findings);
            validate::boolean(&text)
        }
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Float(number) => Some(scalar::whole_part(*number)),
        Value::String(text) => validate::whole(text),
        _ => None,
    }
}

/// Compose keeps these in single precision; the shortest text of that is what it prints.
fn float(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        Value::String(text) => scalar::float_of_text(text)?,
        _ => return None,
    };
    (number as f32).to_string().parse().ok()
}

fn bytes(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::String(text) => validate::size(text).ok(),
        // Compose silently drops a number with a fraction.
        _ => None,
    }
}

fn duration(value: &Value) -> Option<String> {
    let Value::String(text) = value else {
        return None;
    };
    let (negative, nanoseconds) = units::signed_nanoseconds(text).ok()?;
    let sign = if negative && nanoseconds > 0 { "-" } else { "" };
    Some(format!("{sign}{}", units::nanoseconds_text(nanoseconds)))
}

fn mode(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::String(text) => i64::from_str_radix(text, 8).ok(),
        _ => None,
    }
}

fn octal(mode: i64) -> String {
    let sign = if mode < 0 { "-" } else { "" };
    format!("0{sign}{:o}", mode.unsigned_abs())
}

fn texts(items: Vec<Node>) -> Vec<Node> {
    items
        .into_iter()
        .map(|item| Node::text(item.scalar_text().unwrap_or_default(), item.origin))
        .collect()
}

fn non_empty_texts(value: Value) -> Option<Value> {
    match value {
        Value::Sequence(items) if !items.is_empty() => Some(Value::Sequence(texts(items))),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nothing {
    Stays,
    IsEmptyText,
}

fn pairs(value: Value, nothing: Nothing) -> Option<Value> {
    let Value::Mapping(mut mapping) = value else {
        return None;
    };
    if mapping.is_empty() {
        return None;
    }
    gather_extensions(&mut mapping);
    for (_, entry) in mapping.iter_mut() {
        entry.value.value = match entry.value.scalar_text() {
            Some(text) => Value::String(text),
            None if nothing == Nothing::Stays => Value::Null,
            None => Value::String(String::new()),
        };
    }
    Some(Value::Mapping(mapping))
}

/// Compose takes a name that starts with `x-` for an extension in any mapping (in a list of `KEY=value` it does not), and
/// then prints all of them as one odd pair: `x-a: 1` among labels is the label `#extensions` with the value `map[x-a:1]`.
fn gather_extensions(pairs: &mut Mapping) {
    if pairs.is_listed() {
        return;
    }
    let mut gathered: Vec<(String, Entry)> = Vec::new();
    pairs.retain(|name, entry| {
        let is_extension = name.starts_with("x-");
        if is_extension {
            gathered.push((name.to_owned(), entry.clone()));
        }
        !is_extension
    });
    gathered.sort_by(|(one, _), (other, _)| one.cmp(other));
    let Some((_, first)) = gathered.first() else {
        return;
    };
    let (span, origin) = (first.key_span, first.value.origin.clone());
    let texts: Vec<String> = gathered
        .iter()
        .map(|(name, entry)| {
            let text = entry.value.scalar_text().unwrap_or("<nil>".into());
            format!("{name}:{text}")
        })
        .collect();
    let text = format!("map[{}]", texts.join(" "));
    pairs.insert("#extensions", span, Node::text(text, origin));
}

fn multi_pairs(value: Value) -> Option<Value> {
    let Value::Mapping(mut mapping) = value else {
        return None;
    };
    gather_extensions(&mut mapping);
    // An empty list is no option at all.
    mapping.retain(|_, entry| {
        entry
            .value
            .as_sequence()
            .is_none_or(|items| !items.is_empty())
    });
    if mapping.is_empty() {
        return None;
    }
    for (_, entry) in mapping.iter_mut() {
        let items = match std::mem::replace(&mut entry.value.value, Value::Null) {
            Value::Sequence(items) => items,
            value => vec![Node::with_origin(value, entry.value.origin.clone())],
        };
        entry.value.value = Value::Sequence(texts(items));
    }
    Some(Value::Mapping(mapping))
}

fn hosts(value: Value) -> Option<Value> {
    let mut items = Vec::new();
    let mut add = |host: &str, address: &str, node: &Node| {
        let address = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .filter(|inner| !inner.is_empty())
            .unwrap_or(address);
        items.push(Node::text(format!("{host}={address}"), node.origin.clone()));
    };
    let value_is_empty = match &value {
        Value::Sequence(entries) => entries.is_empty(),
        Value::Mapping(mapping) => mapping.is_empty(),
        _ => true,
    };
    match &value {
        Value::Sequence(entries) => {
            for entry in entries {
                let text = entry.scalar_text().unwrap_or_default();
                let (host, addresses) = text.split_once('=').or_else(|| text.split_once(':'))?;
                addresses
                    .split(',')
                    .for_each(|address| add(host, address, entry));
            }
        }
        Value::Mapping(mapping) => {
            for (host, entry) in mapping.iter() {
                match entry.value.as_sequence() {
                    Some(addresses) => addresses.iter().for_each(|address| {
                        add(host, &address.scalar_text().unwrap_or_default(), address)
                    }),
                    None => add(
                        host,
                        &entry.value.scalar_text().unwrap_or_default(),
                        &entry.value,
                    ),
                }
            }
        }
        _ => return None,
    }
    items.sort_by(|one, two| one.as_str().cmp(&two.as_str()));
    if items.is_empty() && value_is_empty {
        None
    } else {
        Some(Value::Sequence(items))
    }
}

fn ssh(value: Value) -> Option<Value> {
    let Value::Mapping(mapping) = value else {
        return None;
    };
    let key = |id: &str, node: &Node| match node.scalar_text().filter(|path| !path.is_empty()) {
        Some(path) => Node::text(format!("{id}: {path}"), node.origin.clone()),
        None => Node::text(id, node.origin.clone()),
    };
    let items: Vec<Node> = mapping
        .iter()
        .map(|(id, entry)| key(id, &entry.value))
        .collect();
    if items.is_empty() {
        None
    } else {
        Some(Value::Sequence(items))
    }
}
