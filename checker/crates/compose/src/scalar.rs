//! How Compose reads a plain scalar, and how it writes a number as text.
//!
//! Compose uses YAML 1.2 words with a few older number forms: `017` is fifteen, `yes` is text, `22:22` is text.

use crate::node::Value;

/// What a plain (unquoted) scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A date such as `2024-01-01`, which Compose accepts in no key of its own.
    Timestamp,
    /// A whole number too large for the rest; as text nothing of it is lost.
    Large,
    Text,
}

impl Plain {
    /// For people: "a number".
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Plain::Null => "nothing",
            Plain::Bool(_) => "true or false",
            Plain::Integer(_) | Plain::Float(_) | Plain::Large => "a number",
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
            Plain::Timestamp | Plain::Large | Plain::Text => Value::String(text.to_string()),
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
    if text.parse::<i64>().is_err() && text.parse::<u64>().is_ok() {
        return Plain::Large;
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
    finite(text)
}

/// A number beyond what a float can hold is none.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A number that Compose reads from a text: here `_` may stand between two digits.
pub(crate) fn float_of_text(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return finite(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let parts_digits =
        |at: usize| bytes[at] != b'_' || (digit(at.checked_sub(1)) && digit(Some(at + 1)));
    if (0..bytes.len()).all(parts_digits) {
        finite(&text.replace('_', ""))
    } else {
        None
    }
}

/// The whole part as Compose's processor makes it: what fits no whole number becomes the least one.
pub(crate) fn whole_part(number: f64) -> i64 {
    // 2^63 itself no longer fits.
    if number >= i64::MIN as f64 && number < i64::MAX as f64 {
        number as i64
    } else {
        i64::MIN
    }
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

/// A date without a time of day as Compose prints it: `2024-1-2` is `2024-01-02T00:00:00Z`. One with a time stays.
pub(crate) fn date_and_time(text: &str) -> String {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year, month, day] if day.len() <= 2 => format!("{year}-{month:0>2}-{day:0>2}T00:00:00Z"),
        _ => text.to_string(),
    }
}

/// A float as Go prints it: shortest digits, exponent from 1e6 on and below 1e-4.
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
    if (1e-4..1e6).contains(&magnitude) {
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
            ("12345678901234567890", Plain::Large),
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
            (123456.5, "123456.5"),
            (1e6, "1e+06"),
            (12345678.9, "1.23456789e+07"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float_text(value), expected);
        }
    }
}
