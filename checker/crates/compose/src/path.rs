//! Paths as text: joined and cleaned without asking the file system, the same on every platform.

/// Whether `path` is absolute for Unix or for Windows (`/a`, `C:\a`, `\\host\share`).
pub(crate) fn is_absolute(path: &str) -> bool {
    let bytes = path.as_bytes();
    match bytes {
        [b'/', ..] | [b'\\', b'\\', ..] => true,
        [letter, b':', b'/' | b'\\', ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Removes `.`, doubled `/` and inner `..`. The empty path is `.`; `..` at the start of a relative path stays.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(last) if *last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

/// `path` seen from `folder`; an absolute path stays what it is.
pub(crate) fn join(folder: &str, path: &str) -> String {
    if is_absolute(path) {
        return path.to_string();
    }
    if folder.is_empty() {
        return clean(path);
    }
    clean(&format!("{folder}/{path}"))
}

/// The folder of a file: `a/b.yaml` is in `a`, `b.yaml` in `.`.
pub(crate) fn folder_of(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".into(),
        Some((folder, _)) => folder.to_string(),
        None => ".".into(),
    }
}

/// A relative path as Compose files write it: with `./` before it, so that it is never taken for a volume's name.
pub(crate) fn dotted(path: &str) -> String {
    if is_absolute(path)
        || path == "."
        || path == ".."
        || path.starts_with("./")
        || path.starts_with("../")
    {
        path.to_string()
    } else {
        format!("./{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_text() {
        for (path, expected) in [
            ("./volumes/etcd", "volumes/etcd"),
            ("a/../b", "b"),
            ("../a/./b/..", "../a"),
            ("../../a", "../../a"),
            ("", "."),
            ("./", "."),
            ("/a/../../b/", "/b"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
        assert_eq!(join("sub", "../x"), "x");
        assert_eq!(join("sub", "/x"), "/x");
        assert_eq!(dotted("x/y"), "./x/y");
        assert_eq!(folder_of("a/b.yaml"), "a");
    }
}
