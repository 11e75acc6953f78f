//! Moments as a person says them, in local time.

use jiff::{Timestamp, Zoned};

/// `today at 14:05`, `yesterday at 9:30`, `on Tuesday`, `on 3 March`, `on 3 March 2025`.
pub fn said(moment: Timestamp, now: &Zoned) -> String {
    let then = moment.to_zoned(now.time_zone().clone());
    let days = now.date().since(then.date()).map(|span| span.get_days());
    match days {
        Ok(0) => then.strftime("today at %-H:%M").to_string(),
        Ok(1) => then.strftime("yesterday at %-H:%M").to_string(),
        Ok(2..=6) => then.strftime("on %A").to_string(),
        _ if then.year() == now.year() => then.strftime("on %-d %B").to_string(),
        _ => then.strftime("on %-d %B %Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_the_time_zone_of_the_reader() {
        let now: Zoned = "2026-03-10T00:30:00+01:00[Europe/Berlin]"
            .parse()
            .expect("a moment");
        let told = |moment: &str| said(moment.parse().expect("a moment"), &now);
        assert_eq!(told("2026-03-09T23:05:00Z"), "today at 0:05");
        assert_eq!(told("2026-03-09T22:30:00Z"), "yesterday at 23:30");
        assert_eq!(told("2026-03-07T12:00:00Z"), "on Saturday");
        assert_eq!(told("2026-03-03T12:00:00Z"), "on 3 March");
        assert_eq!(told("2025-12-24T12:00:00Z"), "on 24 December 2025");
    }
}
