//! How long is waited for what.

use std::time::Duration;

use tokio::time::Instant;

/// Upper bounds on waiting. Every question has one, so that a look always ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// To open a connection to the engine.
    pub connect: Duration,
    /// From nothing to the engine's first answer. An engine that hangs is given up after this.
    pub first_answer: Duration,
    /// For each later question to the engine, a container's inspection for example.
    pub call: Duration,
    /// For each question to a service, with the connection that it needs, or command in a container.
    pub probe: Duration,
    /// For everything together.
    pub total: Duration,
}

impl Default for Deadlines {
    /// Chosen so that a slow engine can use its share and a service still gets its own: first answer, one call and one
    /// probe after one another fit into the total. A probe gets longer than the 5 s after which `curl` inside gives up.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_answer: Duration::from_secs(5),
            call: Duration::from_secs(8),
            probe: Duration::from_secs(6),
            total: Duration::from_secs(20),
        }
    }
}

/// The moment at which a look ends, whatever is still open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End(Instant);

/// Which deadline passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    /// The question's own.
    Own(Duration),
    /// The whole look's, while the question still had time.
    Total,
}

impl End {
    pub(crate) fn in_(total: Duration) -> Self {
        Self(Instant::now() + total)
    }

    /// Waits for an answer, at most for `own` and never beyond the end.
    pub(crate) async fn within<T>(
        self,
        own: Duration,
        answer: impl Future<Output = T>,
    ) -> Result<T, Passed> {
        let own_end = Instant::now() + own;
        let passed = if own_end <= self.0 {
            Passed::Own(own)
        } else {
            Passed::Total
        };
        tokio::time::timeout_at(own_end.min(self.0), answer)
            .await
            .map_err(|_| passed)
    }
}
