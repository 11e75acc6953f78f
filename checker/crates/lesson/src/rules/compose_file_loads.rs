//! `compose-file-loads`

use compose::{Finding, Severity};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "compose-file-loads",
    what: "Docker Compose can read the file: its syntax, its keys, the types of their values, the names they refer to, and the variables it needs.",
    why: "Nothing starts from a file that does not load, and nothing else can be said about it.",
    mend: "Mend the first place that is named, and look again; one slip often causes several messages.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    let errors = scene
        .loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    Judged::from_mismatches(errors.map(|finding| mismatch(scene, finding)).collect())
}

fn mismatch(scene: &Scene<'_>, finding: &Finding) -> Mismatch {
    let spot = match finding.span {
        Some(span) => scene.spot(span),
        None => Spot::WholeFile {
            path: scene.compose_file(),
        },
    };
    let related = finding.related.iter().map(|(span, label)| {
        let position = scene.loaded.sources.position(*span);
        format!("; line {}: {label}", position.line)
    });
    let found = finding.message.trim_end_matches('.').to_owned() + &related.collect::<String>();
    let expected = finding
        .expected
        .clone()
        .unwrap_or_else(|| "a file that Docker Compose can read".to_owned());
    Mismatch {
        next: finding.help.clone(),
        ..Mismatch::new(spot, found, expected)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::testing::{finds, found, holds, on_file};

    fn judge(compose: &str) -> crate::scene::Judged {
        on_file("compose-file-loads", Value::Null, compose)
    }

    #[test]
    fn a_file_that_compose_reads_holds_even_with_a_warning() {
        holds(judge("services: {a: {image: x}}"));
        holds(judge("version: '3'\nservices: {a: {image: \"x:$UNSET\"}}"));
    }

    #[test]
    fn every_slip_is_told() {
        finds(judge("services: {a: {image: x, prots: [80]}}"), "prots");
        finds(judge("services: []"), "services");
        finds(judge("services:\n\ta: {}"), "tab");
        let two = found(judge(
            "services: {a: {imagee: x}, b: {image: x, comand: y}}",
        ));
        assert_eq!(two.len(), 2, "{two:?}");
    }
}
