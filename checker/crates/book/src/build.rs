//! What is done with a whole book: it is built into a folder of plain files, or its code blocks are read.

use crate::chapters::{self, Material, Prepared};
use crate::diagnostics::{self, Messages};
use crate::error::BuildError;
use crate::lesson_page::LessonPage;
use crate::snippets::ChapterSnippets;
use crate::sources::{self, Sources};
use crate::{accessible, links, policy, settings, summary};
use mdbook_driver::MDBook;
use std::io;
use std::path::{Path, PathBuf};

/// What to build, and where.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The folder of `book.toml`. Nothing in it is changed.
    pub root: PathBuf,
    /// The folder for the pages: new, empty, or one that an earlier build filled. It is emptied first.
    pub destination: PathBuf,
    /// What the lesson files say, for the directives in the chapters.
    pub lessons: Vec<LessonPage>,
}

/// A finished book.
#[derive(Debug)]
pub struct Built {
    /// Every page, relative to the destination, sorted.
    pub pages: Vec<PathBuf>,
    /// What is worth a look although the book could be built, in whole sentences.
    pub warnings: Vec<String>,
}

/// Builds the book: reads `book.toml` and the chapters, fills in what the lessons say, writes the pages.
///
/// Runs no other program, reads no environment variable and needs no network. With an error in the text nothing is
/// written and an earlier book in the destination stays as it was.
///
/// # Errors
///
/// See [`BuildError`]. Mistakes in the chapters are given all at once, each with its file and line.
pub fn build(request: &BuildRequest) -> Result<Built, BuildError> {
    let BuildRequest {
        root,
        destination,
        lessons,
    } = request;
    let destination_error = |error| BuildError::Destination {
        destination: destination.clone(),
        error,
    };
    let destination_path = std::path::absolute(destination).map_err(destination_error)?;
    let Source {
        root,
        source,
        mut book,
        loading,
    } = load(root, &destination_path)?;
    may_be_emptied(&destination_path)?;

    let material = Material {
        root: &root,
        source: &source,
        lessons,
    };
    let Prepared {
        sources,
        mut warnings,
    } = chapters::prepare(&mut book.book, &material).map_err(BuildError::Mistakes)?;

    let (rendered, rendering) = diagnostics::collect(|| book.build());
    // Also after a failure, so that the next build may empty the folder again.
    mark(&sources, &destination_path).map_err(destination_error)?;
    let Messages {
        mut errors,
        warnings: of_rendering,
    } = rendering;
    errors.extend(rendered.err().map(|error| format!("{error:#}")));
    errors.extend(loading.errors);
    if !errors.is_empty() {
        return Err(BuildError::Rendering { problems: errors });
    }

    warnings.extend(loading.warnings.into_iter().chain(of_rendering));
    let pages = links::pages(&destination_path).map_err(destination_error)?;
    accessible::mend_all(&destination_path, &pages).map_err(destination_error)?;
    // Last, because it moves what the pages load.
    policy::apply(&destination_path, &pages).map_err(destination_error)?;
    Ok(Built { pages, warnings })
}

/// Reads every chapter of the book, with what the lesson files put into it.
///
/// # Errors
///
/// `book.toml`, the table of contents or a chapter cannot be read, or has mistakes; all of those are given at once.
pub fn snippets(root: &Path, lessons: &[LessonPage]) -> Result<Vec<ChapterSnippets>, BuildError> {
    let Source {
        root,
        source,
        mut book,
        ..
    } = load(root, &root.join("book-output"))?;
    let material = Material {
        root: &root,
        source: &source,
        lessons,
    };
    chapters::code_blocks(&mut book.book, &material).map_err(BuildError::Mistakes)
}

/// A book with its chapters as they are on disk.
struct Source {
    /// The folder of `book.toml`, absolute.
    root: PathBuf,
    /// The folder of the chapters, relative to `root`.
    source: PathBuf,
    book: MDBook,
    /// What mdBook had to say about the loading.
    loading: Messages,
}

/// Reads `book.toml`, the table of contents and the chapters, for a book that goes to `destination`.
fn load(root: &Path, destination: &Path) -> Result<Source, BuildError> {
    let root = std::path::absolute(root).map_err(|error| BuildError::Settings {
        file: root.join("book.toml"),
        problem: error.to_string(),
    })?;
    let config = settings::read(&root, destination)?;

    let source = config.book.src.clone();
    let missing = summary::judge(&root, &source);
    if !missing.is_empty() {
        return Err(BuildError::Mistakes(missing));
    }
    let (loaded, loading) = diagnostics::collect(|| MDBook::load_with_config(&root, config));
    let book = loaded.map_err(|error| BuildError::Chapters {
        problem: format!("{error:#}"),
    })?;
    Ok(Source {
        root,
        source,
        book,
        loading,
    })
}

/// mdBook empties the folder it writes to, whatever is in it.
fn may_be_emptied(destination: &Path) -> Result<(), BuildError> {
    let mut entries = match destination.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(BuildError::DestinationInUse {
                destination: destination.to_owned(),
            });
        }
        Err(error) => {
            return Err(BuildError::Destination {
                destination: destination.to_owned(),
                error,
            });
        }
    };
    if entries.next().is_none() || destination.join(sources::FILE_NAME).is_file() {
        Ok(())
    } else {
        Err(BuildError::DestinationInUse {
            destination: destination.to_owned(),
        })
    }
}

fn mark(sources: &Sources, destination: &Path) -> io::Result<()> {
    std::fs::create_dir_all(destination)?;
    sources.write(destination)
}
