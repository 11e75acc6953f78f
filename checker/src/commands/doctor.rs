//! `checker doctor`: what the course needs of this machine, and what is there. It only looks.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anstyle::Style;
use engine::{Deadlines, Machine, Surroundings};
use lesson::Lesson;
use lesson::evidence::{EngineSeen, Evidence, HostPort, ImageSeen, PortHolder};

use crate::Exit;
use crate::capture;
use crate::course::{self, CourseLesson};
use crate::dev;
use crate::output::style::{self, painted};
use crate::workspace::Place;

/// The engine that evidence is read from has to be at least this one.
const OLDEST_ENGINE: (u64, u64) = (20, 10);
/// What the program needs itself, and a browser beside it.
const SPARE_MEMORY: u64 = 1 << 30;

/// What came of one thing that was looked at.
enum Found {
    Good(String),
    /// A lesson will not run; what to do about it.
    Bad(String, String),
    /// It could not be found out, or it may matter.
    Open(String, String),
}

pub fn run(place: &Place, host: Option<&str>) -> anyhow::Result<Exit> {
    let lessons = course::lessons()?;
    let needs = Needs::of(&lessons);
    let surroundings = look(host, &needs)?;
    let mut found = vec![("engine", engine(&surroundings.engine))];
    found.push(("compose", compose()));
    if matches!(surroundings.engine, EngineSeen::Answered { .. }) {
        let machine = &surroundings.machine;
        found.push(("containers", kind(machine)));
        found.push(("memory", memory(machine, needs.memory)));
        found.push(("disk", disk(machine, needs.disk)));
        found.push(("processor", processor(machine)));
        found.extend(ports(&surroundings, &needs.projects).map(|found| ("ports", found)));
        found.extend(images(&surroundings).map(|found| ("images", found)));
    }
    found.push(("workspace", workspace(place)));
    let bad = found
        .iter()
        .filter(|(_, found)| matches!(found, Found::Bad(..)))
        .count();
    for (name, found) in &found {
        print(name, found);
    }
    Ok(if bad == 0 {
        Exit::Success
    } else {
        Exit::Failed
    })
}

fn print(name: &str, found: &Found) {
    let line = |style: Style, word: &str, text: &str| {
        anstream::println!(
            "{}  {name:<10}  {text}",
            painted(style, &format!("{word:<4}"))
        )
    };
    match found {
        Found::Good(text) => line(style::GOOD, "OK", text),
        Found::Bad(text, next) => {
            line(style::BAD, "BAD", text);
            anstream::println!("                  next: {next}");
        }
        Found::Open(text, next) => {
            line(style::OPEN, "LOOK", text);
            anstream::println!("                  next: {next}");
        }
    }
}

/// What the lessons need together; only one runs at a time, so sizes are the largest, not the sum.
struct Needs {
    memory: u64,
    disk: u64,
    images: BTreeSet<String>,
    ports: BTreeSet<HostPort>,
    /// Project names of the lessons: their containers may hold these ports.
    projects: BTreeSet<String>,
}

impl Needs {
    fn of(lessons: &[CourseLesson]) -> Self {
        let largest = |size: fn(&Lesson) -> Option<&String>| {
            let sizes = lessons
                .iter()
                .filter_map(|lesson| compose::units::bytes(size(&lesson.lesson)?).ok());
            sizes.max().unwrap_or_default()
        };
        let mut needs = Self {
            memory: largest(|lesson| lesson.header.needs.memory.as_ref()),
            disk: largest(|lesson| lesson.header.needs.disk.as_ref()),
            images: BTreeSet::new(),
            ports: BTreeSet::new(),
            projects: lessons
                .iter()
                .map(|lesson| lesson.lesson.header.project.clone())
                .collect(),
        };
        for lesson in lessons {
            let evidence: Evidence =
                dev::evidence_of(&lesson.lesson, &lesson.slug, &lesson.solution());
            let wanted = lesson::wanted(&lesson.lesson, &evidence, &lesson::load(&evidence), "");
            needs.images.extend(wanted.images);
            needs.ports.extend(wanted.ports);
        }
        needs
    }
}

fn look(host: Option<&str>, needs: &Needs) -> anyhow::Result<Surroundings> {
    let address = match engine::find(&capture::lookup(host)) {
        Ok(address) => address,
        Err(error) => {
            return Ok(Surroundings {
                engine: EngineSeen::from(error),
                ..Surroundings::default()
            });
        }
    };
    let deadlines = Deadlines::default();
    let looking = engine::look_around(&address, &needs.images, &needs.ports, &deadlines);
    Ok(capture::runtime()?.block_on(looking))
}

fn engine(seen: &EngineSeen) -> Found {
    match seen {
        EngineSeen::NotAsked => Found::Open(
            "nobody asked".to_owned(),
            "run `checker doctor` again".to_owned(),
        ),
        EngineSeen::Silent { reason, next, .. } => Found::Bad(reason.clone(), next.clone()),
        EngineSeen::Answered { address, version } => {
            let word = |name: &str| {
                version
                    .get(name)
                    .and_then(|value| value.as_str())
                    .unwrap_or("?")
                    .to_owned()
            };
            let text = format!(
                "{} (API {}) at {address}",
                word("Version"),
                word("ApiVersion")
            );
            let mut numbers = version
                .get("Version")
                .and_then(|value| value.as_str())
                .unwrap_or_default()
                .split('.');
            let mut number = || numbers.next().and_then(|number| number.parse::<u64>().ok());
            let oldest = format!("{}.{}", OLDEST_ENGINE.0, OLDEST_ENGINE.1);
            match (number(), number()) {
                (Some(major), Some(minor)) if (major, minor) < OLDEST_ENGINE => Found::Bad(
                    text,
                    format!("update the engine: the course needs {oldest} or newer"),
                ),
                _ => Found::Good(text),
            }
        }
    }
}

fn compose() -> Found {
    let output = Command::new("docker")
        .args(["compose", "version", "--short"])
        .output();
    let install = "install the Compose plugin: https://docs.docker.com/compose/install/";
    match output {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout)
                .trim()
                .trim_start_matches('v')
                .to_owned();
            let major = version
                .split('.')
                .next()
                .and_then(|major| major.parse::<u64>().ok());
            match major {
                Some(major) if major >= 2 => Found::Good(version),
                _ => Found::Bad(format!("version {version}"), install.to_owned()),
            }
        }
        Ok(_) => Found::Bad(
            "`docker compose` does not work here".to_owned(),
            install.to_owned(),
        ),
        Err(error) => Found::Bad(
            format!("`docker` cannot be run: {error}"),
            "install Docker: https://docs.docker.com/get-started/get-docker/".to_owned(),
        ),
    }
}

fn kind(machine: &Machine) -> Found {
    match machine.kind.as_deref() {
        Some("windows") => Found::Bad(
            "the engine runs Windows containers".to_owned(),
            "switch Docker Desktop to Linux containers".to_owned(),
        ),
        Some(kind) => {
            let system = machine
                .operating_system
                .as_deref()
                .unwrap_or("unknown system");
            let architecture = machine
                .architecture
                .as_deref()
                .unwrap_or("unknown architecture");
            Found::Good(format!("{kind} on {system}, {architecture}"))
        }
        None => Found::Open(
            "the engine does not say which kind it runs".to_owned(),
            "look at `docker info`".to_owned(),
        ),
    }
}

fn memory(machine: &Machine, needed: u64) -> Found {
    let Some(there) = machine.memory else {
        return Found::Open(
            "the engine does not say how much there is".to_owned(),
            "look at `docker info`".to_owned(),
        );
    };
    let text = format!(
        "{} for containers; the largest lesson needs {}",
        size(there),
        size(needed)
    );
    if there + SPARE_MEMORY < needed {
        return Found::Open(text, "judge that lesson's files alone with `--static-only`, or give Docker Desktop more memory".to_owned());
    }
    Found::Good(text)
}

fn disk(machine: &Machine, needed: u64) -> Found {
    let free = machine
        .data_folder
        .as_deref()
        .map(Path::new)
        .filter(|folder| folder.is_dir())
        .and_then(|folder| fs4::available_space(folder).ok());
    match free {
        Some(free) if free < needed => Found::Bad(
            format!(
                "{} free where images are kept; the largest lesson needs {}",
                size(free),
                size(needed)
            ),
            "`docker system df` shows what takes the room".to_owned(),
        ),
        Some(free) => Found::Good(format!("{} free where images are kept", size(free))),
        None => Found::Open(
            format!(
                "the engine keeps its images where this program cannot look; the largest lesson needs {}",
                size(needed)
            ),
            "`docker system df` shows what is used".to_owned(),
        ),
    }
}

/// Milvus' search engine is compiled for processors with SSE4.2; without it the server ends with an illegal instruction.
fn processor(machine: &Machine) -> Found {
    let count = machine
        .processors
        .map(|count| format!("{count} processors"))
        .unwrap_or_default();
    #[cfg(target_arch = "x86_64")]
    {
        let missing = !std::arch::is_x86_feature_detected!("sse4.2");
        if missing {
            return Found::Bad(
                format!("{count}, without SSE4.2"),
                "Milvus needs a processor with SSE4.2; the other lessons run".to_owned(),
            );
        }
        Found::Good(format!("{count} with SSE4.2"))
    }
    #[cfg(not(target_arch = "x86_64"))]
    Found::Good(count)
}

fn ports<'a>(
    surroundings: &'a Surroundings,
    lessons: &'a BTreeSet<String>,
) -> impl Iterator<Item = Found> + 'a {
    let by_lesson = |holder: &PortHolder| matches!(holder, PortHolder::Container { project: Some(project), .. } if lessons.contains(project));
    let held = surroundings
        .ports
        .iter()
        .filter(move |seen| seen.holder != PortHolder::Nobody && !by_lesson(&seen.holder));
    held.map(|seen| {
        let port = seen.port.port;
        match &seen.holder {
            PortHolder::Container {
                name,
                project: Some(project),
                ..
            } => Found::Open(
                format!("{port} is held by {name} of the project {project}"),
                format!("`docker compose -p {project} down` frees it"),
            ),
            PortHolder::Container { name, .. } | PortHolder::Own(name) => Found::Open(
                format!("{port} is held by the container {name}"),
                format!("`docker stop {name}` frees it"),
            ),
            PortHolder::Program | PortHolder::Nobody => Found::Open(
                format!("{port} is held by a program of this machine"),
                "stop it, or publish another host port in the lesson's file".to_owned(),
            ),
        }
    })
}

fn images(surroundings: &Surroundings) -> impl Iterator<Item = Found> + '_ {
    let (absent, present): (Vec<_>, Vec<_>) = surroundings
        .images
        .iter()
        .partition(|(_, seen)| matches!(seen, ImageSeen::Absent));
    let absent: Vec<_> = absent.into_iter().map(|(name, _)| name.as_str()).collect();
    let there = (!present.is_empty()).then(|| {
        Found::Good(format!(
            "{} of {} are here",
            present.len(),
            surroundings.images.len()
        ))
    });
    let missing = (!absent.is_empty()).then(|| {
        Found::Open(
            format!("not here yet: {}", absent.join(", ")),
            "`docker compose up` pulls them, and builds those that a lesson builds; `docker compose pull` does the pulling beforehand".to_owned(),
        )
    });
    there.into_iter().chain(missing)
}

fn workspace(place: &Place) -> Found {
    match place.workspace() {
        Ok(workspace) => Found::Good(workspace.root().display().to_string()),
        Err(_) => Found::Open(
            "none here".to_owned(),
            "`checker init` makes one".to_owned(),
        ),
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are shown with one digit")]
fn size(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / f64::from(1 << 30))
}
