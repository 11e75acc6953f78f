//! `started-in-order`

use std::time::Duration;

use compose::{Dependency, DependencyCondition};
use serde::Deserialize;

use super::starts_after::has_no_containers;
use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::words;

pub const RULE: Rule = Rule {
    name: "started-in-order",
    what: "As far as the containers still tell, none was started before what it waits for was ready.",
    why: "An edit of `depends_on` makes no container anew. Those that run may have been started in the old order.",
    mend: "`docker compose down`, then `docker compose up --detach --wait`.",
    leave: "Never.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    /// Compose has started all of them a moment ago, as in a drill, so that what they tell is of that start.
    #[serde(default)]
    just_started: bool,
}

fn judge(scene: &Scene<'_>, Parameters { just_started }: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let services = scene
        .project()
        .into_iter()
        .flat_map(|project| project.services());
    let mut mismatches = Vec::new();
    for service in services {
        for dependency in service.depends_on() {
            let is_awaited = scene
                .service(dependency.service)
                .is_some_and(|other| !has_no_containers(&other));
            if !is_awaited {
                continue;
            }
            for after in scene.containers(service.name()) {
                for before in scene.containers(dependency.service) {
                    mismatches.extend(too_early(&dependency, before, after, *just_started));
                }
            }
        }
    }
    Judged::from_mismatches(mismatches)
}

/// What shows that `after` was started too early. Most of what was is forgotten, so silence is no proof of the contrary.
fn too_early(
    dependency: &Dependency<'_>,
    before: Container<'_>,
    after: Container<'_>,
    just_started: bool,
) -> Option<Mismatch> {
    let (one, other) = (after.service(), before.service());
    let Some(gap) = before.started_before(after) else {
        let is_earlier = just_started && after.started_before(before).is_some();
        return is_earlier.then(|| {
            told(
                after,
                before,
                format!("`{one}` was started before `{other}`"),
            )
        });
    };
    let found = match dependency.condition {
        DependencyCondition::Started => return None,
        DependencyCondition::Healthy => {
            // A container that is started again, after a reboot for example, waits for nobody. Then it is older than this.
            let probed = before.first_probe_after()?;
            let is_first = |container: Container<'_>| {
                container
                    .waited_to_start()
                    .is_some_and(|waited| waited < probed)
            };
            if gap >= probed || !(just_started || is_first(before) && is_first(after)) {
                return None;
            }
            format!(
                "`{one}` was started {} after `{other}`, whose first health probe came {} after its start: nobody waited",
                exact(gap),
                words::duration(probed)
            )
        }
        DependencyCondition::CompletedSuccessfully => {
            let ran = before.ran_for()?;
            if gap >= ran {
                return None;
            }
            format!(
                "`{one}` was started {} after `{other}`, which ran for {}: nobody waited",
                exact(gap),
                exact(ran)
            )
        }
    };
    Some(told(after, before, found))
}

fn told(after: Container<'_>, before: Container<'_>, found: String) -> Mismatch {
    let spot = Spot::Container {
        name: after.name().to_owned(),
        lines: Vec::new(),
    };
    let expected = format!(
        "a start when `{}` was ready, as the file says now",
        before.service()
    );
    let mismatch = Mismatch::new(spot, found, expected);
    mismatch.next("an edit of `depends_on` starts nothing anew: `docker compose down`, then `docker compose up -d --wait`")
}

/// `0.3 s`
fn exact(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::scene::Judged;
    use crate::testing::{AT, finds, holds, on_containers};

    const FILE: &str = "name: shop
services:
  db: {image: x}
  job: {image: x, depends_on: {db: {condition: service_healthy}}}
  web: {image: x, depends_on: {job: {condition: service_completed_successfully}, db: {condition: service_healthy}}}
";

    /// The moment so many milliseconds after the containers were made.
    fn at(milliseconds: i64) -> String {
        (AT + jiff::SignedDuration::from_millis(milliseconds)).to_string()
    }

    fn container(service: &str, started: i64, finished: Option<i64>, health: Value) -> Value {
        json!({
            "Name": format!("/shop-{service}-1"), "Created": at(0),
            "Config": {"Labels": {"com.docker.compose.service": service}, "Healthcheck": health},
            "State": {
                "Status": if finished.is_some() { "exited" } else { "running" },
                "StartedAt": at(started),
                "FinishedAt": finished.map_or("0001-01-01T00:00:00Z".to_owned(), at),
                "Health": if health.is_null() { Value::Null } else { json!({"Status": "healthy"}) },
            },
        })
    }

    /// `db` is probed each five seconds, `job` ends.
    fn judge(db: i64, job: (i64, i64), web: i64) -> Judged {
        let health = json!({"Test": ["CMD", "a"], "Interval": 5_000_000_000_i64});
        let containers = [
            container("db", db, None, health),
            container("job", job.0, Some(job.1), Value::Null),
            container("web", web, None, Value::Null),
        ];
        on_containers("started-in-order", json!({}), FILE, &containers)
    }

    #[test]
    fn one_after_the_other_holds() {
        holds(judge(100, (5200, 7300), 7400));
    }

    #[test]
    fn a_start_before_the_first_probe_is_told() {
        finds(
            judge(100, (400, 5300), 5400),
            "`job` was started 0.3 s after `db`, whose first health probe came 5 s after its start",
        );
    }

    #[test]
    fn a_start_while_the_job_ran_is_told() {
        finds(
            judge(100, (5200, 7300), 5400),
            "`web` was started 0.2 s after `job`, which ran for 2.1 s",
        );
    }

    #[test]
    fn a_job_that_ran_again_and_a_service_that_was_started_again_show_nothing() {
        // A second `up` runs the job again.
        holds(judge(100, (90_000, 92_000), 7400));
        // After a reboot all start at once.
        holds(judge(900_100, (5200, 7300), 900_200));
        // The database alone was started again.
        holds(judge(60_000, (5200, 7300), 7400));
    }

    #[test]
    fn what_was_started_just_now_tells_of_that_start() {
        let health = json!({"Test": ["CMD", "a"], "Interval": 5_000_000_000_i64});
        let judge = |job: i64| {
            let containers = [
                container("db", 900_000, None, health.clone()),
                container("job", job, Some(999_000), Value::Null),
            ];
            let with = json!({"just-started": true});
            on_containers("started-in-order", with, FILE, &containers)
        };
        holds(judge(905_100));
        finds(judge(900_300), "nobody waited");
        finds(judge(899_900), "`job` was started before `db`");
    }

    #[test]
    fn a_shorter_interval_at_the_start_counts() {
        let health = json!({
            "Test": ["CMD", "a"], "Interval": 30_000_000_000_i64, "StartPeriod": 60_000_000_000_i64,
        });
        let judge = |job: i64| {
            let containers = [
                container("db", 100, None, health.clone()),
                container("job", job, Some(40_000), Value::Null),
            ];
            on_containers("started-in-order", json!({}), FILE, &containers)
        };
        holds(judge(5200));
        finds(judge(4000), "5 s after its start");
    }
}
