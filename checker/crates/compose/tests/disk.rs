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
fn from_a_project_folder_called_through_a_link_the_folder_above_is_that_of_the_link() {
    let folder = Folder::new("called");
    let write = |path: &str, text: &str| {
        std::fs::write(folder.0.join(path), text).expect("the temporary folder can be written");
    };
    write("base.yaml", "beside the link");
    write("project/base.yaml", "beside the folder");
    let link = folder.0.join("other");
    std::os::unix::fs::symlink(folder.project().join("inner"), &link)
        .expect("the temporary folder can be written");
    let above = |root: &Path, project: &Path| {
        let reader = ConfinedDirectory::within(root, project).expect("the folders are there");
        reader.read("../base.yaml")
    };
    let beside_the_link = Ok(b"beside the link".to_vec());
    assert_eq!(above(Path::new("/"), &link), beside_the_link);
    assert_eq!(above(&folder.0, &link), beside_the_link);
    assert_eq!(
        above(&folder.0, &folder.project().join("inner")),
        Ok(b"beside the folder".to_vec())
    );
    // The bounds stay where they are, whatever the folder is called.
    assert_eq!(
        above(&folder.project(), &link),
        Ok(b"beside the folder".to_vec())
    );
    assert_eq!(above(&link, &link), Err(ReadError::Outside));
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

/// What a project may name to get at a file outside, each as a value that could stand in its place.
#[cfg(unix)]
fn ways_out(folder: &Folder) -> Vec<String> {
    let secret = folder.0.join("secret.yaml");
    let link = |name: &str, target: &Path| {
        std::os::unix::fs::symlink(target, folder.project().join(name))
            .expect("the temporary folder can be written");
    };
    link("file-link.yaml", &secret);
    link("folder-link", &folder.0);
    link("relative-link.yaml", Path::new("../secret.yaml"));
    link("absent-link.yaml", &folder.0.join("nothing.yaml"));
    link("second-link.yaml", Path::new("file-link.yaml"));
    link("root-link", Path::new("/"));
    link("self", Path::new("/proc/self/root"));
    let inside_root = text(&secret).trim_start_matches('/').to_string();
    vec![
        "../secret.yaml".into(),
        "./inner/../../secret.yaml".into(),
        "../project/../secret.yaml".into(),
        text(&secret),
        format!("/proc/self/root/{inside_root}"),
        format!("/proc/self/cwd/../../../../../../../../../{inside_root}"),
        "file-link.yaml".into(),
        "folder-link/secret.yaml".into(),
        "relative-link.yaml".into(),
        "absent-link.yaml".into(),
        "second-link.yaml".into(),
        format!("root-link/{inside_root}"),
        format!("self/{inside_root}"),
        "../nothing-there.yaml".into(),
        "/nothing-there.yaml".into(),
    ]
}

#[cfg(unix)]
#[test]
fn no_key_of_a_project_leads_out() {
    let folder = Folder::new("keys");
    std::fs::write(
        folder.0.join("secret.yaml"),
        "services: {leaked: {image: x}}\n",
    )
    .expect("the temporary folder can be written");
    for way in ways_out(&folder) {
        for (key, compose) in [
            (
                "include",
                format!("include: ['{way}']\nservices: {{web: {{image: x}}}}\n"),
            ),
            (
                "include with env_file",
                format!(
                    "include: [{{path: inner/a.yaml, env_file: '{way}'}}]\nservices: {{web: {{image: x}}}}\n"
                ),
            ),
            (
                "include from a folder",
                format!(
                    "include: [{{path: inner/a.yaml, project_directory: '{way}'}}]\nservices: {{web: {{image: x, env_file: '{way}'}}}}\n"
                ),
            ),
            (
                "extends",
                format!(
                    "services: {{web: {{image: x, extends: {{file: '{way}', service: leaked}}}}}}\n"
                ),
            ),
            (
                "env_file",
                format!("services: {{web: {{image: x, env_file: '{way}'}}}}\n"),
            ),
            (
                "raw env_file",
                format!(
                    "services: {{web: {{image: x, env_file: [{{path: '{way}', format: raw}}]}}}}\n"
                ),
            ),
            (
                "label_file",
                format!("services: {{web: {{image: x, label_file: '{way}'}}}}\n"),
            ),
        ] {
            std::fs::write(folder.project().join("compose.yaml"), compose)
                .expect("the temporary folder can be written");
            let reader = ConfinedDirectory::new(folder.project()).unwrap();
            let loaded = compose::load(
                &reader,
                &Request {
                    folder_name: "project".into(),
                    ..Request::default()
                },
            );
            let codes: Vec<&str> = loaded.errors().map(|finding| finding.code).collect();
            // What is there and what is not is refused in the same words.
            assert!(
                !codes.is_empty() && codes.iter().all(|code| *code == "file-outside"),
                "{key} {way}: {codes:?}"
            );
            assert!(
                loaded
                    .sources
                    .iter()
                    .all(|(_, source)| !source.text.contains("leaked") || key == "extends"),
                "{key} {way}"
            );
            assert!(loaded.project.is_none(), "{key} {way}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_error_does_not_tell_what_is_outside() {
    let folder = Folder::new("oracle");
    std::fs::create_dir(folder.0.join("folder")).expect("the temporary folder can be written");
    for name in ["secret.yaml", "nothing.yaml", "folder"] {
        std::os::unix::fs::symlink(
            folder.0.join(name),
            folder.project().join(format!("to-{name}")),
        )
        .expect("the temporary folder can be written");
    }
    std::os::unix::fs::symlink("loop", folder.project().join("loop"))
        .expect("the temporary folder can be written");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    for outside in [
        "../secret.yaml",
        "../nothing.yaml",
        "../folder",
        "../secret.yaml/x",
        "../folder/nothing.yaml",
        "to-secret.yaml",
        "to-nothing.yaml",
        "to-folder",
        "to-folder/nothing.yaml",
        "to-secret.yaml/x",
        "/etc/hostname",
        "/nothing-there",
        "/root/secret",
        "inner/../../secret.yaml",
        "nothing/../../secret.yaml",
    ] {
        assert_eq!(reader.read(outside), Err(ReadError::Outside), "{outside}");
    }
    // A link to itself is inside, and ends.
    assert!(matches!(
        reader.read("loop"),
        Err(ReadError::Other(_) | ReadError::NotFound)
    ));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let folder = Folder::new("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(folder.project().join("pipe.yaml"))
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert!(matches!(reader.read("pipe.yaml"), Err(ReadError::Other(_))));
}

#[test]
fn a_huge_file_without_content_is_refused_by_its_size() {
    let folder = Folder::new("sparse");
    std::fs::File::create(folder.project().join("sparse.yaml"))
        .and_then(|file| file.set_len(1 << 40))
        .expect("the file system has sparse files");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert!(matches!(
        reader.read("sparse.yaml"),
        Err(ReadError::TooLarge { bytes, .. }) if bytes == 1 << 40
    ));
}

/// A hard link is the file itself: nothing tells that it has another name, and only who may read the file can make one.
#[test]
fn a_hard_link_inside_is_a_file_inside() {
    let folder = Folder::new("hard");
    std::fs::hard_link(
        folder.0.join("secret.yaml"),
        folder.project().join("hard.yaml"),
    )
    .expect("the file system has hard links");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    assert_eq!(reader.read("hard.yaml"), Ok(b"services: {}".to_vec()));
}

#[test]
fn what_is_no_path_is_refused() {
    let folder = Folder::new("strange");
    let reader = ConfinedDirectory::new(folder.project()).unwrap();
    for path in [
        "a\0b",
        "C:\\Windows\\win.ini",
        "C:/Windows/win.ini",
        "\\\\server\\share\\x",
        "//server/share/x",
        "\\\\?\\C:\\x",
        "..\\secret.yaml",
        "inner\\..\\..\\secret.yaml",
        "~/secret.yaml",
        "file:///etc/hostname",
    ] {
        assert!(reader.read(path).is_err(), "{path}");
    }
}

/// Remembers every path that is asked for.
struct Recording(ConfinedDirectory, std::cell::RefCell<Vec<String>>);

impl Reader for Recording {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.1.borrow_mut().push(path.to_string());
        self.0.read(path)
    }
}

/// The loader has no other way to the disk than its reader: with the same answers from memory everything is the same, also
/// where the disk has other files under these very names.
#[test]
fn all_reading_goes_through_the_reader() {
    let folder = Folder::new("recording");
    let project = folder.project();
    for (path, content) in [
        (
            "compose.yaml",
            "include: [inner/compose.yaml]\nservices:\n  web:\n    image: nginx:$TAG\n    build: ./here\n    extends: {file: base.yaml, service: base}\n    env_file: [web.env, {path: missing.env, required: false}]\n    label_file: web.labels\n    secrets: [key]\n    configs: [key]\n    volumes: [./data:/data]\nsecrets: {key: {file: ./key}}\nconfigs: {key: {file: ./key}}\n",
        ),
        ("compose.override.yaml", "services: {web: {tty: true}}\n"),
        (".env", "TAG=1\n"),
        ("base.yaml", "services: {base: {init: true}}\n"),
        ("web.env", "A=1\n"),
        ("web.labels", "l=1\n"),
        ("key", "never read\n"),
        ("inner/compose.yaml", "services: {other: {image: $INNER}}\n"),
        ("inner/.env", "INNER=2\n"),
    ] {
        std::fs::write(project.join(path), content).expect("the temporary folder can be written");
    }
    let request = Request {
        folder_name: "project".into(),
        project_directory: text(&project),
        ..Request::default()
    };
    let recording = Recording(
        ConfinedDirectory::new(&project).unwrap(),
        Default::default(),
    );
    let from_disk = compose::load(&recording, &request);
    assert!(from_disk.project.is_some(), "{:?}", from_disk.findings);
    let asked = recording.1.into_inner();
    let files: std::collections::BTreeMap<String, Vec<u8>> = asked
        .iter()
        .filter_map(|path| Some((path.clone(), std::fs::read(project.join(path)).ok()?)))
        .collect();
    for name in ["key", "here", "data"] {
        assert!(!asked.iter().any(|path| path == name), "{asked:?}");
    }
    drop(folder);
    let from_memory = compose::load(&compose::MemoryReader(files), &request);
    assert_eq!(
        format!("{:?}", from_memory.project),
        format!("{:?}", from_disk.project)
    );
    assert_eq!(from_memory.findings, from_disk.findings);
    assert_eq!(from_memory.files_read, from_disk.files_read);
}

/// The sources say the same: only this one file of the crate opens files, and nothing asks for the environment or the time.
#[test]
fn only_the_confining_reader_knows_the_file_system() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources are here") {
            let path = entry.expect("they can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.ends_with("disk.rs") {
                continue;
            }
            seen += 1;
            let source = std::fs::read_to_string(&path).expect("they are text");
            // What tests do is theirs.
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
            // Nor is what examples in comments do the crate's.
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let source = code.collect::<Vec<_>>().join("\n");
            for word in [
                "std::fs",
                "std::env::",
                "std::net::Tcp",
                "std::time::Instant",
                "SystemTime",
                "std::process",
                "canonicalize(",
            ] {
                let is_test = path.ends_with("properties.rs");
                assert!(
                    is_test || !source.contains(word),
                    "{}: {word}",
                    path.display()
                );
            }
        }
    }
    assert!(seen > 30, "{seen}");
}
