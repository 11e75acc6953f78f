//! Tests against a real engine. Without one each is reported as ignored; with `CHECKER_NEEDS_ENGINE=1` it fails instead.

mod support;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Instant;

use engine::{Address, Deadlines, Lookup, collect, find, look_around};
use lesson::evidence::{
    Answer, Bytes, EngineSeen, FileKind, HostPort, ImageSeen, InsideClient, PortHolder, Probe,
    Unanswered, Via, Wanted, WorldSeen,
};
use libtest_mimic::{Arguments, Failed};
use serde_json::Value;
use support::needs_engine::Test;
use support::project::Project;
use support::recorder::Recorder;

/// Everything the tests look at, in one project.
const COMPOSE: &str = r#"
services:
  web:
    image: busybox:1.36
    init: true
    command: [sh, -c, "mkdir /www && echo hello > /www/index.html && echo started && exec httpd -f -p 8080 -h /www"]
    # Nothing listens on 9999.
    ports: ["127.0.0.1::8080", "127.0.0.1::9999"]
    volumes: ["data:/data"]
  hidden:
    image: busybox:1.36
    init: true
    command: [httpd, -f, -p, "8080"]
  sidecar:
    image: busybox:1.36
    init: true
    command: [sleep, "1000"]
    network_mode: service:web
    depends_on: [web]
  ended:
    image: busybox:1.36
    command: [sh, -c, "for line in $$(seq 60); do echo line $$line; done; exit 3"]
  complaining:
    image: busybox:1.36
    command: [sh, -c, "echo last words >&2; exit 1"]
  terminal:
    image: busybox:1.36
    tty: true
    command: [echo, from a terminal]
  quiet:
    image: busybox:1.36
    command: [echo, nobody reads this]
    logging: {driver: none}
volumes:
  data:
"#;

static PROJECT: OnceLock<Result<Project, String>> = OnceLock::new();

fn project() -> Result<&'static Project, Failed> {
    let project = PROJECT.get_or_init(|| {
        let project = Project::up(COMPOSE)?;
        project.compose(&["run", "--detach", "--no-deps", "hidden", "sleep", "1000"])?;
        project
            .compose(&["wait", "ended", "complaining", "terminal", "quiet"])
            .map(drop)
            .or_else(|error| {
                // It gives back the exit codes of what it waited for, and complains where all have ended already.
                match project
                    .compose(&["ps", "--all", "--status", "exited", "--quiet"])?
                    .lines()
                    .count()
                {
                    4 => Ok(()),
                    _ => Err(error),
                }
            })?;
        Ok(project)
    });
    project
        .as_ref()
        .map_err(|error| Failed::from(error.clone()))
}

fn wanted(project: &Project) -> Wanted {
    Wanted {
        project: project.name.clone(),
        folder: project.folder().display().to_string(),
        ..Wanted::default()
    }
}

fn address() -> Result<Address, Failed> {
    Ok(find(&Lookup::of_this_process(None))?)
}

fn run<T>(future: impl Future<Output = T>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}

fn look(wanted: &Wanted) -> Result<WorldSeen, Failed> {
    let address = address()?;
    let seen = run(collect(&address, wanted, &Deadlines::default()))?;
    match &seen.engine {
        EngineSeen::Answered { .. } => Ok(seen),
        other => Err(format!("{other:?}").into()),
    }
}

fn answer(probe: Probe) -> Result<Answer, Failed> {
    let mut wanted = wanted(project()?);
    wanted.probes.insert(probe);
    let seen = look(&wanted)?;
    let answered = seen.answers.into_iter().next().ok_or("no answer at all")?;
    Ok(answered.answer)
}

fn names(containers: &[lesson::evidence::ContainerSeen]) -> Vec<&str> {
    containers
        .iter()
        .filter_map(|seen| seen.inspect.get("Name")?.as_str())
        .map(|name| name.trim_start_matches('/'))
        .collect()
}

fn the_projects_containers_are_seen() -> Result<(), Failed> {
    let project = project()?;
    let seen = look(&wanted(project))?;
    let expected = [
        "complaining",
        "ended",
        "hidden",
        "quiet",
        "sidecar",
        "terminal",
        "web",
    ]
    .map(|service| format!("{}-{service}-1", project.name));
    assert_eq!(
        names(&seen.containers),
        expected,
        "sorted, and without the one-off"
    );
    assert!(seen.strangers.is_empty());
    let lines = |service: &str| {
        let name = format!("/{}-{service}-1", project.name);
        let seen = seen
            .containers
            .iter()
            .find(|seen| seen.inspect.get("Name").and_then(Value::as_str) == Some(&name));
        seen.map(|seen| seen.last_lines.clone()).unwrap_or_default()
    };
    assert_eq!(lines("ended").len(), 40);
    assert_eq!(lines("ended").last().map(String::as_str), Some("line 60"));
    assert_eq!(lines("ended").first().map(String::as_str), Some("line 21"));
    assert_eq!(lines("complaining"), ["last words"]);
    assert_eq!(lines("terminal"), ["from a terminal"]);
    assert!(lines("quiet").is_empty() && lines("web").is_empty());
    Ok(())
}

fn another_folder_is_a_stranger() -> Result<(), Failed> {
    let mut wanted = wanted(project()?);
    wanted.folder = std::env::temp_dir().join("another").display().to_string();
    let seen = look(&wanted)?;
    assert!(seen.containers.is_empty());
    assert_eq!(seen.strangers.len(), 7);
    Ok(())
}

fn images_networks_and_volumes_are_seen() -> Result<(), Failed> {
    let project = project()?;
    let mut wanted = wanted(project);
    wanted.images = ["no-such-image:1.0", "NOT a name?"]
        .map(str::to_owned)
        .into();
    let seen = look(&wanted)?;
    assert!(
        matches!(seen.images.get("busybox:1.36"), Some(ImageSeen::Present(_))),
        "used by containers"
    );
    assert_eq!(
        seen.images.get("no-such-image:1.0"),
        Some(&ImageSeen::Absent)
    );
    assert_eq!(
        seen.images.get("NOT a name?"),
        None,
        "the engine says nothing about what is no name"
    );
    assert!(
        seen.networks
            .contains_key(&format!("{}_default", project.name))
    );
    let volume = seen
        .volumes
        .get(&format!("{}_data", project.name))
        .ok_or("no volume")?;
    assert_eq!(volume.get("Driver").and_then(Value::as_str), Some("local"));
    Ok(())
}

fn http_is_asked_at_the_published_port() -> Result<(), Failed> {
    let probe = |path: &str| Probe::Http {
        service: "web".into(),
        port: 8080,
        path: path.into(),
        inside: None,
    };
    let Answer::Http {
        via: Via::Published(at),
        status: 200,
        content_type,
        body,
    } = answer(probe("/"))?
    else {
        return Err("no page".into());
    };
    assert!(at.starts_with("127.0.0.1:"), "{at}");
    assert_eq!(
        (content_type.as_deref(), body.0.as_slice()),
        (Some("text/html"), b"hello\n".as_slice())
    );
    let missing = answer(probe("/missing"))?;
    assert!(
        matches!(missing, Answer::Http { status: 404, .. }),
        "{missing:?}"
    );
    Ok(())
}

fn a_published_port_without_a_listener_is_closed() -> Result<(), Failed> {
    let http = answer(Probe::Http {
        service: "web".into(),
        port: 9999,
        path: "/".into(),
        inside: None,
    })?;
    assert!(
        matches!(
            http,
            Answer::None(Unanswered::Closed(_) | Unanswered::Refused(_))
        ),
        "{http:?}"
    );
    let tcp = answer(Probe::Tcp {
        service: "web".into(),
        port: 9999,
    })?;
    assert!(
        matches!(
            tcp,
            Answer::Tcp {
                stayed_open: false,
                ..
            } | Answer::None(Unanswered::Refused(_))
        ),
        "{tcp:?}"
    );
    let tcp = answer(Probe::Tcp {
        service: "web".into(),
        port: 8080,
    })?;
    assert!(
        matches!(
            tcp,
            Answer::Tcp {
                stayed_open: true,
                ..
            }
        ),
        "{tcp:?}"
    );
    Ok(())
}

fn a_sidecar_is_reached_at_its_neighbours_port() -> Result<(), Failed> {
    let tcp = answer(Probe::Tcp {
        service: "sidecar".into(),
        port: 8080,
    })?;
    assert!(
        matches!(
            tcp,
            Answer::Tcp {
                stayed_open: true,
                ..
            }
        ),
        "{tcp:?}"
    );
    Ok(())
}

fn what_is_not_published_is_asked_inside_or_not_at_all() -> Result<(), Failed> {
    let probe = |inside| Probe::Http {
        service: "hidden".into(),
        port: 8080,
        path: "/".into(),
        inside,
    };
    assert_eq!(answer(probe(None))?, Answer::None(Unanswered::NotPublished));
    let inside = answer(probe(Some(InsideClient::Curl)))?;
    assert!(
        matches!(&inside, Answer::None(Unanswered::NoSuchProgram(words)) if words.contains("curl")),
        "{inside:?}"
    );
    Ok(())
}

fn what_does_not_run_is_not_asked() -> Result<(), Failed> {
    assert_eq!(
        answer(Probe::Log {
            service: "ended".into(),
            lines: 1
        })?,
        Answer::None(Unanswered::NotRunning)
    );
    assert_eq!(
        answer(Probe::Processes {
            service: "nobody".into()
        })?,
        Answer::None(Unanswered::NotRunning)
    );
    Ok(())
}

fn commands_run_to_their_end() -> Result<(), Failed> {
    let exec = |script: &str| Probe::Exec {
        service: "web".into(),
        command: ["sh", "-c", script].map(str::to_owned).into(),
    };
    let expected = Answer::Exec {
        exit_code: 7,
        stdout: Bytes(b"out\n".to_vec()),
        stderr: Bytes(b"err\n".to_vec()),
    };
    assert_eq!(answer(exec("echo out; echo err >&2; exit 7"))?, expected);
    let Answer::Exec {
        exit_code: 0,
        stdout,
        ..
    } = answer(exec("yes | head -c 1000000"))?
    else {
        return Err("it did not end".into());
    };
    assert_eq!(stdout.0.len(), 64 << 10);
    Ok(())
}

fn logs_and_processes_are_read() -> Result<(), Failed> {
    let log = answer(Probe::Log {
        service: "web".into(),
        lines: 5,
    })?;
    assert_eq!(
        log,
        Answer::Log {
            lines: vec!["started".to_owned()]
        }
    );
    let Answer::Processes { processes } = answer(Probe::Processes {
        service: "web".into(),
    })?
    else {
        return Err("no processes".into());
    };
    let httpd = processes
        .iter()
        .find(|process| process.command.starts_with("httpd -f"))
        .ok_or("no httpd")?;
    assert!(
        processes.iter().any(|process| process.pid == httpd.parent),
        "its parent is the init process"
    );
    assert_eq!(httpd.user, "0", "by number");
    Ok(())
}

/// The container has ended: nothing is started, and nothing of the image is run.
fn files_are_seen_without_running_anything() -> Result<(), Failed> {
    let file = |service: &str, path: &str, contents: bool| {
        answer(Probe::File {
            service: service.into(),
            path: path.into(),
            contents,
        })
    };
    let program = match file("ended", "/bin/busybox", true)? {
        Answer::File(program) => program,
        other => return Err(format!("{other:?}").into()),
    };
    assert_eq!(
        (program.kind, program.uid, program.mode & 0o111),
        (FileKind::File, 0, 0o111)
    );
    assert!(program.size > 64 << 10, "{}", program.size);
    assert_eq!(
        program.contents.map(|contents| contents.0.len()),
        Some(64 << 10),
        "cut, not left out"
    );
    let Answer::File(folder) = file("ended", "/bin", false)? else {
        return Err("no /bin".into());
    };
    assert_eq!((folder.kind, folder.contents), (FileKind::Folder, None));
    for absent in ["/usr/bin/gcc", "/bin/busybox/x", "/no such folder/#?%41"] {
        assert_eq!(file("ended", absent, false)?, Answer::NoFile, "{absent}");
    }
    let Answer::File(written) = file("web", "/www/index.html", true)? else {
        return Err("not what the running container has written".into());
    };
    assert_eq!(written.contents, Some(Bytes(b"hello\n".to_vec())));
    assert_eq!(
        file("nobody", "/", false)?,
        Answer::None(Unanswered::NotRunning)
    );
    Ok(())
}

fn the_kernel_is_asked_about_the_processes() -> Result<(), Failed> {
    let Answer::Exec {
        exit_code: 0,
        stdout,
        ..
    } = answer(Probe::ProcStatus {
        service: "web".into(),
    })?
    else {
        return Err("no answer".into());
    };
    let text = stdout.text();
    for line in ["Name: docker-init", "Name: httpd", "PPid: 1", "CapEff: "] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    Ok(())
}

fn an_images_history_is_told_where_it_is_asked_for() -> Result<(), Failed> {
    let mut wanted = wanted(project()?);
    assert!(look(&wanted)?.histories.is_empty());
    wanted.histories = ["busybox:1.36", "no-such-image:1.0"]
        .map(str::to_owned)
        .into();
    let seen = look(&wanted)?.histories;
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["busybox:1.36"]);
    let steps = seen["busybox:1.36"].as_array().ok_or("no steps")?;
    assert!(steps.iter().all(|step| step.get("CreatedBy").is_some()) && !steps.is_empty());
    Ok(())
}

fn ports_name_their_holders() -> Result<(), Failed> {
    let project = project()?;
    let port = |text: String| -> Result<HostPort, Failed> {
        let port = text.trim().rsplit(':').next().unwrap_or_default().parse()?;
        Ok(HostPort {
            address: "127.0.0.1".into(),
            port,
            protocol: "tcp".into(),
        })
    };
    let own = port(project.compose(&["port", "web", "8080"])?)?;
    let mut wanted = wanted(project);
    wanted.ports.insert(own.clone());
    let holder = |wanted: &Wanted| -> Result<PortHolder, Failed> {
        let seen = look(wanted)?.ports.into_iter().next().ok_or("no port")?;
        assert_eq!(seen.port, own);
        Ok(seen.holder)
    };
    assert_eq!(
        holder(&wanted)?,
        PortHolder::Own(format!("{}-web-1", project.name))
    );
    wanted.folder = "/somewhere/else".to_owned();
    assert_eq!(
        holder(&wanted)?,
        PortHolder::Container {
            name: format!("{}-web-1", project.name),
            project: Some(project.name.clone()),
            folder: Some(project.folder().display().to_string()),
        }
    );
    Ok(())
}

fn a_look_sends_gets_and_declared_commands_only() -> Result<(), Failed> {
    let project = project()?;
    let mut wanted = wanted(project);
    let command = vec!["true".to_owned()];
    wanted.probes = BTreeSet::from([
        Probe::Exec {
            service: "web".into(),
            command: command.clone(),
        },
        Probe::Http {
            service: "hidden".into(),
            port: 8080,
            path: "/x".into(),
            inside: Some(InsideClient::Curl),
        },
        Probe::Log {
            service: "web".into(),
            lines: 3,
        },
        Probe::Processes {
            service: "web".into(),
        },
        Probe::ProcStatus {
            service: "web".into(),
        },
        Probe::File {
            service: "ended".into(),
            path: "/bin/busybox".into(),
            contents: true,
        },
    ]);
    wanted.histories.insert("busybox:1.36".to_owned());
    let socket = address()?
        .host
        .strip_prefix("unix://")
        .map(str::to_owned)
        .ok_or("this test needs a Unix socket")?;
    let (seen, noted) = run(async {
        let recorder = Recorder::start(socket.into()).await?;
        let lookup = Lookup {
            host_flag: Some(recorder.host.clone()),
            ..Lookup::default()
        };
        let seen = collect(&find(&lookup)?, &wanted, &Deadlines::default()).await;
        Ok::<_, Failed>((seen, recorder.noted()))
    })??;
    assert_eq!(seen.answers.len(), 6);
    assert!(noted.len() > 15, "{}", noted.len());
    let declared = [
        command,
        InsideClient::Curl.command(8080, "/x"),
        Probe::proc_status_command(),
    ];
    for request in &noted {
        match request.method.as_str() {
            "GET" => assert!(request.body.is_empty()),
            "POST"
                if request.path.starts_with("/containers/") && request.path.ends_with("/exec") =>
            {
                let body: Value = serde_json::from_slice(&request.body)?;
                let sent: Vec<String> =
                    serde_json::from_value(body.get("Cmd").cloned().unwrap_or_default())?;
                assert!(declared.contains(&sent), "{sent:?} was never declared");
                assert_eq!(body.get("Privileged"), None);
            }
            "POST" => assert!(
                request.path.starts_with("/exec/") && request.path.ends_with("/start"),
                "{request:?}"
            ),
            _ => return Err(format!("{} {}", request.method, request.path).into()),
        }
    }
    assert_eq!(
        noted
            .iter()
            .filter(|request| request.method == "POST")
            .count(),
        6
    );
    Ok(())
}

fn the_engine_is_described() -> Result<(), Failed> {
    let images = BTreeSet::from(["busybox:1.36".to_owned(), "no-such-image:1.0".to_owned()]);
    let address = address()?;
    let seen = run(look_around(
        &address,
        &images,
        &BTreeSet::new(),
        &Deadlines::default(),
    ))?;
    assert!(matches!(seen.engine, EngineSeen::Answered { .. }));
    assert!(
        seen.machine.memory.is_some_and(|bytes| bytes > 1 << 28),
        "{:?}",
        seen.machine
    );
    assert!(seen.machine.processors.is_some_and(|count| count > 0));
    assert!(seen.machine.storage_driver.is_some() && seen.machine.architecture.is_some());
    assert_eq!(seen.images.len(), 2);
    Ok(())
}

/// Prints how long a look takes; the bound is a fence against questions asked one after another, not a promise of speed.
fn a_look_takes_as_long_as_its_slowest_question() -> Result<(), Failed> {
    let mut wanted = wanted(project()?);
    let slow = |seconds: &str| Probe::Exec {
        service: "web".into(),
        command: vec!["sleep".to_owned(), seconds.to_owned()],
    };
    look(&wanted)?;
    let started = Instant::now();
    look(&wanted)?;
    let without = started.elapsed();
    wanted.probes = BTreeSet::from([slow("1"), slow("1.0"), slow("1.00"), slow("01")]);
    let started = Instant::now();
    look(&wanted)?;
    let with = started.elapsed();
    eprintln!("7 containers: {without:?}; with four commands of 1 s each: {with:?}");
    assert!(with.as_secs_f64() < 3.0, "{with:?}");
    Ok(())
}

fn changes_of_its_own_containers_are_told_and_no_others() -> Result<(), Failed> {
    const ONE: &str =
        "services:\n  one: {image: 'busybox:1.36', init: true, command: [sleep, '1000']}\n";
    let (own, other) = (Project::up(ONE)?, Project::up(ONE)?);
    let address = address()?;
    let patience = std::time::Duration::from_secs(20);
    // With threads of its own it is told while Compose works.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let name = own.name.clone();
        let following = tokio::spawn(async move {
            let now = || {
                let _ = tell.send(Instant::now());
            };
            engine::follow(&address, &name, now).await;
        });
        tokio::time::timeout(patience, told.recv())
            .await
            .map_err(|_| "the engine is not listened to")?;
        // What runs in a container, and what happens to others, is no change.
        own.compose(&["exec", "-T", "one", "true"])?;
        other.compose(&["kill"])?;
        let before = Instant::now();
        own.compose(&["kill"])?;
        let first = tokio::time::timeout(patience, told.recv())
            .await
            .map_err(|_| "the end is not told")?
            .ok_or("following has ended")?;
        following.abort();
        assert!(first > before, "told of something else before");
        Ok(())
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [(&str, Test); 18] = [
        (
            "the_projects_containers_are_seen",
            the_projects_containers_are_seen,
        ),
        ("another_folder_is_a_stranger", another_folder_is_a_stranger),
        (
            "images_networks_and_volumes_are_seen",
            images_networks_and_volumes_are_seen,
        ),
        (
            "http_is_asked_at_the_published_port",
            http_is_asked_at_the_published_port,
        ),
        (
            "a_published_port_without_a_listener_is_closed",
            a_published_port_without_a_listener_is_closed,
        ),
        (
            "a_sidecar_is_reached_at_its_neighbours_port",
            a_sidecar_is_reached_at_its_neighbours_port,
        ),
        (
            "what_is_not_published_is_asked_inside_or_not_at_all",
            what_is_not_published_is_asked_inside_or_not_at_all,
        ),
        (
            "what_does_not_run_is_not_asked",
            what_does_not_run_is_not_asked,
        ),
        ("commands_run_to_their_end", commands_run_to_their_end),
        ("logs_and_processes_are_read", logs_and_processes_are_read),
        (
            "files_are_seen_without_running_anything",
            files_are_seen_without_running_anything,
        ),
        (
            "the_kernel_is_asked_about_the_processes",
            the_kernel_is_asked_about_the_processes,
        ),
        (
            "an_images_history_is_told_where_it_is_asked_for",
            an_images_history_is_told_where_it_is_asked_for,
        ),
        ("ports_name_their_holders", ports_name_their_holders),
        (
            "a_look_sends_gets_and_declared_commands_only",
            a_look_sends_gets_and_declared_commands_only,
        ),
        ("the_engine_is_described", the_engine_is_described),
        (
            "a_look_takes_as_long_as_its_slowest_question",
            a_look_takes_as_long_as_its_slowest_question,
        ),
        (
            "changes_of_its_own_containers_are_told_and_no_others",
            changes_of_its_own_containers_are_told_and_no_others,
        ),
    ];
    let conclusion = libtest_mimic::run(&arguments, support::needs_engine::trials(tests));
    take_down();
    conclusion.exit_code()
}

/// A static is never dropped.
fn take_down() {
    if let Some(Ok(project)) = PROJECT.get() {
        project.down();
    }
}
