//! `redis-probe-logs-in`

use compose::Service;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::format::{ConfigFile, Setting};
use crate::probe::{self, Probe};
use crate::scene::{Judged, Mismatch, Scene};
use crate::setting;

pub const RULE: Rule = Rule {
    name: "redis-probe-logs-in",
    what: "Where Redis asks for a password, its health check gives redis-cli that password.",
    why: "To a client that has not logged in Redis answers NOAUTH, and redis-cli ends with exit code 0 all the same, as it does after any answer.",
    mend: "Put the password into REDISCLI_AUTH, which redis-cli reads, and add `-e`: then an answer that is an error ends with another exit code.",
    leave: "Where the probe only asks whether somebody answers.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    service: String,
}

/// What redis-cli is given to log in with.
enum Login {
    Nothing,
    /// A password that only the container knows.
    Unknown,
    Password(String),
}

fn judge(scene: &Scene<'_>, Parameters { service: name }: &Parameters) -> Judged {
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let wanted = match setting::read(scene, &password_setting(name)) {
        Ok(Some(password)) => password.text,
        Ok(None) => return Judged::Holds,
        Err(text) => return Judged::not_seen(text, "put `--requirepass` into the command"),
    };
    let Some((_, probe)) = probe::of(&service) else {
        return Judged::Holds;
    };
    if !probe.text.contains("redis-cli") {
        return Judged::Holds;
    }
    let fails_on_errors = ["-e", "grep", "PONG"]
        .iter()
        .any(|word| probe.text.contains(word));
    let found = match login(&service, &probe) {
        Login::Unknown => return Judged::Holds,
        Login::Password(given) if given == wanted => return Judged::Holds,
        Login::Password(_) => "redis-cli gets another password than Redis asks for",
        Login::Nothing if fails_on_errors => {
            "redis-cli gets no password, so Redis answers NOAUTH, and the probe never passes"
        }
        Login::Nothing => {
            "redis-cli gets no password; it ends with exit code 0 all the same, though Redis answers NOAUTH"
        }
    };
    let spot = probe::spot(scene, &service);
    Mismatch::new(spot, found, "the password of `--requirepass`")
        .next(format!(
            "try the probe by hand: `docker compose exec {name} redis-cli ping`"
        ))
        .into()
}

fn password_setting(service: &str) -> Setting {
    Setting {
        service: service.to_owned(),
        flag: Some("requirepass".to_owned()),
        argument_after: None,
        variable: None,
        config_file: Some(ConfigFile {
            program: Some("redis-server".to_owned()),
            ending: ".conf".to_owned(),
            working_folder: Some("/data".to_owned()),
        }),
        default: None,
    }
}

fn login(service: &Service<'_>, probe: &Probe) -> Login {
    let words: Vec<&str> = probe
        .commands
        .iter()
        .flat_map(|command| &command.words)
        .flat_map(|word| word.split(['(', ')', '`', ' ']))
        .collect();
    for (index, word) in words.iter().enumerate() {
        let next = words.get(index + 1).copied();
        let given = match *word {
            "-a" | "--pass" => next,
            "-u" | "--user" => return Login::Unknown,
            other => other
                .strip_prefix("REDISCLI_AUTH=")
                .or_else(|| other.strip_prefix("-a").filter(|rest| !rest.is_empty())),
        };
        if let Some(given) = given {
            return password(service, probe, given);
        }
    }
    match service.environment("REDISCLI_AUTH") {
        Some(node) => node
            .scalar_text()
            .map_or(Login::Unknown, |text| Login::Password(text.to_string())),
        None => Login::Nothing,
    }
}

/// A password as the shell in the container takes it.
fn password(service: &Service<'_>, probe: &Probe, given: &str) -> Login {
    let given = given.trim_matches(['"', '\'']);
    let Some(variable) = given.strip_prefix('$').filter(|_| probe.in_shell) else {
        return match given.contains('$') {
            true => Login::Unknown,
            false => Login::Password(given.to_owned()),
        };
    };
    let name = variable.trim_matches(['{', '}']);
    let value = service
        .environment(name)
        .and_then(|node| node.scalar_text());
    value.map_or(Login::Unknown, |text| Login::Password(text.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(test: &str, environment: &str) -> Judged {
        let compose = format!(
            "services: {{redis: {{image: redis, command: redis-server --requirepass open-sesame, \
             environment: {{{environment}}}, healthcheck: {{test: {test}}}}}}}"
        );
        on_file("redis-probe-logs-in", json!({"service": "redis"}), &compose)
    }

    #[test]
    fn the_password_counts_however_it_is_given() {
        for (test, environment) in [
            ("[CMD, redis-cli, -e, ping]", "REDISCLI_AUTH: open-sesame"),
            ("[CMD, redis-cli, -a, open-sesame, ping]", ""),
            (
                "[CMD, redis-cli, --no-auth-warning, --pass, open-sesame, ping]",
                "",
            ),
            (
                "redis-cli -a $$PASSWORD ping | grep PONG",
                "PASSWORD: open-sesame",
            ),
            (
                "'redis-cli -a \"$${PASSWORD}\" ping'",
                "PASSWORD: open-sesame",
            ),
            (
                "REDISCLI_AUTH=$$PASSWORD redis-cli ping",
                "PASSWORD: open-sesame",
            ),
            (
                "test \"$$(redis-cli -a $$PASSWORD ping)\" = PONG",
                "PASSWORD: open-sesame",
            ),
            ("redis-cli -a \"$$(cat /run/secrets/redis)\" ping", ""),
            (
                "[CMD, redis-cli, -u, 'redis://:open-sesame@localhost', ping]",
                "",
            ),
            ("[CMD, other]", ""),
        ] {
            holds(judge(test, environment));
        }
        let file = "services: {redis: {image: redis, healthcheck: {test: [CMD, redis-cli, ping]}}}";
        holds(on_file(
            "redis-probe-logs-in",
            json!({"service": "redis"}),
            file,
        ));
    }

    #[test]
    fn no_password_and_another_one_are_told() {
        finds(judge("[CMD, redis-cli, ping]", ""), "all the same");
        finds(judge("redis-cli ping | grep PONG", ""), "never passes");
        finds(judge("[CMD, redis-cli, -e, ping]", ""), "never passes");
        finds(
            judge("[CMD, redis-cli, -a, sesame, ping]", ""),
            "another password",
        );
        finds(
            judge("[CMD, redis-cli, ping]", "REDISCLI_AUTH: sesame"),
            "another password",
        );
        finds(
            judge("redis-cli -a $$PASSWORD ping", "PASSWORD: sesame"),
            "another password",
        );
    }
}
