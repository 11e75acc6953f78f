//! `checker solution`

use crate::Exit;
use crate::workspace::Place;

use super::confirmed;

pub fn run(place: &Place, name: Option<&str>, yes: bool) -> anyhow::Result<Exit> {
    let lesson = place.lesson(name)?;
    let id = &lesson.lesson.header.id;
    let passed = place
        .workspace()
        .and_then(|workspace| workspace.progress())
        .is_ok_and(|progress| progress.has_passed(id));
    let agreed =
        yes || passed || confirmed(&format!("{id} has not passed yet. Show its solution?"));
    if !agreed {
        anstream::eprintln!(
            "Nothing shown. `checker hint {}` helps without giving it away.",
            lesson.lesson.number()
        );
        return Ok(Exit::Usage);
    }
    for (path, bytes) in lesson.answer() {
        anstream::println!("# {}/{path}", lesson.slug);
        anstream::println!("{}", String::from_utf8_lossy(&bytes));
    }
    Ok(Exit::Success)
}
