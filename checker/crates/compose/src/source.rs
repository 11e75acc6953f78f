//! Source files and places in them.

use std::sync::OnceLock;

/// Names one source file among those read for one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A stretch of one source file, in bytes of the text as read (after a byte-order mark; CRLF kept).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether the two stretches share text, or one lies at an end of the other.
    pub(crate) fn overlaps(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.end && other.start <= self.end
    }
}

/// A place as people count it: both numbers start at 1, and the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path relative to the project folder, separated by `/`.
    pub path: String,
    /// The text, without a byte-order mark.
    pub text: String,
}

/// All files that were read for one load.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    lines: Vec<LineStarts>,
}

/// The first byte of each line, found once somebody asks for a place: most files are never asked about, and a file with many
/// mistakes is asked about many times.
#[derive(Clone, Debug, Default)]
struct LineStarts(OnceLock<Vec<u32>>);

impl LineStarts {
    /// The line that holds the byte at `offset`, from 0, and its first byte.
    fn line_at(&self, text: &str, offset: usize) -> (usize, usize) {
        let starts = self.0.get_or_init(|| {
            let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0)
                .chain(breaks.map(|(at, _)| at as u32 + 1))
                .collect()
        });
        let line = starts.partition_point(|start| *start as usize <= offset) - 1;
        (line, starts[line] as usize)
    }
}

impl Sources {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and returns its name.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(Source {
            path: path.into(),
            text: text.into(),
        });
        self.lines.push(LineStarts::default());
        id
    }

    /// Calls each file by another path, for people who stand in another folder.
    pub fn rename(&mut self, name: impl Fn(&str) -> String) {
        for file in &mut self.files {
            file.path = name(&file.path);
        }
    }

    /// The file that `id` names. An id of another `Sources` gives an empty file.
    pub fn get(&self, id: SourceId) -> &Source {
        static UNKNOWN: Source = Source {
            path: String::new(),
            text: String::new(),
        };
        self.files.get(id.0 as usize).unwrap_or(&UNKNOWN)
    }

    /// Where `span` starts.
    pub fn position(&self, span: Span) -> Position {
        self.position_at(span.source, span.start as usize)
    }

    /// Where `span` ends: the place right after its last character.
    pub fn end_position(&self, span: Span) -> Position {
        self.position_at(span.source, span.end as usize)
    }

    /// The whole line on which `span` starts, without its line break.
    pub fn line_text(&self, span: Span) -> &str {
        let text = &self.get(span.source).text;
        let start = floor_boundary(text, span.start as usize);
        let (_, from) = self.line_at(span.source, start);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        text[from..to].trim_end_matches('\r')
    }

    fn position_at(&self, source: SourceId, offset: usize) -> Position {
        let text = &self.get(source).text;
        let offset = floor_boundary(text, offset);
        let (line, start) = self.line_at(source, offset);
        Position {
            line: line as u32 + 1,
            column: text[start..offset].chars().count() as u32 + 1,
        }
    }

    /// The line that holds the byte at `offset`, from 0, and its first byte.
    pub(crate) fn line_at(&self, source: SourceId, offset: usize) -> (usize, usize) {
        match (
            self.files.get(source.0 as usize),
            self.lines.get(source.0 as usize),
        ) {
            (Some(file), Some(lines)) => lines.line_at(&file.text, offset),
            _ => (0, 0),
        }
    }

    /// The text that `span` covers.
    pub fn text(&self, span: Span) -> &str {
        let text = &self.get(span.source).text;
        text.get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// All files with their names, in the order they were read.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (SourceId(at as u32), file))
    }
}

/// The nearest character boundary at or before `offset`, so that a foreign span can never split a character.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let mut sources = Sources::new();
        let source = sources.add("compose.yaml", "a: é\r\nbé: x\r\n");
        let span = Span {
            source,
            start: 12,
            end: 13,
        };
        assert_eq!(sources.text(span), "x");
        assert_eq!(sources.position(span), Position { line: 2, column: 5 });
        assert_eq!(sources.end_position(span), Position { line: 2, column: 6 });
        assert_eq!(sources.line_text(span), "bé: x");
    }

    #[test]
    fn a_span_of_another_file_never_panics() {
        let sources = Sources::new();
        let span = Span {
            source: SourceId(7),
            start: 3,
            end: 90,
        };
        assert_eq!(sources.position(span), Position { line: 1, column: 1 });
        assert_eq!(sources.line_text(span), "");
    }
}
