//! `probe-asks-a-known-route`

use super::known;
use super::read::{Probe, probe, probe_span, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "probe-asks-a-known-route",
        what: "A health check of Milvus, MinIO or Qdrant asks for a path that the program serves.",
        why: "A path that is not served gives 404 for ever: the program works, and its container stays unhealthy.",
        mend: "Ask for the path that the program's documentation names: `/healthz` at port 9091 of Milvus, `/minio/health/live` at port 9000 of MinIO, `/healthz` or `/readyz` at port 6333 of Qdrant.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Problem,
    examine,
};

/// The image's last name, the port for its health, and the paths that are served there.
const ROUTES: [(&str, &str, &[&str]); 3] = [
    (
        "milvus",
        ":9091/",
        &["healthz", "metrics", "webui", "api", "management"],
    ),
    (
        "minio",
        ":9000/minio/health/",
        &["live", "ready", "cluster"],
    ),
    (
        "qdrant",
        ":6333/",
        &[
            "healthz",
            "livez",
            "readyz",
            "metrics",
            "collections",
            "telemetry",
            "cluster",
            "dashboard",
        ],
    ),
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service: compose::Service<'_>| {
        let image = known::image(&service)?;
        let (_, port, paths) = ROUTES
            .iter()
            .find(|(name, ..)| *name == image.base_name())?;
        let text = match probe(&service)? {
            Probe::Script(script) => script,
            Probe::Program(words) => words.join(" "),
        };
        let (_, rest) = text.split_once(port)?;
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')))
            .unwrap_or(rest.len());
        let path = &rest[..end];
        if path.is_empty() || paths.contains(&path) {
            return None;
        }
        let folder = port.find('/').map_or("", |start| &port[start..]);
        let found = format!(
            "`{folder}{path}` is not served: the answer is 404, and the container stays unhealthy"
        );
        Some(Remark::of(&service, probe_span(&service), found))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds_in, silent_in};
    use super::LINT;

    fn probed(image: &str, url: &str) -> String {
        format!(
            "services: {{web: {{image: '{image}', healthcheck: {{test: [CMD, curl, -f, '{url}']}}}}}}"
        )
    }

    #[test]
    fn a_path_that_is_not_served_is_told() {
        finds_in(
            &LINT,
            &probed("milvusdb/milvus:v2.6.19", "http://localhost:9091/healthy"),
            "`/healthy` is not served",
        );
        finds_in(
            &LINT,
            &probed("minio/minio", "http://localhost:9000/minio/health/alive"),
            "`/minio/health/alive`",
        );
    }

    #[test]
    fn a_path_that_is_served_is_left_alone() {
        silent_in(
            &LINT,
            &probed("milvusdb/milvus:v2.6.19", "http://localhost:9091/healthz"),
        );
        silent_in(
            &LINT,
            &probed("minio/minio", "http://localhost:9000/minio/health/live"),
        );
        silent_in(&LINT, &probed("team/app", "http://localhost:9091/healthy"));
    }
}
