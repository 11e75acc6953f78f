//! `keeps-data`

use compose::MountKind;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::format::Setting;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::setting::{self, SettingValue};

pub const RULE: Rule = Rule {
    name: "keeps-data",
    what: "The folder in which a program keeps its data lies on a named volume or a bind mount.",
    why: "What a container writes anywhere else goes with the container.",
    mend: "Mount a volume or a folder of yours at the path that the program writes to, and compare both paths letter by letter.",
    leave: "For caches and other data that may be lost.",
    reads: Reads::Files,
    accepts: |with| match parameters::<Parameters>(with) {
        Ok(Parameters {
            path: None,
            setting: None,
            ..
        }) => Err("`keeps-data` needs a `path` or a `setting`".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    },
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// Where the program writes, if that is fixed.
    path: Option<String>,
    /// The flag or variable that says where the program writes.
    setting: Option<Setting>,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let name = &parameters.service;
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let fixed = parameters.path.clone().map(|text| SettingValue {
        text,
        spot: scene.service_spot(name),
    });
    let Some(data) = fixed.or_else(|| setting::look_up(scene, parameters.setting.as_ref()?)) else {
        let found = format!("nothing tells `{name}` where to keep its data");
        return Mismatch::new(scene.service_spot(name), found, "a path for its data").into();
    };
    let mounts = service.mounts();
    // The mount that counts is the one closest to the data.
    let holder = mounts
        .iter()
        .filter(|mount| lies_in(&data.text, &mount.target))
        .max_by_key(|mount| mount.target.len());
    let expected = format!(
        "a volume or a folder of yours mounted at {} in `{name}`",
        data.text
    );
    let Some(mount) = holder else {
        let there: Vec<_> = mounts.iter().map(|mount| mount.target.clone()).collect();
        let found = match there.as_slice() {
            [] => format!("`{name}` writes to {}, and nothing is mounted", data.text),
            there => format!(
                "`{name}` writes to {}, but what is mounted is {}",
                data.text,
                there.join(", ")
            ),
        };
        let spot = match mounts.first() {
            Some(mount) => scene.spot_of(mount.node),
            None => data.spot,
        };
        return Mismatch::new(spot, found, expected)
            .next(format!("compare {} with `volumes:` of `{name}`", data.text))
            .into();
    };
    let lost = match mount.kind {
        MountKind::Tmpfs => "a tmpfs lives in memory: its content is gone with the container",
        MountKind::Volume if mount.source.is_none() => {
            "a volume without a name: the next container gets a new, empty one"
        }
        _ if mount.read_only => "it is mounted read-only, so nothing can be written",
        _ => return Judged::Holds,
    };
    let spot: Spot = scene.spot_of(mount.node);
    Mismatch::new(spot, lost, expected).into()
}

/// Whether a path is the folder or lies in it.
fn lies_in(path: &str, folder: &str) -> bool {
    let parts = |path: &str| {
        path.split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    parts(path).starts_with(&parts(folder))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::lies_in;
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(volumes: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x, command: db --data-dir=/data/db{volumes}}}}}\nvolumes: {{kept: {{}}}}\n"
        );
        let with = json!({"service": "db", "setting": {"service": "db", "flag": "data-dir"}});
        on_file("keeps-data", with, &compose)
    }

    #[test]
    fn data_is_kept_on_any_volume_or_folder_that_holds_the_path() {
        holds(judge(", volumes: ['./data:/data/db']"));
        holds(judge(", volumes: ['kept:/data']"));
        holds(judge(
            ", volumes: [{type: bind, source: ./data, target: /data/db/}]",
        ));
        // The mount closest to the data counts.
        holds(judge(", tmpfs: [/data], volumes: ['kept:/data/db']"));
    }

    #[test]
    fn data_that_goes_with_the_container_is_told() {
        finds(judge(""), "nothing is mounted");
        finds(
            judge(", volumes: ['kept:/data/database']"),
            "what is mounted is /data/database",
        );
        finds(judge(", volumes: [/data/db]"), "without a name");
        finds(judge(", tmpfs: [/data/db]"), "memory");
        finds(
            judge(", volumes: ['kept:/data'], tmpfs: [/data/db]"),
            "memory",
        );
        finds(judge(", volumes: ['kept:/data/db:ro']"), "read-only");
    }

    #[test]
    fn a_path_lies_in_its_own_folder_and_in_those_above() {
        assert!(lies_in("/etcd", "/etcd/"));
        assert!(lies_in("/var/lib/milvus/data", "/var/lib/milvus"));
        assert!(!lies_in("/etcd-data", "/etcd"));
        assert!(!lies_in("/etcd", "/etcd/member"));
    }
}
