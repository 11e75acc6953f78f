//! The patterns of `.dockerignore`, as Docker's own matcher reads them.

/// A pattern that was understood.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// The path itself.
    Exact(String),
    /// Everything that begins so: `logs/**`.
    Prefix(String),
    /// Everything that ends so: `**/node_modules`.
    Suffix(String),
    /// Anything else.
    Tokens(Vec<Token>),
}

#[derive(Clone, Debug)]
pub(crate) enum Token {
    Letter(char),
    /// `?`: one letter, no slash.
    One,
    /// `*`: letters without a slash.
    Some,
    /// `**` before more: nothing, or any folders with the slash behind them.
    Folders,
    /// Inside of [`Token::Folders`].
    InFolders,
    /// `**` at the end.
    All,
    /// `[a-z]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// Reads a pattern that has no `!` and is a clean path.
    ///
    /// # Errors
    /// What is wrong with it, in one clause.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let tokens = tokens(text)?;
        let plain = |tokens: &[Token]| -> Option<String> {
            let letter = |token: &Token| match token {
                Token::Letter(letter) => Some(*letter),
                _ => None,
            };
            tokens.iter().map(letter).collect()
        };
        // Where a letter is escaped, Docker always compares piece by piece.
        let is_escaped = text.contains('\\');
        Ok(match tokens.as_slice() {
            [Token::All] => Self::Suffix(String::new()),
            [Token::Folders, Token::InFolders, rest @ ..]
                if !is_escaped && plain(rest).is_some() =>
            {
                // The slash that `**` has eaten belongs to what has to follow.
                Self::Suffix(text.trim_start_matches("**").to_owned())
            }
            [rest @ .., Token::All] if !is_escaped && plain(rest).is_some() => {
                Self::Prefix(plain(rest).unwrap_or_default())
            }
            all if !is_escaped && plain(all).is_some() => Self::Exact(text.to_owned()),
            _ => Self::Tokens(tokens),
        })
    }

    /// Whether a path, relative and with slashes, is like the pattern.
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(text) => path == text,
            Self::Prefix(start) => path.starts_with(start.as_str()),
            Self::Suffix(end) => {
                path.ends_with(end.as_str()) || end.strip_prefix('/').is_some_and(|end| path == end)
            }
            Self::Tokens(tokens) => is_like(path, tokens),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                let _ = letters.next_if_eq(&'/');
                if letters.peek().is_none() {
                    tokens.push(Token::All);
                } else {
                    tokens.extend([Token::Folders, Token::InFolders]);
                }
            }
            '*' => tokens.push(Token::Some),
            '?' => tokens.push(Token::One),
            '\\' => match letters.next() {
                Some(letter) => tokens.push(Token::Letter(letter)),
                None => return Err("it ends with a backslash"),
            },
            '[' => tokens.push(class(&mut letters)?),
            letter => tokens.push(Token::Letter(letter)),
        }
    }
    Ok(tokens)
}

/// What follows a `[`.
fn class(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, &'static str> {
    const NOT_CLOSED: &str = "a `[` is not closed";
    let negated = letters.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && letters.next_if_eq(&']').is_some() {
            return Ok(Token::Class { negated, ranges });
        }
        let mut one = || match letters.next() {
            None => Err(NOT_CLOSED),
            Some('\\') => letters.next().ok_or(NOT_CLOSED),
            Some('-' | ']') => Err("a `-` or `]` in `[…]` has to stand behind a backslash"),
            Some(letter) => Ok(letter),
        };
        let first = one()?;
        let last = if letters.next_if_eq(&'-').is_some() {
            let mut one = || match letters.next() {
                None => Err(NOT_CLOSED),
                Some('\\') => letters.next().ok_or(NOT_CLOSED),
                Some('-' | ']') => Err("a range in `[…]` has no end"),
                Some(letter) => Ok(letter),
            };
            one()?
        } else {
            first
        };
        if last < first {
            return Err("a range in `[…]` goes backwards");
        }
        ranges.push((first, last));
    }
}

/// Goes through the path once, with all places of the pattern that its letters so far may lead to.
fn is_like(path: &str, tokens: &[Token]) -> bool {
    let mut places = vec![false; tokens.len() + 1];
    places[0] = true;
    enter(&mut places, tokens);
    for letter in path.chars() {
        let mut next = vec![false; tokens.len() + 1];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| places[*at]) {
            match token {
                Token::Letter(wanted) => next[at + 1] |= *wanted == letter,
                Token::One => next[at + 1] |= letter != '/',
                Token::Some => next[at] |= letter != '/',
                Token::All => next[at] = true,
                // Only entered; what goes on is the next token.
                Token::Folders => {}
                Token::InFolders => {
                    next[at] = true;
                    next[at + 1] |= letter == '/';
                }
                Token::Class { negated, ranges } => {
                    let is_in = ranges
                        .iter()
                        .any(|(first, last)| (*first..=*last).contains(&letter));
                    next[at + 1] |= is_in != *negated;
                }
            }
        }
        enter(&mut next, tokens);
        places = next;
    }
    places[tokens.len()]
}

/// Places that are reached without a letter.
fn enter(places: &mut [bool], tokens: &[Token]) {
    for (at, token) in tokens.iter().enumerate() {
        if !places[at] {
            continue;
        }
        match token {
            Token::Some | Token::All => places[at + 1] = true,
            Token::Folders => {
                places[at + 1] = true;
                places[at + 2] = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_to_docker() {
        for (pattern, path, expected) in [
            ("a", "a", true),
            ("a", "b/a", false),
            ("*", "a", true),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("**/a", "a", true),
            ("**/a", "x/y/a", true),
            ("**/a", "xa", false),
            ("**a", "xa", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("a**", "abc/d", true),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("**/*.py", "a.py", true),
            ("**/*.py", "x/a.py", true),
            ("*.py", "x/a.py", false),
            ("?.py", "a.py", true),
            ("[a-c].py", "b.py", true),
            ("[^a-c].py", "b.py", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            (".env", "xenv", false),
            ("a+b", "a+b", true),
            ("**/**", "a", true),
        ] {
            let read = Pattern::read(pattern).expect("a pattern");
            assert_eq!(read.matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["[", "[a", "[]", "[]a]", "[a-]", "[-a]", "a\\", "[z-a]"] {
            assert!(Pattern::read(text).is_err(), "{text}");
        }
    }
}
