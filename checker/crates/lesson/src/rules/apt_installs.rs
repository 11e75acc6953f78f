//! `apt-reads-fresh-lists`, `apt-lists-are-removed`, `apt-takes-what-is-asked-for`

use dockerfile::{BuildMountKind, Command, Instruction, Kind, Step};
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
        judged(with, |Parameters { service }| {
            let is_asked =
                |_: &Instruction, above: &[&Instruction]| !above.iter().any(|one| configures(one));
            each_run_of(scene, &service, is_asked, without_recommends)
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
    each_run_of(scene, service, |_, _| true, wrong)
}

/// Judges each `RUN` of all stages that are built, together with what stands above it in its stage and in those that this starts
/// from; those that do not count are left out.
fn each_run_of(
    scene: &Scene<'_>,
    service: &str,
    counts: impl Fn(&Instruction, &[&Instruction]) -> bool,
    wrong: fn(&Instruction, &Command) -> Wrong,
) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let mismatches = build.plan.needed.iter().flat_map(|stage| {
        let all = build.instructions_up_to(*stage);
        let below = all.len() - build.dockerfile.instructions_of(*stage).len();
        let runs = (below..all.len())
            .filter(|at| all[*at].keyword.text == "RUN" && counts(all[*at], &all[..*at]));
        let wrong = runs.filter_map(|at| wrong(all[at], all[at].command()?));
        wrong.collect::<Vec<_>>()
    });
    let mismatches =
        mismatches.map(|(span, found, expected)| Mismatch::new(scene.spot(span), found, expected));
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

/// Where apt's own configuration lies.
const CONFIGURATION: &str = "/etc/apt/apt.conf";

/// Whether an instruction may tell apt, for all that follow, to leave out what is recommended: by a line of apt's configuration, or
/// by a file of it whose content is not known here.
fn configures(instruction: &Instruction) -> bool {
    match &instruction.kind {
        Kind::Run(command) => command.steps.iter().any(writes_configuration),
        Kind::Copy(copied) | Kind::Add(copied) => {
            copied.destination.text.starts_with(CONFIGURATION)
        }
        _ => false,
    }
}

fn writes_configuration(step: &Step) -> bool {
    let mut words = step.words.iter();
    step.program() != Some("apt-get")
        && words.any(|word| word.text.to_lowercase().contains("install-recommends"))
}

fn without_recommends(_: &Instruction, command: &Command) -> Wrong {
    if command.steps.iter().any(writes_configuration) {
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
    fn configuration_of_apt_counts_for_the_steps_below_it() {
        let install = "RUN apt-get update && apt-get install -y git";
        let run = "RUN echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/99";
        let heredoc = "COPY <<EOF /etc/apt/apt.conf.d/99\nAPT::Install-Recommends \"0\";\nEOF";
        let copy = "COPY 99-no-recommends /etc/apt/apt.conf.d/";
        for configured in [run, heredoc, copy] {
            holds(on(&NO_RECOMMENDS, &format!("{configured}\n{install}")));
            finds(
                on(&NO_RECOMMENDS, &format!("{install}\n{configured}")),
                "recommend",
            );
        }
        holds(on(
            &NO_RECOMMENDS,
            &format!("{run}\nFROM x AS y\n{run}\nFROM y\n{install}"),
        ));
        let elsewhere = format!("{run}\nFROM x AS y\n{install}\nFROM y\n{run}");
        finds(on(&NO_RECOMMENDS, &elsewhere), "recommend");
    }

    #[test]
    fn a_stage_that_is_not_built_does_not_count() {
        holds(on(&LISTS_REMOVED, "RUN apt-get update\nFROM x"));
    }
}
