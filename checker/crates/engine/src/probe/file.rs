//! Looks at one path of a container through the engine's archive call, which needs no program in the image and works on a
//! container that has ended.

use std::io::Read;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use lesson::evidence::{Answer, Bytes, FileInside, FileKind, Unanswered};
use tar::{Archive, EntryType};

use super::by_engine;
use crate::client::{Engine, escaped};
use crate::failure::Failure;
use crate::output::LARGEST_OUTPUT;

/// How much of an archive is read for what lies at the path itself, in bytes: its header, with room for a long name before it.
/// What a folder holds follows behind and is never read.
const HEADER: usize = 16 << 10;

pub(super) async fn look(
    engine: &Engine,
    id: &str,
    path: &str,
    contents: bool,
) -> Result<Answer, Unanswered> {
    let most = HEADER + if contents { LARGEST_OUTPUT } else { 0 };
    let archive = async {
        let body = engine
            .open(&format!("/containers/{id}/archive?path={}", escaped(path)))
            .await?;
        beginning(body, most).await
    };
    let archive = engine
        .end
        .within(engine.deadlines.call, archive)
        .await
        .map_err(Failure::from)
        .and_then(|archive| archive);
    match archive {
        Ok(archive) => read(&archive, contents)
            .map(Answer::File)
            .ok_or_else(|| Unanswered::Engine(format!("its archive of {path} cannot be read"))),
        Err(Failure::Said { status, message }) if is_absent(status, &message) => Ok(Answer::NoFile),
        Err(failure) => Err(by_engine(failure)),
    }
}

/// Docker says 404 for what is not there, and 500 where a part of the path is a file.
fn is_absent(status: u16, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    status == 404 && !message.contains("no such container") || message.contains("not a directory")
}

/// The first bytes of a body. It is dropped after them, and with it the connection.
async fn beginning(mut body: Incoming, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Some(frame) = body.frame().await else {
            break;
        };
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// The archive's first entry, which is the path itself.
fn read(archive: &[u8], contents: bool) -> Option<FileInside> {
    let mut archive = Archive::new(archive);
    let mut entry = archive.entries().ok()?.next()?.ok()?;
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse | EntryType::Link => {
            FileKind::File
        }
        EntryType::Directory => FileKind::Folder,
        EntryType::Symlink => FileKind::Link,
        _ => FileKind::Other,
    };
    let (mode, uid, gid) = (
        header.mode().ok()? & 0o7777,
        header.uid().ok()?,
        header.gid().ok()?,
    );
    let link = (kind == FileKind::Link)
        .then(|| entry.link_name().ok()?)
        .flatten()
        .map(|link| link.to_string_lossy().into_owned());
    let size = entry.size();
    let contents = (contents && kind == FileKind::File).then(|| {
        let mut bytes = Vec::new();
        // What was cut off at the end is an error; what came before it is kept.
        let room = u64::try_from(LARGEST_OUTPUT).unwrap_or(u64::MAX);
        let _ = entry.by_ref().take(room).read_to_end(&mut bytes);
        Bytes(bytes)
    });
    Some(FileInside {
        kind,
        size,
        mode,
        uid,
        gid,
        link,
        contents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(kind: EntryType, mode: u32, contents: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(999);
        header.set_gid(1000);
        header.set_size(u64::try_from(contents.len()).expect("a small file"));
        let mut archive = tar::Builder::new(Vec::new());
        archive
            .append_data(&mut header, "x".repeat(300), contents)
            .expect("an entry");
        archive.into_inner().expect("an archive")
    }

    #[test]
    fn a_file_is_told_with_size_mode_and_owner() {
        let bytes = archive(EntryType::Regular, 0o100_755, b"hello");
        let seen = read(&bytes, false).expect("a file");
        assert_eq!(
            (seen.kind, seen.size, seen.mode, seen.uid, seen.gid),
            (FileKind::File, 5, 0o755, 999, 1000)
        );
        assert_eq!(seen.contents, None, "nobody asked for them");
        let seen = read(&bytes, true).expect("a file");
        assert_eq!(seen.contents, Some(Bytes(b"hello".to_vec())));
    }

    #[test]
    fn a_large_file_is_cut() {
        let bytes = archive(EntryType::Regular, 0o644, &vec![b'y'; 3 * LARGEST_OUTPUT]);
        let seen = read(&bytes[..HEADER + LARGEST_OUTPUT], true).expect("a file");
        assert_eq!(seen.size, 3 * LARGEST_OUTPUT as u64);
        assert_eq!(
            seen.contents.map(|contents| contents.0.len()),
            Some(LARGEST_OUTPUT)
        );
    }

    #[test]
    fn a_folder_is_told_by_its_header_alone() {
        let bytes = archive(EntryType::Directory, 0o1777, b"");
        let seen = read(&bytes, true).expect("a folder");
        assert_eq!(
            (seen.kind, seen.mode, seen.contents),
            (FileKind::Folder, 0o1777, None)
        );
        assert_eq!(read(&bytes[..100], false), None, "half a header is none");
    }

    #[test]
    fn a_path_through_a_file_leads_nowhere() {
        assert!(is_absent(
            404,
            "Could not find the file /x in container web"
        ));
        assert!(is_absent(500, "lstat /etc/passwd/x: not a directory"));
        assert!(!is_absent(404, "No such container: web"));
        assert!(!is_absent(500, "driver failed"));
    }
}
