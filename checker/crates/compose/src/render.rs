//! Findings and explanations as text, in the way rustc prints its own, and as JSON.

pub mod json;

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use crate::explain::{Explanation, Part};
use crate::finding::{Finding, Severity};
use crate::node::{Node, Value};
use crate::source::{SourceId, Sources, Span};

/// Whether the text carries colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With terminal escapes; the words stay the same.
    Coloured,
}

/// A place with what belongs to it, to be shown below a headline of the caller's own.
#[derive(Clone, Debug, Default)]
pub struct Excerpt<'a> {
    /// The place, and what stands under its carets.
    pub primary: Option<(Span, &'a str)>,
    /// Further places, each with its label.
    pub related: Vec<(Span, &'a str)>,
    /// Notes below, each with its title: `= expected: …`.
    pub notes: Vec<(&'a str, &'a str)>,
}

/// The whole finding: headline, place and notes. Ends with a line break.
///
/// ```
/// let reader = compose::MemoryReader::new([("compose.yaml", "services:\n  web:\n    image: nginx\n    prots: []\n")]);
/// let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
/// let text = compose::render::finding(&loaded.findings[0], &loaded.sources, compose::render::Style::Plain);
/// assert_eq!(text, "\
/// error[unknown-key]: Compose knows no key `prots` in services.web.
///  --> compose.yaml:4:5
///   |
/// 4 |     prots: []
///   |     ^^^^^ unknown key
///   = expected: `ports`
///   = next: did you mean `ports`?
/// ");
/// ```
pub fn finding(finding: &Finding, sources: &Sources, style: Style) -> String {
    let related: Vec<(Span, &str)> = finding
        .related
        .iter()
        .map(|(span, label)| (*span, label.as_str()))
        .collect();
    let notes = [("expected", &finding.expected), ("next", &finding.help)];
    let excerpt = Excerpt {
        primary: finding.span.map(|span| (span, finding.label.as_str())),
        related,
        notes: notes
            .into_iter()
            .filter_map(|(title, note)| Some((title, note.as_deref()?)))
            .collect(),
    };
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(finding.message.as_str())
        .id(finding.code);
    print(
        Group::with_title(title).elements(elements(&excerpt, sources)),
        style,
    )
}

/// A place with its label and notes, without a headline. Ends with a line break; empty when there is nothing to show.
pub fn excerpt(excerpt: &Excerpt<'_>, sources: &Sources, style: Style) -> String {
    let elements = elements(excerpt, sources);
    if elements.is_empty() {
        return String::new();
    }
    print(Group::with_level(Level::ERROR).elements(elements), style)
}

/// A value, every step of its way with its place, and a line for each of its parts. Ends with a line break.
pub fn explanation(explanation: &Explanation<'_>, sources: &Sources, style: Style) -> String {
    let name = match explanation.path.as_str() {
        "" => "the project",
        path => path,
    };
    let strong = match style {
        Style::Plain => anstyle::Style::new(),
        Style::Coloured => anstyle::Style::new().bold(),
    };
    let mut text = format!(
        "{strong}{name}{strong:#} is {}\n\n",
        in_words(explanation.node, usize::MAX)
    );
    for (index, link) in explanation.chain.iter().enumerate() {
        let excerpt = Excerpt {
            primary: link.span.map(|span| (span, "")),
            ..Excerpt::default()
        };
        let number = (index + 1).to_string();
        let title = Level::INFO
            .with_name(number)
            .primary_title(link.text.as_str());
        let group = Group::with_title(title).elements(elements(&excerpt, sources));
        text.push_str(&print(group, style));
    }
    if !explanation.parts.is_empty() {
        text.push('\n');
        text.push_str(&parts(&explanation.parts, sources, strong));
    }
    text
}

/// A line for each part: its key, its value, where it is written and what happened to it.
fn parts(parts: &[Part<'_>], sources: &Sources, strong: anstyle::Style) -> String {
    let row = |part: &Part<'_>| {
        let is_written = part.chain.iter().any(|link| link.kind == "written");
        let shorts = part.chain.iter().map(|link| link.short.as_str());
        let shorts: Vec<&str> = shorts.filter(|short| !short.is_empty()).collect();
        let place = match is_written {
            true => place(sources, part.node.span()),
            false => String::new(),
        };
        [
            part.key.clone(),
            in_words(part.node, 40),
            place,
            shorts.join(", "),
        ]
    };
    let rows: Vec<_> = parts.iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [key, value, place, steps] in &rows {
        let after_key = " ".repeat(widths[0] - key.chars().count());
        let line = format!(
            "  {strong}{key}{strong:#}{after_key}  {value:value_width$}  {place:place_width$}  {steps}",
            value_width = widths[1],
            place_width = widths[2],
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `compose.yaml:3:12`
fn place(sources: &Sources, span: Span) -> String {
    let position = sources.position(span);
    let path = &sources.get(span.source).path;
    format!("{path}:{}:{}", position.line, position.column)
}

/// A value in a few words; of a longer text the first `longest` characters of its first line.
fn in_words(node: &Node, longest: usize) -> String {
    let plural = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    match &node.value {
        Value::Null => "nothing".into(),
        Value::Mapping(mapping) => {
            format!("a mapping with {}", plural(mapping.len(), "key", "keys"))
        }
        Value::Sequence(items) => format!("a list with {}", plural(items.len(), "item", "items")),
        _ => {
            let text = node.scalar_text().unwrap_or_default();
            let first: String = text
                .lines()
                .next()
                .unwrap_or_default()
                .chars()
                .take(longest)
                .collect();
            match first.len() < text.trim_end_matches('\n').len() {
                true => format!("`{first}…`"),
                false => format!("`{first}`"),
            }
        }
    }
}

fn elements<'a>(excerpt: &Excerpt<'a>, sources: &'a Sources) -> Vec<Element<'a>> {
    let mut places: Vec<(SourceId, Vec<Annotated<'a>>)> = Vec::new();
    let primary = excerpt
        .primary
        .map(|(span, label)| (span, label, AnnotationKind::Primary));
    let related = excerpt
        .related
        .iter()
        .map(|(span, label)| (*span, *label, AnnotationKind::Context));
    for (span, label, kind) in primary.into_iter().chain(related) {
        let annotated = Annotated {
            range: first_line(sources, span),
            label,
            kind,
        };
        match places.iter_mut().find(|(source, _)| *source == span.source) {
            Some((_, annotated_there)) => annotated_there.push(annotated),
            None => places.push((span.source, vec![annotated])),
        }
    }
    let snippets = places
        .into_iter()
        .map(|(source, annotated)| snippet(sources, source, annotated));
    let notes = excerpt
        .notes
        .iter()
        .map(|(title, text)| Level::NOTE.with_name(*title).message(*text).into());
    snippets.chain(notes).collect()
}

struct Annotated<'a> {
    range: Range<usize>,
    label: &'a str,
    kind: AnnotationKind,
}

/// Shows only the lines around the annotations: the renderer splits all it is given into lines, and files can be large.
fn snippet<'a>(
    sources: &'a Sources,
    source: SourceId,
    annotated: Vec<Annotated<'a>>,
) -> Element<'a> {
    let file = sources.get(source);
    let first = annotated
        .iter()
        .map(|one| one.range.start)
        .min()
        .unwrap_or(0);
    let last = annotated.iter().map(|one| one.range.end).max().unwrap_or(0);
    let (line, from) = sources.line_at(source, first);
    let to = file.text[last..]
        .find('\n')
        .map_or(file.text.len(), |at| last + at);
    let mut snippet = Snippet::source(&file.text[from..to])
        .path(file.path.as_str())
        .line_start(line + 1);
    for Annotated { range, label, kind } in annotated {
        let annotation = kind.span(range.start - from..range.end - from);
        snippet = snippet.annotation(if label.is_empty() {
            annotation
        } else {
            annotation.label(label)
        });
    }
    snippet.into()
}

/// A value over several lines is shown by its first line; everything is kept inside the text.
fn first_line(sources: &Sources, span: Span) -> Range<usize> {
    let text = &sources.get(span.source).text;
    let boundary = |offset: u32| {
        (0..=text.len().min(offset as usize))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0)
    };
    let (start, end) = (
        boundary(span.start),
        boundary(span.end).max(boundary(span.start)),
    );
    let line_end = text[start..end]
        .find(['\n', '\r'])
        .map_or(end, |at| start + at);
    start..line_end
}

fn print(group: Group<'_>, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let printed = renderer.render(&[group]);
    let mut text = String::with_capacity(printed.len());
    let mut lines = printed.lines().peekable();
    while let Some(line) = lines.next() {
        // The renderer parts source and notes by a bare gutter; the notes read as part of the verdict without it.
        let before_note = lines
            .peek()
            .is_some_and(|next| without_escapes(next).trim_start().starts_with("= "));
        if before_note && without_escapes(line).trim() == "|" {
            continue;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn without_escapes(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\x1b') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}
