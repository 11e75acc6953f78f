//! `probe-asks-a-known-route`

use super::dockerfiles::{Probed, probes};
use super::known;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::probe::addresses;
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

/// The image's last name, the port for its health, the folder that the paths lie in, and those that are served there.
const ROUTES: [(&str, u16, &str, &[&str]); 3] = [
    (
        "milvus",
        9091,
        "/",
        &["healthz", "metrics", "webui", "api", "management"],
    ),
    (
        "minio",
        9000,
        "/minio/health/",
        &["live", "ready", "cluster"],
    ),
    (
        "qdrant",
        6333,
        "/",
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
    let remark = |probed: Probed<'_>| {
        let image = known::image(&probed.service)?;
        let (_, port, folder, paths) = ROUTES
            .iter()
            .find(|(name, ..)| *name == image.base_name())?;
        let addresses = addresses(&probed.probe.text);
        let asked = addresses.iter().filter(|asked| asked.port == *port);
        let path = asked
            .filter_map(|asked| asked.path.strip_prefix(folder)?.split('/').next())
            .find(|path| !path.is_empty() && !path.contains('$') && !paths.contains(path))?;
        let found =
            format!("`{folder}{path}` is not served: the answer is 404 whatever the service does");
        Some(Remark::of(&probed.service, probed.span, found))
    };
    probes(scene).into_iter().filter_map(remark).collect()
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
