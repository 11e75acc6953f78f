//! Finding the place that a path such as `services.etcd.image` means in a located tree.

use compose::{Node, Span, Step};

/// The span of the deepest part of the path that is there: its key, or the item of a list; the whole tree where even the
/// first part is missing.
pub(crate) fn nearest(root: &Node, path: &str) -> Span {
    let mut path = path;
    while !path.is_empty() {
        if let Some(span) = exact(root, path) {
            return span;
        }
        path = path.rfind('.').map_or("", |end| &path[..end]);
    }
    root.span()
}

fn exact(root: &Node, path: &str) -> Option<Span> {
    let (parent, last) = match path.rfind('.') {
        Some(end) => (root.get(&path[..end])?, &path[end + 1..]),
        None => (root, path),
    };
    let entry = parent
        .as_mapping()
        .and_then(|mapping| mapping.entry(last.trim_matches('"')));
    match entry {
        // Where a later file gives another value, the key still stands in the earlier one.
        Some(entry) if entry.value.span().source != entry.key_span.source => {
            is_written(&entry.value).then_some(entry.value.span())
        }
        Some(entry) => is_written(&entry.value).then_some(entry.key_span),
        None => root.get(path).map(Node::span),
    }
}

/// Whether somebody wrote it: Compose's model also has keys that it fills in itself.
fn is_written(node: &Node) -> bool {
    !node.origin.steps.contains(&Step::Default)
}
