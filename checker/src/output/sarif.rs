//! Reports for code scanners (SARIF 2.1.0). Only what has a verdict against it is a result; what was not checked is a
//! notification of the run, so that a scanner does not take it for a pass.

use lesson::report::{CheckReport, Finding, Report, Spot, Verdict};
use serde_json::{Value, json};

/// One document for all reports.
pub fn reports<'a>(reports: impl Iterator<Item = &'a Report>) -> anyhow::Result<String> {
    let runs: Vec<_> = reports.map(run).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": runs,
    });
    Ok(serde_json::to_string_pretty(&document)?)
}

fn run(report: &Report) -> Value {
    let rules: Vec<_> = report
        .checks
        .iter()
        .map(|check| json!({"id": rule_id(report, check), "shortDescription": {"text": check.title}}))
        .collect();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    for check in &report.checks {
        match &check.verdict {
            Verdict::Pass => {}
            Verdict::Fail { findings } => results.extend(findings.iter().map(|finding| result(report, check, "error", finding))),
            Verdict::Advice { findings } => results.extend(findings.iter().map(|finding| result(report, check, "note", finding))),
            Verdict::NotChecked { reason } => notifications.push(json!({
                "level": "warning",
                "message": {"text": format!("{} was not checked: {}", rule_id(report, check), reason.text())},
                "associatedRule": {"id": rule_id(report, check)},
            })),
        }
    }
    json!({
        "tool": {"driver": {"name": "checker", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": notifications.is_empty(), "toolExecutionNotifications": notifications}],
        "results": results,
    })
}

fn rule_id(report: &Report, check: &CheckReport) -> String {
    format!("{}/{}", report.lesson, check.id)
}

fn result(report: &Report, check: &CheckReport, level: &str, finding: &Finding) -> Value {
    let mut result = json!({
        "ruleId": rule_id(report, check),
        "level": level,
        "message": {"text": super::junit::told(finding)},
    });
    let location = match &finding.spot {
        Spot::File {
            path,
            line,
            column,
            end_column,
            ..
        } => Some(json!({
            "physicalLocation": {
                "artifactLocation": {"uri": path},
                "region": {"startLine": line, "startColumn": column, "endColumn": end_column},
            }
        })),
        Spot::WholeFile { path } => {
            Some(json!({"physicalLocation": {"artifactLocation": {"uri": path}}}))
        }
        Spot::Container { name, .. } => {
            Some(json!({"logicalLocations": [{"name": name, "kind": "container"}]}))
        }
        Spot::Probe { question } => {
            Some(json!({"logicalLocations": [{"name": question, "kind": "probe"}]}))
        }
    };
    if let (Some(location), Some(object)) = (location, result.as_object_mut()) {
        object.insert("locations".to_owned(), json!([location]));
    }
    result
}
