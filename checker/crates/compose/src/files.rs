//! Reading files: text out of bytes, and the Compose files of a folder.

use std::char::DecodeUtf16Error;

use crate::finding::Finding;
use crate::interpolate::Variables;
use crate::path;
use crate::reader::{ReadError, Recorder};
use crate::source::{SourceId, Sources, Span};
use crate::tree::{self, Limits};

/// The names Compose looks for, the first that exists wins.
const NAMES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// A file of variables as text, whatever bytes it holds: Compose looks at none of them, and shows a mark for what is no text.
pub(crate) fn read_variables(
    recorder: &mut Recorder<'_>,
    sources: &mut Sources,
    path: &str,
    limits: Limits,
) -> Result<SourceId, ReadFailure> {
    if let Some(source) = recorder.text(path) {
        return Ok(source);
    }
    let bytes = read_bytes(recorder, path, limits)?;
    if utf16(&bytes).is_some() {
        return Err(refused_utf16(
            sources,
            path,
            "is written in UTF-16, which no file of variables may be",
        ));
    }
    let source = sources.add(path, String::from_utf8_lossy(without_mark(&bytes)));
    recorder.keep(path, source);
    Ok(source)
}

/// A file's place in `Sources`, or the finding that says why there is none.
pub(crate) fn read_text(
    recorder: &mut Recorder<'_>,
    sources: &mut Sources,
    path: &str,
    limits: Limits,
) -> Result<SourceId, ReadFailure> {
    if let Some(source) = recorder.text(path) {
        return Ok(source);
    }
    let mut bytes = read_bytes(recorder, path, limits)?;
    if let Some(decoded) = utf16(&bytes) {
        bytes = decoded
            .map_err(|_| refused_utf16(sources, path, "is UTF-16 with half a character in it"))?
            .into_bytes();
    }
    let content = without_mark(&bytes);
    match std::str::from_utf8(content) {
        Ok(text) => {
            let source = sources.add(path, text);
            match control_character(text) {
                Some(at) => Err(ReadFailure::Content(Box::new(
                    Finding::error(
                        "control-character",
                        format!(
                            "`{path}` contains a control character, which YAML does not allow."
                        ),
                        character_span(source, text, at),
                    )
                    .label("an invisible character stands here")
                    .help("delete it; check that this is a text file"),
                ))),
                None => {
                    recorder.keep(path, source);
                    Ok(source)
                }
            }
        }
        Err(error) => {
            let at = error.valid_up_to();
            let source = sources.add(path, String::from_utf8_lossy(content));
            let line = content[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            let span = character_span(source, &sources.get(source).text, at);
            Err(ReadFailure::Content(Box::new(
                Finding::error(
                    "not-utf8",
                    format!("`{path}` is no UTF-8 text: byte {at}, on line {line}, does not fit."),
                    span,
                )
                .label(format!(
                    "byte 0x{:02x}",
                    content.get(at).copied().unwrap_or(0)
                ))
                .help("save the file as UTF-8; most editors have it under \"Save with encoding\""),
            )))
        }
    }
}

/// The bytes of a file that is not too large.
fn read_bytes(
    recorder: &mut Recorder<'_>,
    path: &str,
    limits: Limits,
) -> Result<Vec<u8>, ReadFailure> {
    let bytes = recorder.read(path).map_err(ReadFailure::Unreadable)?;
    if bytes.len() > limits.bytes {
        return Err(ReadFailure::Unreadable(ReadError::TooLarge {
            bytes: bytes.len() as u64,
            limit: limits.bytes as u64,
        }));
    }
    Ok(bytes)
}

/// The text of a file that starts with a mark of UTF-16, as some editors on Windows write it; YAML allows it.
fn utf16(bytes: &[u8]) -> Option<Result<String, DecodeUtf16Error>> {
    let unit: fn([u8; 2]) -> u16 = match bytes.first_chunk()? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let pairs = bytes[2..].chunks_exact(2);
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).collect())
}

fn refused_utf16(sources: &mut Sources, path: &str, why: &str) -> ReadFailure {
    let span = Span {
        source: sources.add(path, ""),
        start: 0,
        end: 0,
    };
    ReadFailure::Content(Box::new(
        Finding::error("not-utf8", format!("`{path}` {why}."), span)
            .label("the file starts with a UTF-16 mark")
            .help("save the file as UTF-8; most editors have it under \"Save with encoding\""),
    ))
}

/// Text without the mark that some editors put before it.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes)
}

/// Why a file gave no text.
pub(crate) enum ReadFailure {
    /// It could not be read at all.
    Unreadable(ReadError),
    /// It was read, and its content is no text.
    Content(Box<Finding>),
}

impl ReadFailure {
    /// The finding for a file that something at `span` refers to, or that was asked for by name.
    pub(crate) fn into_finding(self, path: &str, span: Option<Span>) -> Finding {
        match self {
            Self::Content(finding) => *finding,
            Self::Unreadable(ReadError::TooLarge { bytes, limit }) => {
                let finding = tree::too_large(bytes, limit, span);
                Finding {
                    message: format!("`{path}` has {bytes} bytes; at most {limit} are read."),
                    ..finding
                }
            }
            Self::Unreadable(error) => {
                let (code, help) = match error {
                    ReadError::NotFound => (
                        "file-not-found",
                        "check the name and the folder it is looked for in",
                    ),
                    ReadError::IsDirectory => (
                        "file-is-folder",
                        "name a file; when a container made this folder, remove it first",
                    ),
                    ReadError::PermissionDenied => {
                        ("file-not-readable", "give yourself the right to read it")
                    }
                    ReadError::Outside => {
                        ("file-outside", "move the file into the project's folder")
                    }
                    _ => (
                        "file-not-readable",
                        "make sure that it is an ordinary file; what comes through a pipe is read with `-f -`",
                    ),
                };
                Finding::error(code, format!("`{path}` cannot be read: {error}."), span)
                    .label("refers to this file")
                    .help(help)
            }
        }
    }
}

fn character_span(source: SourceId, text: &str, at: usize) -> Span {
    let length = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    Span {
        source,
        start: at as u32,
        end: (at + length) as u32,
    }
}

fn control_character(text: &str) -> Option<usize> {
    // Bytes first: nearly every file is free of them, and this is one quick pass.
    let at = text
        .bytes()
        .position(|byte| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f)?;
    Some(at)
}

/// The files that the variable `COMPOSE_FILE` names.
pub(crate) fn named_by_variable(variables: &Variables) -> Option<Vec<String>> {
    let listed = variables.value("COMPOSE_FILE")?;
    let separator = variables
        .value("COMPOSE_PATH_SEPARATOR")
        .filter(|separator| !separator.is_empty())
        .unwrap_or(if cfg!(windows) { ";" } else { ":" });
    Some(listed.split(separator).map(path::clean).collect())
}

/// The Compose files of the project folder, with the warning when there are several to choose from.
pub(crate) fn discover(recorder: &mut Recorder<'_>, findings: &mut Vec<Finding>) -> Vec<String> {
    let files = present(&|name| recorder.exists(name), findings);
    if files.is_empty() {
        findings.push(no_compose_file("in this folder"));
    }
    files
}

/// Of the names that Compose looks for in a folder the ones it takes; none when there is no Compose file.
pub(crate) fn present(exists: &dyn Fn(&str) -> bool, findings: &mut Vec<Finding>) -> Vec<String> {
    let mut files = Vec::new();
    for names in [NAMES, OVERRIDES] {
        let found: Vec<&str> = names.into_iter().filter(|name| exists(name)).collect();
        let [first, others @ ..] = found.as_slice() else {
            if files.is_empty() {
                break;
            }
            continue;
        };
        files.push((*first).to_string());
        if !others.is_empty() {
            findings.push(
                Finding::warning(
                    "several-compose-files",
                    format!(
                        "There are several Compose files: {}. Compose takes `{first}`.",
                        found.join(", ")
                    ),
                    None,
                )
                .help("remove or rename the others, or name the one you mean with `-f`"),
            );
        }
    }
    files
}

pub(crate) fn no_compose_file(place: &str) -> Finding {
    Finding::error(
        "no-compose-file",
        format!("There is no Compose file {place}."),
        None,
    )
    .expected("a file called compose.yaml")
    .help("go to the folder of the project, or name the file with `-f`")
}
