//! What of a project may be a secret, and what is none because it is called so.

use std::collections::BTreeSet;

use compose::{Node, Project, Step};

use super::hidden::Hidden;
use super::names::{is_password, is_secret_name};
use super::places;

/// The secret in the value of an `ENV` or `ARG`. A variable is no secret; what it stands for is given elsewhere.
pub(super) fn secret_in_dockerfile(name: &str, value: &str) -> Option<String> {
    let secret = secret_in(name, value.trim_matches(['"', '\'']))?;
    (!secret.contains('$')).then_some(secret)
}

/// The variables that `secrets:` seems to take, in compose files that may not load.
pub(super) fn seemingly_given<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let lines = texts.flat_map(str::lines);
    lines
        .filter_map(|line| line.trim().strip_prefix("environment:"))
        .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// Every named value of the services that may be a secret: variables, arguments of the build, labels.
pub(super) fn held(project: &Project) -> Vec<(&str, &Node)> {
    let keys = ["environment", "build.args", "labels", "build.labels"];
    let services = project.services();
    let maps = services.flat_map(|service| keys.map(|key| service.node().get(key)));
    let maps = maps.flatten().filter_map(Node::as_mapping);
    maps.flat_map(|map| map.iter().map(|(name, entry)| (name, &entry.value)))
        .collect()
}

/// What is called something in the project: a secret that equals one is no secret there.
pub(super) fn names(project: &Project) -> Vec<String> {
    let mut names = vec![project.name().to_owned()];
    for key in ["networks", "volumes", "secrets", "configs"] {
        let map = project.root().get(key).and_then(Node::as_mapping);
        names.extend(
            map.into_iter()
                .flat_map(|map| map.keys().map(str::to_owned)),
        );
    }
    for service in project.services() {
        names.push(service.name().to_owned());
        names.extend(service.container_name().map(str::to_owned));
        let image = service.image().and_then(Node::as_str).unwrap_or_default();
        names.extend(image.split(['/', ':', '@']).map(str::to_owned));
        let held: BTreeSet<String> = places::of_service(&service)
            .into_iter()
            .map(|held| held.value)
            .collect();
        let words = service.command().into_iter().flatten();
        names.extend(words.filter(|word| !held.contains(word)));
        let mounts = service.mounts();
        let paths = mounts.iter().flat_map(|mount| mount.target.split('/'));
        names.extend(paths.map(str::to_owned));
        // Other settings, as the name of the data base.
        let others = service.environment_all().filter(|(name, node)| {
            let value = node.scalar_text().unwrap_or_default();
            let has_secret = node.origin.steps.iter().any(
                |step| matches!(step, Step::Interpolated { variable, .. } if is_secret_name(variable)),
            );
            !has_secret && !is_login_name(name) && secret_in(name, &value).is_none()
        });
        names.extend(others.filter_map(|(_, value)| value.scalar_text()));
    }
    names
}

/// The secret in a variable: its whole value, or the password of an address such as `postgresql://user:password@host`.
pub(super) fn secret_in(name: &str, value: &str) -> Option<String> {
    let whole = (is_secret_name(name) || is_password(name)).then_some(value);
    let in_address = || {
        let (_, rest) = value.split_once("://")?;
        let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
        login.split_once(':').map(|(_, password)| password)
    };
    whole
        .or_else(in_address)
        .filter(|secret| Hidden::is_secret(secret))
        .map(str::to_owned)
}

/// Whether a variable of this name may hold one half of a login.
pub(super) fn is_login_name(name: &str) -> bool {
    let name = name.to_uppercase();
    [
        "USER", "LOGIN", "ACCESS", "AUTH", "PASS", "SECRET", "TOKEN", "KEY",
    ]
    .iter()
    .any(|word| name.contains(word))
}
