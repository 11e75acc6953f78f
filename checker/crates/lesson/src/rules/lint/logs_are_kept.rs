//! `logs-are-kept`

use super::read::{key, services};
use super::{Level, Lint, Remark, accepts, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "logs-are-kept",
        what: "No service throws its log away.",
        why: "With the driver `none` nothing of what the program says is kept: `docker compose logs` shows nothing, and after a crash nobody knows why.",
        mend: "Take the driver out, and bound what is kept instead: `logging: options: {max-size: 10m, max-file: \"3\"}`.",
        leave: "For a program that writes its log elsewhere by itself.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    examine,
};

fn examine(scene: &Scene<'_>) -> Vec<Remark> {
    let remark = |service| {
        let driver =
            key(&service, "logging.driver").filter(|driver| driver.as_str() == Some("none"))?;
        Some(Remark::of(
            &service,
            driver.span(),
            "what it says is thrown away",
        ))
    };
    services(scene).into_iter().filter_map(remark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{finds, silent};
    use super::LINT;

    #[test]
    fn a_log_that_is_thrown_away_is_told() {
        finds(&LINT, "logging: {driver: none}", "thrown away");
    }

    #[test]
    fn a_bounded_log_is_left_alone() {
        silent(
            &LINT,
            "logging: {driver: json-file, options: {max-size: 10m}}",
        );
    }
}
