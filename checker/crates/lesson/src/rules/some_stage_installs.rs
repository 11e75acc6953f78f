//! `some-stage-installs`

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::build::Build;
use crate::evidence::FileSeen;
use crate::packages::{self, Pip};
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "some-stage-installs",
    what: "Some stage of a service's Dockerfile installs a Python package, whether that stage becomes the image or not.",
    why: "A package that only the tests need belongs into a stage of theirs. One that is thrown out altogether leaves the tests without it.",
    mend: "Begin a stage for the tests, and let it install what they need, from a requirements file of its own.",
    leave: "Where the package is installed elsewhere.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// In small letters.
    package: String,
}

fn judge(scene: &Scene<'_>, Parameters { service, package }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let commands = build
        .dockerfile
        .instructions
        .iter()
        .filter_map(|one| one.command());
    let steps = || commands.clone().flat_map(|command| &command.steps);
    let installs = |pip: &Pip| {
        let named = pip.packages.iter().any(|word| word.text.contains(package));
        named
            || pip
                .files
                .iter()
                .any(|file| may_name(scene, &build, &file.text, package))
    };
    // Other tools have files of their own, and a program of the folder's may ask for more.
    let is_other_way = |words: &str| {
        let tools = [
            "poetry",
            "uv sync",
            "pipenv",
            "pdm",
            "tox",
            "nox",
            "install .",
        ];
        tools.iter().any(|tool| words.contains(tool)) || words.contains(".[")
    };
    let by_step = steps().any(|step| {
        let words: Vec<_> = step.words.iter().map(|word| word.text.as_str()).collect();
        let words = words.join(" ");
        let names_it = words.contains(package) && words.contains("install");
        names_it || is_other_way(&words) || packages::pip(step).is_some_and(|pip| installs(&pip))
    });
    if by_step || has_another(scene, &build) {
        return Judged::Holds;
    }
    let found = format!("no stage of the Dockerfile installs `{package}`");
    let expected = format!("a stage that installs `{package}`");
    let from = build.dockerfile.stages[0].from;
    Mismatch::new(scene.spot(from), found, expected).into()
}

/// Whether a file of requirements names a package, or cannot be read here.
fn may_name(scene: &Scene<'_>, build: &Build<'_>, file: &str, package: &str) -> bool {
    match build.text_in_context(scene, file) {
        Some((_, FileSeen::Text(text))) => {
            let (requirements, files) = packages::requirements(text);
            !files.is_empty() || requirements.iter().any(|one| one.name.contains(package))
        }
        _ => true,
    }
}

/// Whether there is another Dockerfile, which the tests may be built from. What a service is built from that `up` leaves out is not
/// part of the model.
fn has_another(scene: &Scene<'_>, build: &Build<'_>) -> bool {
    let is_another = |path: &str| {
        let name = packages::file_name(path).to_lowercase();
        name.contains("dockerfile")
            && !name.ends_with(".dockerignore")
            && build.path.as_deref().is_none_or(|own| !own.ends_with(path))
    };
    let mut sources = scene.loaded.sources.iter();
    build.listing().entries.keys().any(|path| is_another(path))
        || sources.any(|(_, source)| source.text.contains("dockerfile_inline"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_all};

    const BUILT: &str =
        "services: {api: {build: .}, tests: {profiles: [test], build: {context: ., target: test}}}";

    fn on(compose: &str, dockerfile: &str, requirements: &str) -> Judged {
        let files = [
            ("Dockerfile", dockerfile),
            ("requirements-test.txt", requirements),
            ("requirements.txt", "flask==3\n"),
        ];
        look_at_all(compose, &files, |scene| {
            (RULE.judge)(scene, &json!({"service": "api", "package": "pytest"}))
        })
    }

    #[test]
    fn any_stage_will_do() {
        let api = "FROM x\nRUN pip install -r requirements.txt\n";
        for test in [
            "FROM x AS test\nRUN pip install -r requirements-test.txt\n",
            "FROM x AS test\nRUN pip install pytest==8.3.5\n",
            "FROM x AS test\nRUN apt-get install -y python3-pytest\n",
            "FROM x AS test\nRUN uv sync --group test\n",
            "FROM x AS test\nRUN pip install '.[test]'\n",
        ] {
            holds(on(BUILT, &format!("{test}{api}"), "pytest==8.3.5\n"));
        }
        finds(
            on(BUILT, api, "pytest==8.3.5\n"),
            "no stage of the Dockerfile installs `pytest`",
        );
        let empty = "FROM x AS test\nRUN pip install -r requirements-test.txt\nFROM x\n";
        finds(on(BUILT, empty, "# later\n"), "no stage");
    }

    #[test]
    fn another_dockerfile_may_install_it() {
        let files = [
            ("Dockerfile", "FROM x\n"),
            ("docker/test.Dockerfile", "FROM y\n"),
        ];
        holds(look_at_all(BUILT, &files, |scene| {
            (RULE.judge)(scene, &json!({"service": "api", "package": "pytest"}))
        }));
        let inline = "services: {api: {build: .}, tests: {profiles: [test], build: {dockerfile_inline: FROM y}}}";
        holds(on(inline, "FROM x\n", ""));
    }
}
