//! Builds the book into a folder of plain files.

use crate::chapters::{self, Material, Prepared};
use crate::diagnostics::{self, Messages};
use crate::mistake::Mistake;
use crate::sources::{self, Sources};
use crate::{accessible, links, policy, settings, summary};
use mdbook_driver::MDBook;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, io};

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

/// What the file of one lesson says for its page.
#[derive(Debug, Clone, Default)]
pub struct LessonPage {
    /// The lesson's permanent id, as directives name it: `lesson-4`.
    pub id: String,
    /// The name of its chapter without `.md`: `04-milvus-stack`.
    pub slug: String,
    /// Markdown for `{{#checks lesson-4}}`.
    pub checklist: String,
    /// Markdown for `{{#quiz lesson-4}}`, made so that it works without script.
    pub quiz: String,
    /// Words for `{{#fact lesson-4 NAME}}`, on the lesson's own page also `{{#fact NAME}}`: `minutes`, `goal`, …
    pub facts: BTreeMap<String, String>,
}

/// A finished book.
#[derive(Debug)]
pub struct Built {
    /// Every page, relative to the destination, sorted.
    pub pages: Vec<PathBuf>,
    /// What is worth a look although the book could be built, in whole sentences.
    pub warnings: Vec<String>,
}

/// Why there is no book.
#[derive(Debug)]
pub enum BuildError {
    /// `book.toml` is missing, unreadable, or asks for something that is not done here.
    Settings {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The destination holds files that no build of this book made.
    DestinationInUse {
        /// The folder, or the file that stands in its place.
        destination: PathBuf,
    },
    /// The destination cannot be read or written.
    Destination {
        /// The folder.
        destination: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// `SUMMARY.md` or a chapter cannot be read.
    Chapters {
        /// What mdBook said, the outermost cause first.
        problem: String,
    },
    /// Chapters that have to be mended, all of them at once, in the order of file and line.
    Mistakes(Vec<Mistake>),
    /// mdBook could not make the pages, or made them with holes.
    Rendering {
        /// What mdBook said.
        problems: Vec<String>,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Settings { file, problem } => {
                write!(
                    formatter,
                    "{}: {problem}\n  next: mend this file",
                    file.display()
                )
            }
            BuildError::DestinationInUse { destination } => write!(
                formatter,
                "{}: this is not an empty folder and not a built book, so it is left alone\n  next: name a new folder",
                destination.display()
            ),
            BuildError::Destination { destination, error } => write!(
                formatter,
                "{}: the book cannot be written here: {error}\n  next: name a folder that you may write to",
                destination.display()
            ),
            BuildError::Chapters { problem } => write!(
                formatter,
                "the chapters cannot be read: {problem}\n  next: compare src/SUMMARY.md with the files in src"
            ),
            BuildError::Mistakes(mistakes) => {
                for (index, mistake) in mistakes.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "\n" };
                    write!(formatter, "{separator}{mistake}")?;
                }
                Ok(())
            }
            BuildError::Rendering { problems } => write!(
                formatter,
                "mdBook could not make the pages: {}\n  next: look in the chapters for the text it names",
                problems.join("; ")
            ),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            BuildError::Destination { error, .. } => Some(error),
            _ => None,
        }
    }
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

/// A book with its chapters as they are on disk.
pub(crate) struct Source {
    /// The folder of `book.toml`, absolute.
    pub(crate) root: PathBuf,
    /// The folder of the chapters, relative to `root`.
    pub(crate) source: PathBuf,
    pub(crate) book: MDBook,
    /// What mdBook had to say about the loading.
    pub(crate) loading: Messages,
}

/// Reads `book.toml`, the table of contents and the chapters, for a book that goes to `destination`.
pub(crate) fn load(root: &Path, destination: &Path) -> Result<Source, BuildError> {
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
