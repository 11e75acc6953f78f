//! The code blocks of the book: everything printed in it is to be run or checked, so each block says what it is.

use crate::mistake::Mistake;
use mdbook_markdown::pulldown_cmark::CodeBlockKind;

/// How a code block is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockStyle {
    /// Between two rows of backticks or tildes.
    Fenced,
    /// Indented by four spaces; such a block cannot name a language.
    Indented,
}

/// A code block of a chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// The first word after the opening row: `yaml` in ```` ```yaml,ignore ````. Empty if there is none.
    pub language: String,
    /// Whatever follows the language on that row, without the separator: `ignore` in ```` ```yaml,ignore ````.
    pub attributes: String,
    /// The text between the rows, as the reader sees it.
    pub text: String,
    /// The line of the opening row, counted from 1; for an indented block its first line.
    pub line: usize,
    /// The line of the closing row; for an indented block its last line.
    pub last_line: usize,
    /// Fenced or indented.
    pub style: BlockStyle,
}

impl Fence {
    /// A block whose text is still to come.
    pub(crate) fn opened(kind: CodeBlockKind<'_>, line: usize) -> Fence {
        let (information, style) = match kind {
            CodeBlockKind::Fenced(information) => (information.into_string(), BlockStyle::Fenced),
            CodeBlockKind::Indented => (String::new(), BlockStyle::Indented),
        };
        let information = information.trim();
        let (language, attributes) = match information.find([',', ' ', '\t', '{']) {
            Some(end) => (
                &information[..end],
                information[end..].trim_start_matches([',', ' ', '\t']),
            ),
            None => (information, ""),
        };
        Fence {
            language: language.to_owned(),
            attributes: attributes.to_owned(),
            text: String::new(),
            line,
            last_line: line,
            style,
        }
    }
}

/// A mistake for each block that does not say what it is.
pub(crate) fn without_language(fences: &[Fence], file: &str) -> Vec<Mistake> {
    fences
        .iter()
        .filter(|fence| fence.language.is_empty())
        .map(|fence| {
            let (problem, next) = match fence.style {
                BlockStyle::Fenced => (
                    "this fence names no language, so nothing can check it",
                    "write one after the backticks: yaml, bash, text for a printed output, …; if it closes a block whose \
                     opening row has a backtick in it, write both rows with ~~~",
                ),
                BlockStyle::Indented => (
                    "these indented lines are a code block without a language",
                    "put them between ``` rows with a language, or take the indentation away if they are no code",
                ),
            };
            Mistake { file: file.to_owned(), line: fence.line, problem: problem.to_owned(), next: next.to_owned() }
        })
        .collect()
}

/// A mistake for each block that has no end.
pub(crate) fn without_end(lines: &[usize], file: &str) -> Vec<Mistake> {
    lines
        .iter()
        .map(|line| Mistake {
            file: file.to_owned(),
            line: *line,
            problem: "this fence is never closed, so it swallows what follows".to_owned(),
            next: "close it with a row of as many backticks as it was opened with".to_owned(),
        })
        .collect()
}
