//! `sees-files-of-image`, `sees-own-folder`

use compose::{Mount, MountKind, Node, Service, Value};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::holds;
use crate::scene::{Judged, Mismatch, Scene};

pub const OF_IMAGE: Rule = Rule {
    name: "sees-files-of-image",
    what: "Several services see, in a folder, the files of their image: nothing is mounted over it.",
    why: "A mount hides what the image has there. On a machine that has the image and not your folder, the program finds an empty folder.",
    mend: "Move the mount into `compose.override.yaml`, which Compose reads by itself where it is.",
    leave: "While you write the program, on your own machine.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| of_image(scene, &parameters)),
};

pub const OWN_FOLDER: Rule = Rule {
    name: "sees-own-folder",
    what: "Several services see, in a folder, the files of a folder of yours: through a bind mount, or because `docker compose watch` copies them.",
    why: "Then an edit reaches the program without a new image.",
    mend: "Mount your folder there for the services that read it, or give them `develop: watch:` with `action: sync`.",
    leave: "Wherever the program is not being written.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters: Parameters| {
            own_folder(scene, &parameters)
        })
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    services: Vec<String>,
    /// The folder in the containers.
    path: String,
}

fn of_image(scene: &Scene<'_>, Parameters { services, path }: &Parameters) -> Judged {
    let services = services.iter().filter_map(|name| scene.service(name));
    let mismatches = services.flat_map(|service| {
        let mounts = service.mounts().into_iter();
        // Above the folder, at it, or at a file in it.
        let over = mounts.filter(|mount| holds(&mount.target, path) || holds(path, &mount.target));
        over.map(|mount| {
            let found = format!(
                "{} is mounted at {} in `{}`",
                shown(&mount),
                mount.target,
                service.name()
            );
            Mismatch::new(
                scene.spot_of(mount.node),
                found,
                format!("the image's own files at {path}"),
            )
        })
        .collect::<Vec<_>>()
    });
    Judged::from_mismatches(mismatches.collect())
}

fn shown(mount: &Mount<'_>) -> String {
    match (mount.kind, &mount.source) {
        (MountKind::Bind, Some(source)) => format!("your folder {source}"),
        (MountKind::Volume, Some(source)) => format!("the volume {source}"),
        (MountKind::Tmpfs, _) => "an empty folder in memory".to_owned(),
        _ => "something".to_owned(),
    }
}

fn own_folder(scene: &Scene<'_>, Parameters { services, path }: &Parameters) -> Judged {
    let services = services.iter().filter_map(|name| scene.service(name));
    let without =
        services.filter(|service| !is_bound(service, path) && !is_synchronised(service, path));
    Judged::from_mismatches(
        without
            .map(|service| {
                let found = format!(
                    "no folder of yours is mounted at {path} in `{}`",
                    service.name()
                );
                let spot = scene.nearest(&format!("services.{}.volumes", service.name()));
                Mismatch::new(spot, found, format!("your folder at {path}"))
            })
            .collect(),
    )
}

fn is_bound(service: &Service<'_>, path: &str) -> bool {
    let mounts = service.mounts();
    let nearest = mounts
        .iter()
        .filter(|mount| holds(&mount.target, path))
        .max_by_key(|mount| mount.target.len());
    nearest.is_some_and(|mount| mount.kind == MountKind::Bind)
}

/// Whether `docker compose watch` copies changed files there.
fn is_synchronised(service: &Service<'_>, path: &str) -> bool {
    let Some(Node {
        value: Value::Sequence(rules),
        ..
    }) = service.node().get("develop.watch")
    else {
        return false;
    };
    let text = |rule: &Node, key: &str| rule.get(key).and_then(Node::as_str).map(str::to_owned);
    rules.iter().any(|rule| {
        let is_sync = text(rule, "action").is_some_and(|action| action.starts_with("sync"));
        is_sync && text(rule, "target").is_some_and(|target| holds(&target, path))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(rule: &str, service: &str) -> Judged {
        let compose = format!("services: {{a: {{image: x{service}}}}}\nvolumes: {{kept: {{}}}}\n");
        on_file(
            rule,
            json!({"services": ["a"], "path": "/app/src"}),
            &compose,
        )
    }

    #[test]
    fn anything_mounted_over_the_folder_hides_the_image() {
        let judge = |service| judge("sees-files-of-image", service);
        holds(judge(""));
        holds(judge(", volumes: ['kept:/app/data', './src:/elsewhere']"));
        finds(
            judge(", volumes: ['./src:/app/src']"),
            "your folder ./src is mounted at /app/src",
        );
        finds(judge(", volumes: ['.:/app']"), "mounted at /app in `a`");
        finds(
            judge(", volumes: ['./src/main.py:/app/src/main.py']"),
            "main.py",
        );
        finds(judge(", volumes: ['kept:/app/src']"), "the volume kept");
        finds(judge(", tmpfs: [/app/src]"), "in memory");
    }

    #[test]
    fn a_bind_mount_or_a_watch_shows_your_folder() {
        let judge = |service| judge("sees-own-folder", service);
        holds(judge(", volumes: ['./src:/app/src']"));
        holds(judge(", volumes: [{type: bind, source: ., target: /app}]"));
        holds(judge(
            ", build: ., develop: {watch: [{action: sync, path: ./src, target: /app/src}]}",
        ));
        finds(judge(""), "no folder of yours");
        finds(judge(", volumes: ['kept:/app/src']"), "no folder of yours");
        finds(
            judge(", volumes: ['.:/app', 'kept:/app/src']"),
            "no folder of yours",
        );
        finds(
            judge(", build: ., develop: {watch: [{action: rebuild, path: ./src}]}"),
            "no folder of yours",
        );
    }
}
