//! Secrets in running text: in files that do not load, in logs, in answers. What stands in front of a value says that it is one.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::names::{FOLDER, is_mentioned, is_password, is_secret_flag, is_switch};

/// Where secrets stand in a text, in order, none over another.
pub fn places(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    // The patterns are slow and most lines have nothing for them: each line is asked first for what they begin with.
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        if is_mentioned(line) {
            assignments(text, range.clone(), &mut places);
            flags(text, range.clone(), &mut places);
            captured(text, range.clone(), &REDIS, &mut places);
        }
        if line.contains('@') && line.contains("://") {
            captured(text, range.clone(), &ADDRESS, &mut places);
        }
        if line.contains('>') {
            captured(text, range, &REDIS_USER, &mut places);
        }
    }
    // These go over several lines.
    if text.contains("redis-cli") {
        captured(text, 0..text.len(), &REDIS_CLIENT, &mut places);
    }
    if text.contains("PRIVATE KEY") {
        captured(text, 0..text.len(), &KEY, &mut places);
    }
    let lines = places.into_iter().flat_map(|place| lines_of(text, place));
    let mut places: Vec<_> = lines
        .filter(|place| is_value(&text[place.clone()]))
        .collect();
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    places.retain(|place| {
        let is_new = place.start >= end;
        end = end.max(place.end);
        is_new
    });
    places
}

/// The lines of a stretch of text, without the blanks around each.
fn lines_of(text: &str, place: Range<usize>) -> Vec<Range<usize>> {
    let mut start = place.start;
    let lines = text[place].split('\n').map(|line| {
        let begin = start + line.len() - line.trim_start().len();
        start += line.len() + 1;
        begin..begin + line.trim().len()
    });
    lines.collect()
}

/// `scheme://user:password@`; a password may have an @ in it.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"://[^\s:/"'@]*:([^\s"'/]+)@"#).ok());
/// A line of Redis' configuration file, also inside another file.
static REDIS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?im)^[ \t#"'-]*(?:requirepass|masterauth)[ \t]+["']?([^\s"']+)"#).ok()
});
/// `user ada on >password`
static REDIS_USER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?im)^[ \t#]*user[ \t]+\S+[^\n]*[ \t]>(\S+)").ok());
static REDIS_CLIENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"redis-cli[^\n;|&]*?[\s"',]-a[\s"',\\]+([^\s"',\\\]]+)"#).ok());
/// A private key as it is written into files.
static KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----BEGIN [A-Z ]*PRIVATE KEY-----((?s:.*?))-----END").ok());
/// A name and what separates it from its value.
static NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z_][A-Za-z0-9_.-]*)(["']?[ \t]*[=:]|[ \t])[ \t]*"#).ok());
static FLAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"--?([A-Za-z][A-Za-z0-9-]*)["']?(?:[ \t,]+|[ \t]*\r?\n[ \t]*-[ \t]+)["']?"#).ok()
});

/// What a pattern captures in a part of the text.
fn captured(
    text: &str,
    part: Range<usize>,
    pattern: &Option<Regex>,
    places: &mut Vec<Range<usize>>,
) {
    let Some(pattern) = pattern else { return };
    let found = pattern.captures_iter(&text[part.clone()]);
    let found = found.filter_map(|found| found.get(1).map(|place| place.range()));
    places.extend(found.map(|place| part.start + place.start..part.start + place.end));
}

/// `NAME=value`, `NAME: value`, `"name": "value"`, and `ENV NAME value` of a Dockerfile.
fn assignments(text: &str, part: Range<usize>, places: &mut Vec<Range<usize>>) {
    let Some(pattern) = NAME.as_ref() else { return };
    let written = &text[part.clone()];
    for found in pattern.captures_iter(written) {
        let (Some(whole), Some(name), Some(separator)) = (found.get(0), found.get(1), found.get(2))
        else {
            continue;
        };
        let line = &written[..name.start()];
        let separator = separator.as_str();
        let has_blank = whole.as_str().ends_with([' ', '\t']);
        let is_one = match separator.chars().last() {
            Some('=') => true,
            // `a:b` is a mapping of ports or an image; a value has a blank or a quote in front.
            Some(':') => has_blank || written[whole.end()..].starts_with(['"', '\'']),
            _ => matches!(line.trim(), "ENV" | "ARG" | "env" | "arg"),
        };
        // `cat: /run/secrets/db_password: Permission denied`
        let is_path = line.ends_with('/') && separator.ends_with(':');
        if is_one && !is_path && is_password(name.as_str()) {
            // `export DB_PASSWORD`, `- DB_PASSWORD`, and the same behind a mark of a comment.
            let first = line.trim_matches([' ', '\t', '#', '"', '\'']);
            let is_first = matches!(first, "" | "-" | "export" | "- export");
            let quote = line
                .chars()
                .last()
                .filter(|quote| matches!(quote, '"' | '\''));
            places.extend(value(text, part.start + whole.end(), is_first, quote));
        }
    }
}

/// The value that begins here: in its quotes, or as far as the line or the word goes.
fn value(text: &str, start: usize, to_the_end: bool, outer: Option<char>) -> Option<Range<usize>> {
    let line_end = text[start..]
        .find('\n')
        .map_or(text.len(), |end| start + end);
    let line = &text[start..line_end];
    // `&anchor value`, `!!str value`
    if let Some(rest) = line.strip_prefix(['&', '!']) {
        let blank = rest.find([' ', '\t'])?;
        let skipped = 1 + blank + (rest[blank..].len() - rest[blank..].trim_start().len());
        return value(text, start + skipped, to_the_end, outer);
    }
    if line.starts_with(['|', '>']) {
        return block(text, start, line_end);
    }
    if line.starts_with('[') {
        return Some(start + 1..start + line.find(']').unwrap_or(line.len()));
    }
    if line.starts_with(['{', '*']) {
        return None;
    }
    // `${NAME:-default}`
    if line.starts_with("${") {
        let end = line.find('}')?;
        let dash = line[..end].find('-')?;
        return Some(start + dash + 1..start + end);
    }
    if line.starts_with('$') {
        return None;
    }
    let quote = line
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''));
    let (begin, length) = match (quote, outer) {
        (Some(quote), _) => {
            let inside = &line[1..];
            let close = inside
                .char_indices()
                .find(|(at, letter)| *letter == quote && !inside[..*at].ends_with('\\'));
            (1, close.map_or(inside.trim_end().len(), |(at, _)| at))
        }
        (None, Some(outer)) if to_the_end => (0, line.find(outer).unwrap_or(line.trim_end().len())),
        (None, _) if to_the_end => {
            let end = line.find(" #").unwrap_or(line.len());
            (0, line[..end].trim_end().len())
        }
        (None, _) => (
            0,
            line.find(|letter: char| {
                letter.is_whitespace()
                    || matches!(letter, '"' | '\'' | ',' | ';' | '&' | ')' | '}' | ']' | '|')
            })
            .unwrap_or(line.len()),
        ),
    };
    Some(start + begin..start + begin + length)
}

/// The lines below a `|` or `>`, as far as they are indented more than the line it stands in.
fn block(text: &str, start: usize, line_end: usize) -> Option<Range<usize>> {
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let own = text[..start].rsplit('\n').next().map(indentation)?;
    let below = text.get(line_end + 1..)?;
    let lines = below
        .split_inclusive('\n')
        .take_while(|line| line.trim().is_empty() || indentation(line) > own);
    let length: usize = lines.map(str::len).sum();
    Some(line_end + 1..line_end + 1 + length)
}

/// `--requirepass value`, also as items of a list: then the value stands in the line below.
fn flags(text: &str, part: Range<usize>, places: &mut Vec<Range<usize>>) {
    let Some(pattern) = FLAG.as_ref() else { return };
    let below = text[part.end..].find('\n');
    let end = below.map_or(text.len(), |end| part.end + end);
    let both = &text[part.start..end];
    let found = pattern.captures_iter(both).filter_map(|found| {
        let (whole, name) = (found.get(0)?, found.get(1)?);
        if whole.start() >= part.len() {
            return None;
        }
        let starts_a_word = both[..whole.start()].chars().last().is_none_or(|before| {
            before.is_whitespace() || matches!(before, '"' | '\'' | '[' | ',')
        });
        let start = part.start + whole.end();
        let end = text[start..]
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ',' | ']'))
            .map_or(text.len(), |end| start + end);
        let is_flag = text[start..].starts_with('-');
        (starts_a_word && !is_flag && is_secret_flag(name.as_str())).then_some(start..end)
    });
    places.extend(found);
}

fn is_value(value: &str) -> bool {
    // Somebody else has painted it over.
    let is_painted = value.chars().all(|letter| letter == '*');
    !is_switch(value) && !is_painted && !value.starts_with(['$', '`']) && !value.starts_with(FOLDER)
}

#[cfg(test)]
mod tests {
    use super::places;

    fn found(text: &str) -> Vec<&str> {
        places(text).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn a_secret_is_found_by_what_stands_in_front_of_it() {
        for (text, secret) in [
            ("      DB_PASSWORD: blue heron # why\n", "blue heron"),
            ("- DB_PASSWORD=blue heron\n", "blue heron"),
            ("- \"DB_PASSWORD=blue heron\"\n", "blue heron"),
            ("# DB_PASSWORD: 'blue heron'", "blue heron"),
            ("export DB_PASSWORD=\"blue heron", "blue heron"),
            ("{DB_PASSWORD: blue, A: b}", "blue"),
            ("x: &pw blue", ""),
            ("db-password: &pw blue", "blue"),
            ("A_TOKEN: ${A_TOKEN:-blue}", "blue"),
            ("a postgresql://shop:bl@ue@db:5432/x b", "bl@ue"),
            ("redis-server --requirepass blue --appendonly yes", "blue"),
            ("[\"x\", \"--password\", \"blue\"]", "blue"),
            ("      - --password\n      - 'blue'\n", "blue"),
            ("--password=blue --x", "blue"),
            ("A_SECRET: [blue]", "blue"),
            ("  A_SECRET: |-\n    blue\n  B: c\n", "blue"),
            ("  A_SECRET: !!str blue", "blue"),
            ("exec PGPASSWORD=blue psql", "blue"),
            ("o: username=ada,password=blue,vers=3.0", "blue"),
            ("{\"user\":\"ada\",\"password\":\"blue\"}", "blue"),
            ("ENV API_KEY blue", "blue"),
            ("requirepass \"blue\"", "blue"),
            ("user ada on >blue ~* +@all", "blue"),
            ("test: redis-cli -a blue ping", "blue"),
            (r#"["CMD-SHELL", "redis-cli -a \"blue\" ping"]"#, "blue"),
            ("connecting, password=blue", "blue"),
        ] {
            let expected: Vec<&str> = Some(secret)
                .filter(|it| !it.is_empty())
                .into_iter()
                .collect();
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn words_about_secrets_are_left_alone() {
        for text in [
            "secrets:\n  db_password:\n    file: ./secrets/db.txt\n",
            "    secrets:\n      - db_password\n",
            "POSTGRES_PASSWORD_FILE: /run/secrets/db_password",
            "DB_PASSWORD: ${DB_PASSWORD:?set it}",
            "DB_PASSWORD: ${DB_PASSWORD}",
            "PARTITION_KEY: user_id\nMAX_TOKENS: 4096\n",
            "password authentication failed for user \"shop\"",
            "image: registry/token:1.2\nports: [\"8080:80\"]",
            "http://localhost:3000/a@b",
            "curl --token --verbose",
            "postgres\n",
            "cat: /run/secrets/db_password: Permission denied",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
