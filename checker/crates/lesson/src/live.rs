//! Judging containers and answers.

use std::time::Duration;

use compose::Project;
use serde_json::Value;

use crate::container::{Container, Health, Status};
use crate::evidence::{Answer, Bytes, PortHolder, Probe, Unanswered, Via};
use crate::format::{
    ContainerState, ExecPlace, FieldExpected, FilePlace, HttpPlace, LogPlace, Matcher, MilvusPlace,
    Place, PortPlace,
};
use crate::load::load_as;
use crate::matcher::{self, Matched};
use crate::milvus::{self, MilvusAnswer};
use crate::report::{Reason, Spot, Starting};
use crate::scene::{Judged, Mismatch, Scene};

/// The probe that a place asks for, if it is one. What is expected there says how much has to be read, and the file may say at
/// which port.
pub fn probe(place: &Place, matchers: &[Matcher], project: Option<&Project>) -> Option<Probe> {
    match place {
        Place::Http(HttpPlace {
            service,
            port,
            port_variable,
            path,
            inside,
        }) => Some(Probe::Http {
            service: service.clone(),
            port: said_port(project, service, port_variable.as_deref()).unwrap_or(*port),
            path: path.clone(),
            inside: *inside,
        }),
        Place::Tcp(PortPlace { service, port }) => Some(Probe::Tcp {
            service: service.clone(),
            port: *port,
        }),
        Place::Exec(exec) => Some(exec_probe(exec)),
        Place::Milvus(MilvusPlace {
            service,
            port,
            call,
        }) => Some(Probe::Milvus {
            service: service.clone(),
            port: *port,
            call: *call,
        }),
        Place::Log(LogPlace { service, lines }) => Some(Probe::Log {
            service: service.clone(),
            lines: *lines,
        }),
        Place::Processes(service) | Place::FirstProcess(service) => Some(Probe::Processes {
            service: service.clone(),
        }),
        Place::ProcOf(service) => Some(Probe::ProcStatus {
            service: service.clone(),
        }),
        Place::File(FilePlace { service, path }) => Some(Probe::File {
            service: service.clone(),
            path: path.clone(),
            contents: matchers
                .iter()
                .any(|matcher| matches!(matcher, Matcher::Body(_))),
        }),
        Place::Compose(_)
        | Place::Setting(_)
        | Place::Dockerfile(_)
        | Place::Container(_)
        | Place::ImageOf(_)
        | Place::HistoryOf(_)
        | Place::Rule(_) => None,
    }
}

/// The port that a variable of the service names.
fn said_port(project: Option<&Project>, service: &str, variable: Option<&str>) -> Option<u16> {
    let service = project?.service(service)?;
    service
        .environment(variable?)?
        .scalar_text()?
        .trim()
        .parse()
        .ok()
}

/// The probe that runs a command.
pub fn exec_probe(exec: &ExecPlace) -> Probe {
    Probe::Exec {
        service: exec.service.clone(),
        command: exec.command.clone(),
    }
}

/// Where a command says that it could not look, nothing is known.
pub fn refused(scene: &Scene<'_>, exec: &ExecPlace) -> Option<Judged> {
    let pattern = regex_lite::Regex::new(exec.refused.as_deref()?).ok()?;
    let Answer::Exec { stdout, stderr, .. } = scene.evidence.world.answer(&exec_probe(exec))?
    else {
        return None;
    };
    let (stdout, stderr) = (stdout.text(), stderr.text());
    let line = stdout
        .lines()
        .chain(stderr.lines())
        .find(|line| pattern.is_match(line))?;
    if let Some(starting) = scene.still_starting(&exec.service) {
        return Some(Judged::Unknown(starting));
    }
    let command = exec.command.join(" ");
    Some(Judged::not_seen(
        format!("`{command}` in `{}` says: {}", exec.service, line.trim()),
        format!(
            "`docker compose exec {} {command}` has to get an answer",
            exec.service
        ),
    ))
}

/// Judges the containers of a service.
pub fn container(scene: &Scene<'_>, service: &str, matchers: &[Matcher]) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let containers = scene.containers(service);
    if containers.is_empty() {
        return no_container(scene, service);
    }
    Judged::all(containers.into_iter().flat_map(|container| {
        matchers.iter().map(move |matcher| match matcher {
            Matcher::Is(state) => in_state(scene, container, *state),
            Matcher::Field(expected) => field(container, expected),
            _ => Judged::not_seen(
                "this matcher says nothing about a container",
                "correct the lesson",
            ),
        })
    }))
}

/// What is said where a service has no container.
pub fn no_container(scene: &Scene<'_>, service: &str) -> Judged {
    if let Some(image) = scene.missing_image(service) {
        return Judged::not_seen(
            format!(
                "there is no container of `{service}`, and its image {image} is not on this machine"
            ),
            "run `docker compose pull`, or look at the image's name in the file",
        );
    }
    let project = scene.project().map_or("", |project| project.name());
    let mut strangers = scene.evidence.world.strangers.iter().map(Container::new);
    let stranger = strangers.find(|stranger| stranger.service() == service);
    let (found, next) = match stranger {
        // An image that Compose has built carries the labels of project and service; the folder is a label of containers alone.
        Some(stranger) if stranger.folder().is_empty() => (
            format!(
                "`{}` was made with `docker run`, not by Compose",
                stranger.name()
            ),
            format!(
                "remove it with `docker rm --force {}`, then run `docker compose up -d`",
                stranger.name()
            ),
        ),
        Some(stranger) => (
            format!(
                "no container of this folder; the project `{project}` runs from another folder, {}",
                stranger.folder()
            ),
            format!(
                "stop that one with `docker compose -p {project} down`, then run `docker compose up -d` here"
            ),
        ),
        None if is_named_by_the_shell(scene, project) => (
            format!(
                "the project `{project}`, which COMPOSE_PROJECT_NAME of your shell names, has no container of this service"
            ),
            "`unset COMPOSE_PROJECT_NAME`, and run the command again".to_owned(),
        ),
        None => (
            format!("the project `{project}` has no container of this service"),
            if scene.evidence.world.containers.is_empty() {
                "run `docker compose up -d` in the lesson's folder"
            } else {
                "run `docker compose up -d` again and read what it says of this service"
            }
            .to_owned(),
        ),
    };
    let spot = Spot::Container {
        name: service.to_owned(),
        lines: Vec::new(),
    };
    Mismatch::new(spot, found, "a container of this service")
        .next(next)
        .into()
}

/// Whether the files alone would name another project.
fn is_named_by_the_shell(scene: &Scene<'_>, project: &str) -> bool {
    let mut request = scene.evidence.files.request();
    let named = request.environment.remove("COMPOSE_PROJECT_NAME");
    named.is_some()
        && load_as(scene.evidence, &request)
            .project
            .is_some_and(|alone| alone.name() != project)
}

fn in_state(scene: &Scene<'_>, container: Container<'_>, state: ContainerState) -> Judged {
    match state {
        ContainerState::Running => running(scene, container),
        ContainerState::Healthy => healthy(scene, container),
        ContainerState::Completed => completed(scene, container),
    }
}

/// Judges whether a container's process runs.
pub fn running(scene: &Scene<'_>, container: Container<'_>) -> Judged {
    started(scene, container, "running")
}

/// Holds while it runs; else says why it does not, beside what is expected.
fn started(scene: &Scene<'_>, container: Container<'_>, expected: &str) -> Judged {
    let service = container.service();
    let (found, next) = match container.status() {
        Status::Running => return Judged::Holds,
        Status::Created if !container.start_error().is_empty() => (
            format!("it was never started: {}", container.start_error()),
            port_holder(scene, service).unwrap_or_else(|| match is_about_a_port(container) {
                true => "the port is free now: run `docker compose up -d` again".to_owned(),
                false => "the engine's words above say what it stumbled over".to_owned(),
            }),
        ),
        Status::Created => match waits_for(scene, service) {
            Some(reason) => return Judged::Unknown(reason),
            None => (
                "it was made, but never started".to_owned(),
                format!("run `docker compose up -d` and read what it says of {service}"),
            ),
        },
        Status::Paused => (
            "it is paused".to_owned(),
            format!("run `docker compose unpause {service}`"),
        ),
        Status::Restarting => (
            format!("it ends again and again, {}", exit(scene, container)),
            format!("read `docker compose logs {service}`"),
        ),
        Status::Exited => (
            exit(scene, container),
            match container.exit_code() {
                // 128 and the number of SIGINT, SIGKILL or SIGTERM; and a program that hears them may end with 0.
                Some(0 | 130 | 137 | 143) if !container.out_of_memory() => format!(
                    "did somebody stop it? Then `docker compose up -d` starts {service} again. If not, read `docker compose logs {service}`"
                ),
                _ => format!("read `docker compose logs {service}`"),
            },
        ),
        Status::Other => (
            "it is in no state that this program knows".to_owned(),
            format!("look at `docker inspect {}`", container.name()),
        ),
    };
    Mismatch::new(spot(container), found, expected)
        .next(next)
        .into()
}

/// `exited (134) 12 s ago`
fn exit(scene: &Scene<'_>, container: Container<'_>) -> String {
    let code = container
        .exit_code()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let ago = container
        .ended_before(scene.evidence.at)
        .map(|ago| format!(" {} ago", crate::words::duration(ago)))
        .unwrap_or_default();
    let memory = if container.out_of_memory() {
        ", killed for want of memory"
    } else {
        ""
    };
    format!("exited{code}{ago}{memory}")
}

fn is_about_a_port(container: Container<'_>) -> bool {
    let error = container.start_error();
    error.contains("port is already allocated") || error.contains("address already in use")
}

/// What Compose waits for has come, and Compose, which asks twice a second, may not have seen it yet.
fn has_just_come(scene: &Scene<'_>, service: &str) -> Option<Reason> {
    const SEEN_WITHIN: Duration = Duration::from_secs(3);
    let containers = scene.containers(service).into_iter();
    let newest = containers
        .filter_map(|container| container.last_change_before(scene.evidence.at))
        .min()?;
    (newest < SEEN_WITHIN).then(|| {
        Reason::Starting(Starting {
            service: service.to_owned(),
            seconds: newest.as_secs(),
            at_most: SEEN_WITHIN.as_secs(),
        })
    })
}

/// A container that Compose has made but not started yet waits for those it depends on.
fn waits_for(scene: &Scene<'_>, service: &str) -> Option<Reason> {
    let depends_on = scene.service(service)?.depends_on();
    depends_on.iter().find_map(|dependency| {
        let starting = scene.still_starting(dependency.service);
        let starting = starting.or_else(|| has_just_come(scene, dependency.service));
        starting.or_else(|| {
            let waiting = scene.containers(dependency.service);
            waiting
                .iter()
                .any(|container| container.status() == Status::Created)
                .then(|| waits_for(scene, dependency.service))
                .flatten()
        })
    })
}

/// Who holds a host port that this service wants.
fn port_holder(scene: &Scene<'_>, service: &str) -> Option<String> {
    let wanted = scene.service(service)?.ports();
    let own = scene.containers(service);
    let in_the_way = |holder: &PortHolder| match holder {
        PortHolder::Nobody => false,
        PortHolder::Own(name) => !own.iter().any(|container| container.name() == name),
        PortHolder::Container { .. } | PortHolder::Program => true,
    };
    let held = scene.evidence.world.ports.iter().find(|seen| {
        wanted
            .iter()
            .any(|port| port.published.as_deref() == Some(seen.port.port.to_string().as_str()))
            && in_the_way(&seen.holder)
    })?;
    let port = held.port.port;
    Some(match &held.holder {
        PortHolder::Container {
            project: Some(project),
            ..
        } => {
            format!(
                "port {port} is held by the project `{project}`: `docker compose -p {project} down` frees it"
            )
        }
        PortHolder::Own(name) => format!(
            "port {port} is held by {name}, a container of the same project: two services cannot have the same port of your machine"
        ),
        PortHolder::Container { name, .. } => {
            format!("port {port} is held by the container {name}: `docker stop {name}` frees it")
        }
        _ => format!(
            "port {port} is held by another program on this machine: stop it, or publish another port"
        ),
    })
}

fn healthy(scene: &Scene<'_>, container: Container<'_>) -> Judged {
    if container.status() != Status::Running {
        return running(scene, container);
    }
    if let Some(starting) = (container.health() == Health::Starting)
        .then(|| scene.starting(container))
        .flatten()
    {
        return Judged::Unknown(Reason::Starting(starting));
    }
    let service = container.service();
    match container.health() {
        Health::Healthy => Judged::Holds,
        Health::None => Mismatch::new(
            spot(container),
            "it has no health check, so nobody knows",
            "healthy",
        )
        .next(format!(
            "look for `healthcheck:` of `{service}` in the file"
        ))
        .into(),
        Health::Starting | Health::Unhealthy => {
            let output = container.last_probe_output().unwrap_or_default();
            let lines = output.lines().filter(|line| !line.trim().is_empty());
            let lines: Vec<String> = last(lines.collect(), 3);
            let spot = Spot::Container {
                name: container.name().to_owned(),
                lines,
            };
            Mismatch::new(spot, "unhealthy: its own health check fails", "healthy")
                .next(format!(
                    "compare the output of the probe with `healthcheck: test:` of `{service}`"
                ))
                .into()
        }
    }
}

/// What a job has to have done.
const ONCE: &str = "ended with exit code 0";

fn completed(scene: &Scene<'_>, container: Container<'_>) -> Judged {
    match (container.status(), container.exit_code()) {
        (Status::Exited, Some(0)) => Judged::Holds,
        (Status::Running, _) => {
            let running = container.running_for(scene.evidence.at);
            let so_long = running.map_or(String::new(), |running| {
                format!(", for {} now", crate::words::duration(running))
            });
            let next = format!(
                "run the same command when it has ended; `docker compose logs {}` shows how far it is",
                container.service()
            );
            Judged::not_seen(
                format!("`{}` still runs{so_long}", container.service()),
                next,
            )
        }
        (Status::Created | Status::Paused, _) => started(scene, container, ONCE),
        (Status::Restarting, Some(0)) => Mismatch::new(
            spot(container),
            "the engine starts it again after each end",
            ONCE,
        )
        .next("look at `restart:` of this service; a container made before the last change keeps what it was made with")
        .into(),
        _ => Mismatch::new(
            spot(container),
            exit(scene, container),
            ONCE,
        )
        .next(format!(
            "read `docker compose logs {}`",
            container.service()
        ))
        .into(),
    }
}

fn field(container: Container<'_>, expected: &FieldExpected) -> Judged {
    let value = container
        .field(&expected.path)
        .filter(|value| !value.is_null());
    matched(matcher::every(&expected.expect.0, value), || {
        spot(container)
    })
}

/// A container with the lines of its log that matter.
pub fn spot(container: Container<'_>) -> Spot {
    let all: Vec<&str> = container.last_lines().iter().map(String::as_str).collect();
    let complaints: Vec<&str> = all.iter().copied().filter(|line| complains(line)).collect();
    let lines = last(
        if complaints.is_empty() {
            all
        } else {
            complaints
        },
        6,
    );
    Spot::Container {
        name: container.name().to_owned(),
        lines,
    }
}

/// Whether a log line reads like the reason for an end: a program may print its manual after it.
fn complains(line: &str) -> bool {
    let line = line.to_lowercase();
    [
        "error", "fatal", "panic", "invalid", "denied", "refused", "failed", "no such",
    ]
    .iter()
    .any(|word| line.contains(word))
}

fn last(lines: Vec<&str>, count: usize) -> Vec<String> {
    let skipped = lines.len().saturating_sub(count);
    lines.into_iter().skip(skipped).map(str::to_owned).collect()
}

fn matched(matched: Matched, spot: impl Fn() -> Spot) -> Judged {
    match matched {
        Matched::Yes => Judged::Holds,
        Matched::No(differs) => Mismatch::new(spot(), differs.found, differs.expected).into(),
        Matched::Unclear(why) => Judged::not_seen(why, "look at the value yourself"),
    }
}

/// Judges the answer to a probe.
pub fn answer(scene: &Scene<'_>, probe: &Probe, matchers: &[Matcher]) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let Some(answer) = scene.evidence.world.answer(probe) else {
        return Judged::not_seen("it was not asked", "run the same command again");
    };
    if let Answer::None(Unanswered::NotPublished) = answer
        && !matchers.iter().any(expects_silence)
        && let Some(mismatch) = published_in_vain(scene, probe)
    {
        return mismatch.into();
    }
    let mut judged = Judged::all(
        matchers
            .iter()
            .map(|matcher| one_answer(probe, answer, matcher)),
    );
    // Silence is one finding, however much was expected of the answer.
    if let (Answer::None(_), Judged::Fails(mismatches)) = (answer, &mut judged) {
        mismatches.truncate(1);
    }
    // Until a container has settled, a wrong answer is no answer yet.
    match (judged, scene.still_starting(probe.service())) {
        (Judged::Fails(_), Some(starting)) => Judged::Unknown(starting),
        (judged, _) => judged,
    }
}

fn one_answer(probe: &Probe, answer: &Answer, matcher: &Matcher) -> Judged {
    if let Answer::None(unanswered) = answer {
        return silent(probe, unanswered, matcher);
    }
    let spot = || Spot::Probe {
        question: question(probe, answer),
    };
    match (matcher, answer) {
        (Matcher::Status(wanted), Answer::Http { status, body, .. }) => {
            if status == wanted {
                return Judged::Holds;
            }
            Mismatch::new(
                spot(),
                format!("status {status}{}", quoted(body)),
                format!("status {wanted}"),
            )
            .into()
        }
        (Matcher::Body(expected), Answer::Http { body, .. }) => matched(
            matcher::every(&expected.0, Some(&Value::from(body.text().trim()))),
            spot,
        ),
        (
            Matcher::ExitCode(wanted),
            Answer::Exec {
                exit_code, stderr, ..
            },
        ) => {
            if exit_code == wanted {
                return Judged::Holds;
            }
            Mismatch::new(
                spot(),
                format!("exit code {exit_code}{}", quoted(stderr)),
                format!("exit code {wanted}"),
            )
            .into()
        }
        (Matcher::Stdout(expected), Answer::Exec { stdout, .. }) => matched(
            matcher::every(&expected.0, Some(&Value::from(stdout.text().trim()))),
            spot,
        ),
        (Matcher::Connects(wanted), Answer::Tcp { stayed_open, .. }) => {
            if stayed_open == wanted {
                return Judged::Holds;
            }
            let found = if *stayed_open {
                "it accepts the connection"
            } else {
                "the port is published, but nothing listens behind it"
            };
            Mismatch::new(spot(), found, matcher::describe(matcher)).into()
        }
        (
            _,
            Answer::Grpc {
                code,
                message,
                body,
                ..
            },
        ) => grpc(probe, *code, message, body, matcher, spot),
        (_, Answer::Log { lines }) => {
            let lines = Value::from(lines.clone());
            matched(matcher::matches(matcher, Some(&lines)), spot)
        }
        (_, Answer::Processes { processes }) => {
            let commands: Vec<&str> = processes
                .iter()
                .map(|process| process.command.as_str())
                .collect();
            matched(
                matcher::matches(matcher, Some(&Value::from(commands))),
                spot,
            )
        }
        _ => Judged::not_seen(
            "the answer is of another kind than the question",
            "run the same command again",
        ),
    }
}

/// gRPC status code of a server that wants a login first.
const UNAUTHENTICATED: i32 = 16;

fn grpc(
    probe: &Probe,
    code: i32,
    message: &str,
    body: &Bytes,
    matcher: &Matcher,
    spot: impl Fn() -> Spot,
) -> Judged {
    let Probe::Milvus { call, .. } = probe else {
        return Judged::not_seen(
            "the answer is of another kind than the question",
            "run the same command again",
        );
    };
    if let Matcher::Answers(wanted) = matcher {
        let answered = code == 0 || code == UNAUTHENTICATED;
        if answered == *wanted {
            return Judged::Holds;
        }
        return Mismatch::new(
            spot(),
            format!("gRPC status {code}: {message}"),
            matcher::describe(matcher),
        )
        .into();
    }
    if code == UNAUTHENTICATED {
        return Judged::not_seen(
            "Milvus wants a login before it says this",
            "look at it with your own client",
        );
    }
    if code != 0 {
        return Mismatch::new(
            spot(),
            format!("gRPC status {code}: {message}"),
            matcher::describe(matcher),
        )
        .into();
    }
    match milvus::decode(*call, &body.0) {
        Ok(MilvusAnswer::Version(version)) => {
            matched(matcher::matches(matcher, Some(&Value::from(version))), spot)
        }
        Ok(MilvusAnswer::Collections(names)) => {
            matched(matcher::matches(matcher, Some(&Value::from(names))), spot)
        }
        Ok(MilvusAnswer::Health { healthy, reasons }) => {
            let text = if healthy {
                "healthy".to_owned()
            } else {
                reasons.join("; ")
            };
            matched(matcher::matches(matcher, Some(&Value::from(text))), spot)
        }
        Ok(MilvusAnswer::Refused { code, reason }) => Mismatch::new(
            spot(),
            format!("Milvus refuses with code {code}: {reason}"),
            matcher::describe(matcher),
        )
        .into(),
        Err(text) => Judged::not_seen(
            format!("the answer cannot be read: {text}"),
            "report this with `--record FILE`",
        ),
    }
}

fn expects_silence(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::Connects(false) | Matcher::Answers(false))
}

/// The engine publishes no port of a container whose networks are all internal, and says nothing about it.
fn published_in_vain(scene: &Scene<'_>, probe: &Probe) -> Option<Mismatch> {
    let (Probe::Http { service, port, .. }
    | Probe::Tcp { service, port }
    | Probe::Milvus { service, port, .. }) = probe
    else {
        return None;
    };
    let containers = scene.containers(service).into_iter();
    let container = containers
        .filter(|container| container.status() == Status::Running)
        .find(|container| {
            let asked_for = container.bindings();
            asked_for.iter().any(|binding| binding.port == *port)
        })?;
    let networks = container.networks();
    let is_internal = |name: &&str| {
        let network = scene.evidence.world.networks.get(*name);
        network.and_then(|network| network.get("Internal")) == Some(&Value::Bool(true))
    };
    if networks.is_empty() || !networks.iter().all(is_internal) {
        return None;
    }
    let found = format!(
        "its port {port} is not open on your machine, though the file publishes it: it is in internal networks only ({})",
        networks.join(", ")
    );
    let mismatch = Mismatch::new(spot(container), found, "a network that is not internal");
    Some(mismatch.next("look for `internal:` under `networks:`"))
}

fn silent(probe: &Probe, unanswered: &Unanswered, matcher: &Matcher) -> Judged {
    let service = probe.service();
    let (where_asked, found) = match unanswered {
        Unanswered::NotRunning => return Judged::not_seen(
            format!("`{service}` does not run"),
            "run `docker compose up -d`",
        ),
        Unanswered::NotPublished => return Judged::not_seen(
            format!("the port of `{service}` is not published, so it cannot be asked from here"),
            "look at `ports:` of the service",
        ),
        Unanswered::RemoteLoopback(address) => return Judged::not_seen(
            format!("it is published on {address} of the engine's machine only"),
            "run the checker on that machine",
        ),
        Unanswered::NoSuchProgram(text) => return Judged::not_seen(
            format!("the image has no program to ask with: {text}"),
            "publish the port on 127.0.0.1, or look at it yourself",
        ),
        Unanswered::Engine(text) => return Judged::not_seen(
            format!("the engine did not let it be asked: {text}"),
            match text.contains("logging driver") {
                true => "look at `logging:` of the service: not every driver keeps lines that can be read",
                false => "run `checker doctor`",
            },
        ),
        Unanswered::Refused(address) => (address, "nothing listens there (connection refused)".to_owned()),
        Unanswered::Closed(address) => (
            address,
            "the connection is closed before an answer: the port is published, but nothing listens behind it".to_owned(),
        ),
        Unanswered::TimedOut(text) => (text, "no answer in time".to_owned()),
        Unanswered::Nonsense(text) => (text, "the answer is not what this protocol says".to_owned()),
    };
    if expects_silence(matcher) {
        return Judged::Holds;
    }
    let spot = Spot::Probe {
        question: format!("{} at {where_asked}", asked(probe)),
    };
    Mismatch::new(spot, found, matcher::describe(matcher))
        .next(format!("read `docker compose logs {service}`"))
        .into()
}

/// `GET /healthz`
fn asked(probe: &Probe) -> String {
    match probe {
        Probe::Http { path, .. } => format!("GET {path}"),
        Probe::Tcp { .. } => "a TCP connection".to_owned(),
        Probe::Exec { command, .. } => format!("`{}`", command.join(" ")),
        Probe::Milvus { call, .. } => format!("Milvus call {call:?}"),
        Probe::Log { service, .. } => format!("the log of {service}"),
        Probe::Processes { service } => format!("the processes of {service}"),
        Probe::ProcStatus { service } => format!("/proc of {service}"),
        Probe::File { service, path, .. } => format!("{path} in {service}"),
    }
}

/// `GET http://127.0.0.1:9091/healthz`
fn question(probe: &Probe, answer: &Answer) -> String {
    let via = match answer {
        Answer::Http { via, .. } | Answer::Tcp { via, .. } | Answer::Grpc { via, .. } => Some(via),
        _ => None,
    };
    match (probe, via) {
        (Probe::Http { path, .. }, Some(Via::Published(address))) => {
            format!("GET http://{address}{path}")
        }
        (Probe::Http { path, port, .. }, Some(Via::Inside(container))) => {
            format!("GET http://127.0.0.1:{port}{path}, asked inside {container}")
        }
        (_, Some(Via::Published(address))) => format!("{} at {address}", asked(probe)),
        (Probe::Log { .. } | Probe::Processes { .. }, _) => asked(probe),
        _ => format!("{} in {}", asked(probe), probe.service()),
    }
}

/// The first line of an answer, where there is one.
fn quoted(body: &Bytes) -> String {
    let text = body.text();
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let short: String = line.trim().chars().take(120).collect();
    if short.is_empty() {
        String::new()
    } else {
        format!(": \"{short}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{
        Answered, EngineSeen, Evidence, FilesSeen, SCHEMA_VERSION, Via, WorldSeen,
    };
    use crate::format::Matchers;

    #[test]
    fn the_shell_is_named_where_it_names_the_project() {
        let on = |name: &str| {
            let mut evidence = crate::evidence::Evidence {
                schema_version: crate::evidence::SCHEMA_VERSION,
                lesson: String::new(),
                at: jiff::Timestamp::UNIX_EPOCH,
                files: crate::evidence::FilesSeen {
                    folder_name: "test".to_owned(),
                    ..Default::default()
                },
                world: WorldSeen::default(),
            };
            let text = "name: shop\nservices: {api: {image: x}}".to_owned();
            let file = crate::evidence::FileSeen::Text(text);
            evidence.files.files.insert("compose.yaml".to_owned(), file);
            let variable = ("COMPOSE_PROJECT_NAME".to_owned(), name.to_owned());
            evidence.files.environment.extend([variable]);
            let loaded = crate::load(&evidence);
            let scene = Scene {
                evidence: &evidence,
                loaded: &loaded,
            };
            no_container(&scene, "api")
        };
        crate::testing::finds(
            on("other"),
            "which COMPOSE_PROJECT_NAME of your shell names",
        );
        crate::testing::finds(on("shop"), "the project `shop` has no container");
    }

    #[test]
    fn a_job_has_ended_once_and_well() {
        let on = |state: Value| {
            let seen = crate::evidence::ContainerSeen {
                inspect: serde_json::json!({"Name": "/shop-job-1", "State": state}),
                last_lines: Vec::new(),
            };
            let job = "services: {job: {image: x}}";
            crate::testing::look_at_world(job, WorldSeen::default(), |scene| {
                completed(scene, Container::new(&seen))
            })
        };
        let ended =
            |status: &str, code: i64| serde_json::json!({"Status": status, "ExitCode": code});
        crate::testing::holds(on(ended("exited", 0)));
        crate::testing::finds(on(ended("exited", 3)), "exited (3)");
        crate::testing::finds(on(ended("restarting", 0)), "starts it again");
        crate::testing::finds(on(ended("restarting", 3)), "exited (3)");
        for status in ["created", "paused"] {
            let Judged::Fails(mismatches) = on(ended(status, 0)) else {
                panic!("{status} is no end");
            };
            assert_eq!(mismatches[0].expected, ONCE);
        }
    }

    #[test]
    fn a_container_of_docker_run_is_told_from_one_of_another_folder() {
        let on = |labels: Value| {
            let inspect = serde_json::json!({"Name": "/shop-api-1", "Config": {"Labels": labels}});
            let world = WorldSeen {
                engine: EngineSeen::Answered {
                    address: String::new(),
                    version: Value::Null,
                },
                strangers: vec![crate::evidence::ContainerSeen {
                    inspect,
                    last_lines: Vec::new(),
                }],
                ..WorldSeen::default()
            };
            crate::testing::look_at_world("services: {api: {build: .}}", world, |scene| {
                no_container(scene, "api")
            })
        };
        // The image has these two.
        let by_hand = serde_json::json!({"com.docker.compose.project": "shop", "com.docker.compose.service": "api"});
        let mut elsewhere = by_hand.clone();
        elsewhere["com.docker.compose.project.working_dir"] = "/home/ada/old".into();
        crate::testing::finds(on(by_hand), "`shop-api-1` was made with `docker run`");
        crate::testing::finds(on(elsewhere), "from another folder, /home/ada/old");
    }

    fn judged(answer: Answer) -> Judged {
        let probe = Probe::Http {
            service: "web".to_owned(),
            port: 80,
            path: "/".to_owned(),
            inside: None,
        };
        let engine = EngineSeen::Answered {
            address: "unix:///var/run/docker.sock".to_owned(),
            version: Value::Null,
        };
        let answers = vec![Answered {
            probe: probe.clone(),
            answer,
            took_ms: 1,
        }];
        let evidence = Evidence {
            schema_version: SCHEMA_VERSION,
            lesson: "lesson-1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            files: FilesSeen::default(),
            world: WorldSeen {
                engine,
                answers,
                ..WorldSeen::default()
            },
        };
        let loaded = crate::load(&evidence);
        let scene = Scene {
            evidence: &evidence,
            loaded: &loaded,
        };
        let body = Matchers(vec![Matcher::Equals(Value::from("OK"))]);
        super::answer(&scene, &probe, &[Matcher::Status(200), Matcher::Body(body)])
    }

    fn expectations(judged: Judged) -> Vec<String> {
        match judged {
            Judged::Fails(mismatches) => mismatches
                .into_iter()
                .map(|mismatch| mismatch.expected)
                .collect(),
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn a_port_that_only_internal_networks_have_is_told() {
        let judged = |internal: bool| {
            let probe = Probe::Tcp {
                service: "web".to_owned(),
                port: 80,
            };
            let container = serde_json::json!({
                "Name": "/shop-web-1",
                "State": {"Status": "running"},
                "Config": {"Labels": {"com.docker.compose.service": "web"}},
                "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]}},
                "NetworkSettings": {"Networks": {"shop_back": {}}},
            });
            let network = serde_json::json!({"Internal": internal});
            let world = WorldSeen {
                engine: EngineSeen::Answered {
                    address: "unix:///var/run/docker.sock".to_owned(),
                    version: Value::Null,
                },
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: container,
                    last_lines: Vec::new(),
                }],
                networks: [("shop_back".to_owned(), network)].into(),
                answers: vec![Answered {
                    probe: probe.clone(),
                    answer: Answer::None(Unanswered::NotPublished),
                    took_ms: 1,
                }],
                ..WorldSeen::default()
            };
            let file = "services: {web: {image: x}}";
            crate::testing::look_at_world(file, world, |scene| {
                super::answer(scene, &probe, &[Matcher::Connects(true)])
            })
        };
        crate::testing::finds(judged(true), "in internal networks only (shop_back)");
        assert!(matches!(judged(false), Judged::Unknown(_)));
    }

    #[test]
    fn a_server_that_does_not_answer_its_own_client_yet_is_starting() {
        let judged = |seconds: i64| {
            let exec: ExecPlace = serde_json::from_value(serde_json::json!({
                "service": "redis", "command": ["redis-cli"], "refused": "Could not connect",
            }))
            .expect("a place");
            let began = crate::testing::AT - jiff::SignedDuration::from_secs(seconds);
            let container = serde_json::json!({
                "State": {"Status": "running", "StartedAt": began.to_string()},
                "Config": {"Labels": {"com.docker.compose.service": "redis"}},
            });
            let answer = Answer::Exec {
                exit_code: 1,
                stdout: Bytes(Vec::new()),
                stderr: Bytes(b"Could not connect to Redis".to_vec()),
            };
            let world = WorldSeen {
                containers: vec![crate::evidence::ContainerSeen {
                    inspect: container,
                    last_lines: Vec::new(),
                }],
                answers: vec![Answered {
                    probe: exec_probe(&exec),
                    answer,
                    took_ms: 1,
                }],
                ..WorldSeen::default()
            };
            let file = "services: {redis: {image: x}}";
            crate::testing::look_at_world(file, world, |scene| refused(scene, &exec))
        };
        let reason = |judged| match judged {
            Some(Judged::Unknown(reason)) => reason,
            other => panic!("{other:?}"),
        };
        assert!(matches!(reason(judged(1)), Reason::Starting(_)));
        assert!(matches!(reason(judged(60)), Reason::NotSeen { .. }));
    }

    #[test]
    fn silence_is_told_once_and_a_wrong_answer_point_by_point() {
        let refused = Answer::None(Unanswered::Refused("127.0.0.1:80".to_owned()));
        assert_eq!(expectations(judged(refused)), ["status 200"]);
        let wrong = Answer::Http {
            via: Via::Published("127.0.0.1:80".to_owned()),
            status: 500,
            content_type: None,
            body: Bytes(b"Not all components are healthy, 3/5".to_vec()),
        };
        assert_eq!(expectations(judged(wrong)), ["status 200", "`OK`"]);
    }
}
