//! `example-names-every-variable`

use std::collections::{BTreeMap, BTreeSet};

use compose::{Node, Project, Step, Value, VariableOrigin};
use serde::Deserialize;

use super::secret_files_stay_out_of_git::assignments;
use super::{Reads, Rule, judged, parameters};
use crate::evidence::FileSeen;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::places;

pub const RULE: Rule = Rule {
    name: "example-names-every-variable",
    what: "An example file, which everybody gets, names every variable that the compose files need, and holds none of your passwords.",
    why: "`.env` stays on your machine. Without the example nobody else knows what to write into theirs.",
    mend: "Write a line `NAME=` for each variable that the compose files put in without a default.",
    leave: "Where a script asks for the values.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    /// The example.
    example: String,
    /// The file it is an example of.
    file: String,
}

/// The files that are read besides those that Compose reads.
pub fn files(with: &serde_json::Value) -> BTreeSet<String> {
    parameters::<Parameters>(with).map_or_else(
        |_| BTreeSet::new(),
        |parameters| BTreeSet::from([parameters.example]),
    )
}

fn judge(scene: &Scene<'_>, Parameters { example, file }: &Parameters) -> Judged {
    let Some(project) = scene.project() else {
        return Judged::not_seen(
            "the compose file does not load",
            "run `docker compose config -q`",
        );
    };
    let spot = || Spot::WholeFile {
        path: example.clone(),
    };
    let read = |path: &str| match scene.evidence.files.files.get(path) {
        Some(FileSeen::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let Some(text) = read(example) else {
        let expected = format!("{example}, with a line for each variable of {file}");
        return Mismatch::new(spot(), "there is no such file", expected).into();
    };
    let named: BTreeMap<_, _> = assignments(text).collect();
    let own: BTreeMap<_, _> = read(file).map(assignments).into_iter().flatten().collect();
    let needed = needed(project);
    let missing = needed
        .iter()
        .filter(|name| !named.contains_key(name.as_str()))
        .map(|name| {
            let found = format!("it has no line for {name}, which the compose file needs");
            Mismatch::new(spot(), found, format!("a line `{name}=`"))
                .next("compare the names in `${…}` of compose.yaml with the lines of the example")
        });
    let given = places::given_variables(project);
    let told = named.iter().filter(|(name, value)| {
        let is_secret = given.contains(**name) || places::secret_of(name, value).is_some();
        is_secret && !value.is_empty() && own.get(*name) == Some(value)
    });
    let told = told.map(|(name, _)| {
        let found = format!("its {name} is the very value that {file} has");
        Mismatch::new(spot(), found, format!("`{name}=` with nothing behind it"))
            .next("everybody gets this file: leave secrets out of it")
    });
    Judged::from_mismatches(missing.chain(told).collect())
}

/// The variables that somebody has to set: those that the compose files put in, unless a default did.
fn needed(project: &Project) -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = places::given_variables(project)
        .into_iter()
        .map(str::to_owned)
        .collect();
    collect(project.root(), &mut needed);
    needed
}

fn collect(node: &Node, needed: &mut BTreeSet<String>) {
    // What a file of `env_file` says, it says to the container alone.
    let is_of_container = |step: &Step| matches!(step, Step::OtherFile { .. });
    if !node.origin.steps.iter().any(is_of_container) {
        needed.extend(node.origin.steps.iter().filter_map(|step| match step {
            Step::Interpolated { variable, from } => {
                let is_set = matches!(
                    from,
                    VariableOrigin::File(_) | VariableOrigin::Shell | VariableOrigin::Unset
                );
                // Every shell has these, and Compose sets the ones of its own.
                let is_everywhere = matches!(variable.as_str(), "PWD" | "HOME" | "USER")
                    || variable.starts_with("COMPOSE_");
                (is_set && !is_everywhere).then(|| variable.clone())
            }
            _ => None,
        }));
    }
    match &node.value {
        Value::Mapping(mapping) => mapping
            .iter()
            .for_each(|(_, entry)| collect(&entry.value, needed)),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, needed)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_files};

    fn judge(example: &str) -> Judged {
        let files = [
            (
                "compose.yaml",
                "services: {db: {image: 'x:${TAG}', labels: {a: '${A:-b}'}, secrets: [key]}}\nsecrets: {key: {environment: KEY}}",
            ),
            (".env", "TAG=1\nKEY='blue'\nOTHER=x\n"),
            (".env.example", example),
        ];
        let with = json!({"example": ".env.example", "file": ".env"});
        on_files("example-names-every-variable", with, &files)
    }

    #[test]
    fn every_variable_without_a_default_needs_a_line() {
        holds(judge("TAG=\nKEY=\n"));
        holds(judge("# all of them\nexport TAG=1\nKEY=changeme\n"));
        finds(judge("TAG=\n# KEY=\n"), "no line for KEY");
    }

    #[test]
    fn what_every_shell_has_needs_no_line() {
        let compose = "services: {db: {image: x, volumes: ['${HOME}/a:/a', '${PWD}/b:/b']}}";
        let files = [("compose.yaml", compose), (".env.example", "")];
        let with = json!({"example": ".env.example", "file": ".env"});
        holds(on_files("example-names-every-variable", with, &files));
    }

    #[test]
    fn the_example_does_not_tell_the_secret() {
        finds(judge("TAG=1\nKEY=blue\n"), "KEY is the very value");
    }
}
