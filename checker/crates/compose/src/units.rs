//! Durations and sizes in Compose's own forms.

use std::time::Duration;

use crate::scalar;

/// Why a duration or a size cannot be read; the text says what is wrong and gives an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError(pub String);

impl std::fmt::Display for UnitError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for UnitError {}

const NANOSECONDS: [(&str, u64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// Reads a duration such as `1m30s`, `500ms`, `1.5h`, `1d`.
///
/// # Errors
/// A number without a unit, an unknown unit, a negative or an immense duration.
pub fn duration(text: &str) -> Result<Duration, UnitError> {
    let (negative, nanoseconds) = signed_nanoseconds(text)?;
    if negative && nanoseconds > 0 {
        return Err(UnitError(format!(
            "`{text}` is negative; a duration runs forward, for example `30s`"
        )));
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Sign and size of a duration; Compose itself accepts a negative one.
pub(crate) fn signed_nanoseconds(text: &str) -> Result<(bool, u64), UnitError> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if body == "0" {
        return Ok((negative, 0));
    }
    if body.is_empty() {
        return Err(UnitError(
            "the duration is empty; write one such as `30s`".into(),
        ));
    }
    let mut total: u64 = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let number_end = rest
            .find(|character: char| !character.is_ascii_digit() && character != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let unit_end = after
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        if number.is_empty()
            || number.bytes().filter(|byte| *byte == b'.').count() > 1
            || number == "."
        {
            return Err(UnitError(format!(
                "`{text}` is no duration; write one such as `30s` or `1m30s`"
            )));
        }
        if unit.is_empty() {
            let place = if number == text {
                String::new()
            } else {
                format!(" in `{text}`")
            };
            return Err(UnitError(format!(
                "`{number}`{place} has no unit; write for example `{number}s`"
            )));
        }
        let Some((_, factor)) = NANOSECONDS
            .iter()
            .find(|(name, _)| *name == unit || (unit == "μs" && *name == "us"))
        else {
            return Err(UnitError(format!(
                "`{unit}` in `{text}` is no unit of time; there are ns, us, ms, s, m, h, d and w"
            )));
        };
        let too_long = || {
            UnitError(format!(
                "`{text}` is longer than Compose can count (about 292 years)"
            ))
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().map_err(|_| too_long())?
        };
        let part = format!("0.{fraction}0").parse::<f64>().unwrap_or(0.0) * *factor as f64;
        total = whole
            .checked_mul(*factor)
            .and_then(|nanoseconds| nanoseconds.checked_add(part as u64))
            .and_then(|nanoseconds| nanoseconds.checked_add(total))
            .filter(|nanoseconds| *nanoseconds <= i64::MAX as u64)
            .ok_or_else(too_long)?;
        rest = after;
    }
    Ok((negative, total))
}

/// A duration as Compose prints it: `1m30s`, `24h0m0s`, `500ms`, `0s`.
pub fn duration_text(duration: Duration) -> String {
    nanoseconds_text(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

pub(crate) fn nanoseconds_text(nanoseconds: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    if nanoseconds == 0 {
        return "0s".into();
    }
    if nanoseconds < SECOND {
        let (unit, factor) = match nanoseconds {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{}{unit}", with_fraction(nanoseconds, factor));
    }
    let (seconds, minutes) = (nanoseconds % (60 * SECOND), nanoseconds / (60 * SECOND));
    let (minutes, hours) = (minutes % 60, minutes / 60);
    let seconds = with_fraction(seconds, SECOND);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn with_fraction(value: u64, unit: u64) -> String {
    let (whole, fraction) = (value / unit, value % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// Reads a size in bytes such as `512m`, `1.5g`, `64 KiB`, `1024`. `k` is 1024.
///
/// # Errors
/// No digit, a negative size, or a unit that is none of b, k, m, g, t, p (each also with `b` or `ib`).
pub fn bytes(text: &str) -> Result<u64, UnitError> {
    let refuse = || {
        UnitError(format!(
            "`{text}` is no size; write one such as `512m` or `1.5g`"
        ))
    };
    let last = text
        .rfind(|character: char| character.is_ascii_digit() || matches!(character, '.' | ' '))
        .ok_or_else(refuse)?;
    let (number, suffix) = text.split_at(last + 1);
    let number = number.strip_suffix(' ').unwrap_or(number);
    let size = scalar::float_of_text(number).ok_or_else(refuse)?;
    if size < 0.0 {
        return Err(refuse());
    }
    let suffix = suffix.to_ascii_lowercase();
    let exponent = match suffix.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => {
            return Err(UnitError(format!(
                "`{suffix}` in `{text}` is no unit of size; there are b, k, m, g, t and p"
            )));
        }
    };
    Ok((size * 1024_f64.powi(exponent)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_printed_as_compose_does() {
        for (text, printed) in [
            ("1m30s", "1m30s"),
            ("90s", "1m30s"),
            ("500ms", "500ms"),
            ("1.5s", "1.5s"),
            ("1d", "24h0m0s"),
            ("1w", "168h0m0s"),
            ("1h1m1s", "1h1m1s"),
            ("0", "0s"),
            ("100us", "100µs"),
        ] {
            assert_eq!(
                duration(text).map(duration_text).as_deref(),
                Ok(printed),
                "{text}"
            );
        }
    }

    #[test]
    fn a_duration_without_unit_is_refused_with_the_repair() {
        assert_eq!(
            duration("90").unwrap_err().0,
            "`90` has no unit; write for example `90s`"
        );
        for text in ["", "s", "1x", "1..5s", "-5s", "99999999999w", "1 s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_use_powers_of_1024() {
        for (text, expected) in [
            ("512", 512),
            ("1g", 1 << 30),
            ("1.5g", 1_610_612_736),
            ("64 KiB", 65_536),
            ("12mb", 12 << 20),
            ("5B", 5),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "g", "-1", "1kk", "1 x", "one"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
