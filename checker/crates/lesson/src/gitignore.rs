//! What Git leaves out: `.gitignore` files with Git's own meaning, as far as they lie in the lesson's folder.

use regex_lite::Regex;

/// One line of a `.gitignore`.
struct Pattern {
    /// Matches a path relative to the file's folder.
    path: Regex,
    /// It takes back what an earlier line left out.
    takes_back: bool,
    /// It means folders only.
    folders_only: bool,
    /// Line, counted from 1.
    line: u32,
}

/// The `.gitignore` files of a folder and of those below it.
#[derive(Default)]
pub struct Gitignore {
    /// Path of the folder (empty for the outermost) and its lines. A deeper folder comes later and wins.
    folders: Vec<(String, Vec<Pattern>)>,
}

/// Why a path is left out.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The file that says so.
    pub file: String,
    /// Its line, counted from 1.
    pub line: u32,
}

impl Gitignore {
    /// Adds the file that lies in this folder; the outermost first.
    pub fn add(&mut self, folder: &str, text: &str) {
        let text = text.trim_start_matches('\u{feff}');
        let patterns = text
            .lines()
            .zip(1..)
            .filter_map(|(line, number)| pattern(line, number));
        self.folders.push((folder.to_owned(), patterns.collect()));
        self.folders
            .sort_by_key(|(folder, _)| folder.split('/').filter(|part| !part.is_empty()).count());
    }

    /// Why Git leaves this file out, if it does. What lies in a folder that is left out cannot be taken back.
    pub fn leaves_out(&self, path: &str) -> Option<LeftOut> {
        let ends = path.match_indices('/').map(|(end, _)| (end, true));
        ends.chain([(path.len(), false)])
            .find_map(|(end, is_folder)| self.last_word(&path[..end], is_folder))
    }

    /// The last line that speaks of this very path, unless that takes it back.
    fn last_word(&self, path: &str, is_folder: bool) -> Option<LeftOut> {
        let lines = self.folders.iter().flat_map(|(folder, patterns)| {
            let below = match folder.as_str() {
                "" => Some(path),
                folder => path
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            let patterns = below.map(|below| patterns.iter().map(move |pattern| (below, pattern)));
            let folder = folder.as_str();
            patterns
                .into_iter()
                .flatten()
                .map(move |(below, pattern)| (folder, below, pattern))
        });
        let matching = lines.filter(|(_, below, pattern)| {
            (is_folder || !pattern.folders_only) && pattern.path.is_match(below)
        });
        let (folder, _, pattern) = matching.last()?;
        let file = match folder {
            "" => ".gitignore".to_owned(),
            folder => format!("{folder}/.gitignore"),
        };
        (!pattern.takes_back).then_some(LeftOut {
            file,
            line: pattern.line,
        })
    }
}

fn pattern(line: &str, number: u32) -> Option<Pattern> {
    let line = without_trailing_blanks(line);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (takes_back, line) = match line.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (folders_only, line) = match line.strip_suffix('/') {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    if line.is_empty() {
        return None;
    }
    let anchored = line.contains('/');
    let glob = line.strip_prefix('/').unwrap_or(line);
    let start = if anchored { "^" } else { "^(?:.*/)?" };
    let path = Regex::new(&format!("{start}{}$", expression(glob))).ok()?;
    Some(Pattern {
        path,
        takes_back,
        folders_only,
        line: number,
    })
}

/// Blanks at the end do not count, unless the last one has a backslash in front.
fn without_trailing_blanks(line: &str) -> &str {
    let bare = line.trim_end_matches(' ');
    if bare.ends_with('\\') && bare.len() < line.len() {
        &line[..=bare.len()]
    } else {
        bare
    }
}

/// A glob as a regular expression.
fn expression(glob: &str) -> String {
    let mut text = String::new();
    let mut rest = glob;
    while let Some(letter) = rest.chars().next() {
        let at_start = text.is_empty() || text.ends_with('/');
        let (part, used) = match letter {
            '*' if at_start && rest.starts_with("**/") => ("(?:.*/)?".to_owned(), 3),
            '*' if at_start && rest == "**" => (".*".to_owned(), 2),
            '*' => {
                let stars = rest.len() - rest.trim_start_matches('*').len();
                ("[^/]*".to_owned(), stars)
            }
            '?' => ("[^/]".to_owned(), 1),
            '[' => match set(rest) {
                Some((set, used)) => (set, used),
                // Git never matches a set without an end.
                None => return "[^\\s\\S]".to_owned(),
            },
            '\\' => match rest[1..].chars().next() {
                Some(next) => (escaped(next), 1 + next.len_utf8()),
                None => return "[^\\s\\S]".to_owned(),
            },
            letter => (escaped(letter), letter.len_utf8()),
        };
        text += &part;
        rest = &rest[used..];
    }
    text
}

/// `[a-z]`, `[!a]`: as a regular expression, and how many bytes of the glob it takes.
fn set(glob: &str) -> Option<(String, usize)> {
    let start = if glob[1..].starts_with(['!', '^']) {
        2
    } else {
        1
    };
    // A bracket that comes first is one of the set.
    let end = glob[start..]
        .char_indices()
        .skip(1)
        .find(|(_, letter)| *letter == ']')
        .map(|(end, _)| start + end)?;
    let letters: String = glob[start..end]
        .chars()
        .map(|letter| match letter {
            '-' => "-".to_owned(),
            letter => escaped(letter),
        })
        .collect();
    let not = if start == 2 { "^/" } else { "" };
    Some((format!("[{not}{letters}]"), end + 1))
}

fn escaped(letter: char) -> String {
    if letter.is_ascii_punctuation() && !matches!(letter, '_' | '/') {
        format!("\\{letter}")
    } else {
        letter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Gitignore;

    /// Whether a file is left out by a `.gitignore` beside it; each was compared with `git check-ignore --no-index`.
    fn leaves_out(gitignore: &str, path: &str) -> bool {
        let mut all = Gitignore::default();
        all.add("", gitignore);
        all.leaves_out(path).is_some()
    }

    #[test]
    fn a_file_is_left_out_by_every_spelling_that_git_takes() {
        for gitignore in [
            "secrets/",
            "secrets",
            "/secrets",
            "/secrets/",
            "secrets/*",
            "secrets/**",
            "**/secrets",
            "*.txt",
            "db_password.txt",
            "secrets/db_password.txt",
            "secrets/*.txt\n!secrets/example.txt",
            "*",
            "*\n!*.py",
            "# all\n\nsecrets/  \n",
            "secrets/\r\n",
            "\u{feff}secrets/",
            "[s]ecrets",
            "secret?",
            "s*s/",
            "secrets/\n!secrets/db_password.txt",
        ] {
            assert!(
                leaves_out(gitignore, "secrets/db_password.txt"),
                "{gitignore:?}"
            );
        }
    }

    #[test]
    fn a_line_that_means_something_else_leaves_nothing_out() {
        for gitignore in [
            "",
            "# secrets/",
            "./secrets/",
            "secrets\\",
            "db_password.txt/",
            "/db_password.txt",
            "*.txt\n!db_password.txt",
            "*.md",
            "Secrets/",
            "secrets/* /x",
            "secrets, .env",
            " secrets",
            "!secrets",
            "[secrets",
            "password",
        ] {
            assert!(
                !leaves_out(gitignore, "secrets/db_password.txt"),
                "{gitignore:?}"
            );
        }
    }

    #[test]
    fn a_file_in_the_folder_itself_counts_and_wins() {
        let mut all = Gitignore::default();
        all.add("secrets", "*\n!.gitignore\n");
        all.add("", "!secrets/\n");
        let left_out = all.leaves_out("secrets/db.txt").expect("left out");
        assert_eq!(
            (left_out.file.as_str(), left_out.line),
            ("secrets/.gitignore", 1)
        );
        assert_eq!(all.leaves_out("secrets/.gitignore"), None);
        assert_eq!(all.leaves_out(".env"), None);
    }
}
