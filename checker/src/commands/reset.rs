//! `checker reset`

use crate::Exit;
use crate::workspace::Place;

use super::confirmed;

pub fn run(place: &Place, name: &str, yes: bool) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    let lesson = place.lesson(Some(name))?;
    let folder = workspace.folder(&lesson);
    let files: Vec<_> = lesson.start().into_keys().collect();
    let question = format!(
        "Put {} in {} back as handed out? Your own are kept in a backup; containers and data stay.",
        files.join(", "),
        folder.display()
    );
    if !yes && !confirmed(&question) {
        anstream::eprintln!("Nothing changed.");
        return Ok(Exit::Usage);
    }
    match workspace.reset(&lesson)? {
        Some(backup) => anstream::println!(
            "{} is as handed out. Yours are in {}",
            folder.display(),
            backup.display()
        ),
        None => anstream::println!(
            "{} is as handed out; nothing of yours was replaced.",
            folder.display()
        ),
    }
    Ok(Exit::Success)
}
