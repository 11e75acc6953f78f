//! Our own directives: `{{#checks LESSON}}`, `{{#quiz LESSON}}`, `{{#fact LESSON NAME}}` and `{{#fact NAME}}`.
//!
//! Anything that looks like a directive and is none is a mistake: left alone it would stand in the page as it is.
//! A backslash before the braces, `\{{#checks lesson-4}}`, shows a directive instead of following it, as in mdBook.

use crate::build::LessonPage;
use crate::mistake::{Mistake, nearest};
use std::path::{Path, PathBuf};

const OURS: [&str; 3] = ["checks", "quiz", "fact"];
const OF_MDBOOK: [&str; 3] = ["include", "rustdoc_include", "title"];

/// The chapter that is being expanded.
pub(crate) struct Chapter<'book> {
    /// For messages: the file, relative to the folder of `book.toml`.
    pub(crate) file: &'book str,
    /// The file on disk; includes are relative to its folder.
    pub(crate) path: &'book Path,
    /// The folder of `book.toml`; an include stays inside it.
    pub(crate) root: &'book Path,
    pub(crate) lessons: &'book [LessonPage],
}

/// A chapter with its directives replaced.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) text: String,
    /// Every text of a lesson file that was put into the chapter.
    pub(crate) inserted: Vec<Inserted>,
    pub(crate) mistakes: Vec<Mistake>,
}

/// A text from a lesson file.
#[derive(Debug)]
pub(crate) struct Inserted {
    pub(crate) lesson: String,
    pub(crate) part: Part,
    pub(crate) markdown: String,
    /// The line of the directive.
    pub(crate) line: usize,
}

/// Which part of a lesson file a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Checks,
    Quiz,
}

impl Part {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Part::Checks => "checks",
            Part::Quiz => "quiz",
        }
    }
}

/// What is to be done about one directive.
enum Meaning {
    /// Ours: this text takes its place on the line.
    Words(String),
    /// Ours: this text takes the place of the whole line.
    Block {
        lesson: String,
        part: Part,
        markdown: String,
    },
    /// mdBook's: stays for mdBook to replace.
    Stays,
}

struct Objection {
    problem: String,
    next: String,
}

impl Objection {
    fn new(problem: impl Into<String>, next: impl Into<String>) -> Objection {
        Objection {
            problem: problem.into(),
            next: next.into(),
        }
    }
}

/// Replaces the directives of a chapter. With mistakes the text is incomplete and must not be used.
pub(crate) fn expand(text: &str, chapter: &Chapter<'_>) -> Expanded {
    let mut expanded = Expanded::default();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        expand_line(line, index + 1, chapter, &mut expanded);
    }
    expanded
}

fn expand_line(line: &str, number: usize, chapter: &Chapter<'_>, expanded: &mut Expanded) {
    let mut rest = line;
    while let Some(start) = rest.find("{{") {
        let (before, from_braces) = rest.split_at(start);
        expanded.text.push_str(before);
        let meaning = match read(from_braces, before.ends_with('\\')) {
            Written::Nothing { length } => {
                expanded.text.push_str(&from_braces[..length]);
                rest = &from_braces[length..];
                continue;
            }
            Written::Directive {
                name,
                arguments,
                length,
            } => {
                let directive = &from_braces[..length];
                rest = &from_braces[length..];
                meaning(name, arguments, chapter)
                    .and_then(|meaning| stands_alone(meaning, line, directive))
                    .map(|meaning| match meaning {
                        Meaning::Stays => Meaning::Words(directive.to_owned()),
                        other => other,
                    })
            }
            Written::Wrongly(objection) => {
                rest = "";
                Err(objection)
            }
        };
        match meaning {
            Ok(Meaning::Block {
                lesson,
                part,
                markdown,
            }) => {
                expanded
                    .text
                    .push_str(&format!("\n{}\n", markdown.trim_end()));
                expanded.inserted.push(Inserted {
                    lesson,
                    part,
                    markdown,
                    line: number,
                });
            }
            Ok(Meaning::Words(words)) => expanded.text.push_str(&words),
            Ok(Meaning::Stays) => {}
            Err(Objection { problem, next }) => {
                expanded.mistakes.push(Mistake {
                    file: chapter.file.to_owned(),
                    line: number,
                    problem,
                    next,
                });
            }
        }
    }
    expanded.text.push_str(rest);
}

/// What stands at two opening braces.
enum Written<'text> {
    /// No directive; so many bytes can be passed over.
    Nothing {
        length: usize,
    },
    Directive {
        name: &'text str,
        arguments: Vec<&'text str>,
        length: usize,
    },
    Wrongly(Objection),
}

/// Reads at `{{`. Templates of other tools (`{{.Names}}`, `{{json .State}}`) are no directives.
fn read(text: &str, escaped: bool) -> Written<'_> {
    let inside = text[2..].trim_start();
    let (marked, inside) = match inside.strip_prefix('#') {
        Some(inside) => (true, inside.trim_start()),
        None => (false, inside),
    };
    let word = inside
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '-')
        .next();
    let word = word.unwrap_or_default();
    if escaped || (!marked && !OURS.contains(&word)) {
        return Written::Nothing { length: 2 };
    }
    if !marked {
        return Written::Wrongly(Objection::new(
            format!("`{{{{{word}` is no directive: the mark before its name is missing"),
            format!("write {{{{#{word} …}}}}"),
        ));
    }
    let Some(end) = text.lines().next().and_then(|line| line.find("}}")) else {
        return Written::Wrongly(Objection::new(
            format!("the directive `{{{{#{word}` has no end on its line"),
            "close it with }} on the same line",
        ));
    };
    let mut words = text[2..end]
        .trim_start()
        .trim_start_matches('#')
        .split_whitespace();
    Written::Directive {
        name: words.next().unwrap_or_default(),
        arguments: words.collect(),
        length: end + 2,
    }
}

fn meaning(name: &str, arguments: Vec<&str>, chapter: &Chapter<'_>) -> Result<Meaning, Objection> {
    match (name, arguments.as_slice()) {
        ("checks", [lesson]) => block(Part::Checks, lesson, chapter),
        ("quiz", [lesson]) => block(Part::Quiz, lesson, chapter),
        ("checks" | "quiz", _) => Err(Objection::new(
            format!("{{{{#{name}}}}} takes the id of one lesson"),
            format!("write it like this: {{{{#{name} lesson-4}}}}"),
        )),
        ("fact", [lesson, fact]) => {
            find_lesson(lesson, chapter).and_then(|lesson| find_fact(lesson, fact))
        }
        ("fact", [fact]) => own_lesson(chapter).and_then(|lesson| find_fact(lesson, fact)),
        ("fact", _) => Err(Objection::new(
            "{{#fact}} takes a lesson and the name of a fact",
            "write it like this: {{#fact lesson-4 minutes}}",
        )),
        ("include" | "rustdoc_include", [file, ..]) => {
            check_include(file, chapter).map(|()| Meaning::Stays)
        }
        ("title", [_, ..]) => Ok(Meaning::Stays),
        ("playground" | "playpen", _) => Err(Objection::new(
            format!(
                "{{{{#{name}}}}} sends code to a server on the Internet, and this book loads nothing from there"
            ),
            "use {{#include FILE}} inside a fence",
        )),
        (name, _) if OF_MDBOOK.contains(&name) => Err(Objection::new(
            format!("{{{{#{name}}}}} needs something after its name"),
            format!("write it like this: {{{{#{name} …}}}}"),
        )),
        (name, _) => Err(Objection::new(
            format!("there is no directive {{{{#{name}}}}}"),
            match nearest(name, OURS.into_iter().chain(OF_MDBOOK)) {
                Some(meant) => format!("did you mean {{{{#{meant} …}}}}?"),
                None => "the directives are checks, quiz, fact, include and title; \
                         write a backslash before the braces to show them as they are"
                    .to_owned(),
            },
        )),
    }
}

/// A list of checks or a quiz belongs to one page only: the lesson's own.
fn block(part: Part, id: &str, chapter: &Chapter<'_>) -> Result<Meaning, Objection> {
    let lesson = find_lesson(id, chapter)?;
    if !is_page_of(chapter, lesson) {
        return Err(Objection::new(
            format!(
                "{{{{#{} {id}}}}} belongs on the page of {id}, which is {}.md",
                part.name(),
                lesson.slug
            ),
            match own_lesson(chapter) {
                Ok(own) => format!("did you mean {}?", own.id),
                Err(_) => format!("link to [that page]({}.md) instead", lesson.slug),
            },
        ));
    }
    let markdown = match part {
        Part::Checks => &lesson.checklist,
        Part::Quiz => &lesson.quiz,
    };
    if markdown.trim().is_empty() {
        return Err(Objection::new(
            format!("the lesson file of {id} has no {} to put here", part.name()),
            format!(
                "add them to exercises/{}/lesson.yaml, or take the directive out",
                lesson.slug
            ),
        ));
    }
    Ok(Meaning::Block {
        lesson: id.to_owned(),
        part,
        markdown: markdown.clone(),
    })
}

fn find_lesson<'book>(id: &str, chapter: &Chapter<'book>) -> Result<&'book LessonPage, Objection> {
    chapter
        .lessons
        .iter()
        .find(|lesson| lesson.id == id)
        .ok_or_else(|| {
            let known: Vec<&str> = chapter
                .lessons
                .iter()
                .map(|lesson| lesson.id.as_str())
                .collect();
            Objection::new(
                format!("there is no lesson `{id}`"),
                match nearest(id, known.iter().copied()) {
                    Some(meant) => format!(
                        "did you mean {meant}? The lessons are: {}",
                        known.join(", ")
                    ),
                    None if known.is_empty() => "the book was built without any lesson".to_owned(),
                    None => format!("the lessons are: {}", known.join(", ")),
                },
            )
        })
}

fn own_lesson<'book>(chapter: &Chapter<'book>) -> Result<&'book LessonPage, Objection> {
    chapter
        .lessons
        .iter()
        .find(|lesson| is_page_of(chapter, lesson))
        .ok_or_else(|| {
            Objection::new(
                "this chapter is no lesson, so the directive has to name one",
                "write {{#fact LESSON NAME}}",
            )
        })
}

fn is_page_of(chapter: &Chapter<'_>, lesson: &LessonPage) -> bool {
    chapter
        .path
        .file_stem()
        .is_some_and(|stem| stem == lesson.slug.as_str())
}

fn find_fact(lesson: &LessonPage, name: &str) -> Result<Meaning, Objection> {
    match lesson.facts.get(name) {
        Some(fact) => Ok(Meaning::Words(fact.clone())),
        None => {
            let known: Vec<&str> = lesson.facts.keys().map(String::as_str).collect();
            Err(Objection::new(
                format!("{} has no fact `{name}`", lesson.id),
                match nearest(name, known.iter().copied()) {
                    Some(meant) => {
                        format!("did you mean {meant}? The facts are: {}", known.join(", "))
                    }
                    None if known.is_empty() => format!("{} has no facts at all", lesson.id),
                    None => format!("the facts are: {}", known.join(", ")),
                },
            ))
        }
    }
}

/// A block of Markdown in the middle of a sentence would not be one.
fn stands_alone(meaning: Meaning, line: &str, directive: &str) -> Result<Meaning, Objection> {
    match meaning {
        Meaning::Block { .. } if line.trim_end() != directive => Err(Objection::new(
            format!("{directive} has to stand alone on its line, at the start of it"),
            "give it a line of its own",
        )),
        meaning => Ok(meaning),
    }
}

/// mdBook logs an include that fails and leaves its text in the page, and gives nothing for a missing anchor.
fn check_include(argument: &str, chapter: &Chapter<'_>) -> Result<(), Objection> {
    let (file, part) = argument.split_once(':').unwrap_or((argument, ""));
    let path = chapter.path.parent().unwrap_or(chapter.root).join(file);
    if path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
    {
        return Err(Objection::new(
            format!(
                "the Markdown file {file} cannot be included: its blocks and directives would not be checked"
            ),
            "write the text into the chapter, or make it a chapter and link to it",
        ));
    }
    if !is_inside(&path, chapter.root) {
        return Err(Objection::new(
            format!("there is no file {file} to include inside this project"),
            format!(
                "the path is relative to the folder of {}; look for a typing mistake",
                chapter.file
            ),
        ));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Objection::new(
            format!("the file {file} cannot be included: {error}"),
            "include a readable text file",
        )
    })?;
    let anchor = part.split(':').next().unwrap_or_default();
    let is_line_number = anchor.bytes().all(|byte| byte.is_ascii_digit());
    if !is_line_number && !has_anchor(&text, anchor) {
        return Err(Objection::new(
            format!("the file {file} has no part named `{anchor}`"),
            format!("mark it there with comments: ANCHOR: {anchor} … ANCHOR_END: {anchor}"),
        ));
    }
    Ok(())
}

fn has_anchor(text: &str, name: &str) -> bool {
    text.lines()
        .filter_map(|line| line.split_once("ANCHOR:"))
        .any(|(_, rest)| rest.split_whitespace().next() == Some(name))
}

fn is_inside(path: &Path, root: &Path) -> bool {
    let resolved: Option<(PathBuf, PathBuf)> =
        path.canonicalize().ok().zip(root.canonicalize().ok());
    resolved.is_some_and(|(path, root)| path.is_file() && path.starts_with(root))
}
