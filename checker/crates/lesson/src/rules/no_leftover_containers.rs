//! `no-leftover-containers`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::evidence::LooseSeen;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "no-leftover-containers",
    what: "No container of an image that the file names was left by `docker run` after it had ended.",
    why: "`docker run` makes a new container every time, and one that has ended stays until it is removed.",
    mend: "Remove what you no longer need with `docker rm`; give `docker run` the flag `--rm` where nothing is to stay.",
    leave: "Where you keep the container on purpose.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    // One that runs is in use.
    let left: Vec<_> = scene
        .evidence
        .world
        .loose
        .iter()
        .filter(|container| matches!(container.state.as_str(), "created" | "exited" | "dead"))
        .collect();
    let Some(first) = left.first() else {
        return Judged::Holds;
    };
    let list: Vec<_> = left.iter().map(|container| named(container)).collect();
    let found = match left.len() {
        1 => format!(
            "a container that no Compose project has made: {}",
            list.join(", ")
        ),
        count => format!(
            "{count} containers that no Compose project has made: {}",
            list.join(", ")
        ),
    };
    let names: Vec<_> = left
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    let spot = Spot::Container {
        name: first.name.clone(),
        lines: Vec::new(),
    };
    Mismatch::new(
        spot,
        found,
        "no containers that have ended beside those of Compose projects",
    )
    .next(format!(
        "where you do not need it any more: `docker rm {}`",
        names.join(" ")
    ))
    .into()
}

/// `brave_curie (python:3.11, exited)`
fn named(container: &LooseSeen) -> String {
    format!(
        "{} ({}, {})",
        container.name, container.image, container.state
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evidence::WorldSeen;
    use crate::testing::{finds, holds, on_world};

    fn beside(loose: &[(&str, &str)]) -> Judged {
        let loose = loose.iter().map(|(name, state)| LooseSeen {
            name: (*name).to_owned(),
            image: "python:3.11".to_owned(),
            state: (*state).to_owned(),
        });
        let world = WorldSeen {
            loose: loose.collect(),
            ..WorldSeen::default()
        };
        let file = "services: {hello: {image: 'python:3.11'}}";
        on_world("no-leftover-containers", Value::Null, file, world)
    }

    #[test]
    fn a_machine_with_none_and_one_that_runs_hold() {
        holds(beside(&[]));
        holds(beside(&[("server", "running"), ("asleep", "paused")]));
    }

    #[test]
    fn those_that_have_ended_are_named_with_their_state() {
        finds(
            beside(&[("brave_curie", "exited")]),
            "brave_curie (python:3.11, exited)",
        );
        finds(
            beside(&[("a", "exited"), ("b", "running"), ("c", "created")]),
            "2 containers",
        );
    }
}
