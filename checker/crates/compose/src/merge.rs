//! How a later file meets an earlier one, and which list items replace each other.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use foldhash::fast::RandomState;

use crate::at::At;
use crate::expand;
use crate::finding::Finding;
use crate::node::{Mapping, Node, Step, Tag, Value};
use crate::specification::{Field, Form, Identity, Keys, Merge, Shape, Short};

/// Merges `over` onto `base`, both of the shape `shape`.
pub(crate) fn merge(
    base: &mut Node,
    over: Node,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    merge_by(base, over, shape, Merge::Usual, at, findings);
}

fn merge_by(
    base: &mut Node,
    mut over: Node,
    shape: &Shape,
    how: Merge,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    if how == Merge::Replace {
        return replace(base, over);
    }
    if shape.form == Form::Ulimit {
        return replace(base, over);
    }
    // Here Compose looks into both before it asks whether there is anything, and ends in a crash.
    let is_looked_into = how == Merge::SameDriver || how == Merge::Expanded && !over.is_null();
    if is_looked_into && base.is_null() != over.is_null() {
        return findings.push(cannot_merge(base, &over, at));
    }
    // A file that is extended may hold a key with nothing behind it; what Compose makes a list of is then an empty one.
    if base.is_null() && over.is_null() {
        match how {
            Merge::Pairs | Merge::PairsOnce | Merge::Lists | Merge::Hosts => {
                base.value = Value::Sequence(Vec::new());
            }
            Merge::Expanded if shape.short == Short::NamesToMapping => {
                base.value = Value::Mapping(Mapping::new());
            }
            _ => {}
        }
    }
    if over.is_null() {
        return;
    }
    if base.is_null() {
        return replace(base, over);
    }
    match how {
        Merge::Pairs | Merge::PairsOnce | Merge::Expanded => {
            expand::expand_here(base, shape, at, findings);
            expand::expand_here(&mut over, shape, at, findings);
            if how == Merge::PairsOnce {
                refuse_same_pairs(base, &over, at, findings);
            }
            let keep_null = how != Merge::Expanded;
            merge_mappings(base, over, shape, keep_null, at, findings);
            if shape.short == Short::PairsToMapping
                && let Value::Mapping(mapping) = &mut base.value
            {
                mapping.set_listed();
            }
        }
        Merge::Lists => {
            as_list(base);
            as_list(&mut over);
            append(base, over, at, findings);
        }
        Merge::Hosts => {
            hosts_as_list(base);
            hosts_as_list(&mut over);
            let known: HashSet<String> = base
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .filter_map(Node::scalar_text)
                .collect();
            if let Value::Sequence(items) = &mut over.value {
                items.retain(|item| item.scalar_text().is_none_or(|text| !known.contains(&text)));
            }
            append(base, over, at, findings);
        }
        Merge::SameDriver => match (base.child("driver"), over.child("driver")) {
            (Some(one), Some(two)) if !one.same_value(two) => replace(base, over),
            _ => merge_by(base, over, shape, Merge::Usual, at, findings),
        },
        Merge::Pools => merge_pools(base, over, shape, at, findings),
        Merge::Usual | Merge::Replace => match (&base.value, &over.value) {
            (Value::Mapping(_), Value::Mapping(_)) => {
                merge_mappings(base, over, shape, false, at, findings)
            }
            (Value::Sequence(_), Value::Sequence(_)) => append(base, over, at, findings),
            (Value::Mapping(_) | Value::Sequence(_), _) => {
                findings.push(cannot_merge(base, &over, at))
            }
            _ => replace(base, over),
        },
    }
}

fn replace(base: &mut Node, mut over: Node) {
    let previous = base.span();
    over.origin.push(Step::MergedOver { previous });
    *base = over;
}

fn cannot_merge(base: &Node, over: &Node, at: &At<'_>) -> Finding {
    Finding::error(
        "cannot-merge",
        format!(
            "This is {}, and what it is merged onto is {}.",
            over.kind(),
            base.kind()
        ),
        over.span(),
    )
    .label(format!("{} here", over.kind()))
    .related(base.span(), format!("{} here", base.kind()))
    .help("write both in the same form, or put `!override` before the later one")
    .path(at.to_string())
}

fn append(base: &mut Node, over: Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    match (&mut base.value, over.value) {
        (Value::Sequence(items), Value::Sequence(more)) => {
            if !more.is_empty() {
                let other = over.origin.span;
                base.origin.push(Step::Joined { other });
            }
            items.extend(more);
        }
        (_, value) => {
            let over = Node::with_origin(value, over.origin);
            findings.push(cannot_merge(base, &over, at));
        }
    }
}

fn merge_mappings(
    base: &mut Node,
    over: Node,
    shape: &Shape,
    keep_null: bool,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    if base.as_mapping().is_none() || over.as_mapping().is_none() {
        return findings.push(cannot_merge(base, &over, at));
    }
    let (Value::Mapping(mapping), Value::Mapping(others)) = (&mut base.value, over.value) else {
        return;
    };
    if !mapping.is_empty() && !others.is_empty() {
        let other = over.origin.span;
        base.origin.push(Step::Joined { other });
    }
    for (key, entry) in others.into_entries() {
        let Some(existing) = mapping.get_mut(&key) else {
            mapping.insert_entry(key, entry);
            continue;
        };
        if keep_null {
            replace(existing, entry.value);
            continue;
        }
        let here = at.key(&key);
        match &shape.keys {
            Keys::Fields(..) => match shape.field(&key) {
                Some(field) => merge_by(
                    existing,
                    entry.value,
                    field.shape,
                    field.merge,
                    &here,
                    findings,
                ),
                None => merge_by(
                    existing,
                    entry.value,
                    &crate::specification::ANYTHING,
                    Merge::Usual,
                    &here,
                    findings,
                ),
            },
            Keys::Names(child) | Keys::Texts(child) => {
                merge_by(existing, entry.value, child, Merge::Usual, &here, findings)
            }
            Keys::Any => merge_by(
                existing,
                entry.value,
                &crate::specification::ANYTHING,
                Merge::Usual,
                &here,
                findings,
            ),
        }
    }
}

fn as_list(node: &mut Node) {
    if matches!(node.value, Value::String(_) | Value::Mapping(_)) {
        let origin = node.origin.clone();
        let item = std::mem::replace(node, Node::with_origin(Value::Null, origin));
        node.value = Value::Sequence(vec![item]);
    }
}

fn hosts_as_list(node: &mut Node) {
    let Value::Mapping(mapping) = &mut node.value else {
        return;
    };
    let mut items = Vec::new();
    for (host, entry) in std::mem::take(mapping).into_entries() {
        let addresses = match entry.value.value {
            Value::Sequence(addresses) => addresses,
            value => vec![Node::with_origin(value, entry.value.origin)],
        };
        for address in addresses {
            let text = match address.scalar_text() {
                Some(address) => format!("{host}={address}"),
                None => host.to_string(),
            };
            items.push(Node::text(text, address.origin));
        }
    }
    node.value = Value::Sequence(items);
}

/// A list of both would hold the same text twice.
fn refuse_same_pairs(base: &Node, over: &Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let (Some(earlier), Some(later)) = (base.as_mapping(), over.as_mapping()) else {
        return;
    };
    for (key, entry) in later.iter() {
        let Some(known) = earlier.entry(key) else {
            continue;
        };
        if known.value.scalar_text() == entry.value.scalar_text() {
            findings.push(
                Finding::error(
                    "repeated-item",
                    format!("`{key}` is set to the same in an earlier file."),
                    entry.key_span,
                )
                .label("here again")
                .related(known.key_span, "first written here")
                .help("remove one of the two; Compose takes no pair twice here")
                .path(at.key(key).to_string()),
            );
        }
    }
}

/// As Compose does it: each pool of the earlier file meets each of the later, and keeps what it took over from the one
/// when it meets the next.
fn merge_pools(
    base: &mut Node,
    over: Node,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    #[derive(Clone, Copy)]
    enum Kept {
        Earlier(usize),
        Later(usize),
    }
    let (Value::Sequence(pools), Some(others)) = (&mut base.value, over.as_sequence()) else {
        return findings.push(cannot_merge(base, &over, at));
    };
    let subnet = |pool: &Node| pool.child("subnet").and_then(Node::scalar_text);
    let pool_shape = shape.items.unwrap_or(shape);
    let mut kept: Vec<Kept> = Vec::new();
    for index in 0..pools.len() {
        for (position, other) in others.iter().enumerate() {
            let known = |pools: &[Node], wanted: &Option<String>| {
                kept.iter().position(|kept| {
                    let pool = match kept {
                        Kept::Earlier(index) => &pools[*index],
                        Kept::Later(position) => &others[*position],
                    };
                    subnet(pool) == *wanted
                })
            };
            let of_other = subnet(other);
            if of_other != subnet(&pools[index]) && known(pools, &of_other).is_none() {
                kept.push(Kept::Later(position));
                continue;
            }
            merge(&mut pools[index], other.clone(), pool_shape, at, findings);
            match known(pools, &subnet(&pools[index])) {
                Some(place) => kept[place] = Kept::Earlier(index),
                None => kept.push(Kept::Earlier(index)),
            }
        }
    }
    let merged = kept.into_iter().map(|kept| match kept {
        Kept::Earlier(index) => pools[index].clone(),
        Kept::Later(position) => others[position].clone(),
    });
    *pools = merged.collect();
}

/// Lets a later item of a list replace an earlier one that stands for the same thing.
pub(crate) fn keep_last(node: &mut Node, shape: &Shape) {
    let Value::Mapping(mapping) = &mut node.value else {
        return;
    };
    if !shape.has_identities {
        return;
    }
    for (key, entry) in mapping.iter_mut() {
        match &shape.keys {
            Keys::Fields(..) => {
                if let Some(field) = shape.field(key) {
                    keep_last_of(&mut entry.value, field);
                    keep_last(&mut entry.value, field.shape);
                }
            }
            Keys::Names(child) | Keys::Texts(child) => keep_last(&mut entry.value, child),
            Keys::Any => {}
        }
    }
}

fn keep_last_of(node: &mut Node, field: &Field) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    if field.identity == Identity::None || items.len() < 2 {
        return;
    }
    // An item that cannot be told is left for validation to judge.
    let identity = |(index, item): (usize, &Node)| {
        identity_of(item, field.identity).unwrap_or_else(|| format!("\0{index}"))
    };
    let identities: Vec<String> = items.iter().enumerate().map(identity).collect();
    let known: HashSet<&str, RandomState> = identities.iter().map(String::as_str).collect();
    if known.len() == items.len() {
        return;
    }
    let mut kept: indexmap::IndexMap<String, Node> = indexmap::IndexMap::with_capacity(items.len());
    for (identity, mut item) in identities.into_iter().zip(std::mem::take(items)) {
        if let Some(earlier) = kept.get(&identity) {
            item.origin.push(Step::MergedOver {
                previous: earlier.span(),
            });
        }
        kept.insert(identity, item);
    }
    *items = kept.into_values().collect();
}

fn identity_of(item: &Node, identity: Identity) -> Option<String> {
    let text = |key: &str| item.child(key).and_then(Node::scalar_text);
    let either =
        |of_text: &dyn Fn(&str) -> Option<String>,
         of_mapping: &dyn Fn(&Mapping) -> Option<String>| match &item.value {
            Value::String(text) => of_text(text),
            Value::Mapping(mapping) => of_mapping(mapping),
            _ => None,
        };
    match identity {
        Identity::None => None,
        Identity::Key => item.as_str().map(|text| {
            text.split_once('=')
                .map_or(text, |(key, _)| key)
                .to_string()
        }),
        Identity::Number => item.scalar_text(),
        Identity::Path => either(&|text| Some(text.into()), &|_| text("path")),
        Identity::MountTarget => either(
            &|text| crate::mount::parse(text).ok().map(|mount| mount.target),
            &|_| text("target"),
        ),
        Identity::DeviceTarget => either(
            &|text| text.split(':').nth(1).or(Some(text)).map(String::from),
            &|_| text("target"),
        ),
        Identity::SecretTarget => file_target(item, "/run/secrets/"),
        Identity::ConfigTarget => file_target(item, "/"),
        Identity::Port => match &item.value {
            Value::Mapping(_) => Some(format!(
                "{}:{}:{}/{}",
                text("host_ip").unwrap_or_else(|| "0.0.0.0".into()),
                published(item),
                text("target").unwrap_or_default(),
                text("protocol").unwrap_or_else(|| "tcp".into()),
            )),
            _ => item.scalar_text(),
        },
    }
}

/// Compose compares the published port as it is written: `8080` and `"8080"` are two.
fn published(item: &Node) -> String {
    match item.child("published") {
        Some(node) => match (&node.value, node.scalar_text()) {
            (Value::Integer(number), _) => format!("number {number}"),
            (_, text) => text.unwrap_or_default(),
        },
        None => String::new(),
    }
}

fn file_target(item: &Node, folder: &str) -> Option<String> {
    let text = |key: &str| item.child(key).and_then(Node::scalar_text);
    match &item.value {
        Value::String(name) => Some(format!("{folder}{name}")),
        Value::Mapping(_) => {
            text("target").or_else(|| text("source").map(|source| format!("{folder}{source}")))
        }
        _ => None,
    }
}

/// Takes `!reset` values out of `node` and returns the paths that `!reset` and `!override` clear in what came before.
pub(crate) fn take_resets(node: &mut Node) -> Vec<Vec<String>> {
    let mut cleared = Vec::new();
    // Hardly any file has such tags, and writing down the path of every value takes its time.
    if clears(node) {
        take_resets_below(node, &mut Vec::new(), &mut cleared);
    }
    cleared
}

/// Whether anything in `node` is tagged `!reset` or `!override`.
fn clears(node: &Node) -> bool {
    matches!(node.tag, Some(Tag::Reset | Tag::Override))
        || match &node.value {
            Value::Mapping(mapping) => mapping.iter().any(|(_, entry)| clears(&entry.value)),
            Value::Sequence(items) => items.iter().any(clears),
            _ => false,
        }
}

fn take_resets_below(node: &mut Node, path: &mut Vec<String>, cleared: &mut Vec<Vec<String>>) {
    match &mut node.value {
        Value::Mapping(mapping) => mapping.retain(|key, entry| {
            path.push(key.to_string());
            let keep = keeps(&mut entry.value, path, cleared);
            path.pop();
            keep
        }),
        Value::Sequence(items) => {
            let mut index = 0;
            items.retain_mut(|item| {
                path.push(index.to_string());
                index += 1;
                let keep = keeps(item, path, cleared);
                path.pop();
                keep
            });
        }
        _ => {}
    }
}

fn keeps(node: &mut Node, path: &mut Vec<String>, cleared: &mut Vec<Vec<String>>) -> bool {
    match node.tag {
        Some(Tag::Reset) => {
            cleared.push(path.clone());
            false
        }
        Some(Tag::Override) => {
            cleared.push(path.clone());
            true
        }
        _ => {
            take_resets_below(node, path, cleared);
            true
        }
    }
}

/// Removes what `paths` name from the mappings of `node`; `*` stands for every key. Items of lists have no names, and
/// neither has a key that Compose holds as an item `KEY=value`.
pub(crate) fn clear(node: &mut Node, paths: &[Vec<String>]) {
    // Taken out together: each removal by itself would move all the entries behind it.
    let mut by_parents: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
    for path in paths {
        if let Some((last, parents)) = path.split_last() {
            by_parents.entry(parents).or_default().insert(last);
        }
    }
    for (parents, keys) in by_parents {
        clear_below(node, parents, &keys);
    }
}

fn clear_below(node: &mut Node, parents: &[String], keys: &BTreeSet<&str>) {
    let Value::Mapping(mapping) = &mut node.value else {
        return;
    };
    if mapping.is_listed() {
        return;
    }
    match parents.split_first() {
        None if keys.contains("*") => mapping.retain(|_, _| false),
        None => mapping.retain(|key, _| !keys.contains(key)),
        Some((step, below)) if step == "*" => mapping
            .iter_mut()
            .for_each(|(_, entry)| clear_below(&mut entry.value, below, keys)),
        Some((step, below)) => {
            if let Some(value) = mapping.get_mut(step) {
                clear_below(value, below, keys);
            }
        }
    }
}
