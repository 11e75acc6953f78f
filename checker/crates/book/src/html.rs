//! What an HTML page refers to and what can be linked to in it.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::cell::RefCell;
use std::collections::HashSet;

/// The anchors and references of one page, in document order.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Every `id`, and every `name` of an `a`: what a fragment may name.
    pub(crate) anchors: HashSet<String>,
    pub(crate) references: Vec<Reference>,
    /// The `href` of `<base>`: what relative references are relative to.
    pub(crate) base: Option<String>,
}

/// One address in a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) target: String,
    pub(crate) kind: ReferenceKind,
}

/// What a browser does with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// Goes there when the reader asks for it.
    Followed,
    /// Fetches it to show the page.
    Loaded,
}

/// Reads a page or a piece of one. HTML has no syntax errors: any text is read as a browser would.
pub(crate) fn read(text: &str) -> Page {
    let tokenizer = Tokenizer::new(PageSink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    // The tokenizer pauses only where its sink asks for it, and this sink never does.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.page.into_inner()
}

/// The addresses that a style sheet loads: every `url(…)`, and every `@import "…"`.
pub(crate) fn read_style(style: &str) -> Vec<Reference> {
    let in_function = style
        .split("url(")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let imported = style
        .split("@import")
        .skip(1)
        .filter_map(|rest| rest.split(';').next());
    in_function
        .chain(imported.filter(|rule| !rule.contains("url(")))
        .map(|address| address.trim().trim_matches(['"', '\'']))
        .map(|address| Reference {
            target: address.to_owned(),
            kind: ReferenceKind::Loaded,
        })
        .collect()
}

#[derive(Default)]
struct PageSink {
    page: RefCell<Page>,
    in_style: RefCell<bool>,
}

impl TokenSink for PageSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                self.page.borrow_mut().add(&tag);
                *self.in_style.borrow_mut() = &*tag.name == "style";
                match &*tag.name {
                    // What stands in these two is no markup, even where it looks like it.
                    "script" => return TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" => return TokenSinkResult::RawData(RawKind::Rawtext),
                    _ => {}
                }
            }
            Token::TagToken(_) => *self.in_style.borrow_mut() = false,
            Token::CharacterTokens(text) if *self.in_style.borrow() => {
                self.page.borrow_mut().references.extend(read_style(&text));
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn add(&mut self, tag: &Tag) {
        let element = &*tag.name;
        for attribute in &tag.attrs {
            let value = attribute.value.trim();
            match (element, &*attribute.name.local) {
                (_, "id") | ("a", "name") => {
                    self.anchors.insert(value.to_owned());
                }
                ("base", "href") => self.base = Some(value.to_owned()),
                ("a" | "area", "href") | ("form", "action") => {
                    self.refer(value, ReferenceKind::Followed)
                }
                ("link", "href") => self.refer(value, link_kind(tag)),
                (_, "src" | "poster")
                | ("object", "data")
                | ("use" | "image", "href" | "xlink:href") => {
                    self.refer(value, ReferenceKind::Loaded);
                }
                (_, "srcset") => {
                    for candidate in value
                        .split(',')
                        .filter_map(|candidate| candidate.split_whitespace().next())
                    {
                        self.refer(candidate, ReferenceKind::Loaded);
                    }
                }
                (_, "style") => self.references.extend(read_style(value)),
                // mdBook's script asks this server as soon as a page has such a block.
                ("pre", "class") if value.split_whitespace().any(|class| class == "playground") => {
                    self.refer("https://play.rust-lang.org/", ReferenceKind::Loaded);
                }
                _ => {}
            }
        }
    }

    fn refer(&mut self, target: &str, kind: ReferenceKind) {
        self.references.push(Reference {
            target: target.to_owned(),
            kind,
        });
    }
}

/// A `link` element loads a style sheet or an icon, but `rel="canonical"` and its like are only information.
fn link_kind(tag: &Tag) -> ReferenceKind {
    let relation = tag
        .attrs
        .iter()
        .find(|attribute| &*attribute.name.local == "rel");
    match relation.map(|attribute| attribute.value.to_ascii_lowercase()) {
        Some(relation)
            if ["canonical", "alternate", "author", "license"].contains(&relation.trim()) =>
        {
            ReferenceKind::Followed
        }
        _ => ReferenceKind::Loaded,
    }
}
