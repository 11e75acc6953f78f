//! Many texts replaced in another one at once.

use std::collections::HashMap;

/// What is replaced, found by how it begins: a project may have ten thousand secrets, and a thousand lines to show. An automaton
/// would take many times the memory of the texts, which anybody may have written as long as they like.
#[derive(Default)]
pub struct Replacements {
    /// How many bytes of each text lead to it. No text is shorter.
    start: usize,
    /// For the first two bytes of a text, whether any begins with them: that sorts most places out.
    pairs: Vec<bool>,
    /// The texts that begin with these bytes, and what each is replaced by; the longest first.
    by_start: HashMap<Vec<u8>, Vec<(String, String)>>,
}

impl Replacements {
    /// Texts of at least `start` bytes, which are two or more, each with what it is replaced by. Shorter ones are left out.
    pub fn new(start: usize, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut pairs = vec![false; 1 << 16];
        let mut by_start: HashMap<_, Vec<(String, String)>> = HashMap::new();
        for (text, by) in texts {
            let bytes = text.as_bytes();
            if let (Some(begin), [first, second, ..]) = (bytes.get(..start), bytes) {
                pairs[pair(*first, *second)] = true;
                by_start.entry(begin.to_vec()).or_default().push((text, by));
            }
        }
        for texts in by_start.values_mut() {
            texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
        Self {
            start,
            pairs,
            by_start,
        }
    }

    /// Replaces each text where what stands before and behind it lets it be one. Where two begin at one place, the longer is
    /// replaced; what is replaced is not looked at again.
    pub fn apply(&self, text: &mut String, is_one: impl Fn(&str, &str) -> bool) {
        if self.by_start.is_empty() {
            return;
        }
        let mut replaced = String::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(begin) = text.as_bytes().get(at..at + self.start) {
            let found = self.pairs[pair(begin[0], begin[1])]
                .then(|| self.by_start.get(begin))
                .flatten();
            let found = found.into_iter().flatten().find(|(known, _)| {
                let rest = text.as_bytes()[at..].strip_prefix(known.as_bytes());
                rest.is_some() && is_one(&text[..at], &text[at + known.len()..])
            });
            let Some((known, by)) = found else {
                at += 1;
                continue;
            };
            replaced.push_str(&text[done..at]);
            replaced.push_str(by);
            at += known.len();
            done = at;
        }
        if done > 0 {
            replaced.push_str(&text[done..]);
            *text = replaced;
        }
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(start: usize, texts: &[(&str, &str)], text: &str) -> String {
        let texts = texts
            .iter()
            .map(|(text, by)| ((*text).into(), (*by).into()));
        let mut text = text.to_owned();
        Replacements::new(start, texts).apply(&mut text, |before, _| !before.ends_with('#'));
        text
    }

    #[test]
    fn each_text_is_replaced_wherever_it_stands() {
        let texts = [
            ("blue", "1"),
            ("blueheron", "2"),
            ("grün", "3"),
            ("no", "4"),
        ];
        for (text, expected) in [
            ("", ""),
            ("blu", "blu"),
            ("a blue, a blue", "a 1, a 1"),
            ("blueblueheronblue", "121"),
            ("éblueé", "é1é"),
            ("grüngrü", "3grü"),
            ("#blue blue", "#blue 1"),
            // Too short to be looked for.
            ("no", "no"),
        ] {
            assert_eq!(replaced(4, &texts, text), expected, "{text}");
        }
        assert_eq!(replaced(4, &[], "blue"), "blue");
    }
}
