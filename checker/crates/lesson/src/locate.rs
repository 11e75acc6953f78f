//! Finding the place that a path such as `services.etcd.image` means in a located tree.

use compose::{Node, Span};

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
    let key = parent.as_mapping().and_then(|mapping| mapping.entry(last.trim_matches('"'))).map(|entry| entry.key_span);
    key.or_else(|| root.get(path).map(Node::span))
}
