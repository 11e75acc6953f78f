//! The words after the language of a code block: `console,varies=times+ids,within=30s`.

use crate::mistake::nearest;
use std::time::Duration;

/// What is wrong with a code block, and what to do about it.
pub(crate) struct Objection {
    pub(crate) problem: String,
    pub(crate) next: String,
}

impl Objection {
    pub(super) fn new(problem: impl Into<String>, next: impl Into<String>) -> Objection {
        Objection {
            problem: problem.into(),
            next: next.into(),
        }
    }
}

/// What is allowed to differ between a printed output and that of another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Varies {
    /// Clock times, dates and durations: `14:37:19`, `5 seconds`, `About a minute`, `0.3s`.
    Times,
    /// Hexadecimal numbers of at least seven digits.
    Ids,
    /// IPv4 addresses other than 127.0.0.1 and 0.0.0.0.
    Addresses,
    /// Amounts of memory or disk: `12.3MB`, `4GiB`.
    Sizes,
    /// Every decimal number.
    Numbers,
    /// The lines may come in another order.
    Order,
    /// Any run of blanks is one.
    Spacing,
}

const VARIES: [(&str, Varies); 7] = [
    ("times", Varies::Times),
    ("ids", Varies::Ids),
    ("addresses", Varies::Addresses),
    ("sizes", Varies::Sizes),
    ("numbers", Varies::Numbers),
    ("order", Varies::Order),
    ("spacing", Varies::Spacing),
];

/// The attributes of one block that nobody has asked for yet.
pub(super) struct Attributes<'fence> {
    language: &'fence str,
    left: Vec<(&'fence str, Option<&'fence str>)>,
    /// Every name that was asked for, for the message about one that was not.
    known: Vec<&'static str>,
}

impl<'fence> Attributes<'fence> {
    pub(super) fn read(language: &'fence str, text: &'fence str) -> Result<Self, Objection> {
        let mut left: Vec<(&str, Option<&str>)> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = rest.find(['=', ',']).unwrap_or(rest.len());
            let name = rest[..end].trim();
            rest = &rest[end..];
            let value = match rest.strip_prefix('=') {
                None => None,
                Some(after) => {
                    let (value, after) = value(name, after)?;
                    rest = after;
                    Some(value)
                }
            };
            if left.iter().any(|(known, _)| *known == name) {
                return Err(Objection::new(
                    format!("the attribute `{name}` is there twice"),
                    "keep one",
                ));
            }
            left.push((name, value));
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
            } else if !rest.is_empty() {
                return Err(Objection::new(
                    format!("`{rest}` follows the attribute `{name}` without a comma"),
                    "separate attributes by commas",
                ));
            }
        }
        Ok(Attributes {
            language,
            left,
            known: Vec::new(),
        })
    }

    fn take(&mut self, name: &'static str) -> Option<Option<&'fence str>> {
        self.known.push(name);
        let at = self.left.iter().position(|(known, _)| *known == name)?;
        Some(self.left.remove(at).1)
    }

    /// An attribute that is there or not: `hidden`.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool, Objection> {
        match self.take(name) {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(value)) => Err(Objection::new(
                format!(
                    "the attribute `{name}` takes no value in a {} block, here it has `{value}`",
                    self.language
                ),
                format!("write `{name}` alone"),
            )),
        }
    }

    /// An attribute with words: `file=compose.yaml`.
    pub(super) fn words(&mut self, name: &'static str) -> Result<Option<&'fence str>, Objection> {
        match self.take(name) {
            None => Ok(None),
            Some(Some(value)) if !value.trim().is_empty() => Ok(Some(value)),
            Some(_) => Err(Objection::new(
                format!("the attribute `{name}` needs a value"),
                format!("write it like this: {name}=\"…\""),
            )),
        }
    }

    /// An attribute with a time: `within=30s`.
    pub(super) fn duration(&mut self, name: &'static str) -> Result<Option<Duration>, Objection> {
        let Some(value) = self.words(name)? else {
            return Ok(None);
        };
        let seconds = match (value.strip_suffix('s'), value.strip_suffix('m')) {
            (Some(number), _) => number.parse::<u64>().ok(),
            (_, Some(number)) => number.parse::<u64>().ok().map(|minutes| minutes * 60),
            _ => None,
        };
        match seconds.filter(|seconds| *seconds > 0) {
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None => Err(Objection::new(
                format!("`{name}={value}` is no time"),
                format!("write seconds or minutes: {name}=30s, {name}=2m"),
            )),
        }
    }

    /// `varies=times+ids`
    pub(super) fn varies(&mut self) -> Result<Vec<Varies>, Objection> {
        let Some(value) = self.words("varies")? else {
            return Ok(Vec::new());
        };
        let mut varies = Vec::new();
        for name in value.split('+') {
            match VARIES.iter().find(|(known, _)| *known == name.trim()) {
                Some((_, class)) => varies.push(*class),
                None => {
                    let names = VARIES.map(|(known, _)| known);
                    return Err(Objection::new(
                        format!("`varies` knows no `{name}`"),
                        meant(name, &names),
                    ));
                }
            }
        }
        Ok(varies)
    }

    /// Whatever is left is an attribute that this language does not have.
    pub(super) fn finish(self) -> Result<(), Objection> {
        match self.left.first() {
            None => Ok(()),
            Some((name, _)) => Err(Objection::new(
                format!("a {} block has no attribute `{name}`", self.language),
                meant(name, &self.known),
            )),
        }
    }
}

/// The value at the start of `text`, and what follows it.
fn value<'text>(name: &str, text: &'text str) -> Result<(&'text str, &'text str), Objection> {
    match text.strip_prefix('"') {
        None => Ok(text.split_at(text.find(',').unwrap_or(text.len()))),
        Some(quoted) => quoted.split_once('"').ok_or_else(|| {
            Objection::new(
                format!("the value of `{name}` has no closing quote"),
                "close it on the same line",
            )
        }),
    }
}

/// The nearest known name, or all of them.
pub(super) fn meant(written: &str, known: &[&str]) -> String {
    match nearest(written, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`? Known here: {}", known.join(", ")),
        None => format!("known here: {}", known.join(", ")),
    }
}
