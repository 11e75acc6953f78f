//! `checker list`

use serde_json::json;

use crate::Exit;
use crate::cli::ListFormat;
use crate::course;
use crate::workspace::{Place, Progress};

pub fn run(place: &Place, format: ListFormat) -> anyhow::Result<Exit> {
    let progress = match place.workspace() {
        Ok(workspace) => workspace.progress()?,
        // Without a workspace there is no progress, and the lessons can be listed all the same.
        Err(_) if place.given.is_none() => Progress::default(),
        Err(error) => return Err(error),
    };
    let lessons = course::lessons()?;
    match format {
        ListFormat::Human => {
            for lesson in &lessons {
                let header = &lesson.lesson.header;
                let state = if progress.has_passed(&header.id) {
                    "passed"
                } else {
                    "open"
                };
                anstream::println!(
                    "{:<10} {state:<7} {:>4} min  {}  ({})",
                    header.id,
                    header.minutes,
                    header.title,
                    lesson.slug
                );
            }
        }
        ListFormat::Json => {
            let lessons: Vec<_> = lessons
                .iter()
                .map(|lesson| {
                    let header = &lesson.lesson.header;
                    let known = progress.lessons.get(&header.id);
                    json!({
                        "id": header.id,
                        "slug": lesson.slug,
                        "title": header.title,
                        "minutes": header.minutes,
                        "checks": lesson.lesson.checks.len(),
                        "first_passed": known.and_then(|known| known.first_passed),
                        "last_passed": known.and_then(|known| known.last_passed),
                    })
                })
                .collect();
            let list = json!({"schema_version": 1, "lessons": lessons});
            anstream::println!("{}", serde_json::to_string_pretty(&list)?);
        }
    }
    Ok(Exit::Success)
}
