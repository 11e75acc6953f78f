//! The event stream of one open page.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;

use super::Served;
use super::live::{Listed, Look};

/// A page that hears nothing for longer than this takes the server for gone.
const ALIVE: Duration = Duration::from_secs(10);

/// What one page listens to.
struct Ears {
    course: watch::Receiver<Vec<Listed>>,
    /// None on a page that is no lesson's.
    lesson: Option<watch::Receiver<Look>>,
}

/// `GET /events?lesson=lesson-4`: `course` events, and for a lesson `verdict` and `trouble` events. The state of now comes first.
pub async fn events(
    State(served): State<Arc<Served>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let lesson = match query.get("lesson").filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => match served.desk.listen(id) {
            Some(lesson) => Some(lesson),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let mut ears = Ears {
        course: served.desk.course(),
        lesson,
    };
    ears.course.mark_changed();
    if let Some(lesson) = &mut ears.lesson {
        lesson.mark_changed();
    }
    let events = stream::unfold(ears, async |mut ears| {
        let event = ears.next().await?;
        Some((Ok::<_, Infallible>(event), ears))
    });
    let alive = KeepAlive::new()
        .interval(ALIVE)
        .event(Event::default().event("alive").data(""));
    Sse::new(events).keep_alive(alive).into_response()
}

impl Ears {
    /// The next thing worth telling; nothing when the server ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let event = tokio::select! {
                changed = self.course.changed() => {
                    changed.ok()?;
                    let listed = serde_json::to_string(&*self.course.borrow_and_update()).ok()?;
                    Some(Event::default().event("course").data(listed))
                }
                changed = changed(&mut self.lesson) => {
                    changed?
                }
            };
            if event.is_some() {
                return event;
            }
        }
    }
}

/// What a lesson's page shows next; never anything on another page.
async fn changed(lesson: &mut Option<watch::Receiver<Look>>) -> Option<Option<Event>> {
    let Some(lesson) = lesson else {
        return std::future::pending().await;
    };
    lesson.changed().await.ok()?;
    let event = match &*lesson.borrow_and_update() {
        Look::Nothing => None,
        Look::Verdict { json, .. } => Some(Event::default().event("verdict").data(json)),
        Look::Trouble(words) => Some(Event::default().event("trouble").data(words)),
    };
    Some(event)
}
