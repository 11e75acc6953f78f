//! `object-storage-credentials-agree`

use compose::Service;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "object-storage-credentials-agree",
    what: "MinIO and Milvus use the same user name and the same password, each under the names that it reads.",
    why: "Milvus refuses to start without its bucket. It does not read MinIO's variables: it has names of its own, and takes minioadmin where they are not set.",
    mend: "MinIO reads MINIO_ROOT_USER and MINIO_ROOT_PASSWORD; Milvus reads MINIO_ACCESS_KEY_ID and MINIO_SECRET_ACCESS_KEY. Give both sides the same values, best from one variable.",
    leave: "Where Milvus takes its credentials from a cloud role.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

/// What both sides take where nothing is set.
const DEFAULT: &str = "minioadmin";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    storage: String,
    client: String,
}

/// One half of a login: the names that either side reads, best first.
struct Half {
    called: &'static str,
    storage: [&'static str; 2],
    /// Milvus compares the names of its keys without case, `_` and `.`, with or without its prefix.
    client: [&'static str; 2],
    /// The names of the other side, which Milvus does not read.
    client_ignores: [&'static str; 2],
}

const HALVES: [Half; 2] = [
    Half {
        called: "user name",
        storage: ["MINIO_ROOT_USER", "MINIO_ACCESS_KEY"],
        client: ["minioaccesskeyid", "milvusconfminioaccesskeyid"],
        client_ignores: ["MINIO_ACCESS_KEY", "MINIO_ROOT_USER"],
    },
    Half {
        called: "password",
        storage: ["MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"],
        client: ["miniosecretaccesskey", "milvusconfminiosecretaccesskey"],
        client_ignores: ["MINIO_SECRET_KEY", "MINIO_ROOT_PASSWORD"],
    },
];

/// A value and where it was set.
struct Given {
    value: String,
    set: Option<(String, Spot)>,
}

fn judge(scene: &Scene<'_>, Parameters { storage, client }: &Parameters) -> Judged {
    let (Some(storage), Some(client)) = (scene.service(storage), scene.service(client)) else {
        return Judged::not_seen(
            "one of the two services is missing",
            "look at the names under `services:`",
        );
    };
    if let Some(reason) = elsewhere(&storage, &client) {
        return Judged::not_seen(reason, "look at the log of Milvus instead");
    }
    Judged::all(
        HALVES
            .iter()
            .map(|half| half_agrees(scene, half, &storage, &client)),
    )
}

/// Whether the values come from where the compose file cannot show them.
fn elsewhere(storage: &Service<'_>, client: &Service<'_>) -> Option<String> {
    let from_file = ["MINIO_ROOT_USER_FILE", "MINIO_ROOT_PASSWORD_FILE"]
        .into_iter()
        .find(|name| storage.environment(name).is_some());
    let own_configuration = client
        .mounts()
        .into_iter()
        .find(|mount| mount.target.starts_with("/milvus/configs"));
    match (from_file, own_configuration) {
        (Some(name), _) => Some(format!("MinIO reads its login from a file ({name})")),
        (_, Some(mount)) => Some(format!(
            "Milvus has a configuration file of its own mounted at {}",
            mount.target
        )),
        _ => None,
    }
}

fn half_agrees(
    scene: &Scene<'_>,
    half: &Half,
    storage: &Service<'_>,
    client: &Service<'_>,
) -> Judged {
    let stored = given(scene, storage, |name| {
        half.storage.iter().position(|known| *known == name)
    });
    let used = given(scene, client, |name| {
        let plain: String = name
            .chars()
            .filter(|letter| !matches!(letter, '_' | '.'))
            .collect::<String>()
            .to_lowercase();
        half.client.iter().position(|known| *known == plain)
    });
    if stored.value == used.value {
        return Judged::Holds;
    }
    let [by_milvus, by_minio] = [&used, &stored].map(|given| match &given.set {
        Some((name, _)) => name.to_string(),
        None => format!("the default, {DEFAULT}"),
    });
    let ignored = half
        .client_ignores
        .into_iter()
        .find(|name| client.environment(name).is_some());
    let (spot, found) = match (&used.set, ignored) {
        (None, Some(name)) => (
            scene.nearest(&format!("services.{}.environment.{name}", client.name())),
            format!(
                "Milvus does not read {name}; it uses {by_milvus}, and `{}` has another {}",
                storage.name(),
                half.called
            ),
        ),
        (used, _) => {
            let spot = [used.as_ref(), stored.set.as_ref()]
                .into_iter()
                .flatten()
                .next()
                .map(|(_, spot)| spot.clone());
            (
                spot.unwrap_or_else(|| scene.service_spot(client.name())),
                format!(
                    "the {}s differ: `{}` has {by_minio}, Milvus uses {by_milvus}",
                    half.called,
                    storage.name()
                ),
            )
        }
    };
    let names =
        ["MINIO_ACCESS_KEY_ID", "MINIO_SECRET_ACCESS_KEY"][usize::from(half.called == "password")];
    Mismatch::new(
        spot,
        found,
        format!(
            "the same {} on both sides; Milvus reads {names}",
            half.called
        ),
    )
    .next(format!(
        "compare `environment:` of `{}` and of `{}`",
        storage.name(),
        client.name()
    ))
    .into()
}

/// The value that a service uses: of the names it reads the best one that is set, else the default.
fn given(scene: &Scene<'_>, service: &Service<'_>, rank: impl Fn(&str) -> Option<usize>) -> Given {
    let set = service
        .environment_all()
        .filter_map(|(name, node)| Some((rank(name)?, name, node)));
    let best = set.min_by_key(|(rank, _, _)| *rank);
    match best.and_then(|(_, name, node)| Some((name, node, node.scalar_text()?))) {
        Some((name, node, value)) => Given {
            value: value.to_string(),
            set: Some((name.to_owned(), scene.spot_of(node))),
        },
        None => Given {
            value: DEFAULT.to_owned(),
            set: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, found, holds, on_file};

    fn judge(storage: &str, client: &str) -> Judged {
        let compose = format!(
            "services: {{minio: {{image: x, environment: {{{storage}}}}}, milvus: {{image: x, environment: {{{client}}}}}}}"
        );
        on_file(
            "object-storage-credentials-agree",
            json!({"storage": "minio", "client": "milvus"}),
            &compose,
        )
    }

    #[test]
    fn both_sides_agree_under_all_their_names() {
        holds(judge("", ""));
        holds(judge("MINIO_ROOT_USER: minioadmin", ""));
        holds(judge(
            "MINIO_ROOT_USER: ada, MINIO_ROOT_PASSWORD: lovelace1",
            "MINIO_ACCESS_KEY_ID: ada, MINIO_SECRET_ACCESS_KEY: lovelace1",
        ));
        holds(judge(
            "MINIO_ACCESS_KEY: ada, MINIO_SECRET_KEY: lovelace1",
            "MINIO_ACCESSKEYID: ada, MILVUS_CONF_MINIO_SECRETACCESSKEY: lovelace1",
        ));
        // Where both are set, the newer names win.
        holds(judge(
            "MINIO_ROOT_PASSWORD: minioadmin, MINIO_SECRET_KEY: other",
            "",
        ));
    }

    #[test]
    fn one_side_alone_is_told_with_the_name_that_is_not_read() {
        finds(
            judge("MINIO_ROOT_PASSWORD: lovelace1", ""),
            "the passwords differ",
        );
        finds(judge("MINIO_ROOT_USER: ada", ""), "the user names differ");
        finds(
            judge("", "MINIO_SECRET_ACCESS_KEY: lovelace1"),
            "the passwords differ",
        );
        finds(
            judge(
                "MINIO_ROOT_PASSWORD: lovelace1",
                "MINIO_SECRET_KEY: lovelace1",
            ),
            "Milvus does not read MINIO_SECRET_KEY",
        );
        let both = found(judge(
            "MINIO_ROOT_USER: ada, MINIO_ROOT_PASSWORD: lovelace1",
            "",
        ));
        assert_eq!(both.len(), 2, "{both:?}");
    }

    #[test]
    fn what_stands_elsewhere_is_not_judged() {
        assert!(matches!(
            judge("MINIO_ROOT_PASSWORD_FILE: /run/secrets/p", ""),
            Judged::Unknown(_)
        ));
    }
}
