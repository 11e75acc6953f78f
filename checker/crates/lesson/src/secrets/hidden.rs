//! The secrets that are known, and what stands in for each.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::names::{FOLDER, is_switch};
use super::replacements::Replacements;
use super::text;

/// Passwords that images ship with and guides repeat.
const WELL_KNOWN: [&str; 14] = [
    "minioadmin",
    "minio",
    "admin",
    "root",
    "Milvus",
    "milvus",
    "password",
    "postgres",
    "changeme",
    "secret",
    "user",
    "pass",
    "example",
    "test",
];

/// A secret of this length is replaced wherever it stands; a shorter one would hit parts of other words.
const LONG_ENOUGH: usize = 8;

/// A secret shorter than this is replaced only where it is the whole value. From here on also where it is a word of a text.
const LONG_ENOUGH_AS_A_WORD: usize = 5;

/// Secrets met so far, with what stands in for each.
#[derive(Default)]
pub(super) struct Hidden {
    stand_ins: BTreeMap<String, String>,
    /// What stands in, and the same as it is written where a dollar has to be doubled.
    shown: HashSet<String>,
    /// The same secrets as other programs write them down.
    encoded: BTreeMap<String, Vec<String>>,
    /// Those that are also a name in the project, as of a service or an image: they are replaced only where they are the secret.
    names: BTreeSet<String>,
    /// Those that were taken for one by the words around them. They may be none, so they are replaced only there.
    guessed: BTreeSet<String>,
    /// These are the files of a project that does not load. Nothing but its fault is judged, and that may lie in a secret: what
    /// stands in has its shape.
    keeps_shape: bool,
    /// What finds them in a text, until something of the above changes.
    finder: Option<Finder>,
}

impl Hidden {
    pub(super) fn is_secret(value: &str) -> bool {
        let is_path = format!("{value}/").starts_with(FOLDER);
        !is_switch(value) && !is_path && !WELL_KNOWN.contains(&value)
    }

    /// Whether it is a secret, and not what stands in for one already.
    pub(super) fn has_to_hide(&self, value: &str) -> bool {
        // See [`Assigned::shown`] for what may follow one.
        let bare = value
            .trim_end_matches('x')
            .strip_suffix('$')
            .unwrap_or(value);
        Self::is_secret(value) && !self.shown.contains(bare)
    }

    /// Takes in a secret as a file of variables writes it. A warning about a variable in it has a part of it for a name.
    pub(super) fn knows_parts(&mut self, written: &str) {
        let names = written.split('$').skip(1).map(|rest| {
            let rest = rest.trim_start_matches('{');
            let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
            &rest[..end.unwrap_or(rest.len())]
        });
        for part in names.chain([written]).filter(|part| Self::is_secret(part)) {
            self.stand_in(part);
        }
    }

    /// From now on these are the files of a project that does not load, or no longer.
    pub(super) fn keep_shape(&mut self, keeps: bool) {
        self.keeps_shape = keeps;
        self.finder = None;
    }

    /// These words are also names in the project.
    pub(super) fn leave_names(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
        self.finder = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stand_ins.is_empty()
    }

    pub(super) fn knows(&self, value: &str) -> bool {
        self.stand_ins.contains_key(value)
    }

    pub(super) fn stand_in(&mut self, secret: &str) -> String {
        // A file may be gone through twice, first by what the project takes from it and then by its name.
        if self.shown.contains(secret) {
            return secret.to_owned();
        }
        if self.guessed.remove(secret) {
            self.finder = None;
        }
        self.stand_in_there(secret)
    }

    /// The same for what may be no secret elsewhere.
    pub(super) fn stand_in_there(&mut self, secret: &str) -> String {
        let next = self.stand_ins.len();
        if !self.stand_ins.contains_key(secret) {
            self.finder = None;
            let shown = stand_in(next, secret);
            self.shown.extend([doubled(&shown), shown.clone()]);
            self.stand_ins.insert(secret.to_owned(), shown);
            if secret.len() >= LONG_ENOUGH {
                self.encoded.insert(secret.to_owned(), encodings(secret));
            }
        }
        self.stand_ins[secret].clone()
    }

    /// Replaces secrets wherever they stand in a text: long ones anywhere, shorter ones where they are a word, and whatever the
    /// words in front of it call a secret.
    pub(super) fn in_text(&mut self, text: &mut String) {
        if self.finder.is_none() {
            self.finder = Some(self.new_finder());
        }
        if let Some(finder) = &self.finder {
            finder.replace(text);
        }
        self.in_places(text);
    }

    fn new_finder(&self) -> Finder {
        let known = self
            .stand_ins
            .iter()
            .filter(|(secret, _)| !self.names.contains(*secret) && !self.guessed.contains(*secret));
        let mut anywhere = Vec::new();
        let mut words = Vec::new();
        for (secret, stand_in) in known {
            let shown = match self.keeps_shape {
                true => shape(secret),
                false => stand_in.clone(),
            };
            if secret.len() >= LONG_ENOUGH {
                anywhere.push((secret.clone(), shown));
                let encoded = self.encoded.get(secret).into_iter().flatten();
                anywhere.extend(encoded.map(|text| (text.clone(), stand_in_of_encoded(text))));
            } else if secret.len() >= LONG_ENOUGH_AS_A_WORD {
                words.push((secret.clone(), shown));
            }
        }
        Finder {
            anywhere: Replacements::new(LONG_ENOUGH, anywhere),
            words: Replacements::new(LONG_ENOUGH_AS_A_WORD, words),
        }
    }

    /// Replaces what the words in front of it call a secret.
    fn in_places(&mut self, text: &mut String) {
        for place in text::places(text).into_iter().rev() {
            let secret = &text[place.clone()];
            if self.keeps_shape {
                let shown = shape(secret);
                text.replace_range(place, &shown);
            } else if self.has_to_hide(secret) {
                let secret = secret.to_owned();
                if !self.knows(&secret) {
                    self.guessed.insert(secret.clone());
                }
                let stand_in = self.stand_in_there(&secret);
                text.replace_range(place, &stand_in);
            }
        }
    }
}

/// Finds all secrets that are known.
struct Finder {
    /// Those that are replaced anywhere.
    anywhere: Replacements,
    /// Those that are replaced where no letter, digit or `_` stands before or behind them.
    words: Replacements,
}

impl Finder {
    fn replace(&self, text: &mut String) {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.anywhere.apply(text, |_, _| true);
        self.words.apply(text, |before, after| {
            !before.ends_with(is_part) && !after.starts_with(is_part)
        });
    }
}

/// A word of exactly as many bytes as the secret, different for each index: `hiddenx0`. A `$` stays where it is, with a letter
/// or a digit behind it as before: Compose gives it a meaning, and a check may be about that.
fn stand_in(index: usize, secret: &str) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = Vec::new();
    let mut rest = index;
    loop {
        number.insert(0, DIGITS[rest % DIGITS.len()]);
        rest /= DIGITS.len();
        if rest == 0 {
            break;
        }
    }
    let length = secret.len();
    let kept = secret
        .bytes()
        .filter(|letter| matches!(letter, b'$' | b'\n'))
        .count();
    let room = (length - kept).saturating_sub(number.len());
    let word = b"hidden".iter().copied().chain(std::iter::repeat(b'x'));
    let mut letters = word.take(room).chain(number);
    let mut stand_in = String::new();
    let mut before = 0;
    for letter in secret.bytes() {
        let shown = match letter {
            b'$' => b'$',
            // Lines stay lines, so that what stands below keeps its place.
            b'\n' => b'\n',
            _ => letters.next().unwrap_or(b'x'),
        };
        let begins_a_name = letter.is_ascii_alphabetic() || matches!(letter, b'_' | b'{' | b'$');
        let shown = if before == b'$' && !begins_a_name {
            b'0'
        } else if before == b'$' && shown.is_ascii_digit() {
            b'x'
        } else {
            shown
        };
        stand_in.push(char::from(shown));
        before = letter;
    }
    stand_in
}

/// What stands in for an encoded secret: as long, and no text that anything would decode to it.
fn stand_in_of_encoded(encoded: &str) -> String {
    stand_in(0, &"x".repeat(encoded.len()))
}

/// A secret as headers, addresses and logs have it: in Base64, also behind a user's name, in percent signs, as hexadecimal digits
/// and with the escapes of JSON. What is the same as the secret itself is left out.
fn encodings(secret: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let mut all = BTreeSet::new();
    // What stands before it moves its bits: three ways. Letters that a neighbour has a part in are left out.
    for before in 0..3_usize {
        let bytes = [&vec![0; before], secret.as_bytes()].concat();
        let begin = (before * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            all.extend(engine.encode(&bytes).get(begin..end).map(str::to_owned));
        }
    }
    let hexadecimal = |each: fn(u8) -> String| secret.bytes().map(each).collect::<String>();
    all.insert(hexadecimal(|byte| format!("{byte:02x}")));
    all.insert(hexadecimal(|byte| format!("{byte:02X}")));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let percent = |upper: bool, blank: &str| -> String {
        let letters = secret.bytes().map(|byte| match (byte, upper) {
            (b' ', _) => blank.to_owned(),
            (byte, _) if is_plain(byte) => char::from(byte).to_string(),
            (byte, true) => format!("%{byte:02X}"),
            (byte, false) => format!("%{byte:02x}"),
        });
        letters.collect()
    };
    for blank in ["%20", "+"] {
        all.extend([percent(true, blank), percent(false, blank)]);
    }
    let json = Value::from(secret).to_string();
    all.insert(json.trim_matches('"').to_owned());
    let ascii = secret.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(byte @ (b'"' | b'\\')) => format!("\\{}", char::from(byte)),
        Ok(byte) if byte.is_ascii() && !byte.is_ascii_control() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    all.insert(ascii.collect());
    all.remove(secret);
    all.into_iter()
        .filter(|encoded| encoded.len() >= LONG_ENOUGH)
        .collect()
}

/// Letters and digits replaced, and everything else left as it is: for a file that does not load, whose fault may lie in the secret.
pub(super) fn shape(secret: &str) -> String {
    let same = secret.chars().flat_map(|letter| match letter {
        letter if letter.is_ascii_digit() => vec!['9'],
        letter if letter.is_ascii_alphabetic() => vec!['x'],
        letter if letter.is_ascii() => vec![letter],
        letter => vec!['x'; letter.len_utf8()],
    });
    same.collect()
}

/// A dollar that would begin a variable is written twice.
pub(super) fn doubled(text: &str) -> String {
    let mut doubled = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        doubled.push(letter);
        let begins_a_name =
            |next: &char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '$');
        if letter == '$' && letters.peek().is_some_and(begins_a_name) {
            doubled.push('$');
        }
    }
    doubled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_has_the_secrets_length_and_is_its_own() {
        for length in 1..20 {
            let secret = "a".repeat(length);
            assert_eq!(stand_in(3, &secret).len(), length);
            assert_ne!(stand_in(3, &secret), stand_in(4, &secret));
        }
        assert_eq!(stand_in(0, "aaaaaaaaaa"), "hiddenxxx0");
        assert_eq!(stand_in(0, "a$b $5"), "h$id$0");
    }

    #[test]
    fn a_secret_is_hidden_in_the_spelling_of_headers_addresses_and_logs() {
        let mut hidden = Hidden::default();
        hidden.stand_in("grey=öt\"ter 58");
        for text in [
            "Z3JleT3DtnQidGVyIDU4",
            "Authorization: Basic c2hvcDpncmV5PcO2dCJ0ZXIgNTg=",
            "postgresql://shop:grey%3D%C3%B6t%22ter%2058@db/orders",
            "q=grey%3d%c3%b6t%22ter+58",
            "{\"given\": \"grey=öt\\\"ter 58\"}",
            "grey=\\u00f6t\\\"ter 58",
            "677265793dc3b6742274657220 3538",
            "677265793dc3b67422746572203538",
        ] {
            let mut shown = text.to_owned();
            hidden.in_text(&mut shown);
            let has_blank = text.ends_with(" 3538");
            assert_eq!(shown == text, has_blank, "{shown}");
            for part in ["3JleT3", "dCJ0ZXI", "ter%20", "ter+5", "ter 58"] {
                assert!(!shown.contains(part), "{shown}");
            }
        }
    }
}
