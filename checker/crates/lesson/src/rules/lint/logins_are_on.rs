//! `logins-are-on`

use super::read::services;
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "logins-are-on",
        what: "No service has its login switched off.",
        why: "Without a login everybody who reaches the port may read and change the data: every other container on the network, and everybody outside once a port is published.",
        mend: "Take the variable out and give the service a password through a secret or `.env`.",
        leave: "For a database that only a test uses, on a network of its own.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

/// Variables that switch a login off, and the values that do.
const OFF: [(&str, &[&str]); 9] = [
    ("POSTGRES_HOST_AUTH_METHOD", &["trust"]),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", &[]),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", &[]),
    ("ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"]),
    ("ALLOW_ANONYMOUS_LOGIN", &["yes", "true", "1"]),
    ("xpack.security.enabled", &["false"]),
    ("DISABLE_SECURITY_PLUGIN", &["true"]),
    ("NEO4J_AUTH", &["none"]),
    ("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", &["true"]),
];

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for service in services(scene) {
        for (name, node) in service.environment_all() {
            let value = node.scalar_text().unwrap_or_default().to_lowercase();
            // The last of some images look only whether it is empty.
            let is_off = OFF.iter().any(|(off, values)| {
                *off == name
                    && if values.is_empty() {
                        !value.is_empty()
                    } else {
                        values.contains(&value.as_str())
                    }
            });
            if is_off {
                let found = format!("`{name}` lets everybody in without a password");
                remarks.push(Remark::of(&service, node.span(), found));
            }
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_login_that_is_switched_off_is_told() {
        finds(
            &LINT,
            "environment: {POSTGRES_HOST_AUTH_METHOD: trust}",
            "everybody in",
        );
        finds(
            &LINT,
            "environment: ['MYSQL_ALLOW_EMPTY_PASSWORD=1']",
            "everybody in",
        );
        finds(
            &LINT,
            "environment: ['xpack.security.enabled=false']",
            "everybody in",
        );
    }

    #[test]
    fn a_login_is_left_alone() {
        silent(
            &LINT,
            "environment: {POSTGRES_HOST_AUTH_METHOD: scram-sha-256, ALLOW_EMPTY_PASSWORD: 'no'}",
        );
        silent(&LINT, "environment: {MYSQL_ALLOW_EMPTY_PASSWORD: ''}");
    }
}
