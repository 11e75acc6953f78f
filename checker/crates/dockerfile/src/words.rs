//! The ways in which an instruction's arguments are taken apart.

use std::ops::Range;

use crate::instruction::Flag;
use crate::lines::Line;
use crate::word::Word;

/// A part of a line.
#[derive(Clone)]
pub(crate) struct Part<'a> {
    pub line: &'a Line,
    pub range: Range<usize>,
}

/// The blanks that separate arguments.
const BLANKS: [char; 5] = ['\t', '\u{b}', '\u{c}', '\r', ' '];

/// What comes of reading arguments as a list.
pub(crate) enum List {
    /// `["a", "b"]`
    Words(Vec<Word>),
    /// A list with something in it that is no text.
    NotTexts,
    /// No list.
    None,
}

impl<'a> Part<'a> {
    /// The whole line, without blanks around it.
    pub fn whole(line: &'a Line) -> Self {
        let range = 0..line.text.len();
        Self { line, range }.trimmed()
    }

    pub fn text(&self) -> &'a str {
        &self.line.text[self.range.clone()]
    }

    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// A part of this part, in offsets of its text.
    fn part(&self, range: Range<usize>) -> Self {
        Self {
            line: self.line,
            range: self.range.start + range.start..self.range.start + range.end,
        }
    }

    fn trimmed(self) -> Self {
        let text = self.text();
        let start = text.len() - text.trim_start().len();
        let end = start + text.trim().len();
        self.part(start..end)
    }

    /// This part as one word.
    pub fn word(&self) -> Word {
        Word {
            text: self.text().to_owned(),
            span: self.line.span(self.range.clone()),
        }
    }

    /// The part before the first blanks and the part behind them.
    pub fn split_first(&self) -> (Self, Option<Self>) {
        let text = self.text();
        match text.find(BLANKS) {
            None => (self.clone(), None),
            Some(end) => {
                let rest = text[end..].trim_start_matches(BLANKS);
                let start = text.len() - rest.len();
                (self.part(0..end), Some(self.part(start..text.len())))
            }
        }
    }

    /// Words between blanks; quotes mean nothing.
    pub fn blank_separated(&self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut rest = (!self.is_empty()).then(|| self.clone());
        while let Some(part) = rest {
            let (first, behind) = part.split_first();
            words.push(first.word());
            rest = behind;
        }
        words
    }

    /// Words between blanks that stand in no quotes. The quotes stay.
    pub fn quoted_words(&self, escape: char) -> Vec<Self> {
        let text = self.text();
        let mut words = Vec::new();
        let mut start = None;
        let mut quote = None;
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            if quote.is_none() && letter.is_whitespace() {
                words.extend(start.take().map(|start| self.part(start..at)));
                continue;
            }
            start.get_or_insert(at);
            if letter == escape && quote != Some('\'') {
                letters.next();
            } else if quote == Some(letter) {
                quote = None;
            } else if quote.is_none() && matches!(letter, '\'' | '"') {
                quote = Some(letter);
            }
        }
        words.extend(start.map(|start| self.part(start..text.len())));
        words
    }

    /// The part before the first `=` and the part behind it.
    pub fn split_at_equals(&self) -> Option<(Self, Self)> {
        let text = self.text();
        let at = text.find('=')?;
        Some((self.part(0..at), self.part(at + 1..text.len())))
    }

    /// `--flag=value …` before the arguments, and the arguments.
    pub fn flags(&self) -> (Vec<Flag>, Self) {
        let text = self.text();
        let mut flags: Vec<Flag> = Vec::new();
        let mut at = 0;
        loop {
            at += text[at..].len() - text[at..].trim_start().len();
            if !text[at..].starts_with("--") {
                return (flags, self.part(at..text.len()).trimmed());
            }
            let (word, end) = unquoted(text, at);
            let start = at;
            if word == "--" {
                return (flags, self.part(end..text.len()).trimmed());
            }
            let (name, value) = match word[2..].split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word[2..].to_owned(), None),
            };
            flags.push(Flag {
                name,
                value,
                span: self.part(start..end).word().span,
            });
            at = end;
        }
    }

    /// The arguments as a list of texts.
    pub fn list(&self) -> List {
        let text = self.text();
        if !text.starts_with('[') {
            return List::None;
        }
        let Ok(items) = serde_json::from_str::<Vec<serde_json::Value>>(text) else {
            return List::None;
        };
        let texts: Option<Vec<&str>> = items.iter().map(serde_json::Value::as_str).collect();
        let Some(texts) = texts else {
            return List::NotTexts;
        };
        let words = texts.into_iter().zip(self.strings());
        List::Words(
            words
                .map(|(text, place)| Word {
                    text: text.to_owned(),
                    span: place.word().span,
                })
                .collect(),
        )
    }

    /// The places of the strings of a list, quotes included.
    fn strings(&self) -> Vec<Self> {
        let mut places = Vec::new();
        let mut start = None;
        let mut letters = self.text().char_indices();
        while let Some((at, letter)) = letters.next() {
            match (letter, start) {
                ('\\', Some(_)) => drop(letters.next()),
                ('"', Some(first)) => {
                    places.push(self.part(first..at + 1));
                    start = None;
                }
                ('"', None) => start = Some(at),
                _ => {}
            }
        }
        places
    }
}

/// A word from `at` on without its quotes and backslashes, and where it ends.
fn unquoted(text: &str, at: usize) -> (String, usize) {
    let mut word = String::new();
    let mut quote = None;
    let mut letters = text[at..].char_indices();
    while let Some((offset, letter)) = letters.next() {
        match letter {
            _ if quote.is_none() && letter.is_whitespace() => return (word, at + offset),
            '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
            _ if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            _ => word.push(letter),
        }
    }
    (word, text.len())
}
