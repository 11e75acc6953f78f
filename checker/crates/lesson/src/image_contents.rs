//! What well-known images have inside: `image_contents.yaml`, read once.

use std::sync::LazyLock;

use compose::Service;
use compose::image::ImageReference;
use serde::Deserialize;

use crate::matcher::is_repository;

/// What some tags of some images have inside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    image: Vec<String>,
    tag: Option<String>,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    /// What a probe can use, as a sentence without a full stop.
    pub instead: String,
    #[serde(rename = "source")]
    _source: String,
}

static KNOWN: LazyLock<Vec<Contents>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("image_contents.yaml")).unwrap_or_default());

/// What the image of a service has inside, where that is known. An image that is built here may have anything.
pub fn contents_of(service: &Service<'_>) -> Option<&'static Contents> {
    if service.node().get("build").is_some() {
        return None;
    }
    contents_of_image(&ImageReference::parse(service.image()?.as_str()?).ok()?)
}

/// What an image has inside, where that is known.
pub fn contents_of_image(reference: &ImageReference) -> Option<&'static Contents> {
    // By digest alone it may be any version.
    let tag = match (&reference.tag, &reference.digest) {
        (Some(tag), _) => tag.as_str(),
        (None, Some(_)) => "",
        (None, None) => "latest",
    };
    KNOWN.iter().find(|known| {
        known
            .image
            .iter()
            .any(|name| is_repository(reference, name))
            && known.tag.as_deref().is_none_or(|pattern| {
                regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(tag))
            })
    })
}

impl Contents {
    /// Whether a program is known not to be there.
    pub fn lacks(&self, program: &str) -> bool {
        let among = |list: &[String]| list.iter().any(|name| name == program);
        among(&self.lacks) || (!self.only.is_empty() && !among(&self.only))
    }

    /// Whether there is a shell, as far as is known.
    pub fn has_shell(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == "sh")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_file;

    fn lacks(image: &str, program: &str) -> bool {
        let file = format!("services: {{a: {{image: '{image}'}}}}");
        look_at_file(&file, |scene| {
            let service = scene.service("a").expect("a service");
            contents_of(&service).is_some_and(|contents| contents.lacks(program))
        })
    }

    #[test]
    fn the_list_can_be_read() {
        let read: Result<Vec<Contents>, _> =
            serde_yaml::from_str(include_str!("image_contents.yaml"));
        let read = read.expect("the list");
        for contents in &read {
            let pattern = contents.tag.as_deref().unwrap_or_default();
            assert!(regex_lite::Regex::new(pattern).is_ok(), "{pattern}");
            assert!(contents.only.is_empty() != contents.lacks.is_empty());
        }
        assert_eq!(read.len(), KNOWN.len());
    }

    #[test]
    fn tags_and_mirrors_are_told_apart() {
        assert!(lacks("python:3.11-slim", "curl"));
        assert!(lacks("python:slim-bookworm", "curl"));
        assert!(lacks(
            "registry.example.org/library/python:3.11-slim",
            "curl"
        ));
        assert!(!lacks("python:3.11", "curl"));
        assert!(!lacks("python:3.11-slim", "python3"));
        assert!(!lacks("example/python:3.11-slim", "curl"));
        assert!(lacks("quay.io/coreos/etcd:v3.5.25", "sh"));
        assert!(!lacks("quay.io/coreos/etcd:v3.5.25", "etcdctl"));
        assert!(!lacks("quay.io/coreos/etcd:v3.4.1", "sh"));
        assert!(lacks("minio/minio:RELEASE.2023-11-01T18-37-25Z", "curl"));
        assert!(lacks("minio/minio:RELEASE.2024-03-26T22-10-45Z", "curl"));
        assert!(!lacks("minio/minio:RELEASE.2024-03-30T09-41-56Z", "curl"));
        assert!(!lacks("minio/minio:RELEASE.2023-10-25T06-33-25Z", "curl"));
        assert!(!lacks("minio/minio:RELEASE.2024-12-18T13-15-44Z", "curl"));
        assert!(lacks("redis:7.4", "curl") && !lacks("redis:7.4-alpine", "wget"));
        assert!(lacks("postgres", "wget") && lacks("postgres:16-alpine", "curl"));
    }

    #[test]
    fn what_is_built_or_named_by_digest_alone_is_not_known() {
        let digest = format!("python@sha256:{}", "0".repeat(64));
        assert!(!lacks(&digest, "curl"));
        let file = "services: {a: {image: 'python:3.11-slim', build: .}}";
        look_at_file(file, |scene| {
            let service = scene.service("a").expect("a service");
            assert!(contents_of(&service).is_none());
        });
    }
}
