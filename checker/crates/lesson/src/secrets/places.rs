//! Where a Compose project holds secrets: under a name that says so, in an address, behind a flag, or in a file of its own.
//!
//! Nothing here looks at a value to guess whether it is one: a name or a place says so.

use std::collections::BTreeSet;

use compose::{Loaded, Node, Project, Service};

use super::names::{is_password, is_secret_flag, is_secret_name, is_switch};
use super::text;
use crate::command;
use crate::config_file::{self, Shows};

/// A secret that stands in a service of the file.
pub struct Held<'a> {
    /// What carries it: `DB_PASSWORD`, `--requirepass`.
    pub name: String,
    /// Where: `environment`, `command`, `healthcheck`, `build.args`, `labels`.
    pub key: &'static str,
    /// The value it stands in.
    pub node: &'a Node,
    /// The secret itself; empty where the shell that runs `up` gives it.
    pub value: String,
}

/// Every secret that stands in a service.
pub fn of_service<'a>(service: &Service<'a>) -> Vec<Held<'a>> {
    let mut held = Vec::new();
    for (key, path) in [
        ("environment", "environment"),
        ("build.args", "build.args"),
        ("labels", "labels"),
        ("annotations", "annotations"),
        ("logging.options", "logging.options"),
    ] {
        let entries = service.node().get(path).and_then(Node::as_mapping);
        for (name, entry) in entries.into_iter().flat_map(|entries| entries.iter()) {
            let node = &entry.value;
            let value = match node.scalar_text() {
                Some(value) => secret_of(name, &value),
                // `- DB_PASSWORD` hands on what the shell has.
                None if node.is_null() && is_password(name) => Some(String::new()),
                None => None,
            };
            held.extend(value.map(|value| Held {
                name: name.to_owned(),
                key,
                node,
                value,
            }));
        }
    }
    for (key, words) in [
        ("command", command::words_of(service)),
        // What follows a script for a shell are its own arguments.
        ("command", plain_words(service)),
        ("healthcheck", test_words(service)),
    ] {
        for (name, value, node) in in_words(&words) {
            let is_told = held
                .iter()
                .any(|other| other.key == key && other.name == name && other.value == value);
            if !is_told {
                held.push(Held {
                    name,
                    key,
                    node,
                    value,
                });
            }
        }
    }
    held
}

/// The words of entrypoint and command as they are listed, without scripts.
fn plain_words<'a>(service: &Service<'a>) -> Vec<(String, &'a Node)> {
    let parts = ["entrypoint", "command"].map(|key| service.node().get(key));
    let items = parts.into_iter().flatten().filter_map(Node::as_sequence);
    items
        .flatten()
        .filter_map(|node| Some((node.scalar_text()?, node)))
        .filter(|(word, _)| !word.contains(char::is_whitespace))
        .collect()
}

/// The secret that a variable carries, if it carries one: its whole value, or the password of an address.
pub fn secret_of(name: &str, value: &str) -> Option<String> {
    if is_password(name) {
        return (!is_switch(value)).then(|| value.to_owned());
    }
    let in_text = || secret_in_text(value).map(|(_, secret)| secret);
    password_of_address(value)
        .map(str::to_owned)
        .or_else(in_text)
}

/// What a text calls a secret, and the secret: `host=db user=shop password=blue`, `?user=shop&password=blue`.
fn secret_in_text(text: &str) -> Option<(String, String)> {
    let place = text::places(text).into_iter().next()?;
    let before = text[..place.start].trim_end_matches(|letter: char| !letter.is_alphanumeric());
    let is_end = |letter: char| !(letter.is_alphanumeric() || "_-.".contains(letter));
    let name = before.rsplit(is_end).next().unwrap_or_default();
    Some((name.to_owned(), text[place].to_owned()))
}

/// The password of an address such as `postgresql://user:password@host`, where it is none that a program puts in later.
pub fn password_of_address(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    is_written(password).then_some(password)
}

/// Whether it stands there, and is not put in by a shell (`$PASSWORD`, `$(cat file)`).
fn is_written(value: &str) -> bool {
    !value.is_empty() && !value.starts_with(['$', '`'])
}

/// Secrets among the words of a command: `--requirepass X`, `--password=X`, `PGPASSWORD=X`, an address with a password, `redis-cli -a X`.
fn in_words<'a>(words: &[(String, &'a Node)]) -> Vec<(String, String, &'a Node)> {
    let plain: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
    let found = (0..words.len()).filter_map(|index| {
        let (name, value, at) = secret_at(&plain, index)?;
        Some((name, value, words[at].1))
    });
    found.collect()
}

/// The secret that begins at this word: its name, itself, and the word it stands in.
pub fn secret_at(words: &[&str], index: usize) -> Option<(String, String, usize)> {
    let word = words[index];
    let next = words.get(index + 1).copied();
    let is_of_redis = words[..index]
        .iter()
        .any(|word| word.rsplit('/').next() == Some("redis-cli"));
    let flag = word.strip_prefix('-');
    let flag = flag.map(|flag| flag.strip_prefix('-').unwrap_or(flag));
    let (name, value, at) = match (flag, word.split_once('=')) {
        (Some("a" | "pass"), _) if is_of_redis => (word, next?, index + 1),
        (Some(flag), None) if is_secret_flag(flag) => (word, next?, index + 1),
        (Some(_), Some((name, value))) if is_secret_flag(name.trim_start_matches('-')) => {
            (name, value, index)
        }
        (None, Some((name, value))) if is_variable(name) && is_password(name) => {
            (name, value, index)
        }
        _ => match password_of_address(word) {
            Some(password) => ("the address", password, index),
            // One word that is a text of its own: `psql "host=db password=blue"`.
            None if word.contains(char::is_whitespace) || word.contains('&') => {
                let (name, value) = secret_in_text(word)?;
                return Some((name, value, index));
            }
            None => return None,
        },
    };
    let value = value.trim_matches(['"', '\'']);
    let is_flag = at != index && value.starts_with('-');
    (is_written(value) && !is_flag).then(|| (name.to_owned(), value.to_owned(), at))
}

fn is_variable(name: &str) -> bool {
    let mut letters = name.bytes();
    letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic() || letter == b'_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
}

/// The words of the health check, those of a line for the shell as well.
fn test_words<'a>(service: &Service<'a>) -> Vec<(String, &'a Node)> {
    let Some(test) = service.node().get("healthcheck.test") else {
        return Vec::new();
    };
    let items = test.as_sequence().unwrap_or_default();
    let words: Vec<_> = items
        .iter()
        .filter_map(|node| Some((node.scalar_text()?, node)))
        .collect();
    match words.split_first() {
        Some(((kind, node), rest)) if kind == "CMD-SHELL" => {
            let shell = ["sh", "-c"].map(|word| (word.to_owned(), *node));
            command::words(shell.into_iter().chain(rest.iter().cloned()).collect())
        }
        Some((_, rest)) => command::words(rest.to_vec()),
        None => Vec::new(),
    }
}

/// The files of the learner's that hold nothing but a secret: those of `secrets`, and whatever stands where a variable such as
/// `POSTGRES_PASSWORD_FILE` points. Relative to the lesson's folder unless they lie elsewhere.
pub fn files(project: &Project) -> BTreeSet<String> {
    let declared = project.root().get("secrets").and_then(Node::as_mapping);
    let declared = declared
        .into_iter()
        .flat_map(|secrets| secrets.iter())
        .filter_map(|(_, entry)| {
            let path = entry.value.get("file")?.as_str()?;
            Some(path.strip_prefix("./").unwrap_or(path).to_owned())
        });
    let mut files: BTreeSet<String> = declared.collect();
    for service in project.services() {
        for (_, path, _) in file_variables(&service) {
            if let Shows::File { path, .. } = config_file::shown_at(project, &service, &path) {
                files.insert(path);
            }
        }
    }
    files
}

/// The variables that `secrets:` takes values from.
pub fn given_variables(project: &Project) -> BTreeSet<&str> {
    let declared = project.root().get("secrets").and_then(Node::as_mapping);
    let secrets = declared.into_iter().flat_map(|secrets| secrets.iter());
    secrets
        .filter_map(|(_, entry)| entry.value.get("environment")?.as_str())
        .collect()
}

/// The files that Compose reads for variables: `.env`, those of `env_file`, and others that a command line names.
pub fn variable_files(loaded: &Loaded) -> BTreeSet<String> {
    let paths = loaded.files_read.iter().map(|read| read.path.as_str());
    let is_compose_file = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    let others = paths.filter(|path| !is_compose_file(path));
    others.map(str::to_owned).collect()
}

/// The variables that name a file with a secret, as POSTGRES_PASSWORD_FILE does: name, path in the container, value.
pub fn file_variables<'a>(service: &Service<'a>) -> Vec<(&'a str, String, &'a Node)> {
    let variables = service.environment_all();
    let of_files = variables.filter_map(|(name, node)| {
        let path = node.scalar_text().filter(|path| path.starts_with('/'))?;
        let is_one = name.strip_suffix("_FILE").is_some_and(is_secret_name);
        is_one.then_some((name, path, node))
    });
    of_files.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::look_at_file;

    fn held(service: &str) -> Vec<String> {
        let compose = format!("services: {{web: {{image: x, {service}}}}}");
        look_at_file(&compose, |scene| {
            let service = scene.service("web").expect("a service");
            let held = of_service(&service).into_iter();
            held.map(|held| format!("{} {}={}", held.key, held.name, held.value))
                .collect()
        })
    }

    #[test]
    fn a_secret_is_found_wherever_a_service_may_hold_one() {
        for (service, expected) in [
            (
                "environment: {DB_PASSWORD: blue}",
                "environment DB_PASSWORD=blue",
            ),
            ("environment: [API_KEY=blue]", "environment API_KEY=blue"),
            ("environment: [API_KEY]", "environment API_KEY="),
            (
                "environment: {DATABASE_URL: 'postgresql://u:blue@db:5432/x'}",
                "environment DATABASE_URL=blue",
            ),
            (
                "build: {context: ., args: {TOKEN: blue}}",
                "build.args TOKEN=blue",
            ),
            ("labels: ['shop.secret=blue']", "labels shop.secret=blue"),
            (
                "command: redis-server --requirepass blue --appendonly yes",
                "command --requirepass=blue",
            ),
            ("command: [x, --password=blue]", "command --password=blue"),
            (
                "entrypoint: [sh, -c, 'PGPASSWORD=blue exec psql']",
                "command PGPASSWORD=blue",
            ),
            (
                "command: [celery, -b, 'redis://:blue@redis:6379/0']",
                "command the address=blue",
            ),
            (
                "healthcheck: {test: redis-cli -a blue ping}",
                "healthcheck -a=blue",
            ),
            (
                "environment: {secretKey: blue}",
                "environment secretKey=blue",
            ),
            (
                "environment: {A_PASSWORD_2: blue}",
                "environment A_PASSWORD_2=blue",
            ),
            (
                "environment: {A_TOKEN_OLD: blue}",
                "environment A_TOKEN_OLD=blue",
            ),
            (
                "environment: {DSN: host=db user=shop password=blue}",
                "environment DSN=blue",
            ),
            (
                "environment: ['DB=jdbc:postgresql://db/x?user=shop&password=blue']",
                "environment DB=blue",
            ),
            (
                "environment: {JSON: '{\"password\":\"blue\"}'}",
                "environment JSON=blue",
            ),
            (
                "annotations: {db.password: blue}",
                "annotations db.password=blue",
            ),
            (
                "logging: {driver: splunk, options: {splunk-token: blue}}",
                "logging.options splunk-token=blue",
            ),
            (
                "command: psql 'host=db password=blue'",
                "command password=blue",
            ),
            (
                "healthcheck: {test: [CMD, redis-cli, -a, blue, ping]}",
                "healthcheck -a=blue",
            ),
        ] {
            assert_eq!(held(service), [expected], "{service}");
        }
    }

    #[test]
    fn what_is_about_a_secret_or_put_in_later_is_none() {
        for service in [
            "environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}",
            "environment: {PARTITION_KEY: user_id, MAX_TOKENS: '4096', TOKEN_URL: 'https://x/y'}",
            "environment: {ALLOW_EMPTY_PASSWORD: 'yes', DB_PASSWORD: '', SHOW_PASSWORD: '0'}",
            "environment: {NOTE: 'password in /run/secrets', ARGS: '--pwfile=/run/secrets/db'}",
            "command: sh -c 'export PGPASSWORD=\"$$(cat /run/secrets/db)\" && exec api'",
            "environment: {DATABASE_URL: 'postgresql://u@db:5432/x', PWD: /app}",
            "command: sh -c 'redis-server --requirepass \"$$REDIS_PASSWORD\"'",
            "command: sh -c 'redis-server --requirepass \"$$(cat /run/secrets/redis)\"'",
            "command: [x, --password-file=/run/secrets/db, --token, --verbose]",
            "healthcheck: {test: [CMD, redis-cli, -e, ping]}",
        ] {
            assert_eq!(held(service), Vec::<String>::new(), "{service}");
        }
    }

    #[test]
    fn files_are_found_through_secrets_and_through_mounts() {
        let compose = "services:\n  db:\n    image: x\n    secrets: [one]\n    environment: {DB_PASSWORD_FILE: /etc/pass, X_FILE: /y}\n    volumes: ['./keys/pass.txt:/etc/pass:ro', './y:/y']\nsecrets: {one: {file: ./secrets/one.txt}, two: {environment: TWO}}\n";
        let files = look_at_file(compose, |scene| files(scene.project().expect("it loads")));
        assert_eq!(
            files.into_iter().collect::<Vec<_>>(),
            ["keys/pass.txt", "secrets/one.txt"]
        );
    }
}
