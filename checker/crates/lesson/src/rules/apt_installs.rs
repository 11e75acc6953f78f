//! `apt-reads-fresh-lists`, `apt-lists-are-removed`, `apt-takes-what-is-asked-for`

use dockerfile::{After, BuildMountKind, Command, Instruction, Kind, Step};
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
    judge: |scene, with| {
        judged(with, |parameters| {
            each_run(scene, &parameters, Stages::Built, fresh)
        })
    },
};

pub const LISTS_REMOVED: Rule = Rule {
    name: "apt-lists-are-removed",
    what: "The step that fetches apt's lists of packages removes them again.",
    why: "A layer keeps what its step leaves behind. A later step that removes it adds a note that it is gone; the bytes stay.",
    mend: "End the same RUN with `&& rm -rf /var/lib/apt/lists/*`, or keep the lists in a cache mount.",
    leave: "In a stage that does not become an image.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters| {
            each_run(scene, &parameters, Stages::Kept, removed)
        })
    },
};

pub const NO_RECOMMENDS: Rule = Rule {
    name: "apt-takes-what-is-asked-for",
    what: "apt installs packages without those that they only recommend.",
    why: "Debian's packages recommend others for people at a desk; in an image they are weight, and more to keep up to date.",
    mend: "Write `apt-get install --no-install-recommends …`.",
    leave: "Where the program needs what is recommended; name it then. In a stage that does not become an image.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| {
        judged(with, |parameters| {
            each_run(scene, &parameters, Stages::Kept, without_recommends)
        })
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// Whose steps are looked at.
enum Stages {
    /// All that are built.
    Built,
    /// Those whose layers are in the image.
    Kept,
}

/// What is wrong with a `RUN`, and what would be right.
type Wrong = Option<(compose::Span, &'static str, &'static str)>;

/// Looks at each `RUN`, together with what stands above it in its stage and in those that it starts from.
fn each_run(
    scene: &Scene<'_>,
    Parameters { service }: &Parameters,
    stages: Stages,
    wrong: fn(&Instruction, &Command, &[&Instruction]) -> Wrong,
) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let own = |stage: &usize| build.dockerfile.instructions_of(*stage).len();
    let looked_at: Vec<_> = match stages {
        Stages::Built => build
            .plan
            .needed
            .iter()
            .map(|stage| {
                let all = build.instructions_up_to(*stage);
                (all.len() - own(stage), all)
            })
            .collect(),
        Stages::Kept => vec![(0, build.kept_instructions())],
    };
    let mut mismatches = Vec::new();
    for (first, all) in looked_at {
        for at in first..all.len() {
            let command = all[at].command().filter(|_| all[at].keyword.text == "RUN");
            let wrong = command.and_then(|command| wrong(all[at], command, &all[..at]));
            mismatches.extend(
                wrong.map(|(span, found, expected)| {
                    Mismatch::new(scene.spot(span), found, expected)
                }),
            );
        }
    }
    Judged::from_mismatches(mismatches)
}

/// Whether a folder of the step is one of these mounts, and no part of its layer.
fn is_mounted(run: &Instruction, folder: &str, kinds: &[BuildMountKind]) -> bool {
    run.mounts().iter().any(|mount| {
        let target = mount
            .target
            .as_deref()
            .unwrap_or_default()
            .trim_end_matches('/');
        let is_there = folder == target || folder.starts_with(&format!("{target}/"));
        kinds.contains(&mount.kind) && is_there
    })
}

const LISTS: &str = "/var/lib/apt/lists";

fn fresh(run: &Instruction, command: &Command, _: &[&Instruction]) -> Wrong {
    let told: Vec<_> = command
        .steps
        .iter()
        .filter_map(|step| Some((apt(step)?, step)))
        .collect();
    let (_, install) = told.iter().find(|(what, _)| *what == Apt::Install)?;
    let before = told.iter().take_while(|(what, _)| *what != Apt::Install);
    let updates = before.filter(|(what, _)| *what == Apt::Update).count();
    // Memory is empty when the next step begins.
    let are_kept = is_mounted(run, LISTS, &[BuildMountKind::Cache]);
    (updates == 0 && !are_kept).then_some((
        install.span,
        "this step installs from lists that another step has fetched",
        "`apt-get update &&` before it, in the same RUN",
    ))
}

fn removed(run: &Instruction, command: &Command, _: &[&Instruction]) -> Wrong {
    let at = command
        .steps
        .iter()
        .rposition(|step| apt(step) == Some(Apt::Update))?;
    let removes = command.steps[at..].iter().any(removes_lists);
    let are_elsewhere = is_mounted(run, LISTS, &[BuildMountKind::Cache, BuildMountKind::Tmpfs]);
    (!removes && !are_elsewhere).then_some((
        command.steps[at].span,
        "the lists that this fetches stay in the layer",
        "`rm -rf /var/lib/apt/lists/*` at the end of the same RUN",
    ))
}

/// `rm -rf /var/lib/apt/lists/*`, `find … -delete` there, or apt's own `apt-get dist-clean`; not where it runs only after a failure.
fn removes_lists(step: &Step) -> bool {
    let arguments = || step.arguments().iter().map(|word| word.text.as_str());
    let removes = match step.program() {
        Some("rm") => arguments().any(|word| {
            let rest = word.strip_prefix(LISTS);
            let names_lists = rest.is_some_and(|rest| {
                rest.is_empty()
                    || rest == "/"
                    || (rest.starts_with("/*") && !rest[2..].contains('/'))
            });
            names_lists || matches!(word, "/var/lib/apt" | "/var/lib/apt/" | "/var/lib/apt/*")
        }),
        Some("find") => arguments().any(|word| word.starts_with(LISTS)),
        Some("apt-get" | "apt") => {
            arguments().any(|word| matches!(word, "distclean" | "dist-clean"))
        }
        _ => false,
    };
    removes && step.after != After::Failure
}

fn without_recommends(run: &Instruction, command: &Command, above: &[&Instruction]) -> Wrong {
    if above.iter().chain([&run]).any(|one| configures(one)) {
        return None;
    }
    let install = command.steps.iter().find(|step| {
        let takes_all = !step.arguments().iter().any(|word| {
            let is_of_aptitude = step.program() == Some("aptitude")
                && matches!(word.text.as_str(), "-R" | "--without-recommends");
            word.text == "--no-install-recommends" || is_of_aptitude || switches_off(&word.text)
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

/// Where apt's own configuration lies.
const CONFIGURATION: &str = "/etc/apt/apt.conf";

/// Whether an instruction may tell apt, from then on, that nothing recommended is installed: by a line of apt's configuration, or by
/// a file of it whose content is not known here.
fn configures(instruction: &Instruction) -> bool {
    match &instruction.kind {
        Kind::Run(command) => command.steps.iter().any(|step| {
            let is_apt = matches!(step.program(), Some("apt-get" | "apt" | "aptitude"));
            let mut words = step.words.iter();
            !is_apt && words.any(|word| switches_off(&word.text))
        }),
        Kind::Copy(copied) | Kind::Add(copied) => {
            let mut written = copied.heredocs.iter();
            copied.destination.text.starts_with(CONFIGURATION)
                && written.all(|file| switches_off(&file.content.text))
        }
        _ => false,
    }
}

/// `APT::Install-Recommends=false`, and `APT::Install-Recommends "0";` as apt's configuration has it.
fn switches_off(text: &str) -> bool {
    let text = text.to_lowercase();
    let Some((_, rest)) = text.split_once("install-recommends") else {
        return false;
    };
    let value = rest.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    let end = value.find(|letter: char| !letter.is_alphanumeric());
    matches!(
        &value[..end.unwrap_or(value.len())],
        "0" | "false" | "no" | "off" | "without" | "disable"
    )
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
            "RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/99\nRUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*",
            "RUN apt-get update && apt-get install -y -oAPT::Install-Recommends=no git && apt-get dist-clean",
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
    fn what_looks_like_it_and_does_nothing_is_told() {
        for end in [
            "&& rm -rf /var/lib/apt/lists/partial",
            "|| rm -rf /var/lib/apt/lists/*",
            "&& echo rm -rf /var/lib/apt/lists/*",
        ] {
            let run = format!("RUN apt-get update && apt-get install -y git {end}");
            finds(on(&LISTS_REMOVED, &run), "stay in the layer");
        }
        let on_again = "RUN echo 'APT::Install-Recommends \"1\";' > /etc/apt/apt.conf.d/99 && apt-get install git";
        finds(on(&NO_RECOMMENDS, on_again), "recommend");
        let memory = "RUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get";
        let apart = format!("{memory} update\n{memory} install git");
        finds(on(&FRESH_LISTS, &apart), "another step");
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
        let on_again = heredoc.replace("\"0\"", "\"1\"");
        finds(
            on(&NO_RECOMMENDS, &format!("{on_again}\n{install}")),
            "recommend",
        );
        holds(on(
            &NO_RECOMMENDS,
            &format!("{run}\nFROM x AS y\n{run}\nFROM y\n{install}"),
        ));
        let elsewhere = format!("{run}\nFROM x AS y\n{install}\nFROM y\n{run}");
        finds(on(&NO_RECOMMENDS, &elsewhere), "recommend");
    }

    #[test]
    fn a_stage_that_does_not_become_the_image_may_keep_its_lists() {
        let stages = "RUN apt-get update && apt-get install -y gcc\nFROM x\nCOPY --from=0 /a /a";
        holds(on(&LISTS_REMOVED, stages));
        holds(on(&NO_RECOMMENDS, stages));
    }

    #[test]
    fn a_stage_that_is_not_built_does_not_count() {
        holds(on(&LISTS_REMOVED, "RUN apt-get update\nFROM x"));
    }
}
