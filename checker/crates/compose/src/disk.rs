//! Files on disk, inside bounds.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::path;
use crate::reader::{ReadError, Reader};
use crate::tree::Limits;

/// Reads files of a project folder, and nothing outside a root: not through `..`, an absolute path or a symbolic link.
#[derive(Clone, Debug)]
pub struct ConfinedDirectory {
    root: PathBuf,
    project: PathBuf,
    largest: u64,
}

impl ConfinedDirectory {
    /// A project folder that is its own root.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub fn new(project: impl AsRef<Path>) -> std::io::Result<Self> {
        Self::within(project.as_ref(), project.as_ref())
    }

    /// A project folder inside a larger `root`; files up to the root may be read.
    ///
    /// # Errors
    /// When a folder cannot be opened, or the project is not inside the root.
    pub fn within(root: impl AsRef<Path>, project: impl AsRef<Path>) -> std::io::Result<Self> {
        let root = fs::canonicalize(root)?;
        let project = fs::canonicalize(project)?;
        if !project.starts_with(&root) {
            return Err(std::io::Error::new(
                ErrorKind::InvalidInput,
                "the project folder is not inside the root folder",
            ));
        }
        Ok(Self {
            root,
            project,
            largest: Limits::default().bytes as u64,
        })
    }

    /// Refuses files larger than `bytes`; without it the limit is that of the YAML reader.
    pub fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    /// The real path of the project folder.
    pub fn project(&self) -> &Path {
        &self.project
    }

    fn locate(&self, path: &str) -> Result<PathBuf, ReadError> {
        let wanted = self.on_disk(path);
        let real = fs::canonicalize(&wanted);
        match real {
            Ok(real) if real.starts_with(&self.root) => Ok(real),
            Ok(_) => Err(ReadError::Outside),
            // Why a path outside cannot be opened is nobody's business: it would tell what is there.
            Err(_) if !wanted.starts_with(&self.root) => Err(ReadError::Outside),
            Err(error) => Err(from_io(error)),
        }
    }

    /// Piece by piece, because the real path of a folder on Windows takes no `/` and no `..`.
    fn on_disk(&self, path: &str) -> PathBuf {
        if path::is_absolute(path) {
            return PathBuf::from(path);
        }
        let mut wanted = self.project.clone();
        for piece in path.split('/') {
            match piece {
                "" | "." => {}
                ".." => {
                    wanted.pop();
                }
                piece => wanted.push(piece),
            }
        }
        wanted
    }
}

impl Reader for ConfinedDirectory {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let real = self.locate(path)?;
        let metadata = fs::metadata(&real).map_err(from_io)?;
        if metadata.is_dir() {
            return Err(ReadError::IsDirectory);
        }
        // A pipe or a device would block or never end.
        if !metadata.is_file() {
            return Err(ReadError::Other("it is neither a file nor a folder".into()));
        }
        if metadata.len() > self.largest {
            return Err(ReadError::TooLarge {
                bytes: metadata.len(),
                limit: self.largest,
            });
        }
        let file = fs::File::open(&real).map_err(from_io)?;
        let mut content = Vec::with_capacity(metadata.len() as usize);
        // The file may grow between the two calls.
        file.take(self.largest + 1)
            .read_to_end(&mut content)
            .map_err(from_io)?;
        if content.len() as u64 > self.largest {
            return Err(ReadError::TooLarge {
                bytes: content.len() as u64,
                limit: self.largest,
            });
        }
        Ok(content)
    }
}

fn from_io(error: std::io::Error) -> ReadError {
    match error.kind() {
        // A file used as a folder (`compose.yaml/x`) is as absent as anything.
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::NotFound,
        ErrorKind::PermissionDenied => ReadError::PermissionDenied,
        ErrorKind::IsADirectory => ReadError::IsDirectory,
        _ => ReadError::Other(error.to_string()),
    }
}
