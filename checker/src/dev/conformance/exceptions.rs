//! Projects that are known to differ, each with its reason. The list can only shrink.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};

/// A list of projects that are known to differ.
#[derive(Debug, Default)]
pub struct Exceptions(BTreeMap<String, String>);

impl Exceptions {
    /// Reads a list: on each line the project's files, two blanks or more, the reason. `#` begins a comment.
    ///
    /// # Errors
    /// A file that cannot be read, or a line without a reason.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the exceptions in {}", path.display()))?;
        let mut found = BTreeMap::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, reason)) = line.split_once("  ") else {
                bail!(
                    "{}, line {}: write the project's files, two blanks, and the reason",
                    path.display(),
                    index + 1
                );
            };
            found.insert(name.to_owned(), reason.trim().to_owned());
        }
        Ok(Self(found))
    }

    /// Why a project may differ.
    pub fn reason(&self, project: &str) -> Option<&str> {
        self.0.get(project).map(String::as_str)
    }

    /// Those that name no project.
    pub fn without_project<'a>(&self, projects: impl Iterator<Item = &'a str>) -> Vec<String> {
        let projects: BTreeSet<&str> = projects.collect();
        let names = self
            .0
            .keys()
            .filter(|name| !projects.contains(name.as_str()));
        names.cloned().collect()
    }
}
