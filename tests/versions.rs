//! The versions taught stand in one file; solutions and checks agree with it.

mod support;

use std::collections::BTreeMap;

use compose::MemoryReader;
use serde::Deserialize;

#[derive(Deserialize)]
struct Taught {
    image: String,
    version: String,
    least: String,
    /// Other tags that a lesson uses on purpose, and what for.
    #[serde(default)]
    also: BTreeMap<String, String>,
}

fn taught() -> BTreeMap<String, Taught> {
    let path = support::repository().join("exercises/versions.yaml");
    let text = std::fs::read_to_string(path).expect("versions.yaml");
    serde_yaml::from_str(&text).expect("versions by name")
}

#[test]
fn solutions_use_the_versions_taught() {
    let taught = taught();
    let mut compared = 0;
    for folder in std::fs::read_dir(support::repository().join("exercises"))
        .unwrap()
        .flatten()
    {
        let Ok(text) = std::fs::read_to_string(folder.path().join("solution/compose.yaml")) else {
            continue;
        };
        let loaded = compose::load(
            &MemoryReader::new([("compose.yaml", text)]),
            &compose::Request::default(),
        );
        for service in loaded.project.iter().flat_map(|project| project.services()) {
            let Some(image) = service.image().and_then(|node| node.as_str()) else {
                continue;
            };
            let known = taught
                .values()
                .find(|taught| image.starts_with(&format!("{}:", taught.image)));
            let Some(known) = known else { continue };
            compared += 1;
            let tag = image.rsplit(':').next().unwrap_or_default();
            if known.also.contains_key(tag) {
                continue;
            }
            assert_eq!(
                image,
                format!("{}:{}", known.image, known.version),
                "{}",
                folder.path().display()
            );
        }
    }
    assert!(compared >= 4, "only {compared} images were compared");
}

#[test]
fn the_floor_of_milvus_is_the_one_that_is_taught() {
    let least = &taught()["milvus"].least;
    let learner = support::Learner::solved();
    let at = |version: &str| {
        let path = learner.folder().join("compose.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let line = text
            .lines()
            .find(|line| line.contains("image: milvusdb/milvus:"))
            .unwrap()
            .to_owned();
        learner.edit(&line, &format!("    image: milvusdb/milvus:v{version}"));
        learner.verify_files().exit
    };
    assert_eq!(at(least), 0);
    let (line, patch) = least.rsplit_once('.').unwrap();
    let below = format!("{line}.{}", patch.parse::<u32>().unwrap() - 1);
    assert_eq!(at(&below), 1, "{below}");
}
