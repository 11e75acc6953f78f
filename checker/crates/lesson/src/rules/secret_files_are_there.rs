//! `secret-files-are-there`, `secret-files-are-given`

use compose::Node;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::{self, Shows};
use crate::evidence::FileSeen;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::places;

pub const ARE_THERE: Rule = Rule {
    name: "secret-files-are-there",
    what: "Every file that `secrets:` names is there and has something in it.",
    why: "`docker compose config` does not look; `up` stops at the service that needs the file, or gives it an empty secret.",
    mend: "Make the file, at the path that stands behind `file:`.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

pub const ARE_GIVEN: Rule = Rule {
    name: "secret-files-are-given",
    what: "Where a variable such as POSTGRES_PASSWORD_FILE names a file, the service has a secret or a mount at that path.",
    why: "A variable with a path makes no file, and declaring a secret gives it to nobody: each service lists those it gets.",
    mend: "List the secret under `secrets:` of the service; it lies at /run/secrets/NAME unless `target` says otherwise.",
    leave: "Where the image brings the file along, or a program in the container writes it.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| are_given(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    let secrets = scene
        .project()
        .and_then(|project| project.root().get("secrets"))
        .and_then(Node::as_mapping);
    let judged = secrets
        .into_iter()
        .flat_map(|secrets| secrets.iter())
        .filter_map(|(name, entry)| {
            let node = entry.value.get("file")?;
            Some(file(scene, name, node))
        });
    Judged::all(judged.collect::<Vec<_>>())
}

fn file(scene: &Scene<'_>, name: &str, node: &Node) -> Judged {
    let path = node.as_str().unwrap_or_default();
    let path = path.strip_prefix("./").unwrap_or(path);
    let found = match scene.evidence.files.files.get(path) {
        Some(FileSeen::Secret { bytes: 0 }) => format!("{path} is empty"),
        Some(FileSeen::Absent) => format!("there is no file {path}"),
        Some(FileSeen::Folder) => format!("{path} is a folder"),
        Some(FileSeen::Secret { .. } | FileSeen::Text(_) | FileSeen::Bytes(_)) => {
            return Judged::Holds;
        }
        _ => {
            return Judged::not_seen(
                format!("{path} lies where this program does not look"),
                "look at the file yourself",
            );
        }
    };
    Mismatch::new(
        scene.spot_of(node),
        found,
        format!("a file with the secret `{name}` in it"),
    )
    .next("compare the path with `ls -la`; a path begins at the folder of the compose file")
    .into()
}

fn are_given(scene: &Scene<'_>) -> Judged {
    let Some(project) = scene.project() else {
        return Judged::not_seen(
            "the compose file does not load",
            "run `docker compose config -q`",
        );
    };
    let mismatches = project.services().flat_map(|service| {
        let named = places::file_variables(&service).into_iter();
        let nowhere = named.filter(|(_, path, _)| {
            let shown = config_file::shown_at(project, &service, path);
            matches!(shown, Shows::Image)
        });
        nowhere
            .map(|(name, path, node)| {
                let found = format!(
                    "{name} names {path}, and `{}` gets no secret or mount there",
                    service.name()
                );
                let expected = format!("an entry under `secrets:` of `{}`", service.name());
                Mismatch::new(scene.spot_of(node), found, expected)
                    .next("compare the path with the names under `secrets:` of this service")
            })
            .collect::<Vec<_>>()
    });
    Judged::from_mismatches(mismatches.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_files};

    fn judge(path: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x, secrets: [db]}}}}\nsecrets: {{db: {{file: {path}}}}}"
        );
        let files = [
            ("compose.yaml", compose.as_str()),
            ("db.txt", "blue"),
            ("no.txt", ""),
        ];
        on_files("secret-files-are-there", Value::Null, &files)
    }

    #[test]
    fn a_path_at_which_nothing_is_given_is_told() {
        let judge = |service: &str| {
            let compose = format!(
                "services: {{db: {{image: x, environment: {{PASSWORD_FILE: /run/secrets/db}}{service}}}}}\nsecrets: {{db: {{file: ./db}}, other: {{environment: OTHER}}}}"
            );
            on_files(
                "secret-files-are-given",
                Value::Null,
                &[("compose.yaml", &compose)],
            )
        };
        holds(judge(", secrets: [db]"));
        holds(judge(", secrets: [{source: other, target: db}]"));
        holds(judge(", volumes: ['./db:/run/secrets/db:ro']"));
        finds(judge(""), "PASSWORD_FILE names /run/secrets/db");
        finds(judge(", secrets: [other]"), "`db` gets no secret");
    }

    #[test]
    fn a_secret_without_a_file_is_told() {
        holds(judge("./db.txt"));
        finds(judge("./secrets/db.txt"), "there is no file secrets/db.txt");
        finds(judge("no.txt"), "no.txt is empty");
    }
}
