//! What a chapter leaves in the engine: containers, networks and volumes that were not there before.
//!
//! Others may work with the same engine meanwhile, and what is theirs must not be removed. What is new is a chapter's own
//! when its Compose project worked in the chapter's folder, when a command of the chapter gave it its name, or when an output
//! shows its whole id, as `docker run --detach` does. Of a container that nobody named it is not known. Volumes without a name
//! tell nothing about who made them; they are not looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::docker;

/// A thing in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    name: String,
    /// Empty for none.
    project: String,
    /// Where its Compose project worked; empty if it does not say so.
    folder: String,
}

/// Everything there is, by kind (`container`, `network`, `volume`) and id.
#[derive(Debug, Default)]
pub struct Inventory(BTreeMap<(&'static str, String), Thing>);

const PROJECT: &str = r#"{{.Label "com.docker.compose.project"}}"#;
const FOLDER: &str = r#"{{.Label "com.docker.compose.project.working_dir"}}"#;

impl Inventory {
    /// Looks at the engine.
    ///
    /// # Errors
    /// It does not answer.
    pub fn take() -> anyhow::Result<Self> {
        let containers = format!("{{{{.ID}}}}\t{{{{.Names}}}}\t{PROJECT}\t{FOLDER}");
        let networks = format!("{{{{.ID}}}}\t{{{{.Name}}}}\t{PROJECT}\t");
        let volumes = format!("{{{{.Name}}}}\t{{{{.Name}}}}\t{PROJECT}\t");
        let mut things = BTreeMap::new();
        for (kind, arguments) in [
            (
                "container",
                ["ps", "--all", "--no-trunc", "--format", &containers].as_slice(),
            ),
            (
                "network",
                &["network", "ls", "--no-trunc", "--format", &networks],
            ),
            // A volume that a container uses is told by that container.
            (
                "volume",
                &[
                    "volume",
                    "ls",
                    "--filter",
                    "dangling=true",
                    "--format",
                    &volumes,
                ],
            ),
        ] {
            for line in docker(arguments)?.lines() {
                let mut words = line.split('\t').map(str::to_owned);
                let mut word = || words.next().unwrap_or_default();
                let id = word();
                let thing = Thing {
                    name: word(),
                    project: word(),
                    folder: word(),
                };
                things.insert((kind, id), thing);
            }
        }
        Ok(Self(things))
    }
}

/// A thing that a chapter has left.
#[derive(Debug, PartialEq, Eq)]
pub struct Leftover {
    /// `container`, `network` or `volume`
    pub kind: &'static str,
    /// What Docker's client knows it by.
    pub name: String,
    /// Who made it.
    pub maker: Maker,
}

/// Who made a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// The chapter: it may be removed.
    Chapter,
    /// The chapter, or somebody else who uses the engine.
    Unknown,
}

/// What a chapter was, for telling its own things.
pub struct Traces<'a> {
    /// Where it worked.
    pub folder: &'a Path,
    /// The Compose project of its lesson.
    pub project: Option<&'a str>,
    /// Every command.
    pub commands: &'a str,
    /// Every output.
    pub outputs: &'a str,
}

/// What is new and may be the chapter's own, containers first.
pub fn leftovers(before: &Inventory, now: &Inventory, traces: &Traces<'_>) -> Vec<Leftover> {
    let new = || now.0.iter().filter(|(key, _)| !before.0.contains_key(*key));
    let folder = traces.folder.to_string_lossy();
    let projects: BTreeSet<&str> = new()
        .filter(|(_, thing)| !thing.folder.is_empty() && thing.folder.starts_with(folder.as_ref()))
        .map(|(_, thing)| thing.project.as_str())
        .chain(traces.project)
        .collect();
    new()
        .filter_map(|((kind, id), thing)| {
            let maker = match thing.project.as_str() {
                "" if names(traces.commands, &thing.name) => Maker::Chapter,
                // The id of a volume is its name.
                "" if *kind != "volume" && traces.outputs.contains(id.as_str()) => Maker::Chapter,
                "" if *kind == "container" && has_no_given_name(&thing.name) => Maker::Unknown,
                "" => return None,
                project => projects.contains(project).then_some(Maker::Chapter)?,
            };
            Some(Leftover {
                kind,
                name: thing.name.clone(),
                maker,
            })
        })
        .collect()
}

/// Whether a command gives something this name, and does not only speak of it.
fn names(commands: &str, name: &str) -> bool {
    let gives = ["--name", "create", ":/", "source=", "src="];
    commands
        .lines()
        .any(|line| has_word(line, name) && gives.iter().any(|sign| line.contains(sign)))
}

/// Docker calls a container `happy_turing` when nobody names it.
fn has_no_given_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    name.split_once('_').is_some_and(|(left, right)| {
        is_word(left) && is_word(right.trim_end_matches(|letter: char| letter.is_ascii_digit()))
    })
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(things: &[(&'static str, &str, &str, &str, &str)]) -> Inventory {
        let things = things.iter().map(|(kind, id, name, project, folder)| {
            let thing = Thing {
                name: (*name).to_owned(),
                project: (*project).to_owned(),
                folder: (*folder).to_owned(),
            };
            ((*kind, format!("{id:0>12}")), thing)
        });
        Inventory(things.collect())
    }

    #[test]
    fn what_a_chapter_made_is_told_from_what_others_made_meanwhile() {
        let before = inventory(&[("container", "1", "old", "", "")]);
        let now = inventory(&[
            ("container", "1", "old", "", ""),
            ("container", "2", "web", "", ""),
            ("container", "3", "happy_turing", "", ""),
            ("container", "4", "of-somebody", "", ""),
            ("container", "5", "mine-a-1", "mine", "/tmp/x/course"),
            ("container", "6", "other-a-1", "other", "/elsewhere"),
            ("container", "c", "calm_curie", "", ""),
            ("network", "7", "mine_default", "mine", ""),
            ("network", "8", "lesson-01_default", "lesson-01", ""),
            ("network", "9", "other_default", "other", ""),
            ("volume", "a", "webdata", "", ""),
            ("volume", "b", "some_volume", "", ""),
        ]);
        let traces = Traces {
            folder: Path::new("/tmp/x"),
            project: Some("lesson-01"),
            commands: "docker run --name web b\ndocker run -v webdata:/data b\ndocker logs of-somebody\ndocker run -d b\n",
            outputs: "00000000000c\nother-a-1 happy_turing\n",
        };
        let found = leftovers(&before, &now, &traces);
        let told: Vec<_> = found
            .iter()
            .map(|thing| (thing.name.as_str(), thing.maker))
            .collect();
        assert_eq!(
            told,
            [
                ("web", Maker::Chapter),
                ("happy_turing", Maker::Unknown),
                ("mine-a-1", Maker::Chapter),
                ("calm_curie", Maker::Chapter),
                ("mine_default", Maker::Chapter),
                ("lesson-01_default", Maker::Chapter),
                ("webdata", Maker::Chapter),
            ]
        );
    }
}
