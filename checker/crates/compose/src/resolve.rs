//! Relative paths, seen from the project folder instead of the file that wrote them.

use crate::node::{Node, Step, Value};
use crate::path;

/// Where relative paths of one part of the project start.
pub(crate) struct Base<'a> {
    /// A folder, relative to the project folder or absolute. Empty: the project folder itself; only then paths get the
    /// `./` that Compose files write, because what is seen from a file in between is seen from another folder later.
    pub folder: &'a str,
    /// What `~` stands for.
    pub home: Option<&'a str>,
}

/// Rewrites every path in `root` that is relative to a file.
pub(crate) fn resolve_paths(root: &mut Node, base: &Base<'_>) {
    each(root, "services", &mut |service| {
        resolve_service(service, base)
    });
    for kind in ["configs", "secrets"] {
        each(root, kind, &mut |resource| {
            text_at(resource, "file", &|text| base.mount(text))
        });
    }
    each(root, "volumes", &mut |volume| {
        resolve_driver_options(volume, base)
    });
}

fn resolve_service(service: &mut Node, base: &Base<'_>) {
    if let Some(build) = child(service, "build") {
        text_at(build, "context", &|text| base.context(text));
        each(build, "additional_contexts", &mut |context| {
            text_here(context, &|text| base.context(text))
        });
        each(build, "ssh", &mut |key| {
            text_here(key, &|text| base.mount(text))
        });
    }
    items(service, "env_file", &mut |file| {
        text_at(file, "path", &|text| base.path(text))
    });
    items(service, "label_file", &mut |file| {
        text_here(file, &|text| base.path(text))
    });
    if let Some(extends) = child(service, "extends") {
        text_at(extends, "file", &|text| base.path(text));
    }
    if let Some(develop) = child(service, "develop") {
        items(develop, "watch", &mut |watch| {
            text_at(watch, "path", &|text| base.path(text))
        });
    }
    items(service, "volumes", &mut |mount| {
        if mount.child("type").and_then(Node::as_str) == Some("bind") {
            text_at(mount, "source", &|text| base.mount(text));
        }
    });
}

/// A volume of the local driver with `o: bind` is a bind mount in other words.
fn resolve_driver_options(volume: &mut Node, base: &Base<'_>) {
    let is_local = volume.child("driver").and_then(Node::as_str) == Some("local");
    if let Some(options) = child(volume, "driver_opts").filter(|_| is_local)
        && options.child("o").and_then(Node::as_str) == Some("bind")
    {
        text_at(options, "device", &|text| base.mount(text));
    }
}

impl Base<'_> {
    /// A path that Compose itself follows; only Windows takes `C:\` for absolute.
    pub(crate) fn path(&self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let text = self.with_home(text);
        if text.starts_with('/') || cfg!(windows) && path::is_absolute(&text) {
            text
        } else {
            self.below(&text)
        }
    }

    fn with_home(&self, text: &str) -> String {
        match (text.strip_prefix('~'), self.home) {
            (Some(rest), Some(home)) => path::clean(&format!("{home}/{rest}")),
            _ => text.to_string(),
        }
    }

    fn below(&self, text: &str) -> String {
        if self.folder.is_empty() {
            path::dotted(&path::clean(text))
        } else {
            path::clean(&format!("{}/{text}", self.folder))
        }
    }

    /// What is mounted, or the file of a secret, config or key: here the empty path is the folder itself, and `C:\\` is absolute
    /// everywhere.
    fn mount(&self, text: &str) -> String {
        let text = self.with_home(if text.is_empty() { "." } else { text });
        if path::is_absolute(&text) {
            text
        } else {
            self.below(&text)
        }
    }

    /// A build context may also be an address or another service.
    fn context(&self, text: &str) -> String {
        const REMOTE: [&str; 6] = [
            "https://",
            "http://",
            "git://",
            "ssh://",
            "github.com/",
            "git@",
        ];
        let is_elsewhere = text.contains("://")
            || text.starts_with("service:")
            || REMOTE.iter().any(|prefix| text.starts_with(prefix));
        if is_elsewhere {
            text.to_string()
        } else {
            self.path(text)
        }
    }
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    node.as_mapping_mut()?.get_mut(key)
}

fn each(node: &mut Node, key: &str, change: &mut dyn FnMut(&mut Node)) {
    if let Some(mapping) = child(node, key).and_then(Node::as_mapping_mut) {
        mapping
            .iter_mut()
            .for_each(|(_, entry)| change(&mut entry.value));
    }
}

fn items(node: &mut Node, key: &str, change: &mut dyn FnMut(&mut Node)) {
    if let Some(Value::Sequence(items)) = child(node, key).map(|node| &mut node.value) {
        items.iter_mut().for_each(change);
    }
}

fn text_at(node: &mut Node, key: &str, change: &dyn Fn(&str) -> String) {
    if let Some(child) = child(node, key) {
        text_here(child, change);
    }
}

fn text_here(node: &mut Node, change: &dyn Fn(&str) -> String) {
    if let Value::String(text) = &mut node.value {
        let changed = change(text);
        let is_told = node.origin.steps.last() == Some(&Step::RelativePath);
        if changed != *text && !is_told {
            node.origin.push(Step::RelativePath);
        }
        *text = changed;
    }
}
