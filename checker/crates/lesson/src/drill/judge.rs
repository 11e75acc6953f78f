//! What came of a step: pure, from what was seen before the drill and now.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Compared, Shows, Step, Thing};
use crate::container::Container;
use crate::evidence::{EngineSeen, Evidence, WorldSeen};
use crate::format::{Check, CheckHeader};
use crate::parse::Lesson;
use crate::report::{CheckReport, Finding, Reason, Scope, Spot, Verdict};

/// Which one each thing is, at one moment; absent things are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Ids of a service's containers.
    pub containers: BTreeMap<String, BTreeSet<String>>,
    /// By key of the compose file: name and when it was made.
    pub volumes: BTreeMap<String, String>,
    /// A path in the lesson's folder, and a fingerprint of its content. The host fills it.
    pub paths: BTreeMap<String, String>,
}

impl Standing {
    /// Reads containers and volumes out of what was seen.
    pub fn of(world: &WorldSeen) -> Self {
        let mut standing = Self::default();
        for seen in &world.containers {
            let id = seen.inspect.get("Id").and_then(Value::as_str);
            let service = Container::new(seen).service().to_owned();
            let ids = standing.containers.entry(service).or_default();
            ids.extend(id.map(str::to_owned));
        }
        for (name, volume) in &world.volumes {
            let text = |pointer: &str| volume.pointer(pointer).and_then(Value::as_str);
            // Anonymous volumes have no key in the file.
            if let Some(key) = text("/Labels/com.docker.compose.volume") {
                let made = text("/CreatedAt").unwrap_or_default();
                let which = format!("{name}, made {made}");
                standing.volumes.insert(key.to_owned(), which);
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
