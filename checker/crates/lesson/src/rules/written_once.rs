//! `written-once`

use compose::Span;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "written-once",
    what: "An environment variable that several services have stands in the files once: at an anchor, in an extension, in a service that the others extend, or in a file of variables.",
    why: "What stands in four places is changed in three.",
    mend: "Write it at one place with an anchor (`&name`) and take it over with `<<: *name`, or give the services one that they `extends`.",
    leave: "Where the values are alike by accident.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    services: Vec<String>,
    variable: String,
}

fn judge(scene: &Scene<'_>, Parameters { services, variable }: &Parameters) -> Judged {
    let mut places: Vec<(Span, Vec<&str>)> = Vec::new();
    for name in services {
        let service = scene.service(name);
        let Some(value) = service.and_then(|service| service.environment(variable)) else {
            continue;
        };
        let span = value.span();
        match places.iter_mut().find(|(place, _)| *place == span) {
            Some((_, users)) => users.push(name),
            None => places.push((span, vec![name])),
        }
    }
    let [_, (second, _), ..] = places.as_slice() else {
        return Judged::Holds;
    };
    let list: Vec<_> = places
        .iter()
        .map(|(place, users)| {
            let position = scene.loaded.sources.position(*place);
            format!("line {} for {}", position.line, users.join(" and "))
        })
        .collect();
    Mismatch::new(
        scene.spot(*second),
        format!(
            "{variable} is written {} times: {}",
            places.len(),
            list.join(", ")
        ),
        "one place that all of them take it from",
    )
    .next("`docker compose config` shows what each service gets in the end")
    .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(compose: &str) -> Judged {
        let with = json!({"services": ["a", "b"], "variable": "DB"});
        on_file("written-once", with, compose)
    }

    #[test]
    fn anchors_extensions_and_extends_write_it_once() {
        holds(judge(
            "x-common: &common {image: x, environment: {DB: one}}\nservices: {a: {<<: *common}, b: {<<: *common}}",
        ));
        holds(judge(
            "services:\n  a: &a {image: x, environment: {DB: one}}\n  b: {<<: *a}",
        ));
        holds(judge(
            "services: {base: {image: x, environment: [DB=one]}, a: {extends: {service: base}}, b: {extends: {service: base}, environment: {OWN: 1}}}",
        ));
        holds(judge(
            "x-env: &env {DB: one}\nservices: {a: {image: x, environment: *env}, b: {image: x, environment: {<<: *env, OWN: 1}}}",
        ));
        // What only one service has cannot be written twice.
        holds(judge(
            "services: {a: {image: x, environment: {DB: one}}, b: {image: x}}",
        ));
    }

    #[test]
    fn the_same_value_in_two_places_is_told_with_its_lines() {
        finds(
            judge(
                "services:\n  a: {image: x, environment: {DB: one}}\n  b: {image: x, environment: [DB=one]}",
            ),
            "DB is written 2 times: line 2 for a, line 3 for b",
        );
    }
}
