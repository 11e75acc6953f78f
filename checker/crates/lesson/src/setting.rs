//! Settings that a program takes from a flag of its command line or from its environment.

use compose::{Node, Service, Span};

use crate::command;
use crate::format::Setting;
use crate::report::Spot;
use crate::scene::Scene;

/// A setting's value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingValue {
    /// The value.
    pub text: String,
    /// Where it stands; the service's name where the program's own default counts.
    pub spot: Spot,
}

/// Looks a setting up as the program does: the flag wins over the variable, the variable over the default.
pub fn look_up(scene: &Scene<'_>, setting: &Setting) -> Option<SettingValue> {
    let service = scene.service(&setting.service)?;
    let words = words(&service);
    let flag = setting
        .flag
        .as_deref()
        .and_then(|flag| flag_value(&words, flag));
    let arguments = setting
        .argument_after
        .as_deref()
        .map(|word| arguments_after(&words, word))
        .unwrap_or_default();
    let variable = setting.variable.as_deref().and_then(|name| {
        let node = service.environment(name)?;
        Some((node.scalar_text()?.to_string(), node))
    });
    if let Some((text, node)) = flag
        .or(arguments.sure)
        .or(variable)
        .or(arguments.after_flag)
    {
        let spot = scene.spot(part_of(scene, node, &text));
        return Some(SettingValue { text, spot });
    }
    let text = setting.default.clone()?;
    Some(SettingValue {
        text,
        spot: scene.service_spot(&setting.service),
    })
}

/// The place of a value inside the text it is a part of, where it stands there as it is.
fn part_of(scene: &Scene<'_>, node: &Node, value: &str) -> Span {
    let span = node.span();
    let mut places = scene
        .loaded
        .sources
        .text(span)
        .match_indices(value)
        .map(|(start, _)| start);
    match (places.next(), places.next()) {
        (Some(start), None) if !value.is_empty() => {
            let start = span.start + u32::try_from(start).unwrap_or_default();
            Span {
                start,
                end: start + u32::try_from(value.len()).unwrap_or_default(),
                ..span
            }
        }
        _ => span,
    }
}

/// The words of entrypoint and command, each with the value it stands in. A text given to a shell is split as well.
fn words<'a>(service: &Service<'a>) -> Vec<(String, &'a Node)> {
    let parts = ["entrypoint", "command"]
        .into_iter()
        .filter_map(|key| service.node().get(key));
    let nodes = parts.flat_map(|node| {
        node.as_sequence()
            .map_or_else(|| vec![node], |items| items.iter().collect())
    });
    let texts = nodes.filter_map(|node| Some((node.scalar_text()?, node)));
    command::words(texts.collect())
}

/// `--name=value`, `--name value`, and both with one dash.
fn flag_value<'a>(words: &[(String, &'a Node)], name: &str) -> Option<(String, &'a Node)> {
    let mut rest = words.iter();
    // A flag that is given twice counts as it was given last.
    let mut last = None;
    while let Some((word, node)) = rest.next() {
        let Some(flag) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
            continue;
        };
        match flag.split_once('=') {
            Some((key, value)) if key == name => last = Some((value.to_owned(), *node)),
            None if flag == name => last = rest.next().map(|(value, node)| (value.clone(), *node)),
            _ => {}
        }
    }
    last
}

/// The words after `word` that are neither a flag nor, as in `server --console-address :9001 /data`, a flag's value. Which flags
/// take a value is not known here, so a word behind a flag counts only where nothing else says.
fn arguments_after<'a>(words: &[(String, &'a Node)], word: &str) -> Arguments<'a> {
    let Some(start) = words.iter().position(|(candidate, _)| candidate == word) else {
        return Arguments::default();
    };
    let is_flag = |candidate: &str| candidate.starts_with('-');
    let takes_the_next_word = |candidate: &str| is_flag(candidate) && !candidate.contains('=');
    let pairs = words[start..]
        .windows(2)
        .filter(|pair| !is_flag(&pair[1].0));
    let (after_flags, arguments): (Vec<_>, Vec<_>) =
        pairs.partition(|pair| takes_the_next_word(&pair[0].0));
    let taken = |pairs: &[&[(String, &'a Node)]]| {
        let pair = pairs.first()?;
        Some((pair[1].0.clone(), pair[1].1))
    };
    Arguments {
        sure: taken(&arguments),
        after_flag: taken(&after_flags),
    }
}

/// The first word that is surely an argument, and the first that may be the value of the flag in front of it.
#[derive(Default)]
struct Arguments<'a> {
    sure: Option<(String, &'a Node)>,
    after_flag: Option<(String, &'a Node)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_file;

    /// The folder that `minio server` is given by a command, or by its variable.
    fn folder(command: &str) -> Option<String> {
        let text =
            format!("services:\n  minio:\n    image: minio/minio:1\n    command: {command}\n");
        look_up_folder(&text, None)
    }

    fn look_up_folder(compose: &str, variable: Option<&str>) -> Option<String> {
        let wanted = Setting {
            service: "minio".to_owned(),
            flag: None,
            argument_after: Some("server".to_owned()),
            variable: variable.map(str::to_owned),
            default: None,
        };
        look_at_file(compose, |scene| look_up(scene, &wanted)).map(|value| value.text)
    }

    #[test]
    fn an_argument_is_found_before_between_and_after_flags() {
        for command in [
            "minio server /data",
            "minio server /data --console-address :9001",
            "minio server --console-address :9001 /data",
            "minio server --console-address=:9001 /data",
            "minio server --quiet /data --console-address :9001",
            "[minio, server, --address, ':9000', /data]",
        ] {
            assert_eq!(folder(command).as_deref(), Some("/data"), "{command}");
        }
        let by_variable = "services: {minio: {image: x, command: 'minio server --console-address :9001', \
            environment: {MINIO_VOLUMES: /data}}}";
        let found = look_up_folder(by_variable, Some("MINIO_VOLUMES"));
        assert_eq!(found.as_deref(), Some("/data"));
        assert_eq!(folder("minio server --quiet"), None);
        assert_eq!(folder("minio"), None);
    }
}
