//! `image-is-of-the-dockerfile`

use dockerfile::{Command, Form, Instruction, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
use crate::config_file::parts;
use crate::image;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "image-is-of-the-dockerfile",
    what: "The image of a service was built from its Dockerfile as it is now: both have the same steps.",
    why: "`docker compose up` builds an image once. What you change in the Dockerfile later reaches it with the next build.",
    mend: "Run `docker compose up -d --build`.",
    leave: "Where the image is built elsewhere.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// The instructions that the history tells of, one entry each.
const TOLD: [&str; 13] = [
    "RUN",
    "COPY",
    "ADD",
    "ENV",
    "ARG",
    "LABEL",
    "WORKDIR",
    "USER",
    "EXPOSE",
    "VOLUME",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
];

fn judge(scene: &Scene<'_>, Parameters { service }: &Parameters) -> Judged {
    let build = match scene.build(service) {
        Ok(build) => build,
        Err(judged) => return judged,
    };
    let image = match image::of_service(scene, service) {
        Ok(image) => image,
        Err(judged) => return judged,
    };
    let history = scene.evidence.world.histories.get(&image.reference);
    let Some(history) = history.and_then(Value::as_array) else {
        return Judged::not_seen(
            "the engine does not tell how the image was made",
            format!("look at `docker history {}`", image.reference),
        );
    };
    // The newest first: what the image below was made of comes last.
    let made = history
        .iter()
        .filter_map(|step| step.get("CreatedBy")?.as_str());
    let mut made = made.filter(|step| {
        let keyword = step.split(' ').next().unwrap_or_default();
        TOLD.contains(&keyword)
    });
    let written = build.kept_instructions();
    let is_told = |one: &&&Instruction| TOLD.contains(&one.keyword.text.as_str());
    for instruction in written.iter().rev().filter(is_told) {
        let done = made.next();
        if done.is_none_or(|done| !is_of(done, instruction)) {
            let done = match done {
                Some(done) => format!("was made by `{}`", shortened(done)),
                None => "has fewer steps".to_owned(),
            };
            return Mismatch::new(
                scene.spot(instruction.keyword.span),
                format!(
                    "the Dockerfile says this, and the image {} {done} in its place",
                    image.reference
                ),
                "an image that was built from the Dockerfile as it is now",
            )
            .next(format!("run `docker compose up -d --build {service}`"))
            .into();
        }
    }
    Judged::Holds
}

/// Whether a step of the history is this instruction. Where variables or here-documents make the words others than those that
/// are written, the kind has to do.
fn is_of(done: &str, instruction: &Instruction) -> bool {
    let Some(rest) = done.strip_prefix(instruction.keyword.text.as_str()) else {
        return false;
    };
    let written = match &instruction.kind {
        Kind::Run(command) | Kind::Cmd(command) | Kind::Entrypoint(command)
            if command.heredocs.is_empty() =>
        {
            words_of(command)
        }
        Kind::Healthcheck(Some(command)) => words_of(command),
        Kind::Copy(copied) | Kind::Add(copied) if copied.heredocs.is_empty() => {
            let words = copied.sources.iter().chain([&copied.destination]);
            words.map(|word| word.text.clone()).collect()
        }
        Kind::Env(variables) => {
            let pairs = variables.iter().map(|one| {
                let value = one.value.as_ref().map_or("", |value| value.text.as_str());
                format!("{}={value}", one.name.text)
            });
            pairs.collect()
        }
        Kind::User(word) => vec![word.text.clone()],
        Kind::Workdir(folder) => {
            let (done, written) = (parts(rest.trim()), parts(&folder.text));
            return folder.text.contains('$') || done.ends_with(&written);
        }
        _ => return true,
    };
    // Variables are put in everywhere but in what a shell runs, which does it itself.
    let is_for_a_shell = matches!(
        instruction.kind,
        Kind::Run(_) | Kind::Cmd(_) | Kind::Entrypoint(_) | Kind::Healthcheck(_)
    );
    if !is_for_a_shell && written.iter().any(|word| word.contains('$')) {
        return true;
    }
    let rest = rest.trim_end().trim_end_matches("# buildkit");
    let (rest, written) = (bare(rest), bare(&written.join(" ")));
    match instruction.kind {
        // How often and how long stands behind the command there.
        Kind::Healthcheck(_) => rest
            .windows(written.len().max(1))
            .any(|words| words == written),
        // In front of the command stand a shell (`/bin/sh -c`) and the arguments of the build; in front of a path, options.
        _ => rest.strip_suffix(written.as_slice()).is_some_and(|front| {
            let last = front.last();
            last.is_none_or(|word| word.starts_with('-') || word.contains('='))
        }),
    }
}

fn words_of(command: &Command) -> Vec<String> {
    match &command.form {
        Form::Shell(line) => vec![line.text.clone()],
        Form::Exec(words) => words.iter().map(|word| word.text.clone()).collect(),
    }
}

/// The words of a line, without the quotes and brackets that the history puts around them.
fn bare(text: &str) -> Vec<String> {
    let is_sign = |letter: char| "[]{}\"'\\&,".contains(letter);
    let plain: String = text.chars().filter(|letter| !is_sign(*letter)).collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let text = text.trim_end().trim_end_matches("# buildkit").trim_end();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evidence::{EngineSeen, ImageSeen, WorldSeen};
    use crate::testing::{finds, holds, look_at_build_and_world};

    const DOCKERFILE: &str = "FROM python:3.11-slim\nCOPY r.txt .\nRUN  pip install \\\n    -r r.txt\nCOPY app.py .\nCMD [\"python\"]\n";

    fn on(history: &[&str]) -> Judged {
        on_both(DOCKERFILE, history)
    }

    fn on_both(dockerfile: &str, history: &[&str]) -> Judged {
        let steps: Vec<_> = history
            .iter()
            .map(|step| json!({"CreatedBy": step}))
            .collect();
        let world = WorldSeen {
            engine: EngineSeen::Answered {
                address: String::new(),
                version: Value::Null,
            },
            images: [(
                "test-api".to_owned(),
                ImageSeen::Present(json!({"Id": "sha256:1"})),
            )]
            .into(),
            histories: [("test-api".to_owned(), Value::from(steps))].into(),
            ..WorldSeen::default()
        };
        look_at_build_and_world(dockerfile, world, |scene| {
            (RULE.judge)(scene, &json!({"service": "api"}))
        })
    }

    #[test]
    fn an_image_of_these_steps_holds() {
        holds(on(&[
            "CMD [\"python\"]",
            "COPY app.py . # buildkit",
            "RUN /bin/sh -c pip install     -r r.txt # buildkit",
            "COPY r.txt . # buildkit",
            "RUN /bin/sh -c something below",
        ]));
    }

    #[test]
    fn settings_are_compared_as_well_as_files() {
        let dockerfile = "FROM x\nENV A=\"b c\" D=e\nWORKDIR /app/\nUSER app\nEXPOSE 80\nHEALTHCHECK --interval=90s CMD curl -f \"http://localhost/\" || exit 1\nENTRYPOINT exec python $FILE\nCMD [\"python\", \"app.py\"]\n";
        let built = [
            "CMD [\"python\" \"app.py\"]",
            "ENTRYPOINT [\"/bin/sh\" \"-c\" \"exec python $FILE\"]",
            "HEALTHCHECK &{[\"CMD-SHELL\" \"curl -f \\\"http://localhost/\\\" || exit 1\"] \"1m30s\" \"0s\"}",
            "EXPOSE [80/tcp]",
            "USER app",
            "WORKDIR /app",
            "ENV A=b c D=e",
            "CMD [\"python3\"]",
        ];
        holds(on_both(dockerfile, &built));
        for (written, changed) in [
            ("app.py\"", "main.py\""),
            ("exec python", "python"),
            ("localhost/", "localhost/health"),
            ("USER app", "USER root"),
            ("/app/", "/srv"),
            ("D=e", "D=f"),
            ("EXPOSE 80\n", ""),
            ("EXPOSE 80", "LABEL a=b\nEXPOSE 80"),
        ] {
            let dockerfile = dockerfile.replace(written, changed);
            assert!(
                matches!(on_both(&dockerfile, &built), Judged::Fails(_)),
                "{changed}"
            );
        }
    }

    #[test]
    fn an_older_image_is_told_where_it_differs() {
        let older = [
            "CMD [\"python\"]",
            "RUN /bin/sh -c pip install -r r.txt # buildkit",
            "COPY . . # buildkit",
        ];
        finds(
            on(&older),
            "was made by `RUN /bin/sh -c pip install -r r.txt`",
        );
        finds(
            on(&["CMD [\"python\"]", "COPY app.py . # buildkit"]),
            "has fewer steps",
        );
    }
}
