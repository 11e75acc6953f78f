//! What came of a step: pure, from what was seen before the drill and now.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Compared, Shows, Step, Thing};
use crate::container::Container;
use crate::evidence::{EngineSeen, Evidence, WorldSeen};
use crate::format::{Check, CheckHeader, Model};
use crate::parse::Lesson;
use crate::report::{CheckReport, Finding, Reason, Scope, Spot, Verdict};

/// Which one each thing is, at one moment; absent things are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Ids of a service's containers.
    pub containers: BTreeMap<String, BTreeSet<String>>,
    /// By key of the compose file: name and when it was made.
    pub volumes: BTreeMap<String, String>,
    /// By service: the keys of the volumes that its containers mount.
    #[serde(default)]
    pub mounted: BTreeMap<String, BTreeSet<String>>,
    /// A path in the lesson's folder, and a fingerprint of its content. The host fills it.
    pub paths: BTreeMap<String, String>,
}

impl Standing {
    /// Reads containers and volumes out of what was seen of the project of this name.
    pub fn of(world: &WorldSeen, project: &str) -> Self {
        let mut standing = Self::default();
        for seen in &world.containers {
            let id = seen.inspect.get("Id").and_then(Value::as_str);
            let service = Container::new(seen).service().to_owned();
            let ids = standing.containers.entry(service).or_default();
            ids.extend(id.map(str::to_owned));
        }
        for (name, volume) in &world.volumes {
            let text = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
            // Anonymous volumes have no key in the file, and an external one may have a key of another file.
            let is_own = text("/Labels/com.docker.compose.project") == Some(project);
            if let Some(key) = text("/Labels/com.docker.compose.volume").filter(|_| is_own) {
                let made = text("/CreatedAt").unwrap_or_default();
                let which = format!("{name}, made {made}");
                standing.volumes.insert(key.to_owned(), which);
                for seen in &world.containers {
                    let mounts = seen.inspect.get("Mounts").and_then(Value::as_array);
                    let is_here =
                        |mount: &Value| mount.get("Name").and_then(Value::as_str) == Some(name);
                    if mounts.is_some_and(|mounts| mounts.iter().any(is_here)) {
                        let service = Container::new(seen).service().to_owned();
                        standing
                            .mounted
                            .entry(service)
                            .or_default()
                            .insert(key.to_owned());
                    }
                }
            }
        }
        standing
    }
}

/// A step as a lesson of its own, so that evidence is gathered and judged for it as for any lesson.
pub fn lesson_of_step(lesson: &Lesson, step: &Step) -> Lesson {
    let expectations = step.expect.iter().enumerate();
    let checks = expectations.filter_map(|(number, expectation)| match &expectation.shows {
        Shows::At(look) => Some(Check {
            header: header(step, &expectation.title, number),
            look: look.clone(),
        }),
        Shows::Since(_) => None,
    });
    Lesson {
        header: lesson.header.clone(),
        checks: checks.collect(),
    }
}

fn header(step: &Step, title: &str, number: usize) -> CheckHeader {
    CheckHeader {
        id: format!("expectation-{}", number + 1),
        title: title.to_owned(),
        why: step.header.why.clone(),
        expected: None,
        next: None,
        hints: Vec::new(),
        needs: Vec::new(),
        advice: false,
        weight: 1,
        model: Model::Project,
        speaks_of: Vec::new(),
    }
}

/// Judges a step's expectations, in their order.
pub fn judge_step(
    lesson: &Lesson,
    step: &Step,
    evidence: &Evidence,
    before: &Standing,
    now: &Standing,
) -> Vec<CheckReport> {
    let of_step = lesson_of_step(lesson, step);
    let judged = crate::check(&of_step, evidence, Scope::FilesAndContainers);
    let mut judged = judged.checks.into_iter();
    let expectations = step.expect.iter().enumerate();
    let reports = expectations.filter_map(|(number, expectation)| {
        Some(match &expectation.shows {
            Shows::At(_) => judged.next()?,
            Shows::Since(expected) => {
                let CheckHeader {
                    id, title, weight, ..
                } = header(step, &expectation.title, number);
                let verdict = match &evidence.world.engine {
                    EngineSeen::Answered { .. } => {
                        compared(expected, before, now, &step.header.why)
                    }
                    _ => not_seen("the engine did not answer"),
                };
                CheckReport {
                    id,
                    title,
                    weight,
                    verdict,
                }
            }
        })
    });
    reports.collect()
}

/// Judges a comparison. What was not there before the drill has nothing to be compared with.
pub fn compared(expected: &Compared, before: &Standing, now: &Standing, why: &str) -> Verdict {
    let (spot, was, is) = match expected.thing() {
        Thing::Container(service) => {
            let of = |standing: &Standing| {
                let ids = standing.containers.get(service)?;
                (!ids.is_empty()).then(|| {
                    let short = ids.iter().map(|id| id.chars().take(12).collect::<String>());
                    short.collect::<Vec<_>>().join(", ")
                })
            };
            let name = format!("of service {service}");
            let lines = Vec::new();
            (Spot::Container { name, lines }, of(before), of(now))
        }
        Thing::Volume(key) => {
            let question = format!("volume {key}");
            let of = |standing: &Standing| standing.volumes.get(key).cloned();
            (Spot::Probe { question }, of(before), of(now))
        }
        Thing::VolumesOf(service) => {
            // The learner has chosen the keys; a container that is gone cannot tell them any more.
            let keys = before.mounted.get(service).cloned().unwrap_or_default();
            let question = format!("volumes of {service}");
            let of = |standing: &Standing| {
                let found = keys
                    .iter()
                    .filter_map(|key| standing.volumes.get(key).cloned());
                let found = found.collect::<Vec<_>>();
                (!found.is_empty()).then(|| found.join("; "))
            };
            (Spot::Probe { question }, of(before), of(now))
        }
        Thing::Path(path) => {
            let of = |standing: &Standing| standing.paths.get(path).cloned();
            let path = path.clone();
            (Spot::WholeFile { path }, of(before), of(now))
        }
    };
    let Some(was) = was else {
        return not_seen(
            "it was not there before the drill, so there is nothing to compare it with",
        );
    };
    let holds = match expected {
        Compared::Same(_) => is.as_ref() == Some(&was),
        Compared::Replaced(_) => is.as_ref().is_some_and(|is| *is != was),
        Compared::Gone(_) => is.is_none(),
    };
    if holds {
        return Verdict::Pass;
    }
    let found = match is {
        None => "there is none any more".to_owned(),
        Some(is) if is == was => format!("still the one from before: {is}"),
        Some(is) => format!("another one than before: {is}"),
    };
    let wanted = match expected {
        Compared::Same(_) => format!("the one from before: {was}"),
        Compared::Replaced(_) => format!("another one than before, which was {was}"),
        Compared::Gone(_) => "none".to_owned(),
    };
    Verdict::Fail {
        findings: vec![Finding {
            spot,
            found,
            expected: wanted,
            why: why.to_owned(),
            next: "do the step by hand and look".to_owned(),
        }],
    }
}

fn not_seen(text: &str) -> Verdict {
    Verdict::NotChecked {
        reason: Reason::NotSeen {
            text: text.to_owned(),
            next: "look at `docker compose ps --all` and `docker volume ls`".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evidence::ContainerSeen;

    fn standing(container: Option<&str>, made: Option<&str>) -> Standing {
        let inspect = |id: &str| {
            let labels = json!({"com.docker.compose.service": "box"});
            let mounts = json!([{"Type": "volume", "Name": "p_data", "Destination": "/kept"}]);
            json!({"Id": id, "Config": {"Labels": labels}, "Mounts": mounts})
        };
        let volume = |made: &str| {
            let labels = json!({
                "com.docker.compose.project": "p", "com.docker.compose.volume": "data"
            });
            json!({"CreatedAt": made, "Labels": labels})
        };
        let containers = container.map(|id| ContainerSeen {
            inspect: inspect(id),
            last_lines: Vec::new(),
        });
        let world = WorldSeen {
            containers: containers.into_iter().collect(),
            volumes: made
                .map(|made| ("p_data".to_owned(), volume(made)))
                .into_iter()
                .collect(),
            ..WorldSeen::default()
        };
        Standing::of(&world, "p")
    }

    fn passes(expected: &Compared, before: &Standing, now: &Standing) -> bool {
        compared(expected, before, now, "why") == Verdict::Pass
    }

    #[test]
    fn a_comparison_tells_the_same_from_another_and_from_none() {
        type Kind = fn(Thing) -> Compared;
        let kinds: [Kind; 3] = [Compared::Same, Compared::Replaced, Compared::Gone];
        let before = standing(Some("one"), Some("Monday"));
        let nows = [
            before.clone(),
            standing(Some("two"), Some("Tuesday")),
            standing(None, None),
        ];
        let things = [
            Thing::Container("box".to_owned()),
            Thing::Volume("data".to_owned()),
            Thing::VolumesOf("box".to_owned()),
        ];
        for thing in things {
            for (expected, kind) in kinds.iter().enumerate() {
                for (happened, now) in nows.iter().enumerate() {
                    let is_true = passes(&kind(thing.clone()), &before, now);
                    assert_eq!(
                        is_true,
                        expected == happened,
                        "{thing:?} {expected} {happened}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_not_there_before_is_compared_with_nothing() {
        let nothing = Standing::default();
        for expected in [Compared::Same, Compared::Replaced, Compared::Gone] {
            let expected = expected(Thing::Path("notes".to_owned()));
            let verdict = compared(&expected, &nothing, &nothing, "why");
            assert!(matches!(verdict, Verdict::NotChecked { .. }), "{verdict:?}");
        }
    }

    #[test]
    fn a_volume_of_another_project_is_not_looked_at() {
        let labels =
            json!({"com.docker.compose.project": "q", "com.docker.compose.volume": "data"});
        let volume = json!({"CreatedAt": "Monday", "Labels": labels});
        let world = WorldSeen {
            volumes: [("q_data".to_owned(), volume)].into(),
            ..WorldSeen::default()
        };
        assert_eq!(Standing::of(&world, "p"), Standing::default());
    }
}
