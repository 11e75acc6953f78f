//! The short form of a mount: `[source:]target[:options]`.

/// A short form, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShortMount {
    pub source: String,
    pub target: String,
    pub read_only: bool,
    pub no_copy: bool,
    pub propagation: Option<String>,
    pub selinux: Option<String>,
}

impl ShortMount {
    /// Whether the source is a path, which makes it a bind mount; otherwise it names a volume.
    pub(crate) fn is_bind(&self) -> bool {
        let drive = self.source.as_bytes();
        self.source.starts_with(['.', '/', '~'])
            || self.source.starts_with("\\\\")
            || matches!(drive, [letter, b':', ..] if letter.is_ascii_alphabetic())
    }
}

/// Takes a short form apart.
///
/// # Errors
/// What is wrong, in one sentence without a full stop.
pub(crate) fn parse(text: &str) -> Result<ShortMount, String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    let mut mount = ShortMount::default();
    if text.len() <= 2 {
        mount.target = text.into();
        return Ok(mount);
    }
    let sections = sections(text);
    if sections.iter().any(String::is_empty) {
        return Err(
            "there is nothing between two colons, before the first or after the last".into(),
        );
    }
    match sections.as_slice() {
        [target] => mount.target = target.clone(),
        [source, target] => (mount.source, mount.target) = (source.clone(), target.clone()),
        [source, target, options] => {
            (mount.source, mount.target) = (source.clone(), target.clone());
            options
                .split(',')
                .for_each(|option| mount.set_option(option));
        }
        _ => return Err("it has too many colons".into()),
    }
    Ok(mount)
}

impl ShortMount {
    /// Compose ignores options that it does not know.
    fn set_option(&mut self, option: &str) {
        match option {
            "ro" => self.read_only = true,
            "rw" => self.read_only = false,
            "nocopy" => self.no_copy = true,
            "z" | "Z" => self.selinux = Some(option.into()),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                self.propagation = Some(option.into())
            }
            _ => {}
        }
    }
}

/// Splits at colons, except the one after a drive letter (`C:\data`): any single letter at the start of a section is taken for one.
fn sections(text: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for character in text.chars() {
        if let Some(section) = sections.last_mut() {
            let is_drive = character == ':'
                && section.chars().count() == 1
                && section.starts_with(char::is_alphabetic);
            if character != ':' || is_drive {
                section.push(character);
                continue;
            }
        }
        sections.push(String::new());
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, bool, bool) {
        let mount = parse(text).unwrap();
        (
            mount.source.clone(),
            mount.target.clone(),
            mount.read_only,
            mount.is_bind(),
        )
    }

    #[test]
    fn paths_are_bind_mounts_and_names_are_volumes() {
        assert_eq!(
            read("./data:/app:ro"),
            ("./data".into(), "/app".into(), true, true)
        );
        assert_eq!(
            read("data:/app"),
            ("data".into(), "/app".into(), false, false)
        );
        assert_eq!(read("/app"), (String::new(), "/app".into(), false, false));
        assert_eq!(
            read("~/x:/app:rw,z"),
            ("~/x".into(), "/app".into(), false, true)
        );
        assert_eq!(
            read(r"C:\data:/app"),
            (r"C:\data".into(), "/app".into(), false, true)
        );
        assert_eq!(read("v:/c"), (String::new(), "v:/c".into(), false, false));
    }

    #[test]
    fn what_is_no_mount_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "it is empty"),
            (
                ":/x",
                "there is nothing between two colons, before the first or after the last",
            ),
            ("aa:/x:ro:more", "it has too many colons"),
        ] {
            assert_eq!(parse(text), Err(reason.into()), "{text}");
        }
    }
}
