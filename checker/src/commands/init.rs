//! `checker init`

use std::path::Path;

use crate::Exit;
use crate::course;
use crate::output;
use crate::workspace::{Brought, Place, Workspace};

/// Where the workspace is made unless another folder is named.
pub const FOLDER: &str = "course";

/// Without a folder the workspace that one stands in is brought up to date, so that none is made inside another.
pub fn run(place: &Place, folder: Option<&Path>) -> anyhow::Result<Exit> {
    let around = match folder {
        Some(_) => None,
        None => place.around()?,
    };
    let around = around.as_ref().map(Workspace::root);
    let workspace = make(folder.or(around).unwrap_or(Path::new(FOLDER)))?;
    next_steps(&workspace)?;
    Ok(Exit::Success)
}

/// Makes a workspace or brings one up to date, and prints what was done.
///
/// # Errors
/// A file that cannot be read or written.
pub fn make(folder: &Path) -> anyhow::Result<Workspace> {
    let workspace = Workspace::make(folder)?;
    let mut told = Vec::new();
    for lesson in course::lessons()? {
        for (path, brought) in workspace.bring(&lesson)? {
            let word = match brought {
                Brought::New => "new",
                Brought::Updated => "updated",
                Brought::Kept => "kept: you changed it; `checker reset` would bring the newer one",
                Brought::Gone => "left out: you removed it; `checker reset` brings it back",
                Brought::Same => continue,
            };
            told.push(format!("  {}/{path}  {word}", lesson.slug));
        }
    }
    let root = workspace.root().display();
    if told.is_empty() {
        anstream::println!("{root} is up to date.");
    } else {
        anstream::println!("{root}\n{}", told.join("\n"));
    }
    Ok(workspace)
}

/// The way from here to a first verdict, to be typed as it stands.
fn next_steps(workspace: &Workspace) -> anyhow::Result<()> {
    let progress = workspace.progress()?;
    let lessons = course::lessons()?;
    let Some(lesson) = progress.first_open(&lessons).or(lessons.first()) else {
        return Ok(());
    };
    let folder = workspace.folder(lesson);
    let number = lesson.lesson.number();
    anstream::println!(
        "\nNext, {} · {}:",
        lesson.lesson.header.id,
        lesson.lesson.header.title
    );
    for file in &lesson.lesson.header.edit {
        anstream::println!("  edit {}", folder.join(file).display());
    }
    anstream::println!(
        "{}",
        output::typed(&format!(
            "  checker verify {number}\n  checker hint {number}"
        ))
    );
    Ok(())
}
