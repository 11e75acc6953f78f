//! What Compose's YAML reader forgives and ours does not: the text is mended where reading stops, and read again.

use granit_parser::{ErrorKind, ScanError};

/// A text with its mends, and where everything in it stood before.
pub(crate) struct Mended {
    text: String,
    mends: Vec<Mend>,
}

/// One change; the next ones are always behind it, because reading gets further each time.
struct Mend {
    /// Where the new text starts.
    at: usize,
    new: usize,
    old: usize,
}

/// Where the reader stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Between `[` and `]` or `{` and `}`.
    Brackets,
    Block,
}

impl Mended {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_string(),
            mends: Vec::new(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Where the byte at `offset` stands in the text as it was written.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let mut removed = 0;
        let mut added = 0;
        for mend in self.mends.iter().take_while(|mend| mend.at < offset) {
            removed += mend.old;
            added += mend.new.min(offset - mend.at);
        }
        offset + removed - added
    }

    /// Mends what stopped the reader. Returns whether it is worth reading again.
    pub(crate) fn mend(&mut self, error: &ScanError, within: Within) -> bool {
        let at = error.marker().byte_offset().unwrap_or(0);
        match error.kind() {
            // `"80:80"#web`: a comment without a space before it.
            ErrorKind::CommentNotSeparated => self.replace(at, 0, " "),
            // Between brackets a tab is as good as a space.
            ErrorKind::TabInBlockIndentation if within == Within::Brackets => {
                self.replace_tabs_before(at)
            }
            // A text in quotes may go on at any column; blanks at the start of its lines say nothing.
            ErrorKind::InvalidQuotedScalarIndent | ErrorKind::TabInIndentation => {
                !self.is_document_mark(at) && self.replace(at, 0, &" ".repeat(FAR))
            }
            // `"it\'s"`
            ErrorKind::UnknownQuotedScalarEscape => self.replace_escaped_quote(at),
            _ => false,
        }
    }

    /// Whether a line starts here that ends a document even between quotes.
    fn is_document_mark(&self, at: usize) -> bool {
        let (before, behind) = self.text.split_at_checked(at).unwrap_or_default();
        before.ends_with('\n') && (behind.starts_with("---") || behind.starts_with("..."))
    }

    fn replace_tabs_before(&mut self, end: usize) -> bool {
        let blanks = |text: &str| text.len() - text.trim_end_matches([' ', '\t']).len();
        let length = self.text.get(..end).map_or(0, blanks);
        let start = end - length;
        self.text[start..end].contains('\t') && self.replace(start, length, &" ".repeat(length))
    }

    /// In the text between double quotes that starts at `start`, writes the first `\'` as every reader knows it.
    fn replace_escaped_quote(&mut self, start: usize) -> bool {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while at + 1 < bytes.len() && bytes[at] != b'"' {
            if bytes[at..].starts_with(b"\\'") {
                return self.replace(at, 2, "\\x27");
            }
            at += if bytes[at] == b'\\' { 2 } else { 1 };
        }
        false
    }

    fn replace(&mut self, at: usize, old: usize, new: &str) -> bool {
        if !self.text.is_char_boundary(at) {
            return false;
        }
        self.text.replace_range(at..at + old, new);
        self.mends.push(Mend {
            at,
            new: new.len(),
            old,
        });
        true
    }
}

/// Whether the reader stopped because a quote is opened, closed or missing.
pub(crate) fn is_about_quotes(error: &ScanError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::TabInIndentation
            | ErrorKind::UnclosedQuotedScalar
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
    )
}

/// Further to the right than any list or mapping is indented.
const FAR: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_text_as_it_was_written() {
        let mut mended = Mended::new("a#b \"\\'\" c");
        assert!(mended.replace(1, 0, " "));
        assert!(mended.replace_escaped_quote(5));
        assert_eq!(mended.text(), "a #b \"\\x27\" c");
        let places: Vec<usize> = [0, 1, 2, 3, 6, 10, 11, 12]
            .into_iter()
            .map(|offset| mended.original(offset))
            .collect();
        assert_eq!(places, [0, 1, 1, 2, 5, 7, 8, 9]);
    }
}
