//! Reports for programs.

use lesson::report::{Counts, Outcome, Report, SCHEMA_VERSION};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    reports: Vec<WithOutcome<'a>>,
}

/// A report with what follows from it.
#[derive(Serialize)]
pub struct WithOutcome<'a> {
    outcome: Outcome,
    counts: Counts,
    #[serde(flatten)]
    report: &'a Report,
}

impl<'a> From<&'a Report> for WithOutcome<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            outcome: report.outcome(),
            counts: report.counts(),
            report,
        }
    }
}

/// One document for all reports.
pub fn reports<'a>(reports: impl Iterator<Item = &'a Report>) -> anyhow::Result<String> {
    let reports = reports.map(WithOutcome::from).collect();
    Ok(serde_json::to_string_pretty(&Document {
        schema_version: SCHEMA_VERSION,
        reports,
    })?)
}
