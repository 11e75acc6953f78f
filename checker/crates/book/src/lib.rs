//! Builds the book: mdBook as a library, in process, with nothing to install and nothing to download.
//!
//! What this crate adds to mdBook, in the order in which a chapter meets it:
//!
//! 1. `{{#checks lesson-4}}`, `{{#quiz lesson-4}}` and `{{#fact lesson-4 minutes}}` are replaced by what the
//!    lesson file says ([`LessonPage`]), so that a page is never out of date. See [`BuildRequest`].
//! 2. Every code block has a language ([`Fence`]) and says what is done to know that it is true ([`Snippet`]); a block
//!    that does not is a [`Mistake`] with its place. The page shows the blocks without those words.
//! 3. Admonitions, ```` ```admonish tip title="…" ````, are rendered by mdbook-admonish.
//! 4. mdBook renders the pages.
//! 5. Inline scripts and styles are moved into files, so that a page can forbid them.
//! 6. [`check_links`] reads the pages back: every link, picture and anchor leads somewhere, and nothing is
//!    loaded from the network.
//!
//! The crate knows nothing about lesson files: it is given the text that belongs into the pages.

mod accessible;
mod admonish;
mod build;
mod chapters;
mod diagnostics;
mod directives;
mod error;
mod fences;
mod html;
mod lesson_page;
mod links;
mod markdown;
mod mistake;
mod policy;
mod settings;
mod snippets;
mod sources;
mod summary;

pub use build::{BuildRequest, Built, build, snippets};
pub use error::BuildError;
pub use fences::{BlockStyle, Fence};
pub use lesson_page::LessonPage;
pub use links::{BrokenLink, LinkCheckError, LinkProblem, LinkSource, check_links};
pub use markdown::fences;
pub use mistake::Mistake;
pub use snippets::{ChapterSnippets, Exchange, Language, Manner, Snippet, Task, Varies};
