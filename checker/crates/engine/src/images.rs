//! Which images the engine has.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use lesson::evidence::ImageSeen;

use crate::client::{Engine, escaped};
use crate::failure::Failure;

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
