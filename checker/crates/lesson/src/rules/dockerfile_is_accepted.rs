//! `dockerfile-is-accepted`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Scene};

pub const RULE: Rule = Rule {
    name: "dockerfile-is-accepted",
    what: "A service is built from a Dockerfile of yours that Docker accepts, and from a folder that is there.",
    why: "Docker reads the whole Dockerfile before it builds anything; one line that it does not understand, and there is no image.",
    mend: "Look at the place that is shown; `docker build --check .` says what Docker thinks of it.",
    leave: "Never.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    match scene.build(&parameters.service) {
        Ok(_) => Judged::Holds,
        Err(judged) => judged,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_files};

    fn judged(compose: &str, file: (&str, &str)) -> Judged {
        look_at_files(compose, file, |scene| {
            (RULE.judge)(scene, &json!({"service": "api"}))
        })
    }

    #[test]
    fn wherever_the_dockerfile_is_it_is_found() {
        let dockerfile = "FROM busybox\n";
        for (compose, path) in [
            ("services: {api: {build: .}}", "Dockerfile"),
            ("services: {api: {build: ./app/}}", "app/Dockerfile"),
            (
                "services: {api: {build: {context: app, dockerfile: ../docker/Api.Dockerfile}}}",
                "docker/Api.Dockerfile",
            ),
            ("services: {api: {build: {context: .}}}", "dockerfile"),
        ] {
            let mut files = vec![(path, dockerfile)];
            files.push(("app/app.py", ""));
            let judged = crate::testing::look_at_all(compose, &files, |scene| {
                (RULE.judge)(scene, &json!({"service": "api"}))
            });
            holds(judged);
        }
        let inline =
            "services: {api: {build: {dockerfile_inline: \"FROM busybox\\nRUN true\\n\"}}}";
        holds(judged(inline, ("app.py", "")));
    }

    #[test]
    fn what_docker_refuses_is_told() {
        let build = "services: {api: {build: .}}";
        finds(
            judged(build, ("Dockerfile", "FROM busybox\nRUNN true\n")),
            "`RUNN` is no instruction",
        );
        finds(judged(build, ("app.py", "")), "there is no file Dockerfile");
        finds(
            judged(build, ("Dockerfile", "FROM ${IMAGE}\n")),
            "comes to nothing",
        );
        finds(
            judged("services: {api: {image: busybox}}", ("app.py", "")),
            "has no `build`",
        );
        let target = "services: {api: {build: {context: ., target: last}}}";
        finds(
            judged(target, ("Dockerfile", "FROM busybox AS first\n")),
            "no stage `last`",
        );
        // A stage that is not built is not read.
        let unused = "FROM busybox AS unused\nEXPOSE http\nFROM busybox\n";
        holds(judged(build, ("Dockerfile", unused)));
    }

    #[test]
    fn a_context_elsewhere_is_not_judged() {
        let remote = "services: {api: {build: \"https://example.com/repo.git\"}}";
        assert!(matches!(judged(remote, ("app.py", "")), Judged::Unknown(_)));
    }
}
