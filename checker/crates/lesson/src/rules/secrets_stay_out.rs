//! `no-secret-in-compose-file`, `no-secret-in-environment`, `no-secret-in-containers`

use compose::Step;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::container::Container;
use crate::report::Spot;
use crate::scene::{Judged, Mismatch, Scene};
use crate::secrets::names::FOLDER;
use crate::secrets::places::{self, Held};

pub const IN_FILE: Rule = Rule {
    name: "no-secret-in-compose-file",
    what: "No password, key or token is written in the compose files: not in an environment, a command, a health check, a build argument, a label or an address.",
    why: "The file goes wherever the project goes: into Git, to colleagues, into every copy. What was in Git once stays in its history.",
    mend: "Keep the value in a file that stays on this machine, and name that file under `secrets:`.",
    leave: "For a password of a throw-away test that guards nothing.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| in_file(scene)),
};

pub const IN_ENVIRONMENT: Rule = Rule {
    name: "no-secret-in-environment",
    what: "No service gets a password, key or token in its environment, its command, its health check, a label or a build argument, wherever the value comes from.",
    why: "`docker inspect` shows all of these to whoever reaches the engine, and every process in the container inherits the environment, with the logs and crash reports it writes.",
    mend: "Give the service the secret as a file (`secrets:`), and the path of that file in a variable such as POSTGRES_PASSWORD_FILE.",
    leave: "Where a program can take its secret no other way.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| in_environment(scene)),
};

pub const IN_CONTAINERS: Rule = Rule {
    name: "no-secret-in-containers",
    what: "No container has a password, key or token in its environment or its command, as the engine tells them.",
    why: "A container keeps what it was made with; a file that was mended afterwards changes nothing in it.",
    mend: "Make the containers anew: `docker compose up -d`.",
    leave: "Where a program can take its secret no other way.",
    reads: Reads::FilesAndContainers,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |Parameters {}| in_containers(scene)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {}

/// A service that waits for its profile stands in the file like any other.
fn in_file(scene: &Scene<'_>) -> Judged {
    let waits = |project: &compose::Project| project.disabled_services().next().is_some();
    if !scene.project().is_some_and(waits) {
        return in_services(scene);
    }
    let request = compose::Request {
        profiles: vec!["*".to_owned()],
        ..scene.evidence.files.request()
    };
    let loaded = compose::load(&scene.evidence.files, &request);
    match &loaded.project {
        Some(_) => in_services(&Scene {
            evidence: scene.evidence,
            loaded: &loaded,
        }),
        None => in_services(scene),
    }
}

fn in_services(scene: &Scene<'_>) -> Judged {
    let mismatches = held(scene).into_iter();
    let mismatches = mismatches.filter(|(_, held)| is_literal(scene, held));
    let mismatches = mismatches.collect::<Vec<_>>().into_iter();
    Judged::from_mismatches(
        mismatches
            .map(|(service, held)| {
                if held.value.starts_with(FOLDER) {
                    return path_as_password(scene, &held);
                }
                let found = format!(
                    "the value of {} is written here, under `{}` of `{service}`",
                    held.name, held.key
                );
                let expected = "a file without passwords, keys and tokens";
                Mismatch::new(scene.spot_of(held.node), found, expected)
                    .next("move the value into a file of its own, and name that under `secrets:`")
            })
            .chain(in_configs(scene))
            .collect(),
    )
}

/// Secrets in the texts that `configs` carry.
fn in_configs(scene: &Scene<'_>) -> Vec<Mismatch> {
    let configs = scene
        .project()
        .and_then(|project| project.root().get("configs"))
        .and_then(compose::Node::as_mapping);
    let configs = configs.into_iter().flat_map(|configs| configs.iter());
    let texts = configs.filter_map(|(name, config)| {
        let node = config.value.get("content")?;
        let secret = places::secret_of("content", node.as_str()?)?;
        let steps = &node.origin.steps;
        let has_variables = steps
            .iter()
            .any(|step| matches!(step, Step::Interpolated { .. }));
        let written = scene.loaded.sources.text(node.span());
        let found = format!("a password, key or token is written here, in the config `{name}`");
        (!has_variables || written.contains(&secret)).then(|| {
            Mismatch::new(
                scene.spot_of(node),
                found,
                "a file without passwords, keys and tokens",
            )
            .next("a config is no place for a secret: name the value's file under `secrets:`")
        })
    });
    texts.collect()
}

fn path_as_password(scene: &Scene<'_>, held: &Held<'_>) -> Mismatch {
    let found = format!(
        "{} takes the password itself, and gets the path of a file",
        held.name
    );
    let expected = "the path in a variable that ends in _FILE, where the program knows one";
    Mismatch::new(scene.spot_of(held.node), found, expected)
        .next("look for the variable's name in the documentation of the image")
}

/// Whether the compose file itself says the value, as what is written or as a default of a variable.
fn is_literal(scene: &Scene<'_>, held: &Held<'_>) -> bool {
    let steps = &held.node.origin.steps;
    let from_other_file = steps
        .iter()
        .any(|step| matches!(step, Step::OtherFile { .. }));
    let has_variables = steps
        .iter()
        .any(|step| matches!(step, Step::Interpolated { .. }));
    let written = scene.loaded.sources.text(held.node.span());
    let says = !has_variables || written.contains(held.value.as_str());
    !held.value.is_empty() && !from_other_file && says
}

fn in_environment(scene: &Scene<'_>) -> Judged {
    let mismatches = held(scene).into_iter().map(|(service, held)| {
        let verb = if held.value.is_empty() {
            "is handed on from the shell"
        } else {
            "has a value"
        };
        let found = format!("{} {verb}, under `{}` of `{service}`", held.name, held.key);
        let expected = match held.key {
            "environment" => "the path of a file with the secret, in a variable that ends in _FILE",
            _ => "a program that reads the secret from a file",
        };
        Mismatch::new(scene.spot_of(held.node), found, expected)
            .next("look for the files under /run/secrets in the chapter")
    });
    Judged::from_mismatches(mismatches.collect())
}

/// Every secret of every service of the file.
fn held<'a>(scene: &Scene<'a>) -> Vec<(&'a str, Held<'a>)> {
    let services = scene
        .project()
        .into_iter()
        .flat_map(|project| project.services());
    services
        .flat_map(|service| {
            let held = places::of_service(&service).into_iter();
            held.map(move |held| (service.name(), held))
        })
        .collect()
}

fn in_containers(scene: &Scene<'_>) -> Judged {
    if let Some(silence) = scene.engine_silence() {
        return Judged::Unknown(silence);
    }
    let containers: Vec<_> = scene.evidence.world.containers.iter().collect();
    if containers.is_empty() {
        return Judged::not_seen(
            "this project has no containers",
            "run `docker compose up -d`",
        );
    }
    let mismatches = containers.into_iter().flat_map(|seen| {
        let container = Container::new(seen);
        in_container(container).into_iter().map(move |found| {
            let spot = Spot::Container {
                name: container.name().to_owned(),
                lines: Vec::new(),
            };
            Mismatch::new(
                spot,
                found,
                "a container that has its secrets in files only",
            )
            .next(format!(
                "`docker inspect {}` shows all of it",
                container.name()
            ))
        })
    });
    Judged::from_mismatches(mismatches.collect())
}

fn in_container(container: Container<'_>) -> Vec<String> {
    let variables = container
        .environment_all()
        .filter(|(name, value)| places::secret_of(name, value).is_some())
        .map(|(name, _)| format!("{name} has a value in its environment"));
    let command = [
        container.entrypoint(),
        container.command().unwrap_or_default(),
    ]
    .concat();
    let words = crate::command::words(
        command
            .into_iter()
            .map(|word| (word.to_owned(), ()))
            .collect(),
    );
    let words: Vec<&str> = words.iter().map(|(word, ())| word.as_str()).collect();
    let flags = (0..words.len())
        .filter_map(|index| places::secret_at(&words, index))
        .map(|(name, _, _)| format!("{name} has a value in its command"));
    variables.chain(flags).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{finds, holds, on_containers, on_file};

    const FROM_FILE: &str = "services: {db: {image: x, environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}, secrets: [db]}}\nsecrets: {db: {file: ./db.txt}}";

    #[test]
    fn a_value_in_the_file_is_told_and_one_from_a_variable_is_not() {
        let judge = |service: &str| {
            let compose = format!("services: {{db: {{image: x, {service}}}}}");
            on_file("no-secret-in-compose-file", Value::Null, &compose)
        };
        holds(on_file("no-secret-in-compose-file", Value::Null, FROM_FILE));
        holds(judge("environment: {DB_PASSWORD: '${DB_PASSWORD}'}"));
        holds(judge("environment: [DB_PASSWORD]"));
        finds(
            judge("environment: {DB_PASSWORD: blue-heron}"),
            "DB_PASSWORD is written here, under `environment` of `db`",
        );
        finds(
            judge("environment: {DB_PASSWORD: '${DB_PASSWORD:-blue-heron}'}"),
            "DB_PASSWORD",
        );
        finds(
            judge("environment: {DB_PASSWORD: /run/secrets/db}"),
            "gets the path of a file",
        );
        finds(
            judge("command: redis-server --requirepass hunter2"),
            "--requirepass",
        );
        finds(
            judge("environment: ['URL=postgresql://u:blue-heron@db/x']"),
            "URL",
        );
    }

    #[test]
    fn a_service_in_a_profile_and_a_config_stand_in_the_file_too() {
        let judge = |compose: &str| on_file("no-secret-in-compose-file", Value::Null, compose);
        let tool = |password: &str| {
            format!(
                "services: {{db: {{image: x}}, tool: {{image: x, profiles: [look], environment: {{PGPASSWORD: {password}}}}}}}"
            )
        };
        finds(judge(&tool("blue-heron")), "under `environment` of `tool`");
        holds(judge(&tool("'${A:-}'")));
        let config = |text: &str| {
            format!(
                "services: {{db: {{image: x, configs: [c]}}}}\nconfigs: {{c: {{content: '{text}'}}}}"
            )
        };
        finds(judge(&config("password = blue-heron")), "in the config `c`");
        let block = "services: {db: {image: x, configs: [c]}}\nconfigs:\n  c:\n    content: |\n      user = a\n      password = blue-heron\n";
        finds(judge(block), "in the config `c`");
        holds(judge(&config("password_file = /run/secrets/db")));
    }

    #[test]
    fn a_required_variable_still_lands_in_the_environment() {
        let judge = |service: &str| {
            let compose = format!("services: {{db: {{image: x, {service}}}}}");
            on_file("no-secret-in-environment", Value::Null, &compose)
        };
        holds(on_file("no-secret-in-environment", Value::Null, FROM_FILE));
        holds(judge("environment: {PARTITION_KEY: user_id}"));
        finds(
            judge("environment: {API_KEY: '${API_KEY:-blue-heron}'}"),
            "API_KEY has a value",
        );
        finds(judge("environment: [API_KEY]"), "handed on from the shell");
    }

    #[test]
    fn a_container_that_was_made_with_a_secret_is_told() {
        let judge = |environment: Value, command: Value| {
            let inspect =
                json!({"Name": "/test-db-1", "Config": {"Env": environment, "Cmd": command}});
            on_containers(
                "no-secret-in-containers",
                Value::Null,
                FROM_FILE,
                &[inspect],
            )
        };
        holds(judge(
            json!(["POSTGRES_PASSWORD_FILE=/run/secrets/db", "PATH=/bin"]),
            json!(["postgres"]),
        ));
        finds(
            judge(json!(["POSTGRES_PASSWORD=hidden"]), json!(["postgres"])),
            "POSTGRES_PASSWORD has a value",
        );
        finds(
            judge(
                json!([]),
                json!(["redis-server", "--requirepass", "hidden"]),
            ),
            "--requirepass",
        );
    }
}
