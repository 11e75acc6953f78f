//! `compose-file-loads`, `compose-file-loads-without-warnings`

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
    judge: |scene, with| judged(with, |Parameters {}| judge(scene, Severity::Error)),
};

pub const WITHOUT_WARNINGS: Rule = Rule {
    name: "compose-file-loads-without-warnings",
    what: "Docker Compose has nothing to remark on the file: no key of old, no variable that is not set.",
    why: "A warning stands above the output of every command, and the one that matters is overlooked among those that do not.",
    mend: "Mend the place that is named.",
    leave: "Where the warning is known and meant, as a variable that may be empty.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene, Severity::Warning)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>, severity: Severity) -> Judged {
    let findings = scene
        .loaded
        .findings
        .iter()
        .filter(|finding| finding.severity == severity);
    Judged::from_mismatches(findings.map(|finding| mismatch(scene, finding)).collect())
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
    let expected = finding.expected.clone().unwrap_or_else(|| {
        match finding.severity {
            Severity::Error => "a file that Docker Compose can read",
            Severity::Warning => "a file that Docker Compose reads without a warning",
        }
        .to_owned()
    });
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
    fn a_warning_is_told_where_none_is_wanted() {
        let judge = |compose| on_file("compose-file-loads-without-warnings", Value::Null, compose);
        holds(judge("services: {a: {image: x}}"));
        finds(
            judge("version: '3'\nservices: {a: {image: x}}"),
            "`version` is obsolete",
        );
        finds(judge("services: {a: {image: 'x:$UNSET'}}"), "UNSET");
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
