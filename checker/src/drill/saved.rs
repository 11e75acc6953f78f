//! Saving what a drill may destroy, and filling it in again.
//!
//! An archive is what `docker cp` packs, without what other mounts cover. Beside it stands a list of its entries, so that
//! what was filled in can be compared with what was saved.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lesson::drill::Endangered;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::docker::{Docker, LARGEST};
use super::project::{Known, Mount, Owner, Running};

/// Something that was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// What.
    pub what: What,
    /// The container it was read from, as it was then.
    pub container: String,
    /// Its archive, beside the journal.
    pub archive: String,
    /// What is in it, by path.
    pub entries: BTreeMap<String, Entry>,
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The content of a volume.
    Volume {
        /// Its name.
        name: String,
        /// Whether it belongs to one container alone.
        anonymous: bool,
        /// Where the container has it.
        folder: String,
    },
    /// The files that a container has written outside every mount.
    Layer,
}

/// A file, folder or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The archive format's letter for it: `0` a file, `2` a symbolic link, `5` a folder.
    pub kind: char,
    /// Permissions.
    pub mode: u32,
    /// Owner.
    pub user: u64,
    /// Group.
    pub group: u64,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content of a file; where a link leads.
    pub content: String,
}

impl Saved {
    /// `the volume lesson-03_redis_data (4 entries, 1.2 kB)`
    pub fn told(&self) -> String {
        let what = match &self.what {
            What::Volume {
                name,
                anonymous: false,
                ..
            } => format!("the volume {name}"),
            What::Volume { folder, .. } => format!("the volume without a name at {folder}"),
            What::Layer => format!("what {} wrote outside its volumes", self.container),
        };
        let size: u64 = self.entries.values().map(|entry| entry.size).sum();
        let entries = match self.entries.len() {
            1 => "1 entry".to_owned(),
            many => format!("{many} entries"),
        };
        format!("{what} ({entries}, {size} bytes)")
    }
}

/// Saves what is endangered into a folder.
///
/// # Errors
/// The engine refuses, the disk is full, or it is more than [`LARGEST`].
pub fn save(
    docker: &Docker,
    running: &Running,
    endangered: Endangered,
    folder: &Path,
) -> anyhow::Result<Vec<Saved>> {
    let mut all: Vec<Saved> = Vec::new();
    let mut left = LARGEST;
    for known in &running.containers {
        let mut what = Vec::new();
        if endangered.layers && !known.read_only {
            what.push(What::Layer);
        }
        if endangered.volumes {
            what.extend(
                known
                    .mounts
                    .iter()
                    .filter(|mount| is_saved_from(mount))
                    .map(volume),
            );
        }
        for what in what {
            if all.iter().any(|saved| saved.is_of(&what)) {
                continue;
            }
            let archive = format!("{}.tar", all.len() + 1);
            let entries = pack(docker, known, &what, &folder.join(&archive), left)?;
            let size: u64 = entries.values().map(|entry| entry.size).sum();
            left = left.saturating_sub(size);
            let container = known.name.clone();
            all.push(Saved {
                what,
                container,
                archive,
                entries,
            });
        }
    }
    Ok(all)
}

/// A volume that several containers mount is saved from one that may write into it, so that it can be filled there again.
fn is_saved_from(mount: &Mount) -> bool {
    mount.writable && mount.owner != Owner::Other
}

fn volume(mount: &Mount) -> What {
    What::Volume {
        name: mount.volume.clone(),
        anonymous: mount.owner == Owner::Anonymous,
        folder: mount.folder.clone(),
    }
}

impl Saved {
    fn is_of(&self, other: &What) -> bool {
        match (&self.what, other) {
            (What::Volume { name, .. }, What::Volume { name: other, .. }) => name == other,
            _ => false,
        }
    }

    /// Fills it into a container that stands where the one stood, and compares.
    ///
    /// # Errors
    /// The engine refuses, or what is there afterwards is not what was saved.
    pub fn fill(&self, docker: &Docker, known: &Known, folder: &Path) -> anyhow::Result<()> {
        let target = match &self.what {
            What::Volume { folder, .. } if known.read_only => folder,
            What::Volume { .. } | What::Layer => "/",
        };
        if !self.entries.is_empty() {
            docker.unpack(&folder.join(&self.archive), &known.name, target)?;
        }
        let compared = folder.join("compared.tar");
        let entries = pack(docker, known, &self.what, &compared, LARGEST)?;
        std::fs::remove_file(&compared)?;
        differences(&self.entries, &entries, &known.name, target)
    }
}

fn differences(
    saved: &BTreeMap<String, Entry>,
    now: &BTreeMap<String, Entry>,
    container: &str,
    folder: &str,
) -> anyhow::Result<()> {
    const SHOWN: usize = 5;
    let gone = saved
        .iter()
        .filter(|(path, entry)| now.get(*path) != Some(*entry));
    let more = now.iter().filter(|(path, _)| !saved.contains_key(*path));
    let paths: Vec<_> = gone.chain(more).map(|(path, _)| path.as_str()).collect();
    if paths.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = paths.iter().take(SHOWN).copied().collect();
    bail!(
        "{} entries below {folder} in {container} are not as they were: {}",
        paths.len(),
        shown.join(", ")
    )
}

/// Packs a part of a container without what other mounts cover.
fn pack(
    docker: &Docker,
    known: &Known,
    what: &What,
    archive: &Path,
    limit: u64,
) -> anyhow::Result<BTreeMap<String, Entry>> {
    let raw = archive.with_extension("raw");
    let told = || format!("cannot write {}", archive.display());
    let mut packer = Packer::new(File::create(archive).with_context(told)?, limit);
    match what {
        What::Volume { folder, .. } => {
            docker.pack(&known.name, &format!("{folder}/."), &raw, limit)?;
            // The engine gives a folder that it unpacks into no owner and no rights, so that is the one above. With a
            // read-only root it unpacks into the volume alone.
            let prefix = match known.read_only {
                true => Path::new(""),
                false => Path::new(folder.trim_start_matches('/')),
            };
            let below = |other: &&String| other.starts_with(&format!("{folder}/"));
            let covered: Vec<_> = known.mounted.iter().filter(below).collect();
            let raw = File::open(&raw).with_context(told)?;
            packer.take(raw, prefix, false, &|path| {
                let inner = path.strip_prefix(prefix).unwrap_or(path);
                let whole = format!("{folder}/{}", inner.to_string_lossy());
                !path.as_os_str().is_empty()
                    && !covered.iter().any(|mount| is_at_or_below(&whole, mount))
            })?;
        }
        What::Layer => {
            let changes = docker.docker(&["diff", &known.name])?;
            for (path, whole) in roots(&changes, &known.mounted) {
                docker.pack(&known.name, &path, &raw, limit)?;
                let above = Path::new(&path).parent().unwrap_or(Path::new("/"));
                let prefix = above.strip_prefix("/").unwrap_or(above).to_path_buf();
                let raw = File::open(&raw).with_context(told)?;
                packer.take(raw, &prefix, !whole, &|path| {
                    let whole = format!("/{}", path.to_string_lossy());
                    !known
                        .mounted
                        .iter()
                        .any(|mount| is_at_or_below(&whole, mount))
                })?;
            }
        }
    }
    if raw.exists() {
        std::fs::remove_file(&raw)?;
    }
    packer.finish().with_context(told)
}

fn is_at_or_below(path: &str, folder: &str) -> bool {
    let path = path.trim_end_matches('/');
    path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// What `docker diff` lists, as paths to pack: each new folder as a whole, and of what only changed no more than itself.
fn roots(changes: &str, mounted: &[String]) -> Vec<(String, bool)> {
    // Made by the engine itself for every container.
    const ENGINES: [&str; 8] = [
        "/dev",
        "/proc",
        "/sys",
        "/.dockerenv",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/usr/sbin/docker-init",
    ];
    let skipped = |path: &str| {
        let mounted = mounted.iter().map(String::as_str);
        let mut all = mounted.chain(ENGINES);
        all.any(|folder| is_at_or_below(path, folder))
    };
    let listed: Vec<(&str, &str)> = changes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(kind, path)| *kind != "D" && !skipped(path))
        .collect();
    let mut roots: Vec<(String, bool)> = Vec::new();
    for (kind, path) in &listed {
        let in_new_folder = roots
            .iter()
            .any(|(root, whole)| *whole && is_at_or_below(path, root));
        let is_way = *kind == "C"
            && changes
                .lines()
                .filter_map(|line| line.split_once(' '))
                .any(|(_, other)| other != *path && is_at_or_below(other, path));
        if !in_new_folder && !is_way {
            roots.push(((*path).to_owned(), *kind == "A"));
        }
    }
    roots
}

/// Writes one archive out of several, and lists what is in it.
struct Packer {
    out: tar::Builder<File>,
    entries: BTreeMap<String, Entry>,
    left: u64,
}

impl Packer {
    fn new(out: File, limit: u64) -> Self {
        Self {
            out: tar::Builder::new(out),
            entries: BTreeMap::new(),
            left: limit,
        }
    }

    /// Takes over the entries whose path, with the prefix, is kept; or only the first one.
    fn take(
        &mut self,
        raw: impl Read,
        prefix: &Path,
        only_first: bool,
        keep: &dyn Fn(&Path) -> bool,
    ) -> anyhow::Result<()> {
        let mut archive = tar::Archive::new(raw);
        let taken = if only_first { 1 } else { usize::MAX };
        for entry in archive.entries()?.take(taken) {
            let mut entry = entry?;
            let path = prefix.join(plain(&entry.path()?));
            if !keep(&path) {
                continue;
            }
            self.left = match self.left.checked_sub(entry.size()) {
                Some(left) => left,
                None => bail!(
                    "there is more than can be saved: all of it may be {} MB",
                    LARGEST >> 20
                ),
            };
            self.add(&mut entry, prefix, &path)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        entry: &mut tar::Entry<'_, impl Read>,
        prefix: &Path,
        path: &Path,
    ) -> anyhow::Result<()> {
        let mut header = entry.header().clone();
        let kind = header.entry_type();
        let link = entry.link_name()?.map(|link| match kind {
            // The target of a hard link is a path in the archive.
            tar::EntryType::Link => prefix.join(plain(&link)),
            _ => link.into_owned(),
        });
        // Capabilities of programs are kept as extended attributes.
        let mut attributes: Vec<(String, Vec<u8>)> = Vec::new();
        for extension in entry.pax_extensions()?.into_iter().flatten() {
            let extension = extension?;
            let key = String::from_utf8_lossy(extension.key_bytes()).into_owned();
            if key.starts_with("SCHILY.xattr.") {
                attributes.push((key, extension.value_bytes().to_vec()));
            }
        }
        if !attributes.is_empty() {
            let attributes = attributes
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_slice()));
            self.out.append_pax_extensions(attributes)?;
        }
        let mut content = Hashed::new(entry);
        let (size, content) = match &link {
            Some(link) => {
                header.set_size(0);
                self.out.append_link(&mut header, path, link)?;
                (0, link.to_string_lossy().into_owned())
            }
            None => {
                self.out.append_data(&mut header, path, &mut content)?;
                let is_file = kind.is_file();
                (
                    content.size,
                    if is_file {
                        content.hash()
                    } else {
                        String::new()
                    },
                )
            }
        };
        let listed = Entry {
            kind: char::from(kind.as_byte()),
            mode: header.mode()?,
            user: header.uid()?,
            group: header.gid()?,
            size,
            content,
        };
        self.entries
            .insert(path.to_string_lossy().into_owned(), listed);
        Ok(())
    }

    /// Returns when the archive is on the disk.
    fn finish(self) -> std::io::Result<BTreeMap<String, Entry>> {
        let mut file = self.out.into_inner()?;
        file.flush()?;
        file.sync_all()?;
        Ok(self.entries)
    }
}

/// A path without `./` in front of it.
fn plain(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .collect()
}

/// Counts and hashes what is read through it.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
    size: u64,
}

impl<R> Hashed<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            size: 0,
        }
    }

    fn hash(self) -> String {
        hex(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(&into[..read]);
        self.size += read as u64;
        Ok(read)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A fingerprint of a file, or of a folder with everything in it; nothing where there is none.
///
/// # Errors
/// It cannot be read.
pub fn fingerprint(path: &Path) -> anyhow::Result<Option<String>> {
    let told = || format!("cannot read {}", path.display());
    let Ok(metadata) = std::fs::symlink_metadata(path) else {
        return Ok(None);
    };
    let mut hash = Sha256::new();
    if metadata.is_dir() {
        for (name, bytes) in crate::course::files_below(path)? {
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(Sha256::digest(&bytes));
        }
    } else {
        hash.update(std::fs::read(path).with_context(told)?);
    }
    Ok(Some(format!("sha256 {}", &hex(&hash.finalize())[..12])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_is_packed_whole_and_a_changed_one_not() {
        let changes = "C /root\nA /root/new\nA /root/new/file\nC /etc\nC /etc/passwd\nA /data\nC /usr\nC /usr/sbin\n\
                       A /usr/sbin/docker-init\nC /tmp\nD /opt/x\nC /opt\n";
        let roots = roots(changes, &["/data".to_owned()]);
        let expected = [("/root/new", true), ("/etc/passwd", false), ("/tmp", false)];
        let expected: Vec<_> = expected
            .map(|(path, whole)| (path.to_owned(), whole))
            .into();
        assert_eq!(roots, expected);
    }

    #[test]
    fn what_another_mount_covers_is_left_out() {
        let mut raw = tar::Builder::new(Vec::new());
        for (path, text) in [("./a", "one"), ("./conf/b", "two"), ("./conf2", "three")] {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            raw.append_data(&mut header, path, text.as_bytes())
                .expect("an entry");
        }
        let raw = raw.into_inner().expect("an archive");
        let out = tempfile::tempfile().expect("a file");
        let mut packer = Packer::new(out, 100);
        let keep = |path: &Path| !is_at_or_below(&format!("/d/{}", path.display()), "/d/conf");
        packer
            .take(raw.as_slice(), Path::new(""), false, &keep)
            .expect("taken");
        let entries = packer.finish().expect("written");
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["a", "conf2"]);
        assert_eq!(entries["a"].size, 3);
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let mut raw = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(5);
        raw.append_data(&mut header, "./a", "12345".as_bytes())
            .expect("an entry");
        let raw = raw.into_inner().expect("an archive");
        let mut packer = Packer::new(tempfile::tempfile().expect("a file"), 4);
        let taken = packer.take(raw.as_slice(), Path::new(""), false, &|_| true);
        assert!(taken.is_err());
    }
}
