//! `variable-is-not-written-as`

use compose::{Node, Step, VariableOrigin};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "variable-is-not-written-as",
    what: "The files give none of these services the environment variable with such a value. A value that `.env` or the shell puts in belongs to the machine and counts as not written.",
    why: "What stands in the file holds on every machine that the file is copied to.",
    mend: "Move it into an override, or let a variable decide, as `${LOG_LEVEL:-INFO}`.",
    leave: "Where the value is meant for every machine.",
    reads: Reads::Files,
    accepts: |with| {
        let Parameters { pattern, .. } = parameters(with)?;
        regex_lite::Regex::new(&pattern)
            .map(drop)
            .map_err(|error| format!("`pattern` is no regular expression: {error}"))
    },
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    services: Vec<String>,
    variable: String,
    /// The values that are meant, as a regular expression.
    pattern: String,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let Parameters {
        services,
        variable,
        pattern,
    } = parameters;
    let Ok(pattern) = regex_lite::Regex::new(pattern) else {
        return Judged::not_seen("the pattern cannot be read", "correct the lesson");
    };
    // A place that several services share is told once.
    let mut told: Vec<(&Node, Vec<&str>)> = Vec::new();
    for name in services {
        let service = scene.service(name);
        let Some(value) = service.and_then(|service| service.environment(variable)) else {
            continue;
        };
        let text = value.scalar_text().unwrap_or_default();
        if !pattern.is_match(&text) || is_of_the_machine(value) {
            continue;
        }
        match told
            .iter_mut()
            .find(|(node, _)| node.span() == value.span())
        {
            Some((_, users)) => users.push(name),
            None => told.push((value, vec![name])),
        }
    }
    let mismatches = told.into_iter().map(|(value, users)| {
        let text = value.scalar_text().unwrap_or_default();
        let found = format!("{variable} is `{text}` for {}", users.join(", "));
        let expected = format!("no {variable} here, or another value");
        Mismatch::new(scene.spot_of(value), found, expected)
    });
    Judged::from_mismatches(mismatches.collect())
}

/// Whether the value was put in from `.env` or the shell.
fn is_of_the_machine(value: &Node) -> bool {
    value.origin.steps.iter().any(|step| {
        let from = match step {
            Step::Interpolated { from, .. } => from,
            _ => return false,
        };
        match from {
            VariableOrigin::Shell => true,
            // A line of a file that `env_file` names is its own origin: it is written there.
            VariableOrigin::File(at) => *at != value.span(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, look_at_files, on_file};

    fn with() -> Value {
        json!({"services": ["a", "b"], "variable": "LEVEL", "pattern": "(?i)^debug$"})
    }

    fn judge(compose: &str) -> Judged {
        on_file("variable-is-not-written-as", with(), compose)
    }

    #[test]
    fn another_value_or_none_holds() {
        holds(judge(
            "services: {a: {image: x}, b: {image: x, environment: {LEVEL: INFO}}}",
        ));
        holds(judge(
            "services: {a: {image: x, environment: {LEVEL: '${L:-INFO}'}}}",
        ));
    }

    #[test]
    fn the_value_is_told_once_for_all_that_share_it() {
        finds(
            judge(
                "x-e: &e {LEVEL: DEBUG}\nservices: {a: {image: x, environment: *e}, b: {image: x, environment: *e}}",
            ),
            "LEVEL is `DEBUG` for a, b",
        );
        finds(
            judge("services: {a: {image: x, environment: ['LEVEL=${L:-debug}']}}"),
            "LEVEL is `debug` for a",
        );
    }

    #[test]
    fn a_file_of_variables_is_a_file_too() {
        let compose = "services: {a: {image: x, env_file: dev.env}}";
        let rule = crate::rules::find("variable-is-not-written-as").expect("the rule");
        look_at_files(compose, ("dev.env", "LEVEL=DEBUG\n"), |scene| {
            finds((rule.judge)(scene, &with()), "LEVEL is `DEBUG` for a");
        });
    }

    #[test]
    fn what_dotenv_puts_in_is_the_machines_own() {
        let compose = "services: {a: {image: x, environment: {LEVEL: '${L:-INFO}'}}}";
        let rule = crate::rules::find("variable-is-not-written-as").expect("the rule");
        look_at_files(compose, (".env", "L=DEBUG\n"), |scene| {
            holds((rule.judge)(scene, &with()));
        });
    }
}
