//! Splits a command written as one text into words, by Compose's rules.

/// Why a command cannot be split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unbalanced(pub &'static str);

/// Splits `line`. Quotes group words, a backslash takes the next character as it is (`\n` is an `n`),
/// and the first `;`, `&`, `|`, `<` or `>` outside quotes ends the command: there is no shell to understand them.
pub(crate) fn split(line: &str) -> Result<Vec<String>, Unbalanced> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut has_word = false;
    let (mut escaped, mut single, mut double, mut backtick, mut substitution) =
        (false, false, false, false, false);
    for character in line.chars() {
        if escaped {
            word.push(character);
            escaped = false;
            has_word = true;
            continue;
        }
        let grouped = single || double || backtick || substitution;
        match character {
            '\\' if !single => {
                escaped = true;
                continue;
            }
            ' ' | '\t' | '\r' | '\n' if !grouped => {
                if has_word {
                    words.push(std::mem::take(&mut word));
                    has_word = false;
                }
                continue;
            }
            '`' if !single && !double && !substitution => backtick = !backtick,
            ')' if !single && !double && !backtick => substitution = !substitution,
            '(' if !single && !double && !backtick => {
                if substitution || !word.ends_with('$') {
                    return Err(Unbalanced("a `(` stands outside quotes"));
                }
                substitution = true;
            }
            '"' if !single && !substitution => {
                has_word |= double;
                double = !double;
                continue;
            }
            '\'' if !double && !substitution => {
                has_word |= single;
                single = !single;
                continue;
            }
            ';' | '&' | '|' | '<' | '>' if !grouped => {
                // `2>file`: the number belongs to the redirection.
                if character == '>' && word.starts_with(|first: char| first.is_ascii_digit()) {
                    has_word = false;
                }
                break;
            }
            _ => {}
        }
        has_word = true;
        word.push(character);
    }
    if single || double {
        return Err(Unbalanced("a quote is opened and not closed"));
    }
    if escaped || backtick || substitution {
        return Err(Unbalanced(
            "a backslash, a backtick or a bracket is left open",
        ));
    }
    if has_word {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_compose_splits_them() {
        for (line, expected) in [
            ("echo hello  world", vec!["echo", "hello", "world"]),
            (
                r#"sh -c "a b" 'c "d"'"#,
                vec!["sh", "-c", "a b", r#"c "d""#],
            ),
            (r"a\ b c\n", vec!["a b", "cn"]),
            (r#"'a\nb' "a\nb" "\"""#, vec![r"a\nb", "anb", "\""]),
            ("echo \"\" x", vec!["echo", "", "x"]),
            ("echo a; ls", vec!["echo", "a"]),
            ("run 2>file", vec!["run"]),
            ("echo $(a b)", vec!["echo", "$(a b)"]),
            ("", vec![]),
            ("a\n  b", vec!["a", "b"]),
        ] {
            assert_eq!(
                split(line),
                Ok(expected.into_iter().map(String::from).collect()),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_left_open_is_refused() {
        for line in ["echo \"a", "echo 'a", "a\\", "echo (a)", "echo `a"] {
            assert!(split(line).is_err(), "{line}");
        }
    }
}
