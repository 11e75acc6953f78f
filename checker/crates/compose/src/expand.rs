//! Writes short forms out: afterwards both spellings of one thing are the same tree.

use crate::at::At;
use crate::finding::Finding;
use crate::node::{Mapping, Node, Origin, Step, Value};
use crate::path;
use crate::source::Span;
use crate::specification::{Form, Keys, Shape, Short};
use crate::{mount, port};

/// Writes out every short form in `node`, which has the shape `shape`.
pub(crate) fn expand(node: &mut Node, shape: &Shape, at: &At<'_>, findings: &mut Vec<Finding>) {
    expand_here(node, shape, at, findings);
    match &mut node.value {
        Value::Sequence(items) => {
            if let Some(item_shape) = shape.items {
                for (index, item) in items.iter_mut().enumerate() {
                    expand(item, item_shape, &at.item(index), findings);
                }
            }
        }
        Value::Mapping(mapping) => {
            for (key, entry) in mapping.iter_mut() {
                let child = match shape.keys {
                    Keys::Any => None,
                    Keys::Fields(..) => shape.field(key).map(|field| field.shape),
                    Keys::Names(child) | Keys::Texts(child) => Some(child),
                };
                if let Some(child) = child {
                    expand(&mut entry.value, child, &at.key(key), findings);
                }
            }
        }
        _ => {}
    }
}

/// Writes out the short form of this one value, not of what it contains.
pub(crate) fn expand_here(
    node: &mut Node,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    match shape.short {
        Short::None => {}
        Short::TextToList | Short::EnvFiles if node.as_str().is_some() => wrap_in_list(node),
        Short::TextToList => {}
        Short::PairsToMapping => pairs_to_mapping(node, shape, at, Equals::Optional, findings),
        Short::StrictPairsToMapping => {
            pairs_to_mapping(node, shape, at, Equals::Required, findings)
        }
        Short::NamesToMapping => names_to_mapping(node),
        Short::Build => text_to_key(node, "context"),
        Short::FileReference => text_to_key(node, "source"),
        Short::Dependencies => dependencies(node),
        Short::Device => device(node, at, findings),
        Short::EnvFiles => {}
        Short::Gpus => gpus(node),
        Short::Mount => short_mount(node, at, findings),
        Short::Ports => ports(node, at, findings),
        Short::Provenance => {
            if let Value::Bool(value) = node.value {
                node.value = Value::String(value.to_string());
            }
        }
        Short::Resource => external_name(node, at, findings),
        Short::Ssh => ssh(node, at, findings),
    }
    if shape.short == Short::EnvFiles {
        env_files(node);
    }
}

fn short_form(origin: &Origin) -> Origin {
    origin.with(Step::ShortForm)
}

fn default_node(value: Value, origin: &Origin) -> Node {
    Node::with_origin(value, origin.with(Step::Default))
}

fn wrap_in_list(node: &mut Node) {
    let origin = short_form(&node.origin);
    let item = std::mem::replace(node, Node::with_origin(Value::Null, origin));
    node.value = Value::Sequence(vec![item]);
}

fn text_to_key(node: &mut Node, key: &str) {
    if let Value::String(text) = &mut node.value {
        let text = std::mem::take(text);
        let mut mapping = Mapping::new();
        mapping.insert(key, node.span(), Node::text(text, short_form(&node.origin)));
        node.value = Value::Mapping(mapping);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Equals {
    Optional,
    Required,
}

fn pairs_to_mapping(
    node: &mut Node,
    shape: &Shape,
    at: &At<'_>,
    equals: Equals,
    findings: &mut Vec<Finding>,
) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    let mut mapping = Mapping::new();
    for (index, item) in std::mem::take(items).into_iter().enumerate() {
        let Some(text) = item.as_str() else {
            // Only what is merged comes here before it was validated.
            findings.push(
                Finding::error(
                    "wrong-type",
                    format!(
                        "An item of a list of pairs must be a text, and this is {}.",
                        item.kind()
                    ),
                    item.span(),
                )
                .label(format!("this is {}", item.kind()))
                .expected("a text")
                .path(at.item(index).to_string()),
            );
            continue;
        };
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (text, None),
        };
        let key_span = part_of(&item, 0, key.len());
        if shape.form == Form::Environment && key.ends_with(char::is_whitespace) {
            findings.push(
                Finding::error(
                    "space-in-name",
                    format!(
                        "The variable `{}` is written with a space before its `=`.",
                        key.trim_end()
                    ),
                    key_span,
                )
                .label("the space would belong to the name")
                .help("write `NAME=value` without spaces around `=`")
                .path(at.item(index).to_string()),
            );
        }
        if value.is_none() && equals == Equals::Required {
            findings.push(
                Finding::error(
                    "pair-without-equals",
                    format!("`{text}` has no `=`."),
                    item.span(),
                )
                .label("a name, `=` and a value are expected")
                .help("write `name=value`")
                .path(at.item(index).to_string()),
            );
        }
        let value = match value {
            Some(value) => {
                let mut origin = short_form(&item.origin);
                origin.span = part_of(&item, key.len() + 1, value.len());
                Node::text(value, origin)
            }
            None => Node::with_origin(Value::Null, item.origin.clone()),
        };
        mapping.insert(key, key_span, value);
    }
    if shape.short == Short::PairsToMapping {
        mapping.set_listed();
    }
    node.value = Value::Mapping(mapping);
}

/// The place of a part of a text, when the text is written in the file as it is; else the place of the whole.
pub(crate) fn part_of(node: &Node, offset: usize, length: usize) -> Span {
    let span = node.span();
    let Value::String(text) = &node.value else {
        return span;
    };
    if node
        .origin
        .steps
        .iter()
        .any(|step| matches!(step, Step::Interpolated { .. }))
    {
        return span;
    }
    let quotes = match ((span.end - span.start) as usize).checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return span,
    };
    let start = span.start + quotes + offset as u32;
    Span {
        source: span.source,
        start,
        end: start + length as u32,
    }
}

fn names_to_mapping(node: &mut Node) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    let mut mapping = Mapping::new();
    for item in std::mem::take(items) {
        if let Some(name) = item.scalar_text() {
            mapping.insert(
                name,
                item.span(),
                Node::with_origin(Value::Null, short_form(&item.origin)),
            );
        }
    }
    node.value = Value::Mapping(mapping);
}

fn dependencies(node: &mut Node) {
    if let Value::Sequence(items) = &mut node.value {
        let mut mapping = Mapping::new();
        for item in std::mem::take(items) {
            if let Some(name) = item.scalar_text() {
                let empty =
                    Node::with_origin(Value::Mapping(Mapping::new()), short_form(&item.origin));
                mapping.insert(name, item.span(), empty);
            }
        }
        node.value = Value::Mapping(mapping);
    }
    let Value::Mapping(mapping) = &mut node.value else {
        return;
    };
    for (_, entry) in mapping.iter_mut() {
        let origin = entry.value.origin.clone();
        if let Some(dependency) = entry.value.as_mapping_mut() {
            fill(
                dependency,
                "condition",
                Value::String("service_started".into()),
                &origin,
            );
            fill(dependency, "required", Value::Bool(true), &origin);
        }
    }
}

/// Sets a key that is not there to what Compose takes without it.
pub(crate) fn fill(mapping: &mut Mapping, key: &str, value: Value, origin: &Origin) {
    if !mapping.contains(key) {
        mapping.insert(key, origin.span, default_node(value, origin));
    }
}

fn device(node: &mut Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(text) = node.as_str() else { return };
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, permissions) = match parts.as_slice() {
        [source] => (*source, *source, "rwm"),
        [source, target] => (
            *source,
            if target.is_empty() { *source } else { *target },
            "rwm",
        ),
        [source, target, permissions] => (
            *source,
            if target.is_empty() { *source } else { *target },
            *permissions,
        ),
        _ => {
            findings.push(
                Finding::error("bad-device", format!("`{text}` is no device: it has too many colons."), node.span())
                    .label("at most host path, container path and permissions")
                    .help("write `/dev/host:/dev/container:rwm`, or the keys `source`, `target` and `permissions`")
                    .path(at.to_string()),
            );
            return;
        }
    };
    let origin = short_form(&node.origin);
    let mut mapping = Mapping::new();
    for (key, value) in [
        ("source", source),
        ("target", target),
        ("permissions", permissions),
    ] {
        mapping.insert(key, node.span(), Node::text(value, origin.clone()));
    }
    node.value = Value::Mapping(mapping);
}

fn gpus(node: &mut Node) {
    if node.as_str().is_some() {
        let origin = short_form(&node.origin);
        let mut request = Mapping::new();
        request.insert("count", node.span(), Node::text("all", origin.clone()));
        node.value = Value::Sequence(vec![Node::with_origin(Value::Mapping(request), origin)]);
    }
}

fn env_files(node: &mut Node) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    for item in items {
        text_to_key(item, "path");
        let origin = item.origin.clone();
        if let Some(mapping) = item.as_mapping_mut() {
            fill(mapping, "required", Value::Bool(true), &origin);
        }
    }
}

fn short_mount(node: &mut Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(text) = node.as_str() else { return };
    let short = match mount::parse(text) {
        Ok(short) => short,
        Err(reason) => {
            findings.push(
                Finding::error("bad-mount", format!("`{text}` is no mount: {reason}."), node.span())
                    .label("expected source, `:` and target")
                    .help("write `./folder:/path/in/container` for a folder, or `name:/path/in/container` for a volume")
                    .path(at.to_string()),
            );
            return;
        }
    };
    let origin = short_form(&node.origin);
    let place = |part: &str| {
        text.find(part)
            .map_or(node.span(), |start| part_of(node, start, part.len()))
    };
    let at_place = |part: &str| Origin {
        span: place(part),
        steps: origin.steps.clone(),
    };
    let mut mapping = Mapping::new();
    let mut insert = |key: &str, value: Node| {
        mapping.insert(key, node.span(), value);
    };
    let kind = if short.is_bind() { "bind" } else { "volume" };
    insert("type", Node::text(kind, origin.clone()));
    if !short.source.is_empty() {
        insert(
            "source",
            Node::text(short.source.as_str(), at_place(&short.source)),
        );
    }
    let target_place = if short.source.is_empty() {
        at_place(&short.target)
    } else {
        Origin {
            span: part_of(node, short.source.len() + 1, short.target.len()),
            steps: origin.steps.clone(),
        }
    };
    insert(
        "target",
        Node::text(clean_target(&short.target), target_place),
    );
    if short.read_only {
        insert(
            "read_only",
            Node::with_origin(Value::Bool(true), origin.clone()),
        );
    }
    let flag = |value: bool| Node::with_origin(Value::Bool(value), origin.clone());
    let mut bind = Mapping::new();
    if let Some(selinux) = &short.selinux {
        bind.insert(
            "selinux",
            node.span(),
            Node::text(selinux.as_str(), origin.clone()),
        );
    }
    if let Some(propagation) = &short.propagation {
        bind.insert(
            "propagation",
            node.span(),
            Node::text(propagation.as_str(), origin.clone()),
        );
    }
    if short.is_bind() {
        // Only the short form makes the folder when it is missing.
        bind.insert(
            "create_host_path",
            node.span(),
            default_node(Value::Bool(true), &origin),
        );
    }
    if !bind.is_empty() {
        insert(
            "bind",
            Node::with_origin(Value::Mapping(bind), origin.clone()),
        );
    }
    // Compose stops early at a target this short and adds no options.
    if text.len() > 2 && !short.is_bind() || short.no_copy {
        let mut volume = Mapping::new();
        if short.no_copy {
            volume.insert("nocopy", node.span(), flag(true));
        }
        insert(
            "volume",
            Node::with_origin(Value::Mapping(volume), origin.clone()),
        );
    }
    node.value = Value::Mapping(mapping);
}

/// A target is a path in the container, whatever the platform here.
fn clean_target(target: &str) -> String {
    if target.is_empty() {
        String::new()
    } else {
        path::clean(target)
    }
}

/// As many as there are ports; only ranges that overlap come to more.
const MOST_PORTS: usize = 65_536;

fn ports(node: &mut Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    let mut expanded = Vec::with_capacity(items.len());
    for (index, item) in std::mem::take(items).into_iter().enumerate() {
        let text = match &item.value {
            Value::Mapping(_) | Value::Null => {
                expanded.push(item);
                continue;
            }
            _ => item.scalar_text().unwrap_or_default(),
        };
        match port::parse(&text) {
            Ok(ports) if expanded.len() + ports.len() > MOST_PORTS => {
                findings.push(
                    Finding::error(
                        "too-many-ports",
                        format!("This service publishes more than {MOST_PORTS} ports."),
                        item.span(),
                    )
                    .label("with these, there are too many")
                    .help("publish the ports that are used, or use `network_mode: host`")
                    .path(at.item(index).to_string()),
                );
                break;
            }
            Ok(ports) => expanded.extend(ports.iter().map(|port| port_node(port, &item))),
            Err(reason) => findings.push(
                Finding::error("bad-port", format!("`{text}` is no port: {reason}."), item.span())
                    .label("expected `published:target`")
                    .help("write for example \"8080:80\": port 8080 on your machine, port 80 in the container")
                    .path(at.item(index).to_string()),
            ),
        }
    }
    node.value = Value::Sequence(expanded);
}

fn port_node(port: &port::PortMapping, item: &Node) -> Node {
    let origin = short_form(&item.origin);
    let mut mapping = Mapping::new();
    let mut insert = |key: &str, value: Value| {
        mapping.insert(key, item.span(), Node::with_origin(value, origin.clone()));
    };
    if !port.host_ip.is_empty() {
        insert("host_ip", Value::String(port.host_ip.clone()));
    }
    insert("target", Value::Integer(i64::from(port.target)));
    if !port.published.is_empty() {
        insert("published", Value::String(port.published.clone()));
    }
    let says_protocol = item.as_str().is_some_and(|text| text.contains('/'));
    if says_protocol {
        insert("protocol", Value::String(port.protocol.clone()));
    }
    // Without it, as in the long form, protocol and mode are filled in with the other defaults.
    Node::with_origin(Value::Mapping(mapping), origin)
}

/// `external: {name: other}` is the old way to write `external: true` and `name: other`.
fn external_name(node: &mut Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(resource) = node.as_mapping_mut() else {
        return;
    };
    let name = resource.get("name").cloned();
    let Some(external) = resource.get_mut("external") else {
        return;
    };
    let Some(inner) = external.as_mapping() else {
        return;
    };
    let inner_name = inner.entry("name").cloned();
    let origin = short_form(&external.origin);
    *external = Node::with_origin(Value::Bool(true), origin);
    let Some(inner_name) = inner_name else { return };
    findings.push(
        Finding::warning(
            "external-name",
            "`external.name` is an old form.",
            inner_name.key_span,
        )
        .label("write this as `name` beside `external: true`")
        .help("write `external: true` and, on the same level, `name: …`")
        .path(at.key("external").to_string()),
    );
    match name {
        Some(name) if !name.same_value(&inner_name.value) => findings.push(
            Finding::error(
                "two-names",
                "This has two different names.",
                inner_name.value.span(),
            )
            .label("one name here")
            .related(name.span(), "another one here")
            .help("keep `name` and write `external: true`")
            .path(at.to_string()),
        ),
        Some(_) => {}
        None => {
            resource.insert_entry("name", inner_name);
        }
    }
}

fn ssh(node: &mut Node, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Value::Sequence(items) = &mut node.value else {
        return;
    };
    let mut mapping = Mapping::new();
    for (index, item) in std::mem::take(items).into_iter().enumerate() {
        let Some(text) = item.as_str() else { continue };
        match text.split_once('=') {
            Some((id, path)) => {
                mapping.insert(id, item.span(), Node::text(path, short_form(&item.origin)))
            }
            None if text == "default" => mapping.insert(
                text,
                item.span(),
                Node::with_origin(Value::Null, short_form(&item.origin)),
            ),
            None => {
                findings.push(
                    Finding::error(
                        "bad-ssh-key",
                        format!("`{text}` names no SSH key."),
                        item.span(),
                    )
                    .label("`default`, or a name, `=` and a path")
                    .help("write `default`, or `name=path/to/key`")
                    .path(at.item(index).to_string()),
                );
                None
            }
        };
    }
    node.value = Value::Mapping(mapping);
}
