//! `lies-in-memory`

use compose::MountKind;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::holds;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "lies-in-memory",
    what: "A folder of a container is a tmpfs: it lies in memory and begins empty with each start.",
    why: "Scratch files belong neither into the container's own layer nor onto a volume: nobody wants them back.",
    mend: "Name the folder under `tmpfs:` of the service, or as an entry of `volumes:` with `type: tmpfs`.",
    leave: "For scratch files that are larger than the memory you can spare.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    path: String,
}

fn judge(
    scene: &Scene<'_>,
    Parameters {
        service: name,
        path,
    }: &Parameters,
) -> Judged {
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let expected = format!("a tmpfs at {path}");
    let mounts = service.mounts();
    let holder = mounts
        .iter()
        .filter(|mount| holds(&mount.target, path))
        .max_by_key(|mount| mount.target.len());
    let Some(mount) = holder else {
        let found = format!(
            "nothing is mounted at {path}: it is a part of the container's own layer, on disk"
        );
        return Mismatch::new(scene.service_spot(name), found, expected).into();
    };
    let found = match mount.kind {
        MountKind::Tmpfs if mount.read_only => "it is read-only, so nothing can be written",
        MountKind::Tmpfs => return Judged::Holds,
        MountKind::Volume if mount.source.is_none() => {
            "a volume without a name lies on disk, and each new container leaves one behind"
        }
        MountKind::Volume => "a volume lies on disk and keeps everything",
        _ => "a folder of yours lies on disk and keeps everything",
    };
    Mismatch::new(scene.spot_of(mount.node), found, expected).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(service: &str) -> Judged {
        let compose = format!("services: {{db: {{image: x{service}}}}}\nvolumes: {{kept: {{}}}}\n");
        on_file(
            "lies-in-memory",
            json!({"service": "db", "path": "/tmp"}),
            &compose,
        )
    }

    #[test]
    fn a_tmpfs_holds_in_every_spelling() {
        for service in [
            ", tmpfs: /tmp",
            ", tmpfs: [/run, '/tmp/:size=16m,mode=1777']",
            ", volumes: [{type: tmpfs, target: /tmp}]",
            ", volumes: ['kept:/'], tmpfs: [/tmp]",
        ] {
            holds(judge(service));
        }
    }

    #[test]
    fn whatever_lies_on_disk_is_told() {
        finds(judge(""), "container's own layer");
        finds(judge(", tmpfs: [/temp]"), "container's own layer");
        finds(judge(", tmpfs: [tmp]"), "container's own layer");
        finds(judge(", tmpfs: './tmp:/tmp'"), "container's own layer");
        finds(judge(", volumes: [/tmp]"), "without a name");
        finds(judge(", volumes: ['kept:/tmp']"), "keeps everything");
        finds(judge(", volumes: ['./tmp:/tmp']"), "folder of yours");
        finds(judge(", tmpfs: ['/tmp:ro']"), "read-only");
    }
}
