//! `health-check-allows-the-start`

use std::time::Duration;

use serde::Deserialize;

use super::{Reads, Rule, judged, parameters};
use crate::probe;
use crate::scene::{Judged, Mismatch, Scene};
use crate::words;

pub const RULE: Rule = Rule {
    name: "health-check-allows-the-start",
    what: "The times of a health check leave a service as long as it may take to start, and show within some minutes that it hangs.",
    why: "A container that is called unhealthy while it starts makes `up --wait`, and whoever waits for it, give up.",
    mend: "Give `start_period` the time that a slow start takes. It costs nothing: the first good probe ends it.",
    leave: "Where the program is ready as soon as it runs.",
    reads: Reads::Files,
    accepts: |with| {
        parameters::<Parameters>(with).and_then(|parameters| times(&parameters).map(drop))
    },
    judge: |scene, with| judged(with, |parameters| judge(scene, &parameters)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parameters {
    service: String,
    /// How long a start may take, as `60s`.
    starts_within: String,
    /// After how long at most a service whose probes fail has to be unhealthy.
    noticed_within: String,
}

/// What Docker takes where nothing is written, or 0.
const INTERVAL: Duration = Duration::from_secs(30);
const RETRIES: u32 = 3;

fn times(parameters: &Parameters) -> Result<(Duration, Duration), String> {
    let read = |text: &str| {
        compose::units::duration(text).map_err(|_| format!("`{text}` is no duration, as `60s` is"))
    };
    Ok((
        read(&parameters.starts_within)?,
        read(&parameters.noticed_within)?,
    ))
}

fn judge(scene: &Scene<'_>, parameters: &Parameters) -> Judged {
    let name = &parameters.service;
    let (Some(service), Ok((starts, noticed))) = (scene.service(name), times(parameters)) else {
        return Judged::not_seen(
            format!("there is no service `{name}`"),
            "look at the names under `services:`",
        );
    };
    let Some((check, _)) = probe::of(&service) else {
        return probe::missing(scene, name, "a health check").into();
    };
    let given =
        |time: Option<Duration>, default| time.filter(|time| !time.is_zero()).unwrap_or(default);
    let interval = given(check.interval, INTERVAL);
    let start_period = check.start_period.unwrap_or_default();
    let retries = check.retries.filter(|retries| *retries > 0);
    let retries = retries.map_or(RETRIES, |retries| {
        u32::try_from(retries).unwrap_or(u32::MAX)
    });
    let silent = interval.saturating_mul(retries);
    let allowed = start_period.saturating_add(silent);
    let mut wrong = Vec::new();
    if allowed < starts {
        let found = format!(
            "`{name}` may take {} to start: a start period of {}, then {retries} probes {} apart",
            words::duration(allowed),
            words::duration(start_period),
            words::duration(interval),
        );
        let spot = scene.nearest(&format!("services.{name}.healthcheck.start_period"));
        let expected = format!("{} in all, or more", words::duration(starts));
        wrong.push(
            Mismatch::new(spot, found, expected)
                .next(format!("look at `healthcheck: start_period:` of `{name}`")),
        );
    }
    if silent > noticed {
        let found = format!(
            "a `{name}` that no longer works is unhealthy after {}: {retries} probes {} apart",
            words::duration(silent),
            words::duration(interval),
        );
        let spot = scene.nearest(&format!("services.{name}.healthcheck.interval"));
        let expected = format!("{} at most", words::duration(noticed));
        wrong.push(
            Mismatch::new(spot, found, expected)
                .next(format!("look at `interval:` and `retries:` of `{name}`")),
        );
    }
    Judged::from_mismatches(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::scene::Judged;
    use crate::testing::{finds, holds, on_file};

    fn judge(times: &str) -> Judged {
        let compose =
            format!("services: {{a: {{image: x, healthcheck: {{test: [CMD, ask], {times}}}}}}}");
        let with = json!({"service": "a", "starts-within": "60s", "noticed-within": "5m"});
        on_file("health-check-allows-the-start", with, &compose)
    }

    #[test]
    fn what_counts_is_the_whole_time_however_it_is_made_up() {
        for times in [
            "start_period: 60s",
            "start_period: 1m30s, interval: 10s",
            "interval: 10s, retries: 6",
            "interval: 1s, timeout: 5s, start_period: 60s",
            "start_period: 30s, interval: 10s, retries: 12",
            // Docker's own: 3 probes 30 s apart.
            "retries: 3",
            "interval: 0s, retries: 0",
        ] {
            holds(judge(times));
        }
    }

    #[test]
    fn too_short_a_start_and_too_long_a_wait_are_told() {
        finds(
            judge("interval: 5s, timeout: 5s, start_period: 5s"),
            "may take 20 s",
        );
        finds(judge("interval: 10m"), "unhealthy after 30 min");
    }
}
