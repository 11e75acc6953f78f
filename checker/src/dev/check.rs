//! `checker dev check`: a check that cannot fail, or fails what is right, is found here.
//!
//! On files alone: the solution and every accepted variant pass, the start fails, every mistake turns exactly its check
//! red and says what it has to. On recordings (or, with `--live`, on the real stacks, which are recorded) the same for
//! everything that needs containers. And every check has a mistake of its own.

use std::time::Instant;

use lesson::Lesson;
use lesson::evidence::Evidence;
use lesson::report::{Finding, Outcome, Report, Scope, Spot, Verdict};

use super::cases::{Authored, Case, Expected, authored};
use super::stack::Stack;
use crate::Exit;
use crate::cli::DevCheckArguments;
use crate::output::style::{self, painted};

/// How many right answers besides the reference a lesson keeps.
const LEAST_VARIANTS: usize = 5;

pub fn run(arguments: &DevCheckArguments) -> anyhow::Result<Exit> {
    let lessons = authored(&arguments.exercises, &arguments.lessons)?;
    let mut faults = 0;
    for lesson in &lessons {
        let mut proof = Proof {
            lesson,
            faults: 0,
            shown: 0,
        };
        proof.completeness();
        proof.files(arguments);
        match arguments.live {
            true => proof.live(arguments)?,
            false => proof.recordings(arguments),
        }
        if arguments.matrix {
            print_matrix(lesson);
        }
        let Proof {
            faults: found,
            shown,
            ..
        } = proof;
        let word = if found == 0 {
            painted(style::GOOD, "ok")
        } else {
            painted(style::BAD, "FAULTS")
        };
        let checks = lesson.lesson.checks.len();
        anstream::println!(
            "{} {word}: {checks} checks, {shown} verdicts as expected, {found} faults",
            lesson.lesson.header.id
        );
        faults += found;
    }
    Ok(if faults == 0 {
        Exit::Success
    } else {
        Exit::Failed
    })
}

struct Proof<'a> {
    lesson: &'a Authored,
    faults: usize,
    shown: usize,
}

impl Proof<'_> {
    fn fault(&mut self, case: &str, text: &str) {
        self.faults += 1;
        anstream::println!(
            "{} {} {case}: {text}",
            painted(style::BAD, "fault"),
            self.lesson.lesson.header.id
        );
    }

    /// Every check has a mistake, and the lesson has variants enough.
    fn completeness(&mut self) {
        for check in &self.lesson.lesson.checks {
            let id = check.header.id.clone();
            if killers(self.lesson, &id).is_empty() {
                self.fault(&id, "no mistake kills this check");
            }
        }
        let variants = self
            .lesson
            .cases
            .iter()
            .filter(|case| case.name.starts_with("accepted/"))
            .count();
        if variants < LEAST_VARIANTS {
            self.fault(
                "accepted",
                &format!("{variants} variants; a lesson keeps at least {LEAST_VARIANTS}"),
            );
        }
    }

    fn files(&mut self, arguments: &DevCheckArguments) {
        let start = self.judge_files(&self.lesson.start);
        if start.outcome() == Outcome::Failed {
            self.shown += 1;
        } else {
            self.fault("start", "the start files have to fail");
        }
        for case in self
            .lesson
            .cases
            .iter()
            .filter(|case| is_wanted(case, arguments))
        {
            let report = self.judge_files(&case.files);
            match &case.expected {
                // A live mistake may lie in what was done to the containers; its files are judged with them.
                Expected::Kills { steps, .. } if !steps.is_empty() => {}
                expected => self.compare(&case.name, expected, &report),
            }
        }
    }

    fn judge_files(&self, files: &lesson::case::Files) -> Report {
        lesson::check(
            &self.lesson.lesson,
            &self.lesson.evidence(files),
            Scope::Files,
        )
    }

    fn compare(&mut self, name: &str, expected: &Expected, report: &Report) {
        match differs(expected, report) {
            None => self.shown += 1,
            Some(text) => self.fault(name, &text),
        }
    }

    fn recordings(&mut self, arguments: &DevCheckArguments) {
        for case in self
            .lesson
            .cases
            .iter()
            .filter(|case| case.is_live() && is_wanted(case, arguments))
        {
            match self.recorded(case) {
                Ok(evidence) => {
                    let report =
                        lesson::check(&self.lesson.lesson, &evidence, Scope::FilesAndContainers);
                    self.compare(
                        &format!("{} (recorded)", case.name),
                        &case.expected,
                        &report,
                    );
                }
                Err(error) => self.fault(&case.name, &format!("{error:#}")),
            }
        }
    }

    /// A recording of files that have changed since says nothing about them.
    fn recorded(&self, case: &Case) -> anyhow::Result<Evidence> {
        let path = self.lesson.recording(case);
        let text = std::fs::read(&path).map_err(|error| {
            anyhow::anyhow!(
                "{} cannot be read ({error}); `dev check --live` makes it",
                path.display()
            )
        })?;
        let evidence: Evidence = serde_json::from_slice(&text)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        if !evidence
            .files
            .are_those_of(&self.lesson.evidence(&case.files).files)
        {
            anyhow::bail!(
                "{} was made from other files; `dev check --live --case {}` makes it anew",
                path.display(),
                case.name
            );
        }
        Ok(evidence)
    }

    fn live(&mut self, arguments: &DevCheckArguments) -> anyhow::Result<()> {
        let cases: Vec<_> = self
            .lesson
            .cases
            .iter()
            .filter(|case| case.is_live() && is_wanted(case, arguments))
            .collect();
        let cases = sampled(cases, arguments.sample);
        let mut stack = Stack::new(self.lesson)?;
        // Mistakes share one running solution; every variant gets a stack and data of its own.
        let (shared, own): (Vec<_>, Vec<_>) = cases
            .into_iter()
            .partition(|case| !case.name.starts_with("accepted/"));
        for case in shared.into_iter().chain(own) {
            let began = Instant::now();
            let evidence = stack.run(case, &|evidence| {
                settled(&self.lesson.lesson, &case.expected, evidence)
            });
            match evidence {
                Ok(evidence) => {
                    let report =
                        lesson::check(&self.lesson.lesson, &evidence, Scope::FilesAndContainers);
                    let before = self.faults;
                    self.compare(&format!("{} (live)", case.name), &case.expected, &report);
                    if self.faults == before && !arguments.keep_recordings {
                        record(self.lesson, case, &evidence)?;
                    }
                }
                Err(error) => self.fault(&case.name, &format!("{error:#}")),
            }
            anstream::eprintln!("{:>5.0} s  {}", began.elapsed().as_secs_f64(), case.name);
        }
        stack.down()
    }
}

fn is_wanted(case: &Case, arguments: &DevCheckArguments) -> bool {
    arguments.case.is_empty() || arguments.case.contains(&case.name)
}

/// The solution and a few others, which ones turns with the day.
fn sampled(mut cases: Vec<&Case>, sample: Option<usize>) -> Vec<&Case> {
    let Some(count) = sample else { return cases };
    let solution: Vec<_> = cases
        .iter()
        .position(|case| case.name == "solution")
        .map(|at| cases.remove(at))
        .into_iter()
        .collect();
    let day = usize::try_from(jiff::Timestamp::now().as_second() / 86_400).unwrap_or_default();
    let all = cases.len().max(1);
    let start = day.wrapping_mul(count) % all;
    solution
        .into_iter()
        .chain(cases.into_iter().cycle().skip(start).take(count.min(all)))
        .collect()
}

/// Whether a live look is worth judging: as expected already, or nothing is on its way any more.
fn settled(lesson: &Lesson, expected: &Expected, evidence: &Evidence) -> bool {
    let report = lesson::check(lesson, evidence, Scope::FilesAndContainers);
    differs(expected, &report).is_none()
}

fn record(lesson: &Authored, case: &Case, evidence: &Evidence) -> anyhow::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(evidence)?);
    crate::workspace::write_whole(&lesson.recording(case), text.as_bytes())
}

/// In what a report is not as expected.
fn differs(expected: &Expected, report: &Report) -> Option<String> {
    let Expected::Kills {
        check, says, at, ..
    } = expected
    else {
        let complaints: Vec<_> = report.checks.iter().filter_map(complaint).collect();
        return (!complaints.is_empty())
            .then(|| format!("a right answer does not pass: {}", complaints.join("; ")));
    };
    let red = report.red();
    if red != [check.as_str()] {
        let complaints: Vec<_> = report.checks.iter().filter_map(complaint).collect();
        let found = if red.is_empty() {
            "nothing is red".to_owned()
        } else {
            format!("red: {}", red.join(", "))
        };
        return Some(format!(
            "only {check} has to turn red; {found}. {}",
            complaints.join("; ")
        ));
    }
    let findings = findings(report, check);
    let told: String = findings
        .iter()
        .map(|finding| crate::output::junit::told(finding))
        .collect();
    let mut rest = told.as_str();
    for part in says {
        match rest.find(part.as_str()) {
            Some(start) => rest = &rest[start + part.len()..],
            None => {
                return Some(format!(
                    "it does not say {part:?} (in this order). It says:\n{told}"
                ));
            }
        }
    }
    let wanted = at.as_deref()?;
    let places: Vec<_> = findings
        .iter()
        .map(|finding| place(&finding.spot))
        .collect();
    let there = places
        .iter()
        .any(|place| place == wanted || place.starts_with(&format!("{wanted}:")));
    (!there).then(|| {
        format!(
            "it has to point at {wanted} and points at {}",
            places.join(", ")
        )
    })
}

fn place(spot: &Spot) -> String {
    match spot {
        Spot::File {
            path, line, column, ..
        } => format!("{path}:{line}:{column}"),
        Spot::WholeFile { path } => path.clone(),
        Spot::Container { name, .. } => name.clone(),
        Spot::Probe { question } => question.clone(),
    }
}

fn findings<'a>(report: &'a Report, check: &str) -> Vec<&'a Finding> {
    let verdicts = report
        .checks
        .iter()
        .filter(|entry| entry.id == check)
        .map(|entry| &entry.verdict);
    verdicts
        .flat_map(|verdict| match verdict {
            Verdict::Fail { findings } | Verdict::Advice { findings } => findings.iter().collect(),
            Verdict::Pass | Verdict::NotChecked { .. } => Vec::new(),
        })
        .collect()
}

fn complaint(check: &lesson::report::CheckReport) -> Option<String> {
    let text = match &check.verdict {
        Verdict::Pass => return None,
        Verdict::Fail { findings } | Verdict::Advice { findings } => findings
            .iter()
            .map(|finding| format!("{} at {}", finding.found, place(&finding.spot)))
            .collect::<Vec<_>>()
            .join(", "),
        Verdict::NotChecked { reason } => format!("not checked, {}", reason.text()),
    };
    Some(format!("{}: {text}", check.id))
}

/// The mistakes that kill a check.
fn killers<'a>(lesson: &'a Authored, check: &str) -> Vec<&'a str> {
    let kills = |case: &&Case| matches!(&case.expected, Expected::Kills { check: killed, .. } if killed == check);
    lesson
        .cases
        .iter()
        .filter(kills)
        .map(|case| case.name.trim_start_matches("mistakes/"))
        .collect()
}

fn print_matrix(lesson: &Authored) {
    for check in &lesson.lesson.checks {
        anstream::println!(
            "{:<36} {}",
            check.header.id,
            killers(lesson, &check.header.id).join(", ")
        );
    }
}
