//! Checks a file against the specification: keys, types, and what texts must say.

use crate::at::At;
use crate::finding::Finding;
use crate::node::{Mapping, Node, Tag, Value};
use crate::scalar;
use crate::source::Span;
use crate::specification::{Field, Form, INTEGER, Keys, Repeats, Shape, Short, TextRule};
use crate::suggest;
use crate::units;

/// Findings beyond this many help nobody; the first ones tell what is wrong.
const MOST: usize = 50;

/// Checks `node` against `shape`. `key` is where the key of this value is written, if it has one.
pub(crate) fn validate(
    node: &Node,
    shape: &Shape,
    key: Option<Span>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    // Counted apart: what else there is to say, such as unset variables, must not hide a mistake.
    let mut found = Vec::new();
    check(node, shape, key, at, &mut found);
    findings.append(&mut found);
}

fn check(node: &Node, shape: &Shape, key: Option<Span>, at: &At<'_>, findings: &mut Vec<Finding>) {
    if findings.len() >= MOST {
        return;
    }
    match node.tag {
        Some(Tag::Date) => return findings.push(date(node, at)),
        // Where Compose reads the digits itself, so large a number is none.
        Some(Tag::LargeNumber) if shape.accepts.has(INTEGER) => {
            if let Err(problem) = check_number(i64::MAX, shape) {
                findings.push(problem.at(node, at));
            }
            return;
        }
        Some(Tag::LargeNumber) => return findings.push(wrong_type(node, shape, key, at)),
        _ => {}
    }
    if !shape.accepts.accepts(&node.value) {
        return findings.push(wrong_type(node, shape, key, at));
    }
    match &node.value {
        Value::String(text) => {
            if let Err(problem) = check_text(text, shape) {
                findings.push(problem.at(node, at));
            }
        }
        Value::Integer(number) => {
            if let Err(problem) = check_number(*number, shape) {
                findings.push(problem.at(node, at));
            }
        }
        Value::Float(number) => {
            if let Err(problem) = check_float(*number, shape) {
                findings.push(problem.at(node, at));
            }
        }
        Value::Sequence(items) => validate_items(items, shape, at, findings),
        Value::Mapping(mapping) => validate_mapping(mapping, node, shape, key, at, findings),
        Value::Null | Value::Bool(_) => {}
    }
}

fn date(node: &Node, at: &At<'_>) -> Finding {
    let text = node.as_str().unwrap_or_default();
    Finding::error(
        "date-not-text",
        format!("`{text}` is read as a date, and Compose takes no dates."),
        node.span(),
    )
    .label("YAML takes this for a date")
    .help(format!("put it into quotes: \"{text}\""))
    .path(at.to_string())
}

/// Checks of a file that another one extends only what Compose must know to write its short forms out.
pub(crate) fn check_forms(
    node: &Node,
    shape: &Shape,
    key: Option<Span>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    let has_form = !matches!(
        shape.short,
        Short::None
            | Short::TextToList
            | Short::PairsToMapping
            | Short::NamesToMapping
            | Short::Resource
    );
    if has_form && !shape.accepts.accepts(&node.value) {
        return findings.push(wrong_type(node, shape, key, at));
    }
    match &node.value {
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                if let Some(item_shape) = shape.items {
                    check_forms(item, item_shape, None, &at.item(index), findings);
                }
            }
        }
        Value::Mapping(mapping) => {
            for (name, entry) in mapping.iter() {
                let child = match shape.keys {
                    Keys::Any => None,
                    Keys::Fields(..) => shape.field(name).map(|field| field.shape),
                    Keys::Names(child) | Keys::Texts(child) => Some(child),
                };
                if let Some(child) = child {
                    let (key, here) = (Some(entry.key_span), at.key(name));
                    check_forms(&entry.value, child, key, &here, findings);
                }
            }
        }
        _ => {}
    }
}

fn wrong_type(node: &Node, shape: &Shape, key: Option<Span>, at: &At<'_>) -> Finding {
    let expected = shape.accepts.describe();
    let is_block = matches!(
        node.value,
        Value::Sequence(_) | Value::Mapping(_) | Value::Null
    );
    let span = key.filter(|_| is_block).unwrap_or(node.span());
    let finding = Finding::error(
        "wrong-type",
        format!(
            "{} must be {expected}, and this is {}.",
            capital(&at.name()),
            node.kind()
        ),
        span,
    )
    .label(format!("this is {}", node.kind()))
    .expected(expected)
    .path(at.to_string());
    match help_for_type(node, shape, at) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn help_for_type(node: &Node, shape: &Shape, at: &At<'_>) -> Option<String> {
    use crate::specification::{MAPPING, SEQUENCE, STRING};
    let accepts = shape.accepts;
    let (path, name) = (at.to_string(), at.name());
    let key = name.trim_matches('`');
    if path == format!("services.{key}") && crate::specification::SERVICE.field(key).is_some() {
        return Some(format!(
            "{name} belongs to a service: indent its line further than the service's name"
        ));
    }
    match &node.value {
        Value::Null if accepts.has(MAPPING) || accepts.has(SEQUENCE) => {
            Some("write its content on the lines below, indented further, or remove the key".into())
        }
        Value::Null => Some("write a value after the `:`, or remove the key".into()),
        Value::Sequence(_) if accepts.has(MAPPING) => {
            Some("write `key: value` lines instead of lines that start with `-`".into())
        }
        Value::String(text) if accepts.has(SEQUENCE) && text.starts_with('-') => {
            Some("put a space after the `-`".into())
        }
        Value::String(_) if accepts.has(SEQUENCE) => {
            Some("write it as a list: `- ` and the text, on a line of its own below the key".into())
        }
        Value::Mapping(_) if accepts.has(SEQUENCE) => {
            Some("start each line of the list with `- `".into())
        }
        // In quotes these would load, and fail later.
        Value::Bool(_) if at.name() == "`restart`" => {
            Some("write \"no\", always, on-failure or unless-stopped".into())
        }
        Value::Integer(number) if matches!(shape.form, Form::Duration | Form::OptionalDuration) => {
            Some(format!("write the unit: {number}s"))
        }
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) if accepts.has(STRING) => node
            .scalar_text()
            .map(|text| format!("put it into quotes: \"{text}\"")),
        _ => None,
    }
}

fn validate_items(items: &[Node], shape: &Shape, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(item_shape) = shape.items else {
        return;
    };
    for (index, item) in items.iter().enumerate() {
        check(item, item_shape, None, &at.item(index), findings);
    }
    if shape.repeats == Repeats::Refused {
        refuse_repeats(items, at, findings);
    }
}

fn refuse_repeats(items: &[Node], at: &At<'_>, findings: &mut Vec<Finding>) {
    let mut seen = std::collections::HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let identity = match &item.value {
            Value::String(text) => format!("\"{text}"),
            _ => item.to_json().to_string(),
        };
        // To Compose a number is the same as an earlier text with its digits, but not the other way round.
        let as_text = match &item.value {
            Value::Integer(_) | Value::Float(_) => seen.get(&format!("\"{identity}")).copied(),
            _ => None,
        };
        if let Some(first) = seen.insert(identity, item.span()).or(as_text) {
            findings.push(
                Finding::error(
                    "repeated-item",
                    format!("{} has the same item twice.", capital(&at.name())),
                    item.span(),
                )
                .label("here again")
                .related(first, "first written here")
                .help("remove one of the two")
                .path(at.item(index).to_string()),
            );
        }
    }
}

fn validate_mapping(
    mapping: &Mapping,
    node: &Node,
    shape: &Shape,
    key: Option<Span>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    match &shape.keys {
        Keys::Any => {}
        Keys::Fields(_, extensions) => {
            for (name, entry) in mapping.iter() {
                if findings.len() >= MOST {
                    return;
                }
                let here = at.key(name);
                match shape.field(name) {
                    Some(field) => check(
                        &entry.value,
                        field.shape,
                        Some(entry.key_span),
                        &here,
                        findings,
                    ),
                    None if extensions.allow(name) => {}
                    None => findings.push(unknown_key(
                        name,
                        entry.key_span,
                        shape.fields(),
                        mapping,
                        at,
                    )),
                }
            }
            for field in shape
                .fields()
                .iter()
                .filter(|field| field.is_required() && !mapping.contains(field.key))
            {
                findings.push(missing_key(field, node, key, at));
            }
        }
        Keys::Names(child) => {
            for (name, entry) in mapping.iter() {
                let is_name = !name.is_empty()
                    && name.chars().all(|character| {
                        character.is_ascii_alphanumeric() || ".-_".contains(character)
                    });
                if !is_name {
                    findings.push(
                        Finding::error(
                            "bad-name",
                            format!("`{name}` cannot be a name here."),
                            entry.key_span,
                        )
                        .label("has a character that is not allowed")
                        .expected("letters, digits, `.`, `_` and `-`")
                        .path(at.key(name).to_string()),
                    );
                }
                check(
                    &entry.value,
                    child,
                    Some(entry.key_span),
                    &at.key(name),
                    findings,
                );
            }
        }
        Keys::Texts(child) => {
            for (name, entry) in mapping.iter() {
                // Names that may also be written as a list of `name=value`, such as variables, cannot be empty.
                if name.is_empty() && shape.items.is_some() {
                    findings.push(
                        Finding::error("bad-name", "A name cannot be empty here.", entry.key_span)
                            .label("an empty name")
                            .help("write a name, or remove this line")
                            .path(at.key(name).to_string()),
                    );
                }
                check(
                    &entry.value,
                    child,
                    Some(entry.key_span),
                    &at.key(name),
                    findings,
                );
            }
        }
    }
}

fn unknown_key(
    name: &str,
    span: Span,
    fields: &[Field],
    mapping: &Mapping,
    at: &At<'_>,
) -> Finding {
    let place = if at.depth() == 0 {
        "at the top level".to_string()
    } else {
        format!("in {at}")
    };
    let finding = Finding::error(
        "unknown-key",
        format!("Compose knows no key `{name}` {place}."),
        span,
    )
    .label("unknown key")
    .path(at.key(name).to_string());
    if at.depth() == 0 && crate::specification::SERVICE.field(name).is_some() {
        return finding.help(format!(
            "`{name}` belongs to a service: put it below a name under `services:`"
        ));
    }
    if at.depth() == 2 && crate::specification::PROJECT.field(name).is_some() {
        return finding.help(format!(
            "`{name}` belongs to the top level: start its line at the first column"
        ));
    }
    let free = fields
        .iter()
        .map(|field| field.key)
        .filter(|key| !mapping.contains(key));
    if let Some(meant) = suggest::nearest(name, free) {
        return finding
            .expected(format!("`{meant}`"))
            .help(format!("did you mean `{meant}`?"));
    }
    let known: Vec<&str> = fields.iter().map(|field| field.key).collect();
    if known.len() <= 12 {
        let finding = finding.expected(format!("one of {}", known.join(", ")));
        return match at.depth() {
            0 => finding.help(format!(
                "if `{name}` is a service, write it below `services:`, indented further"
            )),
            _ => finding,
        };
    }
    finding.help("check the spelling and the indentation; keys of your own start with `x-`")
}

/// What is not said where a key is missing, and the next step, for keys whose name alone does not tell.
const PURPOSES: &[(&str, &str, &str, &str)] = &[
    (
        "ports",
        "target",
        "nothing says which port of the container is meant",
        "add `target: 80`, with the port the container listens on",
    ),
    (
        "volumes",
        "target",
        "nothing says where in the container it appears",
        "add `target: /path/in/container`",
    ),
    (
        "devices",
        "target",
        "nothing says what it is called in the container",
        "add `target: /dev/name`",
    ),
];

fn missing_key(field: &Field, node: &Node, key: Option<Span>, at: &At<'_>) -> Finding {
    let list = at.list().unwrap_or_default();
    let purpose = PURPOSES
        .iter()
        .find(|(of, key, ..)| *of == list && *key == field.key);
    let (label, help) = match purpose {
        Some((_, _, label, help)) => ((*label).to_string(), (*help).to_string()),
        None => (
            format!("`{}` is missing", field.key),
            format!("add a line `{}: …`", field.key),
        ),
    };
    Finding::error(
        "missing-key",
        format!("{} has no `{}`.", capital(&at.name()), field.key),
        key.unwrap_or(node.span()),
    )
    .label(label)
    .help(help)
    .path(at.to_string())
}

/// What is wrong with one value.
struct Problem {
    code: &'static str,
    message: String,
    label: String,
    expected: Option<String>,
    help: Option<String>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            label: label.into(),
            expected: None,
            help: None,
        }
    }

    fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn at(self, node: &Node, at: &At<'_>) -> Finding {
        let mut finding = Finding::error(
            self.code,
            format!("{}: {}", capital(&at.name()), self.message),
            node.span(),
        )
        .label(self.label)
        .path(at.to_string());
        finding.expected = self.expected;
        finding.help = self.help;
        finding
    }
}

fn check_number(number: i64, shape: &Shape) -> Result<(), Problem> {
    if let Some((low, high)) = shape.range
        && (number < low || number > high)
    {
        let bounds = if high == i64::MAX {
            format!("{low} or more")
        } else {
            format!("{low} to {high}")
        };
        return Err(Problem::new(
            "out-of-range",
            format!("{number} is out of range."),
            "out of range",
        )
        .expected(bounds));
    }
    Ok(())
}

fn check_float(number: f64, shape: &Shape) -> Result<(), Problem> {
    if shape.form == Form::Float && !(number as f32).is_finite() {
        return Err(Problem::new(
            "bad-number",
            format!("{} is no number to count with.", scalar::float_text(number)),
            "too large, or no number at all",
        )
        .expected("a number such as 0.5"));
    }
    check_number(scalar::whole_part(number), shape)
}

/// Checks what a text says against what the model will make of it.
fn check_text(text: &str, shape: &Shape) -> Result<(), Problem> {
    match &shape.text {
        TextRule::OneOf(allowed) if !allowed.contains(&text) => {
            let problem = Problem::new(
                "unknown-value",
                format!("`{text}` is not one of its values."),
                "not a known value",
            )
            .expected(format!("one of {}", allowed.join(", ")));
            return Err(match suggest::nearest(text, allowed.iter().copied()) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem,
            });
        }
        TextRule::ContainerName if !has_container_name(text) => {
            return Err(Problem::new("bad-container-name", format!("`{text}` is no name for a container."), "not a container name")
                .expected("two characters or more: letters, digits, `_`, `.` and `-`, a letter or digit first"));
        }
        TextRule::PullPolicy if !has_pull_policy(text) => {
            return Err(Problem::new("unknown-value", format!("`{text}` is no pull policy."), "not a known value")
                .expected("always, never, build, missing, if_not_present, refresh, daily, weekly or every_<duration>"));
        }
        _ => {}
    }
    match shape.form {
        Form::Flag | Form::Switch | Form::External => match boolean(text) {
            Some(_) => Ok(()),
            None => Err(Problem::new(
                "bad-boolean",
                format!("`{text}` is neither true nor false."),
                "true or false is expected",
            )
            .expected("true or false")),
        },
        Form::Integer | Form::Count if !shape.accepts.has(crate::specification::MAPPING) => {
            match whole(text) {
                Some(number) => check_number(number, shape),
                None => Err(Problem::new(
                    "bad-number",
                    format!("`{text}` is no whole number."),
                    "a whole number is expected",
                )
                .expected("a whole number")),
            }
        }
        Form::Ulimit => match whole(text) {
            Some(_) => Ok(()),
            None => Err(Problem::new(
                "bad-number",
                format!("`{text}` is no whole number."),
                "a whole number is expected",
            )
            .expected("a whole number")),
        },
        Form::Float => match scalar::float_of_text(text) {
            Some(number) if !shape.accepts.accepts(&Value::Float(number)) => Err(Problem::new(
                "bad-number",
                format!("`{text}` is no whole number."),
                "a whole number is expected",
            )
            .expected("a whole number")),
            Some(number) => check_float(number, shape),
            None => Err(Problem::new(
                "bad-number",
                format!("`{text}` is no number."),
                "a number is expected",
            )
            .expected("a number such as 0.5")),
        },
        Form::Bytes => match size(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(
                Problem::new("bad-size", format!("{error}."), "a size is expected")
                    .expected("a size such as 512m or 1.5g"),
            ),
        },
        Form::Duration | Form::OptionalDuration => match units::signed_nanoseconds(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::new(
                "bad-duration",
                format!("{error}."),
                "a duration is expected",
            )
            .expected("a duration such as 30s or 1m30s")),
        },
        Form::Command => match crate::shell_words::split(text) {
            Ok(_) => Ok(()),
            Err(error) => Err(Problem::new(
                "bad-command",
                format!("the command cannot be split into words: {}.", error.0),
                "this command",
            )
            .help("write the command as a list: [\"program\", \"argument\"]")),
        },
        Form::FileMode => match i64::from_str_radix(text, 8) {
            Ok(_) => Ok(()),
            Err(_) => Err(Problem::new(
                "bad-mode",
                format!("`{text}` is no file mode."),
                "octal digits are expected",
            )
            .expected("octal digits such as \"0440\"")),
        },
        Form::DeviceCount if text.eq_ignore_ascii_case("all") || whole(text).is_some() => Ok(()),
        Form::DeviceCount => Err(Problem::new(
            "bad-number",
            format!("`{text}` is no number of devices."),
            "a number or `all` is expected",
        )
        .expected("`all` or a whole number")),
        _ => Ok(()),
    }
}

/// Compose's words for true and false; the older YAML words count, with a warning elsewhere.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A whole number in decimal digits; nothing else is taken from a text.
pub(crate) fn whole(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// A size; unlike a text with a unit, a plain negative number (`-1`, no limit) is never written as text.
pub(crate) fn size(text: &str) -> Result<i64, units::UnitError> {
    // A size too large to count comes out as the least number in Compose.
    units::bytes(text).map(|bytes| i64::try_from(bytes).unwrap_or(i64::MIN))
}

fn has_container_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    text.as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_alphanumeric() && inner(pair[1]))
}

fn has_pull_policy(text: &str) -> bool {
    [
        "always",
        "never",
        "build",
        "if_not_present",
        "missing",
        "refresh",
        "daily",
        "weekly",
    ]
    .iter()
    .any(|policy| text.contains(policy))
        || text.split("every_").skip(1).any(|after| {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            digits > 0 && after[digits..].starts_with(['w', 'd', 'h', 'm', 's'])
        })
}

/// Keys that are no texts, anywhere in the file.
pub(crate) fn check_keys(node: &Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::Mapping(mapping) => {
            for (name, entry) in mapping.iter() {
                if let Some(kind) = entry.key_kind.mistaken() {
                    findings.push(
                        Finding::error(
                            "key-not-text",
                            format!("The key `{name}` is {kind}; keys are texts."),
                            entry.key_span,
                        )
                        .label(format!("YAML takes this for {kind}"))
                        .help(format!("put it into quotes: \"{name}\""))
                        .path(at.key(name).to_string()),
                    );
                }
                check_keys(&entry.value, &at.key(name), findings);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                check_keys(item, &at.item(index), findings);
            }
        }
        _ => {}
    }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Texts such as `yes` that stand where true or false is expected.
pub(crate) fn warn_of_old_booleans(
    text: &str,
    node: &Node,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(value) = boolean(text) else { return };
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return;
    }
    findings.push(
        Finding::warning(
            "old-boolean",
            format!("`{text}` is an old word for {value}."),
            node.span(),
        )
        .label("YAML 1.2 does not know this word")
        .help(format!("write `{value}`"))
        .path(at.to_string()),
    );
}
