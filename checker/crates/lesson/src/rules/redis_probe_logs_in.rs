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
    /// A variable that the container does not have.
    Unset(String),
    /// An option and its value in one word, which redis-cli does not know.
    OneWord(String),
    /// An option behind the command, which redis-cli hands on to Redis.
    TooLate(String),
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
    // A variable that a shell in the container looks up.
    let wanted = match wanted.strip_prefix('$') {
        None => wanted,
        Some(variable) => match value_of(&service, variable) {
            Some(value) => value,
            None => return Judged::Holds,
        },
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
        Login::Password(_) => "redis-cli gets another password than Redis asks for".to_owned(),
        Login::Unset(variable) => format!(
            "redis-cli gets what `${variable}` is in the container of `{name}`, and there it is not set"
        ),
        Login::OneWord(option) => format!(
            "redis-cli knows no such option: `{option}` and the password are two words"
        ),
        Login::TooLate(command) => format!(
            "the password stands behind `{command}`, where redis-cli takes it for a part of that command"
        ),
        Login::Nothing if fails_on_errors => {
            "redis-cli gets no password, so Redis answers NOAUTH, and the probe never passes"
                .to_owned()
        }
        Login::Nothing => {
            "redis-cli gets no password; it ends with exit code 0 all the same, though Redis answers NOAUTH"
                .to_owned()
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
            // The command of Redis; what follows it may be in a script of its own.
            other if other.eq_ignore_ascii_case("auth") => return Login::Unknown,
            other => other.strip_prefix("REDISCLI_AUTH="),
        };
        if let Some(given) = given {
            return match command_before(&words[..index]) {
                Some(command) if word.starts_with('-') => Login::TooLate(command),
                _ => password(service, probe, given),
            };
        }
        let in_one_word = ["-a", "--pass="]
            .iter()
            .find(|option| word.starts_with(*option));
        if let Some(option) = in_one_word {
            return Login::OneWord(option.trim_end_matches('=').to_owned());
        }
    }
    match service.environment("REDISCLI_AUTH") {
        Some(node) => node
            .scalar_text()
            .map_or(Login::Unknown, |text| Login::Password(text.to_string())),
        None => Login::Nothing,
    }
}

/// Options of redis-cli after which no value comes.
const WITHOUT_VALUE: [&str; 9] = [
    "-e",
    "-c",
    "-x",
    "-2",
    "-3",
    "--raw",
    "--no-raw",
    "--csv",
    "--no-auth-warning",
];

/// The command that redis-cli was given already, if it was: a word that is neither an option nor the value of one.
fn command_before(words: &[&str]) -> Option<String> {
    let start = words
        .iter()
        .rposition(|word| probe::base_name(word) == "redis-cli")?;
    let is_command = |pair: &&[&str]| {
        let follows_an_option = pair[0].starts_with('-') && !WITHOUT_VALUE.contains(&pair[0]);
        !pair[1].is_empty() && !pair[1].starts_with('-') && !follows_an_option
    };
    let found = words[start..].windows(2).find(is_command)?;
    Some(found[1].to_owned())
}

/// The value of `NAME` or `{NAME}` in the container, as far as the file says.
fn value_of(service: &Service<'_>, variable: &str) -> Option<String> {
    let name = variable.trim_matches(['{', '}']);
    let value = service.environment(name)?.scalar_text()?;
    Some(value.to_string())
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
    if let Some(value) = value_of(service, variable) {
        return Login::Password(value);
    }
    // An image of one's own, the script itself, or a value left to Compose's environment may set it.
    let name = variable.trim_matches(['{', '}']);
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|letter: char| letter.is_ascii_digit());
    let may_be_set = service.node().get("build").is_some()
        || service.environment(name).is_some()
        || probe.text.contains(&format!("{name}="))
        || probe.text.contains(&format!("read {name}"));
    match is_name && !may_be_set {
        true => Login::Unset(name.to_owned()),
        false => Login::Unknown,
    }
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
            ("printf 'AUTH open-sesame\\nPING\\n' | redis-cli", ""),
            ("[CMD, redis-cli, -e, -h, redis, -a, open-sesame, ping]", ""),
            ("read PASSWORD < /x; redis-cli -a $$PASSWORD ping", ""),
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
    fn a_password_that_a_shell_looks_up_for_the_server_counts() {
        let file = |value: &str| {
            format!(
                "services: {{redis: {{image: redis, command: [sh, -c, 'redis-server --requirepass \"$$PASSWORD\"'], \
                environment: {{PASSWORD: open-sesame, REDISCLI_AUTH: {value}}}, healthcheck: {{test: [CMD, redis-cli, ping]}}}}}}"
            )
        };
        let judge = |value| {
            on_file(
                "redis-probe-logs-in",
                json!({"service": "redis"}),
                &file(value),
            )
        };
        holds(judge("open-sesame"));
        finds(judge("sesame"), "another password");
    }

    #[test]
    fn a_password_that_does_not_arrive_is_told() {
        for (test, words) in [
            ("[CMD, redis-cli, ping, -a, open-sesame]", "behind `ping`"),
            (
                "[CMD, redis-cli, -e, ping, -a, open-sesame]",
                "behind `ping`",
            ),
            ("[CMD, redis-cli, -aopen-sesame, ping]", "are two words"),
            (
                "[CMD, redis-cli, --pass=open-sesame, ping]",
                "`--pass` and the password",
            ),
            ("redis-cli -a $$PASSWORD ping", "there it is not set"),
        ] {
            finds(judge(test, ""), words);
        }
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
