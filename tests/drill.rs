//! Drills on a real engine: what they do, and that everything is put back however they end.
//!
//! Without an engine every test is reported as ignored, with the reason; with CHECKER_NEEDS_ENGINE=1 it fails instead.

#[path = "support/drilled.rs"]
mod drilled;
#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use drilled::{Drilled, docker, files_below, ran};
use engine_support::needs_engine::Test;
use engine_support::project::Project;
use engine_support::recorder::{Noted, Recorder};
use libtest_mimic::{Arguments, Failed};
use support::repository;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [(&str, Test); 15] = [
        ("data_are_byte_for_byte_what_they_were", data_are_back),
        (
            "a_volume_that_was_removed_is_filled_again",
            a_volume_is_back,
        ),
        (
            "a_volume_of_a_read_only_container_is_filled_again",
            read_only,
        ),
        ("what_was_stopped_runs_again", stopped_runs_again),
        (
            "an_expectation_that_fails_is_told_and_everything_put_back",
            fails,
        ),
        ("a_command_that_fails_ends_the_drill", refused),
        ("ctrl_c_puts_everything_back", ctrl_c),
        ("after_a_kill_recover_puts_everything_back", killed),
        ("nothing_outside_the_project_is_touched", bystander),
        ("without_agreement_nothing_is_done", nobody_agrees),
        ("a_prediction_is_compared_with_what_happened", prediction),
        (
            "a_project_that_is_not_as_needed_is_left_alone",
            not_as_needed,
        ),
        ("a_container_of_another_folder_is_in_the_way", stranger),
        ("too_much_data_are_left_alone", too_much),
        ("every_drill_of_the_course_passes_on_the_solution", course),
    ];
    libtest_mimic::run(&arguments, engine_support::needs_engine::trials(tests)).exit_code()
}

fn data_are_back() -> Result<(), Failed> {
    let learner = Drilled::new("data")?;
    let before = learner.data()?;
    let anonymous = |learner: &Drilled| -> Result<String, Failed> {
        let id = learner.running()?;
        let format = "{{range .Mounts}}{{if eq .Destination \"/scratch\"}}{{.Name}}{{end}}{{end}}";
        docker(
            &learner.folder(),
            &["inspect", "--format", format, id.trim()],
        )
    };
    let scratch = anonymous(&learner)?;
    let ran = learner.checker(&["drill", "1", "writable-layer", "--yes"]);
    ran.exits(0).says(&[
        &format!("In the project {}", learner.project),
        &format!("stop {}-box-1 for a moment", learner.project),
        &format!("the volume {}_data", learner.project),
        "PASS         the note can be read",
        "PASS         it is another container",
        "PASS         the note in the volume is there",
        "Put back",
        "ends with the container",
        "lesson-1/writable-layer is done",
    ]);
    assert_eq!(learner.data()?, before);
    let host = std::fs::read_to_string(learner.folder().join("inside/host"))?;
    assert_eq!(
        host, "a file of the host\n",
        "a bind mount inside the volume is not its content"
    );
    let left = docker(
        &learner.folder(),
        &[
            "volume",
            "ls",
            "--quiet",
            "--filter",
            &format!("name={}", scratch.trim()),
        ],
    )?;
    assert_eq!(
        left, "",
        "the volume of the first container is of no use any more"
    );
    learner.checker(&["list"]).exits(0).says(&["drills: 1 of"]);
    learner
        .checker(&["status"])
        .exits(0)
        .says(&["drill writable-layer: done today"]);
    Ok(())
}

fn a_volume_is_back() -> Result<(), Failed> {
    let learner = Drilled::new("volume")?;
    let before = learner.data()?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    ran.exits(0).says(&[
        "with all that is in them",
        "PASS         the volume is gone",
        "PASS         the file on the host is untouched",
        "PASS         the volume is another one",
        "PASS         nothing of before is in it",
        "is back and equal",
    ]);
    assert_eq!(learner.data()?, before);
    let [journal] = learner.journals().try_into().expect("one journal");
    let left: Vec<_> = std::fs::read_dir(journal)?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    assert_eq!(
        left,
        ["journal.json"],
        "archives are removed once they are of no use"
    );
    Ok(())
}

fn read_only() -> Result<(), Failed> {
    let exercises = repository().join("tests/fixtures/drills");
    let mut files = files_below(&exercises.join("01-box/start"))?;
    let file = files.get_mut("compose.yaml").expect("a compose file");
    let text = String::from_utf8(file.clone())?;
    *file = text
        .replace("init: true", "init: true\n    read_only: true")
        .into_bytes();
    let learner = Drilled::prepared("read-only", exercises, "01-box", "drill-box", &files)?;
    learner.compose(&["up", "--detach", "--wait", "--pull", "never"])?;
    learner.inside("mkdir /data/own && echo mine > /data/own/text && chown 5:6 /data/own")?;
    let before = learner.data()?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    ran.exits(0).says(&["is back and equal"]);
    assert_eq!(learner.data()?, before);
    Ok(())
}

fn stopped_runs_again() -> Result<(), Failed> {
    let learner = Drilled::new("stop")?;
    let (before, ids) = (learner.data()?, learner.running()?);
    learner.checker(&["drill", "1", "stop", "--yes"]).exits(0);
    assert_eq!(learner.running()?, ids, "the very same containers");
    assert_eq!(learner.data()?, before);
    Ok(())
}

fn fails() -> Result<(), Failed> {
    let learner = Drilled::new("fails")?;
    let before = learner.data()?;
    let ran = learner.checker(&["drill", "1", "failing", "--yes"]);
    ran.exits(1).says(&[
        "FAIL         the moon is made of cheese",
        "drilled",
        "expected",
        "cheese",
        "Put back",
        "did not go as expected",
    ]);
    assert_eq!(learner.data()?, before);
    learner.checker(&["list"]).says(&["drills: 0 of"]);
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let learner = Drilled::new("refused")?;
    let before = learner.data()?;
    let ran = learner.checker(&["drill", "1", "refused", "--yes"]);
    ran.exits(3).says(&["Put back", "error", "no such luck"]);
    assert_eq!(learner.data()?, before);
    Ok(())
}

fn ctrl_c() -> Result<(), Failed> {
    for signal in ["INT", "TERM"] {
        let learner = Drilled::new(&signal.to_lowercase())?;
        let before = learner.data()?;
        let drill = learner.until(&["drill", "1", "stuck", "--yes"], "2/2")?;
        drill.signal(signal)?;
        let ran = drill.end()?;
        ran.exits(3).says(&["Put back", "interrupted"]);
        assert_eq!(learner.data()?, before, "{signal}");
        learner
            .checker(&["drill", "--recover"])
            .exits(0)
            .says(&["nothing to put back"]);
    }
    Ok(())
}

fn killed() -> Result<(), Failed> {
    let learner = Drilled::new("killed")?;
    let before = learner.data()?;
    // Once while everything is gone, and once while everything is being made anew.
    for text in ["1/2", "2/2"] {
        let drill = learner.until(&["drill", "1", "stuck", "--yes"], text)?;
        drill.signal("KILL")?;
        drill.end()?.exits(-1);
        // What it had started goes on for a moment, and until then the drill counts as running.
        let again = learner.until_free(&["drill", "1", "stop", "--yes"])?;
        again
            .exits(3)
            .says(&["was interrupted", "checker drill --recover"]);
        learner
            .checker(&["verify", "1"])
            .says(&["lesson-1/stuck was interrupted", "checker drill --recover"]);
        learner
            .checker(&["status"])
            .says(&["lesson-1/stuck was interrupted", "checker drill --recover"]);
        learner
            .checker(&["drill", "--recover"])
            .exits(0)
            .says(&["Put back"]);
        assert_eq!(learner.data()?, before, "{text}");
        let ran = learner.checker(&["verify", "1"]);
        ran.exits(0);
        assert!(!ran.stderr.contains("interrupted"), "{}", ran.stderr);
    }
    Ok(())
}

fn bystander() -> Result<(), Failed> {
    let other = Project::up(
        "services:\n  box:\n    image: busybox:1.36\n    command: [sleep, '600']\n    init: true\n    volumes: ['data:/data']\n\
         volumes: {data: {}}\n",
    )?;
    other.compose(&[
        "exec",
        "-T",
        "box",
        "sh",
        "-c",
        "echo untouched > /data/text",
    ])?;
    let standing = || -> Result<String, Failed> {
        let id = other.compose(&["ps", "--quiet"])?;
        let format =
            "{{.Id}} {{.State.StartedAt}} {{.State.Status}} {{range .Mounts}}{{.Name}}{{end}}";
        let inspected = docker(other.folder(), &["inspect", "--format", format, id.trim()])?;
        Ok(inspected + &other.compose(&["exec", "-T", "box", "cat", "/data/text"])?)
    };
    let before = standing()?;
    let learner = Drilled::new("beside")?;
    let mut events = Events::listen()?;
    let own = learner.running()?.trim().to_owned();
    let runtime = support::runtime()?;
    let recorder = runtime.block_on(Recorder::start(support::socket()))?;
    learner
        .checker_at(
            &["drill", "1", "down-volumes", "--yes"],
            Some(&recorder.host),
        )
        .exits(0);
    let mut known = events.of(&learner.project)?;
    known.insert(own);
    let noted = recorder.noted();
    let acting: Vec<_> = noted
        .iter()
        .filter(|request| request.method != "GET" && request.method != "HEAD")
        .collect();
    assert!(acting.len() > 10, "{acting:?}");
    for request in acting {
        let named = named(request);
        let is_own = named.starts_with(&learner.project) || known.contains(&named);
        assert!(is_own, "{} {} names {named}", request.method, request.path);
    }
    assert_eq!(standing()?, before);
    Ok(())
}

/// What an acting request acts on: a container, volume or network, by name or id.
fn named(request: &Noted) -> String {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let is_version = |part: &str| part.starts_with("v1.");
    let parts = path
        .split('/')
        .filter(|part| !part.is_empty() && !is_version(part));
    let parts: Vec<_> = parts.collect();
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |pointer: &str| {
        let text = body.pointer(pointer).and_then(serde_json::Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    match parts.as_slice() {
        ["containers", "create"] => query
            .split('&')
            .find_map(|part| part.strip_prefix("name="))
            .unwrap_or_default()
            .to_owned(),
        ["volumes" | "networks", "create"] => text("/Name"),
        ["containers" | "volumes" | "networks", id, ..] => (*id).to_owned(),
        // Made by a request of this project's container just before, and known by its event.
        ["exec", id, ..] => (*id).to_owned(),
        _ => path.to_owned(),
    }
}

/// What the engine tells of everything that happens, for as long as this is kept.
struct Events(Child);

impl Events {
    fn listen() -> Result<Self, Failed> {
        let child = Command::new("docker")
            .args(["events", "--format", "{{json .}}"])
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    /// Ids in the events of a project's containers, commands, volumes and networks.
    fn of(&mut self, project: &str) -> Result<BTreeSet<String>, Failed> {
        // What happened before it ends has been told by then: the engine tells it in order, and this mark is the last.
        let mark = format!("{project}-mark");
        docker(Path::new("/"), &["volume", "create", &mark])?;
        let mut lines = BufReader::new(self.0.stdout.take().expect("a pipe"));
        let mut ids = BTreeSet::new();
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 && !line.contains(&mark) {
            let event: serde_json::Value = serde_json::from_str(line.trim())?;
            let text = |pointer: &str| event.pointer(pointer).and_then(serde_json::Value::as_str);
            // A volume without a name is known by the container that has it.
            let container = text("/Actor/Attributes/container").unwrap_or_default();
            if line.contains(project) || ids.contains(container) {
                let of_event = [text("/Actor/ID"), text("/Actor/Attributes/execID")];
                ids.extend(of_event.into_iter().flatten().map(str::to_owned));
            }
            line.clear();
        }
        docker(Path::new("/"), &["volume", "rm", &mark])?;
        Ok(ids)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nobody_agrees() -> Result<(), Failed> {
    let learner = Drilled::new("nobody")?;
    let ids = learner.running()?;
    let ran = learner.checker(&["drill", "1", "down-volumes"]);
    ran.exits(2).says(&[
        "In the project",
        "Nobody can be asked here",
        "Nothing was done",
    ]);
    assert_eq!(learner.running()?, ids);
    assert!(learner.journals().is_empty());
    let ran = learner.checker(&["drill", "1"]);
    ran.exits(0)
        .says(&["The drills of lesson-1 are", "down-volumes", "open"]);
    learner
        .checker(&["drill", "1", "nonsense"])
        .exits(2)
        .says(&["no drill `nonsense`"]);
    Ok(())
}

/// With the terminal that `script` makes.
fn prediction() -> Result<(), Failed> {
    let learner = Drilled::new("terminal")?;
    for (answer, said) in [
        ("1", "It went otherwise. The one in the container"),
        ("2", "As you predicted. The volume stayed"),
    ] {
        let program = env!("CARGO_BIN_EXE_checker");
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--command"])
            .arg(format!("{program} drill 1 writable-layer"))
            .arg("/dev/null")
            .current_dir(learner.home.path())
            .env("HOME", learner.home.path())
            .env("CHECKER_EXERCISES", &learner.exercises)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        use std::io::Write;
        let mut stdin = child.stdin.take().expect("a pipe");
        write!(stdin, "y\n{answer}\n")?;
        let output = child.wait_with_output()?;
        drop(stdin);
        let ran = ran(output);
        ran.exits(0).says(&[
            "Begin?",
            "Which note is left?",
            "1. the one in the container",
            said,
        ]);
    }
    Ok(())
}

fn not_as_needed() -> Result<(), Failed> {
    let learner = Drilled::new("needs")?;
    learner.compose(&["stop"])?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    ran.exits(3)
        .says(&["the box runs", "does not pass", "checker verify 1"]);
    learner.compose(&["start"])?;
    let file = learner.folder().join("compose.yaml");
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(&file, text.replace("\"8000\"", "\"8001\""))?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    ran.exits(3).says(&["older file", "docker compose up"]);
    std::fs::write(&file, text)?;
    assert!(learner.journals().is_empty());
    Ok(())
}

fn stranger() -> Result<(), Failed> {
    let learner = Drilled::new("stranger")?;
    let name = format!("{}-other", learner.project);
    let label = format!("com.docker.compose.project={}", learner.project);
    docker(
        &learner.folder(),
        &[
            "create",
            "--name",
            &name,
            "--label",
            &label,
            "busybox:1.36",
            "true",
        ],
    )?;
    let ran = learner.checker(&["drill", "1", "stop", "--yes"]);
    docker(&learner.folder(), &["rm", &name])?;
    ran.exits(3).says(&[&name, "docker rm"]);
    let volume = format!("{}_data:/data", learner.project);
    docker(
        &learner.folder(),
        &[
            "create",
            "--name",
            &name,
            "--volume",
            &volume,
            "busybox:1.36",
            "true",
        ],
    )?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    docker(&learner.folder(), &["rm", &name])?;
    ran.exits(3).says(&[&name, "uses the volume"]);
    Ok(())
}

fn too_much() -> Result<(), Failed> {
    let learner = Drilled::new("much")?;
    learner.inside("truncate -s 300M /data/large")?;
    let ids = learner.running()?;
    let ran = learner.checker(&["drill", "1", "down-volumes", "--yes"]);
    ran.exits(3).says(&["more than can be saved", "256 MB"]);
    assert_eq!(
        learner.running()?,
        ids,
        "nothing was done but to stop and start"
    );
    learner.inside("rm /data/large")?;
    Ok(())
}

/// On the reference; and on every accepted answer of the lesson whose folder CHECKER_ALL_VARIANTS names, since whoever has
/// solved it in another way can do its drills too.
fn course() -> Result<(), Failed> {
    let exercises = repository().join("exercises");
    for entry in std::fs::read_dir(&exercises)? {
        let folder = entry?.path();
        if !folder.join("drills").is_dir() {
            continue;
        }
        for (case, files) in answers(&folder)? {
            run_drills(&exercises, &folder, &case, &files)?;
        }
    }
    Ok(())
}

fn run_drills(
    exercises: &Path,
    folder: &Path,
    case: &str,
    files: &lesson::case::Files,
) -> Result<(), Failed> {
    let slug = folder.file_name().expect("a name").to_string_lossy();
    let number = slug.split('-').next().unwrap_or_default();
    let name = format!("lesson-{number}");
    let learner = Drilled::prepared(&name, exercises.to_path_buf(), &slug, &name, files)?;
    learner.compose(&["up", "--detach", "--wait", "--pull", "never"])?;
    for drill in std::fs::read_dir(folder.join("drills"))? {
        let drill = drill?.path();
        let drill = drill.file_stem().expect("a name").to_string_lossy();
        let verified = learner.checker(&["verify", number, "--wait", "1m"]);
        assert_eq!(verified.exit, 0, "{case}: {}", verified.stdout);
        let ran = learner.checker(&["drill", number, &drill, "--yes"]);
        assert_eq!(ran.exit, 0, "{case}: {}{}", ran.stdout, ran.stderr);
        ran.says(&["is done"]);
    }
    Ok(())
}

/// Right answers to a lesson, each with its name.
fn answers(folder: &Path) -> Result<Vec<(String, lesson::case::Files)>, Failed> {
    let mut solution = files_below(&folder.join("start"))?;
    solution.extend(files_below(&folder.join("solution"))?);
    let mut answers = vec![("solution".to_owned(), solution.clone())];
    if std::env::var_os("CHECKER_ALL_VARIANTS").as_deref() != folder.file_name() {
        return Ok(answers);
    }
    for entry in std::fs::read_dir(folder.join("accepted"))? {
        let folder = entry?.path();
        let mut overlay = files_below(&folder)?;
        let form = overlay.remove("variant.yaml").expect("a description");
        let form = String::from_utf8(form)?;
        let variant: lesson::case::Variant = lesson::parse_form("variant.yaml", &form)?;
        let files = lesson::case::lay_over(&solution, &overlay, &variant.edits, &variant.remove)?;
        answers.push((folder.display().to_string(), files));
    }
    Ok(answers)
}
