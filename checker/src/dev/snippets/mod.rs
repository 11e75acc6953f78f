//! `checker dev snippets`: every code block of the book is run, checked, or excused with a reason.
//!
//! What is done with a block stands on its opening row and is read by the book crate ([`book::Task`]); docs/snippets.md
//! explains it to authors. Here it is done: a chapter is one shell in a throw-away workspace.

mod chapter;
mod compare;
mod interrupt;
mod leftovers;
mod part_of;
mod place;
mod session;
mod update;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};
use book::{ChapterSnippets, Snippet, Task};

use crate::Exit;
use crate::cli::DevSnippetsArguments;
use crate::output::style::{self, painted};

/// Where the number of excused blocks is kept.
const CEILING_FILE: &str = "docs/snippets.md";
/// The words before that number.
const CEILING_WORDS: &str = "excused at most ";
/// Of so many blocks that a reader sees, one may be excused.
const EXCUSED_ONE_OF: usize = 20;

pub fn run(arguments: &DevSnippetsArguments) -> anyhow::Result<Exit> {
    let root = &arguments.root;
    let book = book::snippets(root, &crate::course_book::pages()?)?;
    let chosen: Vec<_> = match arguments.chapters.as_slice() {
        [] => book
            .iter()
            .filter(|chapter| !chapter.snippets.is_empty())
            .collect(),
        names => names
            .iter()
            .map(|name| find(&book, name))
            .collect::<anyhow::Result<_>>()?,
    };
    interrupt::listen()?;
    let manual = chapter::Manual {
        exercises: &root.join("exercises"),
        keep_going: arguments.keep_going,
        verbose: arguments.verbose,
        update: arguments.update,
    };
    let mut failed = 0;
    for chapter in &chosen {
        let began = Instant::now();
        let chapter::Outcome { failures, outputs } =
            chapter::run(chapter, &manual).with_context(|| chapter.file.clone())?;
        if arguments.update {
            put_outputs(&root.join(&chapter.file), &outputs)?;
        }
        for failure in &failures {
            anstream::println!(
                "{} {}:{}: {}",
                painted(style::BAD, "fails"),
                chapter.file,
                failure.line,
                failure.text
            );
        }
        let word = match failures.is_empty() {
            true => painted(style::GOOD, "ok"),
            false => painted(style::BAD, "FAILED"),
        };
        anstream::println!(
            "{} {word} ({:.0} s)",
            chapter.file,
            began.elapsed().as_secs_f64()
        );
        failed += failures.len();
    }
    let counts: Vec<_> = chosen
        .iter()
        .map(|chapter| (chapter.file.as_str(), Count::of(chapter)))
        .collect();
    print_table(&counts);
    print_excused(&chosen);
    if arguments.chapters.is_empty() {
        judge_excused(&book, root)?;
    }
    Ok(if failed == 0 {
        Exit::Success
    } else {
        Exit::Failed
    })
}

/// Writes what a run printed into the chapter, where it is not there already.
fn put_outputs(file: &Path, outputs: &[chapter::Output]) -> anyhow::Result<()> {
    let old =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let new = update::with_outputs(&old, outputs);
    if new != old {
        crate::workspace::write_whole(file, new.as_bytes())?;
        anstream::println!("{} is changed; look at the difference", file.display());
    }
    Ok(())
}

/// `04-milvus-stack`, `src/04-milvus-stack.md`, `lesson-4` or `4`.
fn find<'book>(
    book: &'book [ChapterSnippets],
    name: &str,
) -> anyhow::Result<&'book ChapterSnippets> {
    let number = name
        .strip_prefix("lesson-")
        .unwrap_or(name)
        .parse::<u32>()
        .ok();
    let is_meant = |chapter: &&ChapterSnippets| {
        let digits = chapter
            .slug
            .split_once('-')
            .map_or("", |(digits, _)| digits);
        chapter.slug == name
            || chapter.file == name
            || chapter.file.ends_with(&format!("/{name}"))
            || (number.is_some() && digits.parse().ok() == number)
    };
    book.iter().find(is_meant).with_context(|| {
        let known: Vec<_> = book.iter().map(|chapter| chapter.slug.as_str()).collect();
        format!(
            "the book has no chapter `{name}`. Its chapters are: {}",
            known.join(", ")
        )
    })
}

/// What is done with the blocks that a reader sees.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    run: usize,
    checked: usize,
    excused: usize,
    hidden: usize,
}

impl Count {
    fn of(chapter: &ChapterSnippets) -> Self {
        let mut count = Self::default();
        for snippet in &chapter.snippets {
            let kind = match snippet {
                Snippet { hidden: true, .. } => &mut count.hidden,
                Snippet {
                    task: Task::Excused { .. },
                    ..
                } => &mut count.excused,
                snippet if snippet.is_run() => &mut count.run,
                _ => &mut count.checked,
            };
            *kind += 1;
        }
        count
    }

    fn plus(self, other: Self) -> Self {
        Self {
            run: self.run + other.run,
            checked: self.checked + other.checked,
            excused: self.excused + other.excused,
            hidden: self.hidden + other.hidden,
        }
    }

    fn shown(self) -> usize {
        self.run + self.checked + self.excused
    }
}

fn print_table(counts: &[(&str, Count)]) {
    let all = counts
        .iter()
        .fold(Count::default(), |sum, (_, count)| sum.plus(*count));
    anstream::println!(
        "\n{:<32} {:>5} {:>8} {:>8} {:>7}",
        "chapter",
        "run",
        "checked",
        "excused",
        "hidden"
    );
    for (name, count) in counts.iter().chain([&("all", all)]) {
        let Count {
            run,
            checked,
            excused,
            hidden,
        } = count;
        anstream::println!("{name:<32} {run:>5} {checked:>8} {excused:>8} {hidden:>7}");
    }
}

fn print_excused(chapters: &[&ChapterSnippets]) {
    for chapter in chapters {
        for snippet in &chapter.snippets {
            if let Task::Excused { reason } = &snippet.task {
                anstream::println!("excused {}:{}: {reason}", chapter.file, snippet.line);
            }
        }
    }
}

/// The number of excused blocks may only shrink, and stays small.
fn judge_excused(book: &[ChapterSnippets], root: &Path) -> anyhow::Result<()> {
    let path = root.join(CEILING_FILE);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let ceiling = ceiling(&text)
        .with_context(|| format!("{CEILING_FILE} does not say `{CEILING_WORDS}N`"))?;
    let count = book
        .iter()
        .map(Count::of)
        .fold(Count::default(), Count::plus);
    match objection(count, ceiling) {
        None => Ok(()),
        Some(text) => bail!(text),
    }
}

fn ceiling(text: &str) -> Option<usize> {
    let (_, after) = text.split_once(CEILING_WORDS)?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn objection(count: Count, ceiling: usize) -> Option<String> {
    let excused = count.excused;
    if excused > ceiling {
        Some(format!(
            "{excused} blocks are excused, and {CEILING_FILE} allows {ceiling}: run or check one of them"
        ))
    } else if excused < ceiling {
        Some(format!(
            "{excused} blocks are excused, and {CEILING_FILE} still says {ceiling}: lower the number there"
        ))
    } else if excused * EXCUSED_ONE_OF > count.shown() {
        Some(format!(
            "{excused} of {} blocks are excused; one of {EXCUSED_ONE_OF} may be",
            count.shown()
        ))
    } else {
        None
    }
}

/// Runs Docker's client where no Compose file is, and no variable names one.
fn docker(arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("docker");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COMPOSE_") {
            command.env_remove(name);
        }
    }
    let output = command
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .output()
        .context("`docker` cannot be run; is it installed?")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`docker {}` failed: {}", arguments.join(" "), said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    #[test]
    fn every_block_of_the_book_says_what_is_done_with_it() {
        let pages = crate::course_book::pages().expect("the lessons");
        let book = match book::snippets(root(), &pages) {
            Ok(book) => book,
            Err(mistakes) => panic!("{mistakes}"),
        };
        assert!(book.iter().any(|chapter| !chapter.snippets.is_empty()));
        judge_excused(&book, root()).expect("as many excused blocks as docs/snippets.md says");
    }

    #[test]
    fn every_block_that_shows_a_part_of_a_file_says_what_the_file_says() {
        let book = book::snippets(root(), &crate::course_book::pages().expect("the lessons"))
            .expect("the book");
        for chapter in &book {
            let exercise = root().join("exercises").join(&chapter.slug);
            let exercise = Some(exercise).filter(|folder| folder.is_dir());
            for snippet in &chapter.snippets {
                if let Err(text) = part_of::compare(snippet, exercise.as_deref()) {
                    panic!("{}:{}: {text}", chapter.file, snippet.line);
                }
            }
        }
    }

    #[test]
    fn the_number_of_excused_blocks_has_to_be_the_one_that_is_written_down() {
        let count = |excused, run| Count {
            excused,
            run,
            ..Count::default()
        };
        assert_eq!(objection(count(1, 40), 1), None);
        let told = |count, ceiling| objection(count, ceiling).expect("an objection");
        assert!(told(count(2, 40), 1).contains("run or check one"));
        assert!(told(count(0, 40), 1).contains("lower the number"));
        assert!(told(count(2, 20), 2).contains("one of 20"));
    }

    #[test]
    fn the_ceiling_is_a_number_in_a_sentence() {
        assert_eq!(ceiling("Blocks: excused at most 12 of them."), Some(12));
        assert_eq!(ceiling("nothing"), None);
    }
}
