//! Shell lines taken apart into simple commands, with a place for every word.
//!
//! This is not a shell: nothing is run and no variable is put in. It knows quotes, `&&`, `||`, `;`, pipes, here-documents,
//! subshells and the words of `if`, `for` and their like, so that `if true; then apt-get update && apt-get install -y git; fi`
//! gives three commands. What stands in `$(…)` stays a part of its word.

use std::ops::Range;

use compose::Span;

use crate::word::Word;

/// One simple command: a program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How it hangs on the command before it.
    pub after: After,
    /// `NAME=value` before the program.
    pub assignments: Vec<Word>,
    /// The program and its arguments, quotes removed, variables as written, redirections left out.
    pub words: Vec<Word>,
    /// Where its output is written to: `>`, `>>`.
    pub writes: Vec<Word>,
    /// From its first word to its last.
    pub span: Span,
}

/// How a command hangs on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing is before it.
    First,
    /// `&&`
    Success,
    /// `||`
    Failure,
    /// `|`: it reads what the other prints.
    Pipe,
    /// `;`, a line break, or a word such as `then`: it runs whatever came of the other.
    Anything,
    /// `&`: the other goes on running.
    Background,
}

impl Step {
    /// The program's name without folders: `apt-get` of `/usr/bin/apt-get`. What only starts another program (`sudo`, `exec`,
    /// `env`, `nice`, `time`, `command`) is passed over, with its plain options.
    pub fn program(&self) -> Option<&str> {
        self.command().first().map(|word| name(&word.text))
    }

    /// The arguments of [`Step::program`].
    pub fn arguments(&self) -> &[Word] {
        self.command().get(1..).unwrap_or_default()
    }

    fn command(&self) -> &[Word] {
        const STARTERS: [&str; 7] = ["sudo", "exec", "env", "nice", "time", "command", "nohup"];
        let mut words = self.words.as_slice();
        while let Some((first, rest)) = words.split_first() {
            if !STARTERS.contains(&name(&first.text)) {
                break;
            }
            let passed = rest
                .iter()
                .take_while(|word| word.text.starts_with('-') || is_assignment(&word.text))
                .count();
            words = &rest[passed..];
        }
        words
    }
}

fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Whether a program of this name reads shell commands.
pub(crate) fn is_shell(program: &str) -> bool {
    ["sh", "bash", "ash", "dash", "zsh", "ksh"].contains(&name(program))
}

/// `NAME=…`
fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Words that begin or end a part of a compound command; what follows is a command of its own.
const CONNECTING: [&str; 12] = [
    "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}",
];

/// Takes a shell text apart; `place` gives the place of a stretch of it.
pub(crate) fn steps(text: &str, place: &dyn Fn(Range<usize>) -> Span) -> Vec<Step> {
    let mut splitter = Splitter {
        text,
        place,
        at: 0,
        after: After::First,
        current: Vec::new(),
        writes: Vec::new(),
        steps: Vec::new(),
        heredocs: Vec::new(),
    };
    splitter.run();
    splitter.steps
}

struct Splitter<'a> {
    text: &'a str,
    place: &'a dyn Fn(Range<usize>) -> Span,
    at: usize,
    after: After,
    current: Vec<(Word, Range<usize>)>,
    writes: Vec<Word>,
    steps: Vec<Step>,
    /// Words that end here-documents which begin on the next line, and whether tabs are stripped.
    heredocs: Vec<(String, bool)>,
}

impl Splitter<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn run(&mut self) {
        while let Some(letter) = self.rest().chars().next() {
            let two = self.rest().get(..2).unwrap_or_default();
            match letter {
                '\n' => {
                    self.end(After::Anything, 1);
                    self.skip_heredocs();
                }
                _ if letter.is_whitespace() => self.at += letter.len_utf8(),
                // A line that goes on.
                '\\' if two == "\\\n" => self.at += 2,
                '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
                '&' if two == "&&" => self.end(After::Success, 2),
                '|' if two == "||" => self.end(After::Failure, 2),
                '|' if two == "|&" => self.end(After::Pipe, 2),
                '|' => self.end(After::Pipe, 1),
                ';' if two == ";;" => {
                    self.end(After::Anything, 2);
                    self.skip_pattern();
                }
                ';' => self.end(After::Anything, 1),
                '&' if two == "&>" => self.redirection(),
                '&' => self.end(After::Background, 1),
                '(' => self.end(self.after_next(), 1),
                ')' => self.end(After::Anything, 1),
                '<' | '>' => self.redirection(),
                _ => self.word(),
            }
        }
        self.end(After::Anything, 0);
    }

    /// A bracket does not change how its first command hangs on what is before.
    fn after_next(&self) -> After {
        if self.current.is_empty() {
            self.after
        } else {
            After::Anything
        }
    }

    /// Ends the command; the next one hangs on it by `after`.
    fn end(&mut self, after: After, length: usize) {
        self.at += length;
        let words = std::mem::take(&mut self.current);
        let writes = std::mem::take(&mut self.writes);
        if let (Some((_, first)), Some((_, last))) = (words.first(), words.last()) {
            let span = (self.place)(first.start..last.end);
            let mut words: Vec<Word> = words.into_iter().map(|(word, _)| word).collect();
            let assigned = words
                .iter()
                .take_while(|word| is_assignment(&word.text))
                .count();
            let program = words.split_off(assigned);
            self.steps.push(Step {
                after: self.after,
                assignments: words,
                words: program,
                writes,
                span,
            });
            self.after = after;
        } else if !self.steps.is_empty() && after != After::Anything {
            self.after = after;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let text = self.unquoted();
        let range = start..self.at;
        let is_plain = self.text[range.clone()] == text;
        // Two words of digits right before a redirection say which stream is meant.
        let is_stream = text.bytes().all(|byte| byte.is_ascii_digit())
            && self.rest().starts_with(['<', '>'])
            && is_plain;
        if is_stream {
            return;
        }
        if self.current.is_empty() && is_plain {
            match text.as_str() {
                "!" => return,
                _ if CONNECTING.contains(&text.as_str()) => return,
                _ => {}
            }
        }
        let span = (self.place)(range.clone());
        self.current.push((Word { text, span }, range));
        self.leave_headers();
    }

    /// `for NAME in …` and `case WORD in` are no commands.
    fn leave_headers(&mut self) {
        let words: Vec<&str> = self
            .current
            .iter()
            .map(|(word, _)| word.text.as_str())
            .collect();
        match words[..] {
            ["case", _, "in"] => {
                self.current.clear();
                self.skip_pattern();
            }
            ["for", ..] => {
                let ends = [";", "\n"].map(|end| self.rest().find(end));
                let end = ends.into_iter().flatten().min();
                self.at += end.unwrap_or(self.rest().len());
                self.current.clear();
            }
            _ => {}
        }
    }

    /// `a|b)` of a `case` is no command.
    fn skip_pattern(&mut self) {
        let blanks = self.rest().len() - self.rest().trim_start().len();
        self.at += blanks;
        if !self.rest().starts_with("esac") {
            let end = self
                .rest()
                .find(')')
                .map_or(self.rest().len(), |end| end + 1);
            self.at += end;
        }
    }

    /// One word, without quotes; `at` stands behind it then.
    fn unquoted(&mut self) -> String {
        let mut word = String::new();
        while let Some(letter) = self.rest().chars().next() {
            match letter {
                '\'' => {
                    let inside = &self.rest()[1..];
                    let end = inside.find('\'').unwrap_or(inside.len());
                    word.push_str(&inside[..end]);
                    self.at += (end + 2).min(self.rest().len());
                }
                '"' => self.double_quoted(&mut word),
                '\\' => {
                    let next = self.rest()[1..].chars().next();
                    word.extend(next.filter(|next| *next != '\n'));
                    self.at += 1 + next.map_or(0, char::len_utf8);
                }
                '$' | '`' => self.substitution(&mut word),
                _ if letter.is_whitespace()
                    || matches!(letter, '&' | '|' | ';' | '(' | ')' | '<' | '>') =>
                {
                    break;
                }
                _ => {
                    word.push(letter);
                    self.at += letter.len_utf8();
                }
            }
        }
        word
    }

    fn double_quoted(&mut self, word: &mut String) {
        self.at += 1;
        while let Some(letter) = self.rest().chars().next() {
            match letter {
                '"' => {
                    self.at += 1;
                    return;
                }
                '$' | '`' => self.substitution(word),
                '\\' => {
                    let next = self.rest()[1..].chars().next();
                    match next {
                        Some('"' | '$' | '`' | '\\') => word.extend(next),
                        Some('\n') => {}
                        _ => {
                            word.push('\\');
                            word.extend(next);
                        }
                    }
                    self.at += 1 + next.map_or(0, char::len_utf8);
                }
                _ => {
                    word.push(letter);
                    self.at += letter.len_utf8();
                }
            }
        }
    }

    /// `$(…)`, `${…}` and backquotes, as they are.
    fn substitution(&mut self, word: &mut String) {
        let rest = self.rest();
        let length = match rest.as_bytes() {
            [b'$', b'(', ..] => closed(rest, 1, '(', ')'),
            [b'$', b'{', ..] => closed(rest, 1, '{', '}'),
            [b'`', ..] => rest[1..].find('`').map_or(rest.len(), |end| end + 2),
            _ => 1,
        };
        word.push_str(&rest[..length]);
        self.at += length;
    }

    /// `> file`, `2>&1`, `<<EOF`.
    fn redirection(&mut self) {
        let rest = self.rest();
        let operator = rest
            .find(|letter| !matches!(letter, '<' | '>' | '&' | '-' | '|'))
            .unwrap_or(rest.len());
        let operator = rest[..operator].to_owned();
        self.at += operator.len();
        if operator.ends_with('-') && !operator.starts_with("<<") {
            return;
        }
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
        self.at += blanks;
        let start = self.at;
        let text = self.unquoted();
        if operator.starts_with("<<") && !operator.starts_with("<<<") {
            self.heredocs.push((text, operator.ends_with('-')));
        } else if operator.contains('>') && !operator.ends_with('&') {
            let span = (self.place)(start..self.at);
            self.writes.push(Word { text, span });
        }
    }

    /// Lines that are given to a program are no commands.
    fn skip_heredocs(&mut self) {
        for (name, strips_tabs) in std::mem::take(&mut self.heredocs) {
            while !self.rest().is_empty() {
                let rest = self.rest();
                let end = rest.find('\n').unwrap_or(rest.len());
                let line = if strips_tabs {
                    rest[..end].trim_start_matches('\t')
                } else {
                    &rest[..end]
                };
                let is_end = line == name;
                self.at += (end + 1).min(rest.len());
                if is_end {
                    break;
                }
            }
        }
    }
}

/// How long a bracket is that opens at `open`, inner ones included; quotes are respected.
fn closed(text: &str, open: usize, opening: char, closing: char) -> usize {
    let mut depth = 0usize;
    let mut quote = None;
    let mut letters = text[open..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote != Some('\'') => drop(letters.next()),
            _ if quote == Some(letter) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(letter),
            _ if quote.is_some() => {}
            _ if letter == opening => depth += 1,
            _ if letter == closing => {
                depth -= 1;
                if depth == 0 {
                    return open + at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use compose::SourceId;

    use super::*;

    fn split(text: &str) -> Vec<(After, String)> {
        let place = |range: Range<usize>| Span {
            source: SourceId(0),
            start: range.start as u32,
            end: range.end as u32,
        };
        let words = |step: &Step| {
            let words: Vec<_> = step.words.iter().map(|word| word.text.as_str()).collect();
            words.join(" ")
        };
        steps(text, &place)
            .iter()
            .map(|step| (step.after, words(step)))
            .collect()
    }

    fn commands(text: &str) -> Vec<String> {
        split(text).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn commands_hang_together_by_their_operators() {
        use After::*;
        let expected = [
            (First, "a b"),
            (Success, "c"),
            (Failure, "d"),
            (Anything, "e"),
            (Pipe, "f"),
            (Background, "g"),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(after, words)| (after, words.to_owned()))
            .collect();
        assert_eq!(split("a b && c || d; e | f & g"), expected);
    }

    #[test]
    fn quotes_and_substitutions_keep_a_word_together() {
        assert_eq!(
            commands("echo 'a && b' \"c; d\" $(e | f) ${G:-h i} `j; k` l\\ m"),
            ["echo a && b c; d $(e | f) ${G:-h i} `j; k` l m"]
        );
    }

    #[test]
    fn compound_commands_give_their_parts() {
        assert_eq!(
            commands("if [ -f x ]; then a; else b && c; fi"),
            ["[ -f x ]", "a", "b", "c"]
        );
        assert_eq!(commands("for i in 1 2; do a $i; done; b"), ["a $i", "b"]);
        assert_eq!(
            commands("case $x in a|b) c;; *) d;; esac; e"),
            ["c", "d", "e"]
        );
        assert_eq!(commands("(a && b) || { c; d; }"), ["a", "b", "c", "d"]);
        assert_eq!(commands("! a | b"), ["a", "b"]);
    }

    #[test]
    fn redirections_and_assignments_are_no_words() {
        assert_eq!(commands("A=1 B=2 c d > /dev/null 2>&1 < in &"), ["c d"]);
        assert_eq!(commands("cat <<EOF > file\nrm -rf /\nEOF\nb"), ["cat", "b"]);
        assert_eq!(commands("a # comment && b\nc"), ["a", "c"]);
    }

    #[test]
    fn nothing_is_a_command_twice_and_nothing_panics_on_what_is_cut_off() {
        for text in [
            "a 'b", "a \"b", "a $(", "a ${", "a `", "a \\", "<", "> ", "<<", "case", "for", "&&",
            ")", "é|ü",
        ] {
            commands(text);
        }
    }

    #[test]
    fn what_starts_another_program_is_passed_over() {
        let place = |_: Range<usize>| Span {
            source: SourceId(0),
            start: 0,
            end: 0,
        };
        for text in [
            "sudo -E apt-get install",
            "env A=1 /usr/bin/apt-get install",
            "A=1 exec apt-get install",
        ] {
            let steps = steps(text, &place);
            assert_eq!(steps[0].program(), Some("apt-get"), "{text}");
            assert_eq!(steps[0].arguments().len(), 1);
        }
    }
}
