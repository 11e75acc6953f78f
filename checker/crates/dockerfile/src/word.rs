//! A word of a Dockerfile.

use compose::Span;

/// A stretch of text with its place. The text has no line breaks of the file in it: a line that goes on after a backslash
/// is one line here, so the text may be shorter than what the place covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}
