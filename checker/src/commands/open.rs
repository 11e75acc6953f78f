//! `checker open`

use anyhow::bail;

use crate::Exit;
use crate::commands::serve::show;
use crate::course;
use crate::output;
use crate::serve::running;
use crate::workspace::Place;

pub fn run(place: &Place, lesson: Option<&str>, only_print: bool) -> anyhow::Result<Exit> {
    let page = match lesson {
        Some(name) => format!("{}.html", course::find(name)?.slug),
        None => String::new(),
    };
    let workspace = place.workspace()?;
    let Some(running) = running::running_of(&workspace) else {
        bail!(
            "no server runs for {}; {} starts one",
            workspace.root().display(),
            output::typed("`checker serve`")
        );
    };
    let address = running.address(&page);
    anstream::println!("{address}");
    show(&address, !only_print);
    Ok(Exit::Success)
}
