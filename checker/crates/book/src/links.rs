//! Reads a built book back and follows every link in it.

use crate::html::{self, Page, ReferenceKind};
use crate::sources::{self, Sources};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// An address in a page that leads nowhere, or to the network without the reader having asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenLink {
    /// The page (or style sheet) that has it, relative to the destination.
    pub page: PathBuf,
    /// The address as the page has it.
    pub target: String,
    /// What is wrong with it.
    pub problem: LinkProblem,
    /// Where it was written; `None` for a page that is made from no single chapter.
    pub source: Option<LinkSource>,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkProblem {
    /// The book has no such file.
    NoSuchFile,
    /// The page is there, the part of it that the `#fragment` names is not.
    NoSuchFragment,
    /// It climbs out of the book's folder, so it breaks when the book is moved or published.
    OutsideTheBook,
    /// Showing the page fetches it from the network; the book has to work without one.
    LoadedFromNetwork,
}

/// Where in the book's text a link was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSource {
    /// The chapter, relative to the folder of `book.toml`, with forward slashes.
    pub file: String,
    /// The line, counted from 1; `None` if the address is not written in the chapter itself.
    pub line: Option<usize>,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(LinkSource {
                file,
                line: Some(line),
            }) => write!(formatter, "{file}:{line}: ")?,
            Some(LinkSource { file, line: None }) => write!(formatter, "{file}: ")?,
            None => {}
        }
        let (page, target) = (self.page.display(), &self.target);
        match self.problem {
            LinkProblem::NoSuchFile => {
                let next = if names_readme(target) {
                    "link to index.md: mdBook makes the README.md of a folder its index page"
                } else {
                    "look for a typing mistake, or add the file"
                };
                write!(
                    formatter,
                    "the page {page} refers to {target}, and the book has no such file\n  next: {next}"
                )
            }
            LinkProblem::NoSuchFragment => write!(
                formatter,
                "the page {page} refers to {target}, and that page has no such heading or anchor\n  next: compare the part after # with the headings there"
            ),
            LinkProblem::OutsideTheBook => write!(
                formatter,
                "the page {page} refers to {target}, which is outside the book\n  next: put the file into src, or link to where it is published"
            ),
            LinkProblem::LoadedFromNetwork => write!(
                formatter,
                "the page {page} loads {target} from the network\n  next: put the file into src and refer to it there"
            ),
        }
    }
}

fn unreadable(path: &Path, error: io::Error) -> LinkCheckError {
    LinkCheckError::Unreadable {
        path: path.to_owned(),
        error,
    }
}

fn names_readme(target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("readme.html"))
}

/// Why the links could not be checked.
#[derive(Debug)]
pub enum LinkCheckError {
    /// The folder has no page at all.
    NoPages {
        /// The folder.
        destination: PathBuf,
    },
    /// A file or folder of the book cannot be read.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for LinkCheckError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkCheckError::NoPages { destination } => {
                write!(
                    formatter,
                    "{}: there is no page here\n  next: build the book first",
                    destination.display()
                )
            }
            LinkCheckError::Unreadable { path, error } => write!(
                formatter,
                "{}: this part of the built book cannot be read: {error}\n  next: build the book again",
                path.display()
            ),
        }
    }
}

impl std::error::Error for LinkCheckError {}

/// Checks every address in the pages and style sheets of a built book: links, pictures, scripts, fragments.
///
/// Addresses on the network are not visited; it is a mistake to load from one, not to link to one. Script is not
/// run, so an address that only script knows is not seen. A mistake that a page repeats from a chapter's own page
/// (`print.html`) is given once.
///
/// # Errors
///
/// If the folder holds no page or something in it cannot be read: a book that was not looked at has no good links.
pub fn check_links(destination: &Path) -> Result<Vec<BrokenLink>, LinkCheckError> {
    let book = OutputFolder::read(destination)?;
    if book.pages.is_empty() {
        return Err(LinkCheckError::NoPages {
            destination: destination.to_owned(),
        });
    }
    let sources = Sources::read(destination).map_err(|error| unreadable(destination, error))?;

    let mut broken = Vec::new();
    let mut reported = BTreeSet::new();
    let (of_chapters, made): (Vec<_>, Vec<_>) = book
        .pages
        .iter()
        .partition(|(name, _)| sources.page(name).is_some());
    for (name, page) in of_chapters.into_iter().chain(made) {
        let source = sources.page(name);
        let mut reported_here = BTreeSet::new();
        for reference in &page.references {
            let Err((problem, resolved)) =
                book.follow(name, page, &reference.target, reference.kind)
            else {
                continue;
            };
            let is_repetition = source.is_none() && reported.contains(&(problem, resolved.clone()));
            if is_repetition || !reported_here.insert((problem, reference.target.as_str())) {
                continue;
            }
            reported.insert((problem, resolved));
            broken.push(BrokenLink {
                page: PathBuf::from(name),
                target: reference.target.clone(),
                problem,
                source: source.map(|source| LinkSource {
                    file: source.file.clone(),
                    line: source.line_of(&reference.target),
                }),
            });
        }
    }
    Ok(broken)
}

/// The pages in a folder, relative to it, sorted.
pub(crate) fn pages(destination: &Path) -> io::Result<Vec<PathBuf>> {
    let files = files(destination)?;
    Ok(files
        .into_iter()
        .filter(|file| is_page(file))
        .map(PathBuf::from)
        .collect())
}

/// The files of a built book and what stands in its pages.
struct OutputFolder {
    /// Paths in the folder with forward slashes, compared letter by letter: some systems do not mind case, others do.
    files: BTreeSet<String>,
    /// Pages and style sheets.
    pages: BTreeMap<String, Page>,
}

impl OutputFolder {
    fn read(destination: &Path) -> Result<OutputFolder, LinkCheckError> {
        let files = files(destination).map_err(|error| unreadable(destination, error))?;
        let text = |file: &str| {
            let path = destination.join(file);
            std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))
        };
        let mut pages = BTreeMap::new();
        for file in &files {
            if is_page(file) {
                pages.insert(file.clone(), html::read(&text(file)?));
            } else if file.ends_with(".css") {
                let references = html::read_style(&text(file)?);
                pages.insert(
                    file.clone(),
                    Page {
                        references,
                        ..Page::default()
                    },
                );
            }
        }
        Ok(OutputFolder { files, pages })
    }

    /// Where an address leads. The error has what is wrong, and what is missing in words that are the same in every
    /// page: the file, or for a fragment its name alone, as the print page has all chapters in one.
    fn follow(
        &self,
        name: &str,
        page: &Page,
        target: &str,
        kind: ReferenceKind,
    ) -> Result<(), (LinkProblem, String)> {
        if target.starts_with("//") || has_scheme(target) {
            let is_embedded = ["data:", "blob:", "about:"]
                .iter()
                .any(|scheme| target.starts_with(scheme));
            return match kind {
                ReferenceKind::Loaded if !is_embedded => {
                    Err((LinkProblem::LoadedFromNetwork, target.to_owned()))
                }
                _ => Ok(()),
            };
        }
        let (address, fragment) = target.split_once('#').unwrap_or((target, ""));
        let address = decoded(address.split('?').next().unwrap_or_default());
        let file = match resolve(name, page.base.as_deref(), &address) {
            Place::Inside(file) => file,
            Place::Outside(file) => return Err((LinkProblem::OutsideTheBook, file)),
        };
        let in_folder = join(&file, "index.html");
        let file = if self.files.contains(&in_folder) {
            in_folder
        } else {
            file
        };
        if !self.files.contains(&file) {
            return Err((LinkProblem::NoSuchFile, file));
        }
        let fragment = decoded(fragment);
        match self.pages.get(&file) {
            Some(page)
                if is_page(&file) && !fragment.is_empty() && !page.anchors.contains(&fragment) =>
            {
                Err((LinkProblem::NoSuchFragment, fragment))
            }
            _ => Ok(()),
        }
    }
}

/// The file that an address names, relative to the book's folder.
enum Place {
    Inside(String),
    Outside(String),
}

fn resolve(page: &str, base: Option<&str>, address: &str) -> Place {
    if address.is_empty() {
        return Place::Inside(page.to_owned());
    }
    let folder = match base {
        // Only the page for addresses that do not exist has a base: it is shown for any address of the site.
        Some(base) => base,
        None => page.rsplit_once('/').map_or("", |(folder, _)| folder),
    };
    let folder = if address.starts_with('/') { "" } else { folder };

    let mut parts: Vec<&str> = Vec::new();
    let mut climbed = 0;
    for part in folder.split('/').chain(address.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.is_empty() => climbed += 1,
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    if climbed == 0 {
        Place::Inside(path)
    } else {
        Place::Outside(format!("{}{path}", "../".repeat(climbed)))
    }
}

fn join(folder: &str, file: &str) -> String {
    if folder.is_empty() {
        file.to_owned()
    } else {
        format!("{folder}/{file}")
    }
}

fn has_scheme(target: &str) -> bool {
    target.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn is_page(file: &str) -> bool {
    file.ends_with(".html")
}

/// Every file below a folder, as relative paths with forward slashes.
fn files(folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(&current)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(relative) = entry.path().strip_prefix(folder) {
                found.insert(sources::with_slashes(relative));
            }
        }
    }
    Ok(found)
}
