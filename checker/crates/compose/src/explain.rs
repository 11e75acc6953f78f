//! Where a value of the model came from, step by step.
//!
//! ```
//! use compose::render::{self, Style};
//!
//! let reader = compose::MemoryReader::new([
//!     ("compose.yaml", "services:\n  web:\n    image: nginx:${TAG:-latest}\n"),
//!     (".env", "TAG=1.27\n"),
//! ]);
//! let loaded = compose::load(&reader, &compose::Request { folder_name: "shop".into(), ..Default::default() });
//! let project = loaded.project.expect("no findings");
//! let explanation = compose::explain::explain(&project, &loaded.sources, "services.web.image").expect("it is there");
//! assert_eq!(render::explanation(&explanation, &loaded.sources, Style::Plain), "\
//! services.web.image is `nginx:1.27`
//!
//! 1: It is written here.
//!  --> compose.yaml:3:12
//!   |
//! 3 |     image: nginx:${TAG:-latest}
//!   |            ^^^^^^^^^^^^^^^^^^^^
//! 2: The variable `TAG` is put in; it is set here.
//!  --> .env:1:1
//!   |
//! 1 | TAG=1.27
//!   | ^^^^^^^^
//! ");
//! ```

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::node::{Node, Step, Tag, Value, VariableOrigin, split_path};
use crate::print::{self, Notation};
use crate::project::Project;
use crate::source::{Sources, Span};
use crate::specification::{ANYTHING, PROJECT, Shape};
use crate::suggest;

/// A value, and how it came into the model.
#[derive(Clone, Debug)]
pub struct Explanation<'a> {
    /// Its path, with quotes where a key has dots in it.
    pub path: String,
    /// The value.
    pub node: &'a Node,
    /// What happened, in order; at least one.
    pub chain: Vec<Link>,
    /// For a mapping its keys, for a list its items.
    pub parts: Vec<Part<'a>>,
}

/// One thing that happened to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// A stable name in kebab-case: `written`, `merged-over`, `variable`, `default`, …
    pub kind: &'static str,
    /// One sentence. Where there is a place, it stands below.
    pub text: String,
    /// The same in a few words, for a table.
    pub short: String,
    /// Where it happened.
    pub span: Option<Span>,
}

/// A key of a mapping or an item of a list.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The key, or the item's position from 0.
    pub key: String,
    /// The path of the value.
    pub path: String,
    /// The value.
    pub node: &'a Node,
    /// What happened to it.
    pub chain: Vec<Link>,
}

/// Explains the value at `path`, written as for [`Node::get`]. Where no key is meant by a piece between two dots, the
/// pieces that together are a key are taken: `labels.com.example.a`.
///
/// # Errors
/// When there is no such value: a finding that names what is there, and the likely key.
pub fn explain<'a>(
    project: &'a Project,
    sources: &Sources,
    path: &str,
) -> Result<Explanation<'a>, Box<Finding>> {
    let steps = split_path(path).ok_or_else(|| {
        let finding = Finding::error(
            "no-such-value",
            format!("In `{path}` a quote is not closed."),
            None,
        );
        Box::new(finding.help("write a key with dots in it as `labels.\"a.b\"`"))
    })?;
    let mut node = project.root();
    let mut shape = &PROJECT;
    let mut found = String::new();
    let mut rest = steps.as_slice();
    while let [first, ..] = rest {
        let taken = (1..=rest.len()).find_map(|count| {
            let key = rest[..count].join(".");
            Some((node.child(&key)?, key, count))
        });
        let Some((child, key, count)) = taken else {
            return Err(Box::new(not_there(project, node, &found, first)));
        };
        shape = match node.value {
            Value::Sequence(_) => shape.items.unwrap_or(&ANYTHING),
            _ => shape.child(&key),
        };
        node = child;
        found = joined(&found, &key);
        rest = &rest[count..];
    }
    let teller = Teller {
        sources,
        outdone: project.outdone(),
    };
    Ok(Explanation {
        chain: teller.chain(node),
        parts: teller.parts(node, shape, &found),
        path: found,
        node,
    })
}

fn joined(path: &str, key: &str) -> String {
    let key = match key.contains('.') {
        true => format!("\"{key}\""),
        false => key.to_string(),
    };
    match path {
        "" => key,
        path => format!("{path}.{key}"),
    }
}

fn not_there(project: &Project, node: &Node, path: &str, key: &str) -> Finding {
    let place = if path.is_empty() { "the project" } else { path };
    let finding = Finding::error(
        "no-such-value",
        match key {
            "" => format!("Between two dots, or before or after one, no key of {place} is named."),
            key => format!("There is no `{key}` in {place}."),
        },
        node.span(),
    )
    .label(format!("{place} comes from here"))
    .path(joined(path, key));
    let disabled = project.disabled_services().find(|(name, _)| *name == key);
    if let (Some((_, profiles)), "services") = (disabled, path) {
        let profile = profiles.first().map_or("NAME", String::as_str);
        return finding.help(format!(
            "the service takes part only in a profile: add `--profile {profile}`"
        ));
    }
    let keys: Vec<String> = match &node.value {
        Value::Mapping(mapping) => mapping.keys().map(String::from).collect(),
        Value::Sequence(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => {
            return finding.help(format!("{place} is {}: nothing is below it", node.kind()));
        }
    };
    let finding = match keys.as_slice() {
        [] => finding.expected(format!("nothing: {place} is empty")),
        keys => finding.expected(format!("one of {}", keys.join(", "))),
    };
    match meant(project, node, path, key) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None if node.as_sequence().is_some() => finding.help("items are counted from 0"),
        None if key.is_empty() || key.contains('/') => {
            finding.help("put one dot between two keys, as `services.web.image`")
        }
        None => finding.help(
            "nothing is written for it, or it is empty, or a `!reset` takes it away; Compose fills nothing in",
        ),
    }
}

/// The path that was likely meant where `key` is not in `node`.
fn meant(project: &Project, node: &Node, path: &str, key: &str) -> Option<String> {
    // Other tools write the items of a list as `ports[0]`.
    if let Some((list, item)) = key.split_once('[') {
        let item = item.trim_end_matches(']').trim_matches(['"', '\'']);
        node.child(list)?.child(item)?;
        return Some(joined(&joined(path, list), item));
    }
    let services = project.root().child("services");
    if path.is_empty() && services.is_some_and(|services| services.child(key).is_some()) {
        return Some(joined("services", key));
    }
    if key.contains('/') {
        return None;
    }
    let nearest = suggest::nearest(key, node.as_mapping()?.keys())?;
    Some(joined(path, nearest))
}

/// Puts steps into words.
struct Teller<'a> {
    sources: &'a Sources,
    /// Where files set variables that the shell sets as well.
    outdone: &'a BTreeMap<String, Span>,
}

impl Teller<'_> {
    /// The parts that are printed, in the order in which they are printed.
    fn parts<'n>(&self, node: &'n Node, shape: &Shape, path: &str) -> Vec<Part<'n>> {
        let part = |key: &str, node: &'n Node| Part {
            key: key.to_string(),
            path: joined(path, key),
            node,
            chain: self.chain(node),
        };
        match &node.value {
            Value::Mapping(mapping) => print::entries(mapping, shape, Notation::Yaml)
                .into_iter()
                .map(|shown| part(&shown.key, shown.value))
                .collect(),
            Value::Sequence(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| part(&index.to_string(), item))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// What happened to `node`, beginning with the place where it is written.
    fn chain(&self, node: &Node) -> Vec<Link> {
        let origin = &node.origin;
        let filled_in = origin
            .steps
            .iter()
            .position(|step| matches!(step, Step::Default | Step::Given { .. }));
        let (kind, text) = match filled_in {
            None => ("written", "It is written here."),
            Some(_) => (
                "belongs-to",
                "Nothing is written for it; it belongs to what stands here.",
            ),
        };
        let mut links = vec![Link::at(origin.span, kind, text, "")];
        if node.tag == Some(Tag::Override) {
            let text = "`!override` drops everything that was said about it before.";
            links.push(Link::without_place("override", text, "!override"));
        }
        for (index, step) in origin.steps.iter().enumerate() {
            // How the text came about to which the value belongs says nothing about the value.
            let is_of_another = filled_in.is_some_and(|at| index < at)
                && matches!(
                    step,
                    Step::Interpolated { .. }
                        | Step::ShortForm
                        | Step::RelativePath
                        | Step::Joined { .. }
                        | Step::MergedOver { .. }
                );
            // One file after another moves a path to its own folder; what is written is relative once.
            let is_repeated = matches!(step, Step::RelativePath | Step::Default)
                && origin.steps[..index].contains(step);
            if is_of_another || is_repeated {
                continue;
            }
            if *step == Step::RelativePath {
                links.push(self.relative_path(node, &origin.steps[index..]));
            } else {
                links.extend(self.links(step, node));
            }
        }
        links
    }

    /// Which folder a relative path starts in; `later` is what happened to it after that.
    fn relative_path(&self, node: &Node, later: &[Step]) -> Link {
        let is_from = |step: &Step| match step {
            Step::Included { .. } => Some("the folder of the included project"),
            Step::Extended { .. } => Some("the folder of the file it stands in"),
            _ => None,
        };
        let folder = later.iter().find_map(is_from);
        let text = match self.sources.text(node.span()) {
            written if written.trim_start_matches(['"', '\'']).starts_with('~') => {
                "`~` stands for the home folder.".to_string()
            }
            _ => format!(
                "It is a relative path, and starts in {}.",
                folder.unwrap_or("the project's folder")
            ),
        };
        Link::without_place("relative-path", text, "relative path")
    }

    fn place(&self, span: Span) -> String {
        let position = self.sources.position(span);
        let path = &self.sources.get(span.source).path;
        format!("{path}:{}", position.line)
    }

    fn links(&self, step: &Step, node: &Node) -> Vec<Link> {
        let place = |span: Span| self.place(span);
        let link = match step {
            Step::MergedOver { previous } => Link::at(
                *previous,
                "merged-over",
                "It replaces an earlier value, which stands here.",
                format!("instead of {}", place(*previous)),
            ),
            Step::Joined { other } => Link::at(
                *other,
                "joined",
                "What stands here is added to it.",
                format!("with {}", place(*other)),
            ),
            Step::Alias { used } => Link::at(
                *used,
                "alias",
                "It is used here, through an alias of its anchor.",
                format!("alias in {}", place(*used)),
            ),
            Step::MergeKey { used } => Link::at(
                *used,
                "merge-key",
                "It comes into this mapping through the merge key `<<`.",
                format!("<< in {}", place(*used)),
            ),
            Step::Interpolated { variable, from } => match from {
                // The line of the file is the value itself.
                VariableOrigin::File(span) if *span == node.span() => return Vec::new(),
                _ => return self.variable(variable, from, node),
            },
            Step::Default => Link::without_place("default", "Compose fills it in.", "by default"),
            Step::ShortForm => Link::without_place(
                "short-form",
                "It stands there in the short form, and is written out.",
                "short form",
            ),
            Step::Extended { service, at } => Link::at(
                *at,
                "extended",
                format!("It is taken over from the service `{service}`, which is extended here."),
                format!("extends {service} in {}", place(*at)),
            ),
            Step::Included { at } => Link::at(
                *at,
                "included",
                "The file it stands in is included here.",
                format!("included in {}", place(*at)),
            ),
            Step::OtherFile { at } => Link::at(
                *at,
                "other-file",
                "The file it stands in is named here.",
                format!("named in {}", place(*at)),
            ),
            Step::RelativePath => self.relative_path(node, &[]),
            Step::Canonical => Link::without_place(
                "canonical",
                "Compose writes it in a form of its own.",
                "Compose's form",
            ),
            Step::Given { option } => Link::without_place(
                "given",
                format!("`{option}` on the command line says so."),
                *option,
            ),
        };
        vec![link]
    }

    fn variable(&self, name: &str, from: &VariableOrigin, node: &Node) -> Vec<Link> {
        let place = |span: Span| self.place(span);
        let kind = "variable";
        let link = match from {
            VariableOrigin::Shell => Link::without_place(
                kind,
                format!("The variable `{name}` is put in; the shell sets it."),
                format!("{name} from the shell"),
            ),
            VariableOrigin::File(span) => Link::at(
                *span,
                kind,
                format!("The variable `{name}` is put in; it is set here."),
                format!("{name} from {}", place(*span)),
            ),
            VariableOrigin::Fallback => {
                let written = self.sources.text(node.span());
                let is_replacement = [":+", "+"]
                    .iter()
                    .any(|sign| written.contains(&format!("${{{name}{sign}")));
                match is_replacement {
                    true => Link::without_place(
                        kind,
                        format!(
                            "The text behind the `+` is taken if the variable `{name}` has a value, else nothing."
                        ),
                        format!("+ of {name}"),
                    ),
                    false => Link::without_place(
                        kind,
                        format!(
                            "The variable `{name}` has no value, so the text behind the `-` is taken."
                        ),
                        format!("fallback of {name}"),
                    ),
                }
            }
            VariableOrigin::Unset => Link::without_place(
                kind,
                format!("The variable `{name}` is set nowhere, so nothing is put in."),
                format!("{name} is not set"),
            ),
            VariableOrigin::Compose => Link::without_place(
                kind,
                format!("The variable `{name}` is put in; Compose sets it itself."),
                format!("{name} from Compose"),
            ),
        };
        let outdone = self
            .outdone
            .get(name)
            .filter(|_| *from == VariableOrigin::Shell);
        let outdone = outdone.map(|span| {
            Link::at(
                *span,
                "outdone",
                format!("`{name}` is also set here, which does not count beside the shell."),
                format!("not from {}", place(*span)),
            )
        });
        [link].into_iter().chain(outdone).collect()
    }
}

impl Link {
    fn at(
        span: Span,
        kind: &'static str,
        text: impl Into<String>,
        short: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            text: text.into(),
            short: short.into(),
            span: Some(span),
        }
    }

    fn without_place(
        kind: &'static str,
        text: impl Into<String>,
        short: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            text: text.into(),
            short: short.into(),
            span: None,
        }
    }
}
