//! `keeps-running`

use std::time::Duration;

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::command;
use crate::container::{Container, Status};
use crate::live;
use crate::report::{Reason, Starting};
use crate::scene::{Judged, Mismatch, Scene};
use crate::words;

pub const RULE: Rule = Rule {
    name: "keeps-running",
    what: "The first process of each of a service's containers runs, has done so for five seconds, and was not started anew after it had ended.",
    why: "A container lives as long as its first process. A restart policy starts it again; that is not the same as running.",
    mend: "Read `docker compose logs` and `docker compose ps -a`, then give the service a program that goes on.",
    leave: "For services that have to end, such as a migration.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters: Parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// A program that is about to end may still run when somebody looks.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);
/// After so long a process that was started anew is believed; the engine waits up to a minute between two starts.
const BELIEVED_AFTER: Duration = Duration::from_secs(60);

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let containers = scene.containers(service);
    if containers.is_empty() {
        return live::no_container(scene, service);
    }
    Judged::all(
        containers
            .into_iter()
            .map(|container| one(scene, container)),
    )
}

fn one(scene: &Scene<'_>, container: Container<'_>) -> Judged {
    match container.status() {
        Status::Running => running(scene, container),
        Status::Exited | Status::Restarting => ended(container),
        Status::Created | Status::Paused | Status::Other => live::running(scene, container),
    }
}

fn running(scene: &Scene<'_>, container: Container<'_>) -> Judged {
    let Some(running_for) = container.running_for(scene.evidence.at) else {
        return Judged::Holds;
    };
    let starts = container.restarts();
    if starts > 0 && running_for < BELIEVED_AFTER {
        let found = format!(
            "its process has ended and was started again {}, the last time {} ago",
            times(starts),
            words::duration(running_for)
        );
        return Mismatch::new(
            live::spot(container),
            found,
            "one process that goes on running",
        )
        .next(format!(
            "read `docker compose logs {}`",
            container.service()
        ))
        .into();
    }
    if running_for < SETTLES_WITHIN {
        return Judged::Unknown(Reason::Starting(Starting {
            service: container.service().to_owned(),
            seconds: running_for.as_secs(),
            at_most: SETTLES_WITHIN.as_secs(),
        }));
    }
    Judged::Holds
}

fn ended(container: Container<'_>) -> Judged {
    let service = container.service();
    let process = container.first_process();
    let reader = command::reads_from_terminal(&process).filter(|_| !container.has_terminal());
    let code = container.exit_code();
    let mut found = format!("its process `{}` ended", short(&process.join(" ")));
    if let Some(ran) = container.ran_for() {
        found.push_str(&format!(" after {}", lasted(ran)));
    }
    if let Some(code) = code {
        found.push_str(&format!(" with exit code {code}"));
    }
    if container.out_of_memory() {
        found.push_str(", killed for want of memory");
    }
    if container.restarts() > 0 {
        found.push_str(&format!(
            "; it was started again {}",
            times(container.restarts())
        ));
    }
    let next = match (reader, code) {
        (Some(reader), _) => format!(
            "`{reader}` alone reads from a terminal, and this container has none: give it a program that goes on"
        ),
        // 128 and the number of SIGINT, SIGKILL or SIGTERM: somebody has stopped it.
        (None, Some(130 | 137 | 143)) => format!(
            "that is a process which was stopped from outside; `docker compose up -d` starts {service} again"
        ),
        (None, Some(0)) => {
            format!(
                "did somebody stop it? Then `docker compose up -d` starts {service} again. If not: exit code 0 is a program that has done all it had to do, and this one needs to go on"
            )
        }
        (None, _) => format!("read `docker compose logs {service}`"),
    };
    Mismatch::new(
        live::spot(container),
        found,
        "a process that goes on running",
    )
    .next(next)
    .into()
}

/// `once`, `3 times`
fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

fn lasted(duration: Duration) -> String {
    match duration.as_secs() {
        0 => "less than a second".to_owned(),
        _ => words::duration(duration),
    }
}

fn short(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() == text.len() {
        cut
    } else {
        format!("{cut} …")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{AT, finds, holds, on_containers};

    const FILE: &str = "name: shop\nservices:\n  hello:\n    image: python:3.11\n";

    /// A container that was started so many seconds ago.
    fn hello(seconds: i64, state: Value, more: Value) -> Judged {
        let ago = |seconds: i64| (AT - jiff::SignedDuration::from_secs(seconds)).to_string();
        let mut inspect = json!({
            "Name": "/shop-hello-1", "Path": "python3", "Args": [], "RestartCount": 0,
            "Config": {"Labels": {"com.docker.compose.service": "hello"}},
            "State": {"StartedAt": ago(seconds), "FinishedAt": ago(seconds)},
        });
        for (key, value) in state.as_object().expect("a state") {
            inspect["State"][key] = value.clone();
        }
        for (key, value) in more.as_object().expect("more") {
            inspect[key] = value.clone();
        }
        on_containers(
            "keeps-running",
            json!({"service": "hello"}),
            FILE,
            &[inspect],
        )
    }

    #[test]
    fn a_process_that_has_run_for_a_while_holds() {
        holds(hello(5, json!({"Status": "running"}), json!({})));
        holds(hello(
            60,
            json!({"Status": "running"}),
            json!({"RestartCount": 2}),
        ));
    }

    #[test]
    fn a_young_process_is_not_judged() {
        let judged = hello(4, json!({"Status": "running"}), json!({}));
        assert!(
            matches!(judged, Judged::Unknown(Reason::Starting(_))),
            "{judged:?}"
        );
    }

    #[test]
    fn one_that_was_started_anew_is_told_until_it_lasts() {
        let judged = hello(59, json!({"Status": "running"}), json!({"RestartCount": 3}));
        finds(judged, "was started again 3 times, the last time 59 s ago");
    }

    #[test]
    fn an_end_is_told_with_the_process_its_time_and_its_code() {
        let judged = hello(9, json!({"Status": "exited", "ExitCode": 0}), json!({}));
        finds(
            judged,
            "its process `python3` ended after less than a second with exit code 0",
        );
        let judged = hello(
            9,
            json!({"Status": "restarting", "ExitCode": 1}),
            json!({"RestartCount": 1}),
        );
        finds(judged, "with exit code 1; it was started again once");
    }

    #[test]
    fn the_next_step_fits_the_way_it_ended() {
        let next = |judged: Judged| match judged {
            Judged::Fails(mismatches) => mismatches[0].next.clone().expect("a next step"),
            other => panic!("{other:?}"),
        };
        let ended = |code: i64| json!({"Status": "exited", "ExitCode": code});
        let server = || json!({"Args": ["-m", "http.server"]});
        assert!(next(hello(9, ended(0), json!({}))).contains("reads from a terminal"));
        assert!(next(hello(9, ended(0), server())).contains("done all it had to do"));
        assert!(next(hello(9, ended(137), server())).contains("stopped from outside"));
        assert!(next(hello(9, ended(1), server())).contains("docker compose logs hello"));
        let typed =
            json!({"Config": {"Tty": true, "Labels": {"com.docker.compose.service": "hello"}}});
        assert!(next(hello(9, ended(0), typed)).contains("done all it had to do"));
    }
}
