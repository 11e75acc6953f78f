//! `no-default-credentials`

use compose::{Node, Span, Step, VariableOrigin};

use super::credentials::{self, Credential};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "no-default-credentials",
        what: "No service is given a password that everybody knows or can guess.",
        why: "Passwords of guides and of the images' own documentation are tried first by everybody who reaches the port.",
        mend: "Let the value come from a variable that has to be set, `${DB_PASSWORD:?set it in .env}`, and make a password of your own; or use a secret.",
        leave: "On your own machine, with data that nobody wants and ports that only you reach.",
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
            ..
        } = &credential;
        let what = credential.described();
        let found = if credential.is_well_known() {
            format!("everybody knows {what}")
        } else if credential.is_password && names.contains(secret) {
            format!("{what} is a name that stands in this project")
        } else {
            return None;
        };
        let remark = Remark::of(service, node.span(), found).once(secret);
        Some(match set_elsewhere(node) {
            Some(span) => remark
                .related(span, "set here")
                .next("set a password of your own there"),
            None => remark,
        })
    };
    credentials::all(scene)
        .into_iter()
        .filter_map(remark)
        .collect()
}

/// Where the variable in a value gets it from, if that is a file.
fn set_elsewhere(node: &Node) -> Option<Span> {
    node.origin.steps.iter().find_map(|step| match step {
        Step::Interpolated {
            from: VariableOrigin::File(span),
            ..
        } => Some(*span),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, finds_in, silent};
    use super::LINT;

    #[test]
    fn the_line_that_sets_it_in_another_file_is_shown() {
        let compose = "services: {db: {image: x, environment: {DB_PASSWORD: $PW}}}";
        crate::testing::look_at_all(compose, &[(".env", "PW=postgres\n")], |scene| {
            let remarks = super::examine(scene);
            let [remark] = remarks.as_slice() else {
                panic!("{} remarks", remarks.len());
            };
            let (span, _) = remark.related.first().expect("the place in .env");
            assert_eq!(scene.loaded.sources.get(span.source).path, ".env");
        });
    }

    #[test]
    fn a_password_that_everybody_knows_is_told() {
        finds(
            &LINT,
            "environment: {POSTGRES_PASSWORD: postgres}",
            "everybody knows",
        );
        finds(
            &LINT,
            "environment: ['MINIO_SECRET_KEY=minioadmin']",
            "everybody knows",
        );
        finds(
            &LINT,
            "environment: {MINIO_ROOT_PASSWORD: '${PASSWORD:-minioadmin}'}",
            "everybody knows",
        );
        finds(
            &LINT,
            "environment: {DATABASE_URL: 'postgres://user:pass@db/app'}",
            "everybody knows",
        );
        finds(
            &LINT,
            "command: redis-server --requirepass changeme",
            "everybody knows",
        );
    }

    #[test]
    fn a_password_that_is_a_name_of_the_same_file_is_told() {
        finds(
            &LINT,
            "environment: {MYSQL_USER: shopkeeper, MYSQL_PASSWORD: shopkeeper}",
            "stands in this project",
        );
    }

    #[test]
    fn one_password_in_many_places_is_told_once() {
        finds_in(
            &LINT,
            "services: {db: {image: x, environment: {MINIO_ROOT_PASSWORD: minioadmin}}, web: {image: x, environment: {SECRET_KEY: minioadmin}}}",
            "`db`, `web`: everybody knows",
        );
    }

    #[test]
    fn a_password_of_its_own_is_left_alone() {
        silent(&LINT, "environment: {POSTGRES_PASSWORD: kite-battery-9}");
        silent(
            &LINT,
            "environment: {POSTGRES_PASSWORD_FILE: /run/secrets/postgres}",
        );
        silent(&LINT, "environment: {POSTGRES_PASSWORD: '${PASSWORD}'}");
    }
}
