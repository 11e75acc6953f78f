//! The course's book: its sources as they are embedded in the program, and what the lessons give to its pages.

use std::path::Path;

use anyhow::Context;
use book::{BuildRequest, Built, LessonPage};
use rust_embed::Embed;

use crate::course::{self, CourseLesson};
use crate::workspace::write_whole;

const SETTINGS: &str = include_str!("../../book.toml");

#[derive(Embed)]
#[folder = "../src"]
struct Chapters;

#[derive(Embed)]
#[folder = "../theme"]
struct Theme;

/// Builds the book whose `book.toml` is in `root` into `destination`.
///
/// # Errors
/// A lesson file or a chapter with a mistake, or a folder that cannot be written.
pub fn build(root: &Path, destination: &Path) -> anyhow::Result<Built> {
    let request = BuildRequest {
        root: root.to_path_buf(),
        destination: destination.to_path_buf(),
        lessons: pages()?,
    };
    Ok(book::build(&request)?)
}

/// What the lesson files say for the book's pages.
///
/// # Errors
/// A lesson file with a mistake.
pub fn pages() -> anyhow::Result<Vec<LessonPage>> {
    let lessons = course::lessons()?;
    Ok(lessons.iter().map(page_of).chain([rules()]).collect())
}

/// The page of the rules: `{{#checks rules}}`.
fn rules() -> LessonPage {
    LessonPage {
        id: "rules".to_owned(),
        slug: "rules".to_owned(),
        checklist: lesson::page::rules(),
        ..LessonPage::default()
    }
}

/// Builds the embedded book into `destination`; `sources` is a folder to unpack its sources into.
///
/// # Errors
/// As [`build`].
pub fn build_embedded(sources: &Path, destination: &Path) -> anyhow::Result<Built> {
    write_whole(&sources.join("book.toml"), SETTINGS.as_bytes())?;
    unpack::<Chapters>(&sources.join("src"))?;
    unpack::<Theme>(&sources.join("theme"))?;
    build(sources, destination)
}

fn unpack<Embedded: Embed>(folder: &Path) -> anyhow::Result<()> {
    for path in Embedded::iter() {
        let file =
            Embedded::get(&path).with_context(|| format!("{path} is not in this program"))?;
        write_whole(&folder.join(path.as_ref()), &file.data)?;
    }
    Ok(())
}

/// What a lesson's file says on its page.
fn page_of(lesson: &CourseLesson) -> LessonPage {
    let header = &lesson.lesson.header;
    let facts = [
        ("title", header.title.clone()),
        ("goal", header.goal.clone()),
        ("minutes", header.minutes.to_string()),
        ("project", header.project.clone()),
        ("memory", header.needs.memory.clone().unwrap_or_default()),
        ("disk", header.needs.disk.clone().unwrap_or_default()),
        ("checks", lesson.lesson.checks.len().to_string()),
    ];
    LessonPage {
        id: header.id.clone(),
        slug: lesson.slug.clone(),
        checklist: lesson::page::checklist(&lesson.lesson),
        quiz: lesson::page::quiz(&lesson.lesson),
        facts: facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}
