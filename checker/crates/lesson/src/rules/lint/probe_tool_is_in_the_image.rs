//! `probe-tool-is-in-the-image`

use compose::image::ImageReference;
use dockerfile::{Instruction, Kind};

use super::known;
use super::read::{Probe, probe, probe_span, services, words};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-tool-is-in-the-image",
        what: "A health check runs a program that its image has.",
        why: "The probe runs inside the container. What the image does not have cannot be started there, and the container stays unhealthy while its program works.",
        mend: "Use what the image brings: `pg_isready`, `redis-cli ping`, `wget` of Alpine, Python's own `urllib`; or install the tool in a Dockerfile of your own.",
        leave: "Where the container installs the tool when it starts.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// Official images, the words that their tags have to hold, and tools that they do not have.
const WITHOUT: [(&[&str], &str, &[&str]); 6] = [
    (
        &["postgres", "redis", "valkey", "debian", "ubuntu"],
        "",
        &["curl", "wget"],
    ),
    (&["mongo"], "", &["curl"]),
    (&["python", "node", "ruby"], "slim", &["curl", "wget"]),
    (
        &["python", "node", "ruby", "golang", "rust"],
        "alpine",
        &["curl"],
    ),
    (&["alpine", "busybox", "memcached"], "", &["curl"]),
    (&["qdrant/qdrant"], "", &["curl", "wget"]),
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service: compose::Service<'_>| match service.node().get("build") {
        Some(_) => in_built_image(scene, &service),
        None => in_named_image(&service),
    };
    services(scene).into_iter().filter_map(remark).collect()
}

fn in_named_image(service: &compose::Service<'_>) -> Option<Remark> {
    let image = known::image(service)?;
    let program = program_of(probe(service)?)?;
    let is_installed = words(service).iter().any(|word| word.contains(&program));
    (lacks(&image, &program) && !is_installed)
        .then(|| Remark::of(service, probe_span(service), told(&image, &program)))
}

/// The probe of the file goes before that of the Dockerfile. Whatever the stages below it may bring along is believed.
fn in_built_image(scene: &Scene<'_>, service: &compose::Service<'_>) -> Option<Remark> {
    let build = scene.build(service.name()).ok()?;
    let configuration = build.configuration();
    let image = ImageReference::parse(configuration.image.as_deref()?).ok()?;
    let (program, span) = match (
        service.node().get("healthcheck"),
        configuration.healthcheck.value(),
    ) {
        (Some(_), _) => (program_of(probe(service)?)?, probe_span(service)),
        (None, Some(check)) => {
            let first = check.command.steps.first()?;
            (first.program()?.to_owned(), check.span)
        }
        (None, None) => return None,
    };
    let text = |span| scene.loaded.sources.text(span).contains(&program);
    let is_brought = |instruction: &Instruction| match instruction.kind {
        Kind::Run(_) | Kind::Add(_) | Kind::Copy(_) => text(instruction.span),
        _ => false,
    };
    let is_there = build.all_instructions().any(is_brought)
        || words(service).iter().any(|word| word.contains(&program));
    (lacks(&image, &program) && !is_there)
        .then(|| Remark::of(service, span, told(&image, &program)))
}

fn program_of(probe: Probe) -> Option<String> {
    match probe {
        Probe::Script(script) => script.split_whitespace().next().map(str::to_owned),
        Probe::Program(words) => words.first().cloned(),
    }
}

fn lacks(image: &ImageReference, program: &str) -> bool {
    let name = image.familiar_name();
    let tag = image.tag.as_deref().unwrap_or_default();
    WITHOUT.iter().any(|(names, word, missing)| {
        // Alpine has a small wget.
        let has_it = program == "wget" && tag.contains("alpine");
        names.contains(&name.as_str())
            && tag.contains(word)
            && missing.contains(&program)
            && !has_it
    })
}

fn told(image: &ImageReference, program: &str) -> String {
    format!("the image `{image}` has no `{program}`, so the container stays unhealthy")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn probed(image: &str, test: &str) -> String {
        format!("services: {{web: {{image: '{image}', healthcheck: {{test: {test}}}}}}}")
    }

    #[test]
    fn a_tool_that_is_not_there_is_told() {
        finds_in(
            &LINT,
            &probed("python:3.12-slim", "[CMD, curl, -f, 'http://localhost/']"),
            "no `curl`",
        );
        finds_in(
            &LINT,
            &probed("postgres:17", "curl -f localhost:5432 || exit 1"),
            "no `curl`",
        );
        finds_in(
            &LINT,
            &probed(
                "qdrant/qdrant:v1.15.4",
                "[CMD, wget, 'http://localhost:6333']",
            ),
            "no `wget`",
        );
        finds_in(
            &LINT,
            &probed("node:22-alpine", "[CMD, curl, -f, 'http://localhost/']"),
            "no `curl`",
        );
    }

    #[test]
    fn an_image_that_is_built_has_what_its_stages_bring() {
        let found = |service: &str, dockerfile: &str| {
            let file = format!("services: {{web: {{build: .{service}}}}}");
            crate::testing::look_at_files(&file, ("Dockerfile", dockerfile), |scene| {
                super::examine(scene).len()
            })
        };
        let probe = "HEALTHCHECK CMD curl -f http://localhost/ || exit 1\n";
        assert_eq!(found("", &format!("FROM python:3.12-slim\n{probe}")), 1);
        assert_eq!(
            found("", &format!("FROM python:3.12-slim AS a\nFROM a\n{probe}")),
            1
        );
        assert_eq!(found("", &format!("FROM python:3.12\n{probe}")), 0);
        let as_list =
            "FROM python:3.12-slim\nHEALTHCHECK CMD [\"curl\", \"-f\", \"http://localhost/\"]\n";
        assert_eq!(found("", as_list), 1);
        let installed = "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl\n";
        assert_eq!(found("", &format!("{installed}{probe}")), 0);
        let other = ", healthcheck: {test: [CMD, python, probe.py]}";
        assert_eq!(found(other, &format!("FROM python:3.12-slim\n{probe}")), 0);
        let in_file = ", healthcheck: {test: [CMD, curl, localhost]}";
        assert_eq!(found(in_file, "FROM python:3.12-slim\n"), 1);
        let elsewhere =
            "FROM python:3.12-slim AS tools\nRUN apt-get install -y curl\nFROM python:3.12-slim\n";
        assert_eq!(
            found("", &format!("{elsewhere}{probe}")),
            1,
            "that stage is not built"
        );
    }

    #[test]
    fn a_tool_that_is_there_or_may_be_is_left_alone() {
        silent_in(
            &LINT,
            &probed("python:3.12", "[CMD, curl, -f, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            &probed("redis:7-alpine", "[CMD, wget, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            &probed("team/postgres:17", "[CMD, curl, -f, 'http://localhost/']"),
        );
        silent_in(
            &LINT,
            "services: {web: {build: ., image: 'python:3.12-slim', healthcheck: {test: curl -f localhost}}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: 'debian:12', command: sh -c 'apt install curl', healthcheck: {test: curl -f localhost}}}",
        );
    }
}
