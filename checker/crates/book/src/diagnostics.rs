//! What mdBook has to say while it works.
//!
//! mdBook reports a failed include or broken markup only to its log and goes on. A book with such a hole must not
//! pass for a good one, so the log of one call is collected and judged by the caller.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The messages of one call, in order.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Runs `work` on this thread and gives back its result with everything it logged as an error or a warning.
pub(crate) fn collect<Outcome>(work: impl FnOnce() -> Outcome) -> (Outcome, Messages) {
    let collector = Collector::default();
    let messages = Arc::clone(&collector.messages);
    let outcome = tracing::subscriber::with_default(collector, work);
    let messages = std::mem::take(&mut *messages.lock().unwrap_or_else(PoisonError::into_inner));
    (outcome, messages)
}

#[derive(Default)]
struct Collector {
    messages: Arc<Mutex<Messages>>,
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = MessageText::default();
        event.record(&mut text);
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if *event.metadata().level() == Level::ERROR {
            messages.errors.push(text.0);
        } else {
            messages.warnings.push(text.0);
        }
    }

    // Spans carry nothing that is collected here.
    fn new_span(&self, _attributes: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _span: &Id, _values: &Record<'_>) {}
    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

#[derive(Default)]
struct MessageText(String);

impl Visit for MessageText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
