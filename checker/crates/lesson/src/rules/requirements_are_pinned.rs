//! `requirements-are-pinned`

use std::collections::{BTreeMap, BTreeSet};

use dockerfile::Word;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::build::Build;
use crate::evidence::FileSeen;
use crate::matcher::lenient_version;
use crate::packages::{self, Requirement};
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "requirements-are-pinned",
    what: "Every Python package that a service's image installs has one version, those that others need included.",
    why: "A package without a version is another one next month; and pip chooses the versions of what your packages need by itself, unless a file says them too.",
    mend: "Write down what is installed: `pip freeze` prints every package with its version.",
    leave: "In a library, which has to run beside other versions.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
    /// Packages that the program cannot do without: also those that its packages need.
    packages: Vec<Needed>,
}

/// A package that has to have a version.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Needed {
    /// Always. Its name in small letters.
    Always(String),
    /// Where another package is of such a version; an older one does without.
    With {
        name: String,
        with: String,
        version: semver::VersionReq,
    },
}

impl Needed {
    fn name(&self) -> &str {
        match self {
            Self::Always(name) | Self::With { name, .. } => name,
        }
    }

    /// Whether it comes along, as far as the versions of others tell.
    fn is_needed(&self, pinned: &BTreeMap<String, Option<String>>) -> bool {
        match self {
            Self::Always(_) => true,
            Self::With { with, version, .. } => {
                let other = pinned.get(with).and_then(Option::as_deref);
                let other = other.and_then(lenient_version);
                other.is_some_and(|other| version.matches(&other))
            }
        }
    }
}

/// Tools that install others; which version does it is another matter.
const TOOLS: [&str; 6] = ["pip", "setuptools", "wheel", "uv", "pip-tools", "poetry"];

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let build = match scene.build(&parameters.service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let steps = || {
        let commands = build.all_instructions().filter_map(|one| one.command());
        commands.flat_map(|command| &command.steps)
    };
    // `pip install poetry` installs nothing that the program needs.
    let is_tool =
        |word: &Word| TOOLS.contains(&packages::requirement(&word.text, 0, "").name.as_str());
    let pips = steps().filter_map(packages::pip);
    let pips: Vec<_> = pips
        .filter(|pip| !pip.files.is_empty() || !pip.packages.iter().all(is_tool))
        .collect();
    if pips.is_empty() {
        return with_lock_file(&build, steps());
    }
    let mut read = Read {
        scene,
        build: &build,
        pinned: BTreeMap::new(),
        mismatches: Vec::new(),
        seen: BTreeSet::new(),
    };
    for pip in &pips {
        for file in pip.constraints.iter().chain(&pip.files) {
            if let Err(judged) = read.file(&file.text, scene.spot(file.span)) {
                return judged;
            }
        }
        for word in &pip.packages {
            if word.text.contains(['$', '`']) {
                return Judged::not_seen(
                    format!("`{}` is put in by the shell, and not known here", word.text),
                    "let pip read the file itself: `pip install -r FILE`",
                );
            }
            let requirement = packages::requirement(&word.text, 0, &word.text);
            if !requirement.is_pinned
                && !read.pinned.contains_key(&requirement.name)
                && !TOOLS.contains(&requirement.name.as_str())
            {
                read.mismatches
                    .push(unpinned(&requirement, scene.spot(word.span)));
            }
            if requirement.is_pinned {
                read.pinned.insert(requirement.name, requirement.version);
            }
        }
    }
    let missing: Vec<_> = parameters
        .packages
        .iter()
        .filter(|one| one.is_needed(&read.pinned) && !read.pinned.contains_key(one.name()))
        .map(Needed::name)
        .collect();
    if read.mismatches.is_empty() && !missing.is_empty() {
        let spot = match read.seen.iter().next() {
            Some(path) => Spot::WholeFile { path: path.clone() },
            None => scene.spot(build.dockerfile.stages[build.plan.target].from),
        };
        read.mismatches.push(
            Mismatch::new(
                spot,
                format!(
                    "no version is said for {}: the program needs that, itself or through another package, and pip chooses",
                    missing.join(", ")
                ),
                "every package that is installed, each with its version",
            )
            .next(format!(
                "run `docker compose run --rm {} pip freeze` and compare",
                parameters.service
            )),
        );
    }
    Judged::from_mismatches(read.mismatches)
}

/// Tools with a lock file of their own pin everything.
fn with_lock_file<'s>(
    build: &Build<'_>,
    steps: impl Iterator<Item = &'s dockerfile::Step>,
) -> Judged {
    let programs: BTreeSet<&str> = steps.filter_map(|step| step.program()).collect();
    let locks = [
        ("uv", "uv.lock"),
        ("poetry", "poetry.lock"),
        ("pipenv", "Pipfile.lock"),
        ("pdm", "pdm.lock"),
    ];
    let context = build.context();
    let has_lock = locks.iter().any(|(program, lock)| {
        programs.contains(program)
            && context
                .files()
                .any(|seen| packages::file_name(seen.path) == *lock)
    });
    match has_lock {
        true => Judged::Holds,
        false => Judged::not_seen(
            "no step of the Dockerfile installs Python packages in a way that is known here",
            "look yourself whether a file names every version",
        ),
    }
}

fn unpinned(requirement: &Requirement, spot: Spot) -> Mismatch {
    Mismatch::new(
        spot,
        format!("`{}` fits more than one version", requirement.text),
        format!("one version, as `{}==1.2.3`", requirement.name),
    )
}

/// The files of requirements as they are gone through.
struct Read<'r, 's> {
    scene: &'r Scene<'s>,
    build: &'r Build<'s>,
    /// Packages that have a version, with the version where they name it.
    pinned: BTreeMap<String, Option<String>>,
    mismatches: Vec<Mismatch>,
    seen: BTreeSet<String>,
}

impl Read<'_, '_> {
    fn file(&mut self, name: &str, spot: Spot) -> Result<(), Judged> {
        let Some((path, text)) = self.build.text_in_context(self.scene, name) else {
            return Err(Judged::not_seen(
                format!("{name}, which pip installs from, was not found in the context"),
                "look at its name, and at what is copied",
            ));
        };
        if !self.seen.insert(path.clone()) {
            return Ok(());
        }
        let FileSeen::Text(text) = text else {
            return Err(Judged::not_seen(
                format!("{path} cannot be read"),
                "look at the file",
            ));
        };
        let (requirements, files) = packages::requirements(text);
        for file in files {
            self.file(&file, spot.clone())?;
        }
        for requirement in requirements {
            if requirement.is_pinned {
                self.pinned.insert(requirement.name, requirement.version);
            } else if !self.pinned.contains_key(&requirement.name) {
                let excerpt = text
                    .lines()
                    .nth(requirement.line as usize - 1)
                    .unwrap_or_default()
                    .to_owned();
                let spot = Spot::File {
                    path: path.clone(),
                    line: requirement.line,
                    column: 1,
                    end_column: excerpt.chars().count() as u32 + 1,
                    excerpt,
                };
                self.mismatches.push(unpinned(&requirement, spot));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{finds, holds, look_at_all};

    const INSTALL: &str = "FROM x\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n";
    const ALL: &str = "flask==3.1.0\nwerkzeug==3.1.3\n";

    fn on(dockerfile: &str, more: &[(&str, &str)]) -> Judged {
        on_with(json!(["flask", "werkzeug"]), dockerfile, more)
    }

    fn on_with(packages: Value, dockerfile: &str, more: &[(&str, &str)]) -> Judged {
        let mut files = vec![("Dockerfile", dockerfile), ("app.py", "")];
        files.extend(more);
        look_at_all("services: {api: {build: .}}", &files, |scene| {
            (RULE.judge)(scene, &json!({"service": "api", "packages": packages}))
        })
    }

    #[test]
    fn every_way_to_name_all_versions() {
        holds(on(INSTALL, &[("requirements.txt", ALL)]));
        holds(on(
            INSTALL,
            &[
                ("requirements.txt", "-r base.txt\nFlask==3.1.0\n"),
                ("base.txt", "Werkzeug==3.1.3\n"),
            ],
        ));
        holds(on(
            INSTALL,
            &[
                ("requirements.txt", "-c lock.txt\nflask\n"),
                ("lock.txt", ALL),
            ],
        ));
        let constraints =
            "FROM x\nCOPY *.txt .\nRUN pip install -U pip && pip install -c lock.txt flask\n";
        holds(on(constraints, &[("lock.txt", ALL)]));
        let renamed = "FROM x\nCOPY requirements.lock /tmp/r.txt\nRUN pip install -r /tmp/r.txt\n";
        holds(on(renamed, &[("requirements.lock", ALL)]));
        holds(on(
            "FROM x\nRUN pip install flask==3.1.0 werkzeug==3.1.3\n",
            &[],
        ));
        holds(on(
            "FROM x\nCOPY uv.lock pyproject.toml .\nRUN uv sync --frozen\n",
            &[("uv.lock", "")],
        ));
        holds(on(
            "FROM x\nCOPY poetry.lock pyproject.toml .\nRUN pip install poetry && poetry install\n",
            &[("poetry.lock", "")],
        ));
    }

    #[test]
    fn a_version_is_missing() {
        finds(
            on(INSTALL, &[("requirements.txt", "flask\nwerkzeug==3.1.3\n")]),
            "`flask` fits more than one",
        );
        finds(
            on(
                INSTALL,
                &[("requirements.txt", "flask>=3\nwerkzeug==3.1.3\n")],
            ),
            "`flask>=3`",
        );
        finds(
            on(INSTALL, &[("requirements.txt", "flask==3.1.0\n")]),
            "no version is said for werkzeug",
        );
        finds(
            on("FROM x\nRUN pip install flask\n", &[]),
            "`flask` fits more than one",
        );
    }

    #[test]
    fn what_only_newer_versions_need_is_missed_only_there() {
        let on = |requirements: &str| {
            let needed = json!(["flask", {"name": "blinker", "with": "flask", "version": ">=2.3"}]);
            on_with(needed, INSTALL, &[("requirements.txt", requirements)])
        };
        finds(on("flask==3.1.3\n"), "no version is said for blinker");
        finds(on("flask[async]==2.3\n"), "no version is said for blinker");
        holds(on("flask==3.1.3\nblinker==1.9.0\n"));
        holds(on("flask==2.2.5\n"));
        holds(on("flask @ https://example.org/flask.whl\n"));
    }
}
