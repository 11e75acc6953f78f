//! `data-is-kept`

use compose::{MountKind, Service};

use super::known;
use super::read::{services, words};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::config_file::holds;
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "data-is-kept",
        what: "A database keeps its data on a volume or a folder of the machine.",
        why: "What is written nowhere else goes with the container: `docker compose down` and the next `up` begin with an empty database. A volume without a name stays behind, but the next container gets a new one.",
        mend: "Mount a named volume at the place where the image keeps its data.",
        leave: "For a database that a test fills and throws away.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Where official images keep what they write, and the variable that moves it.
const KEPT: [(&[&str], &str, &str); 15] = [
    (
        &["mysql", "mariadb", "percona", "mysql/mysql-server"],
        "/var/lib/mysql",
        "",
    ),
    (&["mongo"], "/data/db", ""),
    (
        &[
            "elasticsearch",
            "docker.elastic.co/elasticsearch/elasticsearch",
        ],
        "/usr/share/elasticsearch/data",
        "path.data",
    ),
    (
        &["qdrant/qdrant"],
        "/qdrant/storage",
        "QDRANT__STORAGE__STORAGE_PATH",
    ),
    (&["milvusdb/milvus"], "/var/lib/milvus", ""),
    (&["neo4j"], "/data", ""),
    (&["cassandra"], "/var/lib/cassandra", ""),
    (&["couchdb"], "/opt/couchdb/data", ""),
    (&["bitnami/postgresql"], "/bitnami/postgresql", ""),
    (&["bitnami/mysql"], "/bitnami/mysql/data", ""),
    (&["bitnami/mariadb"], "/bitnami/mariadb", ""),
    (&["bitnami/mongodb"], "/bitnami/mongodb", ""),
    (&["clickhouse/clickhouse-server"], "/var/lib/clickhouse", ""),
    (
        &["opensearchproject/opensearch"],
        "/usr/share/opensearch/data",
        "",
    ),
    (&["mcr.microsoft.com/mssql/server"], "/var/opt/mssql", ""),
];

/// Images of PostgreSQL, whose folder has moved with version 18.
const POSTGRES: [&str; 4] = [
    "postgres",
    "postgis/postgis",
    "pgvector/pgvector",
    "timescale/timescaledb",
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service: Service<'_>| {
        let path = keeps_at(&service)?;
        let mounts = service.mounts();
        // Volumes of another container, and commands that say another place, are not followed.
        let moved = words(&service).iter().any(|word| {
            ["data", "dir", "path"]
                .iter()
                .any(|part| word.contains(part))
        });
        if moved
            || !super::read::items(&service, "volumes_from").is_empty()
            || service.node().get("build").is_some()
        {
            return None;
        }
        // A mount below it keeps a part; which one cannot be told from here.
        let touches = |target: &str| holds(target, &path) || holds(&path, target);
        let mount = mounts
            .iter()
            .filter(|mount| touches(&mount.target))
            .max_by_key(|mount| mount.target.len());
        let Some(mount) = mount else {
            let found = format!("it keeps its data in {path}, where nothing is mounted");
            let span = super::read::key_span(&service, "volumes");
            return Some(Remark::of(&service, span, found));
        };
        let found = match mount.kind {
            MountKind::Volume if mount.source.is_none() => format!(
                "the volume at {} has no name: each new container gets an empty one",
                mount.target
            ),
            MountKind::Tmpfs => format!("it keeps its data in memory, at {}", mount.target),
            _ => return None,
        };
        Some(Remark::of(&service, mount.node.span(), found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

/// The folder in which the service's image keeps its data, where that is known.
fn keeps_at(service: &Service<'_>) -> Option<String> {
    let image = known::image(service)?;
    let name = image.familiar_name();
    if POSTGRES.contains(&name.as_str()) {
        let folder = service
            .environment("PGDATA")
            .and_then(compose::Node::scalar_text);
        let tag = image.tag.as_deref().unwrap_or_default();
        let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
        // Before 18 the image declares a volume at the folder itself, which lies over a mount above it.
        let usual = match digits.parse::<u32>() {
            Ok(version) if version < 18 => "/var/lib/postgresql/data",
            _ => "/var/lib/postgresql",
        };
        return Some(folder.unwrap_or_else(|| usual.to_owned()));
    }
    let (_, path, variable) = KEPT
        .iter()
        .find(|(names, ..)| names.contains(&name.as_str()))?;
    let moved = service
        .environment(variable)
        .and_then(compose::Node::scalar_text);
    Some(moved.unwrap_or_else(|| (*path).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn with_volumes(image: &str, volumes: &str) -> String {
        format!(
            "services: {{db: {{image: '{image}', volumes: {volumes}}}}}\nvolumes: {{kept: {{}}}}\n"
        )
    }

    #[test]
    fn data_that_goes_with_the_container_is_told() {
        finds_in(
            &LINT,
            &with_volumes("postgres:17", "[]"),
            "where nothing is mounted",
        );
        finds_in(
            &LINT,
            &with_volumes("postgres:17", "['kept:/var/lib/postgres']"),
            "where nothing is mounted",
        );
        finds_in(
            &LINT,
            &with_volumes("mysql:8.4", "[/var/lib/mysql]"),
            "has no name",
        );
        finds_in(
            &LINT,
            "services: {db: {image: 'mysql:8.4', tmpfs: [/var/lib/mysql]}}",
            "in memory",
        );
    }

    #[test]
    fn data_that_is_kept_is_left_alone() {
        silent_in(
            &LINT,
            &with_volumes("postgres:17", "['kept:/var/lib/postgresql/data']"),
        );
        silent_in(
            &LINT,
            &with_volumes("postgres:18", "['kept:/var/lib/postgresql']"),
        );
        silent_in(
            &LINT,
            &with_volumes("mysql:8.4", "['./data:/var/lib/mysql']"),
        );
        silent_in(&LINT, &with_volumes("redis:7", "[]"));
        silent_in(
            &LINT,
            "services: {db: {image: 'mongo:8', command: mongod --dbpath /db, volumes: ['./d:/db']}}",
        );
        silent_in(
            &LINT,
            "services: {db: {image: 'postgres:17', environment: {PGDATA: /db/data}, volumes: ['kept:/db']}}\nvolumes: {kept: {}}",
        );
    }
}
