//! Why a book cannot be built.

use crate::mistake::Mistake;
use std::path::PathBuf;
use std::{fmt, io};

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
