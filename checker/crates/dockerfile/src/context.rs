//! The build context: what of a folder reaches the builder.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ignore::{Fitted, Ignore, Rule};
use crate::pattern::Pattern;

/// What lies in a folder, without the contents of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// By path below the folder, with `/` as separator. Every folder on the way to a file is listed too.
    pub entries: BTreeMap<String, Entry>,
    /// Folders of it whose content is not listed: there are too many files, or they may not be read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unlisted: BTreeSet<String>,
}

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A file of this many bytes.
    File(u64),
    /// A file of this many bytes that may be run.
    Program(u64),
    /// A folder.
    Folder,
    /// A symbolic link, and what it leads to as written.
    Link(String),
    /// A pipe, a socket, a device.
    Other,
}

impl Entry {
    /// Its size; only files have one.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(bytes) | Self::Program(bytes) => *bytes,
            Self::Folder | Self::Link(_) | Self::Other => 0,
        }
    }
}

impl Listing {
    /// A listing of files that are held in memory, by path; folders are those that the paths name.
    pub fn of_files<'a>(files: impl IntoIterator<Item = (&'a str, u64)>) -> Self {
        let mut listing = Self::default();
        for (path, bytes) in files {
            for (at, _) in path.match_indices('/') {
                let folder = path[..at].to_owned();
                listing.entries.insert(folder, Entry::Folder);
            }
            listing.entries.insert(path.to_owned(), Entry::File(bytes));
        }
        listing
    }
}

/// A path of a context, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    /// The path below the context's folder.
    pub path: &'a str,
    /// What it is.
    pub entry: &'a Entry,
    /// Whether a `COPY . .` would find it. A folder that is left out is there all the same where something in it is not.
    pub is_in: bool,
    /// The line of the ignore file that decided; none where no line fits.
    pub by: Option<&'a Rule>,
}

/// A context after the ignore file was applied.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Every listed path, folders before what is in them.
    pub paths: Vec<Seen<'a>>,
    /// Folders that are in, and of which nobody knows what is in them.
    pub unknown: Vec<&'a str>,
}

impl<'a> Context<'a> {
    /// What an ignore file leaves of a folder.
    ///
    /// ```
    /// use compose::Sources;
    /// use dockerfile::context::{Context, Listing};
    ///
    /// let mut sources = Sources::new();
    /// let text = "**/*.log\n!keep/*.log\n";
    /// let ignore = dockerfile::ignore::read(text, sources.add(".dockerignore", text));
    /// let listing = Listing::of_files([("app.py", 10), ("a.log", 20), ("x/b.log", 30), ("keep/c.log", 40)]);
    /// let context = Context::simulate(&listing, &ignore);
    /// let sent: Vec<_> = context.files().map(|file| file.path).collect();
    /// assert_eq!(sent, ["app.py", "keep/c.log"]);
    /// assert_eq!(context.bytes(), 50);
    /// let left_out = context.path("x/b.log").and_then(|path| path.by);
    /// assert_eq!(left_out.map(|rule| rule.text.as_str()), Some("**/*.log"));
    /// ```
    pub fn simulate(listing: &'a Listing, ignore: &'a Ignore) -> Self {
        let mut folders: BTreeMap<&str, Folder> = BTreeMap::new();
        let mut paths: Vec<Seen<'a>> = Vec::new();
        for (path, entry) in &listing.entries {
            let above = path.rsplit_once('/').map(|(folder, _)| folder);
            let folder = above.and_then(|above| folders.get(above));
            let (is_in, by, fitted, closed) = match folder {
                Some(Folder {
                    by, closed: true, ..
                }) => (false, *by, Fitted::default(), true),
                _ => {
                    let (judged, fitted) = ignore.judge(path, folder.map(|folder| &folder.fitted));
                    let closed =
                        judged.left_out && *entry == Entry::Folder && !ignore.looks_into(path);
                    (!judged.left_out, judged.by, fitted, closed)
                }
            };
            if *entry == Entry::Folder {
                folders.insert(path, Folder { fitted, by, closed });
            }
            paths.push(Seen {
                path,
                entry,
                is_in,
                by: by.and_then(|by| ignore.rules.get(by)),
            });
        }
        take_in_folders(&mut paths);
        let unknown = listing.unlisted.iter().map(String::as_str);
        let unknown = unknown.filter(|path| folders.get(path).is_none_or(|folder| !folder.closed));
        Self {
            unknown: unknown.collect(),
            paths,
        }
    }

    /// The files that are in.
    pub fn files(&self) -> impl Iterator<Item = &Seen<'a>> {
        self.paths
            .iter()
            .filter(|seen| seen.is_in && *seen.entry != Entry::Folder)
    }

    /// How large the files are that are in, together.
    pub fn bytes(&self) -> u64 {
        self.files().map(|seen| seen.entry.bytes()).sum()
    }

    /// The files that are in and that a build asks for, by [`Planned::asks_for`](crate::Planned::asks_for) of its stages.
    pub fn asked<'s>(
        &'s self,
        asks_for: &'s BTreeSet<String>,
    ) -> impl Iterator<Item = &'s Seen<'a>> {
        let patterns: Vec<Pattern> = asks_for
            .iter()
            .filter_map(|text| Pattern::read(text).ok())
            .collect();
        let everything = asks_for.contains("");
        self.files().filter(move |seen| {
            let folders = seen.path.match_indices('/').map(|(at, _)| &seen.path[..at]);
            let mut paths = folders.chain([seen.path]);
            everything || paths.any(|path| patterns.iter().any(|pattern| pattern.matches(path)))
        })
    }

    /// What becomes of one path.
    pub fn path(&self, path: &str) -> Option<&Seen<'a>> {
        let at = self.paths.binary_search_by(|seen| seen.path.cmp(path));
        at.ok().and_then(|at| self.paths.get(at))
    }
}

/// A folder that was gone through.
struct Folder {
    fitted: Fitted,
    by: Option<usize>,
    /// Left out with everything in it, without a further look.
    closed: bool,
}

/// A path that is in brings the folders above it.
fn take_in_folders(paths: &mut [Seen<'_>]) {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    for seen in paths.iter().filter(|seen| seen.is_in) {
        for (at, _) in seen.path.match_indices('/') {
            needed.insert(seen.path[..at].to_owned());
        }
    }
    for seen in paths.iter_mut() {
        seen.is_in |= needed.contains(seen.path);
    }
}
