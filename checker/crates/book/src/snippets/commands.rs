//! Commands and their printed output in a `console` block.

/// A command as it is typed, and what it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The command, without the prompt; several lines where it goes on.
    pub command: String,
    /// What is printed below it, line by line.
    pub output: Vec<String>,
    /// The line of the command, counted from the first line of the block, which is 0.
    pub offset: usize,
}

/// Splits a block at its prompts. What stands before the first one is given as the second value.
pub(super) fn exchanges(text: &str) -> (Vec<Exchange>, Option<String>) {
    let mut exchanges: Vec<Exchange> = Vec::new();
    let mut stray = None;
    let mut lines = text.lines().enumerate();
    while let Some((offset, line)) = lines.next() {
        if let Some(first) = line.strip_prefix("$ ") {
            let mut command = first.to_owned();
            while goes_on(&command) {
                let Some((_, next)) = lines.next() else { break };
                command.push('\n');
                command.push_str(next);
            }
            exchanges.push(Exchange {
                command,
                output: Vec::new(),
                offset,
            });
        } else if let Some(exchange) = exchanges.last_mut() {
            exchange.output.push(line.to_owned());
        } else {
            stray.get_or_insert_with(|| line.to_owned());
        }
    }
    (exchanges, stray)
}

/// Whether a shell would read another line: after a backslash, or inside a here-document.
fn goes_on(command: &str) -> bool {
    let last = command.lines().last().unwrap_or_default();
    last.ends_with('\\') || open_here_document(command)
}

fn open_here_document(command: &str) -> bool {
    let Some(first) = command.lines().next() else {
        return false;
    };
    let Some((_, after)) = first
        .replace("<<<", "")
        .split_once("<<")
        .map(|(before, after)| (before.to_owned(), after.to_owned()))
    else {
        return false;
    };
    let may_be_indented = after.starts_with('-');
    let word: String = after
        .trim_start_matches('-')
        .trim_start()
        .chars()
        .filter(|letter| !matches!(letter, '\'' | '"' | '\\'))
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect();
    let is_end = |line: &str| {
        let line = if may_be_indented {
            line.trim_start_matches('\t')
        } else {
            line
        };
        line == word
    };
    !word.is_empty() && !command.lines().skip(1).any(is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_belongs_to_the_command_above_it() {
        let (exchanges, stray) = exchanges("$ ls\na\n\nb\n$ true\n");
        assert_eq!(stray, None);
        assert_eq!(exchanges.len(), 2);
        assert_eq!(exchanges[0].output, ["a", "", "b"]);
        assert_eq!(
            (exchanges[1].command.as_str(), exchanges[1].offset),
            ("true", 4)
        );
        assert!(exchanges[1].output.is_empty());
    }

    #[test]
    fn a_backslash_and_a_here_document_continue_a_command() {
        let (exchanges, _) = exchanges(
            "$ docker run \\\n  --rm busybox\nhello\n$ cat <<'END' > x\n$ no prompt\nEND\n$ cat <<<word\nword\n",
        );
        let commands: Vec<_> = exchanges
            .iter()
            .map(|exchange| exchange.command.as_str())
            .collect();
        assert_eq!(
            commands,
            [
                "docker run \\\n  --rm busybox",
                "cat <<'END' > x\n$ no prompt\nEND",
                "cat <<<word"
            ]
        );
        assert_eq!(exchanges[0].output, ["hello"]);
    }

    #[test]
    fn a_line_before_the_first_prompt_is_stray() {
        assert_eq!(exchanges("hello\n$ ls\n").1.as_deref(), Some("hello"));
    }
}
