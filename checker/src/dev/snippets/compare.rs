//! A printed output against the one of a run, with wildcards.
//!
//! `…` alone on a line stands for any number of lines, inside a line for any run of characters. What else may differ is
//! said by class ([`Varies`]).

use std::fmt::Write as _;
use std::sync::LazyLock;

use book::Varies;
use regex_lite::Regex;

/// How many lines that a `…` took are shown in a difference, before and after the gap.
const SHOWN_OF_A_GAP: usize = 3;

/// What a run printed, held against what the book prints; the error shows both, line by line.
///
/// # Errors
/// They differ: `-` before a line that the book has and the run has not, `+` before one that only the run has.
pub fn compare(printed: &[String], found: &str, varies: &[Varies]) -> Result<(), String> {
    let pattern: Vec<_> = printed
        .iter()
        .map(|line| Pattern::new(line, varies))
        .collect();
    matched(pattern, found, varies)
}

/// The lines to print for what a run printed: its own, with the wildcards that the book has.
pub fn renewed(printed: &[String], found: &str, varies: &[Varies]) -> Vec<String> {
    let is_same = compare(printed, found, varies).is_ok();
    if varies.contains(&Varies::Order) {
        // Which line came first says nothing.
        return match is_same {
            true => printed.to_vec(),
            false => found.lines().map(str::to_owned).collect(),
        };
    }
    let (pattern, found) = both(
        printed
            .iter()
            .map(|line| Pattern::new(line, varies))
            .collect(),
        found,
        varies,
    );
    let rows = in_order(&pattern, &found).into_iter();
    rows.filter_map(|row| match row {
        Row::Both { printed, .. } if printed.contains('…') => Some(printed),
        Row::Both { found, .. } | Row::Found(found) => Some(found),
        Row::Gap => Some("…"),
        Row::Skipped(_) | Row::Printed(_) => None,
    })
    .map(str::to_owned)
    .collect()
}

/// As [`compare`], for lines that have to be in an output in their order, with anything around them.
///
/// # Errors
/// One of them is not there.
pub fn contains(lines: &[String], found: &str, varies: &[Varies]) -> Result<(), String> {
    let mut pattern = vec![Pattern::Lines];
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        pattern.push(Pattern::new(line, varies));
        pattern.push(Pattern::Lines);
    }
    matched(pattern, found, varies)
}

fn matched(pattern: Vec<Pattern>, found: &str, varies: &[Varies]) -> Result<(), String> {
    let (pattern, found) = both(pattern, found, varies);
    let rows = match varies.contains(&Varies::Order) {
        true => in_any_order(&pattern, &found),
        false => in_order(&pattern, &found),
    };
    match rows.iter().any(Row::is_difference) {
        true => Err(shown(&rows)),
        false => Ok(()),
    }
}

/// Both sides line by line, without empty lines at their ends.
fn both(mut pattern: Vec<Pattern>, found: &str, varies: &[Varies]) -> (Vec<Pattern>, Vec<Found>) {
    while pattern.last().is_some_and(Pattern::is_empty_line) {
        pattern.pop();
    }
    let mut found: Vec<_> = found.lines().map(|line| Found::new(line, varies)).collect();
    while found.last().is_some_and(|line| line.written.is_empty()) {
        found.pop();
    }
    (pattern, found)
}

/// A line of the book.
enum Pattern {
    /// Any number of lines.
    Lines,
    /// A line, whole and in the pieces between its wildcards.
    Line {
        written: String,
        pieces: Vec<String>,
    },
}

impl Pattern {
    fn new(line: &str, varies: &[Varies]) -> Self {
        match line.trim() == "…" {
            true => Self::Lines,
            false => Self::Line {
                written: line.trim_end().to_owned(),
                pieces: pieces(&in_classes(line, varies)),
            },
        }
    }

    fn is_empty_line(&self) -> bool {
        matches!(self, Self::Line { written, .. } if written.is_empty())
    }

    fn written(&self) -> &str {
        match self {
            Self::Lines => "…",
            Self::Line { written, .. } => written,
        }
    }

    fn fits(&self, found: &Found) -> bool {
        let Self::Line { pieces, .. } = self else {
            return true;
        };
        let text = found.compared.as_str();
        let Some((first, rest)) = pieces.split_first() else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut left) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in middle {
            match left.find(piece.as_str()) {
                Some(at) => left = &left[at + piece.len()..],
                None => return false,
            }
        }
        left.ends_with(last.as_str())
    }
}

/// What stands between the wildcards of a line. Blanks beside a wildcard are there for the reader, and belong to it.
fn pieces(line: &str) -> Vec<String> {
    let pieces: Vec<_> = line.split('…').collect();
    let last = pieces.len() - 1;
    let trimmed = pieces.iter().enumerate().map(|(at, piece)| {
        let piece = if at > 0 { piece.trim_start() } else { piece };
        let piece = if at < last { piece.trim_end() } else { piece };
        piece.to_owned()
    });
    trimmed.collect()
}

/// A line of the run.
struct Found {
    written: String,
    compared: String,
}

impl Found {
    fn new(line: &str, varies: &[Varies]) -> Self {
        Self {
            written: line.trim_end().to_owned(),
            compared: in_classes(line, varies),
        }
    }
}

/// Words of each class, in the order in which they are looked for.
static CLASSES: LazyLock<Vec<(Varies, Regex, &str)>> = LazyLock::new(|| {
    let times = [
        (
            r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (\d{1,2} )?[A-Z][a-z]{2} ([ \d]\d )?(\d{4} )?\d\d:\d\d:\d\d( [A-Z]{3})?( \d{4})?",
            "⟨time⟩",
        ),
        (
            r"\b(\d{4}[-/]\d\d[-/]\d\d|\d\d/[A-Z][a-z]{2}/\d{4})([T: ]\d\d:\d\d(:\d\d([.,]\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?)?",
            "⟨time⟩",
        ),
        (r"\b\d{1,2}:\d\d:\d\d([.,]\d+)?", "⟨time⟩"),
        (
            r"\b(About an? (minute|hour)|Less than a second|\d+(\.\d+)? (second|minute|hour|day|week|month|year)s?)( ago)?\b",
            "⟨duration⟩",
        ),
        (
            r"\b(\d+(\.\d+)? ?(ms|µs|ns|s|m|h))+\b( ago\b)?",
            "⟨duration⟩",
        ),
    ];
    let others = [
        (
            Varies::Ids,
            r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",
            "⟨id⟩",
        ),
        (Varies::Ids, r"\b[0-9a-f]{7,}\b", "⟨id⟩"),
        (
            Varies::Addresses,
            r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
            "⟨address⟩",
        ),
        (Varies::Sizes, r"\b\d+(\.\d+)? ?([kKMGT]i?)?B\b", "⟨size⟩"),
        (Varies::Numbers, r"\d+(\.\d+)?", "⟨number⟩"),
        (Varies::Spacing, r"[ \t]+", " "),
    ];
    let times = times.map(|(pattern, word)| (Varies::Times, pattern, word));
    times
        .into_iter()
        .chain(others)
        .filter_map(|(class, pattern, word)| Some((class, Regex::new(pattern).ok()?, word)))
        .collect()
});

/// A line with a word for each thing that may vary, so that two lines that differ only in it are equal.
fn in_classes(line: &str, varies: &[Varies]) -> String {
    let mut line = line.trim_end().to_owned();
    for (class, pattern, word) in CLASSES.iter().filter(|(class, ..)| varies.contains(class)) {
        line = pattern
            .replace_all(&line, |found: &regex_lite::Captures<'_>| {
                let text = &found[0];
                let stays = *class == Varies::Addresses && matches!(text, "127.0.0.1" | "0.0.0.0");
                if stays {
                    text.to_owned()
                } else {
                    (*word).to_owned()
                }
            })
            .into_owned();
    }
    line
}

/// What a line costs that only the book has. More than one that only the run has, so that as many lines of the book as can
/// be are found in the run.
const MISSING: usize = 2;
/// What a line costs that only the run has.
const EXTRA: usize = 1;

/// A line of the two outputs side by side.
#[derive(Debug, PartialEq, Eq)]
enum Row<'a> {
    /// In both; not letter by letter where something may vary.
    Both { printed: &'a str, found: &'a str },
    /// The `…` of the book, after the lines that it took.
    Gap,
    /// In the run, where the book has `…`.
    Skipped(&'a str),
    /// In the book alone.
    Printed(&'a str),
    /// In the run alone.
    Found(&'a str),
}

impl Row<'_> {
    fn is_difference(&self) -> bool {
        matches!(self, Self::Printed(_) | Self::Found(_))
    }
}

/// The alignment that costs least; it costs nothing when the two agree.
fn in_order<'a>(pattern: &'a [Pattern], found: &'a [Found]) -> Vec<Row<'a>> {
    let width = found.len() + 1;
    // costs[i * width + j]: what it costs to align the pattern from i on and the output from j on.
    let mut costs = vec![0_usize; (pattern.len() + 1) * width];
    let fits: Vec<bool> = pattern
        .iter()
        .flat_map(|line| found.iter().map(|found| line.fits(found)))
        .collect();
    for i in (0..=pattern.len()).rev() {
        for j in (0..width).rev() {
            let below = |i: usize, j: usize| costs[i * width + j];
            costs[i * width + j] = match (pattern.get(i), j < found.len()) {
                (None, false) => 0,
                (None, true) => EXTRA + below(i, j + 1),
                (Some(Pattern::Lines), false) => below(i + 1, j),
                (Some(Pattern::Lines), true) => below(i + 1, j).min(below(i, j + 1)),
                (Some(_), false) => MISSING + below(i + 1, j),
                (Some(_), true) if fits[i * found.len() + j] => below(i + 1, j + 1),
                (Some(_), true) => (MISSING + below(i + 1, j)).min(EXTRA + below(i, j + 1)),
            };
        }
    }
    let cost = |i: usize, j: usize| costs[i * width + j];
    let mut rows = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < pattern.len() || j < found.len() {
        match (pattern.get(i), found.get(j)) {
            (Some(Pattern::Lines), None) => {
                rows.push(Row::Gap);
                i += 1;
            }
            (Some(Pattern::Lines), Some(line))
                if cost(i, j + 1) < cost(i + 1, j) || cost(i, j + 1) == cost(i, j) =>
            {
                rows.push(Row::Skipped(&line.written));
                j += 1;
            }
            (Some(Pattern::Lines), Some(_)) => {
                rows.push(Row::Gap);
                i += 1;
            }
            (Some(printed), Some(line)) if fits[i * found.len() + j] => {
                rows.push(Row::Both {
                    printed: printed.written(),
                    found: &line.written,
                });
                (i, j) = (i + 1, j + 1);
            }
            (Some(line), here)
                if here.is_none() || MISSING + cost(i + 1, j) <= EXTRA + cost(i, j + 1) =>
            {
                rows.push(Row::Printed(line.written()));
                i += 1;
            }
            (_, Some(line)) => {
                rows.push(Row::Found(&line.written));
                j += 1;
            }
            // Unreachable: the loop's condition leaves one of the two.
            (_, None) => break,
        }
    }
    rows
}

/// Each line of the book has a line of its own in the run; with a `…` in the book the run may have more.
fn in_any_order<'a>(pattern: &'a [Pattern], found: &'a [Found]) -> Vec<Row<'a>> {
    let lines: Vec<_> = pattern
        .iter()
        .filter(|line| !matches!(line, Pattern::Lines))
        .collect();
    let may_have_more = lines.len() < pattern.len();
    let mut taken_by: Vec<Option<usize>> = vec![None; found.len()];
    let missing: Vec<usize> = (0..lines.len())
        .filter(|at| {
            !takes(
                *at,
                &lines,
                found,
                &mut taken_by,
                &mut vec![false; found.len()],
            )
        })
        .collect();
    let of_run = found
        .iter()
        .zip(&taken_by)
        .map(|(line, taken)| match taken {
            Some(at) => Row::Both {
                printed: lines[*at].written(),
                found: &line.written,
            },
            None if may_have_more => Row::Skipped(&line.written),
            None => Row::Found(&line.written),
        });
    missing
        .into_iter()
        .map(|at| Row::Printed(lines[at].written()))
        .chain(of_run)
        .collect()
}

/// Finds a line of the run for one of the book, moving others to another line where that makes room.
fn takes(
    at: usize,
    lines: &[&Pattern],
    found: &[Found],
    taken_by: &mut Vec<Option<usize>>,
    asked: &mut Vec<bool>,
) -> bool {
    for (place, line) in found.iter().enumerate() {
        if asked[place] || !lines[at].fits(line) {
            continue;
        }
        asked[place] = true;
        let is_free = match taken_by[place] {
            None => true,
            Some(other) => takes(other, lines, found, taken_by, asked),
        };
        if is_free {
            taken_by[place] = Some(at);
            return true;
        }
    }
    false
}

fn shown(rows: &[Row<'_>]) -> String {
    let rows: Vec<_> = rows.iter().filter(|row| !matches!(row, Row::Gap)).collect();
    let mut text = String::new();
    let mut at = 0;
    while at < rows.len() {
        let run = rows[at..]
            .iter()
            .take_while(|row| matches!(row, Row::Skipped(_)))
            .count();
        if run > 2 * SHOWN_OF_A_GAP + 1 {
            for row in &rows[at..at + SHOWN_OF_A_GAP] {
                push(&mut text, row);
            }
            let _ = writeln!(text, "    … {} more lines", run - 2 * SHOWN_OF_A_GAP);
            for row in &rows[at + run - SHOWN_OF_A_GAP..at + run] {
                push(&mut text, row);
            }
            at += run;
        } else {
            push(&mut text, rows[at]);
            at += 1;
        }
    }
    text
}

fn push(text: &mut String, row: &Row<'_>) {
    let (mark, line) = match row {
        Row::Both { found, .. } => (' ', found),
        Row::Gap => ('…', &""),
        Row::Skipped(line) => ('…', line),
        Row::Printed(line) => ('-', line),
        Row::Found(line) => ('+', line),
    };
    let _ = writeln!(text, "  {mark} {line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    fn same(printed: &str, found: &str, varies: &[Varies]) -> bool {
        compare(&lines(printed), found, varies).is_ok()
    }

    #[test]
    fn every_pattern_of_a_class_can_be_read() {
        assert_eq!(CLASSES.len(), 11);
    }

    #[test]
    fn without_wildcards_lines_are_equal_but_for_blanks_at_their_end() {
        assert!(same("a\nb", "a  \nb\n\n", &[]));
        assert!(!same("a\nb", "a\nb\nc\n", &[]));
        assert!(!same("a\nb", "a\n", &[]));
        assert!(!same("a  b", "a b\n", &[]));
        assert!(!same("", "a\n", &[]));
        assert!(same("", "", &[]));
    }

    #[test]
    fn an_ellipsis_on_its_own_line_is_any_number_of_lines() {
        assert!(same("…\nb", "b", &[]));
        assert!(same("…\nb", "x\ny\nb", &[]));
        assert!(same("a\n…", "a\nx", &[]));
        assert!(same("a\n…\nb\n…\nc", "a\nb\nx\nb\nc", &[]));
        assert!(!same("a\n…\nb", "a\nb\nc", &[]));
        assert!(!same("…\nb\n…\na", "a\nb", &[]));
    }

    #[test]
    fn an_ellipsis_in_a_line_is_any_run_of_characters() {
        assert!(same("exited … later", "exited (1) and later", &[]));
        assert!(same("[… \"A=1\", …]", "[\"B=2\", \"A=1\", \"C=3\"]", &[]));
        assert!(!same("a … b", "a x b c", &[]));
        assert!(!same("ab…ba", "aba", &[]));
        assert!(same("[… \"A=1\", …]", "[\"A=1\",\"B=2\"]", &[]));
        assert!(same("… refused …", "dial: connection refused\"]", &[]));
        assert!(!same("  a …", "a b", &[]));
    }

    #[test]
    fn times_vary_only_where_it_is_said() {
        let printed = "etcd   Up 5 seconds (healthy)";
        let found = "etcd   Up About a minute (healthy)";
        assert!(same(printed, found, &[Varies::Times]));
        assert!(!same(printed, found, &[]));
        assert!(!same(
            printed,
            "etcd   Up 5 seconds (unhealthy)",
            &[Varies::Times]
        ));
        for (one, other) in [
            ("2026-11-20T14:37:19.5Z x", "2026-01-02T01:02:03Z x"),
            (
                "[2026/11/20 14:37:14.114 +00:00] x",
                "[2025/01/02 00:00:00.1 +00:00] x",
            ),
            (
                "Date: Fri, 20 Nov 2026 14:37:19 GMT",
                "Date: Mon, 02 Jan 2023 00:00:01 GMT",
            ),
            ("after 0 ms: x", "after 12 ms: x"),
            ("done 1.2s", "done 1m30s"),
            ("10:11:12", "9:00:00.123"),
            (
                "Fri Nov 20 14:37:19 UTC 2026",
                "Mon Jan  2 01:02:03 UTC 2023",
            ),
        ] {
            assert!(same(one, other, &[Varies::Times]), "{one} / {other}");
        }
    }

    #[test]
    fn ids_sizes_numbers_and_addresses_are_told_apart() {
        assert!(same("id 1a2b3c4d5e6f", "id ffffffffffff", &[Varies::Ids]));
        assert!(!same("id 1a2b3c", "id ffffff", &[Varies::Ids]));
        assert!(same("12.3MB of 8GiB", "1kB of 16 GiB", &[Varies::Sizes]));
        assert!(same("3 of 10", "4 of 9.5", &[Varies::Numbers]));
        assert!(same(
            "10.201.0.3:9000",
            "172.17.0.2:9000",
            &[Varies::Addresses]
        ));
        assert!(!same(
            "127.0.0.1:9000",
            "172.17.0.2:9000",
            &[Varies::Addresses]
        ));
        assert!(!same(
            "10.201.0.3:9000",
            "0.0.0.0:9000",
            &[Varies::Addresses]
        ));
    }

    #[test]
    fn spacing_makes_columns_of_another_width_equal() {
        assert!(same("a   b", "a      b", &[Varies::Spacing]));
        assert!(!same("a b", "ab", &[Varies::Spacing]));
    }

    #[test]
    fn in_any_order_each_line_needs_one_of_its_own() {
        let order = &[Varies::Order];
        assert!(same("a\nb", "b\na", order));
        assert!(!same("a\na", "a\nb", order));
        assert!(!same("a", "a\nb", order));
        assert!(same("a\n…", "b\na", order));
        // The wildcard may not keep the line that another one needs.
        assert!(same("a…\nab", "ab\nac", order));
    }

    #[test]
    fn contained_lines_keep_their_order() {
        let found = "one\ntwo\nthree\n";
        assert!(contains(&lines("one\nthree"), found, &[]).is_ok());
        assert!(contains(&lines("three\n…\none"), found, &[]).is_err());
    }

    #[test]
    fn a_renewed_output_is_that_of_the_run_with_the_wildcards_of_the_book() {
        let renewed = |printed, found, varies: &[Varies]| renewed(&lines(printed), found, varies);
        assert_eq!(
            renewed(
                "a 1s\n…\nb … 2s\nc",
                "a 5s\nx\ny\nb z 9s\nd\n",
                &[Varies::Times]
            ),
            ["a 5s", "…", "b … 2s", "d"]
        );
        assert_eq!(renewed("b\na", "a\nb\n", &[Varies::Order]), ["b", "a"]);
        assert_eq!(renewed("b\na", "a\nc\n", &[Varies::Order]), ["a", "c"]);
        assert_eq!(renewed("", "a\n\n", &[]), ["a"]);
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let told = compare(&lines("a\n…\nb\nc"), "a\nx\nb\nd\n", &[]).expect_err("they differ");
        assert_eq!(told, "    a\n  … x\n    b\n  - c\n  + d\n");
    }
}
