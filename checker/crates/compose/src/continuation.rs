//! Quoted values that go on in lines which are indented too little.
//!
//! YAML wants such lines indented more than the mapping or list around them, and the parser insists on it; Compose's
//! reader takes them. The blanks that are missing say nothing, so they are put in before parsing, and places are counted as
//! if they were not there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{ErrorKind, Options, Parser, ScanError, StrInput};

/// How much text is parsed again for this; a file that needs more is refused as it is.
const MOST_BYTES: usize = 32 << 20;

/// A text with blanks put in where quoted values go on.
pub(crate) struct Continuations<'a> {
    written: &'a str,
    text: Cow<'a, str>,
    /// How many blanks stand before which byte of the text as it is written.
    blanks: BTreeMap<usize, usize>,
    /// Where blanks end in the text to parse, and how many there are up to there.
    ends: Vec<(usize, usize)>,
    options: Options,
    parsed_bytes: usize,
}

impl<'a> Continuations<'a> {
    pub(crate) fn new(written: &'a str, options: Options) -> Self {
        Self {
            written,
            text: Cow::Borrowed(written),
            blanks: BTreeMap::new(),
            ends: Vec::new(),
            options,
            parsed_bytes: 0,
        }
    }

    /// The text to parse.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where a byte of the text to parse stands in the text as it is written.
    pub(crate) fn written_at(&self, at: usize) -> usize {
        let before = self.ends.partition_point(|(end, _)| *end <= at);
        let blanks = match before.checked_sub(1) {
            Some(last) => self.ends[last].1,
            None => 0,
        };
        // Within blanks, their end stands for them.
        self.ends
            .get(before)
            .map_or(at - blanks, |(end, total)| (at - blanks).min(end - total))
    }

    /// Indents the quoted value that the parser stopped in. Nothing is to be done about any other error.
    pub(crate) fn indent(&mut self, error: &ScanError) -> bool {
        let may_be_indentation = matches!(
            error.kind(),
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation
        );
        self.parsed_bytes += self.text.len();
        if !may_be_indentation || self.parsed_bytes > MOST_BYTES {
            return false;
        }
        let stopped = error.marker().byte_offset().unwrap_or(0);
        let Some(quote) = self.open_quote(stopped) else {
            return false;
        };
        let quote = self.written_at(quote);
        let line = self.written[..quote].rfind('\n').map_or(0, |end| end + 1);
        let (added, known) = (quote - line + 1, self.blanks.len());
        for start in continued_lines(self.written, quote) {
            self.blanks.insert(start, added);
        }
        self.lay_out();
        self.blanks.len() > known
    }

    /// The quote that is open where the parser stopped.
    fn open_quote(&self, stopped: usize) -> Option<usize> {
        // Up to the end of the line above, or the parser would stop for the same reason again.
        let before = self
            .text
            .get(..stopped)?
            .trim_end_matches([' ', '\t', '\r', '\n']);
        let options = self.options.clone();
        let mut parser = Parser::<StrInput<'_>>::new_from_str_with_options(before, options);
        let error = std::iter::from_fn(|| parser.next_event()).find_map(Result::err)?;
        match error.kind() {
            ErrorKind::UnclosedQuotedScalar => error.marker().byte_offset(),
            _ => None,
        }
    }

    fn lay_out(&mut self) {
        let mut text = String::with_capacity(self.written.len());
        self.ends.clear();
        let (mut copied, mut total) = (0, 0);
        for (at, blanks) in &self.blanks {
            text.push_str(&self.written[copied..*at]);
            text.extend(std::iter::repeat_n(' ', *blanks));
            copied = *at;
            total += blanks;
            self.ends.push((text.len(), total));
        }
        text.push_str(&self.written[copied..]);
        self.text = Cow::Owned(text);
    }
}

/// Where the lines start in which the value goes on that `quote` opens.
fn continued_lines(text: &str, quote: usize) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mark = bytes[quote];
    let mut starts = Vec::new();
    let mut at = quote + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if mark == b'"' && bytes.get(at + 1) != Some(&b'\n') => at += 1,
            b'\'' if mark == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if *byte == mark => break,
            // A line that looks like the end of a document stays where it is, and is refused.
            b'\n' if !text[at + 1..].starts_with("---") && !text[at + 1..].starts_with("...") => {
                starts.push(at + 1);
            }
            _ => {}
        }
        at += 1;
    }
    starts
}
