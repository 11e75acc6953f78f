//! Admonitions by mdbook-admonish, which is written for mdBook 0.4.
//!
//! Its command fails under mdBook 0.5, its library does not care: one chapter at a time is wrapped into a book of the
//! old version, rendered, and its text taken back. To be deleted when a release supports mdBook 0.5
//! (<https://github.com/tommilligan/mdbook-admonish/issues/233>).
//!
//! Its style sheet is not part of its library; the boxes are styled by the book's own `theme/book.css`.

use crate::mistake::nearest;
use mdbook_0_4::BookItem;
use mdbook_0_4::book::{Book, Chapter};
use mdbook_0_4::preprocess::{Preprocessor, PreprocessorContext};
use mdbook_admonish::Admonish;
use serde_json::json;

/// The kinds of box and their other names, from the crate's reference page.
const KINDS: [&str; 27] = [
    "note",
    "abstract",
    "summary",
    "tldr",
    "info",
    "todo",
    "tip",
    "hint",
    "important",
    "success",
    "check",
    "done",
    "question",
    "help",
    "faq",
    "warning",
    "caution",
    "attention",
    "failure",
    "fail",
    "missing",
    "danger",
    "error",
    "bug",
    "example",
    "quote",
    "cite",
];

/// What is wrong with the words after `admonish`, and what to do about it.
pub(crate) struct Objection {
    pub(crate) problem: String,
    pub(crate) next: String,
}

/// Judges the words after `admonish` of one block. The crate itself shows a box of an unknown kind as a note.
pub(crate) fn judge(configuration: &str) -> Result<(), Objection> {
    if let Some(kind) = kind(configuration).filter(|kind| !KINDS.contains(kind)) {
        let next = match nearest(kind, KINDS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the kinds are: {}", KINDS.join(", ")),
        };
        return Err(Objection {
            problem: format!("there is no admonition of the kind `{kind}`"),
            next,
        });
    }
    match render(&format!("```admonish {configuration}\n```\n")) {
        Ok(_) => Ok(()),
        Err(_) => Err(Objection {
            problem: format!("the options of this admonition cannot be read: `{configuration}`"),
            next: "write them like this: ```admonish tip title=\"One thing\", collapsible=true"
                .to_owned(),
        }),
    }
}

/// The kind of box that is asked for, in any of the crate's spellings: `tip`, `tip.class`, `type="tip"`.
fn kind(configuration: &str) -> Option<&str> {
    let first = configuration
        .split([' ', ','])
        .next()
        .filter(|word| !word.is_empty())?;
    match first.split_once('=') {
        Some(("type", kind)) => Some(kind.trim_matches('"')),
        Some(_) => None,
        None => first.split('.').next(),
    }
}

/// Replaces the admonitions of a chapter by HTML around Markdown. The error is mdbook-admonish's own text.
pub(crate) fn render(chapter: &str) -> Result<String, String> {
    let mut book = Book::new();
    let chapter = without_blanks_after_rows(chapter);
    book.push_item(Chapter::new("", chapter, "", Vec::new()));
    let context = context().map_err(|error| error.to_string())?;
    let rendered = Admonish
        .run(&context, book)
        .map_err(|error| error.to_string())?;
    match rendered.sections.into_iter().next() {
        Some(BookItem::Chapter(chapter)) => Ok(chapter.content),
        _ => Err("mdbook-admonish gave no chapter back".to_owned()),
    }
}

/// The crate takes the last letter of a block for the mark of its rows: blanks or a carriage return after the
/// closing row would make it show in the page.
fn without_blanks_after_rows(chapter: &str) -> String {
    let mut text = String::with_capacity(chapter.len());
    for line in chapter.split_inclusive('\n') {
        let row = line.trim();
        let is_row = row.len() >= 3
            && (row.bytes().all(|byte| byte == b'`') || row.bytes().all(|byte| byte == b'~'));
        if is_row {
            text.push_str(line.trim_end());
            text.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            text.push_str(line);
        }
    }
    text
}

/// The constructor of the old context is private; its serialised form is its public interface.
fn context() -> serde_json::Result<PreprocessorContext> {
    serde_json::from_value(json!({
        "root": "",
        "config": {
            "preprocessor": {
                "admonish": {
                    "on_failure": "bail",
                    // The version of the installed style sheet, which the crate asks for; ours follows its 3.x markup.
                    "assets_version": "3.1.0",
                }
            }
        },
        "renderer": "html",
        "mdbook_version": mdbook_0_4::MDBOOK_VERSION,
    }))
}
