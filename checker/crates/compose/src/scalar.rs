//! How Compose reads a plain scalar, and how it writes a number as text.
//!
//! Compose uses YAML 1.2 words with a few older number forms: `017` is fifteen, `yes` is text, `22:22` is text.

/// What a plain (unquoted) scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// A date such as `2024-01-01`, which Compose accepts below `x-` only.
    Timestamp,
    /// A whole number too large for the rest; as text nothing of it is lost.
    Large,
    Text,
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
    // Only digits at the start make an underscore a part of the number.
    if text.starts_with('.') {
        return float(text).map_or(Plain::Text, Plain::Float);
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

/// `2024-01-01`, alone or with a time of day: `2024-01-01T10:00:00Z`, `2024-01-01 10:00:00.5`.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(text[at..].split_at(1))),
        None => (text, None),
    };
    is_date(date)
        && time.is_none_or(|(separator, time)| match separator {
            " " => is_time_of_day(time),
            _ => time
                .find(['Z', '+', '-'])
                .is_some_and(|at| is_time_of_day(&time[..at]) && is_zone(&time[at..])),
        })
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let has_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let (Ok(year), Some(month)) = (year.parse::<u32>(), number_between(month, 1, 12)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    has_year && number_between(day, 1, days).is_some()
}

fn is_time_of_day(text: &str) -> bool {
    let (text, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let parts: Vec<&str> = text.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else {
        return false;
    };
    number_between(hour, 0, 23).is_some()
        && number_between(minute, 0, 59).is_some()
        && number_between(second, 0, 59).is_some()
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_zone(text: &str) -> bool {
    let offset = text
        .strip_prefix(['+', '-'])
        .and_then(|offset| offset.split_once(':'));
    text == "Z"
        || offset.is_some_and(|(hours, minutes)| {
            hours.len() == 2
                && minutes.len() == 2
                && number_between(hours, 0, 24).is_some()
                && number_between(minutes, 0, 60).is_some()
        })
}

/// A number of one or two digits.
fn number_between(text: &str, low: u32, high: u32) -> Option<u32> {
    let is_short = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| is_short && (low..=high).contains(number))
}

/// A date and time as Compose prints it: `2024-01-01T00:00:00Z`.
pub(crate) fn date_text(text: &str) -> String {
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
    scientific(value)
}

/// `1.5e+21`: the shortest digits, the exponent with its sign and at least two digits.
fn scientific(value: f64) -> String {
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

/// Whether YAML reads this as text when it stands without quotes, as far as its words and numbers go.
pub(crate) fn is_read_as_text(text: &str) -> bool {
    let digits = text.replace('_', "");
    let too_large = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).is_ok(),
        None => {
            text.starts_with(|first: char| first.is_ascii_digit()) && digits.parse::<u64>().is_ok()
        }
    };
    plain(text) == Plain::Text && !too_large
}

/// Whether a reader of YAML 1.1 takes it for `true`, for `false` or for a number to the base of 60.
pub(crate) fn is_older_word(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "yes", "on", "n", "no", "off", "Y", "N"];
    let is_word = WORDS.iter().any(|word| {
        let mut capital = word.to_string();
        capital[..1].make_ascii_uppercase();
        [*word, &capital, &word.to_uppercase()].contains(&text)
    });
    is_word || is_sexagesimal(text)
}

/// `22:22`, `-1:30:00.5`.
fn is_sexagesimal(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (body, fraction) = body.split_once('.').unwrap_or((body, ""));
    let mut parts = body.split(':');
    let is_number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let first_fits = parts.next().is_some_and(|first| {
        first.starts_with(|first: char| first.is_ascii_digit()) && is_number(first)
    });
    let mut others = parts.peekable();
    first_fits
        && others.peek().is_some()
        && others.all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
            _ => false,
        })
        && is_number(fraction)
}

/// A float in Compose's YAML: as [`float_text`], and in powers of ten already from a million on.
pub(crate) fn float_in_yaml(value: f64) -> String {
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    if value == 0.0 || (1e-4..1e6).contains(&value.abs()) || value.abs() < 1e-4 {
        return float_text(value);
    }
    scientific(value)
}

/// A float in Compose's JSON: in powers of ten from 1e21 on and below 1e-6, with no nought before the exponent.
pub(crate) fn float_in_json(value: f64) -> String {
    if value == 0.0 || (1e-6..1e21).contains(&value.abs()) {
        return value.to_string();
    }
    scientific(value).replace("e-0", "e-")
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
            (".2_", Plain::Text),
            ("1e999", Plain::Text),
            ("2024-01-01", Plain::Timestamp),
            ("2024-13-01", Plain::Text),
            ("2023-02-29", Plain::Text),
            ("2024-1-1T1:00:00Z", Plain::Timestamp),
            ("2024-01-01 10:00:00.5", Plain::Timestamp),
            ("2024-01-01T10:00:00", Plain::Text),
            ("2024-01-01 10:00", Plain::Text),
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
        for (value, yaml, json) in [
            (0.0, "0", "0"),
            (0.5, "0.5", "0.5"),
            (123456.5, "123456.5", "123456.5"),
            (1e6, "1e+06", "1000000"),
            (1234567.5, "1.2345675e+06", "1234567.5"),
            (-0.00001, "-1e-05", "-0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (1e21, "1e+21", "1e+21"),
        ] {
            assert_eq!(float_in_yaml(value), yaml);
            assert_eq!(float_in_json(value), json);
        }
    }

    #[test]
    fn what_older_readers_take_for_something_else_is_known() {
        for text in ["yes", "On", "OFF", "n", "22:22", "-1:30:00.5", "1_0:00"] {
            assert!(is_older_word(text), "{text}");
        }
        for text in ["yEs", "22:60", "22:", ":22", "a:22", "1:2:345", "_1:00"] {
            assert!(!is_older_word(text), "{text}");
        }
        for text in [
            "18446744073709551615",
            "0xFFFFFFFFFFFFFFFF",
            "1_000",
            "2024-01-01",
        ] {
            assert!(!is_read_as_text(text), "{text}");
        }
        for text in ["18446744073709551616a", "0xg", "1e", "3.8.1"] {
            assert!(is_read_as_text(text), "{text}");
        }
    }
}
