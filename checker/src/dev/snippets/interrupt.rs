//! Ctrl-C while containers run: remembered, so that everything can be taken down before the program ends.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

static ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// From here on Ctrl-C does not end the program.
///
/// # Errors
/// The system does not let this program listen for it.
pub fn listen() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot listen for Ctrl-C")?;
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            ASKED_FOR.store(true, Ordering::Relaxed);
        }
    });
    Ok(())
}

/// Whether Ctrl-C was pressed.
pub fn was_asked_for() -> bool {
    ASKED_FOR.load(Ordering::Relaxed)
}
