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

/// `512 B`, `4.1 kB`, `283.0 MB`, `1.2 GB`: thousands, as Docker counts.
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1000 => return format!("{bytes} B"),
        1000..1_000_000 => (1000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_thousands() {
        let told = [999, 1000, 1_234_567, 282_621_542, 1_250_000_000].map(size);
        assert_eq!(told, ["999 B", "1.0 kB", "1.2 MB", "282.6 MB", "1.2 GB"]);
    }
}
