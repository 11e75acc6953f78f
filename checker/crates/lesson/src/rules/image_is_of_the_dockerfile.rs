//! `image-is-of-the-dockerfile`

use dockerfile::{Form, Instruction, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
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
        ["RUN ", "COPY ", "ADD "]
            .iter()
            .any(|start| step.starts_with(start))
    });
    let written = build.kept_instructions();
    let makes_layer =
        |one: &&&Instruction| matches!(one.kind, Kind::Run(_) | Kind::Copy(_) | Kind::Add(_));
    for instruction in written.iter().rev().filter(makes_layer) {
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
        Kind::Run(command) if command.heredocs.is_empty() => match &command.form {
            Form::Shell(line) => vec![line.text.as_str()],
            Form::Exec(words) => words.iter().map(|word| word.text.as_str()).collect(),
        },
        Kind::Copy(copied) | Kind::Add(copied) if copied.heredocs.is_empty() => {
            let words = copied.sources.iter().chain([&copied.destination]);
            let words: Vec<_> = words.map(|word| word.text.as_str()).collect();
            // Variables are put in there.
            if words.iter().any(|word| word.contains('$')) {
                return true;
            }
            words
        }
        _ => return true,
    };
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let written = words(&written.join(" "));
    let rest = rest.trim_end().trim_end_matches("# buildkit");
    words(rest).ends_with(&written)
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
        look_at_build_and_world(DOCKERFILE, world, |scene| {
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
    fn an_older_image_is_told_where_it_differs() {
        let older = [
            "CMD",
            "RUN /bin/sh -c pip install -r r.txt # buildkit",
            "COPY . . # buildkit",
        ];
        finds(
            on(&older),
            "was made by `RUN /bin/sh -c pip install -r r.txt`",
        );
        finds(on(&["COPY app.py . # buildkit"]), "has fewer steps");
    }
}
