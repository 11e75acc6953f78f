//! `RUN --mount=type=cache,target=/root/.cache`

use crate::instruction::{Flag, Instruction};

/// Something that a `RUN` sees and its layer does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildMount {
    /// What it shows.
    pub kind: BuildMountKind,
    /// Where it is seen; a secret has a place of its own where none is named.
    pub target: Option<String>,
    /// The path that it shows, where it is not all of it.
    pub source: Option<String>,
    /// A stage or an image that its files come from.
    pub from: Option<String>,
    /// What tells one cache or secret from another.
    pub id: Option<String>,
}

/// What a build mount shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildMountKind {
    /// Files of the build context, a stage or an image.
    Bind,
    /// A folder that stays from one build to the next.
    Cache,
    /// Memory.
    Tmpfs,
    /// A secret that is given when the build begins.
    Secret,
    /// The keys of an SSH agent.
    Ssh,
}

const KINDS: [(&str, BuildMountKind); 5] = [
    ("bind", BuildMountKind::Bind),
    ("cache", BuildMountKind::Cache),
    ("tmpfs", BuildMountKind::Tmpfs),
    ("secret", BuildMountKind::Secret),
    ("ssh", BuildMountKind::Ssh),
];

/// Keys besides those that are looked at here.
const OTHER_KEYS: [&str; 12] = [
    "ro",
    "readonly",
    "rw",
    "readwrite",
    "required",
    "size",
    "sharing",
    "mode",
    "uid",
    "gid",
    "env",
    "exclude",
];

impl Instruction {
    /// The mounts of a `RUN`.
    pub fn mounts(&self) -> Vec<BuildMount> {
        let mounts = self.flags.iter().filter(|flag| flag.name == "mount");
        mounts.filter_map(|flag| read(flag).ok()).collect()
    }
}

/// Reads the value of a `--mount`.
///
/// # Errors
/// What is wrong with it, in one clause.
pub(crate) fn read(flag: &Flag) -> Result<BuildMount, String> {
    let mut mount = BuildMount {
        kind: BuildMountKind::Bind,
        target: None,
        source: None,
        from: None,
        id: None,
    };
    let text = flag.value.as_deref().unwrap_or_default();
    for part in text.split(',') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let key = key.to_lowercase();
        match key.as_str() {
            "type" => {
                // What a variable holds is seen when the build runs.
                let kind = KINDS.iter().find(|(name, _)| *name == value);
                mount.kind = match kind {
                    Some((_, kind)) => *kind,
                    None if value.contains('$') => mount.kind,
                    None => return Err(format!("there is no mount of type `{value}`")),
                };
            }
            "target" | "dst" | "destination" => mount.target = Some(value.to_owned()),
            "source" | "src" => mount.source = Some(value.to_owned()),
            "from" => mount.from = Some(value.to_owned()),
            "id" => mount.id = Some(value.to_owned()),
            _ if OTHER_KEYS.contains(&key.as_str()) => {}
            _ => return Err(format!("a mount has no `{key}`")),
        }
    }
    let has_own_place = matches!(mount.kind, BuildMountKind::Secret | BuildMountKind::Ssh);
    let target = mount.target.as_deref().unwrap_or_default();
    if target.trim_matches(['/', '.']).is_empty() && !has_own_place {
        return Err("it needs a `target`, the folder where it is seen".to_owned());
    }
    Ok(mount)
}
