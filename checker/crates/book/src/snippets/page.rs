//! Code blocks as the reader sees them: without attributes and hidden blocks, with the reason where one was not run.

use super::Task;
use crate::{markdown, snippets};

/// Makes the blocks of a chapter ready for the page. The chapter's blocks have to be without mistakes.
pub(crate) fn shown(chapter: &str) -> String {
    let mut lines: Vec<String> = chapter.split_inclusive('\n').map(str::to_owned).collect();
    for fence in markdown::read(chapter).fences {
        let (read, _) = snippets::read(std::slice::from_ref(&fence), "");
        let Some(snippet) = read.first() else {
            continue;
        };
        let (first, last) = (fence.line - 1, fence.last_line - 1);
        if snippet.hidden {
            lines[first..=last].fill(String::new());
            continue;
        }
        let opening = lines[first].trim_end_matches(['\n', '\r']);
        let marks = opening.find(['`', '~']).unwrap_or_default();
        let after_marks = opening[marks..].trim_start_matches(['`', '~']).len();
        let row = &opening[..opening.len() - after_marks];
        // What stands left of the block, without the mark of a list's item.
        let left: String = opening[..marks]
            .chars()
            .map(|letter| if letter == '>' { '>' } else { ' ' })
            .collect();
        let opening = format!("{row}{}\n", fence.language);
        lines[first] = opening;
        if let Task::Excused { reason } = &snippet.task {
            let reason = escaped(reason);
            let note =
                format!("{left}\n{left}<p class=\"not-run\">Not run here: {reason}</p>\n{left}\n");
            if !lines[last].ends_with('\n') {
                lines[last].push('\n');
            }
            lines[last].push_str(&note);
        }
    }
    lines.concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
