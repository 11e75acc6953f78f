//! Ctrl-C and its relatives: noted, so that what was done can be put back before the program ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;

/// Whether somebody asked the program to end.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on Ctrl-C, SIGTERM and a closed terminal are noted instead of ending the program.
    ///
    /// # Errors
    /// The operating system does not let it listen.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let noted = interrupt.clone();
        let runtime = crate::capture::runtime()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new().context("cannot listen for Ctrl-C")?
        };
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    signals.next().await;
                    noted.0.store(true, Ordering::SeqCst);
                    anstream::eprintln!("interrupted: everything is put back first");
                }
            })
        });
        Ok(interrupt)
    }

    /// Whether somebody asked.
    pub fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let mut waiting = self.0.each_mut().map(|signal| Box::pin(signal.recv()));
        std::future::poll_fn(|context| {
            let arrived = waiting
                .iter_mut()
                .any(|signal| signal.as_mut().poll(context).is_ready());
            if arrived {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
