//! Reading what rules look at: the keys of a service, the words of a command, the addresses in a value.

use compose::{Node, Project, Service, Span};

use crate::scene::Scene;

/// All services of the project that become containers, also those of profiles.
pub fn services<'a>(scene: &Scene<'a>) -> Vec<Service<'a>> {
    scene
        .project()
        .into_iter()
        .flat_map(Project::services)
        // What a provider sets up runs elsewhere.
        .filter(|service| key(service, "provider").is_none())
        .collect()
}

/// What stands under a key of a service.
pub fn key<'a>(service: &Service<'a>, path: &str) -> Option<&'a Node> {
    service.node().get(path).filter(|node| !node.is_null())
}

/// The items of a list under a key of a service.
pub fn items<'a>(service: &Service<'a>, path: &str) -> &'a [Node] {
    key(service, path)
        .and_then(Node::as_sequence)
        .unwrap_or_default()
}

/// Whether it is `true`, also as a text.
pub fn is_true(node: &Node) -> bool {
    node.as_bool() == Some(true) || node.as_str() == Some("true")
}

/// Where a key of a service is written; the service's name where it is not.
pub fn key_span(service: &Service<'_>, key: &str) -> Span {
    let keys = service.node().as_mapping();
    let entry = keys.and_then(|keys| keys.entry(key));
    entry.map_or(service.key_span(), |entry| entry.key_span)
}

/// The words that the container starts with, as far as the file says them: entrypoint, then command.
pub fn words(service: &Service<'_>) -> Vec<String> {
    let entrypoint = service.entrypoint().unwrap_or_default();
    let command = service.command().unwrap_or_default();
    entrypoint.into_iter().chain(command).collect()
}

/// Where the test of a service's health check is written.
pub fn probe_span(service: &Service<'_>) -> Span {
    let test = key(service, "healthcheck.test");
    test.map_or_else(|| key_span(service, "healthcheck"), Node::span)
}

/// Whether a program is a shell that takes a script after `-c`.
pub fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh")
}
