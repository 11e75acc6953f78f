//! Which images the engine has.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use lesson::evidence::ImageSeen;
use serde_json::Value;

use crate::client::{Engine, escaped};
use crate::failure::Failure;

/// The history of each reference: the steps that made it, newest first. What the engine does not tell is left out.
pub(crate) async fn histories(
    engine: &Engine,
    names: &BTreeSet<String>,
) -> BTreeMap<String, Value> {
    let told = join_all(names.iter().map(|name| async move {
        let path = format!("/images/{}/history", escaped(name));
        Some((name.clone(), engine.get(&path).await.ok()?))
    }));
    told.await.into_iter().flatten().collect()
}

/// Looks each reference up. One that the engine does not speak about (no valid name, no answer in time) is left out: that is no
/// knowledge.
pub(crate) async fn look_up(
    engine: &Engine,
    names: &BTreeSet<String>,
) -> BTreeMap<String, ImageSeen> {
    let seen = join_all(names.iter().map(|name| async move {
        let seen = match engine.get(&format!("/images/{}/json", escaped(name))).await {
            Ok(body) => ImageSeen::Present(body),
            Err(Failure::Said { status: 404, .. }) => ImageSeen::Absent,
            Err(_) => return None,
        };
        Some((name.clone(), seen))
    }));
    seen.await.into_iter().flatten().collect()
}
