//! `missing-config-file-is-refused`

use compose::Node;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::{self, Shows};
use crate::format::ConfigFile;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "missing-config-file-is-refused",
    what: "Where the configuration file that a service's command names is missing on your side of its bind mount, the engine refuses to start instead of making an empty folder.",
    why: "An empty folder in the place of a file gives an error somewhere else and in other words, or none at all: a program may take it for an empty file.",
    mend: "Write the mount in its long form, with `bind: {create_host_path: false}`.",
    leave: "Where somebody else makes the file before the start.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    config_file: ConfigFile,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let given = scene.project().and_then(|project| {
        let service = project.service(&parameters.service)?;
        config_file::given(project, &service, &parameters.config_file)
    });
    match given.map(|given| given.shows) {
        Some(Shows::File { path, node, .. }) if makes_a_folder(node) => Mismatch::new(
            scene.spot_of(node),
            format!("were {path} missing, Docker would make an empty folder of that name"),
            "the long form, with `create_host_path: false`",
        )
        .into(),
        _ => Judged::Holds,
    }
}

/// The short form makes it, and so does a long form without `bind:`; one with `bind:` does so only where it says so.
/// (Compose 2.40.3 on engine 28.5.2.)
fn makes_a_folder(mount: &Node) -> bool {
    let is_bind = mount.get("type").and_then(Node::as_str) == Some("bind");
    match mount.get("bind") {
        None => is_bind,
        Some(bind) => bind
            .get("create_host_path")
            .and_then(Node::scalar_text)
            .is_some_and(|text| text == "true"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(mount: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x, command: db /etc/db.conf, volumes: ['./data:/data', {mount}]}}}}\n"
        );
        let with = json!({"service": "db", "config-file": {"ending": ".conf"}});
        on_file("missing-config-file-is-refused", with, &compose)
    }

    #[test]
    fn only_the_long_form_with_bind_refuses() {
        let long =
            |bind: &str| format!("{{type: bind, source: ./db.conf, target: /etc/db.conf{bind}}}");
        holds(judge(&long(", bind: {create_host_path: false}")));
        holds(judge(&long(", bind: {}")));
        finds(judge(&long("")), "were db.conf missing");
        finds(
            judge(&long(", bind: {create_host_path: true}")),
            "were db.conf missing",
        );
        finds(judge("'./db.conf:/etc/db.conf:ro'"), "make an empty folder");
    }
}
