//! `checker dev book`: the book as static files, with its links checked.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;
use book::{BuildRequest, LessonPage};

use crate::Exit;
use crate::course;

/// What the lesson files say for the book's pages.
pub fn pages() -> anyhow::Result<Vec<LessonPage>> {
    let lessons = course::lessons()?;
    let pages = lessons.iter().map(|lesson| {
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
                .collect::<BTreeMap<_, _>>(),
        }
    });
    Ok(pages.collect())
}

pub fn run(root: &Path, out: Option<&Path>) -> anyhow::Result<Exit> {
    let destination = out.map_or_else(|| root.join("book-output"), Path::to_path_buf);
    let request = BuildRequest {
        root: root.to_path_buf(),
        destination: destination.clone(),
        lessons: pages()?,
    };
    let built = book::build(&request)?;
    for warning in &built.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    let broken = book::check_links(&destination)?;
    for link in &broken {
        anstream::eprintln!("{link}");
    }
    if !broken.is_empty() {
        bail!("{} links of the book lead nowhere", broken.len());
    }
    anstream::println!("{} pages in {}", built.pages.len(), destination.display());
    Ok(Exit::Success)
}
