//! `no-nameless-volumes`, `no-nameless-volumes-mounted`

use compose::MountKind;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const IN_FILE: Rule = Rule {
    name: "no-nameless-volumes",
    what: "Every volume of a service has a name.",
    why: "After `docker compose down` the next container gets a new volume without a name, and the old one stays on the disk until somebody removes it.",
    mend: "Write a name and a colon before the path, and declare the name under `volumes:` at the end of the file; or take the entry out.",
    leave: "Where a folder of a bind mount has to be covered up, as `node_modules` of a project.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| in_file(scene, &parameters)),
};

pub const MOUNTED: Rule = Rule {
    name: "no-nameless-volumes-mounted",
    what: "No container of a service has a volume without a name, also none that its image asks for.",
    why: "An image may declare folders as volumes. Docker gives each container a volume of its own there unless the file mounts something at that folder.",
    mend: "Mount a named volume, or a tmpfs, at the folder that the image declares.",
    leave: "Where nothing of use is written to that folder.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| mounted(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn in_file(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let mounts = scene
        .service(service)
        .map(|service| service.mounts())
        .unwrap_or_default();
    let nameless = mounts
        .iter()
        .filter(|mount| mount.kind == MountKind::Volume && mount.source.is_none());
    Judged::from_mismatches(
        nameless
            .map(|mount| {
                let found = format!("the volume at {} has no name", mount.target);
                Mismatch::new(
                    scene.spot_of(mount.node),
                    found,
                    "a name before the path, or no entry",
                )
            })
            .collect(),
    )
}

fn mounted(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let containers = scene.containers(service).into_iter();
    let mismatches = containers.flat_map(|container| {
        let mounts = container.mounts().into_iter();
        let nameless = mounts.filter(|mount| mount.kind == "volume" && is_generated(&mount.source));
        nameless.map(move |mount| {
            let spot = Spot::Container {
                name: container.name().to_owned(),
                lines: Vec::new(),
            };
            let found = format!(
                "at {} it has a volume without a name, which its image asks for",
                mount.target
            );
            Mismatch::new(spot, found, "only volumes that the file names")
                .next("`docker volume ls` shows it, with a number for a name")
        })
    });
    Judged::from_mismatches(mismatches.collect())
}

/// The engine names such a volume by 64 hexadecimal digits.
pub(super) fn is_generated(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{finds, holds, on_containers, on_file};

    #[test]
    fn a_volume_has_a_name_in_both_spellings() {
        let judge = |volumes: &str| {
            let compose = format!(
                "services: {{db: {{image: x, volumes: [{volumes}]}}}}\nvolumes: {{kept: {{}}}}\n"
            );
            on_file("no-nameless-volumes", json!({"service": "db"}), &compose)
        };
        holds(judge("'kept:/data', './x:/x', {type: tmpfs, target: /tmp}"));
        finds(judge("'kept:/data', /cache"), "the volume at /cache");
        finds(
            judge("{type: volume, target: /data}"),
            "the volume at /data",
        );
    }

    #[test]
    fn a_volume_that_the_image_asked_for_is_seen_at_the_container() {
        let judge = |name: &str| {
            let container = json!({
                "Name": "/shop-db-1",
                "Config": {"Labels": {"com.docker.compose.service": "db"}},
                "Mounts": [{"Type": "volume", "Name": name, "Destination": "/data"}],
            });
            on_containers(
                "no-nameless-volumes-mounted",
                json!({"service": "db"}),
                "services: {db: {image: x}}",
                &[container],
            )
        };
        holds(judge("shop_data"));
        finds(judge(&"0f".repeat(32)), "which its image asks for");
    }
}
