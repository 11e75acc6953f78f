//! What is wrong with text that is no YAML, in words for the person who wrote it.

use granit_parser::{ErrorKind, ScanError};

use crate::finding::Finding;
use crate::source::{SourceId, Span};

/// Turns the parser's refusal, which came at byte `at` of `text`, into a finding at the place that has to change.
pub(crate) fn explain(source: SourceId, text: &str, error: &ScanError, at: usize) -> Finding {
    let at = at.min(text.len());
    let span = character_at(source, text, at);
    // The parser has several words for a tab in the indentation.
    if let Some(tab) = tab_near(source, text, at).filter(|_| error.info().contains("tab")) {
        return self::tab(tab);
    }
    if let Some(colon) = colon_without_space(source, text, at) {
        return Finding::error(
            "yaml-syntax",
            "A space is missing after this `:`, so the line is a text and no key.",
            colon,
        )
        .label("a key needs `:` and a space after it")
        .help("write `key: value`, with the space");
    }
    match error.kind() {
        ErrorKind::UnexpectedCharacter { character } => {
            let shown = match character {
                '`' => "a backtick".to_string(),
                character => format!("`{character}`"),
            };
            Finding::error("yaml-syntax", format!("A value cannot start with {shown}."), span)
                .label("unexpected character")
                .help("put the whole value into quotes")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement | ErrorKind::InvalidMappingValueWhitespace => {
            if let Some(key) = key_without_colon(source, text, at) {
                return no_colon(key);
            }
            if let Some((open, bracket)) = open_bracket_above(source, text, at) {
                return unclosed_bracket(open, bracket);
            }
            Finding::error("yaml-syntax", "A `:` stands where no key can be.", span)
                .label("this `:` makes a second key on the line, or the line is indented wrongly")
                .help("put a value that contains `: ` into quotes, or check the indentation of this line and the one above")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockSequenceEntry => {
            Finding::error("yaml-syntax", "This line's indentation fits no line above it.", word_at(source, text, at))
                .label("neither a key of the mapping above nor a new level")
                .help("start the line at the same column as the keys it belongs with")
        }
        ErrorKind::BlockSequenceEntryNotAllowed => {
            Finding::error("yaml-syntax", "A list item (`-`) stands where no list can be.", span)
                .label("a list cannot start here")
                .help("put the list on the lines below its key, or remove the value before it")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            no_colon(word_at(source, text, at))
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => Finding::error(
            "yaml-syntax",
            "A quote is opened and not closed.",
            quote_before(source, text, at).unwrap_or(span),
        )
        .label("the last quote before the text stops making sense")
        .help("look for the missing \" or ' on this line"),
        ErrorKind::UnclosedFlowCollection { open } => {
            unclosed_bracket(*open, span)
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            Finding::error("yaml-syntax", format!("A `{open}` is closed by `{close}`."), span)
                .label("this bracket does not fit")
                .help(format!("close it with `{}`", if *open == '[' { ']' } else { '}' }))
        }
        ErrorKind::UnknownAnchor => {
            Finding::error("unknown-anchor", "This alias names an anchor that is not written above it.", word_at(source, text, at))
                .label("no such anchor before this line")
                .help("write `&name` before the value that is to be repeated; to mean a star itself, put the value into quotes")
        }
        ErrorKind::RecursionLimitExceeded => too_deep(span),
        _ => Finding::error("yaml-syntax", format!("The file is no valid YAML: {}.", error.info()), span)
            .label("the YAML reader stopped here")
            .help("compare this line with the ones above: indentation, quotes, `:` and `-`"),
    }
}

/// `?` anywhere, or `:` at the start, in a text without quotes between brackets.
pub(crate) fn mark_between_brackets(text: Span, content: &str, at: usize) -> Finding {
    let mark = content[at..].chars().next().unwrap_or('?');
    Finding::error(
        "yaml-syntax",
        format!("Between brackets a `{mark}` has a meaning of its own here."),
        part(text, at, 1),
    )
    .label(format!("this `{mark}` is not read as a part of the text"))
    .help(format!("put the whole text into quotes: \"{content}\""))
}

/// `\/` between double quotes.
pub(crate) fn escaped_slash(text: Span, at: usize) -> Finding {
    Finding::error(
        "yaml-syntax",
        "Compose does not know the escape `\\/`.",
        part(text, at, 2),
    )
    .label("unknown escape")
    .help("write `/` alone")
}

fn part(text: Span, at: usize, length: usize) -> Span {
    let start = text.start + at as u32;
    Span {
        source: text.source,
        start,
        end: start + length as u32,
    }
}

/// The refusal of lists and mappings that stand too deep in each other.
pub(crate) fn too_deep(span: Span) -> Finding {
    Finding::error(
        "nested-too-deep",
        "Lists and mappings stand too deep in each other.",
        span,
    )
    .label("too deep from here on")
    .help("no Compose file needs this depth; check that this is the right file")
}

fn character_at(source: SourceId, text: &str, at: usize) -> Span {
    let length = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .filter(|first| !matches!(first, '\n' | '\r'));
    Span {
        source,
        start: at as u32,
        end: (at + length.map_or(0, char::len_utf8)) as u32,
    }
}

fn word_at(source: SourceId, text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or("");
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    Span {
        source,
        start: at as u32,
        end: (at + length) as u32,
    }
}

/// `KEY:value` on the line where the parser stops or on the one before: such a line is one text, and the next key then stands
/// where none can be.
fn colon_without_space(source: SourceId, text: &str, at: usize) -> Option<Span> {
    let here = text.get(..at)?.rfind('\n').map_or(0, |found| found + 1);
    let before = text[..here.saturating_sub(1)]
        .rfind('\n')
        .map_or(0, |found| found + 1);
    [before, here].into_iter().find_map(|start| {
        let line = text[start..].lines().next().unwrap_or_default();
        let indentation = line.len() - line.trim_start().len();
        let written = line.trim_start();
        let key = written.find(':')?;
        let is_key = key > 0
            && written[..key]
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'));
        let joined = written[key + 1..].starts_with(|letter: char| !letter.is_whitespace());
        let colon = start + indentation + key;
        (is_key && joined && !written.contains(": ")).then_some(Span {
            source,
            start: colon as u32,
            end: colon as u32 + 1,
        })
    })
}

fn no_colon(key: Span) -> Finding {
    Finding::error("yaml-syntax", "This line has no `:` after its key.", key)
        .label("a key needs `:` and a space after it")
        .help("write `key: value`, with the space")
}

fn unclosed_bracket(open: char, at: Span) -> Finding {
    let close = if open == '[' { ']' } else { '}' };
    Finding::error(
        "yaml-syntax",
        format!("A `{open}` is opened and not closed."),
        at,
    )
    .label("opened here")
    .help(format!("add the closing `{close}`"))
}

/// The start and the text of the line before the one with byte `at`.
fn line_before(text: &str, at: usize) -> Option<(usize, &str)> {
    let end = text.get(..at)?.rfind('\n')?;
    let start = text[..end].rfind('\n').map_or(0, |found| found + 1);
    Some((start, text[start..end].trim_end()))
}

/// A line that is one word, where the next is a key further in: the word was to be a key.
fn key_without_colon(source: SourceId, text: &str, at: usize) -> Option<Span> {
    let is_word = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|first| first.is_alphanumeric())
            && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    let (start, line) = line_before(text, at)?;
    let key = text[start + line.len()..at].trim_start();
    let word = line.trim_start();
    let first = start + line.len() - word.len();
    let further_in = text[..at].len() - key.len() - (text[..at].rfind('\n')? + 1);
    (is_word(word) && is_word(key) && further_in > first - start).then_some(Span {
        source,
        start: first as u32,
        end: (first + word.len()) as u32,
    })
}

/// A bracket that the line before opens and does not close.
fn open_bracket_above(source: SourceId, text: &str, at: usize) -> Option<(char, Span)> {
    let (start, line) = line_before(text, at)?;
    let mut open = Vec::new();
    let mut quote = None;
    let mut before = ' ';
    for (index, letter) in line.char_indices() {
        let starts_here = matches!(before, ' ' | '[' | '{' | ',' | ':');
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if starts_here => quote = Some(letter),
            (None, '#') if before == ' ' => break,
            // Elsewhere it is a part of a text, unless there is a bracket around it.
            (None, '[' | '{') if starts_here && before != ':' => open.push((letter, index)),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
        before = letter;
    }
    let (letter, index) = open.pop()?;
    let span = Span {
        source,
        start: (start + index) as u32,
        end: (start + index + 1) as u32,
    };
    Some((letter, span))
}

/// A tab at the start of a line.
pub(crate) fn tab(at: Span) -> Finding {
    Finding::error(
        "tab-indentation",
        "A line is indented with a tab; YAML only takes spaces.",
        at,
    )
    .label("this is a tab")
    .help("replace each tab at the start of a line by spaces; most editors have a command for it")
}

/// The parser stops after the tab, sometimes a line later, or at the end of the line before; the tab is what has to go.
fn tab_near(source: SourceId, text: &str, at: usize) -> Option<Span> {
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |found| found + 1);
    let mut lines = text[line_start..].split_inclusive('\n');
    let here = lines.next()?;
    let next_start = line_start + here.len();
    let in_next = lines.next().and_then(|next| {
        let indentation = next.len() - next.trim_start_matches([' ', '\t']).len();
        next[..indentation].find('\t')
    });
    let tab = here
        .find('\t')
        .map(|tab| line_start + tab)
        .or(in_next.map(|tab| next_start + tab))?;
    Some(Span {
        source,
        start: tab as u32,
        end: tab as u32 + 1,
    })
}

/// The last quote before `at`: most likely the one that opens what is never closed.
fn quote_before(source: SourceId, text: &str, at: usize) -> Option<Span> {
    let quote = text.get(..at)?.rfind(['"', '\''])?;
    Some(Span {
        source,
        start: quote as u32,
        end: quote as u32 + 1,
    })
}
