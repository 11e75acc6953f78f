//! What lies in a folder that an image is built from: names, kinds and sizes; no file is opened.

use std::collections::VecDeque;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use compose::disk::ConfinedDirectory;
use compose::{ReadError, Reader};
use dockerfile::context::{Entry, Listing};
use lesson::Folders;

/// More than this is not listed: who has so many files in a context does not read them one by one, and who waits for a verdict
/// shall not wait for them.
const MOST: usize = 20_000;

/// A lesson's folder, whose folders can be listed.
pub struct LessonFolder<'a>(pub &'a ConfinedDirectory);

impl Reader for LessonFolder<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.0.read(path)
    }
}

impl Folders for LessonFolder<'_> {
    fn list(&self, folder: &str) -> Option<Listing> {
        // A link may lead out of the lesson's folder.
        let folder = self.0.project().join(folder).canonicalize().ok()?;
        let is_inside = folder.starts_with(self.0.project()) && folder.is_dir();
        is_inside.then(|| list(&folder))
    }
}

/// Lists a folder, the upper folders first, so that a limit cuts off what lies deepest.
pub fn list(folder: &Path) -> Listing {
    let mut listing = Listing::default();
    let mut open: VecDeque<(PathBuf, String)> = [(folder.to_path_buf(), String::new())].into();
    while let Some((folder, prefix)) = open.pop_front() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) if listing.entries.len() < MOST => entries,
            Ok(_) | Err(_) => {
                listing
                    .unlisted
                    .insert(prefix.trim_end_matches('/').to_owned());
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let Some(kind) = kind(&entry) else { continue };
            if kind == Entry::Folder {
                open.push_back((entry.path(), format!("{path}/")));
            }
            listing.entries.insert(path, kind);
        }
    }
    listing
}

/// None where it is gone already.
fn kind(entry: &DirEntry) -> Option<Entry> {
    let kind = entry.file_type().ok()?;
    Some(if kind.is_dir() {
        Entry::Folder
    } else if kind.is_symlink() {
        let target = fs::read_link(entry.path()).ok()?;
        Entry::Link(target.to_string_lossy().into_owned())
    } else if kind.is_file() {
        let metadata = entry.metadata().ok()?;
        if is_program(&metadata) {
            Entry::Program(metadata.len())
        } else {
            Entry::File(metadata.len())
        }
    } else {
        Entry::Other
    })
}

#[cfg(unix)]
fn is_program(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_program(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_with_kinds_and_sizes_and_links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("app/deep")).expect("folders");
        fs::write(at("app/deep/a.txt"), "12345").expect("a file");
        #[cfg(unix)]
        std::os::unix::fs::symlink("app", at("link")).expect("a link");
        let listing = list(folder.path());
        assert_eq!(listing.entries.get("app/deep"), Some(&Entry::Folder));
        assert_eq!(listing.entries.get("app/deep/a.txt"), Some(&Entry::File(5)));
        #[cfg(unix)]
        assert_eq!(
            listing.entries.get("link"),
            Some(&Entry::Link("app".to_owned()))
        );
        assert!(!listing.entries.contains_key("link/deep"));
        assert!(listing.unlisted.is_empty());
    }
}
