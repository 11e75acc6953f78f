//! The learner's files as they were read, including those that were looked for and not there.

use std::collections::BTreeMap;

use compose::{ReadError, Reader};
use dockerfile::context::Listing;
use serde::{Deserialize, Serialize};

use super::Bytes;

/// The files of one lesson folder and the shell variables that were read with them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesSeen {
    /// Name of the folder, from which Compose derives the project's name where the file gives none.
    pub folder_name: String,
    /// The compose files named on the command line; empty where Compose's own names were looked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compose_files: Vec<String>,
    /// A project name given on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The shell's variables, restricted to those the files refer to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Path below the folder, with `/` as separator, and what was found there.
    pub files: BTreeMap<String, FileSeen>,
    /// What lies in the folders that images are built from, by the folder's path as in `files`; empty is the lesson's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<String, Listing>,
}

/// What reading one path gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileSeen {
    /// UTF-8 text, byte for byte.
    Text(String),
    /// A file that is not UTF-8.
    Bytes(Bytes),
    /// A file that holds a secret and nothing else. Its content is read to know what has to be hidden elsewhere, and is not kept.
    Secret {
        /// Its size.
        bytes: u64,
    },
    /// Nothing has this name.
    Absent,
    /// A folder has this name.
    Folder,
    /// The operating system refused.
    PermissionDenied,
    /// The path leaves the folder.
    Outside,
    /// Larger than what is read; sizes in bytes.
    TooLarge {
        /// The file's size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// Any other refusal, in the operating system's words.
    Unreadable(String),
}

impl From<Result<Vec<u8>, ReadError>> for FileSeen {
    fn from(read: Result<Vec<u8>, ReadError>) -> Self {
        match read {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Self::Text(text),
                Err(error) => Self::Bytes(Bytes(error.into_bytes())),
            },
            Err(ReadError::NotFound) => Self::Absent,
            Err(ReadError::IsDirectory) => Self::Folder,
            Err(ReadError::PermissionDenied) => Self::PermissionDenied,
            Err(ReadError::Outside) => Self::Outside,
            Err(ReadError::TooLarge { bytes, limit }) => Self::TooLarge { bytes, limit },
            Err(ReadError::Other(text)) => Self::Unreadable(text),
        }
    }
}

/// Evidence is read exactly as a folder is, so that loading a recording is loading the folder again.
impl Reader for FilesSeen {
    fn read(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(FileSeen::Text(text)) => Ok(text.clone().into_bytes()),
            Some(FileSeen::Bytes(bytes)) => Ok(bytes.0.clone()),
            None | Some(FileSeen::Absent) => Err(ReadError::NotFound),
            Some(FileSeen::Secret { .. }) => {
                Err(ReadError::Other("its content is not kept".to_owned()))
            }
            Some(FileSeen::Folder) => Err(ReadError::IsDirectory),
            Some(FileSeen::PermissionDenied) => Err(ReadError::PermissionDenied),
            Some(FileSeen::Outside) => Err(ReadError::Outside),
            Some(FileSeen::TooLarge { bytes, limit }) => Err(ReadError::TooLarge {
                bytes: *bytes,
                limit: *limit,
            }),
            Some(FileSeen::Unreadable(text)) => Err(ReadError::Other(text.clone())),
        }
    }
}

impl FilesSeen {
    /// How the compose file is loaded from these files.
    pub fn request(&self) -> compose::Request {
        compose::Request {
            files: self.compose_files.clone(),
            project_name: self.project_name.clone(),
            folder_name: self.folder_name.clone(),
            environment: self.environment.clone(),
            ..compose::Request::default()
        }
    }

    /// Whether this was seen of the same files as `other`. More may lie in a build context by now: programs write there.
    pub fn are_those_of(&self, other: &Self) -> bool {
        let contexts_hold = other.contexts.iter().all(|(folder, listing)| {
            self.contexts.get(folder).is_some_and(|seen| {
                let mut entries = listing.entries.iter();
                entries.all(|(path, entry)| {
                    let seen = seen.entries.get(path);
                    seen.is_some_and(|seen| seen.bytes() == entry.bytes())
                })
            })
        });
        let without_contexts = |files: &Self| Self {
            contexts: BTreeMap::new(),
            ..files.clone()
        };
        contexts_hold && without_contexts(self) == without_contexts(other)
    }

    /// Leaves out shell variables that no file mentions: they had no part in what was read, and are nobody's business.
    pub fn forget_other_variables(&mut self) {
        let mentioned = |name: &str| {
            let by_compose = name.starts_with("COMPOSE_");
            by_compose
                || self
                    .files
                    .values()
                    .any(|seen| matches!(seen, FileSeen::Text(text) if has_word(text, name)))
        };
        let kept = self.environment.iter().filter(|(name, _)| mentioned(name));
        self.environment = kept
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
    }
}

/// Whether a name stands in a text as a word of its own.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}
