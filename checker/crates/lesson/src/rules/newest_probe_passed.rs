//! `newest-probe-passed`

use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
use crate::container::{Container, Health};
use crate::live;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "newest-probe-passed",
    what: "The newest probe of each of a service's healthy containers ended with exit code 0, and did not say otherwise in its output.",
    why: "A container stays healthy until several probes in a row have failed, and Docker does not read what a probe prints.",
    mend: "Read the output of the probe: `docker inspect CONTAINER --format '{{json .State.Health}}'`.",
    leave: "For services without a health check.",
    reads: Reads::FilesAndContainers,
    accepts: |with| {
        parameters::<Parameters>(with).and_then(|parameters| pattern(&parameters).map(drop))
    },
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// What a probe prints that has been refused, as a regular expression.
    refused: Option<String>,
}

fn pattern(Parameters { refused, .. }: &Parameters) -> Result<Option<regex_lite::Regex>, String> {
    let read = |text: &String| regex_lite::Regex::new(text).map_err(|error| error.to_string());
    refused.as_ref().map(read).transpose()
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let containers = scene.containers(&parameters.service);
    if containers.is_empty() {
        return live::no_container(scene, &parameters.service);
    }
    let refused = pattern(parameters).unwrap_or_default();
    let healthy = containers
        .into_iter()
        .filter(|container| container.health() == Health::Healthy);
    Judged::all(healthy.map(|container| one(container, refused.as_ref())))
}

fn one(container: Container<'_>, refused: Option<&regex_lite::Regex>) -> Judged {
    let number = |path: &str| container.field(path).and_then(Value::as_i64);
    let log = container
        .field("State.Health.Log")
        .and_then(Value::as_array);
    let Some(newest) = log.and_then(|log| log.last()) else {
        return Judged::not_seen(
            format!("the engine keeps no probes of {}", container.name()),
            "look at `docker inspect` of the container",
        );
    };
    let code = newest.get("ExitCode").and_then(Value::as_i64).unwrap_or(0);
    let failed = number("State.Health.FailingStreak")
        .unwrap_or(0)
        .max(i64::from(code != 0));
    let output = container.last_probe_output().unwrap_or_default();
    let said = output
        .lines()
        .find(|line| refused.is_some_and(|refused| refused.is_match(line)));
    let (found, expected) = match (failed, said) {
        (0, None) => return Judged::Holds,
        (0, Some(line)) => (
            format!(
                "its probe ended with exit code 0, and said: {}",
                line.trim()
            ),
            "a probe that was let in, or that ends with another exit code",
        ),
        (1, _) => (
            format!("it is still called healthy, and its newest probe ended with exit code {code}"),
            "exit code 0",
        ),
        (count, _) => (
            format!(
                "it is still called healthy, and its newest {count} probes failed, the last with exit code {code}"
            ),
            "exit code 0",
        ),
    };
    let lines = output.lines().filter(|line| !line.trim().is_empty());
    let spot = Spot::Container {
        name: container.name().to_owned(),
        lines: lines.take(3).map(str::to_owned).collect(),
    };
    Mismatch::new(spot, found, expected)
        .next(format!(
            "compare the output of the probe with `healthcheck: test:` of `{}`",
            container.service()
        ))
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_containers};

    fn judge(health: Value) -> Judged {
        let container = json!({
            "Name": "/shop-redis-1",
            "Config": {"Labels": {"com.docker.compose.service": "redis"}},
            "State": {"Status": "running", "Health": health},
        });
        on_containers(
            "newest-probe-passed",
            json!({"service": "redis", "refused": "NOAUTH|WRONGPASS"}),
            "services: {redis: {image: redis}}",
            &[container],
        )
    }

    fn log(code: i64, output: &str) -> Value {
        json!([{"ExitCode": 1, "Output": "NOAUTH"}, {"ExitCode": code, "Output": output}])
    }

    #[test]
    fn a_probe_that_passed_holds() {
        holds(judge(
            json!({"Status": "healthy", "FailingStreak": 0, "Log": log(0, "PONG\n")}),
        ));
        // What is said of these, `is: healthy` says.
        holds(judge(
            json!({"Status": "unhealthy", "FailingStreak": 3, "Log": log(1, "no")}),
        ));
        holds(judge(json!({"Status": "none"})));
    }

    #[test]
    fn a_probe_that_failed_or_was_refused_is_told() {
        finds(
            judge(
                json!({"Status": "healthy", "FailingStreak": 0, "Log": log(0, "NOAUTH Authentication required.\n")}),
            ),
            "and said: NOAUTH Authentication required.",
        );
        finds(
            judge(json!({"Status": "healthy", "FailingStreak": 1, "Log": log(1, "refused")})),
            "newest probe ended with exit code 1",
        );
        finds(
            judge(json!({"Status": "healthy", "FailingStreak": 2, "Log": log(-1, "too slow")})),
            "newest 2 probes failed",
        );
    }

    #[test]
    fn an_engine_that_keeps_no_probes_is_not_judged() {
        let judged = judge(json!({"Status": "healthy", "Log": null}));
        assert!(matches!(judged, Judged::Unknown(_)));
    }
}
