//! Notices that a file was saved: one that the verdict rests on, or one that Compose would read if it were there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Watches some files. Only the folders that they lie in are watched, never what is below: a data folder that a container
/// writes to would tell of every write.
pub struct Saves {
    /// Nothing where the system does not let us watch.
    watcher: notify::Result<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Saves {
    /// Watches nothing yet. `saved` is called on a thread of the watcher's.
    pub fn new(saved: impl Fn() + Send + 'static) -> Self {
        let files = Arc::new(Mutex::new(BTreeSet::new()));
        let known = Arc::clone(&files);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let files = known.lock().unwrap_or_else(PoisonError::into_inner);
            match event {
                Ok(event) if concerns(&event, &files) => saved(),
                Ok(_) => {}
                // Something was missed: better one look too many.
                Err(_) => saved(),
            }
        });
        Self {
            watcher,
            folders: BTreeSet::new(),
            files,
        }
    }

    /// Watches these files, given relative to `folder`, and no others. Those that are not there are waited for.
    ///
    /// # Errors
    /// In words, where saving will not be noticed.
    pub fn watch<'a>(
        &mut self,
        folder: &Path,
        files: impl Iterator<Item = &'a str>,
    ) -> Result<(), String> {
        // Some systems tell of a file by the path without links.
        let root = deepest_folder(folder);
        let whole = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let folder = match folder.strip_prefix(root) {
            Ok(rest) if rest.as_os_str().is_empty() => whole,
            Ok(rest) => whole.join(rest),
            Err(_) => folder.to_path_buf(),
        };
        let files: BTreeSet<_> = files.map(|file| folder.join(file)).collect();
        let folders: BTreeSet<_> = files
            .iter()
            .filter_map(|file| file.parent())
            .map(|parent| deepest_folder(parent).to_path_buf())
            .collect();
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;

        let watcher = self.watcher.as_mut().map_err(|error| in_words(error))?;
        for gone in self.folders.difference(&folders) {
            // It may be gone for good, and its watch with it.
            let _ = watcher.unwatch(gone);
        }
        let mut watched = BTreeSet::new();
        let mut outcome = Ok(());
        for folder in folders {
            // On Linux a folder that was removed and made anew has lost its watch; asking twice for one costs nothing there.
            let is_watched = self.folders.contains(&folder) && !cfg!(target_os = "linux");
            let result = match is_watched {
                true => Ok(()),
                false => watcher.watch(&folder, RecursiveMode::NonRecursive),
            };
            match result {
                Ok(()) => {
                    watched.insert(folder);
                }
                Err(error) => outcome = Err(in_words(&error)),
            }
        }
        self.folders = watched;
        outcome
    }
}

fn in_words(error: &notify::Error) -> String {
    format!("this system does not tell when a file is saved ({error}); use \"Look again\"")
}

/// The folder itself, or the nearest one above it that is there.
fn deepest_folder(folder: &Path) -> &Path {
    folder
        .ancestors()
        .find(|ancestor| ancestor.is_dir())
        .unwrap_or(folder)
}

/// Whether an event is about one of the files, or about a folder on the way to it.
fn concerns(event: &Event, files: &BTreeSet<PathBuf>) -> bool {
    // Reading a file tells of an access, and we read them.
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.need_rescan()
        || event
            .paths
            .iter()
            .any(|path| files.iter().any(|file| file.starts_with(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, ModifyKind};

    #[test]
    fn only_the_named_files_and_the_folders_above_them_concern_us() {
        let files = BTreeSet::from([
            PathBuf::from("/w/04/compose.yaml"),
            PathBuf::from("/w/04/web/.env"),
        ]);
        let told = |kind, path: &str| concerns(&Event::new(kind).add_path(path.into()), &files);
        let change = EventKind::Modify(ModifyKind::Any);
        assert!(told(change, "/w/04/compose.yaml"));
        assert!(told(EventKind::Create(CreateKind::Folder), "/w/04/web"));
        assert!(!told(change, "/w/04/volumes"));
        assert!(!told(change, "/w/04/compose.yaml.swp"));
        assert!(!told(
            EventKind::Access(AccessKind::Any),
            "/w/04/compose.yaml"
        ));
    }
}
