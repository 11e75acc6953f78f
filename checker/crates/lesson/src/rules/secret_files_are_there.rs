//! `secret-files-are-there`

use compose::Node;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::evidence::FileSeen;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "secret-files-are-there",
    what: "Every file that `secrets:` names is there and has something in it.",
    why: "`docker compose config` does not look; `up` stops at the service that needs the file, or gives it an empty secret.",
    mend: "Make the file, at the path that stands behind `file:`.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
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
    fn a_secret_without_a_file_is_told() {
        holds(judge("./db.txt"));
        finds(judge("./secrets/db.txt"), "there is no file secrets/db.txt");
        finds(judge("no.txt"), "no.txt is empty");
    }
}
