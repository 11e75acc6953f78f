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

/// Variables that say where the cache lies.
const FOLDERS: [&str; 2] = ["PIP_CACHE_DIR", "UV_CACHE_DIR"];

/// What the steps above have said of the cache.
#[derive(Default)]
struct Said {
    switched_off: bool,
    folders: Vec<String>,
}

impl Said {
    /// `NAME=value` counts from here on.
    fn variable(&mut self, name: &str, value: &str) {
        self.switched_off |= SWITCHES.contains(&name);
        if FOLDERS.contains(&name) {
            self.folders
                .push(value.trim_matches(['"', '\'']).to_owned());
        }
    }

    fn assignment(&mut self, text: &str) {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        self.variable(name, value);
    }
}

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let mut said = Said::default();
    let mut mismatches = Vec::new();
    for instruction in build.kept_instructions() {
        // An argument of the build is a variable of every RUN below it.
        if let Kind::Env(variables) | Kind::Arg(variables) = &instruction.kind {
            for variable in variables {
                if let Some(value) = &variable.value {
                    said.variable(&variable.name.text, &value.text);
                }
            }
        }
        if let Some(step) = keeps_downloads(instruction, &mut said) {
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
fn keeps_downloads<'r>(run: &'r Instruction, said: &mut Said) -> Option<&'r Step> {
    let command = run.command().filter(|_| run.keyword.text == "RUN")?;
    // An `export` counts to the end of its RUN, pip's configuration from there on.
    let mut here = Said {
        switched_off: said.switched_off,
        folders: said.folders.clone(),
    };
    let mut kept = None;
    for (index, step) in command.steps.iter().enumerate() {
        let arguments = || step.arguments().iter().map(|word| word.text.as_str());
        if step.program() == Some("export") {
            arguments().for_each(|word| here.assignment(word));
        }
        if packages::is_pip(step)
            && arguments().any(|word| word.contains("no-cache-dir"))
            && arguments().any(|word| word == "config")
        {
            said.switched_off = true;
            here.switched_off = true;
        }
        if packages::pip(step).is_none() || arguments().any(|word| word.starts_with("--no-cache")) {
            continue;
        }
        let mut own = Said {
            switched_off: here.switched_off,
            folders: here.folders.clone(),
        };
        step.assignments
            .iter()
            .for_each(|word| own.assignment(&word.text));
        let mut words = arguments();
        while let Some(word) = words.next() {
            match word.strip_prefix("--cache-dir") {
                Some("") => own.folders.extend(words.next().map(str::to_owned)),
                Some(value) => own.folders.push(value.trim_start_matches('=').to_owned()),
                None => {}
            }
        }
        let is_removed = command.steps[index..].iter().any(removes_cache);
        if !own.switched_off && !is_removed && !is_mounted(run, &own.folders) {
            kept = kept.or(Some(step));
        }
    }
    kept
}

/// Whether a mount lies where the downloads go: at a folder that was named, or wherever the user's home has the cache.
fn is_mounted(run: &Instruction, folders: &[String]) -> bool {
    run.mounts().iter().any(|mount| {
        let keeps_out = matches!(mount.kind, BuildMountKind::Cache | BuildMountKind::Tmpfs);
        let target = mount.target.as_deref().unwrap_or_default();
        let target = target.trim_end_matches('/');
        let is_named = folders
            .iter()
            .any(|folder| folder.trim_end_matches('/') == target);
        let is_of_home = target.contains("/.cache") || target == "/root";
        // The builder takes `~` for the name of a folder.
        keeps_out && (is_named || is_of_home) && !target.starts_with('~')
    })
}

fn removes_cache(step: &Step) -> bool {
    let arguments = || step.arguments().iter().map(|word| word.text.as_str());
    let names_cache = arguments().any(|word| word.contains(".cache"));
    let purges = packages::is_pip(step) && arguments().any(|word| word == "purge");
    step.program() == Some("rm") && names_cache || purges
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
            "FROM x\nARG PIP_NO_CACHE_DIR=1\nRUN pip install flask\n",
            "FROM x\nRUN export PIP_NO_CACHE_DIR=1 && pip install flask\n",
            "FROM x\nRUN pip config set global.no-cache-dir true\nRUN pip install flask\n",
            "FROM x\nRUN --mount=type=cache,target=/c PIP_CACHE_DIR=/c pip install flask\n",
            "FROM x\nENV PIP_CACHE_DIR=/c\nRUN --mount=type=cache,target=/c pip install flask\n",
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
        for elsewhere in ["~/.cache/pip", "/var/cache/apt"] {
            let dockerfile =
                format!("FROM x\nRUN --mount=type=cache,target={elsewhere} pip install flask\n");
            finds(on(&dockerfile), "downloads stay");
        }
        finds(
            on("FROM x\nRUN pip cache purge && pip install flask\n"),
            "downloads stay",
        );
    }
}
