//! Where the pages of a built book come from.
//!
//! The build leaves this in the output folder, so that a broken link in a page can be named by the line in the
//! chapter where it was written. The same file marks the folder as one that a build may empty.

use crate::markdown::Link;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The name of the file in the output folder.
pub(crate) const FILE_NAME: &str = ".book-sources.json";

const FORMAT: u32 = 1;

/// The chapters behind the pages of one output folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sources {
    format: u32,
    /// By the page's path in the output folder, with forward slashes.
    pages: BTreeMap<String, PageSource>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PageSource {
    /// The chapter, relative to the folder of `book.toml`, with forward slashes.
    pub(crate) file: String,
    /// Every link in the chapter as it appears in the page, with the first line that has it.
    links: BTreeMap<String, usize>,
}

impl Sources {
    pub(crate) fn new() -> Sources {
        Sources {
            format: FORMAT,
            pages: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, page: String, file: String, links: Vec<Link>) {
        let mut by_target = BTreeMap::new();
        for Link { target, line } in links {
            by_target.entry(as_rendered(&target)).or_insert(line);
        }
        self.pages.insert(
            page,
            PageSource {
                file,
                links: by_target,
            },
        );
    }

    pub(crate) fn page(&self, page: &str) -> Option<&PageSource> {
        self.pages.get(page)
    }

    pub(crate) fn write(&self, destination: &Path) -> io::Result<()> {
        std::fs::write(
            destination.join(FILE_NAME),
            serde_json::to_vec_pretty(self)?,
        )
    }

    /// Reads what a build left; a folder that some other program built has none.
    pub(crate) fn read(destination: &Path) -> io::Result<Sources> {
        match std::fs::read(destination.join(FILE_NAME)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Sources::new()),
            Err(error) => Err(error),
        }
    }
}

impl PageSource {
    /// The line of the chapter that has a link with this target.
    pub(crate) fn line_of(&self, target: &str) -> Option<usize> {
        self.links.get(target).copied()
    }
}

/// The page of a chapter, both as paths with forward slashes: mdBook makes `README.md` the `index.html` of its folder.
pub(crate) fn page_of(chapter: &Path) -> String {
    let is_readme = chapter
        .file_stem()
        .is_some_and(|stem| stem.eq_ignore_ascii_case("readme"));
    let page = if is_readme {
        chapter.with_file_name("index.html")
    } else {
        chapter.with_extension("html")
    };
    with_slashes(&page)
}

/// A relative path as it is written in links and messages on every system.
pub(crate) fn with_slashes(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// A link to a chapter as mdBook writes it into the page.
fn as_rendered(target: &str) -> String {
    let (path, fragment) = match target.find('#') {
        Some(start) => target.split_at(start),
        None => (target, ""),
    };
    match path.strip_suffix(".md") {
        Some(path) if !path.contains(':') => format!("{path}.html{fragment}"),
        _ => target.to_owned(),
    }
}
