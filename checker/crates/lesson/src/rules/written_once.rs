//! `written-once`

use compose::Span;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "written-once",
    what: "What several services have alike in their environment stands in the files once: at an anchor, in an extension, in a service that the others extend, or in a file of variables.",
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
    /// The variable; where absent each that all of these services have, with one value.
    variable: Option<String>,
}

fn judge(scene: &Scene<'_>, Parameters { services, variable }: &Parameters) -> Judged {
    if scene.project().is_none() {
        return Judged::not_seen(
            "the compose file does not load alone",
            "run `docker compose -f compose.yaml config -q`",
        );
    }
    let names = match variable {
        Some(name) => vec![name.clone()],
        None => shared(scene, services),
    };
    let several = names.iter().filter_map(|name| {
        let places = places(scene, services, name);
        (places.len() > 1).then_some((name, places))
    });
    let several: Vec<_> = several.collect();
    let Some((first, places)) = several.first() else {
        return Judged::Holds;
    };
    let list: Vec<_> = places
        .iter()
        .map(|(place, users)| {
            let position = scene.loaded.sources.position(*place);
            format!("line {} for {}", position.line, users.join(" and "))
        })
        .collect();
    let others: Vec<&str> = several[1..].iter().map(|(name, _)| name.as_str()).collect();
    let as_well = match others.as_slice() {
        [] => String::new(),
        others => format!("; so are {}", others.join(", ")),
    };
    Mismatch::new(
        scene.spot(places[1].0),
        format!(
            "{first} is written {} times: {}{as_well}",
            places.len(),
            list.join(", ")
        ),
        "one place that all of them take it from",
    )
    .next("`docker compose config` shows what each service gets in the end")
    .into()
}

/// The variables that all these services have, with one value.
fn shared(scene: &Scene<'_>, services: &[String]) -> Vec<String> {
    let mut services = services.iter().filter_map(|name| scene.service(name));
    let Some(first) = services.next() else {
        return Vec::new();
    };
    let others: Vec<_> = services.collect();
    let is_shared = |name: &str, value: Option<String>| {
        others.iter().all(|service| {
            service
                .environment(name)
                .is_some_and(|node| node.scalar_text() == value)
        })
    };
    first
        .environment_all()
        .filter(|(name, node)| is_shared(name, node.scalar_text()))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Where a variable is written, each place with the services that have it from there.
fn places<'a>(
    scene: &Scene<'_>,
    services: &'a [String],
    variable: &str,
) -> Vec<(Span, Vec<&'a str>)> {
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
    places
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
    fn without_a_name_everything_that_all_have_counts() {
        let judge =
            |compose: &str| on_file("written-once", json!({"services": ["a", "b"]}), compose);
        let own = "x-env: &env {DB: one}\nservices:\n  a: {image: x, environment: {<<: *env, OWN: 1}}\n  b: {image: x, environment: {<<: *env, OWN: 2}}";
        holds(judge(own));
        let twice = "x-env: &env {DB: one}\nservices:\n  a: {image: x, environment: {<<: *env, KEY: k, ZONE: z}}\n  b: {image: x, environment: {<<: *env, KEY: k, ZONE: z}}";
        finds(
            judge(twice),
            "KEY is written 2 times: line 3 for a, line 4 for b; so are ZONE",
        );
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
