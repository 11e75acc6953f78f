//! Commands as Docker runs them: a list of words, one of which may be a script for a shell.

use compose::{Node, Service};

/// The words of a command, with the words of a script that is handed to a shell (`sh -c "…"`) in its place.
///
/// No other word is split: `["milvus run standalone"]` asks for a program of that whole name.
pub fn words<T: Copy>(command: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut split = Vec::new();
    let mut shell_seen = false;
    let mut script_follows = false;
    for (word, at) in command {
        if script_follows {
            // What follows the script are its own arguments.
            split.extend(script_words(&word).into_iter().map(|part| (part, at)));
            break;
        }
        split.push((word.clone(), at));
        shell_seen |= matches!(
            base_name(&word),
            "sh" | "bash" | "ash" | "dash" | "zsh" | "busybox"
        );
        // `-c`, and together with others as `-lc` or `-ce`.
        let has_c = word.ends_with('c') || (word.contains('c') && word.len() <= 4);
        script_follows = shell_seen && word.starts_with('-') && !word.starts_with("--") && has_c;
    }
    split
}

/// The words of entrypoint and command, each with the value it stands in. A text given to a shell is split as well.
pub fn words_of<'a>(service: &Service<'a>) -> Vec<(String, &'a Node)> {
    let parts = ["entrypoint", "command"]
        .into_iter()
        .filter_map(|key| service.node().get(key));
    let nodes = parts.flat_map(|node| {
        node.as_sequence()
            .map_or_else(|| vec![node], |items| items.iter().collect())
    });
    let texts = nodes.filter_map(|node| Some((node.scalar_text()?, node)));
    words(texts.collect())
}

/// The words of a script as a shell takes them: without quotes and comments, and with what stands between two commands
/// (`;`, `&&`, `|`, …) as a word of its own. A new line ends a command as `;` does. Variables stay as they are written.
pub fn script_words(script: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => word
                .get_or_insert_default()
                .extend(letters.by_ref().take_while(|letter| *letter != '\'')),
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
                    let escaped =
                        letters.next_if(|next| letter == '\\' && "\"\\$`".contains(*next));
                    word.push(escaped.unwrap_or(letter));
                }
            }
            '\\' => {
                let escaped = letters.next().filter(|letter| *letter != '\n');
                word.get_or_insert_default().extend(escaped);
            }
            '#' if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            // `2>&1` is one word.
            '&' if word.as_ref().is_some_and(|word| word.ends_with(['>', '<'])) => {
                word.get_or_insert_default().push(letter);
            }
            '\n' | ';' | '&' | '|' => {
                words.extend(word.take());
                let doubled = letters.next_if(|next| *next == letter && letter != '\n');
                words.push(match (letter, doubled) {
                    ('\n', _) => ";".to_owned(),
                    (_, doubled) => [Some(letter), doubled].into_iter().flatten().collect(),
                });
            }
            letter if letter.is_whitespace() => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// Whether a command runs these words in this order, by itself or through a wrapper such as `tini --` or `sh -c "…"`.
/// The program may be named by its path.
pub fn runs(command: &[String], wanted: &[String]) -> bool {
    let words_in_order = command.iter().map(|word| (word.clone(), ())).collect();
    let flat: Vec<String> = words(words_in_order)
        .into_iter()
        .map(|(word, ())| word)
        .collect();
    let flat: Vec<&str> = flat.iter().map(String::as_str).collect();
    let same_word = |(index, (have, want)): (usize, (&&str, &String))| {
        let have = if index == 0 { base_name(have) } else { have };
        have.trim_matches(['"', '\'', ';']) == want.as_str()
    };
    let mut windows = flat.windows(wanted.len().max(1)).enumerate();
    !wanted.is_empty()
        && windows.any(|(start, window)| {
            may_start_a_program(&flat[..start])
                && window.iter().zip(wanted).enumerate().all(same_word)
                && ends_the_arguments(window.last(), flat.get(start + wanted.len()))
        })
}

/// The shell or interpreter that a command comes down to where it is given nothing to run, and so reads from a terminal.
pub fn reads_from_terminal(command: &[String]) -> Option<String> {
    let words_in_order = command.iter().map(|word| (word.clone(), ())).collect();
    let flat: Vec<String> = words(words_in_order)
        .into_iter()
        .map(|(word, ())| word)
        .collect();
    let mut flat: Vec<&str> = flat.iter().map(String::as_str).collect();
    while flat.last() == Some(&";") {
        flat.pop();
    }
    let last = flat.iter().rposition(|word| !word.starts_with('-'))?;
    let program = base_name(flat[last]).trim_matches(['"', '\'']);
    let shell = ["sh", "bash", "ash", "dash", "zsh", "node", "irb", "ipython"].contains(&program);
    let version = program.strip_prefix("python").unwrap_or("-");
    let python = version
        .chars()
        .all(|digit| digit.is_ascii_digit() || digit == '.');
    let runs_something = |flag: &&str| {
        let letters = flag.trim_start_matches('-');
        // What follows in the same word belongs to these two of Python: `-Wdefault`, `-Xdev`.
        let letters = match python {
            true => letters.split(['W', 'X']).next().unwrap_or_default(),
            false => letters,
        };
        let runs: &[char] = match program {
            _ if python => &['c', 'm'],
            "node" | "irb" | "ipython" => &['c', 'e', 'm', 'p'],
            _ => &['c'],
        };
        matches!(*flag, "--version" | "--help" | "-V" | "-h" | "-v")
            || (!flag.starts_with("--") && letters.contains(runs))
    };
    // What a script does before it may go on for ever.
    let comes_second =
        |word: &&str| word.ends_with(';') || matches!(*word, "&&" | "||" | "then" | "do");
    let waits = (shell || python)
        && may_start_a_program(&flat[..last])
        && !flat[..last].iter().any(comes_second)
        && !flat[last + 1..].iter().any(runs_something);
    waits.then(|| program.to_owned())
}

/// Whether nothing but flags follows: `milvus run standalone proxy` is another command.
fn ends_the_arguments(last: Option<&&str>, next: Option<&&str>) -> bool {
    let ended = last.is_some_and(|last| last.ends_with(';'));
    ended || next.is_none_or(|next| next.starts_with(['-', ';', '&', '|', '>', '<', '2']))
}

/// Whether the word after these is a program, and not merely an argument of one (`echo milvus run standalone`).
fn may_start_a_program(before: &[&str]) -> bool {
    let Some(last) = before.last() else {
        return true;
    };
    let handed_on = matches!(
        *last,
        "exec" | "--" | "-c" | "&&" | "||" | "then" | "do" | "{" | "("
    ) || last.ends_with(';');
    let wrapper = |word: &str| {
        matches!(
            base_name(word),
            "tini" | "tini-static" | "dumb-init" | "catatonit" | "env" | "nohup" | "nice"
        )
    };
    let user_given = before
        .iter()
        .rev()
        .nth(1)
        .is_some_and(|word| matches!(base_name(word), "gosu" | "su-exec" | "setpriv"));
    let assignment = last.contains('=')
        && !last.starts_with('-')
        && before
            .iter()
            .all(|word| word.contains('=') || wrapper(word) || word.starts_with('-'));
    handed_on || wrapper(last) || user_given || assignment
}

fn base_name(word: &str) -> &str {
    let word = word.trim_start_matches(['"', '\'']);
    word.rsplit('/').next().unwrap_or(word)
}
