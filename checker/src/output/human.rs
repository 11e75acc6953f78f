//! A report for a person: one line a check, then where, found, expected, why and next for those that failed.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use anstyle::Style;
use lesson::evidence::{EngineSeen, Evidence};
use lesson::number_of;
use lesson::report::{CheckReport, Finding, Outcome, Reason, Report, Scope, Spot, Verdict};

use super::style::{self, painted};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What failed, and the summary.
    Quiet,
    /// Every check.
    Normal,
    /// Every check, the engine that was asked, and every question and answer.
    Verbose,
}

/// Width of the word in front of a title.
const WORD: usize = 11;

/// The report as it is printed. Colours are always in it; the stream takes them out where nobody wants them.
pub fn report(report: &Report, evidence: &Evidence, detail: Detail) -> String {
    let mut text = format!(
        "{} · {}\n\n",
        painted(style::STRONG, &report.lesson),
        report.title
    );
    if detail == Detail::Verbose {
        text.push_str(&asked(evidence));
    }
    for group in report
        .checks
        .chunk_by(|one, next| detail != Detail::Verbose && are_open_alike(one, next))
    {
        match group {
            [first, _, _, ..] if open_because(first).is_some() => text.push_str(&open_group(group)),
            checks => checks
                .iter()
                .filter(|check| {
                    detail != Detail::Quiet || matches!(check.verdict, Verdict::Fail { .. })
                })
                .for_each(|check| text.push_str(&self::check(check))),
        }
    }
    text.push('\n');
    text.push_str(&waiting(report));
    text.push_str(&summary(report));
    super::typed(&text)
}

/// One check: a line, and below it where, found, expected, why and next for one that failed.
pub fn check(check: &CheckReport) -> String {
    match &check.verdict {
        Verdict::Pass => line(style::GOOD, "PASS", &check.title),
        Verdict::Fail { findings } => line(style::BAD, "FAIL", &check.title) + &details(findings),
        Verdict::Advice { findings } => {
            line(style::ADVICE, "ADVICE", &check.title) + &details(findings)
        }
        Verdict::NotChecked { reason } => line(
            style::OPEN,
            "NOT CHECKED",
            &format!("{}: {}", check.title, reason.text()),
        ),
    }
}

fn open_because(check: &CheckReport) -> Option<&Reason> {
    match &check.verdict {
        Verdict::NotChecked { reason } => Some(reason),
        _ => None,
    }
}

fn are_open_alike(one: &CheckReport, next: &CheckReport) -> bool {
    open_because(one).is_some() && open_because(one) == open_because(next)
}

/// Many checks that were not judged for one and the same reason say it once.
fn open_group(checks: &[CheckReport]) -> String {
    let reason = checks
        .first()
        .and_then(open_because)
        .map(Reason::text)
        .unwrap_or_default();
    line(
        style::OPEN,
        "NOT CHECKED",
        &format!("{} checks: {reason}", checks.len()),
    )
}

fn line(style: Style, word: &str, text: &str) -> String {
    let padding = " ".repeat(WORD.saturating_sub(word.len()));
    format!("{}{padding}  {text}\n", painted(style, word))
}

/// The findings of one check. What several have in common stands once, after the last of them.
fn details(findings: &[Finding]) -> String {
    let mut text = String::new();
    for (index, finding) in findings.iter().enumerate() {
        let is_last = findings
            .get(index + 1)
            .is_none_or(|next| notes(next) != notes(finding));
        text.push_str(&self::finding(finding, is_last));
    }
    text
}

/// What follows a finding: name and text.
fn notes(finding: &Finding) -> [(&'static str, &str); 3] {
    [
        ("expected", &finding.expected),
        ("why", &finding.why),
        ("next", &finding.next),
    ]
}

fn finding(finding: &Finding, with_notes: bool) -> String {
    let finding = &harmless(finding);
    let notes: &[_] = if with_notes { &notes(finding) } else { &[] };
    match &finding.spot {
        Spot::File {
            path,
            line,
            column,
            end_column,
            excerpt,
        } => {
            let start = offset(excerpt, *column);
            let end = offset(excerpt, *end_column).max(start);
            let mark = AnnotationKind::Primary
                .span(start..end)
                .label(finding.found.as_str());
            let source = Snippet::source(excerpt.as_str())
                .line_start(*line as usize)
                .path(path.as_str())
                .annotation(mark);
            let group = Group::with_level(Level::ERROR).element(source);
            let group = notes.iter().fold(group, |group, (name, text)| {
                group.element(Level::NOTE.with_name(*name).message(wrapped(name, text)))
            });
            let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
            let renderer = match width() {
                Some(width) => renderer.term_width(width),
                None => renderer,
            };
            format!("{}\n", renderer.render(&[group]))
        }
        Spot::WholeFile { path } => elsewhere(path, &finding.found, &[], notes),
        Spot::Container { name, lines } => {
            elsewhere(&format!("container {name}"), &finding.found, lines, notes)
        }
        Spot::Probe { question } => elsewhere(question, &finding.found, &[], notes),
    }
}

/// Text of files and programs with a mark in the place of every character that would do something to a terminal instead of
/// being shown. One for one, so that columns stay.
fn harmless(finding: &Finding) -> Finding {
    let plain = |text: &str| -> String {
        let acts = |letter: char| {
            (letter.is_control() && letter != '\t')
                || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        text.chars()
            .map(|letter| if acts(letter) { '\u{fffd}' } else { letter })
            .collect()
    };
    let mut finding = finding.clone();
    for text in [&mut finding.found, &mut finding.expected, &mut finding.next] {
        *text = plain(text);
    }
    match &mut finding.spot {
        Spot::File { excerpt, .. } => *excerpt = plain(excerpt),
        Spot::WholeFile { path: text }
        | Spot::Container { name: text, .. }
        | Spot::Probe { question: text } => *text = plain(text),
    }
    finding
}

/// A finding without a source line, in the same shape.
fn elsewhere(place: &str, found: &str, lines: &[String], notes: &[(&str, &str)]) -> String {
    let mut text = format!("  --> {place}: {found}\n");
    if !lines.is_empty() {
        text.push_str("   |\n");
        lines
            .iter()
            .for_each(|line| text.push_str(&format!("   | {}\n", printable(line))));
    }
    for (name, note) in notes {
        let indentation = format!("\n{}", " ".repeat(note_indentation(name)));
        text.push_str(&format!(
            "   = {name}: {}\n",
            wrapped(name, note).replace('\n', &indentation)
        ));
    }
    text
}

/// Columns before the text of a note: `   = why: `.
fn note_indentation(name: &str) -> usize {
    "   = : ".len() + name.len()
}

/// A note broken into lines that fit the terminal; where there is none, one line.
pub(super) fn wrapped(name: &str, text: &str) -> String {
    const NARROWEST: usize = 40;
    // Line numbers of more digits move the notes to the right.
    let taken = note_indentation(name) + 2;
    match width() {
        // Names of checks have hyphens, and a command that is broken at one cannot be copied.
        Some(width) => textwrap::fill(
            text,
            textwrap::Options::new(width.saturating_sub(taken).max(NARROWEST))
                .word_separator(textwrap::WordSeparator::AsciiSpace)
                .word_splitter(textwrap::WordSplitter::NoHyphenation),
        ),
        None => text.to_owned(),
    }
}

/// Columns of the terminal, where there is one.
fn width() -> Option<usize> {
    use std::io::IsTerminal;
    let stdout = std::io::stdout();
    let is_terminal = stdout.is_terminal();
    is_terminal
        .then(|| terminal_size::terminal_size_of(stdout))
        .flatten()
        .map(|(width, _)| usize::from(width.0))
}

/// Log lines come from programs; control characters in them are not for this terminal.
fn printable(line: &str) -> String {
    const LONGEST: usize = 200;
    let plain = anstream::adapter::strip_str(line).to_string();
    let shown: String = plain
        .chars()
        .filter(|letter| !letter.is_control())
        .take(LONGEST)
        .collect();
    if plain.chars().count() > LONGEST {
        format!("{shown} …")
    } else {
        shown
    }
}

/// Byte offset of a column, counted in characters from 1.
fn offset(line: &str, column: u32) -> usize {
    let before = column.saturating_sub(1) as usize;
    line.char_indices()
        .nth(before)
        .map_or(line.len(), |(offset, _)| offset)
}

fn waiting(report: &Report) -> String {
    let mut text = String::new();
    for starting in &report.starting {
        text.push_str(&format!("{}\n", starting.text()));
    }
    if !text.is_empty() {
        text.push_str(&format!(
            "`checker verify {} --wait` looks again until they have settled.\n\n",
            name(report)
        ));
    }
    text
}

fn summary(report: &Report) -> String {
    let counts = report.counts();
    let mut parts = vec![format!("{} passed", counts.passed)];
    let more = [
        (counts.failed, "failed"),
        (counts.not_checked, "not checked"),
        (counts.advice, "advice"),
    ];
    parts.extend(
        more.iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}")),
    );
    let number = name(report);
    let (style, then) = match report.outcome() {
        Outcome::Passed => (style::GOOD, format!("{} passes", report.lesson)),
        Outcome::FilesPass => (
            style::GOOD,
            format!(
                "the files pass; {} passes when its containers do too: checker verify {number}",
                report.lesson
            ),
        ),
        Outcome::Failed => (style::BAD, again(report)),
        Outcome::Incomplete => (style::OPEN, incomplete(report)),
    };
    format!("{} · {then}\n", painted(style, &parts.join(", ")))
}

/// The same command again.
fn again(report: &Report) -> String {
    let scope = match report.scope {
        Scope::Files => " --static-only",
        Scope::FilesAndContainers => "",
    };
    format!(
        "checker verify {}{scope} again after the change",
        name(report)
    )
}

/// The first thing to do about what was not checked.
fn incomplete(report: &Report) -> String {
    let reasons = report
        .checks
        .iter()
        .filter_map(|check| match &check.verdict {
            Verdict::NotChecked { reason } => Some(reason),
            _ => None,
        });
    let next = reasons.filter_map(Reason::next).next().map(str::to_owned);
    let next = next.unwrap_or_else(|| format!("checker verify {} --wait", name(report)));
    match report.scope {
        Scope::Files | Scope::FilesAndContainers => {
            format!("{} does not pass yet; next: {next}", report.lesson)
        }
    }
}

/// What a learner types: `4`.
fn name(report: &Report) -> String {
    number_of(&report.lesson).map_or_else(|| report.lesson.clone(), |number| number.to_string())
}

/// Which engine was asked, and every question with its time.
fn asked(evidence: &Evidence) -> String {
    let mut text = match &evidence.world.engine {
        EngineSeen::NotAsked => "engine: not asked\n".to_owned(),
        EngineSeen::Silent {
            address, reason, ..
        } => format!("engine: {address}: {reason}\n"),
        EngineSeen::Answered { address, version } => {
            let word = |name: &str| {
                version
                    .get(name)
                    .and_then(|value| value.as_str())
                    .unwrap_or("?")
                    .to_owned()
            };
            format!(
                "engine: {address}, version {} (API {})\n",
                word("Version"),
                word("ApiVersion")
            )
        }
    };
    for (path, seen) in &evidence.files.files {
        let what = match seen {
            lesson::evidence::FileSeen::Text(read) => format!("{} bytes", read.len()),
            other => format!("{other:?}"),
        };
        text.push_str(&format!("file {path}: {what}\n"));
    }
    for answered in &evidence.world.answers {
        let question = serde_json::to_string(&answered.probe).unwrap_or_default();
        let answer = serde_json::to_string(&answered.answer).unwrap_or_default();
        text.push_str(&format!(
            "asked {question} in {} ms: {}\n",
            answered.took_ms,
            printable(&answer)
        ));
    }
    text.push('\n');
    text
}
