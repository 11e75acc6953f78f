//! Hiding the secrets in the learner's files.

use std::collections::{BTreeMap, BTreeSet};

use compose::{Span, Step};

use super::hidden::{Hidden, doubled, shape};
use super::project::{
    held, is_login_name, names, secret_in, secret_in_dockerfile, seemingly_given,
};
use super::settings::{Assigned, assigned, hide_in_settings, is_called_for_variables};
use super::{places, text};
use crate::build::variables_in_dockerfiles;
use crate::evidence::{FileSeen, FilesSeen};

pub(super) fn hide_in_files(files: &mut FilesSeen, hidden: &mut Hidden) {
    let mut loaded = compose::load(&*files, &files.request());
    let of_variables = places::variable_files(&loaded);
    crate::build::add_sources(files, &mut loaded);
    let Some(project) = &loaded.project else {
        hidden.keep_shape(true);
        hide_given_in_shape(files, hidden);
        for secret in seeming_secrets(files) {
            hidden.stand_in(&secret);
        }
        for (name, value) in &mut files.environment {
            if secret_in(name, value).is_some() {
                *value = shape(value);
            }
        }
        return;
    };
    hidden.leave_names(names(project));
    let given: BTreeSet<String> = places::given_variables(project)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let held = held(project);
    for (name, node) in &held {
        let value = node.scalar_text().unwrap_or_default();
        if let Some(secret) = secret_in(name, &value) {
            hidden.stand_in(&secret);
        }
    }
    for name in &given {
        if let Some(value) = files.environment.get(name)
            && Hidden::is_secret(value)
        {
            hidden.stand_in(value);
        }
    }
    // What stands in a file of variables is known before the places where it is used are replaced.
    let mut variables: BTreeMap<String, Vec<Assigned>> = BTreeMap::new();
    for (path, seen) in &files.files {
        if let FileSeen::Text(text) = seen
            && (of_variables.contains(path) || is_called_for_variables(path))
        {
            variables.insert(path.clone(), assigned(text, &given, hidden));
        }
    }
    let mut spans: Vec<(Span, String, Written)> = Vec::new();
    for (name, node) in &held {
        let Some(value) = node.scalar_text() else {
            continue;
        };
        // The same word may be the user's name on one side and the password on the other: both stay equal.
        let known = (hidden.knows(&value) && is_login_name(name)).then_some(value.clone());
        if let Some(secret) = secret_in(name, &value).or(known) {
            let has_variables = node
                .origin
                .steps
                .iter()
                .any(|step| matches!(step, Step::Interpolated { .. }));
            let whole = if has_variables || secret != value {
                Written::InPart
            } else {
                Written::Whole
            };
            spans.push((node.span(), secret, whole));
        }
    }
    for service in project.services() {
        let held = places::of_service(&service).into_iter();
        let in_words = held.filter(|held| matches!(held.key, "command" | "healthcheck"));
        spans.extend(
            in_words
                .filter(|held| Hidden::is_secret(&held.value))
                .map(|held| (held.node.span(), held.value, Written::InPart)),
        );
    }
    // From the end of each file, so that earlier places stay where they are.
    spans.sort_by_key(|(span, ..)| std::cmp::Reverse((span.source, span.start)));
    for (span, secret, written) in spans {
        let path = loaded.sources.get(span.source).path.clone();
        let stand_in = hidden.stand_in(&secret);
        if variables.contains_key(&path) {
            continue;
        }
        if let Some(FileSeen::Text(text)) = files.files.get_mut(&path) {
            replace_in_span(text, span, &secret, &stand_in, written);
        }
    }
    for (path, span, name, value) in variables_in_dockerfiles(&loaded) {
        if let Some(secret) = secret_in_dockerfile(&name, &value) {
            let stand_in = hidden.stand_in(&secret);
            if let Some(FileSeen::Text(text)) = files.files.get_mut(&path) {
                replace_in_span(text, span, &secret, &stand_in, Written::InPart);
            }
        }
    }
    for (path, seen) in &mut files.files {
        let FileSeen::Text(text) = seen else { continue };
        if let Some(assigned) = variables.get(path) {
            for assigned in assigned.iter().rev() {
                text.replace_range(assigned.place.clone(), &assigned.shown(hidden));
            }
        } else if path.ends_with(".conf") {
            *text = hide_in_settings(text, hidden);
        }
    }
    for (name, value) in &mut files.environment {
        let secret = secret_in(name, value).or_else(|| {
            let is_given = given.contains(name) && Hidden::is_secret(value);
            is_given.then(|| value.clone())
        });
        if let Some(secret) = secret {
            *value = value.replace(&secret, &hidden.stand_in(&secret));
        }
    }
}

/// Values of variables that `secrets:` seems to take, in the files of a project that does not load.
fn hide_given_in_shape(files: &mut FilesSeen, hidden: &mut Hidden) {
    let texts = files.files.values().filter_map(|seen| match seen {
        FileSeen::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let given = seemingly_given(texts);
    for (path, seen) in &mut files.files {
        let FileSeen::Text(text) = seen else { continue };
        if !is_called_for_variables(path) {
            continue;
        }
        let lines = text.split_inclusive('\n').map(|line| {
            let Some((name, value)) = line.split_once('=') else {
                return line.to_owned();
            };
            let bare = name.trim().trim_start_matches("export ").trim();
            if given.contains(bare) {
                let secret = value.trim().trim_matches(['"', '\'']);
                if Hidden::is_secret(secret) {
                    hidden.stand_in(secret);
                }
                format!("{name}={}", shape(value))
            } else {
                line.to_owned()
            }
        });
        *text = lines.collect();
    }
    for name in &given {
        if let Some(value) = files.environment.get_mut(name) {
            *value = shape(value);
        }
    }
}

/// What the words around it call a secret, in the files of a project that does not load. A word that is a key as well is none:
/// without it the file would have another fault.
fn seeming_secrets(files: &FilesSeen) -> BTreeSet<String> {
    let texts: Vec<&str> = files
        .files
        .values()
        .filter_map(|seen| match seen {
            FileSeen::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let all = texts
        .iter()
        .flat_map(|text| text::places(text).into_iter().map(|place| &text[place]));
    all.filter(|secret| Hidden::is_secret(secret))
        .filter(|secret| {
            !texts
                .iter()
                .any(|text| text.contains(&format!("{secret}:")))
        })
        .map(str::to_owned)
        .collect()
}

/// How much of a span is the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// All of it, in some spelling: in quotes, with escapes, or as a number that means another one.
    Whole,
    /// A part, letter by letter.
    InPart,
}

fn replace_in_span(text: &mut String, span: Span, secret: &str, stand_in: &str, written: Written) {
    const BYTE_ORDER_MARK: char = '\u{feff}';
    let offset = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len_utf8()
    } else {
        0
    };
    let (start, end) = (span.start as usize + offset, span.end as usize + offset);
    let Some(part) = text.get(start..end) else {
        return;
    };
    let spellings = [
        (secret.to_owned(), stand_in.to_owned()),
        (doubled(secret), doubled(stand_in)),
    ];
    let spelt = spellings
        .into_iter()
        .find_map(|(secret, stand_in)| Some((part.rfind(&secret)?, secret.len(), stand_in)));
    if let Some((position, length, stand_in)) = spelt {
        let place = start + position..start + position + length;
        text.replace_range(place, &stand_in);
    } else if written == Written::Whole {
        // `NAME=value` of a list keeps its name. Blanks keep what follows on the line in its column.
        let name = part.find('=').map_or(0, |equals| equals + 1);
        let name = if is_name(&part[..name]) { name } else { 0 };
        let stand_in = doubled(stand_in);
        let blanks = " ".repeat(part.len().saturating_sub(name + stand_in.len()));
        text.replace_range(start + name..end, &format!("{stand_in}{blanks}"));
    }
}

/// `NAME=`
fn is_name(text: &str) -> bool {
    text.strip_suffix('=').is_some_and(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
