//! `env-file-values-count`

use compose::Step;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "env-file-values-count",
    what: "No value of an `env_file` is replaced by another one under `environment`.",
    why: "`environment` wins without a word: whoever edits the file later wonders why nothing changes.",
    mend: "Keep each variable in one place.",
    leave: "Where one service of several that share the file is meant to differ.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    let services = scene
        .project()
        .into_iter()
        .flat_map(|project| project.services());
    let mismatches = services.flat_map(|service| {
        let replaced = service.environment_all().filter_map(|(name, node)| {
            let from_file = node
                .origin
                .steps
                .iter()
                .any(|step| matches!(step, Step::OtherFile { .. }));
            let previous = node.origin.steps.iter().find_map(|step| match step {
                Step::MergedOver { previous } if !from_file => Some(*previous),
                _ => None,
            })?;
            let Spot::File { path, line, .. } = scene.spot(previous) else {
                return None;
            };
            let is_compose_file = path.ends_with(".yaml") || path.ends_with(".yml");
            let written = scene.loaded.sources.text(previous);
            let value = written.split_once('=').map_or(written, |(_, value)| value);
            let same = node.scalar_text().as_deref() == Some(value.trim().trim_matches(['"', '\'']));
            (!is_compose_file && !same).then(|| {
                Mismatch::new(
                    scene.spot_of(node),
                    format!("{name} stands in {path}:{line} as well, and what stands there does not count"),
                    "each variable in one place",
                )
                .next("what stands under `environment:` wins over `env_file:`")
            })
        });
        replaced.collect::<Vec<_>>()
    });
    Judged::from_mismatches(mismatches.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_files};

    fn judge(environment: &str) -> Judged {
        let compose =
            format!("services: {{a: {{image: x, env_file: a.env, environment: {environment}}}}}");
        let files = [
            ("compose.yaml", compose.as_str()),
            ("a.env", "A='1'\nB=2\n"),
        ];
        on_files("env-file-values-count", Value::Null, &files)
    }

    #[test]
    fn a_value_that_does_not_count_is_told() {
        holds(judge("{C: '3'}"));
        holds(judge("{A: '1'}"));
        finds(judge("{B: '3'}"), "B stands in a.env:2 as well");
    }
}
