//! Files on disk, and the bounds that the caller sets.

use std::path::{Path, PathBuf};

use compose::disk::ConfinedDirectory;
use compose::{ReadError, Reader, Request};

/// A folder of its own for one test, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("compose-disk-{}-{name}", std::process::id()));
        std::fs::create_dir_all(folder.join("project/inner"))
            .expect("the temporary folder can be written");
        std::fs::write(folder.join("secret.yaml"), "services: {}")
            .expect("the temporary folder can be written");
        std::fs::write(
            folder.join("project/compose.yaml"),
            "services: {web: {image: nginx}}",
        )
        .expect("the temporary folder can be written");
        std::fs::write(folder.join("project/inner/a.yaml"), "services: {}")
            .expect("the temporary folder can be written");
        Self(folder)
    }

    fn project(&self) -> PathBuf {
        self.0.join("project")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn nothing_outside_the_root_is_read() {
    let folder = Folder::new("outside");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert!(reader.read("compose.yaml").is_ok());
    assert!(reader.read("inner/../compose.yaml").is_ok());
    assert_eq!(reader.read("../secret.yaml"), Err(ReadError::Outside));
    assert_eq!(
        reader.read("inner/../../secret.yaml"),
        Err(ReadError::Outside)
    );
    assert_eq!(
        reader.read(&text(&folder.0.join("secret.yaml"))),
        Err(ReadError::Outside)
    );
    assert_eq!(reader.read("../nothing-there"), Err(ReadError::Outside));
}

#[test]
fn a_larger_root_allows_more() {
    let folder = Folder::new("root");
    let reader = ConfinedDirectory::within(&folder.0, folder.project()).unwrap();
    assert!(reader.read("../secret.yaml").is_ok());
    assert_eq!(reader.read("../../x"), Err(ReadError::Outside));
    assert!(ConfinedDirectory::within(folder.project(), &folder.0).is_err());
}

#[test]
fn an_absolute_path_inside_the_root_is_read() {
    let folder = Folder::new("absolute");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert!(
        reader
            .read(&text(&folder.project().join("compose.yaml")))
            .is_ok()
    );
    assert_eq!(
        reader.read(&text(&reader.project().join("nothing.yaml"))),
        Err(ReadError::NotFound)
    );
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_does_not_lead_out() {
    let folder = Folder::new("link");
    std::os::unix::fs::symlink(
        folder.0.join("secret.yaml"),
        folder.project().join("link.yaml"),
    )
    .unwrap();
    std::os::unix::fs::symlink(&folder.0, folder.project().join("up")).unwrap();
    std::os::unix::fs::symlink(
        folder.project().join("compose.yaml"),
        folder.project().join("fine.yaml"),
    )
    .unwrap();
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert_eq!(reader.read("link.yaml"), Err(ReadError::Outside));
    assert_eq!(reader.read("up/secret.yaml"), Err(ReadError::Outside));
    assert!(reader.read("fine.yaml").is_ok());
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_and_not_waited_for() {
    let folder = Folder::new("device");
    std::os::unix::fs::symlink("/dev/zero", folder.project().join("zero.yaml")).unwrap();
    let reader = ConfinedDirectory::within("/", folder.project()).unwrap();
    assert!(matches!(reader.read("zero.yaml"), Err(ReadError::Other(_))));
}

#[test]
fn folders_missing_files_and_large_files_are_told_apart() {
    let folder = Folder::new("kinds");
    let reader = ConfinedDirectory::new(folder.project())
        .unwrap()
        .largest(10);
    assert_eq!(reader.read("inner"), Err(ReadError::IsDirectory));
    assert_eq!(reader.read("nothing.yaml"), Err(ReadError::NotFound));
    assert_eq!(reader.read("compose.yaml/x"), Err(ReadError::NotFound));
    assert_eq!(
        reader.read("inner/a.yaml"),
        Err(ReadError::TooLarge {
            bytes: 12,
            limit: 10
        })
    );
}

#[test]
fn a_project_on_disk_is_loaded() {
    let folder = Folder::new("load");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    let loaded = compose::load(
        &reader,
        &Request {
            folder_name: "project".into(),
            ..Request::default()
        },
    );
    assert_eq!(
        loaded.project.map(|project| project.name().to_string()),
        Some("project".into())
    );
}
