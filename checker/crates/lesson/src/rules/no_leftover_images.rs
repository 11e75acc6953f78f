//! `no-leftover-images`

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::containers_share_an_image::short;
use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::evidence::{BuiltSeen, ImageSeen};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "no-leftover-images",
    what: "Every image that Compose has built for this project is one that its file names or a container of it was made from.",
    why: "An image stays when the file no longer names it, and so does every older build of a name. Layers that other images have too take no further space; the rest does.",
    mend: "Remove them with `docker image rm`, or all those without a name with `docker image prune`.",
    leave: "Where you keep an older build to go back to.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let world = &scene.evidence.world;
    let id_of = |image: &'_ ImageSeen| match image {
        ImageSeen::Present(image) => image.get("Id").and_then(Value::as_str).map(str::to_owned),
        ImageSeen::Absent => None,
    };
    let containers = world.containers.iter().map(Container::new);
    let used: BTreeSet<String> = containers
        .filter_map(|container| Some(container.field("Image")?.as_str()?.to_owned()))
        .chain(world.images.values().filter_map(id_of))
        .collect();
    let left: Vec<_> = world
        .built
        .iter()
        .filter(|image| !used.contains(&image.id))
        .collect();
    if left.is_empty() {
        return Judged::Holds;
    }
    let list: Vec<_> = left.iter().map(|image| told(image)).collect();
    let found = format!(
        "{}, of no use to this project any more: {}",
        match left.len() {
            1 => "an image that Compose built".to_owned(),
            count => format!("{count} images that Compose built"),
        },
        list.join(", ")
    );
    let names: Vec<_> = left.iter().map(|image| name(image)).collect();
    let spot = Spot::Probe {
        question: "`docker images`".to_owned(),
    };
    Mismatch::new(
        spot,
        found,
        "no image that neither the file nor a container uses",
    )
    .next(format!(
        "where you do not need them any more: `docker image rm {}`",
        names.join(" ")
    ))
    .into()
}

fn name(image: &BuiltSeen) -> &str {
    match image.names.first() {
        Some(name) => name,
        None => short(&image.id),
    }
}

/// `lesson-09-scheduler:latest (616 MB, 615 MB of it shared with other images)`
fn told(image: &BuiltSeen) -> String {
    let shared = match image.shared_bytes {
        None => String::new(),
        Some(0) => ", none of it shared with other images".to_owned(),
        Some(shared) if megabytes(shared) == megabytes(image.bytes) => {
            ", all of it shared with other images".to_owned()
        }
        Some(shared) => format!(", {} of it shared with other images", megabytes(shared)),
    };
    let nameless = if image.names.is_empty() {
        " without a name"
    } else {
        ""
    };
    format!(
        "{}{nameless} ({}{shared})",
        name(image),
        megabytes(image.bytes)
    )
}

/// Rounded, as `docker images` does.
fn megabytes(bytes: u64) -> String {
    format!("{} MB", (bytes + 500_000) / 1_000_000)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use crate::evidence::{BuiltSeen, ImageSeen, WorldSeen};
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_world};

    fn judge(built: &[(&str, &[&str])]) -> Judged {
        let built = built.iter().map(|(id, names)| BuiltSeen {
            id: (*id).to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            bytes: 616_000_000,
            shared_bytes: Some(615_000_000),
        });
        let world = WorldSeen {
            built: built.collect(),
            images: BTreeMap::from([("x".to_owned(), ImageSeen::Present(json!({"Id": "one"})))]),
            ..WorldSeen::default()
        };
        on_world(
            "no-leftover-images",
            Value::Null,
            "services: {a: {image: x}}",
            world,
        )
    }

    #[test]
    fn what_the_file_names_is_in_use() {
        holds(judge(&[]));
        holds(judge(&[("one", &["x:latest"])]));
    }

    #[test]
    fn older_builds_and_names_that_are_gone_are_told_with_their_size() {
        finds(
            judge(&[("one", &["x:latest"]), ("two", &["p-a:latest"])]),
            "p-a:latest (616 MB, 615 MB of it shared",
        );
        finds(
            judge(&[("two", &[]), ("three", &[])]),
            "2 images that Compose built",
        );
    }
}
