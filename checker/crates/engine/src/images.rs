//! Which images the engine has.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use lesson::evidence::{BuiltSeen, ImageSeen};
use serde_json::Value;

use crate::client::{Engine, escaped, label_filter};
use crate::failure::Failure;
use crate::inspect::PROJECT;

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

/// The images that Compose has built for a project, sorted by id. An engine that does not list them is taken for one without
/// any: nothing but an advice rests on it.
pub(crate) async fn built(engine: &Engine, project: &str) -> Vec<BuiltSeen> {
    let filter = label_filter(PROJECT, project);
    let path = format!("/images/json?shared-size=true&filters={filter}");
    let listed = engine.get(&path).await.unwrap_or_default();
    let listed = listed.as_array().into_iter().flatten();
    let mut built: Vec<_> = listed.filter_map(built_image).collect();
    built.sort_by(|left, right| left.id.cmp(&right.id));
    built
}

fn built_image(listed: &Value) -> Option<BuiltSeen> {
    let names = listed.get("RepoTags").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    Some(BuiltSeen {
        id: listed.get("Id")?.as_str()?.to_owned(),
        // Older engines write `<none>:<none>` where there is no name.
        names: names
            .filter(|name| !name.starts_with("<none>"))
            .map(str::to_owned)
            .collect(),
        bytes: listed.get("Size")?.as_u64()?,
        // -1 where it was not reckoned.
        shared_bytes: listed.get("SharedSize").and_then(Value::as_u64),
    })
}
