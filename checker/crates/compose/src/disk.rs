//! Files on disk, inside bounds.

use std::ffi::OsString;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use crate::path;
use crate::reader::{ReadError, Reader};
use crate::tree::Limits;

/// Reads files of a project folder, and nothing outside a root: not through `..`, an absolute path or a symbolic link.
///
/// A hard link is the file itself and is read. The bounds are for what a project says; who can change the folder while it is
/// read, and knows the moment, can still put a link where a file was.
#[derive(Clone, Debug)]
pub struct ConfinedDirectory {
    root: PathBuf,
    project: PathBuf,
    start: PathBuf,
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
        let called = (root.as_ref(), project.as_ref());
        let root = fs::canonicalize(root.as_ref())?;
        let project = fs::canonicalize(project.as_ref())?;
        if !project.starts_with(&root) {
            return Err(std::io::Error::new(
                ErrorKind::InvalidInput,
                "the project folder is not inside the root folder",
            ));
        }
        let start = as_called(called, &root)
            .filter(|start| fs::canonicalize(start).is_ok_and(|real| real == project))
            .unwrap_or_else(|| project.clone());
        Ok(Self {
            root,
            project,
            start,
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

    /// The real path of a file inside the root. Links are followed here, one piece at a time, so that nothing outside is
    /// touched: whether something is there would show in how it fails.
    fn locate(&self, path: &str) -> Result<PathBuf, ReadError> {
        let mut real = self.root.clone();
        let mut rest = pieces(self.below_root(&self.on_disk(path))?);
        let mut links = 0;
        while let Some(piece) = rest.pop() {
            if piece == ".." {
                if real == self.root || !real.pop() {
                    return Err(ReadError::Outside);
                }
                continue;
            }
            real.push(piece);
            if !fs::symlink_metadata(&real).map_err(from_io)?.is_symlink() {
                continue;
            }
            links += 1;
            if links > MOST_LINKS {
                return Err(ReadError::Other("its links lead in a circle".into()));
            }
            let target = fs::read_link(&real).map_err(from_io)?;
            real.pop();
            if target.has_root() {
                real.clone_from(&self.root);
                rest.extend(pieces(self.below_root(&target)?));
            } else {
                rest.extend(pieces(target));
            }
        }
        Ok(real)
    }

    /// The part of an absolute path that is below the root.
    fn below_root(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let clean = clean(path);
        if let Ok(below) = clean.strip_prefix(&self.root) {
            return Ok(below.to_path_buf());
        }
        // The root may have another name, through a link above it.
        fs::canonicalize(clean)
            .ok()
            .and_then(|real| Some(real.strip_prefix(&self.root).ok()?.to_path_buf()))
            .ok_or(ReadError::Outside)
    }

    /// Piece by piece, because the real path of a folder on Windows takes no `/` and no `..`.
    fn on_disk(&self, path: &str) -> PathBuf {
        if path::is_absolute(path) {
            return PathBuf::from(path);
        }
        let mut wanted = self.start.clone();
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

/// The project folder below the real root by the name it was called, links and all: Compose takes `..` off that name, so from a
/// link to a folder it leads to where the link is.
fn as_called((root, project): (&Path, &Path), real_root: &Path) -> Option<PathBuf> {
    let project = clean(&std::path::absolute(project).ok()?);
    if project.starts_with(real_root) {
        return Some(project);
    }
    let root = clean(&std::path::absolute(root).ok()?);
    Some(real_root.join(project.strip_prefix(root).ok()?))
}

/// An absolute path without `.` and `..`, by its text alone.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for piece in path.components() {
        match piece {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            piece => clean.push(piece),
        }
    }
    clean
}

/// More links than this, one leading to the next, are a circle; Linux follows as many.
const MOST_LINKS: usize = 40;

/// The pieces of a relative path, the first one last.
fn pieces(path: PathBuf) -> Vec<OsString> {
    let pieces = path.components().rev();
    pieces
        .filter(|piece| *piece != Component::CurDir)
        .map(|piece| piece.as_os_str().to_os_string())
        .collect()
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
