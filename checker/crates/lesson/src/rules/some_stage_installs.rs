//! `some-stage-installs`

use dockerfile::Instruction;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::build::Build;
use crate::evidence::FileSeen;
use crate::load::load_with_all_profiles;
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    /// In small letters.
    package: String,
    /// The service that needs it, whether `up` starts that or not. Where the file has it, one of the stages that its image is
    /// made of has to install the package.
    for_service: Option<String>,
}

fn judge(
    scene: &Scene<'_>,
    Parameters {
        service,
        package,
        for_service,
    }: &Parameters,
) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let all = build.dockerfile.instructions.iter();
    if has_another(scene, &build) {
        return Judged::Holds;
    }
    if !installs(scene, &build, all, package) {
        let found = format!("no stage of the Dockerfile installs `{package}`");
        let expected = format!("a stage that installs `{package}`");
        let from = build.dockerfile.stages[0].from;
        return Mismatch::new(scene.spot(from), found, expected).into();
    }
    let everybody = load_with_all_profiles(scene.evidence);
    let scene = Scene {
        evidence: scene.evidence,
        loaded: &everybody,
    };
    let Some(name) = for_service else {
        return Judged::Holds;
    };
    let of_service = match scene.build(name) {
        Ok(of_service) => of_service,
        // It names a stage that is not there, say.
        Err(judged @ Judged::Fails(_)) if scene.service(name).is_some() => return judged,
        Err(_) => return Judged::Holds,
    };
    if installs(&scene, &of_service, of_service.all_instructions(), package) {
        return Judged::Holds;
    }
    let target = of_service.node.child("target");
    let found = match target.and_then(|node| node.as_str()) {
        Some(stage) => {
            format!(
                "`{name}` is built up to the stage `{stage}`, and nothing up to there installs `{package}`"
            )
        }
        None => format!(
            "`{name}` is built from the last stage, and nothing up to there installs `{package}`"
        ),
    };
    Mismatch::new(
        scene.spot_of(target.unwrap_or(of_service.node)),
        found,
        format!("the name of a stage that installs `{package}`"),
    )
    .into()
}

/// Whether one of these instructions installs a package, or does so in a way that is not looked into.
fn installs<'i>(
    scene: &Scene<'_>,
    build: &Build<'_>,
    instructions: impl Iterator<Item = &'i Instruction>,
    package: &str,
) -> bool {
    let by_pip = |pip: &Pip| {
        let named = pip.packages.iter().any(|word| word.text.contains(package));
        let mut files = pip.files.iter();
        named || files.any(|file| may_name(scene, build, &file.text, package))
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
    let commands = instructions.filter_map(|one| one.command());
    let mut steps = commands.flat_map(|command| &command.steps);
    steps.any(|step| {
        let words: Vec<_> = step.words.iter().map(|word| word.text.as_str()).collect();
        let words = words.join(" ");
        let names_it = words.contains(package) && words.contains("install");
        names_it || is_other_way(&words) || packages::pip(step).is_some_and(|pip| by_pip(&pip))
    })
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
            (RULE.judge)(
                scene,
                &json!({"service": "api", "package": "pytest", "for-service": "tests"}),
            )
        })
    }

    #[test]
    fn the_stage_of_the_tests_has_to_be_the_one_that_is_built() {
        let dockerfile = "FROM x AS builder\nRUN pip install -r requirements.txt\nFROM builder AS test\nRUN pip install pytest==8\nFROM x\n";
        holds(on(BUILT, dockerfile, ""));
        let other = BUILT.replace("target: test", "target: builder");
        finds(
            on(&other, dockerfile, ""),
            "built up to the stage `builder`, and nothing up to there installs `pytest`",
        );
        let unknown = BUILT.replace("target: test", "target: tset");
        finds(on(&unknown, dockerfile, ""), "tset");
        let last = BUILT.replace(", target: test", "");
        finds(on(&last, dockerfile, ""), "built from the last stage");
        holds(on("services: {api: {build: .}}", dockerfile, ""));
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
