//! `no-leftover-containers`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::evidence::LooseSeen;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "no-leftover-containers",
    what: "No container of an image that the file names was left by `docker run`.",
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
    let loose = &scene.evidence.world.loose;
    let Some(first) = loose.first() else {
        return Judged::Holds;
    };
    let list: Vec<_> = loose.iter().map(named).collect();
    let found = match loose.len() {
        1 => format!(
            "a container that no Compose project has made: {}",
            list.join(", ")
        ),
        count => format!(
            "{count} containers that no Compose project has made: {}",
            list.join(", ")
        ),
    };
    let ended: Vec<_> = loose
        .iter()
        .filter(|container| container.state != "running")
        .map(|container| container.name.as_str())
        .collect();
    let next = if ended.is_empty() {
        format!(
            "`docker logs {}` shows what it does; `docker stop` and `docker rm` take it away",
            first.name
        )
    } else {
        format!(
            "where you do not need it any more: `docker rm {}`",
            ended.join(" ")
        )
    };
    let spot = Spot::Container {
        name: first.name.clone(),
        lines: Vec::new(),
    };
    Mismatch::new(
        spot,
        found,
        "no containers beside those of Compose projects",
    )
    .next(next)
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

    fn next(judged: Judged) -> String {
        match judged {
            Judged::Fails(mismatches) => mismatches[0].next.clone().expect("a next step"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_machine_with_none_holds() {
        holds(beside(&[]));
    }

    #[test]
    fn they_are_named_with_their_state() {
        finds(
            beside(&[("brave_curie", "exited")]),
            "brave_curie (python:3.11, exited)",
        );
        finds(beside(&[("a", "exited"), ("b", "running")]), "2 containers");
    }

    #[test]
    fn only_what_has_ended_is_to_be_removed() {
        let next_of = |loose: &[(&str, &str)]| next(beside(loose));
        assert!(next_of(&[("a", "exited"), ("b", "running")]).ends_with("`docker rm a`"));
        assert!(next_of(&[("b", "running")]).contains("docker stop"));
    }
}
