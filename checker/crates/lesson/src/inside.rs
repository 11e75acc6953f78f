//! Judging what is inside a container: what lies at a path, and its first process.

use serde_json::{Value, json};

use crate::container::Container;
use crate::evidence::{Answer, Bytes, FileInside, Probe, Process, Unanswered};
use crate::format::{FilePlace, Matcher};
use crate::matcher::{self, Matched};
use crate::report::{Reason, Spot};
use crate::scene::{Judged, Mismatch, Scene};
use crate::words;

/// Whether the engine's archive call can look at this path.
///
/// # Errors
/// What an author should write instead.
pub fn is_visible(place: &FilePlace) -> Result<(), String> {
    if !place.path.starts_with('/') {
        return Err("the path has to start with `/`".to_owned());
    }
    let made_by_the_kernel = ["/proc", "/sys", "/dev"];
    match made_by_the_kernel
        .iter()
        .find(|folder| is_at_or_below(&place.path, folder))
    {
        Some(folder) => Err(format!(
            "what the kernel shows under {folder} is no file of the container: use `exec`"
        )),
        None => Ok(()),
    }
}

pub fn is_at_or_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Judges what lies at a path.
pub fn file(scene: &Scene<'_>, place: &FilePlace, probe: &Probe, matchers: &[Matcher]) -> Judged {
    let FilePlace { service, path } = place;
    let (container, answer) = match asked(scene, service, probe) {
        Ok(asked) => asked,
        Err(judged) => return judged,
    };
    let mounts = container.mounts();
    if let Some(mount) = mounts
        .iter()
        .find(|mount| is_at_or_below(path, &mount.target))
    {
        return Judged::not_seen(
            format!(
                "{path} lies in what is mounted at {} of {}, not in the image",
                mount.target,
                container.name()
            ),
            format!("look at `volumes:` of `{service}`"),
        );
    }
    let seen = match answer {
        Answer::File(seen) => Some(seen),
        Answer::NoFile => None,
        Answer::None(Unanswered::Engine(words)) => {
            return Judged::not_seen(
                format!("the engine did not let {path} be looked at: {words}"),
                "run `checker doctor`",
            );
        }
        _ => return other_kind(),
    };
    let spot = || Spot::Probe {
        question: format!("{path} in {}", container.name()),
    };
    Judged::all(matchers.iter().map(|matcher| {
        match matcher {
            Matcher::Present(wanted) if seen.is_some() == *wanted => Judged::Holds,
            Matcher::Present(_) => match seen {
                Some(seen) => Mismatch::new(
                    spot(),
                    format!("it is there: {}", shown(seen)),
                    "nothing there",
                ),
                None => Mismatch::new(spot(), "there is nothing", "a file or a folder"),
            }
            .into(),
            Matcher::Field(expected) => {
                let fields = seen.map(fields);
                let value = fields
                    .as_ref()
                    .and_then(|fields| fields.get(&expected.path));
                matched(
                    matcher::every(&expected.expect.0, value).of_field(&expected.path),
                    spot(),
                )
            }
            Matcher::Body(expected) => {
                let contents = seen.and_then(|seen| seen.contents.as_ref());
                let contents = contents.map(Bytes::text).map(Value::from);
                matched(matcher::every(&expected.0, contents.as_ref()), spot())
            }
            _ => other_kind(),
        }
    }))
}

fn fields(seen: &FileInside) -> Value {
    let mut fields = json!({
        "kind": seen.kind,
        "size": seen.size,
        "mode": mode(seen),
        "uid": seen.uid,
        "gid": seen.gid,
    });
    if let Some(link) = &seen.link {
        fields["link"] = Value::from(link.clone());
    }
    fields
}

/// `0755`
fn mode(seen: &FileInside) -> String {
    format!("{:04o}", seen.mode)
}

/// `a file of 1.2 MB, mode 0755, of user 0`
fn shown(seen: &FileInside) -> String {
    use crate::evidence::FileKind;
    let what = match (seen.kind, &seen.link) {
        (FileKind::File, _) => format!("a file of {}", words::size(seen.size)),
        (FileKind::Folder, _) => "a folder".to_owned(),
        (FileKind::Link, Some(link)) => return format!("a link to {link}"),
        (FileKind::Link, None) => return "a link".to_owned(),
        (FileKind::Other, _) => "something that is neither file nor folder".to_owned(),
    };
    format!("{what}, mode {}, of user {}", mode(seen), seen.uid)
}

/// Judges the first process of a container.
pub fn first_process(
    scene: &Scene<'_>,
    service: &str,
    probe: &Probe,
    matchers: &[Matcher],
) -> Judged {
    let (container, answer) = match asked(scene, service, probe) {
        Ok(asked) => asked,
        Err(judged) => return judged,
    };
    let processes = match answer {
        Answer::Processes { processes } => processes,
        Answer::None(Unanswered::NotRunning) => {
            return Judged::not_seen(
                format!("`{service}` does not run"),
                "run `docker compose up -d`",
            );
        }
        Answer::None(Unanswered::Engine(words)) => {
            return Judged::not_seen(
                format!("the engine did not list the processes: {words}"),
                format!("look at `docker compose top {service}`"),
            );
        }
        _ => return other_kind(),
    };
    let Some(first) = first(processes, container) else {
        return Judged::not_seen(
            "its first process ended while it was looked at",
            "run the same command again",
        );
    };
    let started = processes.iter().filter(|other| other.parent == first.pid);
    let fields = json!({
        "command": first.command,
        "user": first.user,
        "children": started.count(),
    });
    let spot = || Spot::Probe {
        question: format!("the first process of {}", container.name()),
    };
    let judged = Judged::all(matchers.iter().map(|matcher| match matcher {
        Matcher::Field(expected) => {
            let value = fields.get(&expected.path);
            matched(
                matcher::every(&expected.expect.0, value).of_field(&expected.path),
                spot(),
            )
        }
        _ => other_kind(),
    }));
    unless_starting(scene, container, judged)
}

/// A start script may still be about to become the program.
pub fn unless_starting(scene: &Scene<'_>, container: Container<'_>, judged: Judged) -> Judged {
    match (judged, scene.starting(container)) {
        (Judged::Fails(_), Some(starting)) => Judged::Unknown(Reason::Starting(starting)),
        (judged, _) => judged,
    }
}

/// The process that the engine started. Those of `docker exec` have a parent outside, too.
fn first<'a>(processes: &'a [Process], container: Container<'_>) -> Option<&'a Process> {
    let pid = container.field("State.Pid")?.as_u64()?;
    processes
        .iter()
        .find(|process| u64::from(process.pid) == pid)
}

/// The container that was asked, and what came of it.
pub fn asked<'a>(
    scene: &Scene<'a>,
    service: &str,
    probe: &Probe,
) -> Result<(Container<'a>, &'a Answer), Judged> {
    if let Some(silence) = scene.engine_silence() {
        return Err(Judged::Unknown(silence));
    }
    let containers = scene.containers(service);
    let running = containers
        .iter()
        .find(|container| container.status() == crate::container::Status::Running);
    let Some(container) = running.or(containers.first()) else {
        return Err(Judged::not_seen(
            format!("there is no container of `{service}` to look into"),
            "run `docker compose up -d`",
        ));
    };
    let answer = scene.evidence.world.answer(probe);
    let answer =
        answer.ok_or_else(|| Judged::not_seen("it was not asked", "run the same command again"))?;
    Ok((*container, answer))
}

fn other_kind() -> Judged {
    Judged::not_seen(
        "the answer is of another kind than the question",
        "run the same command again",
    )
}

/// A matcher's outcome as a verdict.
pub fn matched(matched: Matched, spot: Spot) -> Judged {
    match matched {
        Matched::Yes => Judged::Holds,
        Matched::No(differs) => Mismatch::new(spot, differs.found, differs.expected).into(),
        Matched::Unclear(why) => Judged::not_seen(why, "look at the value yourself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Answered, ContainerSeen, EngineSeen, FileKind, WorldSeen};
    use crate::format::Place;
    use crate::live;
    use crate::testing::{finds, holds, look_at_world};

    const FILE: &str = "services: {api: {image: x}}";

    fn at(place: Value, container: Value, answer: Answer, matchers: Value) -> Judged {
        let place: Place = serde_json::from_value(place).expect("a place");
        let Value::Object(matchers) = matchers else {
            panic!("matchers are a map");
        };
        let matchers: Vec<Matcher> = matchers
            .into_iter()
            .map(crate::format::matcher_of_entry::<serde_json::Error>)
            .collect::<Result<_, _>>()
            .expect("matchers");
        let probe = live::probe(&place, &matchers, None).expect("a probe");
        let mut inspect = json!({
            "Name": "/shop-api-1",
            "State": {"Status": "running", "Pid": 100},
            "Config": {"Labels": {"com.docker.compose.service": "api"}},
        });
        if let (Some(inspect), Value::Object(more)) = (inspect.as_object_mut(), container) {
            inspect.extend(more);
        }
        let world = WorldSeen {
            engine: EngineSeen::Answered {
                address: "unix:///test.sock".to_owned(),
                version: Value::Null,
            },
            containers: vec![ContainerSeen {
                inspect,
                last_lines: Vec::new(),
            }],
            answers: vec![Answered {
                probe,
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        look_at_world(FILE, world, |scene| {
            crate::judge::at(scene, &place, &matchers)
        })
    }

    fn gcc() -> Value {
        json!({"file": {"service": "api", "path": "/usr/bin/gcc"}})
    }

    fn program() -> Answer {
        Answer::File(FileInside {
            kind: FileKind::File,
            size: 1_234_567,
            mode: 0o755,
            uid: 0,
            gid: 0,
            link: None,
            contents: Some(Bytes(b"#!/bin/sh\n".to_vec())),
        })
    }

    #[test]
    fn a_path_is_there_or_not() {
        let on = |answer, present: bool| at(gcc(), json!({}), answer, json!({"present": present}));
        holds(on(program(), true));
        holds(on(Answer::NoFile, false));
        finds(
            on(program(), false),
            "it is there: a file of 1.2 MB, mode 0755, of user 0",
        );
        finds(on(Answer::NoFile, true), "there is nothing");
        let refused = Answer::None(Unanswered::Engine("no".to_owned()));
        assert!(matches!(on(refused, false), Judged::Unknown(_)));
    }

    #[test]
    fn fields_and_contents_of_a_file_are_judged() {
        let on = |matchers| at(gcc(), json!({}), program(), matchers);
        holds(on(json!({"field": {"path": "mode", "equals": "0755"}})));
        finds(
            on(json!({"field": {"path": "uid", "equals": 999}})),
            "`uid` is `0`",
        );
        holds(on(json!({"body": {"have-prefix": "#!"}})));
        let absent = at(
            gcc(),
            json!({}),
            Answer::NoFile,
            json!({"field": {"path": "uid", "equals": 0}}),
        );
        finds(absent, "`uid` is not set");
    }

    #[test]
    fn what_a_mount_covers_is_not_the_images() {
        let mounts = json!({"Mounts": [{"Type": "bind", "Source": "/home/ada", "Destination": "/usr", "RW": true}]});
        let judged = at(gcc(), mounts, program(), json!({"present": false}));
        assert!(matches!(judged, Judged::Unknown(_)));
        let elsewhere = json!({"Mounts": [{"Type": "bind", "Source": "/home/ada", "Destination": "/us", "RW": true}]});
        holds(at(
            gcc(),
            elsewhere,
            Answer::NoFile,
            json!({"present": false}),
        ));
    }

    #[test]
    fn the_kernels_own_files_are_refused_to_authors() {
        let visible = |path: &str| {
            is_visible(&FilePlace {
                service: "api".to_owned(),
                path: path.to_owned(),
            })
        };
        assert!(visible("/proc/1/status").is_err() && visible("/sys").is_err());
        assert!(visible("etc/passwd").is_err());
        assert_eq!(visible("/process"), Ok(()));
    }

    #[test]
    fn the_first_process_is_the_one_that_the_engine_started() {
        let process = |pid, parent, user: &str, command: &str| Process {
            pid,
            parent,
            user: user.to_owned(),
            command: command.to_owned(),
        };
        // `docker exec` as root beside it.
        let processes = vec![
            process(90, 50, "0", "sh"),
            process(100, 50, "999", "uvicorn main:app"),
            process(101, 100, "999", "worker"),
        ];
        let on = |processes: &[Process], matchers| {
            let answer = Answer::Processes {
                processes: processes.to_vec(),
            };
            at(json!({"first-process": "api"}), json!({}), answer, matchers)
        };
        holds(on(
            &processes,
            json!({"field": {"path": "user", "equals": "999"}}),
        ));
        holds(on(
            &processes,
            json!({"field": {"path": "children", "equals": 1}}),
        ));
        finds(
            on(
                &processes,
                json!({"field": {"path": "command", "have-prefix": "gunicorn"}}),
            ),
            "`command` is `uvicorn main:app`",
        );
        let gone = on(&processes[..1], json!({"field": {"path": "user", "gt": 0}}));
        assert!(matches!(gone, Judged::Unknown(_)));
    }
}
