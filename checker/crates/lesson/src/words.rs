//! Small words about quantities, the same everywhere.

use std::time::Duration;

/// `12 s`, `4 min`, `3 h`, `2 days`: one unit, rounded down.
pub fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86400),
    }
}
