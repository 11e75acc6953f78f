//! Our own directives: `{{#checks LESSON}}`, `{{#quiz LESSON}}`, `{{#fact LESSON NAME}}` and `{{#fact NAME}}`.
//!
//! Anything that looks like a directive and is none is a mistake: left alone it would stand in the page as it is.
//! A backslash before the braces, `\{{#checks lesson-4}}`, shows a directive instead of following it, as in mdBook.

use crate::lesson_page::LessonPage;
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
    Block(Inserted),
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

    fn at(self, chapter: &Chapter<'_>, line: usize) -> Mistake {
        Mistake {
            file: chapter.file.to_owned(),
            line,
            problem: self.problem,
            next: self.next,
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
        let directive = match read(from_braces, before.ends_with('\\'), number) {
            Written::Directive(directive) => directive,
            Written::Nothing => {
                expanded.text.push_str("{{");
                rest = &from_braces[2..];
                continue;
            }
            Written::Wrongly(objection) => {
                expanded.mistakes.push(objection.at(chapter, number));
                return;
            }
        };
        let meaning = meaning(&directive, chapter)
            .and_then(|meaning| stands_alone(meaning, line, directive.text));
        match meaning {
            Ok(Meaning::Words(words)) => expanded.text.push_str(&words),
            Ok(Meaning::Stays) => expanded.text.push_str(directive.text),
            Ok(Meaning::Block(insertion)) => {
                let markdown = insertion.markdown.trim_end();
                expanded.text.push_str(&format!("\n{markdown}\n"));
                expanded.inserted.push(insertion);
            }
            Err(objection) => expanded.mistakes.push(objection.at(chapter, number)),
        }
        rest = &from_braces[directive.text.len()..];
    }
    expanded.text.push_str(rest);
}

/// A mistake for each directive in a text from a lesson file, where none is followed.
pub(crate) fn nested(markdown: &str, file: &str) -> Vec<Mistake> {
    let lines = markdown
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("{{#"));
    lines
        .map(|(index, _)| Mistake {
            file: file.to_owned(),
            line: index + 1,
            problem: "a directive in a lesson file is not followed".to_owned(),
            next: "write what it stands for".to_owned(),
        })
        .collect()
}

/// What stands at two opening braces.
enum Written<'text> {
    /// No directive.
    Nothing,
    Directive(Directive<'text>),
    Wrongly(Objection),
}

struct Directive<'text> {
    /// All of it, from brace to brace.
    text: &'text str,
    name: &'text str,
    arguments: Vec<&'text str>,
    line: usize,
}

/// Reads at `{{`. Templates of other tools (`{{.Names}}`, `{{json .State}}`) are no directives.
fn read(text: &str, escaped: bool, line: usize) -> Written<'_> {
    let inside = text[2..].trim_start();
    let Some(inside) = inside.strip_prefix('#') else {
        return match first_word(inside) {
            word if OURS.contains(&word) && !escaped => Written::Wrongly(Objection::new(
                format!("`{{{{{word}` is no directive: the mark before its name is missing"),
                format!("write {{{{#{word} …}}}}"),
            )),
            _ => Written::Nothing,
        };
    };
    if escaped && !inside.contains("{{#") {
        return Written::Nothing;
    }
    if escaped {
        // mdBook takes all up to the last braces of the line for one shown directive.
        return Written::Wrongly(Objection::new(
            "a directive follows another one that is shown, on the same line",
            "give each a line of its own",
        ));
    }
    let name = first_word(inside);
    if name.is_empty() {
        return Written::Wrongly(Objection::new(
            "`{{#` has to be followed by the name of a directive, without a space",
            format!(
                "write {{{{#{} …}}}}, or a backslash before the braces to show them",
                first_word(inside.trim_start())
            ),
        ));
    }
    let Some(end) = text.find("}}") else {
        return Written::Wrongly(Objection::new(
            format!("the directive `{{{{#{name}` has no end on its line"),
            "close it with }} on the same line",
        ));
    };
    let arguments = &text[text.len() - inside.len() + name.len()..end];
    if arguments.contains('}') {
        return Written::Wrongly(Objection::new(
            format!("there is a brace inside the directive `{{{{#{name}`"),
            "take it out; a directive ends with }}",
        ));
    }
    Written::Directive(Directive {
        text: &text[..end + 2],
        name,
        arguments: arguments.split_whitespace().collect(),
        line,
    })
}

fn first_word(text: &str) -> &str {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    text.split(|letter| !is_letter(letter))
        .next()
        .unwrap_or_default()
}

fn meaning(directive: &Directive<'_>, chapter: &Chapter<'_>) -> Result<Meaning, Objection> {
    match (directive.name, directive.arguments.as_slice()) {
        ("checks", [lesson]) => block(Part::Checks, lesson, directive.line, chapter),
        ("quiz", [lesson]) => block(Part::Quiz, lesson, directive.line, chapter),
        (name @ ("checks" | "quiz"), _) => Err(Objection::new(
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
        (name @ ("playground" | "playpen"), _) => Err(Objection::new(
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
fn block(part: Part, id: &str, line: usize, chapter: &Chapter<'_>) -> Result<Meaning, Objection> {
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
    Ok(Meaning::Block(Inserted {
        lesson: id.to_owned(),
        part,
        markdown: markdown.clone(),
        line,
    }))
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
        Some(fact) if fact.contains("{{#") => Err(Objection::new(
            format!(
                "the fact `{name}` of {} has a directive in it, which is not followed",
                lesson.id
            ),
            "write what it stands for into the lesson file",
        )),
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
        Meaning::Block(_) if line.trim_end() != directive => Err(Objection::new(
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
