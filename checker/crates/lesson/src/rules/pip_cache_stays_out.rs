//! `pip-cache-stays-out`

use dockerfile::{BuildMountKind, Instruction, Kind, Step};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::packages;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "pip-cache-stays-out",
    what: "What pip downloads is installed and not kept a second time in the image.",
    why: "pip keeps its downloads for the next time. In a layer there is no next time, only the weight.",
    mend: "Give the step a cache mount, `--mount=type=cache,target=/root/.cache/pip`, or pip the option `--no-cache-dir`.",
    leave: "In a stage that does not become an image.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// Variables that switch the cache off.
const SWITCHES: [&str; 2] = ["PIP_NO_CACHE_DIR", "UV_NO_CACHE"];

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let mut switched_off = false;
    let mut mismatches = Vec::new();
    for instruction in build.kept_instructions() {
        if let Kind::Env(variables) = &instruction.kind {
            let mut names = variables.iter().map(|variable| variable.name.text.as_str());
            switched_off |= names.any(|name| SWITCHES.contains(&name));
        }
        if let Some(step) = keeps_downloads(instruction).filter(|_| !switched_off) {
            mismatches.push(Mismatch::new(
                scene.spot(step.span),
                "pip's downloads stay in the layer of this step",
                "a cache mount for /root/.cache/pip, or `--no-cache-dir`",
            ));
        }
    }
    Judged::from_mismatches(mismatches)
}

/// The step of a RUN that leaves downloads behind.
fn keeps_downloads(run: &Instruction) -> Option<&Step> {
    let command = run.command().filter(|_| run.keyword.text == "RUN")?;
    let step = command.steps.iter().find(|step| {
        packages::pip(step).is_some()
            && !step
                .arguments()
                .iter()
                .any(|word| word.text.starts_with("--no-cache"))
    })?;
    let switched_off = step.assignments.iter().any(|word| {
        let name = word.text.split('=').next().unwrap_or_default();
        SWITCHES.contains(&name)
    });
    let is_mounted = run.mounts().iter().any(|mount| {
        let keeps_out = matches!(mount.kind, BuildMountKind::Cache | BuildMountKind::Tmpfs);
        let target = mount.target.as_deref().unwrap_or_default();
        // Wherever the user's home or an option has the cache, a mount that speaks of one is meant.
        keeps_out && (target.contains("cache") || target.contains("pip"))
    });
    let is_removed = command.steps.iter().any(|step| {
        let names_cache = step
            .arguments()
            .iter()
            .any(|word| word.text.contains(".cache"));
        let purges =
            packages::is_pip(step) && step.arguments().iter().any(|word| word.text == "purge");
        step.program() == Some("rm") && names_cache || purges
    });
    (!switched_off && !is_mounted && !is_removed).then_some(step)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_files};

    fn on(dockerfile: &str) -> Judged {
        look_at_files(
            "services: {api: {build: .}}",
            ("Dockerfile", dockerfile),
            |scene| (RULE.judge)(scene, &json!({"service": "api"})),
        )
    }

    #[test]
    fn every_way_to_keep_downloads_out() {
        for right in [
            "FROM x\nRUN pip install --no-cache-dir flask\n",
            "FROM x\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask\n",
            "FROM x\nRUN PIP_NO_CACHE_DIR=1 pip install flask\n",
            "FROM x\nRUN --mount=type=cache,target=/root/.cache pip install flask\n",
            "FROM x\nRUN --mount=type=cache,target=/pip,id=p pip install --cache-dir /pip flask\n",
            "FROM x\nRUN pip install flask && rm -rf ~/.cache\n",
            "FROM x\nRUN pip install flask && pip cache purge\n",
            "FROM x AS build\nRUN pip install flask\nFROM x\nCOPY --from=build /a /a\n",
        ] {
            holds(on(right));
        }
    }

    #[test]
    fn downloads_that_stay_are_told() {
        finds(on("FROM x\nRUN pip install flask\n"), "downloads stay");
        finds(
            on("FROM x\nRUN pip install flask\nRUN rm -rf /root/.cache\n"),
            "downloads stay",
        );
        finds(
            on("FROM x\nRUN pip install flask\nENV PIP_NO_CACHE_DIR=1\n"),
            "downloads stay",
        );
        finds(
            on("FROM x AS build\nRUN pip install flask\nFROM build\n"),
            "downloads stay",
        );
    }
}
