//! Passwords, tokens and keys that a project's files hold.

use compose::{Node, Service, Step};

use super::known;
use super::read::services;
use crate::scene::Scene;

/// A secret, and where it is used.
pub struct Credential<'a> {
    /// The service that is given it.
    pub service: Service<'a>,
    /// What it is called in the file, for people: `POSTGRES_PASSWORD`.
    pub name: String,
    /// The value it stands in.
    pub node: &'a Node,
    /// The secret itself. Never to be printed.
    pub secret: String,
    /// Whether a person was meant to choose it; tokens and keys are made by machines.
    pub is_password: bool,
}

/// Passwords that images ship with, that guides repeat, or that everybody tries first. In lower case.
const EVERYBODY_KNOWS: [&str; 41] = [
    "minioadmin",
    "minio",
    "minio123",
    "admin",
    "admin123",
    "administrator",
    "root",
    "toor",
    "rootpass",
    "rootpassword",
    "milvus",
    "password",
    "password1",
    "password123",
    "passwd",
    "passw0rd",
    "p@ssw0rd",
    "pass",
    "pass123",
    "postgres",
    "mysql",
    "mongo",
    "redis",
    "rabbitmq",
    "guest",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "secret",
    "supersecret",
    "mysecretpassword",
    "example",
    "test",
    "test123",
    "user",
    "default",
    "123",
    "1234",
    "12345",
    "123456",
];

impl Credential<'_> {
    /// What it is, for people: `the value of POSTGRES_PASSWORD`.
    pub fn described(&self) -> String {
        let value = self.node.scalar_text().unwrap_or_default();
        match in_address(&value) {
            Some(_) => format!("the password in the address under `{}`", self.name),
            None => format!("the value of `{}`", self.name),
        }
    }

    /// Whether everybody knows it.
    pub fn is_well_known(&self) -> bool {
        let secret = self.secret.to_lowercase();
        EVERYBODY_KNOWS.contains(&secret.as_str()) || secret.strip_prefix("123456").is_some()
    }

    /// Whether the secret is written where its value stands, and not taken from a variable or another file.
    pub fn is_in_file(&self, scene: &Scene<'_>) -> bool {
        let from_other_file = |step: &Step| matches!(step, Step::OtherFile { .. });
        let written = scene.loaded.sources.text(self.node.span());
        !self.node.origin.steps.iter().any(from_other_file) && written.contains(&self.secret)
    }
}

/// Every secret that services are given: in variables, in the login of an address, as an option of a command.
pub fn all<'a>(scene: &Scene<'a>) -> Vec<Credential<'a>> {
    let mut all = Vec::new();
    for service in services(scene) {
        for (name, node) in service.environment_all() {
            let Some(value) = node.scalar_text() else {
                continue;
            };
            if let Some((secret, is_password)) = in_variable(name, &value) {
                all.push(Credential {
                    service,
                    name: name.to_owned(),
                    node,
                    secret: secret.to_owned(),
                    is_password,
                });
            }
        }
        all.extend(in_words(service));
    }
    all
}

/// The secret in a variable, and whether it is a password.
pub fn in_variable<'v>(name: &str, value: &'v str) -> Option<(&'v str, bool)> {
    let login = || in_address(value).map(|secret| (secret, true));
    let neo4j = || {
        let of_neo4j = name == "NEO4J_AUTH";
        let (_, secret) = value.split_once('/').filter(|_| of_neo4j)?;
        Some((secret, true))
    };
    let whole = match carries(name)? {
        Carries::Password => Some((value, true)),
        Carries::Key => {
            (value.len() >= 8 && !value.contains(char::is_whitespace)).then_some((value, false))
        }
        Carries::Nothing => None,
    };
    whole
        .filter(|_| !value.contains("://"))
        .or_else(neo4j)
        .or_else(login)
        .filter(|(secret, _)| is_secret(secret))
}

/// Whether a variable of this name carries a secret.
pub fn is_secret_name(name: &str) -> bool {
    matches!(carries(name), Some(Carries::Password | Carries::Key))
}

/// What a variable of a name carries.
enum Carries {
    Password,
    Key,
    Nothing,
}

fn carries(name: &str) -> Option<Carries> {
    let name = name.to_uppercase();
    let words: Vec<&str> = name
        .split(['_', '-', '.'])
        .map(|word| word.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        .filter(|word| !word.is_empty())
        .collect();
    let (last, before) = words.split_last()?;
    let word_before = before.last().copied().unwrap_or_default();
    Some(match (*last, word_before) {
        ("PASSWORD" | "PASSWD" | "PASSPHRASE" | "PASS", _) => Carries::Password,
        // Alone it is the folder that a shell stands in.
        ("PWD", word) if !word.is_empty() && word != "OLD" => Carries::Password,
        ("SECRET" | "TOKEN" | "APIKEY" | "SECRETKEY", _) => Carries::Key,
        (
            "KEY",
            "API" | "SECRET" | "PRIVATE" | "ENCRYPTION" | "SIGNING" | "MASTER" | "FERNET" | "AUTH"
            | "APP",
        ) => Carries::Key,
        // `ACCESS_KEY` alone is the name that belongs to the secret one.
        ("KEY", "ACCESS") if before.len() > 1 && before[before.len() - 2] == "SECRET" => {
            Carries::Key
        }
        ("BASE", "KEY") if name.ends_with("SECRET_KEY_BASE") => Carries::Key,
        _ => Carries::Nothing,
    })
}

/// The password of an address such as `postgresql://user:password@host`.
pub fn in_address(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (login, _) = rest.split(['/', '?', '#', ' ']).next()?.rsplit_once('@')?;
    let (_, password) = login.split_once(':')?;
    Some(password)
}

/// Options of programs that take a password.
const OPTIONS: [&str; 4] = [
    "--requirepass",
    "--masterauth",
    "--password",
    "--root-password",
];

fn in_words(service: Service<'_>) -> Vec<Credential<'_>> {
    let mut found = Vec::new();
    for key in ["entrypoint", "command"] {
        let words = super::read::items(&service, key);
        let is_shell = words
            .first()
            .and_then(Node::as_str)
            .is_some_and(super::read::is_shell);
        for (index, node) in words.iter().enumerate() {
            let word = node.as_str().unwrap_or_default();
            let next = words
                .get(index + 1)
                .and_then(|node| Some((node, node.as_str()?)));
            let option = OPTIONS
                .iter()
                .find_map(|option| match word.strip_prefix(option) {
                    Some("") => next.map(|(node, secret)| (*option, node, secret)),
                    Some(rest) => Some((*option, node, rest.strip_prefix('=')?)),
                    None => None,
                });
            let address = || {
                in_address(word)
                    .filter(|_| !is_shell)
                    .map(|secret| ("an address", node, secret))
            };
            if let Some((name, node, secret)) = option
                .or_else(address)
                .filter(|(.., secret)| is_secret(secret))
            {
                found.push(Credential {
                    service,
                    name: name.to_owned(),
                    node,
                    secret: secret.to_owned(),
                    is_password: true,
                });
            }
        }
    }
    found
}

/// Whether a value can be a secret: neither empty nor a switch, a place or a stand-in for one.
fn is_secret(value: &str) -> bool {
    // Quotes that stay in the value of a list's item do not make a secret of nothing.
    let value = value.trim_matches(['"', '\'']);
    let lower = value.to_lowercase();
    let is_switch = matches!(
        lower.as_str(),
        "" | "yes" | "no" | "true" | "false" | "on" | "off" | "0" | "1" | "none" | "null"
    );
    let is_place = value.starts_with('/') || value.starts_with("./");
    // A variable that the container's own shell puts in.
    let is_variable = value.contains('$') && !value.contains(' ') && value.starts_with(['$', '%']);
    let is_stand_in = [
        "your",
        "<",
        "xxx",
        "***",
        "placeholder",
        "replace",
        "insert",
        "todo",
        "...",
    ]
    .iter()
    .any(|word| lower.contains(word));
    !is_switch && !is_place && !is_variable && !is_stand_in
}

/// Names that stand in the file and are therefore no secrets: of services, images, users and databases.
pub fn plain_names(scene: &Scene<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for service in services(scene) {
        names.push(service.name().to_owned());
        names.extend(known::image(&service).map(|image| image.base_name().to_owned()));
        for (name, node) in service.environment_all() {
            let Some(value) = node.scalar_text() else {
                continue;
            };
            let name = name.to_uppercase();
            let is_name = [
                "USER",
                "USERNAME",
                "_DB",
                "DATABASE",
                "_NAME",
                "ACCESS_KEY",
                "_DBNAME",
            ]
            .iter()
            .any(|end| name.ends_with(end));
            let user = value
                .split_once("://")
                .and_then(|(_, rest)| rest.rsplit_once('@')?.0.split(':').next());
            names.extend(user.map(str::to_owned));
            if is_name {
                names.push(value);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{in_address, in_variable};

    #[test]
    fn names_and_values_tell_secrets_from_settings() {
        for (name, value) in [
            ("POSTGRES_PASSWORD", "x"),
            ("MYSQL_ROOT_PASSWORD", "1234"),
            ("DB_PASS", "hunter2"),
            ("JWT_SECRET", "0123456789"),
            ("OPENAI_API_KEY", "sk-0123456789"),
            ("MINIO_SECRET_ACCESS_KEY", "0123456789"),
            ("AIRFLOW__CORE__FERNET_KEY", "0123456789="),
            ("NEO4J_AUTH", "neo4j/hunter2"),
            ("DATABASE_URL", "postgres://ada:hunter2@db/x"),
        ] {
            assert!(in_variable(name, value).is_some(), "{name}={value}");
        }
        for (name, value) in [
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/db"),
            ("PASSWORD", "/run/secrets/db"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("MAX_TOKENS", "1024"),
            ("REFRESH_TOKEN", "15m"),
            ("AWS_ACCESS_KEY_ID", "0123456789"),
            ("PWD", "/app"),
            ("API_KEY", "your-key-goes-here"),
            ("PARTITION_KEY", "0123456789"),
            ("DATABASE_URL", "postgres://ada@db/x"),
            ("DATABASE_URL", "postgres://ada:$PASSWORD@db/x"),
            ("API_KEY", ""),
            ("BASIC_AUTH_PASS", "\"\""),
        ] {
            assert!(in_variable(name, value).is_none(), "{name}={value}");
        }
    }

    #[test]
    fn the_password_of_an_address_ends_at_the_host() {
        assert_eq!(in_address("redis://:p@ss@redis:6379/0"), Some("p@ss"));
        assert_eq!(in_address("http://host/a:b@c"), None);
        assert_eq!(in_address("mongodb://mongo:27017"), None);
    }
}
