//! Comments that allow a finding, `# checker: allow no-privileged because it builds images`, and the rule that looks at them:
//! `allow-comments-are-needed`.

use compose::{SourceId, Sources, Span};

use super::{Level, Lint, Remark, accepts, all, in_lesson};
use crate::rules::{Reads, Rule};
use crate::scene::Scene;

pub static LINT: Lint = Lint {
    rule: Rule {
        name: "allow-comments-are-needed",
        what: "Each comment that allows a finding names a rule, says why, and has something to allow.",
        why: "A comment that allows nothing hides the next finding at its place, and one without a reason tells nobody whether it still holds.",
        mend: "Write `# checker: allow RULE because REASON` above the line or at its end, or take it out.",
        leave: "Never.",
        reads: Reads::Files,
        accepts,
        judge: |scene, with| in_lesson(&LINT, scene, with),
    },
    level: Level::Caution,
    // Whether a comment is needed shows when the other rules have been asked.
    examine: |_| Vec::new(),
};

const MARK: &str = "checker: allow";

/// The comments of all files.
pub struct Comments(Vec<Comment>);

struct Comment {
    span: Span,
    rules: Vec<String>,
    has_reason: bool,
    /// First and last line that it speaks of, from 0.
    lines: (usize, usize),
    is_used: bool,
}

impl Comments {
    /// Reads them.
    pub fn of(sources: &Sources) -> Self {
        let files = sources.iter();
        Self(
            files
                .flat_map(|(id, source)| comments(id, &source.text))
                .collect(),
        )
    }

    /// Whether one of them allows the remark: at its place, or at the name of every service that it is about.
    pub fn allow(&mut self, scene: &Scene<'_>, lint: &Lint, remark: &Remark) -> bool {
        let sources = &scene.loaded.sources;
        let place = |span: Span| (span.source, sources.position(span).line as usize - 1);
        let services = remark
            .services
            .iter()
            .filter_map(|name| scene.service(name));
        let services: Vec<_> = services.map(|service| place(service.key_span())).collect();
        let own = place(remark.span);
        let mut is_allowed = false;
        for comment in &mut self.0 {
            let names_it = comment.rules.iter().any(|rule| rule == lint.rule.name);
            let speaks_of = |(source, line): &(SourceId, usize)| {
                let (first, last) = comment.lines;
                *source == comment.span.source && (first..=last).contains(line)
            };
            let all_services = !services.is_empty() && services.iter().all(speaks_of);
            if names_it && comment.has_reason && (speaks_of(&own) || all_services) {
                comment.is_used = true;
                is_allowed = true;
            }
        }
        is_allowed
    }

    /// What is wrong with comments, once every chosen rule has been asked.
    pub fn unusable(&self, chosen: &dyn Fn(&Lint) -> bool) -> Vec<Remark> {
        let remark = |comment: &Comment| {
            let known = |name: &str| all().iter().find(|lint| lint.rule.name == name);
            let unknown = comment.rules.iter().find(|rule| known(rule).is_none());
            let found = if comment.rules.is_empty() {
                "this comment names no rule".to_owned()
            } else if let Some(unknown) = unknown {
                format!("there is no rule `{unknown}`")
            } else if !comment.has_reason {
                "this comment does not say why, so it allows nothing".to_owned()
            } else {
                // A rule that was not asked had no chance to be allowed.
                let asked = |rule: &String| known(rule).is_some_and(|lint| chosen(lint));
                let is_needed = comment.is_used || !comment.rules.iter().all(asked);
                if is_needed {
                    return None;
                }
                "there is nothing here to allow".to_owned()
            };
            Some(Remark::of_file(comment.span, found))
        };
        self.0.iter().filter_map(remark).collect()
    }
}

fn comments(id: SourceId, text: &str) -> Vec<Comment> {
    if !text.contains(MARK) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut start = 0;
    let mut comments = Vec::new();
    for (index, with_end) in text.split_inclusive('\n').enumerate() {
        let line = with_end.trim_end_matches(['\n', '\r']);
        if let Some((hash, words)) = words_of(line) {
            let is_alone = line[..hash].trim().is_empty();
            let speaks_of = if is_alone {
                below(&lines, index)
            } else {
                index
            };
            let (rules, reason) = words.split_once("because").unwrap_or((words, ""));
            comments.push(Comment {
                span: Span {
                    source: id,
                    start: (start + hash) as u32,
                    end: (start + line.len()) as u32,
                },
                rules: rules
                    .split([',', ' '])
                    .filter(|rule| !rule.is_empty())
                    .map(str::to_owned)
                    .collect(),
                has_reason: !reason.trim().is_empty(),
                lines: (speaks_of, end_of(&lines, speaks_of)),
                is_used: false,
            });
        }
        start += with_end.len();
    }
    comments
}

/// Where the comment begins, and what stands behind its mark.
fn words_of(line: &str) -> Option<(usize, &str)> {
    let (before, words) = line.split_once(MARK)?;
    let hash = before.rfind('#')?;
    let is_comment = before[hash + 1..].trim().is_empty()
        && line[..hash]
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
    is_comment.then_some((hash, words))
}

/// The first line below that is neither empty nor a comment.
fn below(lines: &[&str], index: usize) -> usize {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let content = lines.iter().skip(index + 1).position(is_content);
    content.map_or(index, |after| index + 1 + after)
}

/// The last line of what begins at a line: everything below that is indented further, and lines that a backslash continues.
fn end_of(lines: &[&str], first: usize) -> usize {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let own = lines.get(first).map_or(0, |line| indentation(line));
    let mut last = first;
    for (index, line) in lines.iter().enumerate().skip(first + 1) {
        let is_continued = lines[index - 1].trim_end().ends_with('\\');
        let is_blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if is_continued || (!is_blank && indentation(line) > own) {
            last = index;
        } else if !is_blank {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::super::testing::said;
    use super::super::{look, no_privileged};
    use super::LINT;

    const PRIVILEGED: &str = "services:\n  web:\n    image: x\n    privileged: true\n";

    fn commented(before: &str, comment: &str) -> String {
        PRIVILEGED.replace(before, &format!("{comment}{before}"))
    }

    /// How many findings are left and how many are allowed.
    fn counts(compose: &str) -> (usize, usize) {
        crate::testing::look_at_file(compose, |scene| {
            let looked = look(scene, &|lint| {
                [no_privileged::LINT.rule.name, LINT.rule.name].contains(&lint.rule.name)
            });
            (looked.findings.len(), looked.allowed)
        })
    }

    #[test]
    fn a_comment_with_a_reason_allows_what_stands_below_it() {
        let comment = "# checker: allow no-privileged because it builds images\n";
        assert_eq!(counts(PRIVILEGED), (1, 0));
        for before in ["    privileged", "  web:", "services:"] {
            assert_eq!(counts(&commented(before, comment)), (0, 1), "{before}");
        }
        let at_the_end = PRIVILEGED.replace("true\n", &format!("true {comment}"));
        assert_eq!(counts(&at_the_end), (0, 1));
    }

    #[test]
    fn it_ends_with_the_block() {
        let comment = "# checker: allow no-privileged because it builds images\n";
        let other = "  other:\n    image: x\n    privileged: true\n";
        let compose = commented("  web:", comment) + other;
        assert_eq!(counts(&compose), (1, 1));
    }

    #[test]
    fn a_value_behind_an_anchor_may_be_allowed_at_the_service() {
        let compose = "x-all: &all {image: x, privileged: true}\nservices:\n  # checker: allow no-privileged because it builds images\n  web:\n    <<: *all\n";
        assert_eq!(counts(compose), (0, 1));
    }

    #[test]
    fn a_comment_that_allows_nothing_is_told() {
        let said = |comment: &str| said(&LINT, &commented("    image", comment));
        assert_eq!(
            said("# checker: allow because of that\n"),
            ["this comment names no rule"]
        );
        assert_eq!(
            said("# checker: allow no-such-rule because of that\n"),
            ["there is no rule `no-such-rule`"]
        );
        assert_eq!(
            said("# checker: allow no-privileged\n"),
            ["this comment does not say why, so it allows nothing"]
        );
        // The other rule was not asked here.
        assert!(said("# checker: allow no-privileged because of that\n").is_empty());
        let compose = commented(
            "    image",
            "# checker: allow no-privileged because of that\n",
        );
        assert_eq!(counts(&compose), (2, 0), "the finding, and the comment");
    }
}
