//! Reports for CI servers: a lesson is a suite, a check a case. What was not checked is an error, never a pass.

use lesson::report::{Finding, Report, Spot, Verdict};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// One document for all reports.
pub fn reports<'a>(reports: impl Iterator<Item = &'a Report>) -> anyhow::Result<String> {
    let mut document = quick_junit::Report::new("checker");
    document.add_test_suites(reports.map(suite));
    Ok(document.to_string()?)
}

fn suite(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(report.lesson.clone());
    for check in &report.checks {
        let status = match &check.verdict {
            Verdict::Pass => TestCaseStatus::success(),
            Verdict::Fail { findings } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status
                    .set_message(check.title.clone())
                    .set_description(findings.iter().map(told).collect::<String>());
                status
            }
            // Advice never fails a lesson; what it says is kept with the case.
            Verdict::Advice { .. } => TestCaseStatus::success(),
            Verdict::NotChecked { reason } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(format!("not checked: {}", reason.text()));
                status
            }
        };
        let mut case = TestCase::new(format!("{}/{}", report.lesson, check.id), status);
        case.set_classname(report.lesson.clone());
        if let Verdict::Advice { findings } = &check.verdict {
            case.set_system_out(format!(
                "advice: {}",
                findings.iter().map(told).collect::<String>()
            ));
        }
        suite.add_test_case(case);
    }
    suite
}

/// A finding as plain text.
pub fn told(finding: &Finding) -> String {
    let Finding {
        spot,
        found,
        expected,
        why,
        next,
    } = finding;
    format!(
        "{}: {found}\nexpected: {expected}\nwhy: {why}\nnext: {next}\n",
        place(spot)
    )
}

fn place(spot: &Spot) -> String {
    match spot {
        Spot::File {
            path, line, column, ..
        } => format!("{path}:{line}:{column}"),
        Spot::WholeFile { path } => path.clone(),
        Spot::Container { name, .. } => format!("container {name}"),
        Spot::Probe { question } => question.clone(),
    }
}
