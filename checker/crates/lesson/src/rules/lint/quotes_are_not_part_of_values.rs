//! `quotes-are-not-part-of-values`

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "quotes-are-not-part-of-values",
        what: "No variable's value begins and ends with a quote that was meant for YAML.",
        why: "In a list, `- NAME=\"value\"` is one plain text for YAML: the quotes stay in the value, and the program gets them too.",
        mend: "Write `- NAME=value`, or `- \"NAME=value\"` around the whole item, or `NAME: \"value\"` in a mapping.",
        leave: "Where the program wants quotes, as a value in JSON does.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for (name, node) in service.environment_all() {
            let value = node.as_str().unwrap_or_default();
            let is_quoted = |quote: char| {
                value.len() >= 2
                    && value.starts_with(quote)
                    && value.ends_with(quote)
                    && value.matches(quote).count() == 2
            };
            // In quotes of their own, or in a mapping, they were meant; a text in JSON is one value as well.
            let span = node.span();
            let text = &scene.loaded.sources.get(span.source).text;
            let before = text.get(..span.start as usize).unwrap_or_default();
            let is_item = before
                .strip_suffix(&format!("{name}="))
                .is_some_and(|before| before.ends_with([' ', ',', '[']))
                && scene.loaded.sources.text(span) == value;
            if is_item && (is_quoted('"') || is_quoted('\'')) {
                let found = format!("the quotes are part of the value of `{name}`");
                remarks.push(Remark::of(&service, node.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent};
    use super::LINT;

    #[test]
    fn quotes_inside_an_item_are_told() {
        finds_in(
            &LINT,
            "services:\n  web:\n    image: x\n    environment:\n      - NAME=\"value\"\n",
            "part of the value of `NAME`",
        );
        finds_in(
            &LINT,
            "services:\n  web:\n    image: x\n    environment:\n      - NAME='two words'\n",
            "part of the value",
        );
    }

    #[test]
    fn quotes_of_yaml_are_left_alone() {
        silent(&LINT, "environment: {NAME: \"value\"}");
        silent(
            &LINT,
            "environment: [\"NAME=value\", 'OTHER=a \"word\" inside']",
        );
        silent(&LINT, "environment: {NAME: '\"value\"'}");
        silent(&LINT, "environment: ['NAME=\"value\"']");
    }
}
