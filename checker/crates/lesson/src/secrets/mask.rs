//! The secrets of a project, hidden in what is shown of it.

use std::collections::BTreeSet;

use compose::Loaded;
use serde_json::Value;

use super::hidden::Hidden;
use super::project::{held, names, secret_in, secret_in_dockerfile, seemingly_given};
use super::settings::assigned;
use super::world::hide_in_value;
use super::{places, text};
use crate::build::variables_in_dockerfiles;

/// Hides the secrets of a project in what is shown of it, as of a line with a mark under it.
#[derive(Default)]
pub struct Mask(Hidden);

impl Mask {
    /// Knows the secrets of a project, or of the files of one that does not load.
    pub fn of(loaded: &Loaded) -> Self {
        let mut hidden = Hidden::default();
        let mut given = BTreeSet::new();
        if let Some(project) = &loaded.project {
            let variables = places::given_variables(project).into_iter();
            given.extend(variables.map(str::to_owned));
            let held = held(project);
            let values = held.iter().filter_map(|(name, node)| {
                let value = node.scalar_text()?;
                secret_in(name, &value)
            });
            let services = project.services();
            let words = services.flat_map(|service| places::of_service(&service));
            let words = words.map(|held| held.value);
            let built = variables_in_dockerfiles(loaded);
            let built = built
                .iter()
                .filter_map(|(_, _, name, value)| secret_in_dockerfile(name, value));
            for secret in values
                .chain(words)
                .chain(built)
                .filter(|value| Hidden::is_secret(value))
            {
                hidden.stand_in(&secret);
            }
        }
        let is_compose_file = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
        let sources = || loaded.sources.iter().map(|(_, source)| source);
        let compose_files = sources().filter(|source| is_compose_file(&source.path));
        let texts: Vec<&str> = compose_files.map(|source| source.text.as_str()).collect();
        if loaded.project.is_none() {
            given.extend(seemingly_given(texts.iter().copied()));
        }
        for source in sources() {
            if !is_compose_file(&source.path) && loaded.project.is_none() {
                let lines = source.text.lines().filter_map(|line| line.split_once('='));
                for (name, value) in lines {
                    let name = name.trim().trim_start_matches("export ").trim();
                    let value = value.trim().trim_matches(['"', '\'']);
                    // Where not even a Compose file was read, nobody says which of them are secrets. What Compose itself
                    // is told, as the names of its files, is none.
                    let is_one = (texts.is_empty() && !name.starts_with("COMPOSE_"))
                        || given.contains(name)
                        || secret_in(name, value).is_some();
                    if is_one {
                        hidden.knows_parts(value);
                    }
                }
            } else if !is_compose_file(&source.path) {
                for assigned in assigned(&source.text, &given, &mut hidden) {
                    let written = &source.text[assigned.place.clone()];
                    hidden.knows_parts(written.trim_matches(['"', '\'']));
                }
            }
            for place in text::places(&source.text) {
                if Hidden::is_secret(&source.text[place.clone()]) {
                    hidden.stand_in(&source.text[place]);
                }
            }
        }
        if let Some(project) = &loaded.project
            && !hidden.is_empty()
        {
            hidden.leave_names(names(project));
        }
        Self(hidden)
    }

    /// A text without them.
    pub fn text(&mut self, text: &str) -> String {
        let mut shown = text.to_owned();
        self.0.in_text(&mut shown);
        shown
    }

    /// A document without them.
    pub fn document(&mut self, document: &mut Value) {
        hide_in_value(document, &mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each secret compared with each other one, or each looked for by itself in each line, would take minutes.
    #[test]
    fn ten_thousand_secrets_are_hidden_without_comparing_each_with_each() {
        let mut compose = String::from("services:\n");
        for number in 0..10_000 {
            compose += &format!(
                "  s{number}: {{image: x, environment: {{PASSWORD: blue-{number:05}}}}}\n"
            );
        }
        let start = std::time::Instant::now();
        let reader = compose::MemoryReader::new([("compose.yaml", compose)]);
        let mut mask = Mask::of(&compose::load(&reader, &compose::Request::default()));
        for number in 0..1000 {
            let shown = mask.text(&format!(
                "is blue-{number:05} here, not blue-x or blue-000001?"
            ));
            assert!(!shown.contains(&format!("blue-{number:05}")), "{shown}");
            assert!(shown.contains("blue-x"), "{shown}");
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(60));
    }
}
