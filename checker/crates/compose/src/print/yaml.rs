//! YAML as Compose's writer makes it: blocks throughout, two blanks for each level, and as few quotes as it dares.

use crate::node::{Node, Tag, Value};
use crate::scalar;
use crate::specification::{ANYTHING, Shape};

use super::{Notation, Shown, entries};

/// A key longer than this many bytes is written with a `?` before it.
const LONGEST_SIMPLE_KEY: usize = 128;

/// A whole document. Ends with a line break.
pub(super) fn document(root: &Node, shape: &Shape) -> String {
    let mut writer = Writer {
        text: String::new(),
    };
    // A project is never anything else.
    if let Value::Mapping(mapping) = &root.value {
        writer.mapping(entries(mapping, shape, Notation::Yaml), 0, Behind::Key);
    }
    writer.end_line();
    writer.text
}

struct Writer {
    text: String,
}

/// What a value stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// `key:`; a block starts on the next line.
    Key,
    /// `-`, or the `:` below a `?`; a block starts on the same line.
    Sign,
}

impl Writer {
    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn go_to(&mut self, column: usize, behind: Behind) {
        match behind {
            Behind::Key => {
                self.end_line();
                self.indent(column);
            }
            // A sign is one character wide, and what follows it stands two columns deeper.
            Behind::Sign => self.text.push(' '),
        }
    }

    fn indent(&mut self, column: usize) {
        self.text.extend(std::iter::repeat_n(' ', column));
    }

    fn mapping(&mut self, entries: Vec<Shown<'_>>, column: usize, mut behind: Behind) {
        for Shown { key, value, shape } in entries {
            self.go_to(column, behind);
            behind = Behind::Key;
            if key.len() <= LONGEST_SIMPLE_KEY && !key.contains(is_break) {
                self.scalar(&key, column);
                self.text.push(':');
                self.value(value, shape, column, Behind::Key);
            } else {
                self.text.push_str("? ");
                self.scalar(&key, column);
                self.go_to(column, Behind::Key);
                self.text.push(':');
                self.value(value, shape, column, Behind::Sign);
            }
        }
    }

    fn sequence(&mut self, items: &[Node], shape: &Shape, column: usize, mut behind: Behind) {
        for item in items {
            self.go_to(column, behind);
            behind = Behind::Key;
            self.text.push('-');
            self.value(item, shape, column, Behind::Sign);
        }
    }

    /// Writes a value behind what stands at `column`.
    fn value(&mut self, node: &Node, shape: &Shape, column: usize, behind: Behind) {
        match &node.value {
            Value::Mapping(mapping) => match entries(mapping, shape, Notation::Yaml) {
                entries if entries.is_empty() => self.word("{}"),
                entries => self.mapping(entries, column + 2, behind),
            },
            Value::Sequence(items) if items.is_empty() => self.word("[]"),
            Value::Sequence(items) => {
                let shape = shape.items.unwrap_or(&ANYTHING);
                self.sequence(items, shape, column + 2, behind);
            }
            Value::String(text) if node.tag == Some(Tag::Date) => self.word(text),
            Value::String(text) => {
                self.text.push(' ');
                self.scalar(text, column);
            }
            Value::Null => self.word("null"),
            Value::Bool(value) => self.word(if *value { "true" } else { "false" }),
            Value::Integer(value) => self.word(&value.to_string()),
            Value::Float(value) => self.word(&scalar::float_in_yaml(*value)),
        }
    }

    fn word(&mut self, word: &str) {
        self.text.push(' ');
        self.text.push_str(word);
    }

    fn scalar(&mut self, text: &str, column: usize) {
        match style(text) {
            Style::Plain => self.text.push_str(text),
            Style::SingleQuoted => self.single_quoted(text, column),
            Style::DoubleQuoted => self.double_quoted(text),
            Style::Literal => self.literal(text, column),
        }
    }

    fn single_quoted(&mut self, text: &str, column: usize) {
        self.text.push('\'');
        let mut after_break = false;
        for character in text.chars() {
            if after_break && !is_break(character) {
                self.indent(column + 2);
            }
            after_break = is_break(character);
            if character == '\'' {
                self.text.push('\'');
            }
            self.text.push(character);
        }
        self.text.push('\'');
    }

    fn double_quoted(&mut self, text: &str) {
        // Compose's writer takes every character for a byte-order mark when the first is one.
        let is_marked = text.starts_with('\u{feff}');
        self.text.push('"');
        for character in text.chars() {
            let is_special = !is_printable(character) || is_break(character) || is_marked;
            let escape = match character {
                '"' => "\\\"",
                '\\' => "\\\\",
                _ if !is_special => {
                    self.text.push(character);
                    continue;
                }
                '\0' => "\\0",
                '\x07' => "\\a",
                '\x08' => "\\b",
                '\t' => "\\t",
                '\n' => "\\n",
                '\x0b' => "\\v",
                '\x0c' => "\\f",
                '\r' => "\\r",
                '\x1b' => "\\e",
                '\u{85}' => "\\N",
                '\u{a0}' => "\\_",
                '\u{2028}' => "\\L",
                '\u{2029}' => "\\P",
                other => {
                    let code = u32::from(other);
                    let escape = match code {
                        0..=0xff => format!("\\x{code:02X}"),
                        0x100..=0xffff => format!("\\u{code:04X}"),
                        _ => format!("\\U{code:08X}"),
                    };
                    self.text.push_str(&escape);
                    continue;
                }
            };
            self.text.push_str(escape);
        }
        self.text.push('"');
    }

    /// `|` with the lines below it, two blanks deeper than `column`.
    fn literal(&mut self, text: &str, column: usize) {
        self.text.push('|');
        if text.starts_with(|first: char| first == ' ' || is_break(first)) {
            self.text.push('2');
        }
        let mut from_the_end = text.chars().rev();
        let ends_in_break = from_the_end.next().is_some_and(is_break);
        match from_the_end.next() {
            _ if !ends_in_break => self.text.push('-'),
            None => self.text.push('+'),
            Some(before) if is_break(before) => self.text.push('+'),
            Some(_) => {}
        }
        self.text.push('\n');
        let mut after_break = true;
        for character in text.chars() {
            if after_break && !is_break(character) {
                self.indent(column + 2);
            }
            after_break = is_break(character);
            self.text.push(character);
        }
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

fn style(text: &str) -> Style {
    let found = Analysis::of(text);
    if text.contains('\n') {
        return match found.fits_literal {
            true => Style::Literal,
            false => Style::DoubleQuoted,
        };
    }
    // What would be read as something else, by this reader or by one of YAML 1.1.
    if !scalar::is_read_as_text(text) || scalar::is_older_word(text) {
        return Style::DoubleQuoted;
    }
    match (found.fits_plain, found.fits_single_quotes) {
        (true, _) => Style::Plain,
        (false, true) => Style::SingleQuoted,
        (false, false) => Style::DoubleQuoted,
    }
}

/// Which of the styles can hold a text.
struct Analysis {
    fits_plain: bool,
    fits_single_quotes: bool,
    fits_literal: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        let mut has_indicator = text.starts_with("---") || text.starts_with("...");
        let mut has_special = false;
        let mut has_break = false;
        let mut space_before_break = false;
        let mut space_after_break = false;
        let mut before = None;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let is_followed_by_blank = characters.peek().is_none_or(|next| is_blank(*next));
            has_indicator |= match (before, character) {
                (None, '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>') => true,
                (None, '\'' | '"' | '%' | '@' | '`') => true,
                (None, '?' | '-') | (_, ':') => is_followed_by_blank,
                (Some(before), '#') => is_blank(before) || is_break(before),
                _ => false,
            };
            has_special |= character != '\t' && !is_printable(character);
            has_break |= is_break(character);
            space_before_break |= before == Some(' ') && is_break(character);
            space_after_break |= before.is_some_and(is_break) && character == ' ';
            before = Some(character);
        }
        let is_padded = |character: char| character == ' ' || is_break(character);
        let is_unfit = has_special || text.contains('\t') || space_before_break;
        Self {
            fits_plain: !(is_unfit
                || has_indicator
                || has_break
                || text.starts_with(is_padded)
                || text.ends_with(is_padded)),
            fits_single_quotes: !(is_unfit || space_after_break),
            fits_literal: !(has_special || space_before_break || text.ends_with(' ')),
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What Compose's writer takes for printable; nothing beyond the first 65,536 characters is.
fn is_printable(character: char) -> bool {
    matches!(character, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && character != '\u{feff}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Mapping;
    use crate::source::{SourceId, Span};

    const NOWHERE: Span = Span {
        source: SourceId(0),
        start: 0,
        end: 0,
    };

    fn node(value: Value) -> Node {
        Node::new(value, NOWHERE)
    }

    fn mapping(key: &str, value: Value) -> Value {
        let mut mapping = Mapping::new();
        mapping.insert(key, NOWHERE, node(value));
        Value::Mapping(mapping)
    }

    fn written(value: Value) -> String {
        document(&node(value), &ANYTHING)
    }

    /// What stands behind `k: ` for a text.
    fn text(text: &str) -> String {
        let written = written(mapping("k", Value::String(text.into())));
        let value = written.strip_prefix("k: ").expect("a key");
        value.strip_suffix('\n').expect("a line break").to_string()
    }

    #[test]
    fn texts_that_would_be_read_as_something_else_are_quoted_twice() {
        for other in [
            "",
            "~",
            "null",
            "true",
            "FALSE",
            "yes",
            "No",
            "y",
            "on",
            "1",
            "-1",
            "017",
            "0o17",
            "0x1F",
            "1_000",
            "1e3",
            "1.10",
            ".5",
            "-.5",
            ".inf",
            ".NaN",
            "22:22",
            "1:30:00.5",
            "2024-01-01",
            "2024-01-01 10:00:00",
            "18446744073709551615",
        ] {
            assert_eq!(text(other), format!("\"{other}\""));
        }
        for plain in [
            "tRUE",
            "nullx",
            "1.2.3",
            "0xg",
            "1e",
            "22:60",
            "2024-02-30",
            "2024-01-01 10:00",
            "1e999",
            "._5",
            "NaN",
            "a",
            "-a",
            "?a",
            ":a",
            "a:b",
            "a#b",
            "a'b",
            "a\"b",
            "a\\b",
            "a,b",
            "a[b]",
            "=",
            "<<",
            "$x",
            "é",
            "日本",
        ] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn texts_with_signs_that_mean_something_to_yaml_are_quoted_once() {
        for other in [
            "---", "...", "-", "- a", "?", "? a", ":", "a:", "a: b", "#a", "a #b", "{a}", "[a]",
            ",", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "\"a\"", " a", "a ", " ",
        ] {
            assert_eq!(text(other), format!("'{other}'"));
        }
        assert_eq!(text("'a'"), "'''a'''");
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for (other, expected) in [
            ("a\tb", r#""a\tb""#),
            ("a\rb", r#""a\rb""#),
            ("a\u{7f}b", r#""a\x7Fb""#),
            ("a\u{85}b", r#""a\Nb""#),
            ("\u{feff}a", r#""\uFEFF\x61""#),
            ("a\u{feff}", r#""a\uFEFF""#),
            ("\u{1f600}", r#""\U0001F600""#),
            ("a\n\u{1f600}", r#""a\n\U0001F600""#),
            ("a\tb\"\\", r#""a\tb\"\\""#),
            ("a\u{a0}b", "a\u{a0}b"),
        ] {
            assert_eq!(text(other), expected, "{other:?}");
        }
    }

    #[test]
    fn several_lines_are_a_block_that_says_how_it_begins_and_ends() {
        for (other, expected) in [
            ("a\nb", "|-\n  a\n  b"),
            ("a\nb\n", "|\n  a\n  b"),
            ("a\n\n", "|+\n  a\n"),
            ("a\n\nb", "|-\n  a\n\n  b"),
            (" a\nb", "|2-\n   a\n  b"),
            ("\na", "|2-\n\n  a"),
            ("\n", "|2+\n"),
            ("a\n\tb", "|-\n  a\n  \tb"),
            ("a \nb", r#""a \nb""#),
            ("a\nb ", r#""a\nb ""#),
            ("a\r\nb", r#""a\r\nb""#),
        ] {
            assert_eq!(text(other), expected, "{other:?}");
        }
    }

    #[test]
    fn long_lines_are_never_broken() {
        let long = "word ".repeat(200) + "end";
        assert_eq!(text(&long), long);
    }

    #[test]
    fn blocks_stand_two_blanks_deeper_and_begin_behind_a_dash() {
        let list = |items: Vec<Value>| Value::Sequence(items.into_iter().map(node).collect());
        let inner = mapping(
            "a",
            list(vec![
                Value::Null,
                mapping("b", Value::String("x\ny".into())),
            ]),
        );
        let value = mapping(
            "k",
            list(vec![inner, list(vec![Value::Bool(true), list(vec![])])]),
        );
        assert_eq!(
            written(value),
            "k:\n  - a:\n      - null\n      - b: |-\n          x\n          y\n  - - true\n    - []\n"
        );
    }

    #[test]
    fn a_long_key_has_its_value_on_a_line_of_its_own() {
        let key = "k".repeat(129);
        let value = mapping(&key, mapping("a", Value::Integer(1)));
        assert_eq!(written(value), format!("? {key}\n: a: 1\n"));
        let value = mapping("a\nb", Value::Integer(1));
        assert_eq!(written(value), "? |-\n  a\n  b\n: 1\n");
    }
}
