//! `health-check-tells-the-client`

use compose::Service;
use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe;
use crate::scene::{Judged, Mismatch, Scene};

pub const RULE: Rule = Rule {
    name: "health-check-tells-the-client",
    what: "Where a health check runs a certain client, it gives that client something: by an option, by a variable, or in the address.",
    why: "Where a client is told nothing it takes a default, which may be right for a person at a terminal and wrong for a probe.",
    mend: "Give the client the option.",
    leave: "Where the default is what is meant.",
    reads: Reads::Files,
    accepts: |with| parameters::<Parameters>(with).map(drop),
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    /// The client, as `psql`. A probe without it holds.
    program: String,
    /// What it has to be told, as in "psql is not told …".
    what: String,
    /// Options that tell it.
    options: Vec<String>,
    /// An environment variable that tells it as well.
    variable: String,
    /// Parts of other arguments that tell it, as `user=`.
    #[serde(default)]
    words: Vec<String>,
    /// What it does otherwise. Without this it need not be told.
    #[serde(default)]
    otherwise: Option<String>,
    /// The variable of the service that has the right value; what an option says has to be the same.
    #[serde(default)]
    value_of: Option<String>,
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let name = &parameters.service;
    let Some(service) = scene.service(name) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let Some((_, probe)) = probe::of(&service) else {
        return Judged::Holds;
    };
    if let Some(mismatch) = other_value(scene, &service, &probe.text, parameters) {
        return mismatch.into();
    }
    let Some(otherwise) = &parameters.otherwise else {
        return Judged::Holds;
    };
    let assignment = format!("{}=", parameters.variable);
    let in_environment = service.environment(&parameters.variable).is_some();
    let is_told = probe.text.contains(&assignment)
        || in_environment
        || parameters
            .words
            .iter()
            .any(|word| probe.text.contains(word));
    let has_option = |words: &[&str]| {
        let is_option = |word: &&str| {
            parameters
                .options
                .iter()
                .any(|option| word.starts_with(option))
        };
        words.iter().any(is_option)
    };
    let wrong = probe::words(&probe.text)
        .split(|word| matches!(*word, "||" | "&&"))
        .any(|words| {
            words
                .iter()
                .any(|word| probe::base_name(word) == parameters.program)
                && !has_option(words)
        });
    if is_told || !wrong {
        return Judged::Holds;
    }
    let spot = probe::spot(scene, &service);
    let Parameters {
        program,
        what,
        options,
        ..
    } = parameters;
    let found = format!("`{program}` is not told {what}: {otherwise}");
    let expected = format!("`{program}` with `{}`", options.join("` or `"));
    Mismatch::new(spot, found, expected)
        .next(format!(
            "look at `docker compose exec {name} {program} --help`"
        ))
        .into()
}

/// An option that says something else than the variable of the service. What a variable puts in is not compared.
fn other_value(
    scene: &Scene<'_>,
    service: &Service<'_>,
    text: &str,
    parameters: &Parameters,
) -> Option<Mismatch> {
    let variable = parameters.value_of.as_deref()?;
    let right = service.environment(variable)?.scalar_text()?;
    let words = probe::words(text);
    let program = &parameters.program;
    if !words.iter().any(|word| probe::base_name(word) == *program) {
        return None;
    }
    let said = words.iter().enumerate().find_map(|(at, word)| {
        parameters.options.iter().find_map(|option| {
            let rest = word.strip_prefix(option.as_str())?;
            match rest.strip_prefix('=').unwrap_or(rest) {
                "" => words.get(at + 1).copied(),
                value => Some(value),
            }
        })
    })?;
    let said = said.trim_matches(['"', '\'']);
    // A variable is told without its dollar.
    let is_put_in = [format!("${said}"), format!("${{{said}")];
    if said == right || said.contains('$') || is_put_in.iter().any(|one| text.contains(one)) {
        return None;
    }
    let found = format!("`{program}` is told `{said}`, and {variable} of the service is `{right}`");
    let expected = format!("`{right}`, as {variable} says");
    Some(Mismatch::new(probe::spot(scene, service), found, expected))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(test: &str, environment: &str) -> Judged {
        let compose = format!(
            "services: {{db: {{image: x, environment: {{{environment}}}, healthcheck: {{test: {test}}}}}}}"
        );
        let with = json!({
            "service": "db", "program": "psql", "what": "as whom", "options": ["-U", "--username"],
            "variable": "PGUSER", "words": ["user=", "://"], "otherwise": "it takes root",
        });
        on_file("health-check-tells-the-client", with, &compose)
    }

    #[test]
    fn an_option_a_variable_or_the_address_will_do() {
        for (test, environment) in [
            ("[CMD, psql, -U, shop, -c, SELECT 1]", ""),
            ("psql -Ushop -c 'SELECT 1'", ""),
            ("'psql --username=$$POSTGRES_USER -c \"SELECT 1\"'", ""),
            ("[CMD, psql, 'postgresql://shop@localhost/orders']", ""),
            ("[CMD, psql, 'user=shop dbname=orders']", ""),
            ("PGUSER=shop psql", ""),
            ("[CMD, psql]", "PGUSER: shop"),
            ("[CMD, pg_isready]", ""),
            ("[NONE]", ""),
        ] {
            holds(judge(test, environment));
        }
    }

    #[test]
    fn a_client_that_is_told_nothing_is_told() {
        finds(
            judge("[CMD, psql, -c, SELECT 1]", ""),
            "is not told as whom: it takes root",
        );
        finds(
            judge("pg_isready -U shop && psql -c 'SELECT 1'", ""),
            "it takes root",
        );
        finds(judge("[CMD, sh, -c, '/usr/bin/psql']", ""), "it takes root");
    }

    #[test]
    fn what_an_option_says_has_to_be_what_the_service_was_set_up_with() {
        let on = |test: &str| {
            let compose = format!(
                "services: {{db: {{image: x, environment: {{DB_USER: shop}}, healthcheck: {{test: {test}}}}}}}"
            );
            let with = json!({
                "service": "db", "program": "pg_isready", "what": "a user", "options": ["-U", "--username"],
                "variable": "PGUSER", "value-of": "DB_USER",
            });
            on_file("health-check-tells-the-client", with, &compose)
        };
        for right in [
            "pg_isready -U shop",
            "[CMD, pg_isready, -Ushop]",
            "[CMD, pg_isready, --username=shop]",
            "[CMD-SHELL, 'pg_isready -U \"$$DB_USER\"']",
            "pg_isready",
            "[CMD, other, -U, root]",
        ] {
            holds(on(right));
        }
        for wrong in [
            "pg_isready -U postgres",
            "[CMD, pg_isready, --username=postgres]",
        ] {
            finds(
                on(wrong),
                "`pg_isready` is told `postgres`, and DB_USER of the service is `shop`",
            );
        }
    }
}
