//! Image references: registry, repository, tag, digest.

use std::fmt;

/// A reference to an image, taken apart. `postgres` is `docker.io/library/postgres`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// Host and port of the registry, for example `docker.io` or `localhost:5000`.
    pub registry: String,
    /// Path within the registry, for example `library/postgres`.
    pub repository: String,
    /// The tag, if one is written.
    pub tag: Option<String>,
    /// The digest, if one is written, for example `sha256:…`.
    pub digest: Option<String>,
}

/// Why a text is no image reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError(pub String);

impl fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ImageError {}

const HUB: &str = "docker.io";

impl ImageReference {
    /// Takes a reference apart.
    ///
    /// The part before the first `/` is a registry only when it contains `.` or `:` or is `localhost`; so the
    /// `5000` of `localhost:5000/python` is a port and no tag.
    ///
    /// # Errors
    /// An empty name, capital letters in the repository, a tag or digest that no registry takes.
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let refuse = |reason: &str| {
            Err(ImageError(format!(
                "`{text}` is no image reference: {reason}"
            )))
        };
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_string())),
            None => (text, None),
        };
        let (registry, rest) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (Some(first), rest)
            }
            _ => (None, name),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_string())),
            _ => (rest, None),
        };
        if repository.is_empty() || repository.split('/').any(|part| !is_path_component(part)) {
            let has_capital = repository.contains(|character: char| character.is_ascii_uppercase());
            return refuse(if has_capital {
                "the name must be in lower case"
            } else {
                "the name is missing or has a character that is not allowed"
            });
        }
        if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return refuse(
                "a tag has 1 to 128 letters, digits, `_`, `.` or `-`, and starts with none of the last two",
            );
        }
        if digest.as_deref().is_some_and(|digest| !is_digest(digest)) {
            return refuse("a digest is an algorithm, `:` and at least 32 hexadecimal digits");
        }
        let registry = match registry {
            None | Some("index.docker.io") => HUB.to_string(),
            Some(registry) => registry.to_string(),
        };
        let repository = if registry == HUB && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_string()
        };
        Ok(Self {
            registry,
            repository,
            tag,
            digest,
        })
    }

    /// The name as people write it, without tag and digest: `postgres`, `milvusdb/milvus`, `quay.io/coreos/etcd`.
    pub fn familiar_name(&self) -> String {
        if self.registry != HUB {
            return format!("{}/{}", self.registry, self.repository);
        }
        self.repository
            .strip_prefix("library/")
            .unwrap_or(&self.repository)
            .to_string()
    }

    /// The last part of the repository: `etcd` for `quay.io/coreos/etcd:v3.5.25`.
    pub fn base_name(&self) -> &str {
        self.repository
            .rsplit('/')
            .next()
            .unwrap_or(&self.repository)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.familiar_name())?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

/// Lower-case letters and digits, parted by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(part: &str) -> bool {
    let edge = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let inner = |character: char| edge(character) || matches!(character, '.' | '_' | '-');
    part.starts_with(edge)
        && part.ends_with(edge)
        && part.chars().all(inner)
        && !part.contains("..")
        && !part.contains("___")
        && !part.contains("._")
        && !part.contains("_.")
}

fn is_tag(tag: &str) -> bool {
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    tag.len() <= 128
        && tag.starts_with(word)
        && tag
            .chars()
            .all(|character| word(character) || matches!(character, '.' | '-'))
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, digits)| {
        algorithm.starts_with(|character: char| character.is_ascii_alphabetic())
            && digits.len() >= 32
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, Option<String>) {
        let image = ImageReference::parse(text).unwrap();
        (image.registry, image.repository, image.tag)
    }

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(
            parts("localhost:5000/python"),
            ("localhost:5000".into(), "python".into(), None)
        );
        assert_eq!(
            parts("localhost:5000/python:3.11"),
            (
                "localhost:5000".into(),
                "python".into(),
                Some("3.11".into())
            )
        );
    }

    #[test]
    fn short_names_are_on_docker_hub() {
        assert_eq!(
            parts("python:3.11"),
            (
                "docker.io".into(),
                "library/python".into(),
                Some("3.11".into())
            )
        );
        assert_eq!(
            parts("milvusdb/milvus"),
            ("docker.io".into(), "milvusdb/milvus".into(), None)
        );
        assert_eq!(parts("docker.io/python"), parts("python"));
        assert_eq!(parts("quay.io/coreos/etcd:v3.5.25").0, "quay.io");
    }

    #[test]
    fn the_familiar_name_is_printed() {
        for text in [
            "python:3.11",
            "milvusdb/milvus:v2.6.10",
            "quay.io/coreos/etcd",
            "localhost:5000/python",
        ] {
            assert_eq!(ImageReference::parse(text).unwrap().to_string(), text);
        }
        let digest = format!("etcd@sha256:{}", "a".repeat(64));
        assert_eq!(ImageReference::parse(&digest).unwrap().to_string(), digest);
        assert_eq!(
            ImageReference::parse("docker.io/library/python:3")
                .unwrap()
                .to_string(),
            "python:3"
        );
    }

    #[test]
    fn what_no_registry_takes_is_refused() {
        for text in [
            "",
            ":3",
            "Python",
            "a b",
            "python:",
            "python:-x",
            "python@sha256:12",
            "a//b",
            "a/",
        ] {
            assert!(ImageReference::parse(text).is_err(), "{text}");
        }
    }
}
