//! How Compose reads a plain scalar, and how it writes a number as text.
//!
//! Compose uses YAML 1.2 words with a few older number forms: `017` is fifteen, `yes` is text, `22:22` is text.

use crate::node::Value;

/// Marks the node of a date, which is a text otherwise.
pub(crate) const DATE_TAG: &str = "!!timestamp";

/// What a plain (unquoted) scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A date such as `2024-01-01`, which Compose accepts below `x-` only.
    Timestamp,
    Text,
}

impl Plain {
    /// For people: "a number".
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Plain::Null => "nothing",
            Plain::Bool(_) => "true or false",
            Plain::Integer(_) | Plain::Float(_) => "a number",
            Plain::Timestamp => "a date",
            Plain::Text => "a text",
        }
    }

    pub(crate) fn into_value(self, text: &str) -> Value {
        match self {
            Plain::Null => Value::Null,
            Plain::Bool(value) => Value::Bool(value),
            Plain::Integer(value) => Value::Integer(value),
            Plain::Float(value) => Value::Float(value),
            Plain::Timestamp => Value::String(date_text(text)),
            Plain::Text => Value::String(text.to_string()),
        }
    }
}

/// Reads a plain scalar.
pub(crate) fn plain(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Plain::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Plain::Float(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Plain::Float(f64::NAN),
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return Plain::Text;
    }
    if is_timestamp(text) {
        return Plain::Timestamp;
    }
    // Compose keeps such a number to its last digit; as text nothing of it is lost.
    if text.parse::<i64>().is_err() && text.parse::<u64>().is_ok() {
        return Plain::Text;
    }
    number(text).unwrap_or(Plain::Text)
}

/// Reads a number with the forms that Compose's reader knows; underscores may part the digits.
pub(crate) fn number(text: &str) -> Option<Plain> {
    let digits: String = text.chars().filter(|character| *character != '_').collect();
    integer(&digits)
        .map(Plain::Integer)
        .or_else(|| float(&digits).map(Plain::Float))
}

fn integer(text: &str) -> Option<i64> {
    let (sign, body) = match text.strip_prefix('-') {
        Some(body) => (-1, body),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match body.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &body[2..]),
        [b'0', b'o' | b'O', ..] => (8, &body[2..]),
        [b'0', b'b' | b'B', ..] => (2, &body[2..]),
        [b'0', _, ..] => (8, &body[1..]),
        _ => (10, body),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    i64::from_str_radix(digits, radix)
        .ok()
        .map(|value| sign * value)
}

fn float(text: &str) -> Option<f64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match body.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    if !(has_digits && all_digits(whole) && all_digits(fraction) && exponent_fits) {
        return None;
    }
    text.parse().ok()
}

/// `2024-01-01`, optionally followed by a time of day.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim_start())),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let number_between = |part: &str, low: u32, high: u32| {
        matches!(part.len(), 1 | 2)
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part
                .parse::<u32>()
                .is_ok_and(|value| (low..=high).contains(&value))
    };
    let is_date = year.len() == 4
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && number_between(month, 1, 12)
        && number_between(day, 1, 31);
    let is_time = time.is_none_or(|time| {
        time.split_once(':').is_some_and(|(hour, rest)| {
            number_between(hour, 0, 23)
                && rest
                    .get(..2)
                    .is_some_and(|minute| number_between(minute, 0, 59))
        })
    });
    is_date && is_time
}

/// A date and time as Compose prints it: `2024-01-01T00:00:00Z`.
fn date_text(text: &str) -> String {
    let (date, rest) = text.split_at(text.find(['T', 't', ' ']).unwrap_or(text.len()));
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    let (time, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
    let (time, fraction) = time.split_once(['.', ',']).unwrap_or((time, ""));
    let padded = |text: &str, separator: &str| {
        let parts = text.split(separator).map(|part| format!("{part:0>2}"));
        parts.collect::<Vec<_>>().join(separator)
    };
    let time = if time.is_empty() { "0:0:0" } else { time };
    let fraction = match fraction.trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let zone = match zone {
        "" | "+00:00" | "-00:00" => "Z",
        zone => zone,
    };
    let (date, time) = (padded(date, "-"), padded(time, ":"));
    format!("{date}T{time}{fraction}{zone}")
}

/// The text that stands encoded behind the tag `!!binary`.
pub(crate) fn base64(text: &str) -> Option<String> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let written: Vec<u8> = text
        .bytes()
        .filter(|byte| !b"\r\n".contains(byte))
        .collect();
    if !written.len().is_multiple_of(4) {
        return None;
    }
    let padding = written.iter().rev().take_while(|byte| **byte == b'=');
    let digits = &written[..written.len() - padding.count().min(2)];
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for byte in group {
            bits = bits << 6 | u32::from(digit(*byte)?);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A float as Go prints it: shortest digits, exponent from 1e21 on and below 1e-4.
pub(crate) fn float_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    if value == 0.0 {
        return if value.is_sign_negative() {
            "-0".into()
        } else {
            "0".into()
        };
    }
    let magnitude = value.abs();
    if (1e-4..1e21).contains(&magnitude) {
        return value.to_string();
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_compose_takes_them_for() {
        for (text, expected) in [
            ("yes", Plain::Text),
            ("on", Plain::Text),
            ("y", Plain::Text),
            ("22:22", Plain::Text),
            ("1g", Plain::Text),
            ("", Plain::Null),
            ("~", Plain::Null),
            ("017", Plain::Integer(15)),
            ("0o17", Plain::Integer(15)),
            ("0x1F", Plain::Integer(31)),
            ("1_000", Plain::Integer(1000)),
            ("-0", Plain::Integer(0)),
            ("089", Plain::Float(89.0)),
            ("1e3", Plain::Float(1000.0)),
            ("1.10", Plain::Float(1.1)),
            (".5", Plain::Float(0.5)),
            (".", Plain::Text),
            ("-", Plain::Text),
            ("3.8.1", Plain::Text),
            ("2024-01-01", Plain::Timestamp),
            ("2024-13-01", Plain::Text),
            ("127.0.0.1", Plain::Text),
            ("12345678901234567890", Plain::Text),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, expected) in [
            (1000.0, "1000"),
            (1.1, "1.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e21, "1e+21"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float_text(value), expected);
        }
    }
}
