//! `apt-reads-fresh-lists`, `apt-lists-are-removed`, `apt-takes-what-is-asked-for`

use dockerfile::{BuildMountKind, Command, Instruction, Step};
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::packages::{Apt, apt};
use crate::scene::{Judged, Mismatch, Scene};

pub const FRESH_LISTS: Rule = Rule {
    name: "apt-reads-fresh-lists",
    what: "Where apt installs packages, the same step fetches the lists of packages first.",
    why: "A step of its own that fetches the lists comes from the cache for months, and then names packages that the server has replaced long ago.",
    mend: "Write `apt-get update && apt-get install …` in one RUN.",
    leave: "Where the lists are kept in a cache mount that the step has.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| each_run(scene, &parameters, fresh)),
};

pub const LISTS_REMOVED: Rule = Rule {
    name: "apt-lists-are-removed",
    what: "The step that fetches apt's lists of packages removes them again.",
    why: "A layer keeps what its step leaves behind. A later step that removes it adds a note that it is gone; the bytes stay.",
    mend: "End the same RUN with `&& rm -rf /var/lib/apt/lists/*`, or keep the lists in a cache mount.",
    leave: "In a stage that does not become an image.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| each_run(scene, &parameters, removed)),
};

pub const NO_RECOMMENDS: Rule = Rule {
    name: "apt-takes-what-is-asked-for",
    what: "apt installs packages without those that they only recommend.",
    why: "Debian's packages recommend others for people at a desk; in an image they are weight, and more to keep up to date.",
    mend: "Write `apt-get install --no-install-recommends …`.",
    leave: "Where the program needs what is recommended; name it then.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters| {
            each_run(scene, &parameters, without_recommends)
        })
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// What is wrong with a `RUN`, and what would be right.
type Wrong = Option<(compose::Span, &'static str, &'static str)>;

fn each_run(
    scene: &Scene<'_>,
    Parameters { service }: &Parameters,
    wrong: fn(&Instruction, &Command) -> Wrong,
) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let runs = build
        .all_instructions()
        .filter(|one| one.keyword.text == "RUN");
    let mismatches = runs.filter_map(|run| {
        let (span, found, expected) = wrong(run, run.command()?)?;
        Some(Mismatch::new(scene.spot(span), found, expected))
    });
    Judged::from_mismatches(mismatches.collect())
}

/// Whether a folder of the step is no part of its layer.
fn is_mounted(run: &Instruction, folder: &str) -> bool {
    run.mounts().iter().any(|mount| {
        let target = mount
            .target
            .as_deref()
            .unwrap_or_default()
            .trim_end_matches('/');
        let keeps_out = matches!(mount.kind, BuildMountKind::Cache | BuildMountKind::Tmpfs);
        keeps_out && (folder == target || folder.starts_with(&format!("{target}/")))
    })
}

const LISTS: &str = "/var/lib/apt/lists";

fn fresh(run: &Instruction, command: &Command) -> Wrong {
    let told: Vec<_> = command
        .steps
        .iter()
        .filter_map(|step| Some((apt(step)?, step)))
        .collect();
    let (_, install) = told.iter().find(|(what, _)| *what == Apt::Install)?;
    let before = told.iter().take_while(|(what, _)| *what != Apt::Install);
    let updates = before.filter(|(what, _)| *what == Apt::Update).count();
    (updates == 0 && !is_mounted(run, LISTS)).then_some((
        install.span,
        "this step installs from lists that another step has fetched",
        "`apt-get update &&` before it, in the same RUN",
    ))
}

fn removed(run: &Instruction, command: &Command) -> Wrong {
    let at = command
        .steps
        .iter()
        .rposition(|step| apt(step) == Some(Apt::Update))?;
    let removes = command.steps[at..].iter().any(removes_lists);
    (!removes && !is_mounted(run, LISTS)).then_some((
        command.steps[at].span,
        "the lists that this fetches stay in the layer",
        "`rm -rf /var/lib/apt/lists/*` at the end of the same RUN",
    ))
}

/// `rm -rf /var/lib/apt/lists/*`, or `find … -delete` there.
fn removes_lists(step: &Step) -> bool {
    let names_lists = step.arguments().iter().any(|word| {
        word.text.starts_with(LISTS)
            || ["/var/lib/apt", "/var/lib/apt/"].contains(&word.text.as_str())
    });
    names_lists && matches!(step.program(), Some("rm" | "find"))
}

fn without_recommends(_: &Instruction, command: &Command) -> Wrong {
    // A line of apt's own configuration says it for all that follow.
    let is_configured = command.steps.iter().any(|step| {
        let mut words = step.words.iter();
        step.program() != Some("apt-get")
            && words.any(|word| word.text.to_lowercase().contains("install-recommends"))
    });
    if is_configured {
        return None;
    }
    let install = command.steps.iter().find(|step| {
        let takes_all = !step.arguments().iter().any(|word| {
            word.text == "--no-install-recommends"
                || word
                    .text
                    .eq_ignore_ascii_case("apt::install-recommends=false")
                || word.text.eq_ignore_ascii_case("apt::install-recommends=0")
        });
        let installs = step.arguments().iter().any(|word| word.text == "install");
        apt(step) == Some(Apt::Install) && installs && takes_all
    })?;
    Some((
        install.span,
        "this installs everything that the packages recommend as well",
        "`--no-install-recommends` behind `install`",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{finds, holds, look_at_files};

    fn on(rule: &Rule, runs: &str) -> Judged {
        let dockerfile = format!("FROM x\n{runs}\n");
        look_at_files(
            "services: {api: {build: .}}",
            ("Dockerfile", dockerfile),
            |scene| (rule.judge)(scene, &json!({"service": "api"})),
        )
    }

    #[test]
    fn everything_in_one_step_is_right() {
        let right = [
            "RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*",
            "RUN apt-get update; \\\n  apt-get -y install --no-install-recommends git; \\\n  rm -rf /var/lib/apt/lists/* /tmp/*",
            "RUN <<EOF\nset -e\napt-get update\napt-get install -y --no-install-recommends git\nrm -rf /var/lib/apt/lists/*\nEOF",
            "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y --no-install-recommends git",
            "RUN [\"/bin/bash\", \"-c\", \"apt update && apt install -y -o APT::Install-Recommends=false git && rm -r /var/lib/apt/lists\"]",
            "RUN echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/99 && apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*",
            "RUN true",
        ];
        for runs in right {
            for rule in [&FRESH_LISTS, &LISTS_REMOVED, &NO_RECOMMENDS] {
                holds(on(rule, runs));
            }
        }
    }

    #[test]
    fn steps_apart_are_not() {
        let apart =
            "RUN apt-get update\nRUN apt-get install -y git\nRUN rm -rf /var/lib/apt/lists/*";
        finds(on(&FRESH_LISTS, apart), "another step has fetched");
        finds(on(&LISTS_REMOVED, apart), "stay in the layer");
        finds(on(&NO_RECOMMENDS, apart), "recommend");
        finds(
            on(
                &LISTS_REMOVED,
                "RUN apt-get update && apt-get install -y git && apt-get clean",
            ),
            "stay in the layer",
        );
        finds(
            on(&FRESH_LISTS, "RUN apt-get install -y git && apt-get update"),
            "another step",
        );
    }

    #[test]
    fn a_stage_that_is_not_built_does_not_count() {
        holds(on(&LISTS_REMOVED, "RUN apt-get update\nFROM x"));
    }
}
