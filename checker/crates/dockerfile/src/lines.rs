//! Physical lines put together to the lines that instructions are, each letter with its place.

use std::ops::Range;

use compose::{Finding, SourceId, Span};

use crate::word::Word;

/// The longest physical line that BuildKit reads, in bytes.
const LONGEST: usize = 64 * 1024 - 1;

/// The lines of a text that have not been read yet.
pub(crate) struct Lines<'a> {
    text: &'a str,
    source: SourceId,
    at: usize,
    /// The character that makes a line go on: a backslash, or what the `escape` directive says.
    pub escape: char,
    /// What the `syntax` directive names.
    pub syntax: Option<Word>,
    directives: Option<Directives>,
}

/// Directives stand before everything else, and each only once.
#[derive(Default)]
struct Directives {
    seen: Vec<String>,
}

/// One physical line, without its line break.
#[derive(Clone, Copy)]
pub(crate) struct Physical<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// What an instruction is written in: one line, however many there are in the file.
pub(crate) struct Line {
    pub text: String,
    /// Where each piece of `text` comes from: its offset here, its offset in the file. The first is at 0.
    pieces: Vec<(usize, usize)>,
    source: SourceId,
}

impl Line {
    /// The place of a stretch of `text`.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.place(range.start);
        let end = if range.is_empty() {
            start
        } else {
            self.place(range.end - 1) + 1
        };
        Span {
            source: self.source,
            start: start as u32,
            end: end.max(start) as u32,
        }
    }

    fn place(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(here, _)| *here <= at);
        match self.pieces.get(piece.saturating_sub(1)) {
            Some((here, there)) => there + at.saturating_sub(*here),
            None => 0,
        }
    }
}

impl<'a> Lines<'a> {
    pub fn new(text: &'a str, source: SourceId, start: usize) -> Self {
        Self {
            text,
            source,
            at: start,
            escape: '\\',
            syntax: None,
            directives: Some(Directives::default()),
        }
    }

    /// The next physical line.
    pub fn physical(&mut self) -> Option<Physical<'a>> {
        let start = self.at;
        let rest = &self.text[start..];
        if rest.is_empty() {
            return None;
        }
        let next = rest.find('\n').map_or(self.text.len(), |at| start + at + 1);
        self.at = next;
        Some(Physical {
            text: self.text[start..next].trim_end_matches(['\n', '\r']),
            start,
        })
    }

    /// The next line that is no comment and not empty, put together; a mistake in a directive instead.
    pub fn next(&mut self) -> Option<Result<Line, Finding>> {
        loop {
            let physical = self.physical()?;
            if physical.text.len() > LONGEST {
                return Some(Err(self.too_long(physical)));
            }
            let text = physical.text.trim_start();
            let start = physical.start + physical.text.len() - text.len();
            if let Err(finding) = self.directive(text, start) {
                return Some(Err(*finding));
            }
            if text.starts_with('#') {
                continue;
            }
            let (text, mut goes_on) = self.continued(text);
            if text.is_empty() && !goes_on {
                continue;
            }
            let mut line = Line {
                text: text.to_owned(),
                pieces: vec![(0, start)],
                source: self.source,
            };
            while goes_on {
                let Some(physical) = self.physical() else {
                    break;
                };
                if physical.text.len() > LONGEST {
                    return Some(Err(self.too_long(physical)));
                }
                // A comment between two halves of an instruction is none of its text, and an empty line does not end it.
                let content = physical.text.trim_start();
                if content.is_empty() || content.starts_with('#') {
                    continue;
                }
                let (text, more) = self.continued(physical.text);
                line.pieces.push((line.text.len(), physical.start));
                line.text.push_str(text);
                goes_on = more;
            }
            return Some(Ok(line));
        }
    }

    /// The line without the character that makes it go on, and whether it does. Two of them in a row are none.
    fn continued<'t>(&self, text: &'t str) -> (&'t str, bool) {
        let trimmed = text.trim_end_matches([' ', '\t']);
        match trimmed.strip_suffix(self.escape) {
            Some(before) if !before.ends_with(self.escape) => (before, true),
            _ => (text, false),
        }
    }

    /// `# escape=…` and its like, before anything else.
    fn directive(&mut self, text: &str, start: usize) -> Result<(), Box<Finding>> {
        let Some(mut directives) = self.directives.take() else {
            return Ok(());
        };
        let Some((name, value)) = named_value(text) else {
            return Ok(());
        };
        if !["escape", "syntax", "check"].contains(&name.as_str()) {
            return Ok(());
        }
        let span = Span {
            source: self.source,
            start: start as u32,
            end: (start + text.len()) as u32,
        };
        if directives.seen.contains(&name) {
            let message = format!("There are two `{name}` directives.");
            return Err(Box::new(
                Finding::error("directive-twice", message, span)
                    .label("a second one")
                    .help("keep one of them"),
            ));
        }
        if name == "escape" {
            self.escape = match value {
                "\\" => '\\',
                "`" => '`',
                _ => {
                    let message = format!("`{value}` cannot be the escape character.");
                    return Err(Box::new(
                        Finding::error("escape-character", message, span)
                            .label("neither a backslash nor a backtick")
                            .expected("`\\` or a backtick"),
                    ));
                }
            };
        }
        if name == "syntax" {
            self.syntax = Some(Word {
                text: value.to_owned(),
                span,
            });
        }
        directives.seen.push(name);
        self.directives = Some(directives);
        Ok(())
    }

    fn too_long(&self, physical: Physical<'_>) -> Finding {
        let span = Span {
            source: self.source,
            start: physical.start as u32,
            end: physical.start as u32 + 1,
        };
        let message = format!("A line has more than {LONGEST} bytes.");
        Finding::error("line-too-long", message, span)
            .label("begins here")
            .help("move what is long into a file of its own, and copy that")
    }

    /// Everything up to the line that is `name`, and that line; none where it never comes.
    pub fn up_to(&mut self, name: &str, strips_tabs: bool) -> Option<Range<usize>> {
        let start = self.at;
        while let Some(physical) = self.physical() {
            let text = if strips_tabs {
                physical.text.trim_start_matches('\t')
            } else {
                physical.text
            };
            if text == name {
                return Some(start..physical.start);
            }
        }
        None
    }

    /// A stretch of the text as it is written.
    pub fn word(&self, range: Range<usize>) -> Word {
        Word {
            text: self.text[range.clone()].to_owned(),
            span: Span {
                source: self.source,
                start: range.start as u32,
                end: range.end as u32,
            },
        }
    }

    /// How far has been read, in bytes, without the last line break.
    pub fn read(&self) -> usize {
        self.text[..self.at].trim_end_matches(['\n', '\r']).len()
    }
}

/// `# name = value`, the name in small letters.
fn named_value(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let starts_with_letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_name = starts_with_letter && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_name && !value.is_empty()).then(|| (name.to_ascii_lowercase(), value))
}
