//! Examples for rules: a compose file in, a verdict out.

use compose::MemoryReader;
use serde_json::Value;

use crate::evidence::{
    ContainerSeen, EngineSeen, Evidence, FileSeen, FilesSeen, SCHEMA_VERSION, WorldSeen,
};
use crate::rules;
use crate::scene::{Judged, Scene};

/// The moment at which every example is looked at.
pub const AT: jiff::Timestamp = jiff::Timestamp::constant(1_000_000_000, 0);

/// A rule's verdict on a compose file.
pub fn on_file(rule: &str, with: Value, compose: &str) -> Judged {
    on(rule, with, compose, WorldSeen::default())
}

/// A rule's verdict on a compose file and containers, each given as the engine's inspect answer.
pub fn on_containers(rule: &str, with: Value, compose: &str, containers: &[Value]) -> Judged {
    let containers = containers.iter().map(|inspect| ContainerSeen {
        inspect: inspect.clone(),
        last_lines: Vec::new(),
    });
    let world = WorldSeen {
        containers: containers.collect(),
        ..WorldSeen::default()
    };
    on_world(rule, with, compose, world)
}

/// A rule's verdict on a compose file and what else an engine that answers was seen to have.
pub fn on_world(rule: &str, with: Value, compose: &str, world: WorldSeen) -> Judged {
    let engine = EngineSeen::Answered {
        address: "unix:///test.sock".to_owned(),
        version: Value::Null,
    };
    on(rule, with, compose, WorldSeen { engine, ..world })
}

fn on(rule: &str, with: Value, compose: &str, world: WorldSeen) -> Judged {
    let rule = rules::find(rule).expect("a rule");
    assert_eq!((rule.accepts)(&with), Ok(()));
    look(compose, world, |scene| (rule.judge)(scene, &with))
}

/// A rule's verdict on several files. A file that `secrets` names is taken as one whose content nobody keeps.
pub fn on_files(rule: &str, with: Value, beside: &[(&str, &str)]) -> Judged {
    let rule = rules::find(rule).expect("a rule");
    assert_eq!((rule.accepts)(&with), Ok(()));
    let seen = beside
        .iter()
        .map(|(path, text)| ((*path).to_owned(), FileSeen::Text((*text).to_owned())));
    let files = FilesSeen {
        folder_name: "test".to_owned(),
        files: seen.collect(),
        ..FilesSeen::default()
    };
    let mut evidence = evidence(files, WorldSeen::default());
    let reader = MemoryReader::new(beside.iter().map(|(path, text)| (*path, text.as_bytes())));
    crate::secrets::put_away(&mut evidence.files, &reader, &Default::default());
    crate::capture_builds(&reader, &mut evidence.files);
    look_at(evidence, |scene| (rule.judge)(scene, &with))
}

/// Looks at a compose file without any container.
pub fn look_at_file<T>(compose: &str, look_at: impl FnOnce(&Scene<'_>) -> T) -> T {
    look(compose, WorldSeen::default(), look_at)
}

/// Looks at a compose file and what an engine that answers was seen to have.
pub fn look_at_world<T>(
    compose: &str,
    world: WorldSeen,
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    look(compose, world, look_at)
}

/// Looks at a service `api` that is built from this Dockerfile, and what an engine was seen to have.
pub fn look_at_build_and_world<T>(
    dockerfile: &str,
    world: WorldSeen,
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    let beside = [("Dockerfile", dockerfile.as_bytes())];
    look_with("services: {api: {build: .}}", &beside, world, look_at)
}

/// Looks at a compose file with another file beside it.
pub fn look_at_files<T>(
    compose: &str,
    (path, content): (&str, impl AsRef<[u8]>),
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    look_with(
        compose,
        &[(path, content.as_ref())],
        WorldSeen::default(),
        look_at,
    )
}

/// Looks at a compose file with other files beside it.
pub fn look_at_all<T>(
    compose: &str,
    beside: &[(&str, &str)],
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    look_at_all_and_world(compose, beside, WorldSeen::default(), look_at)
}

/// Looks at a compose file with other files beside it, and what an engine was seen to have.
pub fn look_at_all_and_world<T>(
    compose: &str,
    beside: &[(&str, &str)],
    world: WorldSeen,
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    let beside: Vec<_> = beside
        .iter()
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    look_with(compose, &beside, world, look_at)
}

fn look<T>(compose: &str, world: WorldSeen, look_at: impl FnOnce(&Scene<'_>) -> T) -> T {
    look_with(compose, &[], world, look_at)
}

fn look_with<T>(
    compose: &str,
    beside: &[(&str, &[u8])],
    world: WorldSeen,
    look_at: impl FnOnce(&Scene<'_>) -> T,
) -> T {
    let compose_file = ("compose.yaml", compose.as_bytes());
    let all = std::iter::once(compose_file).chain(beside.iter().copied());
    let reader = MemoryReader::new(all.clone());
    let seen =
        |(path, content): (&str, &[u8])| (path.to_owned(), FileSeen::from(Ok(content.to_vec())));
    let mut files = FilesSeen {
        folder_name: "test".to_owned(),
        files: all.map(seen).collect(),
        ..FilesSeen::default()
    };
    crate::capture_builds(&reader, &mut files);
    self::look_at(evidence(files, world), look_at)
}

fn evidence(files: FilesSeen, world: WorldSeen) -> Evidence {
    Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: "lesson-1".to_owned(),
        at: AT,
        files,
        world,
    }
}

fn look_at<T>(evidence: Evidence, look_at: impl FnOnce(&Scene<'_>) -> T) -> T {
    let loaded = crate::load(&evidence);
    look_at(&Scene {
        evidence: &evidence,
        loaded: &loaded,
    })
}

/// What is found wrong; empty where it holds.
#[track_caller]
pub fn found(judged: Judged) -> Vec<String> {
    match judged {
        Judged::Holds => Vec::new(),
        Judged::Fails(mismatches) => mismatches
            .into_iter()
            .map(|mismatch| mismatch.found)
            .collect(),
        Judged::Unknown(reason) => panic!("not judged: {}", reason.text()),
    }
}

/// Fails unless one thing is found, and it is told with these words.
#[track_caller]
pub fn finds(judged: Judged, words: &str) {
    let found = found(judged);
    assert!(
        found.len() == 1 && found[0].contains(words),
        "{found:?} instead of {words:?}"
    );
}

/// Fails unless it holds.
#[track_caller]
pub fn holds(judged: Judged) {
    assert_eq!(found(judged), Vec::<String>::new());
}
