//! How files come in: the caller decides what can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::source::SourceId;

/// Reads files for the loader. Paths are relative to the project folder, separated by `/` and without `.` or inner `..`;
/// a path that leaves the folder starts with `..` or is absolute, and the reader decides whether to allow it.
pub trait Reader {
    /// The content of the file at `path`.
    ///
    /// # Errors
    /// Why it could not be read.
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError>;
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is nothing at this path.
    NotFound,
    /// A folder stands where a file is expected.
    IsDirectory,
    /// The operating system does not allow it.
    PermissionDenied,
    /// The path leads out of the folder that the caller allows.
    Outside,
    /// The file is larger than the caller allows.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Anything else, in the operating system's words.
    Other(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => formatter.write_str("it does not exist"),
            Self::IsDirectory => formatter.write_str("it is a folder, not a file"),
            Self::PermissionDenied => formatter.write_str("you may not read it"),
            Self::Outside => formatter.write_str("it lies outside the folder that may be read"),
            Self::TooLarge { bytes, limit } => write!(
                formatter,
                "it has {bytes} bytes, and at most {limit} are read"
            ),
            Self::Other(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for ReadError {}

/// Files held in memory: for tests, recordings and the browser.
#[derive(Clone, Debug, Default)]
pub struct MemoryReader(pub BTreeMap<String, Vec<u8>>);

impl MemoryReader {
    /// Files from pairs of path and text.
    pub fn new<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        Self(
            files
                .into_iter()
                .map(|(path, text)| (path.into(), text.into()))
                .collect(),
        )
    }
}

impl Reader for MemoryReader {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(content) = self.0.get(path) {
            return Ok(content.clone());
        }
        let folder = format!("{path}/");
        let is_folder = self
            .0
            .range(folder.clone()..)
            .next()
            .is_some_and(|(file, _)| file.starts_with(&folder));
        Err(if is_folder {
            ReadError::IsDirectory
        } else {
            ReadError::NotFound
        })
    }
}

/// What came of reading one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// The path that was asked for, relative to the project folder.
    pub path: String,
    /// What came of it.
    pub outcome: ReadOutcome,
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// It was read.
    Read,
    /// It is not there. For a file that may be missing, such as `.env`, this is no mistake.
    Absent,
    /// It could not be read.
    Failed(ReadError),
}

/// Remembers what was read, so that the loader can report it, and no text is read or kept twice.
pub(crate) struct Recorder<'a> {
    reader: &'a dyn Reader,
    seen: BTreeSet<String>,
    texts: BTreeMap<String, SourceId>,
    pub(crate) files: Vec<FileRead>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(reader: &'a dyn Reader) -> Self {
        Self {
            reader,
            seen: BTreeSet::new(),
            texts: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    pub(crate) fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError> {
        // Whatever bounds the reader has, nothing is read of this one; people name it to say "no file".
        if path == "/dev/null" {
            return Ok(Vec::new());
        }
        let result = self.reader.read(path);
        let outcome = match &result {
            Ok(_) => ReadOutcome::Read,
            Err(ReadError::NotFound) => ReadOutcome::Absent,
            Err(error) => ReadOutcome::Failed(error.clone()),
        };
        if self.seen.insert(path.to_string()) {
            self.files.push(FileRead {
                path: path.to_string(),
                outcome,
            });
        }
        result
    }
}

impl Recorder<'_> {
    /// The text of `path`, if it was read before.
    pub(crate) fn text(&self, path: &str) -> Option<SourceId> {
        self.texts.get(path).copied()
    }

    /// Remembers where the text of `path` is kept.
    pub(crate) fn keep(&mut self, path: &str, source: SourceId) {
        self.texts.insert(path.to_string(), source);
    }

    /// Whether something is at `path`. Names that are only tried are not listed.
    pub(crate) fn exists(&self, path: &str) -> bool {
        !matches!(self.reader.read(path), Err(ReadError::NotFound))
    }
}
