//! What stands in a chapter: its code blocks and its links, each with its line.
//!
//! The text is read with mdBook's own parser and options, so that what is a code block here is one on the page.

use crate::fences::Fence;
use crate::html;
use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// Code blocks, admonitions and links of one text.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) fences: Vec<Fence>,
    pub(crate) admonitions: Vec<Admonition>,
    pub(crate) links: Vec<Link>,
    /// The opening lines of fences without a closing row: such a fence swallows the rest of the chapter.
    pub(crate) unclosed: Vec<usize>,
}

/// A block that mdbook-admonish turns into a box.
#[derive(Debug)]
pub(crate) struct Admonition {
    /// The words after `admonish` on the opening row.
    pub(crate) configuration: String,
    pub(crate) line: usize,
    pub(crate) surroundings: Surroundings,
}

/// What an admonition stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surroundings {
    Chapter,
    Admonition,
    Quotation,
}

/// The target of a link or a picture as the author wrote it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) target: String,
    pub(crate) line: usize,
}

/// Every code block of a chapter in reading order, with those inside admonitions and without the admonitions themselves.
pub fn fences(chapter: &str) -> Vec<Fence> {
    read(chapter).fences
}

/// Reads a chapter. Lines count from 1.
pub(crate) fn read(markdown: &str) -> Contents {
    let mut contents = Contents::default();
    read_into(&mut contents, markdown, 1, Surroundings::Chapter);
    contents
}

fn read_into(
    contents: &mut Contents,
    markdown: &str,
    first_line: usize,
    surroundings: Surroundings,
) {
    let mut open_block: Option<Fence> = None;
    let mut open_quotations = 0_usize;
    for (event, range) in new_cmark_parser(markdown, &MarkdownOptions::default()).into_offset_iter()
    {
        let line = first_line + line_breaks(&markdown[..range.start]);
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let block = &markdown[range];
                if matches!(kind, CodeBlockKind::Fenced(_)) && !is_closed(block) {
                    contents.unclosed.push(line);
                }
                let mut fence = Fence::opened(kind, line);
                fence.last_line = line + line_breaks(block.trim_end());
                open_block = Some(fence);
            }
            Event::Text(text) if open_block.is_some() => {
                if let Some(block) = &mut open_block {
                    block.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(block) = open_block.take() {
                    let surroundings = if open_quotations > 0 {
                        Surroundings::Quotation
                    } else {
                        surroundings
                    };
                    close(contents, block, surroundings);
                }
            }
            Event::Start(Tag::BlockQuote(_)) => open_quotations += 1,
            Event::End(TagEnd::BlockQuote(_)) => {
                open_quotations = open_quotations.saturating_sub(1)
            }
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                contents.links.push(Link {
                    target: dest_url.into_string(),
                    line,
                });
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                let references = html::read(&text).references;
                contents
                    .links
                    .extend(references.into_iter().map(|reference| Link {
                        target: reference.target,
                        line,
                    }));
            }
            _ => {}
        }
    }
}

/// An admonition is a box around more of the chapter, so its text is read like the chapter.
fn close(contents: &mut Contents, block: Fence, surroundings: Surroundings) {
    if block.language == "admonish" {
        read_into(
            contents,
            &block.text,
            block.line + 1,
            Surroundings::Admonition,
        );
        contents.admonitions.push(Admonition {
            configuration: block.attributes,
            line: block.line,
            surroundings,
        });
    } else {
        contents.fences.push(block);
    }
}

/// Whether a fenced block, given from its opening row on, ends with a row of at least as many marks.
fn is_closed(block: &str) -> bool {
    let mark = block.chars().next().unwrap_or('`');
    let opening = block.chars().take_while(|letter| *letter == mark).count();
    let Some((_, last)) = block.trim_end().rsplit_once('\n') else {
        return false;
    };
    let last = last.trim_start_matches([' ', '\t', '>']).trim_end();
    last.chars().count() >= opening && last.chars().all(|letter| letter == mark)
}

fn line_breaks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}
