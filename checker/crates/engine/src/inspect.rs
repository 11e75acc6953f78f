//! The few fields of an inspected or listed container that gathering evidence needs. What they mean for a lesson is the core's work.

use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) const PROJECT: &str = "com.docker.compose.project";
pub(crate) const FOLDER: &str = "com.docker.compose.project.working_dir";
const SERVICE: &str = "com.docker.compose.service";
/// The label with the number of a container among those of its service.
pub(crate) const NUMBER: &str = "com.docker.compose.container-number";
/// The label of containers that `docker compose run` makes.
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// An entry of `GET /containers/json`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a>(pub &'a Value);

impl<'a> Listed<'a> {
    pub(crate) fn id(self) -> &'a str {
        self.text("Id")
    }

    /// Its own name. A container that others link to lists `/other/alias` too.
    pub(crate) fn name(self) -> &'a str {
        let names = self
            .0
            .get("Names")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let mut names = names
            .filter_map(Value::as_str)
            .map(|name| name.strip_prefix('/').unwrap_or(name));
        names.find(|name| !name.contains('/')).unwrap_or_default()
    }

    /// The image as it was named when the container was made; its id where that name has moved on since.
    pub(crate) fn image(self) -> &'a str {
        self.text("Image")
    }

    pub(crate) fn state(self) -> &'a str {
        self.text("State")
    }

    fn text(self, key: &str) -> &'a str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn label(self, name: &str) -> Option<&'a str> {
        self.0.get("Labels")?.get(name)?.as_str()
    }

    /// The Compose project that made it. An image that Compose has built hands on the label of its project, so one that
    /// `docker run` made of it has that too; a number only Compose gives.
    pub(crate) fn project(self) -> Option<&'a str> {
        self.label(NUMBER).and(self.label(PROJECT))
    }

    /// Made by `docker compose run` or for a single task, not by `up`.
    pub(crate) fn is_one_off(self) -> bool {
        self.label(ONE_OFF)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn ports(self) -> impl Iterator<Item = &'a Value> {
        self.0
            .get("Ports")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    }
}

/// The body of `GET /containers/{id}/json`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inspected<'a>(pub &'a Value);

impl<'a> Inspected<'a> {
    fn text(self, pointer: &str) -> &'a str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn id(self) -> &'a str {
        self.text("/Id")
    }

    pub(crate) fn name(self) -> &'a str {
        self.text("/Name").trim_start_matches('/')
    }

    pub(crate) fn service(self) -> &'a str {
        let labels = self.0.pointer("/Config/Labels");
        labels
            .and_then(|labels| labels.get(SERVICE))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn image(self) -> &'a str {
        self.text("/Config/Image")
    }

    /// Whether processes of it exist. Between two restarts there are none, though the engine's `Running` is true then.
    pub(crate) fn is_running(self) -> bool {
        match self.text("/State/Status") {
            "running" | "paused" => true,
            "" => self
                .0
                .pointer("/State/Running")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            _ => false,
        }
    }

    pub(crate) fn network_mode(self) -> &'a str {
        self.text("/HostConfig/NetworkMode")
    }

    pub(crate) fn networks(self) -> impl Iterator<Item = &'a str> {
        let networks = self
            .0
            .pointer("/NetworkSettings/Networks")
            .and_then(Value::as_object);
        networks
            .into_iter()
            .flat_map(|networks| networks.keys())
            .map(String::as_str)
    }

    pub(crate) fn volumes(self) -> impl Iterator<Item = &'a str> {
        let mounts = self
            .0
            .get("Mounts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        mounts.filter_map(|mount| {
            let is_volume = mount.get("Type").and_then(Value::as_str) == Some("volume");
            mount
                .get("Name")
                .and_then(Value::as_str)
                .filter(|name| is_volume && !name.is_empty())
        })
    }
}

/// Whether two paths name one folder: compared as the file system resolves them, and by their letters where it cannot.
pub(crate) fn same_folder(left: &str, right: &str) -> bool {
    if left.is_empty() || right.is_empty() {
        return false;
    }
    let resolved = |path: &str| std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    same_letters(&resolved(left), &resolved(right))
}

#[cfg(windows)]
fn same_letters(left: &Path, right: &Path) -> bool {
    let letters = |path: &Path| {
        let text = path.to_string_lossy().replace('/', "\\").to_lowercase();
        text.strip_prefix(r"\\?\")
            .unwrap_or(&text)
            .trim_end_matches('\\')
            .to_owned()
    };
    letters(left) == letters(right)
}

/// Component by component, so that a trailing slash makes no difference.
#[cfg(not(windows))]
fn same_letters(left: &Path, right: &Path) -> bool {
    left.components().eq(right.components())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_linked_container_keeps_its_own_name() {
        let listed = json!({"Names": ["/web/db", "/lesson-04-db-1"]});
        assert_eq!(Listed(&listed).name(), "lesson-04-db-1");
    }

    #[test]
    fn between_two_restarts_nothing_runs() {
        let restarting = json!({"State": {"Status": "restarting", "Running": true}});
        assert!(!Inspected(&restarting).is_running());
        let unnamed = json!({"State": {"Running": true}});
        assert!(Inspected(&unnamed).is_running());
        assert!(!Inspected(&json!([])).is_running());
    }

    #[test]
    fn only_named_volumes_are_volumes() {
        let inspect = json!({"Mounts": [
            {"Type": "bind", "Source": "/a", "Destination": "/b"},
            {"Type": "volume", "Name": "data", "Destination": "/c"},
            {"Type": "volume", "Name": ""},
        ]});
        assert_eq!(Inspected(&inspect).volumes().collect::<Vec<_>>(), ["data"]);
    }

    #[test]
    fn a_folder_is_itself_by_any_path() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("lesson");
        std::fs::create_dir(&inner).expect("a folder in it");
        let plain = inner.display().to_string();
        let around = inner.join("..").join("lesson").display().to_string();
        assert!(same_folder(&plain, &around));
        assert!(same_folder(&plain, &format!("{plain}/")));
        assert!(!same_folder(&plain, &folder.path().display().to_string()));
        assert!(same_folder("/not/here", "/not/here/"));
        assert!(!same_folder("", ""), "no label is no folder");
    }
}
