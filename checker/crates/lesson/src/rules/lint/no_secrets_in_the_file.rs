//! `no-secrets-in-the-file`

use super::credentials::{self, Credential};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-secrets-in-the-file",
        what: "No password, token or key is written in a Compose file.",
        why: "The file goes where the source code goes: to everybody who may read it, and into every old version. Once there, a secret has to be replaced, not deleted.",
        mend: "Put the value into a file that is not committed: a secret (`secrets:`), a file under `env_file:`, or a variable from `.env`. Then make a new one, because this one is known.",
        leave: "For values that protect nothing, as in a test that throws its data away.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let names = credentials::plain_names(scene);
    let remark = |credential: Credential<'_>| {
        let Credential {
            service,
            node,
            secret,
            is_password,
            ..
        } = &credential;
        // Those are told by `no-default-credentials`.
        let is_told = credential.is_well_known() || (*is_password && names.contains(secret));
        if is_told || !credential.is_in_file(scene) {
            return None;
        }
        let found = format!("{} is written in the file", credential.described());
        Some(Remark::of(service, node.span(), found).once(secret))
    };
    credentials::all(scene)
        .into_iter()
        .filter_map(remark)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_in, said, silent};
    use super::LINT;

    #[test]
    fn a_secret_in_the_file_is_told_and_not_repeated() {
        for keys in [
            "environment: {DB_PASSWORD: kite-battery-9}",
            "environment: ['DB_PASSWORD=kite-battery-9']",
            "environment: {DB_PASSWORD: '${DB_PASSWORD:-kite-battery-9}'}",
            "environment: {DATABASE_URL: 'postgres://ada:kite-battery-9@db/x'}",
            "command: [redis-server, --requirepass, kite-battery-9]",
            "command: redis-server --requirepass kite-battery-9",
        ] {
            finds(&LINT, keys, "is written in the file");
            let compose = format!("services: {{web: {{image: x, {keys}}}}}");
            assert!(!said(&LINT, &compose)[0].contains("kite"));
        }
    }

    #[test]
    fn one_secret_in_many_places_is_told_once() {
        finds_in(
            &LINT,
            "services: {db: {image: x, environment: {DB_PASSWORD: kite-battery-9}}, web: {image: x, environment: {URL: 'a://b:kite-battery-9@c'}}}",
            "`db`, `web`: ",
        );
    }

    #[test]
    fn a_value_from_elsewhere_is_left_alone() {
        silent(
            &LINT,
            "environment: {DB_PASSWORD: '${DB_PASSWORD:?}'}"
                .replace(":?", "")
                .as_str(),
        );
        silent(&LINT, "environment: {DB_PASSWORD_FILE: /run/secrets/db}");
        silent(&LINT, "environment: [DB_PASSWORD]");
        silent(&LINT, "environment: {DB_PASSWORD: postgres}");
    }
}
