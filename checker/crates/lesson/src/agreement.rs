//! What a running program says of a setting, held against what the file and the command tell it.

use crate::config_file::in_container;
use crate::evidence::Answer;
use crate::format::{Agreement, ExecPlace, Kind};
use crate::live;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::setting;

/// Whether the last word of what a command prints is the value of the setting that it has to agree with.
pub fn judge(scene: &Scene<'_>, exec: &ExecPlace) -> Judged {
    let Some(agreement) = &exec.agrees_with else {
        return Judged::Holds;
    };
    let answer = scene.evidence.world.answer(&live::exec_probe(exec));
    // That nothing was answered is for the matchers to tell.
    let Some(Answer::Exec { stdout, .. }) = answer else {
        return Judged::Holds;
    };
    let said = match setting::read(scene, &agreement.setting) {
        Ok(Some(said)) => said,
        Ok(None) => return Judged::Holds,
        Err(why) => return Judged::not_seen(why, "look at the file yourself"),
    };
    let output = stdout.text();
    let has = last_word(&output);
    if is_same(scene, agreement, &said.text, has) {
        return Judged::Holds;
    }
    if let Some(starting) = scene.still_starting(&exec.service) {
        return Judged::Unknown(starting);
    }
    let told = match &said.spot {
        Spot::File { path, line, .. } => format!("`{}`, as {path}:{line} says", said.text),
        _ => format!("`{}`", said.text),
    };
    let question = format!("`{}` in `{}`", exec.command.join(" "), exec.service);
    Mismatch::new(Spot::Probe { question }, format!("it is `{has}`"), told).into()
}

/// `"maxmemory","67108864"` and a last line `67108864` end in the same word.
fn last_word(output: &str) -> &str {
    let words = output.trim().rsplit(['\n', ',', ' ']);
    words
        .map(|word| word.trim_matches('"'))
        .next()
        .unwrap_or_default()
}

fn is_same(scene: &Scene<'_>, agreement: &Agreement, said: &str, has: &str) -> bool {
    match agreement.kind {
        Kind::Text => said.eq_ignore_ascii_case(has),
        Kind::Size => bytes(said).is_some_and(|said| Some(said) == bytes(has)),
        Kind::Path => scene
            .service(&agreement.setting.service)
            .is_some_and(|service| {
                let file = agreement.setting.config_file.as_ref();
                let folder = file.and_then(|file| file.working_folder.as_deref());
                let written_out = |path| in_container(&service, folder, path);
                written_out(said) == written_out(has)
            }),
    }
}

/// A size as Redis writes it: `k`, `m`, `g` count in thousands, `kb`, `mb`, `gb` in 1024s.
fn bytes(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Answered, Bytes, WorldSeen};
    use crate::testing::{finds, holds, look_at_world};

    /// A Redis that is told something by its command and says something else, or the same.
    fn judged(kind: &str, flag: &str, command: &str, output: &str) -> Judged {
        let place = serde_json::json!({
            "service": "redis", "command": ["redis-cli"],
            "agrees-with": {"kind": kind, "setting": {
                "service": "redis", "flag": flag, "default": "./",
                "config-file": {"program": "redis-server", "ending": ".conf", "working-folder": "/data"},
            }},
        });
        let exec: ExecPlace = serde_json::from_value(place).expect("a place");
        let answer = Answer::Exec {
            exit_code: 0,
            stdout: Bytes(output.as_bytes().to_vec()),
            stderr: Bytes(Vec::new()),
        };
        let world = WorldSeen {
            answers: vec![Answered {
                probe: live::exec_probe(&exec),
                answer,
                took_ms: 1,
            }],
            ..WorldSeen::default()
        };
        let file = format!("services: {{redis: {{image: 'redis:7.4', command: {command}}}}}");
        look_at_world(&file, world, |scene| judge(scene, &exec))
    }

    #[test]
    fn the_same_value_agrees_in_every_spelling() {
        let limit = |said: &str, has: &str| {
            judged("size", "maxmemory", &format!("--maxmemory {said}"), has)
        };
        holds(limit("64mb", "\"maxmemory\",\"67108864\"\n"));
        holds(limit("64M", "maxmemory\n64000000\n"));
        holds(limit("1GB", "1073741824"));
        let folder = |said: &str, has: &str| judged("path", "dir", &format!("--dir {said}"), has);
        holds(folder("/data/", "\"dir\",\"/data\""));
        holds(folder("sub", "/data/sub"));
        holds(judged("path", "dir", "redis-server", "/data"));
        holds(judged(
            "text",
            "appendonly",
            "--appendonly YES",
            "\"appendonly\",\"yes\"",
        ));
    }

    #[test]
    fn another_value_is_told_with_both_sides() {
        let judged = judged(
            "size",
            "maxmemory",
            "--maxmemory 128mb",
            "\"maxmemory\",\"67108864\"",
        );
        let Judged::Fails(mismatches) = &judged else {
            panic!("{judged:?}");
        };
        assert_eq!(mismatches[0].expected, "`128mb`, as compose.yaml:1 says");
        finds(judged, "it is `67108864`");
    }

    #[test]
    fn a_folder_that_redis_still_writes_to_is_told() {
        finds(
            judged("path", "dir", "redis-server", "\"dir\",\"/tmp\""),
            "it is `/tmp`",
        );
    }
}
