//! Puts what a run printed into a chapter.

use super::chapter::Output;

/// The chapter with these outputs in the place of those it has.
///
/// Blocks that a directive put there have no place of their own in the chapter; theirs are left out.
pub fn with_outputs(chapter: &str, outputs: &[Output]) -> String {
    let mut lines: Vec<String> = chapter.lines().map(str::to_owned).collect();
    let mut outputs: Vec<_> = outputs.iter().collect();
    // From the end on, so that the lines above keep their numbers.
    outputs.sort_by_key(|output| std::cmp::Reverse(output.line));
    for output in outputs {
        let opening = lines.get(output.block - 1).map_or("", String::as_str);
        let Some(marks) = opening.find(['`', '~']) else {
            continue;
        };
        // Inside a list or a quotation every line of the block begins with the same.
        let left: String = opening[..marks]
            .chars()
            .map(|letter| if letter == '>' { '>' } else { ' ' })
            .collect();
        let begin = output.line - 1;
        let new = output
            .lines
            .iter()
            .map(|line| format!("{left}{line}").trim_end().to_owned());
        lines.splice(begin..begin + output.replaces, new);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_take_the_place_of_the_old_ones() {
        let chapter = "1. Do:\n\n   ```console\n   $ a\n   old\n   $ b\n   ```\n\nEnd.\n";
        let output = |line, replaces, lines: &[&str]| Output {
            block: 3,
            line,
            replaces,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        };
        let updated = with_outputs(
            chapter,
            &[
                output(5, 1, &["new", "", "and more"]),
                output(7, 0, &["b's"]),
            ],
        );
        assert_eq!(
            updated,
            "1. Do:\n\n   ```console\n   $ a\n   new\n\n   and more\n   $ b\n   b's\n   ```\n\nEnd.\n"
        );
    }
}
