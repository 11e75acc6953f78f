//! `checker list`

use lesson::drill::Drill;
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
                let drills = lesson.drills()?;
                let is_done = |drill: &&Drill| progress.has_drilled(&header.id, &drill.id);
                let done = drills.iter().filter(is_done).count();
                let drills = match drills.len() {
                    0 => String::new(),
                    all => format!("  drills: {done} of {all} done"),
                };
                anstream::println!(
                    "{:<10} {state:<7} {:>4} min  {}  ({}){drills}",
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
                        "drills_done": known.map(|known| known.drills.len()),
                    })
                })
                .collect();
            let list = json!({"schema_version": 1, "lessons": lessons});
            anstream::println!("{}", serde_json::to_string_pretty(&list)?);
        }
    }
    Ok(Exit::Success)
}
