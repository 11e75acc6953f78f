//! `checker next`

use crate::Exit;
use crate::course;
use crate::output::{self, style};
use crate::workspace::Place;

pub fn run(place: &Place) -> anyhow::Result<Exit> {
    let workspace = place.workspace()?;
    let progress = workspace.progress()?;
    let lessons = course::lessons()?;
    let Some(lesson) = progress.first_open(&lessons) else {
        let text = "Every lesson has passed. `checker status` looks whether all of them still do.";
        anstream::println!("{}", output::typed(text));
        return Ok(Exit::Success);
    };
    let header = &lesson.lesson.header;
    let folder = workspace.folder(lesson);
    let number = lesson.lesson.number();
    let mut needs: Vec<_> = vec![format!("{} minutes", header.minutes)];
    let sizes = [
        (&header.needs.memory, "memory"),
        (&header.needs.disk, "disk"),
    ];
    needs.extend(
        sizes
            .iter()
            .filter_map(|(size, of)| Some(format!("{} of {of}", size.as_ref()?))),
    );
    let heading = format!("{} · {}", header.id, header.title);
    let mut lines = vec![
        style::painted(style::STRONG, &heading),
        header.goal.clone(),
        String::new(),
        format!("needs    {}", needs.join(", ")),
        format!("read     checker open {number}"),
        format!("folder   {}", folder.display()),
    ];
    let edit = header.edit.iter();
    lines.extend(edit.map(|file| format!("edit     {}", folder.join(file).display())));
    lines.extend(
        header
            .run
            .first()
            .map(|command| format!("run      {command}")),
    );
    lines.push(format!("verify   checker verify {number}"));
    anstream::println!("{}", output::typed(&lines.join("\n")));
    Ok(Exit::Success)
}
