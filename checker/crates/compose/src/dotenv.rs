//! Files of variables: `.env` and what `env_file` names.

use indexmap::IndexMap;

use crate::finding::Finding;
use crate::interpolate::{self, TemplateError, Variable};
use crate::node::VariableOrigin;
use crate::source::{SourceId, Span};

/// Variables of a file in the order it sets them.
pub(crate) type FileVariables = IndexMap<String, Variable>;

/// How a file of variables is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Quotes, comments and expressions are understood.
    Compose,
    /// Everything after `=` is the value.
    Raw,
}

/// Reads `text` into `variables`; `lookup` knows variables set elsewhere, which win in expressions.
///
/// Returns what has to be said: one error at most, and a warning for each variable that is used but not set.
pub(crate) fn parse(
    source: SourceId,
    text: &str,
    format: Format,
    lookup: &dyn Fn(&str) -> Option<Variable>,
    variables: &mut FileVariables,
) -> Vec<Finding> {
    let mut parser = Parser {
        source,
        text,
        at: 0,
        lookup,
        variables,
        findings: Vec::new(),
    };
    let result = match format {
        Format::Compose => parser.statements(),
        Format::Raw => parser.raw_lines(),
    };
    if let Err(finding) = result {
        parser.findings.push(*finding);
    }
    parser.findings
}

struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    lookup: &'a dyn Fn(&str) -> Option<Variable>,
    variables: &'a mut FileVariables,
    findings: Vec<Finding>,
}

type Parsed<T> = Result<T, Box<Finding>>;

impl Parser<'_> {
    fn statements(&mut self) -> Parsed<()> {
        while self.skip_to_statement() {
            let start = self.at;
            let Some(name) = self.name()? else {
                continue;
            };
            let value_start = self.at;
            let value = self.value()?;
            let end = value_start + self.text[value_start..self.at].trim_end().len();
            let origin = VariableOrigin::File(self.span(start, end));
            self.variables.insert(name, Variable { value, origin });
        }
        Ok(())
    }

    fn raw_lines(&mut self) -> Parsed<()> {
        for line in self.text.split_inclusive('\n') {
            let start = self.at;
            self.at += line.len();
            let content = line.trim_end_matches(['\n', '\r']);
            let statement = content.trim_start();
            if statement.is_empty() || statement.starts_with('#') {
                continue;
            }
            let start = start + content.len() - statement.len();
            let (name, value) = match statement.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (statement, None),
            };
            if name.is_empty() || name.contains([' ', '\t']) {
                let reason = if name.is_empty() {
                    "There is no name before the `=`."
                } else {
                    "The name of a variable cannot contain a space."
                };
                let place = self.span(start, start + name.len().max(1));
                return Err(bad_name(reason, place));
            }
            match value {
                Some(value) => {
                    let origin = VariableOrigin::File(self.span(start, start + statement.len()));
                    let variable = Variable {
                        value: value.into(),
                        origin,
                    };
                    self.variables.insert(name.into(), variable);
                }
                None => self.inherit(name),
            }
        }
        Ok(())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            source: self.source,
            start: start as u32,
            end: end.max(start) as u32,
        }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Skips blank lines and comments; says whether anything is left.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            self.at = self.text.len() - self.rest().trim_start().len();
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    /// The name before `=` or `:`. A name alone on its line takes its value from elsewhere; then there is nothing more to read.
    fn name(&mut self) -> Parsed<Option<String>> {
        if let Some(after) = self
            .rest()
            .strip_prefix("export")
            .filter(|after| after.starts_with(is_blank))
        {
            let place = self.span(self.at, self.at + "export".len());
            self.at = self.text.len() - after.trim_start_matches(is_blank).len();
            if self.rest().is_empty() {
                return Err(bad_name("Nothing follows `export`.", place));
            }
        }
        let start = self.at;
        let end = match self.rest().find(['=', ':', '\n']) {
            Some(found) => start + found,
            None => self.text.len(),
        };
        let name = self.text[start..end].trim_end();
        let allowed = |character: char| {
            character.is_alphanumeric() || "_.-[]".contains(character) || is_blank(character)
        };
        if let Some(wrong) = name.find(|character| !allowed(character)) {
            let character = self.text[start + wrong..].chars().next().unwrap_or(' ');
            let place = self.span(start + wrong, start + wrong + character.len_utf8());
            return Err(Box::new(
                Finding::error(
                    "bad-variable-file",
                    format!("`{character}` cannot stand in the name of a variable."),
                    place,
                )
                .label("in this name")
                .help("write `NAME=value`; a comment starts with `#`"),
            ));
        }
        // With no line break after it, Compose takes the last line for a value and finds no name.
        if end == self.text.len() {
            return Ok(Some(String::new()));
        }
        if name.contains(' ') {
            let place = self.span(start, start + name.len());
            return Err(bad_name(
                "The name of a variable cannot contain a space.",
                place,
            ));
        }
        let name = name.to_string();
        if self.text[end..].starts_with('\n') {
            self.at = end;
            self.inherit(&name);
            return Ok(None);
        }
        let after = &self.text[end + 1..];
        self.at = self.text.len() - after.trim_start_matches(is_blank).len();
        Ok(Some(name))
    }

    fn inherit(&mut self, name: &str) {
        if let Some(variable) = (self.lookup)(name) {
            self.variables.insert(name.to_string(), variable);
        }
    }

    fn value(&mut self) -> Parsed<String> {
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => self.unquoted(),
        }
    }

    fn unquoted(&mut self) -> Parsed<String> {
        let start = self.at;
        let line = self.rest().split('\n').next().unwrap_or("");
        let value = line.split(" #").next().unwrap_or("").trim_end().to_string();
        self.at += line.len();
        self.expand(&value, start)
    }

    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let start = self.at;
        let mut value = String::new();
        let mut escaped = false;
        for (offset, character) in self.rest().char_indices().skip(1) {
            if character == quote && !escaped {
                self.at = start + offset + 1;
                return if quote == '"' {
                    self.expand(&without_escapes(&value), start)
                } else {
                    Ok(value)
                };
            }
            if character == '\\' && !escaped {
                escaped = true;
                continue;
            }
            if escaped && character != quote {
                value.push('\\');
            }
            escaped = false;
            value.push(character);
        }
        let line = self.rest().lines().next().map_or(0, str::len);
        Err(Box::new(
            Finding::error(
                "bad-variable-file",
                "A quote is opened and not closed.",
                self.span(start, start + line),
            )
            .label("no closing quote after this")
            .help(format!("add the closing {quote}")),
        ))
    }

    fn expand(&mut self, value: &str, start: usize) -> Parsed<String> {
        let lookup = |name: &str| (self.lookup)(name).or_else(|| self.variables.get(name).cloned());
        let line = self.text[start..]
            .lines()
            .next()
            .map_or(0, |line| line.trim_end().len());
        let place = self.span(start, start + line);
        match interpolate::substitute(value, &lookup) {
            Ok(result) => {
                for name in &result.unset {
                    self.findings.push(unset(name, place));
                }
                Ok(result.text)
            }
            Err(error) => Err(Box::new(refusal(error, value, place))),
        }
    }
}

fn bad_name(reason: &str, place: Span) -> Box<Finding> {
    Box::new(
        Finding::error("bad-variable-file", reason, place)
            .label("this is read as the name")
            .help("write `NAME=value`; a comment starts with `#`"),
    )
}

/// The warning for a variable that is used and not set.
pub(crate) fn unset(name: &str, span: Span) -> Finding {
    Finding::warning("unset-variable", format!("The variable `{name}` is not set; Compose takes the empty text."), span)
        .label(format!("`{name}` is empty here"))
        .help(format!("set it in `.env` or in the shell, or write a fallback: `${{{name}:-value}}`; for a plain dollar sign write `$$`"))
}

/// The error for an expression that cannot be read.
pub(crate) fn refusal(error: TemplateError, template: &str, span: Span) -> Finding {
    match error {
        TemplateError::Syntax { at } => {
            let expression: String = template[at..].chars().take(40).collect();
            Finding::error(
                "bad-interpolation",
                format!("`{expression}` is no expression that Compose can read."),
                span,
            )
            .label("this expression")
            .help("write `${NAME}` or `${NAME:-fallback}`; for a plain dollar sign write `$$`")
        }
        TemplateError::Required {
            variable, message, ..
        } => {
            let reason = if message.is_empty() {
                String::new()
            } else {
                format!(": {message}")
            };
            Finding::error(
                "required-variable",
                format!("The variable `{variable}` must be set{reason}."),
                span,
            )
            .label(format!("`{variable}` has no value"))
            .help(format!(
                "add a line `{variable}=…` to `.env`, or set it in the shell"
            ))
        }
        TemplateError::TooLong => Finding::error(
            "value-too-long",
            "With its variables put in, this value is longer than a million characters.",
            span,
        )
        .label("grows too long")
        .help("look for variables that contain each other"),
    }
}

/// White space within a line.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\t' | '\x0b' | '\x0c' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

/// Replaces the escapes that a double-quoted value knows; `\$` becomes `$$`, which stays a dollar sign.
fn without_escapes(value: &str) -> String {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(found) = rest.find('\\') {
        result.push_str(&rest[..found]);
        let after = &rest[found + 1..];
        let octal = after
            .strip_prefix('0')
            .and_then(|digits| digits.get(..3))
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        let (text, length) = match (after.chars().next(), octal) {
            (Some('0'), Some(code)) => (char::from(code).to_string(), 4),
            // What is no character keeps its backslash and loses its nought.
            (Some('0'), None) => ("\\".into(), 1),
            (Some('$'), _) => ("$$".into(), 1),
            (Some('a'), _) => ("\x07".into(), 1),
            (Some('b'), _) => ("\x08".into(), 1),
            (Some('f'), _) => ("\x0c".into(), 1),
            (Some('n'), _) => ("\n".into(), 1),
            (Some('r'), _) => ("\r".into(), 1),
            (Some('t'), _) => ("\t".into(), 1),
            (Some('v'), _) => ("\x0b".into(), 1),
            (Some(same @ ('"' | '\\')), _) => (same.to_string(), 1),
            _ => ("\\".into(), 0),
        };
        result.push_str(&text);
        rest = &after[length..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, String)>, Vec<Finding>) {
        let mut variables = FileVariables::new();
        let lookup = |name: &str| {
            (name == "SHELL_SET").then(|| Variable {
                value: "shell".into(),
                origin: VariableOrigin::Shell,
            })
        };
        let findings = parse(SourceId(0), text, Format::Compose, &lookup, &mut variables);
        (
            variables
                .into_iter()
                .map(|(name, variable)| (name, variable.value))
                .collect(),
            findings,
        )
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (text, expected) in [
            ("A=1", "1"),
            ("A = 1 ", "1"),
            ("A: yaml style", "yaml style"),
            ("export A=1\r\n", "1"),
            ("# note\n\nA=x # comment", "x"),
            ("A=x#y", "x#y"),
            ("A='single $B \\n'", "single $B \\n"),
            ("A=\"a\\nb \\$C \\\"q\\\"\"", "a\nb $C \"q\""),
            ("A=\"two\nlines\"", "two\nlines"),
            ("A=", ""),
            ("A=${SHELL_SET}-x", "shell-x"),
            ("SHELL_SET\nA=1", "1"),
            ("A=\"\\0101\"", "A"),
            ("A=\"\\01 \\0777\"", "\\1 \\777"),
        ] {
            let (variables, findings) = read(text);
            assert_eq!(findings, [], "{text}");
            assert_eq!(
                variables
                    .last()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
                Some(("A", expected)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_last_line_without_break_and_without_value_has_no_name() {
        for (text, name, value) in [
            ("SHELL_SET", "", "SHELL_SET"),
            ("SHELL_SET\n", "SHELL_SET", "shell"),
            ("export A B", "", "A B"),
            ("B=\"1\" rest", "", "rest"),
        ] {
            let (variables, findings) = read(text);
            assert_eq!(findings, [], "{text}");
            let last = variables.last().expect("a variable");
            assert_eq!((last.0.as_str(), last.1.as_str()), (name, value), "{text}");
        }
    }

    #[test]
    fn raw_lines_are_taken_as_they_are() {
        let read_raw = |text: &str| {
            let mut variables = FileVariables::new();
            let findings = parse(SourceId(0), text, Format::Raw, &|_| None, &mut variables);
            let values = variables.into_iter().map(|(name, set)| (name, set.value));
            (values.collect::<Vec<_>>(), findings)
        };
        for (text, name, value) in [
            ("A=\"1\" # c ", "A", "\"1\" # c "),
            ("  A= $B\r\n", "A", " $B"),
            ("# c\n\n'A'=1", "'A'", "1"),
            ("A\u{a0}=1", "A\u{a0}", "1"),
        ] {
            let (values, findings) = read_raw(text);
            assert_eq!(findings, [], "{text}");
            assert_eq!(values, [(name.into(), value.into())], "{text}");
        }
        for (text, start, end) in [("A=1\n =2", 5, 6), ("export A=1", 0, 8), ("A =1", 0, 2)] {
            let (_, findings) = read_raw(text);
            let span = findings[0].span.expect("it has a place");
            assert_eq!((span.start, span.end), (start, end), "{text}");
        }
    }

    #[test]
    fn earlier_lines_can_be_used_and_double_without_bound_only_so_far() {
        assert_eq!(read("A=1\nB=$A$A").0[1].1, "11");
        let bomb = (0..64).fold("A0=xx\n".to_string(), |text, line| {
            text + &format!("A{}=$A{line}$A{line}\n", line + 1)
        });
        let (_, findings) = read(&bomb);
        assert_eq!(findings[0].code, "value-too-long");
    }

    #[test]
    fn mistakes_name_their_place() {
        for (text, start) in [
            ("A=1\nB C=2", 4),
            ("A=1\n!B=2", 4),
            ("A=\"open", 2),
            ("A=1\nexport \t", 4),
            ("A=${", 2),
        ] {
            let (_, findings) = read(text);
            assert_eq!(
                findings[0].span.map(|span| span.start),
                Some(start),
                "{text}"
            );
        }
    }
}
