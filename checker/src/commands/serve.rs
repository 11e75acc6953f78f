//! `checker serve`

use std::path::Path;

use crate::Exit;
use crate::cli::ServeArguments;
use crate::commands::init;
use crate::output;
use crate::serve::{self, running};
use crate::workspace::{Place, Workspace};

pub fn run(place: &Place, arguments: &ServeArguments) -> anyhow::Result<Exit> {
    let workspace = match place.existing()? {
        Some(workspace) => workspace,
        None => {
            let folder = place.given.as_deref().unwrap_or(Path::new(init::FOLDER));
            init::make(folder)?
        }
    };
    if let Some(running) = running::running_of(&workspace) {
        let address = running.address("");
        anstream::println!(
            "`checker serve` runs for this workspace already (process {}):\n  {address}",
            running.pid
        );
        show(&address, arguments.open);
        return Ok(Exit::Success);
    }
    serve::serve(
        &workspace,
        arguments.port,
        arguments.host.clone(),
        |running| {
            let address = running.address("");
            anstream::println!("{}", welcome(&workspace, &address));
            show(&address, arguments.open);
        },
    )?;
    Ok(Exit::Success)
}

fn welcome(workspace: &Workspace, address: &str) -> String {
    output::typed(&format!(
        "The book, with the verdicts on your exercises:\n\n  {address}\n\n\
         Open this address in a browser on this machine. Each lesson's page shows its checks, and looks again when you save a\n\
         file in {} or when a container changes. It only looks. The address is yours alone: keep it to yourself.\n\
         `checker open` prints it again. Ctrl-C ends the server.",
        workspace.root().display()
    ))
}

/// Opens the browser where that is wanted. That none can be opened is no failure: the address stands there.
pub fn show(address: &str, is_wanted: bool) {
    if !is_wanted {
        return;
    }
    if let Err(error) = opener::open_browser(address) {
        anstream::eprintln!(
            "no browser could be opened here ({error}); open the address above yourself"
        );
    }
}
