//! Findings and explanations as JSON values.
//!
//! A place is `{"file", "line", "column", "end_line", "end_column", "start", "end"}`: lines and columns are counted from 1 and
//! in characters, the end is the place after the last one, and `start` and `end` are bytes of the file.

use serde_json::{Value, json};

use crate::explain::{Explanation, Link, Part};
use crate::finding::{Finding, Severity};
use crate::source::{Sources, Span};

/// Version of these forms.
pub const SCHEMA_VERSION: u32 = 1;

/// One document with every finding: `{"schema_version", "findings"}`.
///
/// ```
/// let reader = compose::MemoryReader::new([("compose.yaml", "services:\n  web:\n    prots: []\n")]);
/// let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
/// let document = compose::render::json::findings(&loaded.findings, &loaded.sources);
/// let finding = &document["findings"][0];
/// assert_eq!(finding["code"], "unknown-key");
/// assert_eq!(finding["path"], "services.web.prots");
/// assert_eq!(finding["place"]["line"], 3);
/// ```
pub fn findings(findings: &[Finding], sources: &Sources) -> Value {
    let findings: Vec<Value> = findings.iter().map(|one| finding(one, sources)).collect();
    json!({"schema_version": SCHEMA_VERSION, "findings": findings})
}

fn finding(finding: &Finding, sources: &Sources) -> Value {
    let related = finding.related.iter();
    let related: Vec<Value> = related
        .map(|(span, label)| json!({"place": place(*span, sources), "label": label}))
        .collect();
    json!({
        "severity": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "code": finding.code,
        "message": finding.message,
        "path": finding.path,
        "place": finding.span.map(|span| place(span, sources)),
        "label": finding.label,
        "related": related,
        "expected": finding.expected,
        "next": finding.help,
    })
}

/// One document: `{"schema_version", "path", "value", "steps", "parts"}`, with `kind`, `text` and `place` for each step.
pub fn explanation(explanation: &Explanation<'_>, sources: &Sources) -> Value {
    let parts: Vec<Value> = explanation
        .parts
        .iter()
        .map(|one| part(one, sources))
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "path": explanation.path,
        "value": explanation.node.to_json(),
        "steps": steps(&explanation.chain, sources),
        "parts": parts,
    })
}

fn part(part: &Part<'_>, sources: &Sources) -> Value {
    json!({
        "key": part.key,
        "path": part.path,
        "value": part.node.to_json(),
        "steps": steps(&part.chain, sources),
    })
}

fn steps(chain: &[Link], sources: &Sources) -> Vec<Value> {
    let step = |link: &Link| {
        let place = link.span.map(|span| place(span, sources));
        json!({"kind": link.kind, "text": link.text, "place": place})
    };
    chain.iter().map(step).collect()
}

fn place(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.position(span), sources.end_position(span));
    json!({
        "file": sources.get(span.source).path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "start": span.start,
        "end": span.end,
    })
}
