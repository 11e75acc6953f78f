//! Hiding secrets in what the engine and the services say.

use serde_json::Value;

use super::hidden::Hidden;
use super::places;
use super::project::{is_login_name, secret_in};
use super::settings::hide_by_name;
use crate::evidence::{Answer, Bytes, EngineSeen, Evidence, FileSeen, ImageSeen, Probe, WorldSeen};

pub(super) fn hide_in_environment(inspect: &mut Value, hidden: &mut Hidden) {
    let entries = inspect
        .pointer_mut("/Config/Env")
        .and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some((name, value)) = entry.as_str().and_then(|text| text.split_once('=')) else {
            continue;
        };
        let known = (hidden.knows(value) && is_login_name(name)).then(|| value.to_owned());
        if let Some(secret) = secret_in(name, value).or(known) {
            let shown = value.replace(&secret, &hidden.stand_in(&secret));
            *entry = Value::from(format!("{name}={shown}"));
        }
    }
}

/// An image carries what its Dockerfile says: variables, and the words of its steps, in which arguments of the build stand too.
pub(super) fn hide_in_images(world: &mut WorldSeen, hidden: &mut Hidden) {
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_environment(inspect, hidden);
        }
    }
    let steps = world.histories.values_mut().filter_map(Value::as_array_mut);
    for step in steps.flatten() {
        let Some(text) = step.get("CreatedBy").and_then(Value::as_str) else {
            continue;
        };
        let secrets = text.split_whitespace().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            secret_in(name, value.trim_matches(['"', '\'']))
        });
        let shown = secrets.fold(text.to_owned(), |shown, secret| {
            shown.replace(
                &format!("={secret}"),
                &format!("={}", hidden.stand_in(&secret)),
            )
        });
        step["CreatedBy"] = Value::from(shown);
    }
}

/// Files of a container are files like the learner's own.
pub(super) fn hide_in_contents(world: &mut WorldSeen, hidden: &mut Hidden) {
    for answered in &mut world.answers {
        if let (Probe::File { path, .. }, Answer::File(seen)) =
            (&answered.probe, &mut answered.answer)
            && let Some(contents) = &mut seen.contents
            && let Ok(text) = std::str::from_utf8(&contents.0)
            && let Some(shown) = hide_by_name(path, text, hidden)
        {
            contents.0 = shown.into_bytes();
        }
    }
}

/// Secrets may also stand in commands, logs and answers.
pub(super) fn hide_everywhere(evidence: &mut Evidence, hidden: &mut Hidden) {
    for seen in evidence.files.files.values_mut() {
        match seen {
            FileSeen::Text(text) => hidden.in_text(text),
            FileSeen::Bytes(bytes) => hide_in_bytes(bytes, hidden),
            _ => {}
        }
    }
    hidden.keep_shape(false);
    let world = &mut evidence.world;
    if let EngineSeen::Silent {
        address, reason, ..
    } = &mut world.engine
    {
        hidden.in_text(address);
        hidden.in_text(reason);
    }
    for container in world.containers.iter_mut().chain(&mut world.strangers) {
        hide_in_value(&mut container.inspect, hidden);
        for line in &mut container.last_lines {
            hidden.in_text(line);
        }
    }
    for seen in world.images.values_mut() {
        if let ImageSeen::Present(inspect) = seen {
            hide_in_value(inspect, hidden);
        }
    }
    let others = world
        .histories
        .values_mut()
        .chain(world.networks.values_mut());
    for value in others.chain(world.volumes.values_mut()) {
        hide_in_value(value, hidden);
    }
    for answered in &mut world.answers {
        match &mut answered.answer {
            Answer::Http { body, .. } => hide_in_bytes(body, hidden),
            // A binary message may look like text, and its letters have to stay.
            Answer::Grpc { .. } => {}
            Answer::Exec { stdout, stderr, .. } => {
                hide_in_bytes(stdout, hidden);
                hide_in_bytes(stderr, hidden);
            }
            Answer::Log { lines } => lines.iter_mut().for_each(|line| hidden.in_text(line)),
            Answer::Processes { processes } => {
                for process in processes {
                    hidden.in_text(&mut process.command);
                }
            }
            Answer::File(seen) => {
                if let Some(contents) = &mut seen.contents {
                    hide_in_bytes(contents, hidden);
                }
            }
            Answer::Tcp { .. } | Answer::NoFile | Answer::None(_) => {}
        }
    }
}

pub(super) fn hide_in_value(value: &mut Value, hidden: &mut Hidden) {
    match value {
        Value::String(text) => hidden.in_text(text),
        Value::Array(items) => {
            hide_in_words(items, hidden);
            for item in items {
                hide_in_value(item, hidden);
            }
        }
        Value::Object(entries) => {
            for (name, entry) in entries.iter_mut() {
                let secret = entry
                    .as_str()
                    .and_then(|value| places::secret_of(name, value));
                if let Some(secret) = secret.filter(|secret| hidden.has_to_hide(secret))
                    && let Value::String(text) = entry
                {
                    *text = text.replace(&secret, &hidden.stand_in_there(&secret));
                }
                hide_in_value(entry, hidden);
            }
        }
        _ => {}
    }
}

/// The words of a command, in which a flag and its value are two.
fn hide_in_words(items: &mut [Value], hidden: &mut Hidden) {
    let words: Vec<String> = items
        .iter()
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for index in 0..words.len() {
        if let Some((_, secret, at)) = places::secret_at(&words, index)
            && hidden.has_to_hide(&secret)
            && let Value::String(text) = &mut items[at]
            && let Some(start) = text.rfind(&secret)
        {
            let stand_in = hidden.stand_in_there(&secret);
            text.replace_range(start..start + secret.len(), &stand_in);
        }
    }
}

/// Only text is searched: a stand-in of the same length keeps even binary messages whole, but they carry no secrets.
fn hide_in_bytes(bytes: &mut Bytes, hidden: &mut Hidden) {
    if let Ok(mut text) = String::from_utf8(bytes.0.clone()) {
        hidden.in_text(&mut text);
        bytes.0 = text.into_bytes();
    }
}
