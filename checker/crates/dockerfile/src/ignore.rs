//! `.dockerignore`: which paths of a build context are left out.
//!
//! Docker reads it in its own way, which is not that of `.gitignore`: a pattern is seen from the context's folder, so `*.log`
//! says nothing about `logs/a.log`; a line that begins with a blank is no comment; and the last pattern that fits decides.

use compose::{Finding, SourceId, Span};

use crate::pattern::Pattern;

/// An ignore file that was read.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    /// Its patterns, in the order of the file.
    pub rules: Vec<Rule>,
    /// Lines for which Docker refuses to build.
    pub findings: Vec<Finding>,
}

/// One line of an ignore file.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As it is written, without blanks around it.
    pub text: String,
    /// Where it is written.
    pub span: Span,
    /// Whether it begins with `!`: what it fits is taken in again.
    pub takes_in: bool,
    /// The path or pattern, without `!`, without slashes at either end, `.` and `..`.
    clean: String,
    pattern: Pattern,
}

/// Reads an ignore file. `text` is the text that [`Sources`](compose::Sources) holds under `source`.
pub fn read(text: &str, source: SourceId) -> Ignore {
    let mut ignore = Ignore::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim();
        let at = start + line.len() - line.trim_start().len();
        start += line.len();
        // Only a line whose very first letter is `#` is a comment.
        if line.starts_with('#') || written.is_empty() {
            continue;
        }
        let span = Span {
            source,
            start: at as u32,
            end: (at + written.len()) as u32,
        };
        let (takes_in, path) = match written.strip_prefix('!') {
            Some(path) => (true, path.trim()),
            None => (false, written),
        };
        if path.is_empty() {
            ignore.findings.push(
                Finding::error("ignore-pattern", "A `!` stands alone.", span)
                    .label("nothing follows")
                    .help("write the path that is to be taken in again behind it"),
            );
            continue;
        }
        let clean = clean(path);
        if takes_in && clean == "/" {
            ignore.findings.push(
                Finding::error("ignore-pattern", "`!/` takes nothing in.", span)
                    .label("the context's folder itself")
                    .help("name what is to be taken in again: `!folder`"),
            );
            continue;
        }
        match Pattern::read(&clean) {
            Ok(pattern) => ignore.rules.push(Rule {
                text: written.to_owned(),
                span,
                takes_in,
                clean,
                pattern,
            }),
            Err(reason) => ignore.findings.push(
                Finding::error(
                    "ignore-pattern",
                    format!("`{written}` is no pattern: {reason}."),
                    span,
                )
                .label("not understood")
                .help("a letter that is meant as such stands behind a backslash: `\\[`"),
            ),
        }
    }
    ignore
}

/// A path without slashes at its ends, doubled slashes, `.` and, as far as they have something to go up from, `..`.
fn clean(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    match parts.is_empty() {
        true if is_absolute => "/".to_owned(),
        true => ".".to_owned(),
        false => parts.join("/"),
    }
}

/// What the rules said of a folder: needed to judge what is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fitted(Vec<bool>);

impl Ignore {
    /// Whether a path is left out, and the rule that decided. `folder` is what was said of the folder it is in; none where
    /// that is the context itself.
    pub(crate) fn judge(&self, path: &str, folder: Option<&Fitted>) -> (Judged, Fitted) {
        let mut left_out = false;
        let mut by = None;
        let mut fitted = Fitted(vec![false; self.rules.len()]);
        for (at, rule) in self.rules.iter().enumerate() {
            let fits = if folder.is_some_and(|folder| folder.0[at]) {
                true
            } else if rule.takes_in != left_out {
                // It could change nothing, so Docker does not look.
                continue;
            } else {
                rule.pattern.matches(path)
            };
            fitted.0[at] = fits;
            if fits {
                left_out = !rule.takes_in;
                by = Some(at);
            }
        }
        (Judged { left_out, by }, fitted)
    }

    /// Whether Docker looks into a folder that is left out: only where something in it might be taken in again.
    pub(crate) fn looks_into(&self, folder: &str) -> bool {
        let taking_in = || self.rules.iter().filter(|rule| rule.takes_in);
        let has_wildcard = |rule: &Rule| rule.start().contains(['*', '[', ']', '?', '^', '\\']);
        if taking_in().any(has_wildcard) {
            return true;
        }
        let folder = format!("{folder}/");
        taking_in().any(|rule| format!("{}/", rule.start()).starts_with(&folder))
    }
}

impl Rule {
    /// The pattern without `/**` or `/*` at its end.
    fn start(&self) -> &str {
        let start = self.clean.strip_suffix("/**").unwrap_or(&self.clean);
        start.strip_suffix("/*").unwrap_or(start)
    }
}

/// What the rules say of a path.
pub(crate) struct Judged {
    pub left_out: bool,
    /// The rule that decided, by its number.
    pub by: Option<usize>,
}
