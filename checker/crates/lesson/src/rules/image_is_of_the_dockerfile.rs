//! `image-is-of-the-dockerfile`

use std::collections::BTreeSet;

use compose::units::duration;
use dockerfile::{Command, Form, Instruction, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::{Reads, Rule, judged, parameters};
use crate::image;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "image-is-of-the-dockerfile",
    what: "The image of a service was built from its Dockerfile as it is now: both have the same steps, and settings such as `USER` and `CMD` are the same.",
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
    let mut made = history
        .iter()
        .filter_map(|step| step.get("CreatedBy")?.as_str());
    if made.clone().next().is_some_and(is_of_another_builder) {
        return Judged::not_seen(
            "the image was made by another builder than BuildKit, which tells its steps in another way",
            format!(
                "build it again with BuildKit: `unset DOCKER_BUILDKIT`, then `docker compose up -d --build {service}`"
            ),
        );
    }
    let written = build.kept_instructions();
    for instruction in written.iter().rev().filter(|one| is_told(one)) {
        let done = made.next();
        if done.is_none_or(|done| !is_of(done, instruction)) {
            let done = match done {
                // As in an image that was imported.
                Some(done) if done.trim().is_empty() => "has a step without words".to_owned(),
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

/// Whether the newest step is told as the builder of old, and Buildah, tell them.
fn is_of_another_builder(newest: &str) -> bool {
    newest.starts_with("/bin/sh -c ")
}

/// Whether BuildKit writes an instruction into the history.
fn is_told(instruction: &Instruction) -> bool {
    !matches!(instruction.kind, Kind::From { .. } | Kind::Onbuild(_))
}

/// Whether a step of the history is this instruction. Where variables, quotes or here-documents make the words others than those
/// that are written, the kind has to do.
fn is_of(done: &str, instruction: &Instruction) -> bool {
    let Some(rest) = done.strip_prefix(instruction.keyword.text.as_str()) else {
        return false;
    };
    let rest = rest.trim_end().trim_end_matches("# buildkit");
    match &instruction.kind {
        Kind::Run(command) if command.heredocs.is_empty() => ends_with(rest, &words_of(command)),
        Kind::Copy(copied) | Kind::Add(copied) if copied.heredocs.is_empty() => {
            let words = copied.sources.iter().chain([&copied.destination]);
            let words: Vec<_> = words.map(|word| word.text.as_str()).collect();
            words.iter().any(|word| !is_plain(word)) || ends_with(rest, &words)
        }
        Kind::User(word) => !is_plain(&word.text) || rest.trim() == word.text.trim(),
        Kind::Workdir(word) => {
            let path = word.text.trim().trim_end_matches('/');
            !is_plain(path) || !path.starts_with('/') || rest.trim() == path
        }
        Kind::Env(variables) => variables.iter().all(|variable| {
            let value = variable.value.as_ref().map_or("", |value| &value.text);
            !is_plain(value) || rest.contains(&format!("{}={value}", variable.name.text))
        }),
        // These are told as lists, a shell's line with the shell in front.
        Kind::Cmd(command) | Kind::Entrypoint(command) if command.heredocs.is_empty() => {
            let words = words_of(command).concat();
            let told = match &command.form {
                Form::Shell(_) => behind_the_shell(rest),
                Form::Exec(_) => rest,
            };
            !is_quotable(&words) || letters(told) == letters(&words)
        }
        Kind::Healthcheck(None) => rest.contains("\"NONE\""),
        Kind::Healthcheck(Some(command)) => {
            let words = words_of(command).concat();
            let is_same_test = !is_quotable(&words) || letters(rest).contains(&letters(&words));
            is_same_test && has_times_of(rest, instruction)
        }
        Kind::Expose(ports) => {
            let written: Option<BTreeSet<String>> =
                ports.iter().map(|word| port(&word.text)).collect();
            let told = rest.trim().trim_start_matches('[').trim_end_matches(']');
            let told: BTreeSet<String> = told.split_whitespace().map(str::to_owned).collect();
            written.is_none_or(|written| written == told)
        }
        _ => true,
    }
}

/// The times of a health check, which follow its test: `… ] "5s" "0s" "20s" "0s" '\x03'}`. One that is not written is 0.
fn has_times_of(told: &str, instruction: &Instruction) -> bool {
    let Some((_, behind)) = told.rsplit_once(']') else {
        return true;
    };
    let told = behind.split('"').skip(1).step_by(2);
    let mut flags = ["interval", "timeout", "start-period", "start-interval"].iter();
    told.zip(flags.by_ref()).all(|(told, name)| {
        let written = instruction
            .flag(name)
            .and_then(|flag| flag.value.as_deref());
        let written = written.unwrap_or("0s");
        match (duration(written), duration(told)) {
            (Ok(written), Ok(told)) => written == told,
            _ => true,
        }
    })
}

/// `8000` as `8000/tcp`. None for a range, and where a variable is in it.
fn port(word: &str) -> Option<String> {
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let is_number = number.bytes().all(|letter| letter.is_ascii_digit());
    is_number.then(|| format!("{number}/{}", protocol.to_lowercase()))
}

fn words_of(command: &Command) -> Vec<&str> {
    match &command.form {
        Form::Shell(line) => vec![line.text.as_str()],
        Form::Exec(words) => words.iter().map(|word| word.text.as_str()).collect(),
    }
}

/// Whether a step ends with these words, and has nothing in front of them but options, the arguments of the build and a shell
/// (`/bin/sh -c`).
fn ends_with(text: &str, words: &[&str]) -> bool {
    let split =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let text = split(text);
    let front = text.strip_suffix(split(&words.join(" ")).as_slice());
    front.is_some_and(|front| {
        let last = front.last();
        last.is_none_or(|word| word.starts_with('-') || word.contains('='))
    })
}

/// The line in a list such as `["/bin/sh" "-c" "python app.py"]`.
fn behind_the_shell(list: &str) -> &str {
    let option = list.match_indices(" \"-").find_map(|(at, _)| {
        let end = at + 2 + list[at + 2..].find('"')?;
        list[..end].ends_with('c').then_some(end)
    });
    option.map_or(list, |end| &list[end..])
}

/// Whether a word is told as it is written.
fn is_plain(word: &str) -> bool {
    !word.contains(['$', '"', '\'', '\\'])
}

/// Whether lists tell a text letter by letter, but for quotes and backslashes.
fn is_quotable(text: &str) -> bool {
    text.chars()
        .all(|letter| letter.is_ascii_graphic() || letter == ' ')
}

/// A text without what lists put between their words, and in front of quotes.
fn letters(text: &str) -> String {
    let words = text.split('\\').enumerate();
    let told = words.map(|(at, part)| match at {
        0 => part,
        // The letter behind a backslash may stand for another.
        _ => part.get(1..).unwrap_or_default(),
    });
    let plain = told.collect::<String>();
    plain.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn shortened(text: &str) -> String {
    // Two steps may begin alike.
    const MOST: usize = 200;
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
        on_built(DOCKERFILE, history)
    }

    fn on_built(dockerfile: &str, history: &[&str]) -> Judged {
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

    /// As BuildKit 0.25 tells them.
    #[test]
    fn every_instruction_is_told_in_a_way_of_its_own() {
        let dockerfile = "FROM x\nARG FOO=bar\nENV A=1 B=\"two words\" \\\n    C=$FOO\nENV OLD style value\nLABEL x=y\nWORKDIR /srv/\nWORKDIR sub/${FOO}\n\
            RUN [\"echo\", \"a b\"]\nRUN <<EOF\necho x\nEOF\nCOPY --chmod=644 [\"a b\", \"c\"]\nEXPOSE 8000\nVOLUME /data\nSTOPSIGNAL SIGINT\n\
            USER 10001:10001\nHEALTHCHECK --interval=5s CMD [\"python\", \"-c\", \"print(\\\"\\\\n\\\")\"]\nENTRYPOINT [\"python\", \"-m\"]\nCMD a  \"b\" \\\n   c\nONBUILD RUN true\n";
        let told = [
            r#"CMD ["/bin/sh" "-c" "a  \"b\"    c"]"#,
            r#"ENTRYPOINT ["python" "-m"]"#,
            r#"HEALTHCHECK &{["CMD" "python" "-c" "print(\"\\n\")"] "5s" "0s" "0s" "0s" '\x00'}"#,
            "USER 10001:10001",
            "STOPSIGNAL SIGINT",
            "VOLUME [/data]",
            "EXPOSE [8000/tcp]",
            "COPY --chmod=644 a b c # buildkit",
            "RUN |1 FOO=bar /bin/sh -c echo x\n # buildkit",
            "RUN |1 FOO=bar echo a b # buildkit",
            "WORKDIR /srv/sub/bar",
            "WORKDIR /srv",
            "LABEL x=y",
            "ENV OLD=style value",
            "ENV A=1 B=two words C=bar",
            "ARG FOO=bar",
            "CMD [\"below\"]",
        ];
        holds(on_built(dockerfile, &told));
        for (at, another) in [
            (0, r#"CMD ["/bin/sh" "-c" "a  b    d"]"#),
            (1, r#"ENTRYPOINT ["python3" "-m"]"#),
            (2, r#"HEALTHCHECK &{["NONE"] "0s" "0s" "0s" "0s" '\x00'}"#),
            (3, "USER app"),
            (11, "WORKDIR /app"),
            (14, "ENV A=2 B=two words C=bar"),
        ] {
            let mut older = told;
            older[at] = another;
            finds(on_built(dockerfile, &older), "was made by");
        }
        let mut without_user = told.to_vec();
        without_user.remove(3);
        finds(
            on_built(dockerfile, &without_user),
            "was made by `STOPSIGNAL SIGINT`",
        );
    }

    #[test]
    fn what_stood_in_front_of_the_words_is_a_change_too() {
        let built = [
            r#"CMD ["python" "-c" "app.py"]"#,
            r#"ENTRYPOINT ["/bin/bash" "-ec" "exec python $FILE"]"#,
            "RUN |1 A=b /bin/sh -c sudo pip install x # buildkit",
            "COPY --chmod=644 a b c # buildkit",
        ];
        let dockerfile = "FROM x\nSHELL [\"/bin/bash\", \"-ec\"]\nCOPY a b c\nRUN sudo pip install x\nENTRYPOINT exec python $FILE\nCMD [\"python\", \"-c\", \"app.py\"]\n";
        let mut built_with_shell = built.to_vec();
        built_with_shell.push("SHELL [/bin/bash -ec]");
        holds(on_built(dockerfile, &built_with_shell));
        for (written, changed) in [
            ("[\"python\", \"-c\", \"app.py\"]", "[\"app.py\"]"),
            ("exec python", "python"),
            ("sudo pip", "pip"),
            ("COPY a b c", "COPY b c"),
        ] {
            let dockerfile = dockerfile.replace(written, changed);
            let judged = on_built(&dockerfile, &built_with_shell);
            assert!(matches!(judged, Judged::Fails(_)), "{changed}");
        }
    }

    #[test]
    fn letters_that_are_told_by_their_number_are_not_compared() {
        let dockerfile = "FROM x\nCMD [\"python\", \"ä\\u00a0\"]\n";
        holds(on_built(dockerfile, &[r#"CMD ["python" "ä\u00a0"]"#]));
    }

    #[test]
    fn steps_of_another_builder_are_not_read() {
        let of_old = ["/bin/sh -c #(nop)  CMD [\"python\"]"];
        assert!(matches!(on(&of_old), Judged::Unknown(_)));
    }
}
