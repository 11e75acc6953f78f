//! `no-orphans`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::container::{Container, Status};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "no-orphans",
    what: "No container runs of a service that the file had once and does not have any more.",
    why: "`docker compose up` starts what the file says and leaves the rest alone. What ran before runs on, with its ports, its memory and its data.",
    mend: "Run `docker compose up -d --remove-orphans`.",
    leave: "Where several files are used in turn under one project name.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| judge(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

fn judge(scene: &Scene<'_>) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let Some(project) = scene.project() else {
        return Judged::not_seen("the file does not load", "run `docker compose config`");
    };
    let is_known = |service: &str| {
        let mut left_out = project.disabled_services().map(|(name, _)| name);
        project.service(service).is_some() || left_out.any(|name| name == service)
    };
    let containers = scene.evidence.world.containers.iter();
    let orphans = containers.map(Container::new).filter(|container| {
        let is_up = matches!(
            container.status(),
            Status::Running | Status::Restarting | Status::Paused
        );
        is_up && !is_known(container.service())
    });
    let mismatches = orphans.map(|container| {
        let spot = Spot::Container {
            name: container.name().to_owned(),
            lines: Vec::new(),
        };
        let found = format!(
            "it runs on, and the file has no service `{}` any more",
            container.service()
        );
        Mismatch::new(spot, found, "containers of the services in the file")
            .next("run `docker compose up -d --remove-orphans`")
    });
    Judged::from_mismatches(mismatches.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, on_containers};

    fn on(service: &str, status: &str) -> Judged {
        let file = "services: {web: {image: x}, tests: {image: x, profiles: [test]}}";
        let container = json!({
            "Name": format!("/test-{service}-1"),
            "State": {"Status": status},
            "Config": {"Labels": {"com.docker.compose.service": service}},
        });
        on_containers("no-orphans", json!({}), file, &[container])
    }

    #[test]
    fn what_the_file_had_once_is_told_as_long_as_it_runs() {
        holds(on("web", "running"));
        holds(on("tests", "running"));
        holds(on("milvus", "exited"));
        for status in ["running", "restarting", "paused"] {
            finds(on("milvus", status), "no service `milvus` any more");
        }
    }
}
