//! `containers-share-an-image`

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::live::no_container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "containers-share-an-image",
    what: "The containers of several services were made from one image, which shows in its id.",
    why: "A name can be given to another image at any time; a container keeps the image that it was made from. Only the id says what runs.",
    mend: "Build the image once, and let `docker compose up -d` make the containers anew.",
    leave: "While one service is brought up to date before the others, on purpose.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    services: Vec<String>,
}

fn judge(scene: &Scene<'_>, Parameters { services }: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let mut made_from = Vec::new();
    for service in services {
        let containers = scene.containers(service);
        if containers.is_empty() {
            return no_container(scene, service);
        }
        made_from.extend(containers.into_iter().map(|container| {
            let id = container.field("Image").and_then(|id| id.as_str());
            (container, id.unwrap_or_default())
        }));
    }
    let ids: BTreeSet<_> = made_from.iter().map(|(_, id)| *id).collect();
    let (Some((_, first)), true) = (made_from.first(), ids.len() > 1) else {
        return Judged::Holds;
    };
    let odd = made_from.iter().find(|(_, id)| id != first);
    let list = made_from
        .iter()
        .map(|(container, id)| format!("{} from {}", container.name(), short(id)));
    let spot = Spot::Container {
        name: odd.map_or("", |(container, _)| container.name()).to_owned(),
        lines: Vec::new(),
    };
    Mismatch::new(
        spot,
        format!(
            "{} images, whatever they are called: {}",
            ids.len(),
            list.collect::<Vec<_>>().join(", ")
        ),
        "the same image id in all of them",
    )
    .next("`docker compose images` shows the id that each container was made from; `docker compose up -d` makes anew what has an older one")
    .into()
}

/// An id as `docker images` shows it.
pub(super) fn short(id: &str) -> &str {
    let hexadecimal = id.strip_prefix("sha256:").unwrap_or(id);
    hexadecimal.get(..12).unwrap_or(hexadecimal)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_containers};

    fn container(service: &str, image: &str) -> Value {
        let labels = json!({"com.docker.compose.service": service});
        json!({"Name": format!("/p-{service}-1"), "Image": image, "Config": {"Labels": labels}})
    }

    fn judge(containers: &[Value]) -> Judged {
        on_containers(
            "containers-share-an-image",
            json!({"services": ["a", "b"]}),
            "services: {a: {image: x}, b: {image: x}}",
            containers,
        )
    }

    #[test]
    fn one_id_holds_however_many_containers_there_are() {
        holds(judge(&[
            container("a", "sha256:1"),
            container("b", "sha256:1"),
            container("b", "sha256:1"),
        ]));
    }

    #[test]
    fn the_same_name_with_two_ids_is_told() {
        finds(
            judge(&[container("a", "sha256:1"), container("b", "sha256:2")]),
            "p-b-1 from 2",
        );
    }

    #[test]
    fn a_service_without_a_container_is_told() {
        finds(judge(&[container("a", "sha256:1")]), "no container");
    }
}
