//! For authors: proving lessons, building the book, running what it prints, comparing with Compose.

pub mod book;
mod cases;
pub mod check;
pub mod conformance;
mod group;
pub mod snippets;
mod stack;

use compose::MemoryReader;
use lesson::Lesson;
use lesson::case::Files;
use lesson::evidence::{Evidence, FilesSeen, SCHEMA_VERSION, WorldSeen};

use crate::Exit;
use crate::capture;
use crate::cli::SchemaOf;

/// `checker dev schema`
pub fn schema(of: SchemaOf) -> anyhow::Result<Exit> {
    let schema = match of {
        SchemaOf::Lesson => lesson::lesson_schema(),
        SchemaOf::Drill => lesson::drill_schema(),
    };
    anstream::println!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(Exit::Success)
}

/// Files as evidence, without any container and without any shell variable.
pub fn evidence_of(lesson: &Lesson, slug: &str, files: &Files) -> Evidence {
    let reader = MemoryReader(files.clone());
    let seen = FilesSeen {
        folder_name: slug.to_owned(),
        ..FilesSeen::default()
    };
    let mut files = capture::read_files(&reader, seen);
    let put_away = capture::read_files_beside(lesson, &reader, &mut files);
    lesson::capture_builds(&reader, &mut files);
    lesson::capture_copied(lesson, &reader, &mut files);
    let mut evidence = Evidence {
        schema_version: SCHEMA_VERSION,
        lesson: lesson.header.id.clone(),
        at: jiff::Timestamp::UNIX_EPOCH,
        files,
        world: WorldSeen::default(),
    };
    lesson::secrets::hide(&mut evidence, &put_away);
    evidence
}
