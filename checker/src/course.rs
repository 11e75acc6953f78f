//! The course as it is embedded in the program: lessons, start files, solutions, drills.
//!
//! An author tries lessons that are not in the program yet with the variable `CHECKER_EXERCISES`, which names their folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lesson::drill::Drill;
use lesson::format::Check;
use lesson::{Lesson, case::Files};
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../exercises"]
#[include = "*/lesson.yaml"]
#[include = "*/start/**"]
#[include = "*/solution/**"]
#[include = "*/drills/*.yaml"]
#[include = "versions.yaml"]
struct Exercises;

/// Where the course is taken from.
enum Source {
    Program,
    Folder(PathBuf),
}

impl Source {
    fn current() -> Self {
        match std::env::var_os("CHECKER_EXERCISES") {
            Some(folder) if !folder.is_empty() => Self::Folder(folder.into()),
            _ => Self::Program,
        }
    }

    /// Paths below a folder of the course, with `/` as separator.
    fn paths(&self) -> Vec<String> {
        match self {
            Self::Program => Exercises::iter().map(|path| path.into_owned()).collect(),
            Self::Folder(folder) => files_below(folder)
                .map(|files| files.into_keys().collect())
                .unwrap_or_default(),
        }
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        match self {
            Self::Program => Exercises::get(path).map(|file| file.data.into_owned()),
            Self::Folder(folder) => std::fs::read(folder.join(path)).ok(),
        }
    }
}

/// A lesson with the name of its folder.
#[derive(Clone)]
pub struct CourseLesson {
    /// `04-milvus-stack`
    pub slug: String,
    /// What its file says.
    pub lesson: Lesson,
}

/// All lessons of the course, in their order.
///
/// # Errors
/// A lesson file with a mistake; tests keep such a program from being released.
pub fn lessons() -> anyhow::Result<Vec<CourseLesson>> {
    let mut lessons = Vec::new();
    for slug in slugs() {
        lessons.push(parsed(slug)?);
    }
    lessons.sort_by_key(|lesson| lesson.lesson.number());
    Ok(lessons)
}

/// The lesson that a learner means by `lesson-4`, `4`, `lesson-04`, `milvus-stack` or `04-milvus-stack`.
///
/// # Errors
/// No lesson of this name; the message lists those there are.
pub fn find(name: &str) -> anyhow::Result<CourseLesson> {
    let number = name
        .strip_prefix("lesson-")
        .unwrap_or(name)
        .parse::<u32>()
        .ok();
    for slug in slugs() {
        let (digits, word) = slug.split_once('-').unwrap_or((slug.as_str(), ""));
        let is_meant =
            name == slug || name == word || (number.is_some() && digits.parse().ok() == number);
        if is_meant {
            return parsed(slug);
        }
    }
    let known: Vec<_> = lessons()?
        .iter()
        .map(|known| format!("  {:<10} {}", known.lesson.header.id, known.slug))
        .collect();
    bail!(
        "there is no lesson `{name}`. The lessons are:\n{}",
        known.join("\n")
    )
}

/// The lesson of this folder name.
pub fn by_slug(slug: &str) -> Option<anyhow::Result<CourseLesson>> {
    slugs().into_iter().find(|known| known == slug).map(parsed)
}

fn slugs() -> Vec<String> {
    let mut slugs: Vec<_> = Source::current()
        .paths()
        .into_iter()
        .filter_map(|path| {
            path.strip_suffix("/lesson.yaml")
                .filter(|slug| !slug.contains('/'))
                .map(str::to_owned)
        })
        .collect();
    slugs.sort();
    slugs
}

fn parsed(slug: String) -> anyhow::Result<CourseLesson> {
    let path = format!("{slug}/lesson.yaml");
    let bytes = Source::current()
        .read(&path)
        .with_context(|| format!("{path} is not in this program"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))?;
    let lesson = parse(&path, &text)?;
    Ok(CourseLesson { slug, lesson })
}

/// Reads a lesson file; the message has a line for every mistake.
pub fn parse(path: &str, text: &str) -> anyhow::Result<Lesson> {
    lesson::parse_lesson(path, text, &BTreeMap::new()).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// Reads a drill file; the message has a line for every mistake.
pub fn parse_drill(path: &str, id: &str, text: &str, lesson: &Lesson) -> anyhow::Result<Drill> {
    lesson::drill::parse_drill(path, id, text, lesson, &BTreeMap::new()).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

impl CourseLesson {
    /// A check of this lesson.
    ///
    /// # Errors
    /// There is none of this id; the message lists those there are.
    pub fn check(&self, id: &str) -> anyhow::Result<&Check> {
        self.lesson.check(id).with_context(|| {
            let known: Vec<_> = self
                .lesson
                .checks
                .iter()
                .map(|check| check.header.id.as_str())
                .collect();
            format!(
                "{} has no check `{id}`. Its checks are: {}",
                self.lesson.header.id,
                known.join(", ")
            )
        })
    }

    /// What the learner gets.
    pub fn start(&self) -> Files {
        self.part("start")
    }

    /// The reference: what the learner gets, with the answer laid over it.
    pub fn solution(&self) -> Files {
        let mut files = self.start();
        files.extend(self.answer());
        files
    }

    /// Those files of the reference that the learner does not get.
    pub fn answer(&self) -> Files {
        self.part("solution")
    }

    /// Its drills, in the order of their names.
    ///
    /// # Errors
    /// A drill file with a mistake; tests keep such a program from being released.
    pub fn drills(&self) -> anyhow::Result<Vec<Drill>> {
        let files = self.part("drills").into_iter();
        let mut drills = files
            .map(|(name, bytes)| {
                let path = format!("{}/drills/{name}", self.slug);
                let id = name.strip_suffix(".yaml").unwrap_or(&name);
                let text =
                    String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8"))?;
                parse_drill(&path, id, &text, &self.lesson)
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        drills.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(drills)
    }

    fn part(&self, part: &str) -> Files {
        let prefix = format!("{}/{part}/", self.slug);
        let source = Source::current();
        let paths = source.paths().into_iter();
        paths
            .filter_map(|path| Some((path.strip_prefix(&prefix)?.to_owned(), source.read(&path)?)))
            .collect()
    }
}

/// Files below a folder on disk, by path with `/` as separator.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn files_below(folder: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    let mut open = vec![(folder.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                open.push((entry.path(), format!("{name}/")));
            } else {
                let bytes = std::fs::read(entry.path())
                    .with_context(|| format!("cannot read {}", entry.path().display()))?;
                files.insert(name, bytes);
            }
        }
    }
    Ok(files)
}
