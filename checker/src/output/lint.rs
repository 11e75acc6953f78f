//! Findings of `checker lint`: for a person, as JSON, as SARIF 2.1.0, and as annotations of a workflow on GitHub.

use compose::render::{self, Excerpt, Style};
use compose::{Sources, Span};
use lesson::rules::lint::{self, Finding, Level, Lint, Looked};
use serde_json::{Value, json};

use super::style::{self, painted};

/// Version of the JSON form.
const SCHEMA_VERSION: u32 = 1;

/// Findings with their lines, and a summary.
pub fn human(all: &[Looked]) -> String {
    let mut text = String::new();
    for looked in all {
        for finding in &looked.refused {
            text.push_str(&render::finding(finding, &looked.sources, Style::Coloured));
            text.push('\n');
        }
        for finding in &looked.findings {
            text.push_str(&self::finding(finding, &looked.sources));
            text.push('\n');
        }
    }
    text + &summary(all)
}

fn finding(finding: &Finding, sources: &Sources) -> String {
    let Finding { lint, remark } = finding;
    let related = remark.related.iter();
    let why = super::human::wrapped("why", lint.rule.why);
    let next = super::human::wrapped("next", &finding.next());
    let excerpt = Excerpt {
        primary: Some((remark.span, "")),
        related: related
            .map(|(span, label)| (*span, label.as_str()))
            .collect(),
        notes: vec![("why", &why), ("next", &next)],
    };
    let style = match lint.level {
        Level::Problem => style::BAD,
        Level::Caution => style::OPEN,
        Level::Note => style::ADVICE,
    };
    let word = painted(style, &format!("{}[{}]", lint.level.name(), lint.rule.name));
    let headline = painted(
        style::STRONG,
        &format!(": {}", harmless(&finding.headline())),
    );
    let excerpt = render::excerpt(&excerpt, sources, Style::Coloured);
    format!("{word}{headline}\n{excerpt}")
}

fn summary(all: &[Looked]) -> String {
    let count = |level: Level| {
        let findings = all.iter().flat_map(|looked| &looked.findings);
        findings
            .filter(|finding| finding.lint.level == level)
            .count()
    };
    let refused: usize = all.iter().map(|looked| looked.refused.len()).sum();
    let allowed: usize = all.iter().map(|looked| looked.allowed).sum();
    let counted = [
        (refused, "error", style::BAD),
        (count(Level::Problem), "problem", style::BAD),
        (count(Level::Caution), "caution", style::OPEN),
        (count(Level::Note), "note", style::ADVICE),
    ];
    let parts: Vec<String> = counted
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, word, style)| painted(style, &plural(count, word)))
        .collect();
    let mut text = match parts.as_slice() {
        [] => painted(style::GOOD, "nothing found"),
        parts => parts.join(", "),
    };
    if allowed > 0 {
        text.push_str(&format!(", {allowed} allowed by comments"));
    }
    if !parts.is_empty() && refused == 0 {
        text.push_str(" · more about a rule: checker explain RULE");
    }
    super::typed(&text) + "\n"
}

fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

/// A text with a mark in the place of every character that would do something to a terminal instead of being shown.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            letter if letter.is_control() => '\u{fffd}',
            letter => letter,
        })
        .collect()
}

/// Everything as one document.
pub fn json(all: &[Looked]) -> anyhow::Result<String> {
    let mut findings = Vec::new();
    let mut refused = Vec::new();
    for looked in all {
        let sources = &looked.sources;
        findings.extend(looked.findings.iter().map(|finding| {
            let Finding { lint, remark } = finding;
            let related = remark.related.iter();
            let related: Vec<_> = related
                .map(|(span, label)| json!({"place": place(*span, sources), "label": label}))
                .collect();
            json!({
                "rule": lint.rule.name,
                "level": lint.level.name(),
                "message": finding.headline(),
                "services": remark.services,
                "place": place(remark.span, sources),
                "related": related,
                "why": lint.rule.why,
                "next": finding.next(),
            })
        }));
        let errors = render::json::findings(&looked.refused, &looked.sources);
        refused.extend(errors["findings"].as_array().cloned().unwrap_or_default());
    }
    let allowed: usize = all.iter().map(|looked| looked.allowed).sum();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "findings": findings,
        "errors": refused,
        "allowed": allowed,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn place(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.position(span), sources.end_position(span));
    json!({
        "file": sources.get(span.source).path,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
    })
}

/// One run with every rule and every finding; what Compose refuses is a notification of the run.
pub fn sarif(all: &[Looked]) -> anyhow::Result<String> {
    let rules: Vec<_> = lint::all().iter().map(|lint| sarif_rule(lint)).collect();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    for looked in all {
        let sources = &looked.sources;
        let findings = looked.findings.iter();
        results.extend(findings.map(|finding| sarif_result(finding, sources)));
        notifications.extend(looked.refused.iter().map(|refused| {
            let mut notification = json!({
                "level": "error",
                "message": {"text": refused.message},
                "descriptor": {"id": refused.code},
            });
            if let Some(span) = refused.span {
                notification["locations"] = json!([location(span, &looked.sources)]);
            }
            notification
        }));
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "checker", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": notifications.is_empty(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn sarif_rule(lint: &Lint) -> Value {
    let rule = &lint.rule;
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": format!("{}\n\nWhen to leave it: {}", rule.mend, rule.leave),
            "markdown": format!("{}\n\n**When to leave it:** {}", rule.mend, rule.leave),
        },
        "defaultConfiguration": {"level": sarif_level(lint.level)},
    })
}

fn sarif_level(level: Level) -> &'static str {
    match level {
        Level::Problem => "error",
        Level::Caution => "warning",
        Level::Note => "note",
    }
}

fn sarif_result(finding: &Finding, sources: &Sources) -> Value {
    let Finding { lint, remark } = finding;
    let index = lint::all()
        .iter()
        .position(|other| other.rule.name == lint.rule.name);
    let mut result = json!({
        "ruleId": lint.rule.name,
        "ruleIndex": index,
        "level": sarif_level(lint.level),
        "message": {"text": format!("{}. Next: {}", finding.headline(), finding.next())},
        "locations": [location(remark.span, sources)],
    });
    if !remark.related.is_empty() {
        let related = remark.related.iter().map(|(span, label)| {
            let mut location = location(*span, sources);
            if !label.is_empty() {
                location["message"] = json!({"text": label});
            }
            location
        });
        result["relatedLocations"] = related.collect();
    }
    result
}

fn location(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.position(span), sources.end_position(span));
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(&sources.get(span.source).path)},
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }
    })
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// Workflow commands, one a line.
pub fn github(all: &[Looked]) -> String {
    let mut text = String::new();
    for looked in all {
        for refused in &looked.refused {
            let place = refused
                .span
                .map_or_else(String::new, |span| properties(span, &looked.sources));
            text.push_str(&annotation("error", &place, refused.code, &refused.message));
        }
        for finding in &looked.findings {
            let level = match finding.lint.level {
                Level::Problem => "error",
                Level::Caution => "warning",
                Level::Note => "notice",
            };
            let message = format!("{}. {}", finding.headline(), finding.next());
            let place = properties(finding.remark.span, &looked.sources);
            text.push_str(&annotation(level, &place, finding.lint.rule.name, &message));
        }
    }
    text
}

fn properties(span: Span, sources: &Sources) -> String {
    let (start, end) = (sources.position(span), sources.end_position(span));
    let file = escaped(&sources.get(span.source).path, true);
    let mut text = format!("file={file},line={},col={},", start.line, start.column);
    // Columns of the end count only on the same line.
    if end.line == start.line {
        text.push_str(&format!("endColumn={},", end.column));
    }
    text
}

fn annotation(level: &str, place: &str, title: &str, message: &str) -> String {
    let title = escaped(title, true);
    format!(
        "::{level} {place}title={title}::{}\n",
        escaped(message, false)
    )
}

/// What GitHub would read as an end of the message, or in a property as the start of the next one, is written with `%`.
fn escaped(text: &str, in_property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if in_property {
        text.replace(':', "%3A").replace(',', "%2C")
    } else {
        text
    }
}
