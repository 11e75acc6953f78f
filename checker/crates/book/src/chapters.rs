//! Makes the chapters ready for mdBook: judges their text, fills in what the lessons say, renders the admonitions.

use crate::directives::{self, Expanded, Inserted, Part};
use crate::lesson_page::LessonPage;
use crate::markdown::{self, Contents, Surroundings};
use crate::mistake::Mistake;
use crate::snippets::{ChapterSnippets, Snippet};
use crate::sources::{self, Sources};
use crate::{admonish, fences, snippets};
use mdbook_driver::book::{Book, Chapter};
use std::path::Path;

/// The book's folder and what belongs into its pages.
pub(crate) struct Material<'book> {
    /// The folder of `book.toml`.
    pub(crate) root: &'book Path,
    /// The folder of the chapters, relative to `root`.
    pub(crate) source: &'book Path,
    pub(crate) lessons: &'book [LessonPage],
}

/// What was learned on the way.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) sources: Sources,
    pub(crate) warnings: Vec<String>,
}

/// Prepares every chapter in place, or gives every mistake in them.
pub(crate) fn prepare(book: &mut Book, material: &Material<'_>) -> Result<Prepared, Vec<Mistake>> {
    let mut prepared = Prepared {
        sources: Sources::new(),
        warnings: Vec::new(),
    };
    let mut mistakes = Vec::new();
    let mut shown = Vec::new();
    book.for_each_chapter_mut(|chapter| {
        match prepare_chapter(chapter, material, &mut prepared.sources) {
            Ok(parts) => shown.extend(parts),
            Err(found) => mistakes.extend(found),
        }
    });
    if !mistakes.is_empty() {
        mistakes.sort();
        return Err(mistakes);
    }
    prepared.warnings = not_shown(material.lessons, &shown);
    Ok(prepared)
}

/// The code blocks of every chapter, or every mistake in them.
pub(crate) fn code_blocks(
    book: &mut Book,
    material: &Material<'_>,
) -> Result<Vec<ChapterSnippets>, Vec<Mistake>> {
    let mut chapters = Vec::new();
    let mut mistakes = Vec::new();
    book.for_each_chapter_mut(|chapter| {
        let Some(path) = &chapter.source_path else {
            return;
        };
        let Read {
            file,
            contents,
            inserted,
            mistakes: found,
            ..
        } = read_chapter(chapter, path, material);
        mistakes.extend(found);
        let (mut blocks, _) = snippets::read(&contents.fences, &file);
        for insertion in inserted {
            let fences = markdown::read(&insertion.markdown).fences;
            let (inside, _) = snippets::read(&fences, &file);
            blocks.extend(inside.into_iter().map(|snippet| Snippet {
                line: insertion.line,
                ..snippet
            }));
        }
        blocks.sort_by_key(|snippet| snippet.line);
        chapters.push(ChapterSnippets {
            slug: path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default(),
            file,
            snippets: blocks,
        });
    });
    if mistakes.is_empty() {
        Ok(chapters)
    } else {
        mistakes.sort();
        Err(mistakes)
    }
}

/// A part of a lesson that stands on its page.
type Shown = (String, Part);

fn prepare_chapter(
    chapter: &mut Chapter,
    material: &Material<'_>,
    sources: &mut Sources,
) -> Result<Vec<Shown>, Vec<Mistake>> {
    let Some(path) = chapter.source_path.clone() else {
        return Ok(Vec::new());
    };
    let Read {
        file,
        mut contents,
        text,
        inserted,
        mistakes,
    } = read_chapter(chapter, &path, material);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    for insertion in &inserted {
        let links = markdown::read(&insertion.markdown).links.into_iter();
        contents.links.extend(links.map(|link| markdown::Link {
            line: insertion.line,
            ..link
        }));
    }

    chapter.content = admonish::render(&snippets::page::shown(&text)).map_err(|problem| {
        vec![Mistake {
            file: file.clone(),
            line: 1,
            problem,
            next: "look at the admonitions of this chapter".to_owned(),
        }]
    })?;
    sources.add(sources::page_of(&path), file, contents.links);
    Ok(inserted
        .into_iter()
        .map(|insertion| (insertion.lesson, insertion.part))
        .collect())
}

/// A chapter that has been read and judged.
struct Read {
    /// The file, for messages.
    file: String,
    /// What stands in the file.
    contents: Contents,
    /// The chapter with its directives replaced; incomplete where there are mistakes.
    text: String,
    inserted: Vec<Inserted>,
    mistakes: Vec<Mistake>,
}

fn read_chapter(chapter: &Chapter, path: &Path, material: &Material<'_>) -> Read {
    let file = sources::with_slashes(&material.source.join(path));
    let contents = markdown::read(&chapter.content);
    let Expanded {
        text,
        inserted,
        mut mistakes,
    } = directives::expand(
        &chapter.content,
        &directives::Chapter {
            file: &file,
            path: &material.root.join(material.source).join(path),
            root: material.root,
            lessons: material.lessons,
        },
    );
    mistakes.extend(judge(&contents, &file));
    for insertion in &inserted {
        let inside = markdown::read(&insertion.markdown);
        let origin = format!("the {} of {}", insertion.part.name(), insertion.lesson);
        let found = judge(&inside, &file)
            .into_iter()
            .chain(directives::nested(&insertion.markdown, &file));
        mistakes.extend(found.map(|mistake| in_lesson_file(mistake, &origin, insertion.line)));
    }
    Read {
        file,
        contents,
        text,
        inserted,
        mistakes,
    }
}

/// A text from a lesson file has no place in the chapter but that of its directive.
fn in_lesson_file(mistake: Mistake, origin: &str, line: usize) -> Mistake {
    Mistake {
        line,
        problem: format!("in {origin}, line {}: {}", mistake.line, mistake.problem),
        ..mistake
    }
}

fn judge(contents: &Contents, file: &str) -> Vec<Mistake> {
    let mut mistakes = fences::without_language(&contents.fences, file);
    let (snippets, unusable) = snippets::read(&contents.fences, file);
    mistakes.extend(unusable);
    mistakes.extend(snippets::unused_files(&snippets, file));
    mistakes.extend(fences::without_end(&contents.unclosed, file));
    mistakes.extend(unusable_admonitions(contents, file));
    mistakes
}

fn unusable_admonitions(contents: &Contents, file: &str) -> Vec<Mistake> {
    contents
        .admonitions
        .iter()
        .filter_map(|admonition| {
            let admonish::Objection { problem, next } = match admonition.surroundings {
                Surroundings::Chapter => admonish::judge(&admonition.configuration).err()?,
                Surroundings::Admonition => admonish::Objection {
                    problem: "an admonition inside another one is not rendered".to_owned(),
                    next: "put it after the outer one".to_owned(),
                },
                Surroundings::Quotation => admonish::Objection {
                    problem: "an admonition inside a quotation is not rendered".to_owned(),
                    next: "take the > marks away".to_owned(),
                },
            };
            Some(Mistake {
                file: file.to_owned(),
                line: admonition.line,
                problem,
                next,
            })
        })
        .collect()
}

/// A lesson whose checks or quiz no page shows is worth a word, but the book can be read without them.
fn not_shown(lessons: &[LessonPage], shown: &[Shown]) -> Vec<String> {
    let mut warnings = Vec::new();
    for lesson in lessons {
        for (part, markdown) in [
            (Part::Checks, &lesson.checklist),
            (Part::Quiz, &lesson.quiz),
        ] {
            let is_shown = shown
                .iter()
                .any(|(id, shown_part)| *id == lesson.id && *shown_part == part);
            if !is_shown && !markdown.trim().is_empty() {
                let (name, id, slug) = (part.name(), &lesson.id, &lesson.slug);
                warnings.push(format!(
                    "no page shows the {name} of {id}: write {{{{#{name} {id}}}}} into {slug}.md"
                ));
            }
        }
    }
    warnings
}
