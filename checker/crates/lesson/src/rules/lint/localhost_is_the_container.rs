//! `localhost-is-the-container`

use compose::Service;

use super::known;
use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::address::{Endpoint, endpoints, network_owner};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "localhost-is-the-container",
        what: "No address of a database, a store or a queue leads to `localhost` when that runs in another service.",
        why: "Inside a container `localhost` is the container itself. The other service has a container and an address of its own, which its name stands for.",
        mend: "Write the other service's name in the place of `localhost`.",
        leave: "Where the program itself listens there, or a proxy beside it.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// Schemes of addresses that programs use among themselves; a page's own address may well be `localhost`.
const BETWEEN_PROGRAMS: [&str; 16] = [
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "kafka",
    "nats",
    "mssql",
    "bolt",
    "neo4j",
    "memcached",
    "clickhouse",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        if service.network_mode() == Some("host") {
            continue;
        }
        for (name, node) in service.environment_all() {
            let value = node.scalar_text().unwrap_or_default();
            let Some((port, host)) = leads_back(name, &value) else {
                continue;
            };
            let other = services(scene)
                .into_iter()
                .find(|other| is_at(scene, &service, other, port.as_deref(), name));
            if let Some(other) = other {
                let found = format!(
                    "`{host}` in `{name}` is this container itself, and `{}` is another one",
                    other.name()
                );
                let next = format!("write `{}` in the place of `{host}`", other.name());
                remarks.push(Remark::of(&service, node.span(), found).next(next));
            }
        }
    }
    remarks
}

/// The port and host of an address that leads to the container itself.
fn leads_back(name: &str, value: &str) -> Option<(Option<String>, String)> {
    let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
    let scheme = value
        .split_once("://")
        .map(|(scheme, _)| scheme.to_lowercase());
    match scheme {
        Some(scheme) => {
            let scheme = scheme
                .split('+')
                .next()
                .unwrap_or_default()
                .trim_start_matches("jdbc:");
            let Endpoint { host, port, .. } = endpoints(value).into_iter().next()?;
            (BETWEEN_PROGRAMS.contains(&scheme) && loopback(&host)).then_some((port, host))
        }
        None => {
            let is_host = name.to_uppercase().ends_with("_HOST")
                || name.to_uppercase().ends_with("_HOSTNAME");
            (is_host && loopback(value)).then(|| (None, value.to_owned()))
        }
    }
}

/// Whether another service is what an address means: by the port it is known for, or by the name of the variable.
fn is_at(
    scene: &Scene<'_>,
    service: &Service<'_>,
    other: &Service<'_>,
    port: Option<&str>,
    variable: &str,
) -> bool {
    let shares_localhost =
        network_owner(scene, *service).name() == network_owner(scene, *other).name();
    if other.name() == service.name() || shares_localhost {
        return false;
    }
    let Some(known) = known::of(other).filter(|known| !known.is_page) else {
        return false;
    };
    // The same program may run in both, and then it means its own.
    let is_own = known::of(service).is_some();
    let by_name = || {
        let variable = variable.to_lowercase();
        let name = other.name().to_lowercase();
        let base = known::image(other)
            .map(|image| image.base_name().to_owned())
            .unwrap_or_default();
        [name.as_str(), base.as_str(), "db_host", "database_host"]
            .iter()
            .any(|word| word.len() > 1 && variable.contains(word))
    };
    !is_own
        && match port {
            Some(port) => known.ports.iter().any(|known| known.to_string() == port),
            None => by_name(),
        }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn with(environment: &str) -> String {
        format!(
            "services: {{web: {{image: x, environment: {environment}}}, db: {{image: 'postgres:17'}}}}"
        )
    }

    #[test]
    fn an_address_that_leads_back_is_told() {
        finds_in(
            &LINT,
            &with("{DATABASE_URL: 'postgresql://ada@localhost:5432/app'}"),
            "`db` is another one",
        );
        finds_in(
            &LINT,
            &with("{POSTGRES_HOST: 127.0.0.1}"),
            "`db` is another one",
        );
        finds_in(&LINT, &with("{DB_HOST: localhost}"), "`db` is another one");
    }

    #[test]
    fn an_address_that_may_be_meant_is_left_alone() {
        silent_in(
            &LINT,
            &with("{DATABASE_URL: 'postgresql://ada@db:5432/app'}"),
        );
        silent_in(&LINT, &with("{PUBLIC_URL: 'http://localhost:5432'}"));
        silent_in(&LINT, &with("{CACHE_HOST: localhost}"));
        silent_in(
            &LINT,
            "services: {web: {image: x, network_mode: 'service:db', environment: {DB_HOST: localhost}}, db: {image: 'postgres:17'}}",
        );
        silent_in(
            &LINT,
            "services: {web: {image: x, network_mode: host, environment: {DB_HOST: localhost}}, db: {image: 'postgres:17', ports: ['5432:5432']}}",
        );
    }
}
