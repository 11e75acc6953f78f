//! The product on a real engine: lesson 4's solution with real etcd, real Milvus and real object storage.
//!
//! Without an engine every test is reported as ignored, with the reason; with CHECKER_NEEDS_ENGINE=1 it fails instead.

#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
#[path = "support/service_recorder.rs"]
mod service_recorder;
mod support;

use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use engine_support::needs_engine::Test;
use engine_support::recorder::{Noted, Recorder};
use libtest_mimic::{Arguments, Failed};
use serde_json::Value;
use service_recorder::ServiceRecorder;
use support::{Learner, Ran};

/// Container port of Milvus' clients, of its management, of Attu, of the object storage; each with its host port in these tests.
const PORTS: [(u16, u16); 4] = [(19530, 29530), (9091, 29091), (3000, 28000), (9000, 29000)];

/// One running solution for all tests, which run one after the other.
static RUNNING: OnceLock<Result<Stack, String>> = OnceLock::new();

struct Stack {
    learner: Learner,
    /// What `verify` gave right after `up -d`.
    at_once: Ran,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let tests: [(&str, Test); 6] = [
        (
            "right_after_up_it_says_how_long_each_service_may_take",
            says_how_long,
        ),
        (
            "waiting_ends_with_every_check_passed",
            waiting_ends_in_success,
        ),
        (
            "verify_sends_gets_and_declared_probes_only",
            only_gets_and_declared_probes,
        ),
        ("services_get_reading_calls_only", only_reading_calls),
        (
            "an_edit_after_up_is_told_from_the_file",
            an_edit_after_up_is_drift,
        ),
        (
            "the_start_files_fail_beside_a_running_solution",
            the_start_fails,
        ),
    ];
    let conclusion = libtest_mimic::run(&arguments, engine_support::needs_engine::trials(tests));
    if let Some(Ok(stack)) = RUNNING.get() {
        stack
            .compose(&["down", "--volumes", "--timeout", "20"])
            .unwrap_or_else(|error| eprintln!("{error}"));
    }
    conclusion.exit_code()
}

fn stack() -> Result<&'static Stack, Failed> {
    RUNNING
        .get_or_init(Stack::up)
        .as_ref()
        .map_err(|error| error.clone().into())
}

impl Stack {
    fn up() -> Result<Self, String> {
        let learner = Learner::solved();
        // A project and ports of its own: somebody may have the lesson running on this machine.
        learner.edit("name: lesson-04", "name: lesson-04-live-test");
        learner.edit("127.0.0.1:19530:19530", "127.0.0.1:29530:19530");
        learner.edit("127.0.0.1:9091:9091", "127.0.0.1:29091:9091");
        learner.edit("127.0.0.1:8000:3000", "127.0.0.1:28000:3000");
        learner.edit("127.0.0.1:9000:9000", "127.0.0.1:29000:9000");
        learner.edit("127.0.0.1:9001:9001", "127.0.0.1:29001:9001");
        let mut stack = Self {
            learner,
            at_once: Ran {
                exit: -1,
                stdout: String::new(),
                stderr: String::new(),
            },
        };
        stack.compose(&["up", "--detach"])?;
        stack.at_once = stack.verify(&["verify", "4"], None);
        Ok(stack)
    }

    fn compose(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("docker")
            .arg("compose")
            .args(arguments)
            .current_dir(self.learner.folder())
            .output();
        let output = output.map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success().then_some(()).ok_or(said)
    }

    fn verify(&self, arguments: &[&str], engine: Option<&str>) -> Ran {
        let here = std::env::var("DOCKER_HOST").ok();
        let host = engine.map(str::to_owned).or(here);
        let variables: Vec<_> = host
            .iter()
            .map(|host| ("DOCKER_HOST", host.as_str()))
            .collect();
        self.learner
            .checker_in(self.learner.home.path(), arguments, &variables)
    }
}

fn says_how_long() -> Result<(), Failed> {
    let ran = &stack()?.at_once;
    ran.exits(3)
        .says(&["NOT CHECKED", "is still starting", "s of at most", "--wait"]);
    Ok(())
}

fn waiting_ends_in_success() -> Result<(), Failed> {
    let ran = stack()?.verify(&["verify", "4", "--wait", "5m"], None);
    ran.exits(0).says(&["lesson-4 passes"]);
    let list = stack()?.verify(&["list"], None);
    list.exits(0).says(&["lesson-4", "passed"]);
    Ok(())
}

fn only_gets_and_declared_probes() -> Result<(), Failed> {
    let stack = stack()?;
    let runtime = support::runtime()?;
    let recorder = runtime.block_on(Recorder::start(support::socket()))?;
    stack
        .verify(&["verify", "4"], Some(&recorder.host))
        .exits(0);
    let noted = recorder.noted();
    assert!(noted.len() > 5, "the recorder was not asked: {noted:?}");
    for request in &noted {
        assert!(request.method == "GET", "{request:?}");
    }
    // With the management port unpublished the same question is asked by the one command that the lesson declares.
    stack.learner.edit("      - \"127.0.0.1:29091:9091\"\n", "");
    stack.compose(&["up", "--detach", "--wait"])?;
    let recorder = runtime.block_on(Recorder::start(support::socket()))?;
    stack
        .verify(&["verify", "4", "--wait", "2m"], Some(&recorder.host))
        .exits(0);
    let posts: Vec<_> = recorder
        .noted()
        .into_iter()
        .filter(|request| request.method != "GET")
        .collect();
    let commands: Vec<_> = posts.iter().filter_map(command).collect();
    let declared =
        "curl --silent --show-error --include --max-time 5 http://127.0.0.1:9091/healthz";
    assert!(
        !commands.is_empty() && commands.iter().all(|command| command == declared),
        "{commands:?}"
    );
    for request in &posts {
        let is_exec = request.path.contains("/exec");
        assert!(request.method == "POST" && is_exec, "{request:?}");
    }
    stack.learner.edit(
        "      - \"127.0.0.1:29530:19530\"\n",
        "      - \"127.0.0.1:29530:19530\"\n      - \"127.0.0.1:29091:9091\"\n",
    );
    Ok(stack.compose(&["up", "--detach", "--wait"])?)
}

/// The command of a request that makes an exec.
fn command(request: &Noted) -> Option<String> {
    let body: Value = serde_json::from_slice(&request.body).ok()?;
    let words = body.get("Cmd")?.as_array()?;
    Some(
        words
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// The engine's answers are rewritten on the way, so that every published port leads to a recorder in front of it.
fn only_reading_calls() -> Result<(), Failed> {
    let stack = stack()?;
    let runtime = support::runtime()?;
    let mut recorders = Vec::new();
    for (_, host_port) in PORTS {
        recorders.push((
            host_port,
            runtime.block_on(ServiceRecorder::start(host_port))?,
        ));
    }
    let replacements: Vec<_> = recorders
        .iter()
        .map(|(port, recorder)| (port.to_string(), recorder.port.to_string()))
        .collect();
    let recorder = runtime.block_on(Recorder::start_rewriting(support::socket(), replacements))?;
    let ran = stack.verify(&["verify", "4", "--format", "json"], Some(&recorder.host));
    let report = ran.json()["reports"][0].clone();
    for id in [
        "milvus-serves",
        "milvus-answers-health-check",
        "attu-answers",
    ] {
        let checks = report["checks"].as_array().cloned().unwrap_or_default();
        let verdict = checks
            .iter()
            .find(|check| check["id"] == id)
            .map(|check| check["verdict"].clone());
        assert_eq!(verdict, Some(Value::from("pass")), "{id}: {}", ran.stdout);
    }
    let asked = |port: u16| -> Vec<String> {
        recorders
            .iter()
            .filter(|(known, _)| *known == port)
            .flat_map(|(_, recorder)| recorder.noted())
            .collect()
    };
    let reading = ["GetVersion", "ShowCollections", "CheckHealth"];
    let calls = asked(29530);
    assert!(!calls.is_empty());
    for call in &calls {
        let name = call.strip_prefix("POST /milvus.proto.milvus.MilvusService/");
        assert!(name.is_some_and(|name| reading.contains(&name)), "{call}");
    }
    assert_eq!(asked(29091), ["GET /healthz"]);
    assert_eq!(asked(28000), ["GET /"]);
    assert!(
        asked(29000)
            .iter()
            .all(|call| call.starts_with("GET ") || call.starts_with("HEAD ")),
        "{:?}",
        asked(29000)
    );
    Ok(())
}

fn an_edit_after_up_is_drift() -> Result<(), Failed> {
    let stack = stack()?;
    stack
        .learner
        .edit("127.0.0.1:28000:3000", "127.0.0.1:28001:3000");
    let ran = stack.verify(&["verify", "4"], None);
    stack
        .learner
        .edit("127.0.0.1:28001:3000", "127.0.0.1:28000:3000");
    ran.exits(1).says(&[
        "your file says",
        "28001",
        "the container has",
        "28000",
        "made before that",
        "docker compose up -d",
    ]);
    Ok(())
}

fn the_start_fails() -> Result<(), Failed> {
    let stack = stack()?;
    let solution = std::fs::read(stack.learner.folder().join("compose.yaml"))?;
    stack.verify(&["reset", "4", "--yes"], None).exits(0);
    let ran = stack.verify(&["verify", "4"], None);
    stack.learner.write("compose.yaml", solution);
    ran.exits(1).says(&["FAIL"]);
    Ok(())
}
