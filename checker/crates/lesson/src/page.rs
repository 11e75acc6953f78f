//! What a chapter shows of its lesson file, so that neither can be out of date: the list of checks and the quiz. And what the
//! book says of the rules.

use crate::format::Check;
use crate::parse::Lesson;
use crate::rules::lint::{self, Level, Lint};
use crate::rules::{self, Reads, Rule};

/// The checks as Markdown: first those that read files, then those that ask containers, then advice.
pub fn checklist(lesson: &Lesson) -> String {
    let number = lesson.number();
    let of = |reads: Reads, advice: bool| -> Vec<&Check> {
        lesson
            .checks
            .iter()
            .filter(|check| check.header.advice == advice && crate::reads(&check.look) == reads)
            .collect()
    };
    // A host that knows the verdicts finds the list, and each check in it, by these names.
    let mut text = format!(
        "<div class=\"checks\" data-lesson=\"{}\">\n\n",
        lesson.header.id
    );
    let files = of(Reads::Files, false);
    let containers = of(Reads::FilesAndContainers, false);
    let advice: Vec<_> = lesson
        .checks
        .iter()
        .filter(|check| check.header.advice)
        .collect();
    section(
        &mut text,
        &format!("In your files ({} checks)", files.len()),
        &files,
    );
    section(
        &mut text,
        &format!("In your running containers ({} checks)", containers.len()),
        &containers,
    );
    section(&mut text, "Advice, shown but never counted", &advice);
    text.push_str("</div>\n\n");
    text.push_str(&format!(
        "`checker verify {number}` looks at all of this, `checker verify {number} --static-only` at your files alone.\n"
    ));
    text
}

fn section(text: &mut String, heading: &str, checks: &[&Check]) {
    if checks.is_empty() {
        return;
    }
    text.push_str(&format!("**{heading}**\n\n"));
    for check in checks {
        let header = &check.header;
        text.push_str(&format!(
            "- <span id=\"{0}\" class=\"check\" data-check=\"{0}\">{1}</span>\n  <span class=\"check-why\">{2}</span>\n",
            header.id, header.title, header.why
        ));
    }
    text.push('\n');
}

/// The quiz as Markdown that works without script: each answer folds open to say whether and why. With script, `theme/quiz.js`
/// makes a form of it. It finds questions and answers, and what a reader chose, by the marks in `data-`.
pub fn quiz(lesson: &Lesson) -> String {
    let header = &lesson.header;
    if header.quiz.is_empty() {
        return String::new();
    }
    let mut text = format!("<div class=\"quiz\" data-lesson=\"{}\">\n", header.id);
    for (index, question) in header.quiz.iter().enumerate() {
        text.push_str(&format!(
            "<div class=\"quiz-question\" data-question=\"{}\">\n\n**{}. {}**\n\n<ol class=\"quiz-answers\">\n",
            mark_of(&question.question),
            index + 1,
            question.question
        ));
        for answer in &question.answers {
            let (word, right) = if answer.right {
                ("Right.", " data-right")
            } else {
                ("Not so.", "")
            };
            text.push_str(&format!(
                "<li><details class=\"quiz-answer\" data-answer=\"{}\"{right}>\n<summary>{}</summary>\n\n**{word}** {}\n\n</details></li>\n",
                mark_of(&answer.text),
                inline_html(&answer.text),
                answer.why
            ));
        }
        text.push_str("</ol>\n</div>\n");
    }
    text.push_str("</div>\n");
    text
}

/// All rules as Markdown: those of `checker lint`, the weightiest first, then those that only lessons use.
pub fn rules() -> String {
    let mut text = String::new();
    for (level, heading) in [
        (Level::Problem, "Problems"),
        (Level::Caution, "Cautions"),
        (Level::Note, "Notes"),
    ] {
        text.push_str(&format!("## {heading}\n\n"));
        let of_level = |lint: &&&Lint| lint.level == level;
        for lint in lint::all().iter().filter(of_level) {
            text.push_str(&rule(&lint.rule));
        }
    }
    text.push_str("## Rules of lessons\n\nThese need to be told what to look at, so only lessons use them.\n\n");
    let is_of_lint = |rule: &&Rule| lint::find(rule.name).is_some();
    for one in rules::all().filter(|rule| !is_of_lint(rule)) {
        text.push_str(&rule(one));
    }
    text
}

fn rule(rule: &Rule) -> String {
    let Rule {
        name,
        what,
        why,
        mend,
        leave,
        ..
    } = rule;
    format!(
        "### {name}\n\n{what}\n\n- **Why:** {why}\n- **How to mend it:** {mend}\n- **When to leave it:** {leave}\n\n"
    )
}

/// What a question or an answer is remembered by: the same for the same words, wherever they stand. Words that change are another
/// question. (FNV-1a with 32 bits; the standard library's hash may differ between its releases.)
fn mark_of(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// Markdown is not read inside `<summary>`: code is written as HTML there, and everything else as it is.
fn inline_html(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = part
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        if index % 2 == 1 {
            format!("<code>{part}</code>")
        } else {
            part
        }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::{inline_html, mark_of, quiz};
    use std::collections::BTreeMap;

    #[test]
    fn code_in_an_answer_is_html() {
        assert_eq!(inline_html("`a<b>` and c"), "<code>a&lt;b&gt;</code> and c");
    }

    const LESSON: &str = "
id: lesson-9
title: T
goal: G
minutes: 1
project: lesson-09
edit: [compose.yaml]
quiz:
  - question: Which `port`?
    answers:
      - text: \"`80` < 90\"
        why: Nobody listens there.
      - text: The other
        right: true
        why: It is published.
checks:
  - id: readable
    title: Docker Compose can read the file
    rule: {name: compose-file-loads}
    why: What it cannot read it cannot start.
";

    #[test]
    fn an_answer_folds_open_to_say_whether_and_why() {
        let lesson =
            crate::parse_lesson("lesson.yaml", LESSON, &BTreeMap::new()).expect("a lesson");
        assert_eq!(
            quiz(&lesson),
            r#"<div class="quiz" data-lesson="lesson-9">
<div class="quiz-question" data-question="191569e8">

**1. Which `port`?**

<ol class="quiz-answers">
<li><details class="quiz-answer" data-answer="1d8d7d2a">
<summary><code>80</code> &lt; 90</summary>

**Not so.** Nobody listens there.

</details></li>
<li><details class="quiz-answer" data-answer="372f2ff6" data-right>
<summary>The other</summary>

**Right.** It is published.

</details></li>
</ol>
</div>
</div>
"#
        );
    }

    #[test]
    fn a_question_is_remembered_by_its_words() {
        // The published value of FNV-1a for this text: what a reader has answered outlives a new release of the book.
        assert_eq!(mark_of("foobar"), "bf9cf968");
        assert_ne!(mark_of("Which port?"), mark_of("Which port ?"));
    }
}
