//! Variables in words: `$NAME`, `${NAME:-default}` and the rest that BuildKit knows, and quotes taken away.

/// What a variable is.
pub(crate) enum Known {
    /// Set to this.
    Value(String),
    /// Known not to be set.
    Unset,
    /// Nobody can say from the file alone: an image that is not ours may set it.
    Open,
}

/// A word with its variables put in.
#[derive(Default)]
pub(crate) struct Expanded {
    pub text: String,
    /// The text split at blanks outside of quotes.
    pub words: Vec<String>,
    /// Names that nobody can tell the value of; they stay in the text as written.
    pub open: Vec<String>,
    in_word: bool,
}

impl Expanded {
    /// Letters that no blank separates.
    fn push(&mut self, text: &str) {
        if !self.in_word {
            self.words.push(String::new());
            self.in_word = true;
        }
        if let Some(word) = self.words.last_mut() {
            word.push_str(text);
        }
        self.text.push_str(text);
    }

    /// Letters of which blanks separate words.
    fn push_split(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for letter in text.chars() {
            if letter.is_whitespace() {
                self.in_word = false;
                self.text.push(letter);
            } else {
                self.push(letter.encode_utf8(&mut buffer));
            }
        }
    }
}

/// Puts variables in and takes quotes away.
///
/// # Errors
/// A quote or a brace that is not closed, or a form that BuildKit does not know; the text says which.
pub(crate) fn expand(
    text: &str,
    escape: char,
    variable: &dyn Fn(&str) -> Known,
) -> Result<Expanded, String> {
    let mut walker = Walker {
        rest: text,
        escape,
        variable,
        open: Vec::new(),
    };
    let mut expanded = walker.until(None, Escapes::Taken)?;
    expanded.open = walker.open;
    // Two quotes with nothing between them are no word.
    expanded.words.retain(|word| !word.is_empty());
    Ok(expanded)
}

/// What becomes of an escape character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    Taken,
    /// In patterns it means something.
    Kept,
}

struct Walker<'a> {
    rest: &'a str,
    escape: char,
    variable: &'a dyn Fn(&str) -> Known,
    open: Vec<String>,
}

impl Walker<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    /// Up to `end`, which is consumed, or up to the end of the text.
    fn until(&mut self, end: Option<char>, escapes: Escapes) -> Result<Expanded, String> {
        let mut expanded = Expanded::default();
        let mut buffer = [0; 4];
        while let Some(letter) = self.next() {
            match letter {
                _ if Some(letter) == end => return Ok(expanded),
                '\'' => {
                    let (quoted, rest) = self
                        .rest
                        .split_once('\'')
                        .ok_or("a single quote is not closed")?;
                    expanded.push(quoted);
                    self.rest = rest;
                }
                '"' => {
                    let quoted = self.double_quoted(escapes)?;
                    expanded.push(&quoted);
                }
                '$' => {
                    let value = self.dollar()?;
                    expanded.push_split(&value);
                }
                _ if letter == self.escape => {
                    if escapes == Escapes::Kept {
                        expanded.push(letter.encode_utf8(&mut buffer));
                    }
                    if let Some(letter) = self.next() {
                        expanded.push(letter.encode_utf8(&mut buffer));
                    }
                }
                _ => expanded.push_split(letter.encode_utf8(&mut buffer)),
            }
        }
        match end {
            None => Ok(expanded),
            Some(end) => Err(format!("`{end}` is missing")),
        }
    }

    fn double_quoted(&mut self, escapes: Escapes) -> Result<String, String> {
        let mut quoted = String::new();
        while let Some(letter) = self.next() {
            match letter {
                '"' => return Ok(quoted),
                '$' => quoted.push_str(&self.dollar()?),
                _ if letter == self.escape => {
                    if escapes == Escapes::Kept {
                        quoted.push(letter);
                    }
                    match self.peek() {
                        Some(next) if next == '"' || next == '$' || next == self.escape => {
                            quoted.push(next);
                            self.next();
                        }
                        _ => quoted.push(letter),
                    }
                }
                _ => quoted.push(letter),
            }
        }
        Err("a double quote is not closed".to_owned())
    }

    /// What follows a `$`.
    fn dollar(&mut self) -> Result<String, String> {
        if self.peek() != Some('{') {
            let name = self.name();
            return Ok(if name.is_empty() {
                "$".to_owned()
            } else {
                match (self.variable)(&name) {
                    Known::Value(value) => value,
                    Known::Unset => String::new(),
                    Known::Open => self.stays(&name, format!("${name}")),
                }
            });
        }
        let written = self.rest;
        self.next();
        match self.peek() {
            None => return Err("`}` is missing".to_owned()),
            Some('{' | '}' | ':') => return Err("a name is missing after `${`".to_owned()),
            Some(_) => {}
        }
        let name = self.name();
        let known = (self.variable)(&name);
        let value = match self.next() {
            Some('}') => match &known {
                Known::Value(value) => value.clone(),
                Known::Unset | Known::Open => String::new(),
            },
            Some(':') => {
                let modifier = self.next();
                self.modified(&name, &known, modifier, Empty::IsUnset)?
            }
            Some('/') => self.replaced(&known)?,
            modifier => self.modified(&name, &known, modifier, Empty::IsValue)?,
        };
        let consumed = written.len() - self.rest.len();
        Ok(match known {
            Known::Open => self.stays(&name, format!("${}", &written[..consumed])),
            Known::Value(_) | Known::Unset => value,
        })
    }

    fn stays(&mut self, name: &str, written: String) -> String {
        self.open.push(name.to_owned());
        written
    }

    /// `${NAME-word}` and its like; the modifier is consumed already.
    fn modified(
        &mut self,
        name: &str,
        known: &Known,
        modifier: Option<char>,
        empty: Empty,
    ) -> Result<String, String> {
        let is_pattern = matches!(modifier, Some('#' | '%'));
        if !matches!(modifier, Some('-' | '+' | '?' | '#' | '%')) {
            let modifier = modifier.map(String::from).unwrap_or_default();
            return Err(format!(
                "BuildKit does not know `{modifier}` in `${{{name}…}}`"
            ));
        }
        let escapes = if is_pattern {
            Escapes::Kept
        } else {
            Escapes::Taken
        };
        let word = self.until(Some('}'), escapes)?.text;
        let value = match known {
            Known::Value(value) => value.clone(),
            Known::Unset | Known::Open => String::new(),
        };
        let is_set = match known {
            Known::Value(value) => empty == Empty::IsValue || !value.is_empty(),
            Known::Unset => false,
            Known::Open => return Ok(String::new()),
        };
        Ok(match modifier {
            Some('-') if is_set => value,
            Some('-') => word,
            Some('+') if is_set => word,
            Some('+') => String::new(),
            Some('?') if is_set => value,
            Some('?') if word.is_empty() => return Err(format!("`{name}` has to be set")),
            Some('?') => return Err(format!("{name}: {word}")),
            Some(side) => {
                let (pattern, longest) = match word.strip_prefix(side) {
                    Some(pattern) => (pattern, true),
                    None => (word.as_str(), false),
                };
                without(&value, pattern, side, longest)
            }
            None => value,
        })
    }

    /// `${NAME/pattern/replacement}`; the first `/` is consumed already.
    fn replaced(&mut self, known: &Known) -> Result<String, String> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.until(Some('/'), Escapes::Kept)?.text;
        let replacement = self.until(Some('}'), Escapes::Kept)?.text;
        let Known::Value(value) = known else {
            return Ok(String::new());
        };
        let mut replaced = String::new();
        let mut rest = value.as_str();
        while let Some(first) = rest.chars().next() {
            // The longest match, as a shell does it.
            let ends = rest
                .char_indices()
                .map(|(at, letter)| at + letter.len_utf8());
            let longest = ends.rev().find(|end| is_like(&rest[..*end], &pattern));
            match longest {
                Some(end) => {
                    replaced.push_str(&replacement);
                    rest = &rest[end..];
                    if !all {
                        break;
                    }
                }
                None => {
                    replaced.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        Ok(replaced + rest)
    }

    /// A name: letters, digits and `_`, or one of the shell's special ones.
    fn name(&mut self) -> String {
        let first = self.peek();
        let is_part: fn(char) -> bool = match first {
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => {
                return self.next().map(String::from).unwrap_or_default();
            }
            Some(digit) if digit.is_ascii_digit() => |letter| letter.is_ascii_digit(),
            _ => |letter| letter.is_alphanumeric() || letter == '_',
        };
        let end = self
            .rest
            .find(|letter| !is_part(letter))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name.to_owned()
    }
}

/// Whether an empty value counts as one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    IsValue,
    IsUnset,
}

/// The value without its beginning (`#`) or end (`%`) that is like the pattern.
fn without(value: &str, pattern: &str, side: char, longest: bool) -> String {
    let cuts = value.char_indices().map(|(at, _)| at);
    let mut cuts: Vec<usize> = cuts.chain([value.len()]).collect();
    let from_start = side == '#';
    if from_start == longest {
        cuts.reverse();
    }
    let cut = cuts.into_iter().find(|cut| {
        let part = if from_start {
            &value[..*cut]
        } else {
            &value[*cut..]
        };
        is_like(part, pattern)
    });
    match cut {
        Some(cut) if from_start => value[cut..].to_owned(),
        Some(cut) => value[..cut].to_owned(),
        None => value.to_owned(),
    }
}

/// One thing of a pattern.
enum Like {
    Anything,
    AnyLetter,
    Letter(char),
}

/// Whether a text is like a pattern of `*`, `?` and backslashes, from its first letter to its last.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut letters = pattern.chars();
    let mut likes = Vec::new();
    while let Some(letter) = letters.next() {
        likes.push(match letter {
            '*' => Like::Anything,
            '?' => Like::AnyLetter,
            '\\' => Like::Letter(letters.next().unwrap_or('\\')),
            letter => Like::Letter(letter),
        });
    }
    // All places of the pattern that the letters so far may lead to: a star can be left at once.
    let skip_stars = |places: &mut Vec<bool>| {
        for (at, like) in likes.iter().enumerate() {
            if places[at] && matches!(like, Like::Anything) {
                places[at + 1] = true;
            }
        }
    };
    let mut places = vec![false; likes.len() + 1];
    places[0] = true;
    skip_stars(&mut places);
    for letter in text.chars() {
        let mut next = vec![false; likes.len() + 1];
        for (at, like) in likes.iter().enumerate().filter(|(at, _)| places[*at]) {
            match like {
                Like::Anything => next[at] = true,
                Like::AnyLetter => next[at + 1] = true,
                Like::Letter(wanted) => next[at + 1] |= *wanted == letter,
            }
        }
        skip_stars(&mut next);
        places = next;
    }
    places[likes.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let known = |name: &str| match name {
            "A" => Known::Value("one two".to_owned()),
            "FILE" => Known::Value("app.tar.gz".to_owned()),
            "EMPTY" => Known::Value(String::new()),
            "PATH" => Known::Open,
            _ => Known::Unset,
        };
        expand(text, '\\', &known).map(|expanded| expanded.text)
    }

    #[test]
    fn variables_are_put_in_as_buildkit_does() {
        for (written, becomes) in [
            ("$A", "one two"),
            ("${A}x", "one twox"),
            ("'$A'", "$A"),
            ("\"$A\"", "one two"),
            ("\\$A", "$A"),
            ("$NONE", ""),
            ("${NONE:-x}", "x"),
            ("${NONE:-${A}}", "one two"),
            ("${EMPTY-x}", ""),
            ("${EMPTY:-x}", "x"),
            ("${A:+x}", "x"),
            ("${NONE:+x}", ""),
            ("${FILE%.*}", "app.tar"),
            ("${FILE%%.*}", "app"),
            ("${FILE#*.}", "tar.gz"),
            ("${FILE##*.}", "gz"),
            ("${FILE/a/A}", "App.tar.gz"),
            ("${FILE//a/A}", "App.tAr.gz"),
            ("/bin:$PATH", "/bin:$PATH"),
            ("${PATH:-/x}", "${PATH:-/x}"),
            ("a$", "a$"),
            ("\"a\\\"b\"", "a\"b"),
        ] {
            assert_eq!(expanded(written), Ok(becomes.to_owned()), "{written}");
        }
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        for written in [
            "\"a",
            "'a",
            "${A",
            "${A:-b",
            "${}",
            "${A!}",
            "${NONE:?not here}",
        ] {
            assert!(expanded(written).is_err(), "{written}");
        }
    }
}
