//! `is-built-in-stages`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "is-built-in-stages",
    what: "The image of a service is built in more than one stage: the one that becomes the image takes something from another.",
    why: "What is needed while building only, a compiler above all, stays behind in a stage that is thrown away.",
    mend: "Begin a second stage with another FROM, and take over what the first one made with `COPY --from`.",
    leave: "Where nothing has to be built, and the program is copied as it is.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    if build.plan.needed.len() > 1 {
        return Judged::Holds;
    }
    let stages = build.dockerfile.stages.len();
    let found = match stages {
        1 => "the Dockerfile has one stage, so the image holds everything that building took"
            .to_owned(),
        _ => format!(
            "the file has {stages} stages, and this one takes nothing from the others, so they are not even built"
        ),
    };
    let from = build.dockerfile.stages[build.plan.target].from;
    let expected = "two stages or more, and a COPY --from the one that builds";
    Mismatch::new(scene.spot(from), found, expected).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_files};

    fn on(dockerfile: &str, target: &str) -> Judged {
        let compose = format!("services: {{api: {{build: {{context: .{target}}}}}}}");
        look_at_files(&compose, ("Dockerfile", dockerfile), |scene| {
            (RULE.judge)(scene, &json!({"service": "api"}))
        })
    }

    #[test]
    fn a_stage_counts_when_something_is_taken_from_it() {
        let build = "FROM python:3.12 AS build\nRUN make\n";
        holds(on(
            &format!("{build}FROM python:3.12-slim\nCOPY --from=build /x /x\n"),
            "",
        ));
        holds(on(&format!("{build}FROM build\n"), ""));
        holds(on(
            &format!(
                "{build}FROM python:3.12-slim\nRUN --mount=from=build,target=/w pip install /w/x.whl\n"
            ),
            "",
        ));
        finds(on(build, ""), "has one stage");
        finds(
            on(&format!("{build}FROM python:3.12-slim\nCOPY . .\n"), ""),
            "takes nothing from the others",
        );
        finds(
            on(
                &format!("{build}FROM python:3.12-slim\nCOPY --from=build /x /x\n"),
                ", target: build",
            ),
            "takes nothing",
        );
    }
}
