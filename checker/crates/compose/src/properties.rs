//! What holds for any project: random ones are made from the specification, each value in two spellings that mean the same.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Map, Value as Json, json};

use crate::load::{Loaded, Request, load};
use crate::node::{Node, Value};
use crate::print;
use crate::reader::MemoryReader;
use crate::scalar::{self, Plain};
use crate::source::{SourceId, Sources};
use crate::specification::{
    Field, Form, INTEGER, Keys, MAPPING, PROJECT, SEQUENCE, SERVICE, STRING, Shape, Short, TextRule,
};
use crate::tree::{self, Limits};

/// The same value, spelled twice.
type Twice = (Json, Json);

// Making values from the specification.

fn same(value: impl Into<Json>) -> Twice {
    let value = value.into();
    (value.clone(), value)
}

fn word() -> BoxedStrategy<String> {
    "[a-z][a-z0-9_]{0,6}".boxed()
}

/// Any text, with what is special in YAML and in expressions; the expressions are such that nothing is put in.
fn any_text() -> BoxedStrategy<String> {
    let pieces = [
        "a",
        "B",
        "1",
        "0",
        ".",
        "-",
        "_",
        " ",
        ": ",
        " #",
        "#",
        "$$",
        "'",
        "\"",
        "\\",
        "é",
        "☃",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "yes",
        "null",
        "~",
        "0x1",
        "1e3",
        "2024-01-01",
        "<<",
        "=",
        "?",
        "\n",
        "\t",
    ];
    vec(select(pieces.to_vec()), 1..6)
        .prop_map(|pieces| pieces.concat().trim().to_string())
        .prop_filter("something is left", |text| !text.is_empty())
        .boxed()
}

/// What a key needs its text to be, beyond what the specification's table says.
fn text_of(key: &str) -> BoxedStrategy<String> {
    let fixed: &[&str] = match key {
        "host_ip" | "ipv4_address" | "gateway" | "dns" => &["127.0.0.1", "10.0.0.2"],
        "ipv6_address" => &["::1"],
        "subnet" | "ip_range" => &["10.0.0.0/16", "10.1.0.0/16"],
        "mac_address" => &["02:42:ac:11:00:02"],
        "protocol" => &["tcp", "udp"],
        "restart" => &["no", "always", "unless-stopped", "on-failure:3"],
        "platform" => &["linux/amd64"],
        "file" | "context" | "path" => &["./a", "/a/b", "../c", "./a.env"],
        "source" => &["/src", "./src"],
        "target" => &["/a", "/b/c"],
        "published" => &["8080", "9000-9010"],
        "pull_policy" => &["always", "if_not_present", "every_12h"],
        "network_mode" | "pid" | "ipc" => &["host", "none", "service:db"],
        "format" => &["raw", ""],
        "driver" => &["local", "json-file"],
        _ => return prop_oneof![3 => word(), 1 => any_text()].boxed(),
    };
    select(fixed.to_vec()).prop_map(String::from).boxed()
}

fn twice(shape: &'static Shape, key: &'static str, depth: usize) -> BoxedStrategy<Twice> {
    if let Some(strategy) = short_and_long(shape.short) {
        return strategy;
    }
    let texts = shape.accepts.has(STRING);
    let number_or_text = move |number: i64| {
        if texts && shape.accepts.has(INTEGER) {
            (json!(number), json!(number.to_string()))
        } else if texts {
            same(number.to_string())
        } else {
            same(number)
        }
    };
    if let TextRule::OneOf(known) = shape.text {
        return select(known.to_vec()).prop_map(same).boxed();
    }
    match shape.form {
        Form::Flag | Form::Switch => any::<bool>()
            .prop_map(move |flag| {
                (
                    json!(flag),
                    if texts {
                        json!(flag.to_string())
                    } else {
                        json!(flag)
                    },
                )
            })
            .boxed(),
        Form::Integer | Form::Count | Form::DeviceCount | Form::Ulimit => {
            (1..100i64).prop_map(number_or_text).boxed()
        }
        Form::Float => select(vec!["0.5", "1.5", "2.25"])
            .prop_map(move |text| {
                let number = text.parse::<f64>().expect("these are numbers");
                let range = shape.range.is_some();
                if texts && !range {
                    (json!(number), json!(text))
                } else {
                    same(1)
                }
            })
            .boxed(),
        Form::Bytes => (1..2000i64)
            .prop_map(move |size| {
                if shape.accepts.has(INTEGER) {
                    (json!(format!("{size}k")), json!(size * 1024))
                } else {
                    (
                        json!(format!("{size}kb")),
                        json!(format!("{}b", size * 1024)),
                    )
                }
            })
            .boxed(),
        Form::Duration | Form::OptionalDuration => (1..20_000i64)
            .prop_map(|seconds| {
                let (minutes, rest) = (seconds / 60, seconds % 60);
                (
                    json!(format!("{seconds}s")),
                    json!(format!("{minutes}m{rest}s")),
                )
            })
            .boxed(),
        Form::FileMode => select(vec!["0440", "0755"]).prop_map(same).boxed(),
        Form::Command => vec(word(), 1..4)
            .prop_map(|words| (json!(words.join(" ")), json!(words)))
            .boxed(),
        Form::HealthTest => word()
            .prop_map(|word| (json!(word), json!(["CMD-SHELL", word])))
            .boxed(),
        Form::Hosts => btree_map(word(), select(vec!["1.2.3.4", "::1"]), 1..4)
            .prop_map(|hosts| {
                let list: Vec<String> = hosts
                    .iter()
                    .map(|(host, address)| format!("{host}={address}"))
                    .collect();
                (json!(hosts), json!(list))
            })
            .boxed(),
        Form::External => Just((json!(true), json!("true"))).boxed(),
        Form::Word => (1..9000i64).prop_map(number_or_text).boxed(),
        Form::Words | Form::Text => text_of(key).prop_map(same).boxed(),
        _ if shape.accepts.has(MAPPING) => mapping(shape, depth),
        _ if shape.accepts.has(SEQUENCE) => match shape.items {
            Some(items) => vec(twice(items, key, depth + 1), 1..3)
                .prop_map(list)
                .boxed(),
            None => Just(same(json!([]))).boxed(),
        },
        _ => text_of(key).prop_map(same).boxed(),
    }
}

fn list(items: Vec<Twice>) -> Twice {
    let (one, two): (Vec<Json>, Vec<Json>) = items.into_iter().unzip();
    (Json::Array(one), Json::Array(two))
}

fn short_and_long(short: Short) -> Option<BoxedStrategy<Twice>> {
    let strategy = match short {
        Short::None | Short::Resource => return None,
        Short::PairsToMapping | Short::StrictPairsToMapping => btree_map(word(), any_text(), 1..4)
            .prop_map(|pairs| {
                let list: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                (json!(pairs), json!(list))
            })
            .boxed(),
        Short::TextToList => select(vec!["1.1.1.1", "/run"])
            .prop_map(|text| (json!(text), json!([text])))
            .boxed(),
        Short::NamesToMapping => Just((json!(["front"]), json!({"front": null}))).boxed(),
        Short::Build => word()
            .prop_map(|folder| (json!(format!("./{folder}")), json!({"context": folder})))
            .boxed(),
        Short::Dependencies => Just((
            json!(["db"]),
            json!({"db": {"condition": "service_started"}}),
        ))
        .boxed(),
        Short::Device => word()
            .prop_map(|name| {
                let path = format!("/dev/{name}");
                (
                    json!(path),
                    json!({"source": path, "target": path, "permissions": "rwm"}),
                )
            })
            .boxed(),
        Short::EnvFiles => {
            Just((json!("a.env"), json!([{"path": "a.env", "required": true}]))).boxed()
        }
        Short::FileReference => Just((json!("key"), json!({"source": "key"}))).boxed(),
        Short::Gpus => Just((json!("all"), json!([{"count": "all"}]))).boxed(),
        Short::Mount => mount(),
        Short::Ports => vec(port(), 1..3).prop_map(list).boxed(),
        Short::Provenance => any::<bool>()
            .prop_map(|flag| (json!(flag), json!(flag.to_string())))
            .boxed(),
        Short::Ssh => Just(same(json!(["default"]))).boxed(),
    };
    Some(strategy)
}

fn mount() -> BoxedStrategy<Twice> {
    (word(), any::<bool>(), any::<bool>())
        .prop_map(|(name, is_bind, read_only)| {
            let mode = if read_only { ":ro" } else { "" };
            let (source, mut long) = if is_bind {
                let bind = json!({"create_host_path": true});
                (format!("./{name}"), json!({"type": "bind", "bind": bind}))
            } else {
                ("data".to_string(), json!({"type": "volume", "volume": {}}))
            };
            let target = format!("/{name}");
            let short = format!("{source}:{target}{mode}");
            long["source"] = json!(source);
            long["target"] = json!(target);
            if read_only {
                long["read_only"] = json!(true);
            }
            (json!(short), long)
        })
        .boxed()
}

fn port() -> BoxedStrategy<Twice> {
    (1..9000u32, 1..9000u32, any::<bool>(), any::<bool>())
        .prop_map(|(published, target, is_udp, is_local)| {
            let protocol = if is_udp { "udp" } else { "tcp" };
            let address = if is_local { "127.0.0.1:" } else { "" };
            let mut long = json!({"target": target, "published": published.to_string(), "protocol": protocol, "mode": "ingress"});
            if is_local {
                long["host_ip"] = json!("127.0.0.1");
            }
            (json!(format!("{address}{published}:{target}/{protocol}")), long)
        })
        .boxed()
}

fn mapping(shape: &'static Shape, depth: usize) -> BoxedStrategy<Twice> {
    match shape.keys {
        Keys::Fields(..) => record(shape.fields(), depth),
        Keys::Names(child) | Keys::Texts(child) => {
            btree_map(word(), twice(child, "", depth + 1), 1..3)
                .prop_map(|entries| entries_twice(entries.into_iter().collect()))
                .boxed()
        }
        Keys::Any => btree_map(word(), any_text(), 0..3)
            .prop_map(|map| same(json!(map)))
            .boxed(),
    }
}

/// Some of the fields, and all that must be there.
fn record(fields: &'static [Field], depth: usize) -> BoxedStrategy<Twice> {
    // Other files and profiles have properties of their own.
    let set_apart = ["extends", "include", "version", "profiles", "label_file"];
    let (required, optional): (Vec<&Field>, Vec<&Field>) = fields
        .iter()
        .filter(|field| !set_apart.contains(&field.key))
        .partition(|field| field.is_required());
    let most = optional.len().min(if depth == 0 { 6 } else { 3 });
    subsequence(optional, 0..=most)
        .prop_flat_map(move |chosen| {
            let fields: Vec<&'static Field> = required.iter().copied().chain(chosen).collect();
            let values: Vec<BoxedStrategy<(String, Twice)>> = fields
                .into_iter()
                .map(|field| {
                    twice(field.shape, field.key, depth + 1)
                        .prop_map(|value| (field.key.to_string(), value))
                        .boxed()
                })
                .collect();
            values.prop_map(entries_twice)
        })
        .boxed()
}

fn entries_twice(entries: Vec<(String, Twice)>) -> Twice {
    let mut both = (Map::new(), Map::new());
    for (key, (one, two)) in entries {
        both.0.insert(key.clone(), one);
        both.1.insert(key, two);
    }
    (Json::Object(both.0), Json::Object(both.1))
}

/// A project with what its services may refer to.
fn project() -> BoxedStrategy<Twice> {
    let service = record(SERVICE.fields(), 0);
    let resource = |kind: &'static str| {
        let shape = PROJECT.field(kind).map(|field| field.shape);
        let child = shape.map_or(&crate::specification::ANYTHING, |shape| shape.child("any"));
        Union::new([Just(same(json!({}))).boxed(), mapping(child, 1)])
    };
    (btree_map(word(), service, 1..3), resource("networks"), resource("volumes"))
        .prop_map(|(services, front, data)| {
            let (mut one, mut two) = entries_twice(services.into_iter().collect());
            for services in [&mut one, &mut two] {
                services["db"] = json!({"image": "postgres"});
                for service in services.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    if service.get("image").is_none() {
                        service["image"] = json!("nginx");
                    }
                }
            }
            let whole = |services: Json, front: Json, data: Json| {
                let key = json!({"key": {"file": "./key"}});
                json!({"services": services, "networks": {"front": front}, "volumes": {"data": data}, "secrets": key, "configs": key})
            };
            (whole(one, front.0, data.0), whole(two, front.1, data.1))
        })
        .boxed()
}

// Writing them as a person might.

/// Decides by itself how each value is written: block or flow, with quotes or without.
struct Writer {
    random: u64,
}

impl Writer {
    fn text(value: &Json, random: u64) -> String {
        let mut writer = Writer { random: random | 1 };
        let mut text = String::new();
        writer.block(value, 0, &mut text);
        text
    }

    fn coin(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random & 0b100 != 0
    }

    fn block(&mut self, value: &Json, indent: usize, text: &mut String) {
        let blanks = " ".repeat(indent);
        match value {
            Json::Object(map) if !map.is_empty() => {
                for (key, value) in map {
                    text.push_str(&format!("{blanks}{}:", self.scalar_text(key)));
                    self.below(value, indent, text);
                }
            }
            Json::Array(items) if !items.is_empty() => {
                for item in items {
                    text.push_str(&format!("{blanks}-"));
                    self.below(item, indent, text);
                }
            }
            _ => text.push_str(&format!("{blanks}{}\n", self.flow(value))),
        }
    }

    fn below(&mut self, value: &Json, indent: usize, text: &mut String) {
        let has_parts = match value {
            Json::Object(map) => !map.is_empty(),
            Json::Array(items) => !items.is_empty(),
            _ => false,
        };
        // The outer levels stay blocks, so that lines do not get too long to read in a failure.
        if has_parts && (indent < 4 || self.coin()) {
            text.push('\n');
            self.block(value, indent + 2, text);
        } else {
            text.push_str(&format!(" {}\n", self.flow(value)));
        }
    }

    fn flow(&mut self, value: &Json) -> String {
        match value {
            Json::Object(map) => {
                let entries: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.scalar_text(key), self.flow(value)))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Json::String(text) => self.scalar_text(text),
            Json::Null if self.coin() => "~".into(),
            other => other.to_string(),
        }
    }

    fn scalar_text(&mut self, text: &str) -> String {
        let is_plain = text
            .starts_with(|first: char| first.is_ascii_alphanumeric() || "/.".contains(first))
            && text
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "_./-".contains(character))
            && matches!(scalar::plain(text), Plain::Text);
        if is_plain && self.coin() {
            text.to_string()
        } else if self.coin() && text.chars().all(|character| !character.is_control()) {
            format!("'{}'", text.replace('\'', "''"))
        } else {
            Json::from(text).to_string()
        }
    }
}

// Loading them.

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let surroundings = [("a.env", "A=1\n")];
    let reader = MemoryReader::new(files.iter().chain(&surroundings).copied());
    load(
        &reader,
        &Request {
            folder_name: "shop".into(),
            ..Request::default()
        },
    )
}

/// What the model says, or why there is none.
fn outcome(files: &[(&str, &str)]) -> Result<Json, Vec<&'static str>> {
    let loaded = loaded(files);
    match &loaded.project {
        Some(project) => Ok(json!([project.root().to_json(), project.to_json()])),
        None => Err(loaded.errors().map(|finding| finding.code).collect()),
    }
}

fn for_all(property: impl Fn(Twice, u64) -> Result<(), TestCaseError>) {
    let mut config = Config {
        // The same ones each time: a test that fails now and then is nobody's.
        rng_seed: RngSeed::Fixed(20_403),
        failure_persistence: None,
        ..Config::default()
    };
    // PROPTEST_CASES asks for more.
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 96;
    }
    let mut runner = TestRunner::new(config);
    let result = runner.run(&(project(), any::<u64>()), |(twice, random)| {
        property(twice, random)
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn most_random_projects_load() {
    let counts = std::cell::RefCell::new((0, 0, std::collections::BTreeMap::new()));
    for_all(|(one, _), random| {
        let mut counts = counts.borrow_mut();
        counts.0 += 1;
        match outcome(&[("compose.yaml", &Writer::text(&one, random))]) {
            Ok(_) => counts.1 += 1,
            Err(codes) => *counts.2.entry(codes).or_insert(0) += 1,
        }
        Ok(())
    });
    let (all, loaded, refused) = counts.into_inner();
    assert!(loaded * 2 > all, "{loaded} of {all}; {refused:#?}");
}

#[test]
fn both_spellings_are_one_model() {
    for_all(|(one, two), random| {
        let (one, two) = (Writer::text(&one, random), Writer::text(&two, !random));
        prop_assert_eq!(
            outcome(&[("compose.yaml", &one)]),
            outcome(&[("compose.yaml", &two)]),
            "{}\n{}",
            one,
            two
        );
        Ok(())
    });
}

#[test]
fn what_is_printed_loads_to_the_same_model() {
    for_all(|(one, _), random| {
        let one = Writer::text(&one, random);
        let Some(project) = loaded(&[("compose.yaml", &one)]).project else {
            return Ok(());
        };
        for printed in [print::yaml(&project), print::json(&project)] {
            // Compose writes these keys with a capital letter in JSON, and refuses them when it reads.
            if printed.contains("\"Path\": ") {
                continue;
            }
            let again = loaded(&[("compose.yaml", &printed)]);
            let Some(again) = again.project else {
                return Err(TestCaseError::fail(format!(
                    "{one}\n{printed}\n{:?}",
                    again.findings
                )));
            };
            prop_assert_eq!(again.to_json(), project.to_json(), "{}\n{}", one, printed);
        }
        Ok(())
    });
}

#[test]
fn an_empty_file_changes_nothing() {
    for_all(|(one, _), random| {
        let one = Writer::text(&one, random);
        let alone = outcome(&[("compose.yaml", &one)]);
        for empty in ["services: {}\n", "{}\n", "x-note: nothing\n"] {
            let both = outcome(&[("compose.yaml", &one), ("compose.override.yaml", empty)]);
            if empty.starts_with("x-") {
                prop_assert_eq!(alone.is_ok(), both.is_ok());
            } else {
                prop_assert_eq!(&alone, &both, "{}\n{}", one, empty);
            }
        }
        Ok(())
    });
}

#[test]
fn a_file_split_in_two_is_the_same_project() {
    for_all(|(one, _), random| {
        let whole = Writer::text(&one, random);
        let mut writer = Writer { random: random | 1 };
        let mut parts = [one.clone(), one.clone()];
        let services = one["services"].as_object().cloned().unwrap_or_default();
        for (name, service) in &services {
            for key in service.as_object().into_iter().flat_map(Map::keys) {
                let other = usize::from(writer.coin());
                if let Some(service) = parts[other]["services"][name].as_object_mut() {
                    service.remove(key);
                }
            }
        }
        for kind in ["networks", "volumes", "secrets", "configs"] {
            let other = usize::from(writer.coin());
            if let Some(part) = parts[other].as_object_mut() {
                part.remove(kind);
            }
        }
        let [first, second] = parts.map(|part| Writer::text(&part, random));
        let split = outcome(&[("compose.yaml", &first), ("compose.override.yaml", &second)]);
        let whole_outcome = outcome(&[("compose.yaml", &whole)]);
        if whole_outcome.is_ok() {
            prop_assert_eq!(split, whole_outcome, "{}\n---\n{}", first, second);
        } else {
            prop_assert!(split.is_err(), "{}\n---\n{}", first, second);
        }
        Ok(())
    });
}

#[test]
fn every_value_stands_where_its_place_says() {
    for_all(|(one, two), random| {
        for value in [one, two] {
            let text = Writer::text(&value, random);
            let documents = tree::parse_documents(SourceId(0), &text, Limits::default());
            let Ok([document]) = documents.as_deref() else {
                return Err(TestCaseError::fail(text));
            };
            prop_assert_eq!(document.to_json(), value, "{}", text);
            let mut sources = Sources::new();
            sources.add("compose.yaml", text.as_str());
            check_places(document, &sources)?;
        }
        Ok(())
    });
}

/// Cut out of the file and read alone, each value is the same.
fn check_places(node: &Node, sources: &Sources) -> Result<(), TestCaseError> {
    let column = sources.position(node.span()).column as usize - 1;
    let cut = format!("{}{}", " ".repeat(column), sources.text(node.span()));
    let alone = tree::parse(SourceId(0), &cut, Limits::default());
    prop_assert!(
        alone.is_ok_and(|alone| alone.same_value(node)),
        "{:?}\n{}",
        node,
        cut
    );
    match &node.value {
        Value::Sequence(items) => items
            .iter()
            .try_for_each(|item| check_places(item, sources)),
        Value::Mapping(mapping) => mapping.iter().try_for_each(|(key, entry)| {
            let written = tree::parse(SourceId(0), sources.text(entry.key_span), Limits::default());
            let text = written.ok().and_then(|node| node.scalar_text());
            prop_assert_eq!(text.as_deref(), Some(key));
            check_places(&entry.value, sources)
        }),
        _ => Ok(()),
    }
}

#[test]
fn loading_twice_gives_the_same_to_the_last_place() {
    for_all(|(one, two), random| {
        let (base, over) = (Writer::text(&one, random), Writer::text(&two, random));
        let files = [
            ("compose.yaml", base.as_str()),
            ("compose.override.yaml", over.as_str()),
        ];
        let (first, second) = (loaded(&files), loaded(&files));
        prop_assert_eq!(&first.findings, &second.findings);
        prop_assert_eq!(
            format!("{:?}", first.project),
            format!("{:?}", second.project)
        );
        Ok(())
    });
}
