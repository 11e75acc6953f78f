//! Commands as Docker runs them: a list of words, one of which may be a script for a shell.

/// The words of a command, with the words of a script that is handed to a shell (`sh -c "…"`) in its place.
///
/// No other word is split: `["milvus run standalone"]` asks for a program of that whole name.
pub fn words<T: Copy>(command: Vec<(String, T)>) -> Vec<(String, T)> {
    let mut split = Vec::new();
    let mut shell_seen = false;
    let mut script_follows = false;
    for (word, at) in command {
        if script_follows {
            // A new line ends a command of the script as `;` does. What follows the script are its own arguments.
            let script = word.replace('\n', " ; ");
            split.extend(script.split_whitespace().map(|part| (part.to_owned(), at)));
            break;
        }
        split.push((word.clone(), at));
        shell_seen |= matches!(
            base_name(&word),
            "sh" | "bash" | "ash" | "dash" | "zsh" | "busybox"
        );
        script_follows =
            shell_seen && word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
    }
    split
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
    let flat: Vec<&str> = flat.iter().map(String::as_str).collect();
    let last = flat
        .iter()
        .rposition(|word| !word.starts_with('-') || *word == "--")?;
    let program = base_name(flat[last]).trim_matches(['"', '\'']);
    let shell = ["sh", "bash", "ash", "dash", "zsh", "node", "irb", "ipython"].contains(&program);
    let version = program.strip_prefix("python").unwrap_or("-");
    let python = version
        .chars()
        .all(|digit| digit.is_ascii_digit() || digit == '.');
    let runs_something = |flag: &&str| {
        matches!(*flag, "--version" | "--help" | "-V" | "-h" | "-v")
            || (!flag.starts_with("--") && flag.ends_with(['c', 'm', 'e', 'p']))
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
