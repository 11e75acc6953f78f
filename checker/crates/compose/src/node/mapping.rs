//! Mappings that keep the order of the file.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::Node;
use crate::scalar::Plain;
use crate::source::Span;

/// A key: nearly all are so short that they stand in the mapping itself.
pub(crate) type Key = smol_str::SmolStr;

/// A mapping from key to value that keeps the order of the file.
// In a box, because values are moved often and most of them are small.
#[derive(Clone, Debug, Default)]
pub struct Mapping(Box<Entries>);

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key is written.
    pub key_span: Span,
    /// What kind of thing the key is; only text is accepted in Compose files.
    pub key_kind: KeyKind,
    /// The value.
    pub value: Node,
}

/// What a key is once YAML has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Text.
    Text,
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A date.
    Date,
}

impl KeyKind {
    /// What a scalar is as a key.
    pub(crate) fn of_scalar(scalar: &Plain) -> Self {
        match scalar {
            Plain::Null => KeyKind::Null,
            Plain::Bool(_) => KeyKind::Bool,
            Plain::Integer(_) | Plain::Float(_) | Plain::Large => KeyKind::Number,
            Plain::Timestamp => KeyKind::Date,
            Plain::Text => KeyKind::Text,
        }
    }

    /// What it is instead of a text, for people: "a number". Nothing if it is a text, as it should be.
    pub(crate) fn mistaken(self) -> Option<&'static str> {
        match self {
            KeyKind::Text => None,
            KeyKind::Null => Some("nothing"),
            KeyKind::Bool => Some("true or false"),
            KeyKind::Number => Some("a number"),
            KeyKind::Date => Some("a date"),
        }
    }
}

/// Nearly all mappings of a file are as small as a service or a port, and to look through a few keys is quicker than to
/// hash one. Only the large ones have an index.
#[derive(Clone, Debug, Default)]
struct Entries {
    all: Vec<(Key, Entry)>,
    index: Option<Index>,
    is_listed: bool,
}

/// The most keys that are looked through one by one.
const FEW: usize = 16;

/// Where each key stands among the entries.
#[derive(Clone, Debug, Default)]
struct Index {
    positions: HashTable<usize>,
    hasher: RandomState,
}

impl Index {
    fn of(entries: &[(Key, Entry)]) -> Self {
        let mut index = Self::default();
        for position in 0..entries.len() {
            index.add(position, entries);
        }
        index
    }

    fn position(&self, key: &str, entries: &[(Key, Entry)]) -> Option<usize> {
        let is_it = |position: &usize| entries[*position].0 == key;
        let hash = self.hasher.hash_one(key);
        self.positions.find(hash, is_it).copied()
    }

    /// Adds the key that stands at `position`, and was not there before.
    fn add(&mut self, position: usize, entries: &[(Key, Entry)]) {
        let hash = |position: &usize| self.hasher.hash_one(entries[*position].0.as_str());
        self.positions
            .insert_unique(hash(&position), position, hash);
    }
}

impl Entries {
    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.position(key, &self.all),
            None => self.all.iter().position(|(known, _)| known == key),
        }
    }

    fn insert(&mut self, key: Key, entry: Entry) -> Option<Entry> {
        if let Some(position) = self.position(&key) {
            return Some(std::mem::replace(&mut self.all[position].1, entry));
        }
        self.all.push((key, entry));
        match &mut self.index {
            Some(index) => index.add(self.all.len() - 1, &self.all),
            None => self.find_places(),
        }
        None
    }

    /// Makes the index anew, after entries have changed their places.
    fn find_places(&mut self) {
        self.index = (self.all.len() > FEW).then(|| Index::of(&self.all));
    }
}

impl Mapping {
    /// An empty mapping.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Says that Compose holds this as a list of `KEY=value`: it was written as one, or two of them were merged.
    pub(crate) fn set_listed(&mut self) {
        self.0.is_listed = true;
    }

    /// Whether Compose holds this as a list of `KEY=value`.
    pub(crate) fn is_listed(&self) -> bool {
        self.0.is_listed
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The value of `key`, to change it.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let position = self.0.position(key)?;
        Some(&mut self.0.all[position].1.value)
    }

    /// The entry of `key`: its place and its value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.position(key).map(|position| &self.0.all[position].1)
    }

    /// Whether `key` is there, even with an empty value.
    pub fn contains(&self, key: &str) -> bool {
        self.0.position(key).is_some()
    }

    /// Keys and entries in the order of the file.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Entry)> {
        self.0.all.iter().map(|(key, entry)| (key.as_str(), entry))
    }

    /// Keys and entries, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Entry)> {
        self.0
            .all
            .iter_mut()
            .map(|(key, entry)| (key.as_str(), entry))
    }

    /// The keys in the order of the file.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.all.iter().map(|(key, _)| key.as_str())
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.all.is_empty()
    }

    /// Sets `key`; a key that is already there keeps its place in the order.
    pub(crate) fn insert(
        &mut self,
        key: impl Into<Key>,
        key_span: Span,
        value: Node,
    ) -> Option<Node> {
        let entry = Entry {
            key_span,
            key_kind: KeyKind::Text,
            value,
        };
        self.0.insert(key.into(), entry).map(|entry| entry.value)
    }

    /// Sets `key` to an entry made elsewhere.
    pub(crate) fn insert_entry(&mut self, key: impl Into<Key>, entry: Entry) {
        self.0.insert(key.into(), entry);
    }

    /// Takes `key` out; the others keep their order. Takes as long as to look at every key.
    pub(crate) fn remove(&mut self, key: &str) -> Option<Entry> {
        let position = self.0.position(key)?;
        let (_, entry) = self.0.all.remove(position);
        self.0.find_places();
        Some(entry)
    }

    /// Keeps only the entries for which `keep` says so.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&str, &mut Entry) -> bool) {
        let before = self.len();
        self.0.all.retain_mut(|(key, entry)| keep(key, entry));
        if self.len() < before {
            self.0.find_places();
        }
    }

    /// All entries with their keys, in the order of the file.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = (Key, Entry)> {
        self.0.all.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Value;
    use crate::source::SourceId;

    const NOWHERE: Span = Span {
        source: SourceId(0),
        start: 0,
        end: 0,
    };

    fn number(number: usize) -> Node {
        Node::new(Value::Integer(number as i64), NOWHERE)
    }

    fn keys(mapping: &Mapping) -> Vec<&str> {
        mapping.keys().collect()
    }

    /// Small and large ones are searched in two ways, and nobody should notice which.
    #[test]
    fn a_mapping_of_any_size_finds_its_keys_and_keeps_their_order() {
        for size in [0, 1, FEW - 1, FEW, FEW + 1, FEW + 2, 10 * FEW] {
            let mut mapping = Mapping::new();
            let names: Vec<String> = (0..size).map(|number| format!("key-{number}")).collect();
            for (at, name) in names.iter().enumerate() {
                assert!(mapping.insert(name.as_str(), NOWHERE, number(at)).is_none());
            }
            assert_eq!(keys(&mapping), names);
            for (at, name) in names.iter().enumerate() {
                assert!(
                    mapping
                        .get(name)
                        .is_some_and(|node| node.same_value(&number(at)))
                );
            }
            assert!(!mapping.contains("key"));

            if let Some(middle) = names.get(size / 2) {
                let before = mapping.insert(middle.as_str(), NOWHERE, number(1000));
                assert!(before.is_some_and(|node| node.same_value(&number(size / 2))));
                assert_eq!(
                    keys(&mapping),
                    names,
                    "a key that is set again stays where it is"
                );

                assert!(mapping.remove(middle).is_some());
                assert!(mapping.remove(middle).is_none());
                let left = names.iter().filter(|name| *name != middle);
                assert!(left.clone().all(|name| mapping.contains(name)));
                assert_eq!(keys(&mapping), left.collect::<Vec<_>>());
            }

            mapping.retain(|name, _| name.ends_with('7'));
            let middle = names.get(size / 2);
            let left = names.iter().filter(|name| name.ends_with('7'));
            let left: Vec<&String> = left.filter(|name| Some(*name) != middle).collect();
            assert_eq!(keys(&mapping), left);
            assert!(left.iter().all(|name| mapping.contains(name)));
            assert!(!mapping.contains("key-1"));
        }
    }
}
