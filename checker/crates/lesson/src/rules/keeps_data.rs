//! `keeps-data`

use compose::MountKind;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::{holds, in_container};
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
    /// The image's working folder, where a relative path starts.
    #[serde(rename = "working-folder")]
    working_folder: Option<String>,
    /// Only this kind of mount will do.
    on: Option<On>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum On {
    NamedVolume,
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
    let told = parameters.setting.as_ref();
    let told = match told.map_or(Ok(None), |told| setting::read(scene, told)) {
        Ok(told) => told,
        Err(why) => return Judged::not_seen(why, "look at the file yourself"),
    };
    let Some(mut data) = fixed.or(told) else {
        let found = format!("nothing tells `{name}` where to keep its data");
        return Mismatch::new(scene.service_spot(name), found, "a path for its data").into();
    };
    data.text = in_container(&service, parameters.working_folder.as_deref(), &data.text);
    let mounts = service.mounts();
    // The mount that counts is the one closest to the data.
    let holder = mounts
        .iter()
        .filter(|mount| holds(&mount.target, &data.text))
        .max_by_key(|mount| mount.target.len());
    let kinds = match parameters.on {
        Some(On::NamedVolume) => "a named volume",
        None => "a volume or a folder of yours",
    };
    let expected = format!("{kinds} mounted at {} in `{name}`", data.text);
    let Some(mount) = holder else {
        if service.node().get("volumes_from").is_some() {
            return Judged::not_seen(
                format!(
                    "`{name}` takes the mounts of another service by `volumes_from`, which is not read here"
                ),
                "look at `volumes:` of the service that it names",
            );
        }
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
        MountKind::Volume if lies_in_memory(scene, mount.source.as_deref().unwrap_or_default()) => {
            "this volume is declared as a tmpfs: it lies in memory, and is empty after each stop"
        }
        _ if mount.read_only => "it is mounted read-only, so nothing can be written",
        MountKind::Bind if parameters.on == Some(On::NamedVolume) => {
            "this is a folder of yours, a bind mount: what stands before the colon is a path"
        }
        _ => return Judged::Holds,
    };
    let spot: Spot = scene.spot_of(mount.node);
    Mismatch::new(spot, lost, expected).into()
}

/// Whether a named volume is declared with a tmpfs behind it.
fn lies_in_memory(scene: &Scene<'_>, name: &str) -> bool {
    let path = format!("volumes.\"{name}\".driver_opts.type");
    let kind = scene
        .project()
        .and_then(|project| project.root().get(&path));
    kind.and_then(compose::Node::as_str) == Some("tmpfs")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config_file::holds as has;
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(volumes: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x, command: db --data-dir=/data/db{volumes}}}}}\nvolumes: {{kept: {{}}, fleeting: {{driver_opts: {{type: tmpfs, device: tmpfs}}}}}}\n"
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
        finds(
            judge(", volumes: ['kept:data/db']"),
            "what is mounted is data/db",
        );
        finds(judge(", volumes: ['fleeting:/data/db']"), "as a tmpfs");
    }

    #[test]
    fn where_only_a_named_volume_will_do_a_folder_is_told() {
        let judge = |service: &str| {
            let compose =
                format!("services: {{db: {{image: x, {service}}}}}\nvolumes: {{kept: {{}}}}\n");
            let setting = json!({"service": "db", "flag": "dir", "default": "./"});
            let with = json!({"service": "db", "setting": setting, "working-folder": "/data", "on": "named-volume"});
            on_file("keeps-data", with, &compose)
        };
        holds(judge("volumes: ['kept:/data']"));
        holds(judge("command: db --dir /db, volumes: ['kept:/db/']"));
        holds(judge("working_dir: /db, volumes: ['kept:/db']"));
        finds(judge("volumes: ['./kept:/data']"), "bind mount");
        finds(judge("volumes: [/data]"), "without a name");
        finds(
            judge("command: db --dir sub, volumes: ['kept:/sub']"),
            "writes to /data/sub",
        );
    }

    #[test]
    fn a_path_lies_in_its_own_folder_and_in_those_above() {
        assert!(has("/etcd/", "/etcd"));
        assert!(has("/var/lib/milvus", "/var/lib/milvus/data"));
        assert!(!has("/etcd", "/etcd-data"));
        assert!(!has("/etcd/member", "/etcd"));
        assert!(!has("/data", "/data/../tmp"));
        assert!(!has("data", "/data"), "the engine refuses such a target");
    }
}
