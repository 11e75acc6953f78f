//! `variables-are-set`, `variables-are-required`

use std::collections::BTreeSet;

use compose::{Node, Step, Value, VariableOrigin};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const ARE_SET: Rule = Rule {
    name: "variables-are-set",
    what: "Every variable that the compose file or a file of variables puts in has a value, a default, or a refusal (`:?`).",
    why: "Compose takes the empty text for a variable that nothing sets, says so in one line, and starts everything all the same.",
    mend: "Set it in `.env`, give it a default (`${NAME:-default}`), or demand it (`${NAME:?why}`). A dollar that is meant as one is written in single quotes in a file of variables, and as `$$` in the compose file.",
    leave: "Where the empty text is meant: write `${NAME:-}`, and everybody sees it.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| are_set(scene)),
};

pub const ARE_REQUIRED: Rule = Rule {
    name: "variables-are-required",
    what: "A variable that has no default is demanded: `${NAME:?why}`.",
    why: "On the next machine there is no `.env`. With `:?` Compose says which variable is missing, and starts nothing.",
    mend: "Write `:?` and a few words for whoever reads them behind the name.",
    leave: "Where the empty text is right.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| are_required(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn are_set(scene: &Scene<'_>) -> Judged {
    let unset = scene
        .loaded
        .findings
        .iter()
        .filter(|finding| finding.code == "unset-variable");
    let mut told = BTreeSet::new();
    let mismatches = unset.filter_map(|finding| {
        let spot = scene.spot(finding.span?);
        let found = finding.message.trim_end_matches('.').to_owned();
        let new = told.insert(format!("{found}{spot:?}"));
        let expected =
            "a value in `.env`, a default, or `:?`; or single quotes, where no variable is meant";
        new.then(|| {
            Mismatch::new(spot, found, expected).next(
                "`docker compose config -q` prints a warning for each variable without a value",
            )
        })
    });
    let mismatches: Vec<_> = mismatches.collect();
    match of_the_shell(scene) {
        Some(name) if mismatches.is_empty() => Judged::not_seen(
            format!("{name} is set by your shell only; what another shell says is not known"),
            format!("set {name} in `.env`"),
        ),
        _ => Judged::from_mismatches(mismatches),
    }
}

/// A variable whose value this shell alone gives.
fn of_the_shell(scene: &Scene<'_>) -> Option<String> {
    let mut name = None;
    scene.project()?.services().for_each(|service| {
        each_value(service.node(), &mut |node| {
            for step in node.origin.steps.iter() {
                if let Step::Interpolated {
                    variable,
                    from: VariableOrigin::Shell,
                } = step
                {
                    name.get_or_insert_with(|| variable.clone());
                }
            }
        });
    });
    name
}

fn are_required(scene: &Scene<'_>) -> Judged {
    let mut mismatches = Vec::new();
    let mut told = BTreeSet::new();
    let services = scene
        .project()
        .into_iter()
        .flat_map(|project| project.services());
    services.for_each(|service| {
        each_value(service.node(), &mut |node| {
            let written = scene.loaded.sources.text(node.span());
            let mut names = node.origin.steps.iter().filter_map(|step| match step {
                Step::Interpolated { variable, .. } if is_bare(written, variable) => Some(variable),
                _ => None,
            });
            let Some(name) = names.next().filter(|_| told.insert(node.span())) else {
                return;
            };
            mismatches.push(Mismatch::new(
                scene.spot_of(node),
                format!("`{name}` becomes the empty text where nothing sets it"),
                format!("`${{{name}:?…}}`, or a default"),
            ));
        });
    });
    Judged::from_mismatches(mismatches)
}

/// Whether a text has `$NAME` or `${NAME}`, with nothing said for the case that it is not set.
fn is_bare(text: &str, name: &str) -> bool {
    text.contains(&format!("${{{name}}}"))
        || text
            .match_indices(&format!("${name}"))
            .any(|(start, found)| {
                let next = text[start + found.len()..].chars().next();
                !text[..start].ends_with('$')
                    && !next.is_some_and(|next| next.is_ascii_alphanumeric() || next == '_')
            })
}

fn each_value(node: &Node, look: &mut impl FnMut(&Node)) {
    match &node.value {
        Value::Mapping(mapping) => mapping
            .iter()
            .for_each(|(_, entry)| each_value(&entry.value, look)),
        Value::Sequence(items) => items.iter().for_each(|item| each_value(item, look)),
        _ => look(node),
    }
}

#[cfg(test)]
mod tests {
    use super::is_bare;
    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(rule: &str, image: &str) -> Judged {
        let compose = format!("services: {{a: {{image: '{image}'}}}}");
        on_file(rule, serde_json::Value::Null, &compose)
    }

    #[test]
    fn a_variable_without_a_value_is_told_and_a_default_is_one() {
        holds(judge("variables-are-set", "x:1"));
        holds(judge("variables-are-set", "x:${TAG:-1}"));
        holds(judge("variables-are-set", "x:$$TAG"));
        finds(judge("variables-are-set", "x:${TAG}"), "`TAG` is not set");
        finds(judge("variables-are-set", "x:$TAG"), "`TAG` is not set");
    }

    #[test]
    fn a_bare_variable_is_advised_against() {
        holds(judge("variables-are-required", "x:${TAG:-1}"));
        holds(judge("variables-are-required", "x:$$TAG"));
        finds(judge("variables-are-required", "x:${TAG}"), "`TAG` becomes");
    }

    #[test]
    fn every_form_without_a_word_for_the_missing_value_is_bare() {
        for text in ["${A}", "$A", "x$A-y"] {
            assert!(is_bare(text, "A"), "{text}");
        }
        for text in ["${A:?b}", "${A:-b}", "${A-}", "$$A", "$AB", "${AB}", "A"] {
            assert!(!is_bare(text, "A"), "{text}");
        }
    }
}
