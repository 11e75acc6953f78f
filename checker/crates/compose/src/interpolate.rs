//! Variables in values: `$NAME`, `${NAME}`, `${NAME:-fallback}` and their kin.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::node::VariableOrigin;
use crate::source::Span;

/// Values longer than this are refused: a chain of variables that double each other grows without bound.
const LONGEST: usize = 1 << 20;
/// No file that people write nests expressions this deep.
const DEEPEST: usize = 40;

/// The variables that expressions can use, each with the place it was set.
///
/// Layers, of which the first that knows a name wins: an include shares what it inherits and adds its own behind it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables(Vec<Rc<BTreeMap<String, Variable>>>);

/// A variable's value and where it was set.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub value: String,
    pub origin: VariableOrigin,
}

impl Variables {
    pub(crate) fn from_shell(environment: &BTreeMap<String, String>) -> Self {
        let variable = |value: &String| Variable {
            value: value.clone(),
            origin: VariableOrigin::Shell,
        };
        let shell = environment
            .iter()
            .map(|(name, value)| (name.clone(), variable(value)))
            .collect();
        Self(vec![Rc::new(shell)])
    }

    /// On Windows the names of variables have no case.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        let exact = self.0.iter().find_map(|layer| layer.get(name));
        exact.or_else(|| {
            if !cfg!(windows) {
                return None;
            }
            let mut all = self.0.iter().flat_map(|layer| layer.iter());
            all.find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, variable)| variable)
        })
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.get(name).map(|variable| variable.value.as_str())
    }

    /// Where a file of variables sets it; nothing when it comes from the shell or is not set.
    pub(crate) fn place(&self, name: &str) -> Option<Span> {
        match self.get(name)?.origin {
            VariableOrigin::File(span) => Some(span),
            _ => None,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>, origin: VariableOrigin) {
        let variable = Variable {
            value: value.into(),
            origin,
        };
        let layer = BTreeMap::from([(name.to_string(), variable)]);
        self.0.insert(0, Rc::new(layer));
    }

    /// Takes over what is not set yet.
    pub(crate) fn add_missing(&mut self, others: impl IntoIterator<Item = (String, Variable)>) {
        let layer: BTreeMap<String, Variable> = others.into_iter().collect();
        if !layer.is_empty() {
            self.0.push(Rc::new(layer));
        }
    }
}

/// A text with its variables put in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Substituted {
    pub text: String,
    /// The variables that had a say, each once, in the order they stand in the text.
    pub used: Vec<(String, VariableOrigin)>,
    /// Those of them that are not set, and those of fallbacks that nobody needed: Compose warns of both.
    pub unset: Vec<String>,
}

/// More variables than this in one value are put in and no longer listed.
const MOST_LISTED: usize = 100;

impl Substituted {
    fn warn_of(&mut self, name: &str) {
        if !self.unset.iter().any(|known| known == name) && self.unset.len() < MOST_LISTED {
            self.unset.push(name.to_string());
        }
    }

    fn list(&mut self, name: &str, origin: VariableOrigin) {
        let is_listed = self
            .used
            .iter()
            .any(|(known, from)| known == name && *from == origin);
        if !is_listed && self.used.len() < MOST_LISTED {
            self.used.push((name.to_string(), origin));
        }
    }
}

/// Why a text with variables cannot be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TemplateError {
    /// `${…}` is not written as it must be; `at` is the byte of its `$`.
    Syntax { at: usize },
    /// A variable that must be set is not; the message is the file author's.
    Required {
        at: usize,
        variable: String,
        message: String,
    },
    /// The result would be too long.
    TooLong,
}

/// Puts variables into `template`; `lookup` knows their values.
pub(crate) fn substitute(
    template: &str,
    lookup: &dyn Fn(&str) -> Option<Variable>,
) -> Result<Substituted, TemplateError> {
    let mut result = Substituted::default();
    substitute_into(template, lookup, 0, &mut result)?;
    Ok(result)
}

fn substitute_into(
    template: &str,
    lookup: &dyn Fn(&str) -> Option<Variable>,
    depth: usize,
    result: &mut Substituted,
) -> Result<(), TemplateError> {
    let mut at = 0;
    while let Some(found) = template[at..].find('$') {
        let dollar = at + found;
        result.text.push_str(&template[at..dollar]);
        let rest = &template[dollar + 1..];
        if rest.starts_with('$') {
            result.text.push('$');
            at = dollar + 2;
        } else if rest.starts_with('{') {
            let length = braced(&template[dollar..], lookup, depth, result)
                .map_err(|error| error.moved_by(dollar))?;
            at = dollar + length;
        } else {
            let name = leading_name(rest);
            if name.is_empty() {
                // A lone `$`, or `$1`, is no expression and stays.
                result.text.push('$');
            } else {
                put_in(name, lookup, result);
            }
            at = dollar + 1 + name.len();
        }
        if result.text.len() > LONGEST {
            return Err(TemplateError::TooLong);
        }
    }
    result.text.push_str(&template[at..]);
    Ok(())
}

/// Handles the expression `${…}` at the start of `text` and returns its length in bytes.
fn braced(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<Variable>,
    depth: usize,
    result: &mut Substituted,
) -> Result<usize, TemplateError> {
    let syntax = TemplateError::Syntax { at: 0 };
    let name = leading_name(&text[2..]);
    let after = &text[2 + name.len()..];
    if name.is_empty() {
        return Err(syntax);
    }
    if after.starts_with('}') {
        put_in(name, lookup, result);
        return Ok(2 + name.len() + 1);
    }
    let colon = usize::from(after.starts_with(':'));
    let Some(operator) = after[colon..]
        .chars()
        .next()
        .filter(|character| matches!(character, '-' | '+' | '?'))
    else {
        return Err(syntax);
    };
    // An expression ends on its line.
    let line = text.split('\n').next().unwrap_or(text);
    let last = line.rfind('}').ok_or(syntax.clone())?;
    let close = closing_brace(&line[..=last]).unwrap_or(last);
    let word_start = 2 + name.len() + colon + 1;
    if close < word_start || depth >= DEEPEST {
        return Err(syntax);
    }
    let word = &text[word_start..close];
    let variable = lookup(name);
    let counts = variable
        .as_ref()
        .is_some_and(|variable| colon == 0 || !variable.value.is_empty());
    // The word is always read, so that a mistake in it shows even when it is not needed.
    let mut fallback = Substituted::default();
    substitute_into(word, lookup, depth + 1, &mut fallback)
        .map_err(|error| error.moved_by(word_start))?;
    for name in &fallback.unset {
        result.warn_of(name);
    }
    match operator {
        '?' if !counts => {
            return Err(TemplateError::Required {
                at: 0,
                variable: name.into(),
                message: fallback.text,
            });
        }
        '-' if !counts => take_fallback(name, fallback, result),
        '+' if counts => take_fallback(name, fallback, result),
        '+' => result.list(name, VariableOrigin::Fallback),
        _ => {
            if let Some(variable) = variable {
                result.text.push_str(&variable.value);
                result.list(name, variable.origin);
            }
        }
    }
    Ok(close + 1)
}

fn put_in(name: &str, lookup: &dyn Fn(&str) -> Option<Variable>, result: &mut Substituted) {
    match lookup(name) {
        Some(variable) => {
            result.text.push_str(&variable.value);
            result.list(name, variable.origin);
        }
        None => {
            result.list(name, VariableOrigin::Unset);
            result.warn_of(name);
        }
    }
}

fn take_fallback(name: &str, fallback: Substituted, result: &mut Substituted) {
    result.text.push_str(&fallback.text);
    result.list(name, VariableOrigin::Fallback);
    for (name, origin) in fallback.used {
        result.list(&name, origin);
    }
}

fn leading_name(text: &str) -> &str {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return "";
    }
    let end = text.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// The `}` that closes the first `{`. As in Compose, the character right after a `{` is never looked at.
fn closing_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

impl TemplateError {
    fn moved_by(self, offset: usize) -> Self {
        match self {
            Self::Syntax { at } => Self::Syntax { at: at + offset },
            Self::Required {
                at,
                variable,
                message,
            } => Self::Required {
                at: at + offset,
                variable,
                message,
            },
            Self::TooLong => Self::TooLong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<Variable> {
        let value = match name {
            "SET" => "value",
            "EMPTY" => "",
            "NESTED" => "$SET",
            _ => return None,
        };
        Some(Variable {
            value: value.into(),
            origin: VariableOrigin::Shell,
        })
    }

    #[test]
    fn every_form_of_expression_is_replaced() {
        for (template, expected) in [
            ("a $SET b", "a value b"),
            ("${SET}", "value"),
            ("$$SET", "$SET"),
            ("$1 costs $", "$1 costs $"),
            ("${UNSET}", ""),
            ("${UNSET:-x}", "x"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY-x}", ""),
            ("${UNSET-x}", "x"),
            ("${SET:+x}", "x"),
            ("${EMPTY:+x}", ""),
            ("${EMPTY+x}", "x"),
            ("${UNSET+x}", ""),
            ("${SET:?needed}", "value"),
            ("${EMPTY?needed}", ""),
            ("${UNSET:-${SET}}", "value"),
            ("${UNSET:-${UNSET:-a}}/${SET}", "a/value"),
            ("${UNSET:-a:b}-${SET}", "a:b-value"),
            ("${NESTED}", "$SET"),
            ("${UNSET:-{x}}", "{x}"),
            ("${UNSET:-}", ""),
            // An expression ends with the last brace of its line, when it does not close before.
            ("${UNSET:-{x}\n}", "{x\n}"),
            ("${UNSET:-a} ${UNSET:-b}\n}", "a b\n}"),
        ] {
            let result = substitute(template, &lookup);
            assert_eq!(
                result.map(|result| result.text).as_deref(),
                Ok(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn an_unset_variable_is_told_even_in_a_fallback_that_nobody_needs() {
        for (template, unset) in [
            ("${SET:-$UNSET}", vec!["UNSET"]),
            ("${SET:?${UNSET}}", vec!["UNSET"]),
            ("$UNSET ${UNSET} $OTHER", vec!["UNSET", "OTHER"]),
            ("${UNSET:-x}${SET}", vec![]),
        ] {
            let result = substitute(template, &lookup).expect("it can be read");
            assert_eq!(result.unset, unset, "{template}");
        }
        let result = substitute("${SET:-$UNSET}", &lookup).expect("it can be read");
        assert_eq!(result.used, [("SET".into(), VariableOrigin::Shell)]);
    }

    #[test]
    fn a_bad_expression_names_its_place() {
        for (template, at) in [
            ("a ${", 2),
            ("${1}", 0),
            ("x${A B}", 1),
            ("${}", 0),
            ("${UNSET:-${}}", 9),
            ("${SET", 0),
        ] {
            assert_eq!(
                substitute(template, &lookup),
                Err(TemplateError::Syntax { at }),
                "{template}"
            );
        }
    }

    #[test]
    fn a_required_variable_carries_the_authors_message() {
        let required = |template| match substitute(template, &lookup) {
            Err(TemplateError::Required {
                variable, message, ..
            }) => (variable, message),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            required("${UNSET:?set it to $SET}"),
            ("UNSET".into(), "set it to value".into())
        );
        assert_eq!(required("${EMPTY:?}"), ("EMPTY".into(), String::new()));
    }

    #[test]
    fn deep_nesting_is_refused_and_not_followed() {
        let template = "${A:-".repeat(100_000);
        assert!(substitute(&template, &lookup).is_err());
        let closed = format!("{}{}", "${A:-".repeat(1000), "}".repeat(1000));
        assert!(substitute(&closed, &lookup).is_err());
    }
}
