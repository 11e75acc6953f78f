//! YAML text to a tree of [`Node`]s, each with its place.
//!
//! Anchors, aliases and merge keys (`<<`) are resolved here, with the refusals that Compose has: a key twice in one
//! mapping (and `<<` counts as a key), a merge of something that is no mapping, an anchor inside itself.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{
    Event, Options, Parser, ScalarStyle, ScanError, Span as EventSpan, StrInput, StructureStyle,
    Tag as YamlTag,
};

use crate::at::key_text;
use crate::finding::Finding;
use crate::lenient::{self, Mended, Within};
use crate::node::{Entry, Key, KeyKind, Mapping, Node, Step, Tag, Value};
use crate::scalar::{self, Plain};
use crate::source::{SourceId, Span};
use crate::syntax;

/// How much a file may ask for before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of one file, in bytes.
    pub bytes: usize,
    /// How deep lists and mappings may stand in each other.
    pub depth: usize,
    /// How many values aliases may add to a file, and a quarter of what anchors may hold. Real files stay far below; an alias
    /// bomb does not.
    pub aliased_values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            depth: 100,
            aliased_values: 250_000,
        }
    }
}

/// Reads a file that holds one YAML document. An empty file is [`Value::Null`].
///
/// # Errors
/// Every mistake that makes the text unreadable, with its place: wrong syntax, tabs, keys written twice, bad merges,
/// more than one document, and anything over `limits`.
pub fn parse(source: SourceId, text: &str, limits: Limits) -> Result<Node, Vec<Finding>> {
    let mut documents = parse_documents(source, text, limits)?;
    if let Some(second) = documents.get(1) {
        return Err(vec![
            Finding::error(
                "several-documents",
                "The file holds more than one YAML document.",
                second.span(),
            )
            .label("a second document starts here")
            .help("remove the line `---` before it, or move it to a file of its own"),
        ]);
    }
    Ok(documents
        .pop()
        .unwrap_or_else(|| Node::new(Value::Null, whole(source, text))))
}

/// Reads all YAML documents of a file; Compose merges them in their order.
///
/// # Errors
/// As [`parse`], except that several documents are welcome.
pub fn parse_documents(
    source: SourceId,
    text: &str,
    limits: Limits,
) -> Result<Vec<Node>, Vec<Finding>> {
    if text.len() > limits.bytes {
        return Err(vec![too_large(
            text.len() as u64,
            limits.bytes as u64,
            Some(Span {
                source,
                start: 0,
                end: 0,
            }),
        )]);
    }
    if let Some(finding) = other_yaml(source, text) {
        return Err(vec![finding]);
    }
    let mut mended = Mended::new(text);
    // Each time everything is read again, so a large file is not mended often, nor one whose aliases repeat much.
    let mut rereading = limits.bytes;
    let mut open_quote = None;
    loop {
        let refused = match Builder::new(source, text, &mended, limits).run() {
            Ok(documents) => return Ok(documents),
            Err(refused) => refused,
        };
        let Some((error, within)) = refused.stopped_at else {
            return Err(refused.findings);
        };
        let left = rereading.checked_sub(mended.text().len() + refused.values * BYTES_OF_A_VALUE);
        match left.filter(|_| mended.mend(&error, within)) {
            Some(left) => rereading = left,
            // Most likely the quote should have ended where the text first went on at an odd column.
            None if lenient::is_about_quotes(&error) => {
                return Err(open_quote.unwrap_or(refused.findings));
            }
            None => return Err(refused.findings),
        }
        if lenient::is_about_quotes(&error) {
            open_quote.get_or_insert(refused.findings);
        }
    }
}

/// To copy a value for an alias takes about as long as to read this many bytes.
const BYTES_OF_A_VALUE: usize = 64;

/// Why a text cannot be read.
struct Refused {
    findings: Vec<Finding>,
    /// How many values were copied for anchors and aliases until then.
    values: usize,
    /// What stopped the parser, and whether it was between brackets.
    stopped_at: Option<(Box<ScanError>, Within)>,
}

/// A `%YAML` line that names another version than 1.1, or a `%` line of another kind, both of which Compose refuses to read.
fn other_yaml(source: SourceId, text: &str) -> Option<Finding> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end();
        if let Some(version) = written.strip_prefix("%YAML").map(str::trim) {
            let span = Span {
                source,
                start: start as u32,
                end: (start + written.len()) as u32,
            };
            let refused = version != "1.1";
            return refused.then(|| {
                Finding::error(
                    "other-yaml-version",
                    format!("Compose does not read files that say they are YAML {version}."),
                    span,
                )
                .label("names a version of YAML")
                .help("take this line out")
            });
        }
        if written.starts_with('%') && !written.starts_with("%TAG ") {
            let span = Span {
                source,
                start: start as u32,
                end: (start + written.len()) as u32,
            };
            return Some(
                Finding::error(
                    "other-yaml-version",
                    "Compose knows no such line with a `%`.",
                    span,
                )
                .label("neither `%YAML` nor `%TAG`")
                .help("take this line out"),
            );
        }
        // Only comments and other directives may stand before it.
        if !(written.is_empty() || written.starts_with('#') || written.starts_with('%')) {
            return None;
        }
        start += line.len();
    }
    None
}

/// The refusal of a file that is larger than `limit` bytes.
pub(crate) fn too_large(bytes: u64, limit: u64, span: Option<Span>) -> Finding {
    Finding::error(
        "file-too-large",
        format!("The file has {bytes} bytes; at most {limit} are read."),
        span,
    )
    .label("this file is too large")
    .help("check that this is the right file; a Compose file has a few thousand bytes")
}

fn whole(source: SourceId, text: &str) -> Span {
    Span {
        source,
        start: 0,
        end: text.lines().next().map_or(0, str::len) as u32,
    }
}

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    mended: &'a Mended,
    limits: Limits,
    frames: Vec<Frame>,
    documents: Vec<Node>,
    anchors: HashMap<usize, Anchored>,
    aliased_values: usize,
    anchored_values: usize,
    /// Whether anything read so far is tagged `!reset`.
    has_resets: bool,
    /// Whether there is a tab anywhere; hardly any file has one, and only then the next two are filled.
    has_tabs: bool,
    /// Where lines may begin with a tab: inside quotes, brackets and blocks of text.
    tabs_are_free: Vec<Span>,
    /// Values without quotes, in the order of the text.
    plain: Vec<Span>,
    findings: Vec<Finding>,
}

/// A value that aliases can repeat, with its size so that a bomb is refused before it is copied.
struct Anchored {
    node: Node,
    values: usize,
    depth: usize,
}

struct Frame {
    start: u32,
    anchor: usize,
    tag: Option<Tag>,
    style: StructureStyle,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        mapping: Mapping,
        key: Option<PendingKey>,
        merges: Vec<(Span, Node)>,
    },
}

struct PendingKey {
    text: Key,
    span: Span,
    kind: KeyKind,
    is_merge: bool,
}

/// Reading cannot go on; the finding has been noted.
struct Stop;

impl<'a> Builder<'a> {
    fn new(source: SourceId, text: &'a str, mended: &'a Mended, limits: Limits) -> Self {
        Self {
            source,
            text,
            mended,
            limits,
            frames: Vec::new(),
            documents: Vec::new(),
            anchors: HashMap::new(),
            aliased_values: 0,
            anchored_values: 0,
            has_resets: false,
            has_tabs: text.contains('\t'),
            tabs_are_free: Vec::new(),
            plain: Vec::new(),
            findings: Vec::new(),
        }
    }

    fn run(mut self) -> Result<Vec<Node>, Refused> {
        let mut stopped_at = None;
        let mut options = Options::default();
        options.block_nesting_limit = self.limits.depth;
        options.flow_nesting_limit = self.limits.depth;
        let mut parser: Parser<'a, StrInput<'a>> =
            Parser::new_from_str_with_options(self.mended.text(), options);
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, at)) => {
                    if self.event(event, at).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    let stop = error.marker().byte_offset().unwrap_or(0);
                    let at = self.mended.original(stop);
                    self.findings
                        .push(syntax::explain(self.source, self.text, &error, at));
                    let is_flow = |frame: &Frame| frame.style == StructureStyle::Flow;
                    let within = match self.frames.iter().any(is_flow) {
                        true => Within::Brackets,
                        false => Within::Block,
                    };
                    stopped_at = Some((Box::new(error), within));
                    break;
                }
            }
        }
        if self.findings.is_empty() {
            let tab = self.tab_on_an_empty_line();
            self.findings.extend(tab);
        }
        if self.findings.is_empty() {
            Ok(self.documents)
        } else {
            Err(Refused {
                findings: self.findings,
                values: self.aliased_values.saturating_add(self.anchored_values),
                stopped_at,
            })
        }
    }

    /// A tab at the start of a line that is empty otherwise, or a comment: Compose's parser takes it for indentation where
    /// a key could begin, ours does not mind.
    fn tab_on_an_empty_line(&mut self) -> Option<Finding> {
        if !self.has_tabs {
            return None;
        }
        self.tabs_are_free.sort_unstable_by_key(|span| span.start);
        let mut free = self.tabs_are_free.iter().peekable();
        // They stand in each other or apart, so the furthest end so far says whether a place is inside one.
        let mut free_until = 0;
        let mut start = 0;
        self.text.split_inclusive('\n').find_map(|line| {
            let at = start;
            start += line.len();
            let rest = line.trim_start_matches([' ', '\t']);
            let tab = at + line[..line.len() - rest.len()].find('\t')?;
            let says_nothing = rest.trim_end().is_empty() || rest.starts_with('#');
            while let Some(span) = free.next_if(|span| (span.start as usize) < at) {
                free_until = free_until.max(span.end as usize);
            }
            if !says_nothing || at < free_until {
                return None;
            }
            let before = self.text[..at].trim_end().len() as u32;
            let is_indented = self
                .plain
                .binary_search_by_key(&before, |value| value.end)
                .is_ok_and(|found| {
                    tab - at > self.indentation_before(self.plain[found].start as usize)
                });
            let span = Span {
                source: self.source,
                start: tab as u32,
                end: tab as u32 + 1,
            };
            (!is_indented).then(|| syntax::tab(span))
        })
    }

    /// A tab on the line on which a document begins: ours reads over it, Compose's parser does not.
    fn tab_before_document(&self, document: Span) -> Option<Finding> {
        let before = self.text.get(..document.start as usize)?;
        let blank = before.trim_end_matches([' ', '\t']).len();
        let is_indented = before[..blank].is_empty() || before[..blank].ends_with(['\n', '\r']);
        let tab = blank + before[blank..].find('\t').filter(|_| is_indented)?;
        Some(syntax::tab(Span {
            source: self.source,
            start: tab as u32,
            end: tab as u32 + 1,
        }))
    }

    /// How far the line is indented on which a value follows its key or its `-`. Behind such a value blanks of any kind may
    /// stand beyond that column.
    fn indentation_before(&self, value: usize) -> usize {
        let line = self.text[..value].rfind('\n').map_or(0, |found| found + 1);
        let before = &self.text[line..value];
        let key = before.trim_start();
        if key.is_empty() {
            0
        } else {
            before.len() - key.len()
        }
    }

    fn event(&mut self, event: Event<'a>, at: EventSpan) -> Result<(), Stop> {
        let span = self.span(at);
        let starts_value = matches!(
            event,
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..)
        );
        if self.frames.is_empty() && starts_value {
            self.findings.extend(self.tab_before_document(span));
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => self.open(
                style,
                anchor,
                tag.as_deref(),
                span,
                Content::Sequence(Vec::new()),
            ),
            Event::MappingStart(style, anchor, tag) => {
                let content = Content::Mapping {
                    mapping: Mapping::new(),
                    key: None,
                    merges: Vec::new(),
                };
                self.open(style, anchor, tag.as_deref(), span, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn span(&self, at: EventSpan) -> Span {
        let range = at.byte_range().unwrap_or(0..0);
        Span {
            source: self.source,
            start: self.mended.original(range.start) as u32,
            end: self.mended.original(range.end) as u32,
        }
    }

    fn stop(&mut self, finding: Finding) -> Stop {
        self.findings.push(finding);
        Stop
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&YamlTag>,
        span: Span,
    ) -> Result<(), Stop> {
        if self.has_tabs && style != ScalarStyle::Plain {
            self.tabs_are_free.push(span);
        } else if self.has_tabs && span.start < span.end {
            self.plain.push(span);
        }
        let text = match text.strip_suffix('\n') {
            Some(ended) if self.ends_without_line_break(span, style) => ended,
            _ => text,
        };
        let span = self.without_trailing_space(span, style);
        let plain = self.meaning(text, style, tag, span);
        let text = match scalar_tag(tag).as_deref() {
            Some("binary") => Cow::Owned(scalar::base64(text).unwrap_or_default()),
            _ => Cow::Borrowed(text),
        };
        self.refuse_what_compose_cannot_read(&text, style, span);
        if self.expects_key() {
            let kind = KeyKind::of_scalar(&plain);
            if anchor != 0 {
                self.keep_anchor(anchor, &Node::new(Value::String(text.to_string()), span))?;
            }
            return self.key(PendingKey {
                is_merge: text == "<<" && is_merge_tag(tag, style),
                text: text.into(),
                span,
                kind,
            });
        }
        let mut node = Node::new(Value::Null, span);
        node.tag = match plain {
            Plain::Timestamp => Some(Tag::Date),
            Plain::Large => Some(Tag::LargeNumber),
            _ => compose_tag(tag),
        };
        node.value = Value::of_scalar(plain, &text);
        self.has_resets |= node.tag == Some(Tag::Reset);
        self.finish(node, anchor)
    }

    /// What a scalar means. Without a tag quotes make it a text; a tag of YAML's own types has to fit; any other makes it a text.
    fn meaning(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&YamlTag>,
        span: Span,
    ) -> Plain {
        let name = scalar_tag(tag);
        let (plain, fits) = match name.as_deref() {
            None if has_tag(tag) || style != ScalarStyle::Plain => (Plain::Text, true),
            None => (scalar::plain(text), true),
            Some("binary") => (Plain::Text, scalar::base64(text).is_some()),
            Some(name) => match (name, scalar::plain(text)) {
                ("float", Plain::Integer(number)) => (Plain::Float(number as f64), true),
                ("int", plain @ (Plain::Integer(_) | Plain::Large))
                | ("float", plain @ Plain::Float(_))
                | ("bool", plain @ Plain::Bool(_))
                | ("null", plain @ Plain::Null)
                | ("timestamp", plain @ Plain::Timestamp) => (plain, true),
                ("int" | "float" | "bool" | "null" | "timestamp", plain) => (plain, false),
                _ => (Plain::Text, true),
            },
        };
        if !fits {
            let name = name.unwrap_or_default();
            self.findings.push(
                Finding::error(
                    "yaml-syntax",
                    format!("`{text}` is not what its tag `!!{name}` says."),
                    span,
                )
                .label("stands behind the tag")
                .help("take the tag out, or write a value that fits it")
                .path(self.path()),
            );
        }
        plain
    }

    /// Texts that only our reader knows.
    fn refuse_what_compose_cannot_read(&mut self, text: &str, style: ScalarStyle, span: Span) {
        let is_in_brackets =
            matches!(self.frames.last(), Some(frame) if frame.style == StructureStyle::Flow);
        let written = self.text.get(span.start as usize..span.end as usize);
        let finding = match style {
            ScalarStyle::Plain if is_in_brackets => text
                .find('?')
                .or(text.starts_with(':').then_some(0))
                .map(|at| syntax::mark_between_brackets(span, text, at)),
            ScalarStyle::DoubleQuoted => written
                .and_then(escaped_slash)
                .map(|at| syntax::escaped_slash(span, at)),
            _ => None,
        };
        if let Some(finding) = finding {
            let finding = finding.path(self.path());
            self.findings.push(finding);
        }
    }

    /// Whether a block of text ends with the file, in a line that no line break ends. The parser adds one, Compose does not.
    fn ends_without_line_break(&self, span: Span, style: ScalarStyle) -> bool {
        let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !is_block || (span.end as usize) < self.text.len() || self.text.ends_with(['\n', '\r']) {
            return false;
        }
        let start = span.start as usize;
        let first_line = self.text[..start].rfind('\n').map_or(0, |end| end + 1);
        let is_blank = |line: &str| line.trim().is_empty();
        if !is_blank(&self.text[first_line..start]) {
            // The parser found blanks only, and names the place of the `|`.
            return true;
        }
        let lines = || self.text[first_line..].lines();
        let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let column = lines()
            .filter(|line| !is_blank(line))
            .map(indentation)
            .min();
        // Blanks that only indent are no text.
        column.is_some_and(|column| lines().last().is_some_and(|last| last.len() > column))
    }

    /// Block scalars end with the line break before the next token; a place should end with the text.
    fn without_trailing_space(&self, span: Span, style: ScalarStyle) -> Span {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let text = self
            .text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("");
        Span {
            end: span.start + text.trim_end().len() as u32,
            ..span
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                content: Content::Mapping { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, key: PendingKey) -> Result<(), Stop> {
        let Some(Frame {
            content:
                Content::Mapping {
                    mapping,
                    key: pending,
                    merges,
                },
            ..
        }) = self.frames.last_mut()
        else {
            return Ok(());
        };
        let first = if key.is_merge {
            merges.first().map(|(span, _)| *span)
        } else {
            mapping.entry(&key.text).map(|entry| entry.key_span)
        };
        if let Some(first) = first {
            let text = &key.text;
            let help = if key.is_merge {
                "write one `<<` with a list: `<<: [*one, *two]`"
            } else {
                "keep one of the two, or merge what they say"
            };
            let finding = Finding::error(
                "duplicate-key",
                format!("The key `{text}` stands twice in the same mapping."),
                key.span,
            )
            .label("here again")
            .related(first, "first written here")
            .help(help);
            *pending = Some(key);
            let path = self.path();
            self.findings.push(finding.path(path));
        } else {
            *pending = Some(key);
        }
        Ok(())
    }

    /// The path of the value that is read now.
    fn path(&self) -> String {
        let steps = self.frames.iter().filter_map(|frame| match &frame.content {
            Content::Sequence(items) => Some(items.len().to_string()),
            Content::Mapping { key, .. } => {
                let key = key.as_ref()?;
                Some(key_text(&key.text).into_owned())
            }
        });
        steps.collect::<Vec<_>>().join(".")
    }

    fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&YamlTag>,
        span: Span,
        content: Content,
    ) -> Result<(), Stop> {
        if self.expects_key() {
            return Err(self.stop(
                Finding::error(
                    "key-not-text",
                    "A key is a list or a mapping; keys are texts.",
                    span,
                )
                .label("this stands where a key is expected")
                .help("if this is a value that starts with `{` or `[`, put it into quotes"),
            ));
        }
        if self.frames.len() >= self.limits.depth {
            return Err(self.stop(syntax::too_deep(span)));
        }
        self.frames.push(Frame {
            start: span.start,
            anchor,
            tag: compose_tag(tag),
            style,
            content,
        });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Stop> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let mut span = Span {
            source: self.source,
            start: frame.start,
            end: end.end,
        };
        if self.has_tabs && frame.style != StructureStyle::Block {
            self.tabs_are_free.push(span);
        }
        let value = match frame.content {
            Content::Sequence(items) => {
                if frame.style == StructureStyle::Block {
                    span.end = items
                        .last()
                        .map_or(span.start, |item| item.span().end)
                        .max(span.start);
                }
                Value::Sequence(items)
            }
            Content::Mapping {
                mut mapping,
                merges,
                ..
            } => {
                for (used, node) in merges {
                    self.merge(&mut mapping, used, node);
                }
                if frame.style == StructureStyle::Block {
                    let last = mapping
                        .iter()
                        .map(|(_, entry)| entry.value.span())
                        .filter(|last| last.source == span.source);
                    // An alias' value stands elsewhere in the file, so the text's own order has to be respected.
                    span.end = last
                        .map(|last| last.end)
                        .filter(|last| *last <= end.end)
                        .max()
                        .unwrap_or(span.start)
                        .max(span.start);
                }
                Value::Mapping(mapping)
            }
        };
        let mut node = Node::new(value, span);
        node.tag = frame.tag;
        self.has_resets |= node.tag == Some(Tag::Reset);
        self.finish(node, frame.anchor)
    }

    /// Puts the mappings that `<<` names into `mapping`; what is written there directly wins, and so does the earlier of a list.
    fn merge(&mut self, mapping: &mut Mapping, used: Span, node: Node) {
        let node_span = node.span();
        match node.value {
            Value::Mapping(other) => {
                for (key, mut entry) in other.into_entries() {
                    let written = mapping.get(&key).map(|value| value.tag);
                    // `!reset` takes out what is written here, and what earlier files say. What `<<` brings stays.
                    let is_reset = written == Some(Some(Tag::Reset));
                    if written.is_some() && !is_reset {
                        continue;
                    }
                    entry.value.add_step(&Step::MergeKey { used });
                    if is_reset {
                        entry.value.tag = Some(Tag::Override);
                    }
                    mapping.insert_entry(key, entry);
                }
            }
            Value::Sequence(items) if items.iter().all(|item| item.as_mapping().is_some()) => {
                items
                    .into_iter()
                    .for_each(|item| self.merge(mapping, used, item));
            }
            _ => self.findings.push(
                Finding::error(
                    "merge-needs-mapping",
                    "`<<` can only merge a mapping, or a list of mappings.",
                    used,
                )
                .label("this merge key")
                .related(node_span, "this is what it names")
                .help("let the alias after `<<:` name an anchor that stands before a mapping"),
            ),
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        if self.frames.iter().any(|frame| frame.anchor == anchor) {
            return Err(self.stop(
                Finding::error(
                    "anchor-inside-itself",
                    "This alias stands inside the value that it repeats.",
                    span,
                )
                .label("repeats a value that contains this place")
                .help("move the anchor to a smaller value, or write the value out")
                .path(self.path()),
            ));
        }
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Ok(());
        };
        self.aliased_values = self.aliased_values.saturating_add(anchored.values);
        if self.aliased_values > self.limits.aliased_values {
            return Err(self.stop(
                Finding::error("too-many-aliases", "The aliases of this file repeat too much.", span)
                    .label(format!("with this one, aliases add more than {} values", self.limits.aliased_values))
                    .help("this is how an attack on YAML readers looks; write the values out if they are meant"),
            ));
        }
        if self.frames.len() + anchored.depth > self.limits.depth {
            return Err(self.stop(syntax::too_deep(span)));
        }
        let mut node = anchored.node.clone();
        if self.expects_key() {
            let Some(text) = node.scalar_text() else {
                return Err(self.stop(
                    Finding::error(
                        "key-not-text",
                        "A key is a list or a mapping; keys are texts.",
                        span,
                    )
                    .label("this alias stands where a key is expected")
                    .help("write the key out"),
                ));
            };
            return self.key(PendingKey {
                text: text.into(),
                span,
                kind: KeyKind::Text,
                is_merge: false,
            });
        }
        node.add_step(&Step::Alias { used: span });
        self.finish(node, 0)
    }

    /// Anchors in anchors hold the same values again and again, so these are bounded as well.
    fn keep_anchor(&mut self, anchor: usize, node: &Node) -> Result<(), Stop> {
        let mut node = node.clone();
        if self.has_resets {
            remove_resets(&mut node);
        }
        let (values, depth) = size(&node);
        self.anchored_values += values;
        let most = self.limits.aliased_values.saturating_mul(4);
        if self.anchored_values > most {
            return Err(self.stop(
                Finding::error(
                    "too-many-anchors",
                    "The anchors of this file hold too much.",
                    node.span(),
                )
                .label(format!(
                    "with this one, anchors hold more than {most} values"
                ))
                .help("take out anchors that no alias uses"),
            ));
        }
        self.anchors.insert(
            anchor,
            Anchored {
                node,
                values,
                depth,
            },
        );
        Ok(())
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        if anchor != 0 {
            self.keep_anchor(anchor, &node)?;
        }
        let Some(frame) = self.frames.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping {
                mapping,
                key,
                merges,
            } => match key.take() {
                Some(key) if key.is_merge => merges.push((key.span, node)),
                Some(key) => mapping.insert_entry(
                    key.text,
                    Entry {
                        key_span: key.span,
                        key_kind: key.kind,
                        value: node,
                    },
                ),
                None => {}
            },
        }
        Ok(())
    }
}

/// Number of values in `node`, itself included, and how deep they stand in each other.
fn size(node: &Node) -> (usize, usize) {
    let of_children = |children: &mut dyn Iterator<Item = &Node>| {
        children
            .map(size)
            .fold((1, 1), |(values, depth), (more, below)| {
                (values + more, depth.max(below + 1))
            })
    };
    match &node.value {
        Value::Sequence(items) => of_children(&mut items.iter()),
        Value::Mapping(mapping) => of_children(&mut mapping.iter().map(|(_, entry)| &entry.value)),
        _ => (1, 0),
    }
}

/// Whether a key `<<` merges: without a tag only when no quotes stand around it, behind `!!merge` always.
fn is_merge_tag(tag: Option<&YamlTag>, style: ScalarStyle) -> bool {
    match has_tag(tag) {
        true => scalar_tag(tag).as_deref() == Some("merge"),
        false => style == ScalarStyle::Plain,
    }
}

/// A `!` alone says nothing.
fn has_tag(tag: Option<&YamlTag>) -> bool {
    tag.is_some_and(|tag| tag.original() != "!")
}

/// Which of YAML's own types a tag names: `int` for `!!int`.
fn scalar_tag(tag: Option<&YamlTag>) -> Option<Cow<'_, str>> {
    tag?.suffix_in_namespace("tag:yaml.org,2002:")
}

/// An alias repeats a value without what `!reset` took out of it where it is written.
fn remove_resets(node: &mut Node) {
    let stays = |value: &mut Node| {
        remove_resets(value);
        value.tag != Some(Tag::Reset)
    };
    match &mut node.value {
        _ if node.tag == Some(Tag::Override) => {}
        Value::Mapping(mapping) => mapping.retain(|_, entry| stays(&mut entry.value)),
        Value::Sequence(items) => items.retain_mut(stays),
        _ => {}
    }
}

/// Where a `\/` stands in what is written between double quotes.
fn escaped_slash(written: &str) -> Option<usize> {
    let mut escapes = written.match_indices('\\').map(|(at, _)| at);
    let mut next = escapes.next();
    while let Some(at) = next {
        if written[at..].starts_with("\\/") {
            return Some(at);
        }
        next = escapes.find(|later| *later > at + 1);
    }
    None
}

/// The tag, if it is one of Compose's own.
fn compose_tag(tag: Option<&YamlTag>) -> Option<Tag> {
    match tag?.original().as_str() {
        "!reset" => Some(Tag::Reset),
        "!override" => Some(Tag::Override),
        _ => None,
    }
}
