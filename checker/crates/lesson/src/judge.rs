//! From evidence to a report. The one way to a verdict, for every host.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::agreement;
use crate::evidence::Evidence;
use crate::format::{Check, Look, Matcher, Model, Place, Setting};
use crate::image;
use crate::image_setting;
use crate::inside;
use crate::live;
use crate::load::{base_request, load, load_as};
use crate::matcher::{self, Matched};
use crate::parse::Lesson;
use crate::proc_status;
use crate::report::{self, CheckReport, Finding, Reason, Report, Scope, Starting, Verdict};
use crate::rules::{self, Reads};
use crate::scene::{Judged, Mismatch, Scene};
use crate::setting;

/// The rule whose check every look into the compose file waits for.
const LOADS: &str = "compose-file-loads";

/// Judges a lesson. With [`Scope::Files`] the checks that need containers are left out.
pub fn check(lesson: &Lesson, evidence: &Evidence, scope: Scope) -> Report {
    let loaded = load(evidence);
    let scene = Scene {
        evidence,
        loaded: &loaded,
    };
    let base = lesson
        .checks
        .iter()
        .any(|check| check.header.model == Model::BaseFile)
        .then(|| load_as(evidence, &base_request(&evidence.files, &loaded)));
    let mut verdicts: BTreeMap<&str, Verdict> = BTreeMap::new();
    let mut checks = Vec::new();
    for check in &lesson.checks {
        if scope == Scope::Files && reads(&check.look) == Reads::FilesAndContainers {
            continue;
        }
        let verdict = match waits_for(lesson, check, &scene, &verdicts) {
            Some(reason) => Verdict::NotChecked { reason },
            None => {
                let loaded = match (check.header.model, &base) {
                    (Model::BaseFile, Some(base)) => base,
                    _ => &loaded,
                };
                let scene = Scene { evidence, loaded };
                let judged = judge(&scene, &check.look);
                let judged = unless_starting(&scene, &check.header.speaks_of, judged);
                verdict(lesson, check, judged)
            }
        };
        verdicts.insert(&check.header.id, verdict.clone());
        checks.push(CheckReport {
            id: check.header.id.clone(),
            title: check.header.title.clone(),
            weight: check.header.weight,
            verdict,
        });
    }
    let starting = starting(&checks);
    Report {
        schema_version: report::SCHEMA_VERSION,
        lesson: lesson.header.id.clone(),
        title: lesson.header.title.clone(),
        at: evidence.at,
        scope,
        checks,
        starting,
    }
}

/// What the open checks wait for, each container once.
fn starting(checks: &[CheckReport]) -> Vec<Starting> {
    let mut all: Vec<Starting> = Vec::new();
    for check in checks {
        if let Verdict::NotChecked {
            reason: Reason::Starting(starting),
        } = &check.verdict
            && !all.contains(starting)
        {
            all.push(starting.clone());
        }
    }
    all
}

/// What a check has to look at.
pub fn reads(look: &Look) -> Reads {
    match look {
        Look::All(looks) | Look::Any(looks) => {
            let live = looks
                .iter()
                .any(|look| reads(look) == Reads::FilesAndContainers);
            if live {
                Reads::FilesAndContainers
            } else {
                Reads::Files
            }
        }
        Look::At { place, .. } => match place.as_ref() {
            Place::Compose(_) | Place::Setting(_) | Place::Dockerfile(_) => Reads::Files,
            Place::Rule(rule) => rules::find(&rule.name).map_or(Reads::Files, |rule| rule.reads),
            _ => Reads::FilesAndContainers,
        },
    }
}

/// Why a check says nothing yet: the checks at the root of it that failed, or what keeps those it needs from being judged.
fn waits_for(
    lesson: &Lesson,
    check: &Check,
    scene: &Scene<'_>,
    verdicts: &BTreeMap<&str, Verdict>,
) -> Option<Reason> {
    let mut needs: Vec<&str> = check.header.needs.iter().map(String::as_str).collect();
    if scene.project().is_none() && !is_loading(check) {
        let loading = lesson.checks.iter().filter(|check| is_loading(check));
        needs.extend(loading.map(|check| check.header.id.as_str()));
        if needs.is_empty() {
            return Some(Reason::NotSeen {
                text: "the compose file does not load".to_owned(),
                next: "run `docker compose config -q` in the lesson's folder".to_owned(),
            });
        }
    }
    let mut failed: Vec<String> = Vec::new();
    let mut unseen = None;
    for need in needs {
        match verdicts.get(need) {
            Some(Verdict::Fail { .. }) => {
                failed.extend(lesson.check(need).map(|need| need.header.title.clone()))
            }
            Some(Verdict::NotChecked {
                reason: Reason::WaitsFor { checks },
            }) => failed.extend(checks.iter().cloned()),
            Some(Verdict::NotChecked { reason }) => unseen = unseen.or(Some(reason.clone())),
            Some(Verdict::Pass | Verdict::Advice { .. }) | None => {}
        }
    }
    let mut told = std::collections::BTreeSet::new();
    failed.retain(|title| told.insert(title.clone()));
    if failed.is_empty() {
        unseen
    } else {
        Some(Reason::WaitsFor { checks: failed })
    }
}

fn is_loading(check: &Check) -> bool {
    match &check.look {
        Look::At { place, .. } => matches!(place.as_ref(), Place::Rule(rule) if rule.name == LOADS),
        _ => false,
    }
}

/// What a service says of another one may be from before that was started.
fn unless_starting(scene: &Scene<'_>, speaks_of: &[String], judged: Judged) -> Judged {
    let mut services = speaks_of.iter();
    match judged {
        Judged::Fails(mismatches) => services
            .find_map(|service| scene.still_starting(service))
            .map_or(Judged::Fails(mismatches), Judged::Unknown),
        judged => judged,
    }
}

fn verdict(lesson: &Lesson, check: &Check, judged: Judged) -> Verdict {
    match judged {
        Judged::Holds => Verdict::Pass,
        Judged::Unknown(reason) => Verdict::NotChecked { reason },
        Judged::Fails(mismatches) => {
            let findings = mismatches
                .into_iter()
                .map(|mismatch| finding(lesson, check, mismatch))
                .collect();
            if check.header.advice {
                Verdict::Advice { findings }
            } else {
                Verdict::Fail { findings }
            }
        }
    }
}

/// The check's own next step comes first, then what the mismatch suggests; a hint is always there.
fn finding(lesson: &Lesson, check: &Check, mismatch: Mismatch) -> Finding {
    let Mismatch {
        spot,
        found,
        expected,
        next,
    } = mismatch;
    let hint = format!("run `checker hint {} {}`", lesson.number(), check.header.id);
    let next = match check.header.next.clone().or(next) {
        Some(next) if check.header.hints.is_empty() => next,
        Some(question) if question.ends_with('?') => format!("{question} Or {hint}"),
        Some(next) => format!("{next}, or {hint}"),
        None if !check.header.hints.is_empty() => hint,
        None => format!("read the chapter of {} again", lesson.header.id),
    };
    Finding {
        spot,
        found,
        expected: check.header.expected.clone().unwrap_or(expected),
        why: check.header.why.clone(),
        next,
    }
}

fn judge(scene: &Scene<'_>, look: &Look) -> Judged {
    match look {
        Look::All(looks) => Judged::all(looks.iter().map(|look| judge(scene, look))),
        Look::Any(looks) => any(scene, looks),
        Look::At { place, matchers } => at(scene, place, matchers),
    }
}

/// One has to hold. Where none does, the one that the learner seems to have meant is told: the first whose value is there.
fn any(scene: &Scene<'_>, looks: &[Look]) -> Judged {
    let mut unknown = None;
    let mut failed: Vec<(bool, Vec<Mismatch>)> = Vec::new();
    for look in looks {
        match judge(scene, look) {
            Judged::Holds => return Judged::Holds,
            Judged::Unknown(reason) => unknown = unknown.or(Some(reason)),
            Judged::Fails(mismatches) => failed.push((is_there(scene, look), mismatches)),
        }
    }
    match unknown {
        Some(reason) => Judged::Unknown(reason),
        None => {
            let meant = failed
                .iter()
                .position(|(there, _)| *there)
                .unwrap_or_default();
            Judged::from_mismatches(
                failed
                    .into_iter()
                    .nth(meant)
                    .map(|(_, mismatches)| mismatches)
                    .unwrap_or_default(),
            )
        }
    }
}

fn is_there(scene: &Scene<'_>, look: &Look) -> bool {
    match look {
        Look::All(looks) | Look::Any(looks) => looks.iter().any(|look| is_there(scene, look)),
        Look::At { place, .. } => match place.as_ref() {
            Place::Compose(path) => scene
                .project()
                .is_some_and(|project| project.root().get(path).is_some()),
            Place::Setting(setting) => setting::look_up(scene, setting).is_some(),
            _ => true,
        },
    }
}

pub(crate) fn at(scene: &Scene<'_>, place: &Place, matchers: &[Matcher]) -> Judged {
    match place {
        Place::Compose(path) => {
            Judged::all(matchers.iter().map(|matcher| in_file(scene, path, matcher)))
        }
        Place::Setting(setting) => Judged::all(
            matchers
                .iter()
                .map(|matcher| in_setting(scene, setting, matcher)),
        ),
        Place::Dockerfile(place) => match scene.build(&place.service) {
            Ok(build) => Judged::all(
                matchers
                    .iter()
                    .map(|matcher| image_setting::judge(scene, &build, &place.value, matcher)),
            ),
            Err(judged) => judged,
        },
        Place::Rule(rule) => match rules::find(&rule.name) {
            Some(known) => (known.judge)(scene, &rule.with),
            None => Judged::not_seen(
                format!("there is no rule `{}`", rule.name),
                "correct the lesson",
            ),
        },
        Place::Container(service) => live::container(scene, service, matchers),
        Place::Exec(exec) => live::refused(scene, exec).unwrap_or_else(|| {
            let answer = live::answer(scene, &live::exec_probe(exec), matchers);
            Judged::all([answer, agreement::judge(scene, exec)])
        }),
        Place::ImageOf(service) => image::judge(scene, service, matchers),
        Place::HistoryOf(service) => image::judge_history(scene, service, matchers),
        _ => match (live::probe(place, matchers, scene.project()), place) {
            (Some(probe), Place::File(file)) => inside::file(scene, file, &probe, matchers),
            (Some(probe), Place::FirstProcess(service)) => {
                inside::first_process(scene, service, &probe, matchers)
            }
            (Some(probe), Place::ProcOf(service)) => {
                proc_status::judge(scene, service, &probe, matchers)
            }
            (Some(probe), _) => live::answer(scene, &probe, matchers),
            (None, _) => Judged::not_seen("nothing is asked here", "correct the lesson"),
        },
    }
}

fn in_file(scene: &Scene<'_>, path: &str, matcher: &Matcher) -> Judged {
    let node = scene.project().and_then(|project| project.root().get(path));
    let node = node.filter(|node| !matches!(node.value, compose::Value::Null));
    let owner = path
        .strip_prefix("services.")
        .and_then(|rest| rest.split('.').next())
        .unwrap_or_default();
    if let Some(left_out) = left_out_service(scene, path, owner, matcher) {
        return left_out;
    }
    if let Some(missing) = missing_service(scene, owner) {
        return missing;
    }
    if let Matcher::Reaches(reach) = matcher {
        return match node.and_then(|node| Some((node.scalar_text()?, node))) {
            Some((text, node)) => {
                crate::address::reaches(scene, reach, owner, &text, &scene.spot_of(node))
            }
            None => not_set(scene, path, crate::address::expected(scene, reach)),
        };
    }
    let value: Option<Value> = match matcher {
        Matcher::Command(_) => whole_command(scene, owner),
        _ => node.map(compose::Node::to_json),
    };
    let node = match matcher {
        Matcher::Command(_) => node
            .or_else(|| scene.service(owner)?.node().get("entrypoint"))
            .filter(|node| !matches!(node.value, compose::Value::Null)),
        _ => node,
    };
    match matcher::matches(matcher, value.as_ref()) {
        Matched::Yes => Judged::Holds,
        Matched::Unclear(why) => Judged::not_seen(why, "look at the value yourself"),
        Matched::No(differs) => match node {
            Some(node) => {
                Mismatch::new(scene.spot_of(node), differs.found, differs.expected).into()
            }
            None => not_set(scene, path, differs.expected),
        },
    }
}

/// What Docker runs: the words of the entrypoint, then those of the command.
fn whole_command(scene: &Scene<'_>, owner: &str) -> Option<Value> {
    let service = scene.service(owner)?;
    let words = [service.entrypoint(), service.command()];
    let words: Vec<String> = words.into_iter().flatten().flatten().collect();
    (!words.is_empty()).then(|| Value::from(words))
}

/// A service that the file has, and that Compose leaves out because none of its profiles is active.
fn left_out_service(
    scene: &Scene<'_>,
    path: &str,
    owner: &str,
    matcher: &Matcher,
) -> Option<Judged> {
    let is_asked_for = |name: &str| match matcher {
        Matcher::HaveKeys(keys) if path == "services" => keys.iter().any(|key| key == name),
        _ => name == owner,
    };
    let mut disabled = scene.project()?.disabled_services();
    let (name, profiles) = disabled.find(|(name, _)| is_asked_for(name))?;
    let profiles: Vec<_> = profiles.iter().map(|name| format!("`{name}`")).collect();
    let mismatch = Mismatch::new(
        scene.nearest("services"),
        format!(
            "`{name}` belongs to the profile {}, which is not active, so Compose leaves it out",
            profiles.join(" and ")
        ),
        format!("`{name}` without `profiles:`, or its profile as COMPOSE_PROFILES in `.env`"),
    );
    Some(mismatch.into())
}

/// A value inside a service that the file does not have: the missing service is what is wrong.
fn missing_service(scene: &Scene<'_>, owner: &str) -> Option<Judged> {
    let missing = !owner.is_empty() && scene.service(owner).is_none();
    missing.then(|| {
        Mismatch::new(
            scene.nearest("services"),
            format!(
                "there is no service `{owner}` (services here: {})",
                scene.service_names()
            ),
            format!("a service called `{owner}`"),
        )
        .next("compare the names under `services:`")
        .into()
    })
}

fn not_set(scene: &Scene<'_>, path: &str, expected: String) -> Judged {
    let name = path.rsplit('.').next().unwrap_or(path);
    if is_handed_on(scene, path) {
        return Judged::not_seen(
            format!(
                "`{name}` stands there without a value, so the container gets the value that the shell running `up` has, and this shell has none"
            ),
            format!("write a value behind `{name}`, or set it in `.env`"),
        );
    }
    Mismatch::new(
        scene.nearest(path),
        format!("`{name}` is not set"),
        expected,
    )
    .into()
}

/// A variable without a value takes the one of the shell that runs `up`: the file does not say which.
fn is_handed_on(scene: &Scene<'_>, path: &str) -> bool {
    let node = scene.project().and_then(|project| project.root().get(path));
    let is_variable = path
        .rsplit('.')
        .nth(1)
        .is_some_and(|parent| parent == "environment");
    is_variable && node.is_some_and(|node| matches!(node.value, compose::Value::Null))
}

fn in_setting(scene: &Scene<'_>, wanted: &Setting, matcher: &Matcher) -> Judged {
    if let Some(missing) = missing_service(scene, &wanted.service) {
        return missing;
    }
    let value = match setting::read(scene, wanted) {
        Ok(value) => value,
        Err(why) => return Judged::not_seen(why, "look at the file yourself"),
    };
    if let (Matcher::Reaches(reach), Some(value)) = (matcher, &value) {
        return crate::address::reaches(scene, reach, &wanted.service, &value.text, &value.spot);
    }
    let json = value.as_ref().map(|value| Value::from(value.text.clone()));
    let expected = match matcher {
        Matcher::Reaches(reach) => crate::address::expected(scene, reach),
        other => matcher::describe(other),
    };
    let names: Vec<_> = [
        wanted.flag.as_deref().map(|flag| format!("--{flag}")),
        wanted.variable.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (matcher::matches(matcher, json.as_ref()), value) {
        (Matched::Yes, _) => Judged::Holds,
        (Matched::Unclear(why), _) => Judged::not_seen(why, "look at the value yourself"),
        (Matched::No(differs), Some(value)) => {
            Mismatch::new(value.spot, differs.found, differs.expected).into()
        }
        (Matched::No(_), None) => {
            let spot = scene.nearest(&format!("services.{}.command", wanted.service));
            let found = match setting::config_file(scene, wanted) {
                Some(path) => format!(
                    "neither the command nor {path} sets {}",
                    wanted.flag.as_deref().unwrap_or_default()
                ),
                None => format!("{} is not set", names.join(" or ")),
            };
            Mismatch::new(spot, found, expected).into()
        }
    }
}

/// Where a check looks and what it expects, in words.
pub fn described(look: &Look) -> String {
    match look {
        Look::All(looks) => looks
            .iter()
            .map(described)
            .collect::<Vec<_>>()
            .join("; and "),
        Look::Any(looks) => looks
            .iter()
            .map(described)
            .collect::<Vec<_>>()
            .join("; or "),
        Look::At { place, matchers } => {
            let place = match place.as_ref() {
                Place::Compose(path) => format!("`{path}` of the compose file"),
                Place::Setting(setting) => {
                    let names = [
                        setting.flag.as_deref().map(|flag| format!("--{flag}")),
                        setting.variable.clone(),
                    ];
                    let names: Vec<_> = names.into_iter().flatten().collect();
                    format!("{} of `{}`", names.join(" or "), setting.service)
                }
                Place::Dockerfile(place) => format!(
                    "{} in the Dockerfile of `{}`",
                    image_setting::name(&place.value),
                    place.service
                ),
                Place::Container(service) => format!("the container of `{service}`"),
                Place::Http(http) => format!(
                    "GET {} at port {} of `{}`",
                    http.path, http.port, http.service
                ),
                Place::Tcp(tcp) => {
                    format!("a connection to port {} of `{}`", tcp.port, tcp.service)
                }
                Place::Exec(exec) => format!(
                    "`{}`, run in the container of `{}`",
                    exec.command.join(" "),
                    exec.service
                ),
                Place::Milvus(milvus) => format!(
                    "Milvus call {:?} at port {} of `{}`",
                    milvus.call, milvus.port, milvus.service
                ),
                Place::Log(log) => format!("the last {} log lines of `{}`", log.lines, log.service),
                Place::Processes(service) => {
                    format!("the processes in the container of `{service}`")
                }
                Place::FirstProcess(service) => {
                    format!("the first process in the container of `{service}`")
                }
                Place::ProcOf(service) => {
                    format!("what the kernel says of the processes of `{service}`")
                }
                Place::File(file) => {
                    format!("{} in the container of `{}`", file.path, file.service)
                }
                Place::ImageOf(service) => format!("the image of `{service}`"),
                Place::HistoryOf(service) => format!("the history of the image of `{service}`"),
                Place::Rule(rule) => return format!("rule {}", rule.name),
            };
            let expected: Vec<_> = matchers.iter().map(matcher::describe).collect();
            format!("{place}, expects {}", expected.join(" and "))
        }
    }
}

/// The rules that a check uses.
pub fn rules_of(look: &Look) -> Vec<&'static rules::Rule> {
    match look {
        Look::All(looks) | Look::Any(looks) => looks.iter().flat_map(rules_of).collect(),
        Look::At { place, .. } => match place.as_ref() {
            Place::Rule(rule) => rules::find(&rule.name).into_iter().collect(),
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_file;

    #[test]
    fn a_service_behind_a_profile_is_not_called_missing() {
        let compose = "services: {web: {image: x, profiles: [shop]}, other: {image: y}}";
        let has_keys = Matcher::HaveKeys(vec!["web".to_owned()]);
        let image = Matcher::Present(true);
        for (path, matcher) in [("services", has_keys), ("services.web.image", image)] {
            let judged = look_at_file(compose, |scene| in_file(scene, path, &matcher));
            let Judged::Fails(mismatch) = judged else {
                panic!("{path}: {judged:?}");
            };
            let told = format!("{mismatch:?}");
            assert!(told.contains("belongs to the profile `shop`"), "{told}");
        }
        let other = Matcher::HaveKeys(vec!["other".to_owned()]);
        let judged = look_at_file(compose, |scene| in_file(scene, "services", &other));
        assert_eq!(judged, Judged::Holds);
    }

    #[test]
    fn a_variable_that_the_shell_hands_on_is_not_judged() {
        let judged = |environment: &str| {
            let compose = format!("services: {{web: {{image: x, environment: {environment}}}}}");
            look_at_file(&compose, |scene| {
                in_file(scene, "services.web.environment.A", &Matcher::Present(true))
            })
        };
        assert_eq!(judged("{A: one}"), Judged::Holds);
        for without_value in ["{A: null}", "[A]"] {
            assert!(
                matches!(judged(without_value), Judged::Unknown(_)),
                "{without_value}"
            );
        }
        for absent in ["{B: one}", "[B=one]"] {
            assert!(matches!(judged(absent), Judged::Fails(_)), "{absent}");
        }
    }

    #[test]
    fn what_one_service_says_of_another_waits_until_that_is_started() {
        let judged = |seconds: i64| {
            let started = crate::testing::AT - jiff::SignedDuration::from_secs(seconds);
            let inspect = serde_json::json!({
                "Name": "/test-worker-1",
                "State": {"Status": "running", "StartedAt": started.to_string()},
                "Config": {"Labels": {"com.docker.compose.service": "worker"}},
            });
            let world = crate::evidence::WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect,
                    last_lines: Vec::new(),
                }],
                ..crate::evidence::WorldSeen::default()
            };
            crate::testing::look_at_world("services: {worker: {image: x}}", world, |scene| {
                let speaks_of = ["worker".to_owned()];
                let wrong = Mismatch::new(scene.service_spot("worker"), "unhealthy", "healthy");
                unless_starting(scene, &speaks_of, wrong.into())
            })
        };
        assert!(matches!(judged(4), Judged::Unknown(Reason::Starting(_))));
        assert!(matches!(judged(400), Judged::Fails(_)));
    }
}
