//! What a chapter shows of its lesson file, so that neither can be out of date: the list of checks and the quiz.

use crate::format::Check;
use crate::parse::Lesson;
use crate::rules::Reads;

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
        "```console\n$ checker verify {number}\n$ checker verify {number} --static-only\n```\n"
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

/// The quiz as Markdown that works without script: each answer folds open to say whether and why.
pub fn quiz(lesson: &Lesson) -> String {
    let mut text = String::new();
    for (index, question) in lesson.header.quiz.iter().enumerate() {
        text.push_str(&format!("**{}. {}**\n\n", index + 1, question.question));
        for answer in &question.answers {
            let word = if answer.right { "Right." } else { "Not so." };
            text.push_str(&format!(
                "<details class=\"quiz-answer\">\n<summary>{}</summary>\n\n**{word}** {}\n\n</details>\n",
                inline_html(&answer.text),
                answer.why
            ));
        }
        text.push('\n');
    }
    text
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
    use super::inline_html;

    #[test]
    fn code_in_an_answer_is_html() {
        assert_eq!(inline_html("`a<b>` and c"), "<code>a&lt;b&gt;</code> and c");
    }
}
