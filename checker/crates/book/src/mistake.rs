//! A mistake in the text of the book, with its place.

use std::fmt;

/// Something the author of a chapter has to mend before the book can be built.
///
/// Displays as `src/04-milvus-stack.md:12: what is wrong` and, on the next line, what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, relative to the folder of `book.toml`, with forward slashes.
    pub file: String,
    /// The line in the file, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do next.
    pub next: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake {
            file,
            line,
            problem,
            next,
        } = self;
        write!(formatter, "{file}:{line}: {problem}\n  next: {next}")
    }
}

/// The known name that was probably meant by `written`: one at a distance of at most a third of its length.
pub(crate) fn nearest<'names>(
    written: &str,
    known: impl IntoIterator<Item = &'names str>,
) -> Option<&'names str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}
