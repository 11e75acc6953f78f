//! `probe-tool-is-in-the-image`

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
    let remark = |service: compose::Service<'_>| {
        if service.node().get("build").is_some() {
            return None;
        }
        let image = known::image(&service)?;
        let name = image.familiar_name();
        let tag = image.tag.as_deref().unwrap_or_default();
        let program = match probe(&service)? {
            Probe::Script(script) => script.split_whitespace().next()?.to_owned(),
            Probe::Program(words) => words.first()?.clone(),
        };
        let is_missing = WITHOUT.iter().any(|(names, word, missing)| {
            // Alpine has a small wget.
            let has_it = program == "wget" && tag.contains("alpine");
            names.contains(&name.as_str())
                && tag.contains(word)
                && missing.contains(&program.as_str())
                && !has_it
        });
        let is_installed = words(&service).iter().any(|word| word.contains(&program));
        let found =
            format!("the image `{image}` has no `{program}`, so the container stays unhealthy");
        (is_missing && !is_installed).then(|| Remark::of(&service, probe_span(&service), found))
    };
    services(scene).into_iter().filter_map(remark).collect()
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
