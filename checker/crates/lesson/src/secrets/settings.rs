//! Hiding secrets in files of settings, line by line: `NAME=value`, `name value`.

use std::collections::BTreeSet;
use std::ops::Range;

use super::hidden::{Hidden, doubled};
use super::names::is_secret_name;
use super::project::{is_login_name, secret_in};

/// Whether a file is called as files of variables are.
pub(super) fn is_called_for_variables(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == ".env" || name.ends_with(".env") || name.starts_with(".env.")
}

/// A secret in a line `NAME=value`.
pub(super) struct Assigned {
    /// What is written for it, with its quotes.
    pub(super) place: Range<usize>,
    /// What Compose takes for the value, where that is the secret; else the part that is.
    meaning: String,
    /// The quote around it.
    quote: Option<char>,
    /// Whether a variable that nothing sets stands in it, and so a part of the secret is lost.
    loses_a_part: bool,
}

impl Assigned {
    /// What is written instead: the same length, and the stand-in as its meaning.
    pub(super) fn shown(&self, hidden: &mut Hidden) -> String {
        let stand_in = hidden.stand_in_there(&self.meaning);
        let literal = match self.quote {
            Some('\'') => stand_in,
            _ => doubled(&stand_in),
        };
        let quotes = if self.quote.is_some() { 2 } else { 0 };
        let room = self.place.len().saturating_sub(literal.len() + quotes);
        let (lost, blanks) = match (self.loses_a_part, room) {
            (true, 2..) => (format!("${}", "x".repeat(room - 1)), 0),
            _ => (String::new(), room),
        };
        let quote = self.quote.map(String::from).unwrap_or_default();
        format!("{quote}{literal}{lost}{quote}{}", " ".repeat(blanks))
    }
}

/// The secrets in the lines of a file of variables, each with its place.
pub(super) fn assigned(text: &str, given: &BTreeSet<String>, hidden: &mut Hidden) -> Vec<Assigned> {
    let mut all = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let begin = start;
        let line = assignment(&text[begin..]);
        start += line.len();
        let Some((name, rest)) = line.split_once(['=', ':']) else {
            continue;
        };
        let written = rest.trim();
        let place = begin + line.len() - rest.len() + rest.len() - rest.trim_start().len();
        let place = place..place + written.len();
        let bare = name.trim().trim_start_matches(['#', ' ']);
        let bare = bare.strip_prefix("export ").unwrap_or(bare).trim();
        let quote = written
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''));
        let quote = quote.filter(|quote| written.len() > 1 && written.ends_with(*quote));
        let (value, loses_a_part) = meaning(written);
        let is_given = given.contains(bare) && Hidden::is_secret(&value);
        let known = hidden.knows(&value) && is_login_name(bare);
        let Some(secret) = secret_in(bare, &value).or((is_given || known).then(|| value.clone()))
        else {
            continue;
        };
        hidden.stand_in(&secret);
        if secret == value {
            all.push(Assigned {
                place,
                meaning: secret,
                quote,
                loses_a_part,
            });
        } else if let Some(at) = written.rfind(&secret) {
            // The password of an address.
            all.push(Assigned {
                place: place.start + at..place.start + at + secret.len(),
                meaning: secret,
                quote: None,
                loses_a_part: false,
            });
        }
    }
    all
}

/// The line that a text begins with; together with those below it as far as a quote goes that opens there behind a name.
fn assignment(text: &str) -> &str {
    let end = |from: usize| {
        text[from..]
            .find('\n')
            .map_or(text.len(), |at| from + at + 1)
    };
    let line = &text[..end(0)];
    let Some((name, value)) = line.split_once(['=', ':']) else {
        return line;
    };
    let opens = value.trim_start();
    let quote = opens
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''));
    let Some(quote) = quote.filter(|_| !name.trim_start().starts_with('#')) else {
        return line;
    };
    let inside = line.len() - opens.len() + 1;
    let closes = text[inside..]
        .match_indices(quote)
        .map(|(at, _)| inside + at)
        .find(|at| !text[..*at].ends_with('\\'));
    closes.map_or(line, |at| &text[..end(at)])
}

/// What Compose takes for a value as it is written behind the equals sign, and whether it misses a variable in it.
fn meaning(written: &str) -> (String, bool) {
    let reader = compose::MemoryReader::new([
        ("compose.yaml", "services: {a: {image: x, env_file: a.env}}"),
        ("a.env", &format!("A={written}\n")),
    ]);
    let request = compose::Request {
        folder_name: "a".to_owned(),
        ..compose::Request::default()
    };
    let loaded = compose::load(&reader, &request);
    let misses = loaded.findings.iter().any(|finding| !finding.is_error());
    let value = loaded.project.as_ref().and_then(|project| {
        let service = project.service("a")?;
        service.environment("A")?.scalar_text()
    });
    let plain = || written.trim_matches(['"', '\'']).to_owned();
    (value.unwrap_or_else(plain), misses)
}

/// The text of a file of a container without the secrets that its kind has, which its name tells.
pub(super) fn hide_by_name(path: &str, text: &str, hidden: &mut Hidden) -> Option<String> {
    if is_called_for_variables(path) {
        let mut shown = text.to_owned();
        for assigned in assigned(text, &BTreeSet::new(), hidden).iter().rev() {
            shown.replace_range(assigned.place.clone(), &assigned.shown(hidden));
        }
        Some(shown)
    } else if path.ends_with(".conf") {
        Some(hide_in_settings(text, hidden))
    } else {
        None
    }
}

/// `name value` lines, as in Redis' configuration file, whose names for a password are words of its own.
pub(super) fn hide_in_settings(text: &str, hidden: &mut Hidden) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default().to_lowercase();
        let is_secret =
            matches!(name.as_str(), "requirepass" | "masterauth") || is_secret_name(&name);
        let secrets = words.filter_map(|word| match name.as_str() {
            // `user ada on >password`
            "user" => word.strip_prefix('>'),
            _ => is_secret.then(|| word.trim_matches(['"', '\''])),
        });
        secrets
            .filter(|secret| Hidden::is_secret(secret))
            .fold(line.to_owned(), |line, secret| {
                line.replace(secret, &hidden.stand_in(secret))
            })
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_a_configuration_file_are_hidden_and_nothing_else_moves() {
        let text = "save \"\"\nrequirepass \"battery-horse\"\nuser ada on >staple-12 ~* +@all\n";
        let mut hidden = Hidden::default();
        let shown = hide_in_settings(text, &mut hidden);
        assert_eq!(
            shown,
            "save \"\"\nrequirepass \"hiddenxxxxxx0\"\nuser ada on >hiddenxx1 ~* +@all\n"
        );
    }

    #[test]
    fn assignments_keep_their_form() {
        let mut hidden = Hidden::default();
        let text =
            "USER=ada\nDB_PASSWORD=\"correct horse\" \nAGAIN_TOKEN='correct horse'\nX=minioadmin\n";
        let changed = hide_by_name(".env", text, &mut hidden).expect("a file of variables");
        assert_eq!(changed.len(), text.len());
        assert!(!changed.contains("correct horse"));
        assert_eq!(changed.matches("hiddenxxxxxx0").count(), 2);
        assert!(changed.contains("USER=ada") && changed.contains("X=minioadmin"));
    }
}
