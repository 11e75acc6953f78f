//! A lesson's folder as its author keeps it: the lesson, its start, and every case it is proved on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lesson::Lesson;
use lesson::case::{self, Files, Mistake, Step, Variant};
use lesson::evidence::Evidence;

use crate::course;

/// A lesson with everything in its folder.
pub struct Authored {
    /// `04-milvus-stack`
    pub slug: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What its file says.
    pub lesson: Lesson,
    /// What a learner gets.
    pub start: Files,
    /// The reference first, then the accepted variants, then the mistakes, each by name.
    pub cases: Vec<Case>,
}

/// Something that the lesson is proved on.
pub struct Case {
    /// `solution`, `accepted/named-volumes`, `mistakes/localhost`; also the name of its recording.
    pub name: String,
    /// The files.
    pub files: Files,
    /// What has to come of it.
    pub expected: Expected,
}

/// What has to come of a case.
pub enum Expected {
    /// Every check passes.
    Passes,
    /// One check turns red.
    Kills {
        /// Its id.
        check: String,
        /// Parts of what is said, in this order.
        says: Vec<String>,
        /// `compose.yaml:31`
        at: Option<String>,
        /// What is done to a running solution; none where the files alone are judged.
        steps: Vec<Step>,
        /// What takes back those steps that bringing up the solution again does not.
        undo: Vec<Step>,
    },
}

impl Case {
    /// Whether containers are needed to prove it.
    pub fn is_live(&self) -> bool {
        match &self.expected {
            Expected::Passes => true,
            Expected::Kills { steps, .. } => !steps.is_empty(),
        }
    }
}

/// All lessons below a folder, or those named.
///
/// # Errors
/// A lesson, variant or mistake that cannot be read; the message names its line.
pub fn authored(exercises: &Path, names: &[String]) -> anyhow::Result<Vec<Authored>> {
    let entries = std::fs::read_dir(exercises).with_context(|| {
        format!(
            "cannot list {}; `--exercises DIR` names another folder",
            exercises.display()
        )
    })?;
    let mut folders: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("lesson.yaml").is_file())
        .collect();
    folders.sort();
    let mut lessons = folders
        .iter()
        .map(|folder| read(folder))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if !names.is_empty() {
        for name in names {
            if !lessons.iter().any(|lesson| lesson.is_called(name)) {
                bail!("{} has no lesson `{name}`", exercises.display());
            }
        }
        lessons.retain(|lesson| names.iter().any(|name| lesson.is_called(name)));
    }
    if lessons.is_empty() {
        bail!("{} has no lesson", exercises.display());
    }
    Ok(lessons)
}

fn read(folder: &Path) -> anyhow::Result<Authored> {
    let slug = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let path = folder.join("lesson.yaml");
    let text = text_of(&path)?;
    let lesson = course::parse(&path.to_string_lossy(), &text)?;
    let mut solution = course::files_below(&folder.join("start"))?;
    solution.extend(course::files_below(&folder.join("solution"))?);
    let mut cases = vec![Case {
        name: "solution".to_owned(),
        files: solution.clone(),
        expected: Expected::Passes,
    }];
    for (name, files) in overlays(&folder.join("accepted"))? {
        let form = folder.join("accepted").join(&name).join("variant.yaml");
        let (variant, overlay): (Variant, _) = described(&form, files)?;
        let files = case::lay_over(&solution, &overlay, &variant.edits, &variant.remove)
            .map_err(|error| anyhow::anyhow!("{}: {error}", form.display()))?;
        cases.push(Case {
            name: format!("accepted/{name}"),
            files,
            expected: Expected::Passes,
        });
    }
    for (name, files) in overlays(&folder.join("mistakes"))? {
        let form = folder.join("mistakes").join(&name).join("mistake.yaml");
        let (mistake, overlay): (Mistake, _) = described(&form, files)?;
        let Mistake {
            kills,
            says,
            at,
            edits,
            remove,
            steps,
            undo,
            ..
        } = mistake;
        if lesson.check(&kills).is_none() {
            bail!(
                "{}: `kills` names {kills}, which is no check of {}",
                form.display(),
                lesson.header.id
            );
        }
        let files = case::lay_over(&solution, &overlay, &edits, &remove)
            .map_err(|error| anyhow::anyhow!("{}: {error}", form.display()))?;
        cases.push(Case {
            name: format!("mistakes/{name}"),
            files,
            expected: Expected::Kills {
                check: kills,
                says,
                at,
                steps,
                undo,
            },
        });
    }
    let drills = folder.join("drills");
    if drills.is_dir() {
        for (name, bytes) in course::files_below(&drills)? {
            let path = drills.join(&name).to_string_lossy().into_owned();
            let text = String::from_utf8_lossy(&bytes);
            course::parse_drill(&path, name.trim_end_matches(".yaml"), &text, &lesson)?;
        }
    }
    let start = course::files_below(&folder.join("start"))?;
    Ok(Authored {
        slug,
        folder: folder.to_path_buf(),
        lesson,
        start,
        cases,
    })
}

/// The folders of a kind of cases, each with its files.
fn overlays(folder: &Path) -> anyhow::Result<Vec<(String, Files)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut cases: BTreeMap<String, Files> = BTreeMap::new();
    for (path, bytes) in course::files_below(folder)? {
        let (name, rest) = path.split_once('/').with_context(|| {
            format!(
                "{} is no case: a case is a folder",
                folder.join(&path).display()
            )
        })?;
        cases
            .entry(name.to_owned())
            .or_default()
            .insert(rest.to_owned(), bytes);
    }
    Ok(cases.into_iter().collect())
}

/// Takes a case's description out of its files.
fn described<T: serde::de::DeserializeOwned>(
    form: &Path,
    mut files: Files,
) -> anyhow::Result<(T, Files)> {
    let name = form
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let bytes = files
        .remove(&name)
        .with_context(|| format!("{} is missing", form.display()))?;
    let text =
        String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", form.display()))?;
    let form = lesson::parse_form(&form.to_string_lossy(), &text)?;
    Ok((form, files))
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

impl Authored {
    fn is_called(&self, name: &str) -> bool {
        let number = name
            .strip_prefix("lesson-")
            .unwrap_or(name)
            .parse::<u32>()
            .ok();
        let word = self.slug.split_once('-').map_or("", |(_, word)| word);
        name == self.slug || name == word || number == Some(self.lesson.number())
    }

    /// Where a case's recording is kept.
    pub fn recording(&self, case: &Case) -> PathBuf {
        self.folder
            .join("recordings")
            .join(format!("{}.json", case.name))
    }

    /// Files as evidence, without any container.
    pub fn evidence(&self, files: &Files) -> Evidence {
        super::evidence_of(&self.lesson, &self.slug, files)
    }
}
