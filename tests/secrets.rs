//! Nothing that a learner keeps secret is told anywhere: secrets are planted in every place that may hold one, and no output of any
//! command may have one of them. `checker config` prints the model as Compose does, which is what it is asked for.
//!
//! What needs an engine is reported as ignored without one; with CHECKER_NEEDS_ENGINE=1 it fails instead.

#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
#[path = "support/served.rs"]
mod served;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use engine_support::needs_engine::Test;
use libtest_mimic::{Arguments, Failed, Trial};
use served::Served;
use support::{Learner, NO_ENGINE, Ran, repository};

/// What every planted secret has in it; and the one that is too short for that.
const PLANTED: [&str; 3] = ["kite-", "kite_", "zq7kx"];
const LESSON: &str = "08-config-and-secrets";
/// A variable of the shell that the compose file puts in.
const OF_THE_SHELL: (&str, &str) = ("SHELL_SECRET", "kite-shell-29");

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let alone: [(&str, Test); 6] = [
        ("verdicts_on_files_tell_no_secret", on_files),
        (
            "a_file_that_does_not_load_tells_no_secret",
            that_does_not_load,
        ),
        ("config_tells_no_secret_but_in_the_model", config),
        ("lint_tells_no_secret", lint),
        ("the_page_tells_no_secret", on_the_page),
        ("proving_a_lesson_tells_no_secret", proving),
    ];
    let with_engine: [(&str, Test); 1] = [("verdicts_on_containers_tell_no_secret", on_containers)];
    let mut trials: Vec<_> = alone
        .into_iter()
        .map(|(name, test)| Trial::test(name, test))
        .collect();
    trials.extend(engine_support::needs_engine::trials(with_engine));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A workspace with the planted lesson.
struct Planted {
    learner: Learner,
}

impl Planted {
    fn new() -> Self {
        let planted = Self {
            learner: Learner::new(),
        };
        copy(&fixture().join(LESSON).join("start"), &planted.folder());
        planted
    }

    fn folder(&self) -> PathBuf {
        self.learner.home.path().join("course").join(LESSON)
    }

    /// Replaces a piece of the compose file.
    fn edit(&self, find: &str, put: &str) {
        let path = self.folder().join("compose.yaml");
        let text = std::fs::read_to_string(&path).expect("compose.yaml");
        assert!(text.contains(find), "{find:?} is not in the file");
        std::fs::write(&path, text.replacen(find, put, 1)).expect("written");
    }

    fn checker(&self, arguments: &[&str]) -> Ran {
        self.checker_at(arguments, NO_ENGINE)
    }

    fn checker_at(&self, arguments: &[&str], engine: &str) -> Ran {
        let exercises = fixture();
        let variables = [
            ("DOCKER_HOST", engine),
            ("CHECKER_EXERCISES", exercises.to_str().expect("a path")),
            OF_THE_SHELL,
        ];
        self.learner
            .checker_in(&self.folder(), arguments, &variables)
    }

    /// Runs a command and fails if it tells a secret.
    #[track_caller]
    fn tells_nothing(&self, arguments: &[&str]) -> Ran {
        let ran = self.checker(arguments);
        has_nothing(&arguments.join(" "), &ran.stdout);
        has_nothing(&arguments.join(" "), &ran.stderr);
        ran
    }
}

fn fixture() -> PathBuf {
    repository().join("tests/fixtures/planted")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

#[track_caller]
fn has_nothing(what: &str, text: &str) {
    for planted in PLANTED {
        if let Some(line) = text.lines().find(|line| line.contains(planted)) {
            let start = line.find(planted).unwrap_or_default();
            let from = line[..start]
                .char_indices()
                .rev()
                .nth(200)
                .map_or(0, |(at, _)| at);
            let to = (start + 60).min(line.len());
            panic!(
                "`{what}` tells a secret: {}",
                line.get(from..to).unwrap_or(line)
            );
        }
    }
}

/// Commands whose output speaks of a learner's files.
fn everything(planted: &Planted) {
    for format in ["human", "json", "junit", "sarif"] {
        let ran = planted.tells_nothing(&["verify", "8", "--static-only", "--format", format]);
        assert_eq!(ran.exit, 1, "{}", ran.stderr);
    }
    planted.tells_nothing(&["verify", "8", "--verbose"]);
    let recording = planted.learner.home.path().join("seen.json");
    let path = recording.to_str().expect("a path");
    planted.tells_nothing(&["verify", "8", "--static-only", "--record", path]);
    let recorded = std::fs::read_to_string(&recording).expect("a recording");
    assert!(recorded.contains("compose.yaml"), "{recorded}");
    has_nothing("--record", &recorded);
    for arguments in [
        &["hint", "8"] as &[&str],
        &["explain", "lesson-8"],
        &["status"],
        &["next"],
        &["list"],
        &["context", "built"],
        &["context", "built", "--format", "json"],
        &["config", "--quiet"],
    ] {
        planted.tells_nothing(arguments);
    }
}

fn on_files() -> Result<(), Failed> {
    let planted = Planted::new();
    let ran = planted.checker(&["verify", "8", "--static-only"]);
    // The secrets are there to be told: what each check found is shown, with the line it stands in.
    ran.exits(1)
        .says(&["POSTGRES_PASSWORD: hidden", "API_KEY=hidden"]);
    everything(&planted);
    Ok(())
}

fn that_does_not_load() -> Result<(), Failed> {
    for (find, put) in [
        ("    init: true\n", "    init: true\n    imag: x\n"),
        (
            "POSTGRES_PASSWORD: kite-map-07",
            "POSTGRES_PASSWORD: kite-map-07: kite-broken-30",
        ),
        (
            "POSTGRES_PASSWORD: kite-map-07",
            "POSTGRES_PASSWORD: [kite-broken-31]",
        ),
        (
            "POSTGRES_PASSWORD: kite-map-07",
            "POSTGRES_PASSWORD: \"kite-broken-32",
        ),
        (
            "POSTGRES_PASSWORD: kite-map-07",
            "POSTGRES_PASSWORD: ${X:?set it}\n     A_TOKEN: kite-broken-33",
        ),
        (
            "FROM_SHELL=${SHELL_SECRET:-}",
            "FROM_SHELL=${SHELL_SECRET:-}${",
        ),
    ] {
        let planted = Planted::new();
        planted.edit(find, put);
        planted.checker(&["config", "--quiet"]).exits(1);
        everything(&planted);
        planted.tells_nothing(&["config"]);
        planted.tells_nothing(&["config", "--format", "json"]);
        planted.tells_nothing(&["lint"]);
    }
    let planted = Planted::new();
    std::fs::write(planted.folder().join(".env"), "GIVEN=\"kite-broken-34\n").expect("written");
    everything(&planted);
    Ok(())
}

fn config() -> Result<(), Failed> {
    let planted = Planted::new();
    let model = planted.checker(&["config", "--env-file", "other.vars", "--env-file", ".env"]);
    model.exits(0).says(&["kite-map-07"]);
    has_nothing("config, what is said beside the model", &model.stderr);
    for path in [
        "services.postgres.environment.POSTGRES_PASSWORD",
        "services.postgres.environment.YAML_PASSWORD",
        "services.postgres.environment",
        "services.postgres.command",
        "services.postgres.healthcheck.test",
        "services.postgres.labels",
        "services.api.environment.API_KEY",
        "services.api.environment.DATABASE_URL",
        "services.api.environment.FROM_DOTENV_TOKEN",
        "services.api.environment.LOST_PASSWORD",
        "services.api.environment.SMTP_PASSWORD",
        "services.built.build.args",
        "configs.redis.content",
        "services.api.environment.NOT_THERE",
    ] {
        planted.tells_nothing(&["config", "--explain", path]);
        planted.tells_nothing(&["config", "--explain", path, "--format", "json"]);
    }
    Ok(())
}

fn lint() -> Result<(), Failed> {
    let planted = Planted::new();
    for format in ["human", "json", "sarif", "github"] {
        planted.tells_nothing(&["lint", "--format", format]);
    }
    Ok(())
}

fn on_the_page() -> Result<(), Failed> {
    let planted = Planted::new();
    // The page is that of the real lesson: its checks fail on these files and tell what they found.
    let served = Served::start(
        planted.learner.home.path(),
        &["--port", "0"],
        Some(NO_ENGINE),
    );
    let mut stream = TcpStream::connect(&served.host)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let cookie = format!("checker-{}={}", served.port(), served.token);
    let host = &served.host;
    write!(
        stream,
        "GET /events?lesson=lesson-8 HTTP/1.0\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n"
    )?;
    let lines = BufReader::new(stream).lines();
    let mut read = String::new();
    for line in lines {
        read += &(line? + "\n");
        if read.contains("no-passwords-in-file") {
            break;
        }
    }
    assert!(read.contains("POSTGRES_PASSWORD"), "{read}");
    has_nothing("the page", &read);
    Ok(())
}

fn proving() -> Result<(), Failed> {
    let planted = Planted::new();
    let exercises = fixture();
    let exercises = exercises.to_str().ok_or("a path")?;
    let ran = planted.tells_nothing(&["dev", "check", "--exercises", exercises]);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("fault"));
    Ok(())
}

fn on_containers() -> Result<(), Failed> {
    let planted = Planted::new();
    let engine = std::env::var("DOCKER_HOST").unwrap_or_default();
    let compose = |arguments: &[&str]| {
        Command::new("docker")
            .arg("compose")
            .args(arguments)
            .env(OF_THE_SHELL.0, OF_THE_SHELL.1)
            .current_dir(planted.folder())
            .output()
    };
    let up = compose(&["up", "--detach", "--build"])?;
    let result = if up.status.success() {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            containers_tell_nothing(&planted, &engine);
        }))
        .map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Failed::from(text.unwrap_or_default())
        })
    } else {
        Err(String::from_utf8_lossy(&up.stderr).into_owned().into())
    };
    compose(&["down", "--volumes", "--timeout", "0", "--rmi", "local"])?;
    result
}

fn containers_tell_nothing(planted: &Planted, engine: &str) {
    let recording = planted.learner.home.path().join("seen.json");
    let path = recording.to_str().expect("a path");
    let run = |arguments: &[&str]| {
        let ran = planted.checker_at(arguments, engine);
        has_nothing(&arguments.join(" "), &ran.stdout);
        has_nothing(&arguments.join(" "), &ran.stderr);
        ran
    };
    run(&["verify", "8", "--wait", "30s", "--record", path]);
    let recorded = std::fs::read_to_string(&recording).expect("a recording");
    for place in [
        "lesson-08-planted-postgres-1",
        "BAKED_PASSWORD",
        "last_lines",
        "exit_code",
    ] {
        assert!(recorded.contains(place), "{place}");
    }
    has_nothing("--record", &recorded);
    for format in ["human", "json", "junit", "sarif"] {
        run(&["verify", "8", "--format", format]);
    }
    run(&["verify", "8", "--verbose"]);
    run(&["hint", "8"]);
    run(&["status"]);
    run(&["doctor"]);
    // What changed after the start is told without its values.
    planted.edit("kite-map-07", "kite-later-35");
    planted.edit("--token=kite-command-06", "--token=kite-later-36");
    run(&["verify", "8"]);
}
