//! A corpus on disk: `manifest.jsonl` with one project a line, `files/` with the projects, `expected/` with the models.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::Value;

use super::compare::{Project, Surroundings, Verdict};

/// Stand for the folders that a corpus calls `$ROOT` and `$HOME`.
const ROOT: &str = "/corpus-root";
const HOME: &str = "/corpus-home";

/// One line of `manifest.jsonl`. Paths are relative to `files/`, those of models to the corpus.
#[derive(Debug, Deserialize)]
struct Row {
    files: Vec<String>,
    cwd: String,
    /// Compose loads it.
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    features: Vec<String>,
    /// The model that Compose prints.
    expected: Option<String>,
    /// The same with `--profile '*'`.
    expected_all_profiles: Option<String>,
}

/// Every project of the corpus at `folder`.
///
/// # Errors
/// A manifest that is missing or no JSON, a model or a folder that it names and that is not there.
pub fn projects(folder: &Path) -> anyhow::Result<Vec<Project>> {
    if !folder.is_dir() {
        bail!("{} is no folder", folder.display());
    }
    let path = folder.join("manifest.jsonl");
    let manifest = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "cannot read {}; `--live` asks the installed Docker Compose instead",
            path.display()
        )
    })?;
    let rows = manifest.lines().enumerate();
    let projects = rows
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            let read = || project(folder, serde_json::from_str(line)?);
            read().with_context(|| format!("{}, line {}", path.display(), index + 1))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    if projects.is_empty() {
        bail!("{} names no project", path.display());
    }
    Ok(projects)
}

fn project(corpus: &Path, row: Row) -> anyhow::Result<Project> {
    let root = corpus.join("files");
    // Wherever Compose runs, the folder of the first file is the project's.
    let first = row.files.first().context("`files` names no file")?;
    let place = first.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = match place {
        "" => root.clone(),
        place => root.join(place),
    };
    if !folder.is_dir() {
        bail!("there is no folder {}", folder.display());
    }
    let verdict = if row.ok {
        let expected = row
            .expected
            .context("`ok` is true, and `expected` names no model")?;
        let all = row.expected_all_profiles;
        Verdict::Loads {
            model: model(&corpus.join(expected))?,
            with_all_profiles: all.map(|path| model(&corpus.join(path))).transpose()?,
        }
    } else {
        Verdict::Refuses(row.error)
    };
    Ok(Project {
        name: row.files.join(" "),
        files: row.files.iter().map(|file| relative(place, file)).collect(),
        features: row.features,
        surroundings: Surroundings {
            bounds: root,
            project_directory: format!("{ROOT}/{place}"),
            folder_name: last_name(place),
            // The models were made with nothing but these; `PWD` is of Compose's own making.
            environment: [
                ("HOME", HOME.to_owned()),
                ("PATH", "/usr/bin".to_owned()),
                ("PWD", format!("{ROOT}/{}", row.cwd)),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            folder,
        },
        verdict,
    })
}

fn last_name(path: &str) -> String {
    let name = PathBuf::from(path);
    let name = name.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn model(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the expected model {}", path.display()))?;
    serde_json::from_str(&text.replace("$ROOT", ROOT).replace("$HOME", HOME))
        .with_context(|| format!("the expected model {} is no JSON", path.display()))
}

/// `file` seen from `cwd`, both relative to the same folder.
fn relative(cwd: &str, file: &str) -> String {
    let pieces = |path: &str| -> Vec<String> {
        let pieces = path.split('/').filter(|piece| !matches!(*piece, "" | "."));
        pieces.map(String::from).collect()
    };
    let (from, to) = (pieces(cwd), pieces(file));
    let together = from.iter().zip(&to);
    let common = together.take_while(|(one, two)| one == two).count();
    let up = from[common..].iter().map(|_| "..");
    let down = to[common..].iter().map(String::as_str);
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn a_file_is_named_as_seen_from_the_folder_of_the_project() {
        assert_eq!(relative("shop", "shop/compose.yaml"), "compose.yaml");
        assert_eq!(relative("shop/web", "shop/base.yaml"), "../base.yaml");
        assert_eq!(relative(".", "compose.yaml"), "compose.yaml");
        assert_eq!(relative("", "a/compose.yaml"), "a/compose.yaml");
    }
}
