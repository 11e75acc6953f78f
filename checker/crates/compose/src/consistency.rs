//! Checks that need the whole project: references, cycles, things that exclude each other.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::finding::Finding;
use crate::node::{Mapping, Node};
use crate::normalize::is_true;
use crate::source::Span;
use crate::suggest;

/// Checks of one file set before names and defaults are added; these hold for services of every profile.
pub(crate) fn check_values(root: &Node, findings: &mut Vec<Finding>) {
    for (name, entry) in entries(root.child("volumes")) {
        check_external(name, &entry.value, entry.key_span, findings);
    }
    for (kind, keys) in [
        ("configs", &["file", "environment", "content"][..]),
        ("secrets", &["file", "environment"][..]),
    ] {
        for (name, entry) in entries(root.child(kind)) {
            check_content(kind, name, &entry.value, entry.key_span, keys, findings);
        }
    }
    for (name, entry) in entries(root.child("services")) {
        check_service_values(name, &entry.value, findings);
    }
}

fn check_external(name: &str, volume: &Node, key: Span, findings: &mut Vec<Finding>) {
    let Some(mapping) = volume
        .as_mapping()
        .filter(|mapping| mapping.get("external").is_some_and(is_true))
    else {
        return;
    };
    for (other, entry) in mapping
        .iter()
        .filter(|(other, _)| !matches!(*other, "name" | "external") && !other.starts_with("x-"))
    {
        findings.push(
            Finding::error("external-with-more", format!("The volume `{name}` is external, so Compose does not make it and cannot take `{other}`."), entry.key_span)
                .label("cannot stand beside `external: true`")
                .related(mapping.entry("external").map_or(key, |entry| entry.key_span), "says that the volume exists already")
                .help(format!("remove `{other}`, or remove `external`"))
                .path(format!("volumes.{name}.{other}")),
        );
    }
}

fn check_content(
    kind: &str,
    name: &str,
    resource: &Node,
    key: Span,
    keys: &[&str],
    findings: &mut Vec<Finding>,
) {
    let Some(mapping) = resource.as_mapping() else {
        return;
    };
    let written: Vec<(&str, Span)> = keys
        .iter()
        .filter_map(|key| mapping.entry(key).map(|entry| (*key, entry.key_span)))
        .collect();
    let path = format!("{kind}.{name}");
    match written.as_slice() {
        [(first, first_span), (second, second_span), ..] => findings.push(
            Finding::error(
                "two-contents",
                format!(
                    "`{name}` has both `{first}` and `{second}`; only one can say what is in it."
                ),
                *second_span,
            )
            .label("one content here")
            .related(*first_span, "another one here")
            .help("keep one of the two")
            .path(path),
        ),
        [] if !mapping.contains("driver") && !mapping.contains("external") => findings.push(
            Finding::error(
                "no-content",
                format!("Nothing says what is in `{name}`."),
                key,
            )
            .label(format!("has none of {}", keys.join(", ")))
            .help("add for example `file: ./name.txt`")
            .path(path),
        ),
        _ => {}
    }
}

fn check_service_values(name: &str, service: &Node, findings: &mut Vec<Finding>) {
    for (index, port) in items(service.child("ports")).iter().enumerate() {
        let address = port.child("host_ip");
        if let Some((node, text)) = address.and_then(|node| Some((node, node.as_str()?)))
            && text.parse::<IpAddr>().is_err()
        {
            findings.push(
                Finding::error(
                    "bad-port",
                    format!("`{text}` is no IP address."),
                    node.span(),
                )
                .label("an IP address is expected")
                .help("write 127.0.0.1 for this machine only, or remove the key for all addresses")
                .path(format!("services.{name}.ports.{index}.host_ip")),
            );
        }
    }
    for (index, mount) in items(service.child("volumes")).iter().enumerate() {
        let kind = mount.child("type").and_then(Node::as_str);
        if kind == Some("bind") && mount.child("source").is_none() {
            findings.push(
                Finding::error(
                    "missing-key",
                    "This bind mount has no `source`.",
                    mount.span(),
                )
                .label("nothing says which folder of your machine it shows")
                .help("add `source: ./folder`, or use `type: volume`")
                .path(format!("services.{name}.volumes.{index}")),
            );
        }
    }
    for (index, watch) in items(service.get("develop.watch")).iter().enumerate() {
        if let Some(path) = watch.child("path").filter(|path| path.as_str() == Some("")) {
            findings.push(
                Finding::error(
                    "missing-key",
                    "This watch has an empty `path`.",
                    path.span(),
                )
                .label("the path is empty")
                .help("write the folder to watch, for example `./src`")
                .path(format!("services.{name}.develop.watch.{index}.path")),
            );
        }
    }
    for list in ["deploy.resources.reservations.devices", "gpus"] {
        for (index, request) in items(service.get(list)).iter().enumerate() {
            let Some(mapping) = request.as_mapping() else {
                continue;
            };
            if let (Some(count), Some(ids)) = (mapping.entry("count"), mapping.entry("device_ids"))
            {
                findings.push(
                    Finding::error(
                        "count-and-ids",
                        "`count` and `device_ids` exclude each other.",
                        ids.key_span,
                    )
                    .label("names devices")
                    .related(count.key_span, "counts devices")
                    .help("keep one of the two")
                    .path(format!("services.{name}.{list}.{index}")),
                );
            }
        }
    }
    check_hosts(name, service, findings);
}

fn check_hosts(name: &str, service: &Node, findings: &mut Vec<Finding>) {
    let is_host = |host: &str| !host.is_empty() && !host.contains(['=', ':']);
    for list in ["extra_hosts", "build.extra_hosts"] {
        for (host, entry) in entries(service.get(list)) {
            if !is_host(host) || host.starts_with("x-") {
                let path = format!("services.{name}.{list}.{host}");
                findings.push(bad_host(host, entry.key_span, path));
            }
        }
        for (index, entry) in items(service.get(list)).iter().enumerate() {
            let Some(text) = entry.as_str() else { continue };
            let path = format!("services.{name}.{list}.{index}");
            match text.split_once('=').or_else(|| text.split_once(':')) {
                Some((host, _)) if is_host(host) => {}
                Some((host, _)) => findings.push(bad_host(host, entry.span(), path)),
                None => findings.push(
                    Finding::error(
                        "bad-host",
                        format!("`{text}` has no address."),
                        entry.span(),
                    )
                    .label("a name, `=` and an address are expected")
                    .help("write for example \"db=192.168.1.10\"")
                    .path(path),
                ),
            }
        }
    }
}

fn bad_host(host: &str, span: Span, path: String) -> Finding {
    let message = match host {
        "" => "The name of this host is missing.".to_string(),
        host => format!("`{host}` cannot be the name of a host."),
    };
    Finding::error("bad-host", message, span)
        .label("not a host's name")
        .expected("a name without `:` and `=`")
        .help("write for example \"db=192.168.1.10\"")
        .path(path)
}

/// Checks of the finished project. `disabled` are services that no active profile names.
pub(crate) fn check_project(
    root: &Node,
    disabled: &BTreeMap<String, Vec<String>>,
    findings: &mut Vec<Finding>,
) {
    let project = Project {
        root,
        disabled,
        compared: Cell::new(0),
    };
    for (name, entry) in entries(root.child("services")) {
        project.check_service(name, &entry.value, entry.key_span, findings);
    }
    for (name, entry) in entries(root.child("secrets")) {
        let secret = &entry.value;
        let is_external = secret.child("external").is_some_and(is_true);
        if !is_external && secret.child("file").is_none() && secret.child("environment").is_none() {
            findings.push(
                Finding::error(
                    "no-content",
                    format!("Nothing says what is in the secret `{name}`."),
                    entry.key_span,
                )
                .label("has neither `file` nor `environment`")
                .help("add for example `file: ./name.txt`")
                .path(format!("secrets.{name}")),
            );
        }
    }
    check_container_names(root, findings);
    check_cycles(root, findings);
}

/// A name can belong to one container only.
fn check_container_names(root: &Node, findings: &mut Vec<Finding>) {
    let mut taken: BTreeMap<&str, Span> = BTreeMap::new();
    for (service, entry) in entries(root.child("services")) {
        let Some(node) = entry.value.child("container_name") else {
            continue;
        };
        let name = node.as_str().unwrap_or_default();
        let Some(first) = taken.insert(name, node.span()).filter(|_| !name.is_empty()) else {
            continue;
        };
        let finding = Finding::error(
            "container-name-twice",
            format!("Two services call their container `{name}`."),
            node.span(),
        )
        .help("give one of them another name, or remove `container_name`")
        .path(format!("services.{service}.container_name"));
        findings.push(if first == node.span() {
            finding.label(format!("`{service}` has this name from another service"))
        } else {
            finding.label("the second").related(first, "the first")
        });
    }
}

struct Project<'a> {
    root: &'a Node,
    disabled: &'a BTreeMap<String, Vec<String>>,
    /// How many unknown names were compared with the known ones so far.
    compared: Cell<usize>,
}

impl Project<'_> {
    /// Whether this name is among the first ones that are unknown. Comparing each of ten thousand with all that are known takes
    /// too long, and the first ones tell what is wrong.
    fn is_worth_comparing(&self) -> bool {
        const MOST: usize = 50;
        self.compared.set(self.compared.get() + 1);
        self.compared.get() <= MOST
    }

    fn check_service(&self, name: &str, service: &Node, key: Span, findings: &mut Vec<Finding>) {
        let Some(mapping) = service.as_mapping() else {
            return;
        };
        let text = |key: &str| {
            mapping
                .get(key)
                .and_then(Node::as_str)
                .filter(|text| !text.is_empty())
        };
        if !mapping.contains("build") && text("image").is_none() && !mapping.contains("provider") {
            findings.push(
                Finding::error(
                    "no-image",
                    format!("The service `{name}` has neither an image nor a build."),
                    key,
                )
                .label("nothing says what to run")
                .help("add `image: name:tag`, or `build: .` with a Dockerfile")
                .path(format!("services.{name}")),
            );
        }
        self.check_build(name, mapping, findings);
        self.check_networks(name, mapping, findings);
        check_health_test(name, mapping, findings);
        self.check_dependencies(name, mapping, findings);
        self.check_references(name, mapping, findings);
        check_amounts(name, service, findings);
        check_watches(name, mapping, findings);
        check_targets(name, mapping, findings);
    }

    fn check_build(&self, name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
        let Some(build) = service.get("build").and_then(Node::as_mapping) else {
            return;
        };
        let path = format!("services.{name}.build");
        let inline = build
            .entry("dockerfile_inline")
            .filter(|entry| entry.value.as_str() != Some(""));
        if let (Some(inline), Some(file)) = (inline, build.entry("dockerfile")) {
            findings.push(
                Finding::error(
                    "two-contents",
                    "`dockerfile` and `dockerfile_inline` exclude each other.",
                    inline.key_span,
                )
                .label("one Dockerfile here")
                .related(file.key_span, "another one here")
                .help("keep one of the two")
                .path(path.clone()),
            );
        }
        for (context, entry) in entries(build.get("additional_contexts")) {
            let Some(target) = entry
                .value
                .as_str()
                .and_then(|text| text.strip_prefix("service:"))
            else {
                continue;
            };
            match self.root.child("services").and_then(|services| services.child(target)) {
                None => findings.push(self.unknown_service(target, entry.value.span(), &format!("{path}.additional_contexts.{context}"))),
                Some(other) if other.child("build").is_none() => findings.push(
                    Finding::error("service-not-built", format!("The service `{target}` has no `build`, so it can be no build context."), entry.value.span())
                        .label("names a service that is not built")
                        .help(format!("name a service with `build`, or write `docker-image://` and the image of `{target}`"))
                        .path(format!("{path}.additional_contexts.{context}")),
                ),
                Some(_) => {}
            }
        }
        let platforms = items(build.get("platforms"));
        if let Some((node, platform)) = service
            .get("platform")
            .and_then(|node| Some((node, node.as_str()?)))
            && !platform.is_empty()
            && !platforms.is_empty()
            && !platforms.iter().any(|item| item.as_str() == Some(platform))
        {
            findings.push(
                Finding::error(
                    "platform-not-built",
                    format!("The service runs on `{platform}`, and its build does not make that."),
                    node.span(),
                )
                .label("not among the platforms of the build")
                .related(platforms[0].span(), "the build's platforms")
                .help("add the platform to `build.platforms`")
                .path(format!("services.{name}.platform")),
            );
        }
        for (index, secret) in items(build.get("secrets")).iter().enumerate() {
            self.check_source(
                "secrets",
                "secret",
                secret,
                &format!("{path}.secrets.{index}"),
                findings,
            );
        }
    }

    fn check_networks(&self, name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
        let networks = service.get("networks").and_then(Node::as_mapping);
        if let (Some(mode), Some(networks)) =
            (service.entry("network_mode"), service.entry("networks"))
            && networks
                .value
                .as_mapping()
                .is_some_and(|networks| !networks.is_empty())
        {
            findings.push(
                Finding::error(
                    "network-mode-and-networks",
                    "`network_mode` and `networks` exclude each other.",
                    mode.key_span,
                )
                .label("takes the network from elsewhere")
                .related(networks.key_span, "joins networks")
                .help("keep one of the two")
                .path(format!("services.{name}.network_mode")),
            );
        }
        for (network, entry) in networks
            .map(|networks| networks.iter().collect::<Vec<_>>())
            .unwrap_or_default()
        {
            if self
                .root
                .child("networks")
                .and_then(|networks| networks.child(network))
                .is_none()
            {
                findings.push(self.undefined(
                    "networks",
                    "network",
                    network,
                    entry.key_span,
                    &format!("services.{name}.networks.{network}"),
                ));
            }
        }
        if let Some((node, target)) = service
            .get("network_mode")
            .and_then(|node| Some((node, node.as_str()?.strip_prefix("service:")?)))
            && self
                .root
                .child("services")
                .and_then(|services| services.child(target))
                .is_none()
        {
            findings.push(self.unknown_service(
                target,
                node.span(),
                &format!("services.{name}.network_mode"),
            ));
        }
    }

    fn check_dependencies(&self, name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
        for (other, entry) in entries(service.get("depends_on")) {
            if self
                .root
                .child("services")
                .and_then(|services| services.child(other))
                .is_some()
            {
                continue;
            }
            let is_required = entry.value.child("required").is_none_or(is_true);
            if self.disabled.contains_key(other) && !is_required {
                continue;
            }
            findings.push(self.unknown_service(
                other,
                entry.key_span,
                &format!("services.{name}.depends_on.{other}"),
            ));
        }
    }

    fn unknown_service(&self, name: &str, span: Span, path: &str) -> Finding {
        if let Some(profiles) = self.disabled.get(name) {
            return Finding::error(
                "service-not-active",
                format!(
                    "The service `{name}` is only there with the profile `{}`.",
                    profiles.join("` or `")
                ),
                span,
            )
            .label("no active profile has this service")
            .help(format!(
                "start with `--profile {}`, or write `required: false`",
                profiles.first().map_or("…", String::as_str)
            ))
            .path(path);
        }
        let finding = Finding::error(
            "unknown-service",
            format!("No service is called `{name}`."),
            span,
        )
        .label("no such service")
        .path(path);
        if !self.is_worth_comparing() {
            return finding;
        }
        let known: Vec<&str> = entries(self.root.child("services"))
            .map(|(name, _)| name)
            .collect();
        let services = suggest::listed(&known);
        let finding = finding.expected(format!("one of the services here: {services}"));
        if let Some((service, _)) = entries(self.root.child("services")).find(|(_, entry)| {
            entry.value.child("container_name").and_then(Node::as_str) == Some(name)
        }) {
            return finding.help(format!("`{name}` is the container name of the service `{service}`; Compose takes the service's name"));
        }
        match suggest::nearest(name, known) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help("check the names under `services:`"),
        }
    }

    fn check_references(&self, name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
        for (index, mount) in items(service.get("volumes")).iter().enumerate() {
            let is_volume = mount.child("type").and_then(Node::as_str) == Some("volume");
            let Some((node, source)) = mount
                .child("source")
                .and_then(|node| Some((node, node.as_str()?)))
                .filter(|_| is_volume)
            else {
                continue;
            };
            if !source.is_empty()
                && self
                    .root
                    .child("volumes")
                    .and_then(|volumes| volumes.child(source))
                    .is_none()
            {
                let finding = self.undefined(
                    "volumes",
                    "volume",
                    source,
                    node.span(),
                    &format!("services.{name}.volumes.{index}.source"),
                );
                findings.push(match finding.help.as_deref() {
                    Some(help) if help.starts_with("add") => {
                        let help = format!("{help}; to mean a folder, write `./{source}`");
                        finding.help(help)
                    }
                    _ => finding,
                });
            }
        }
        for (kind, singular) in [("configs", "config"), ("secrets", "secret")] {
            for (index, reference) in items(service.get(kind)).iter().enumerate() {
                self.check_source(
                    kind,
                    singular,
                    reference,
                    &format!("services.{name}.{kind}.{index}"),
                    findings,
                );
            }
        }
        for (model, entry) in entries(service.get("models")) {
            if self
                .root
                .child("models")
                .and_then(|models| models.child(model))
                .is_none()
            {
                findings.push(self.undefined(
                    "models",
                    "model",
                    model,
                    entry.key_span,
                    &format!("services.{name}.models.{model}"),
                ));
            }
        }
    }

    fn check_source(
        &self,
        kind: &str,
        singular: &str,
        reference: &Node,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        let node = reference.child("source").unwrap_or(reference);
        let source = node.as_str().unwrap_or("");
        if self
            .root
            .child(kind)
            .and_then(|resources| resources.child(source))
            .is_none()
        {
            findings.push(self.undefined(kind, singular, source, node.span(), path));
        }
    }

    fn undefined(&self, kind: &str, singular: &str, name: &str, span: Span, path: &str) -> Finding {
        let code = match kind {
            "networks" => "undefined-network",
            "volumes" => "undefined-volume",
            "configs" => "undefined-config",
            "secrets" => "undefined-secret",
            _ => "undefined-model",
        };
        let finding = Finding::error(
            code,
            format!("The {singular} `{name}` is used and not defined."),
            span,
        )
        .label(format!("no {singular} of this name"))
        .path(path);
        if !self.is_worth_comparing() {
            return finding;
        }
        let known: Vec<&str> = entries(self.root.child(kind))
            .map(|(name, _)| name)
            .filter(|known| *known != "default")
            .collect();
        let finding = if known.is_empty() {
            finding
        } else {
            finding.expected(format!(
                "one of the {kind} here: {}",
                suggest::listed(&known)
            ))
        };
        match suggest::nearest(name, known) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help(format!("add `{name}:` below a top-level `{kind}:`")),
        }
    }
}

fn check_health_test(name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
    let Some(test) = service
        .get("healthcheck")
        .and_then(|check| check.child("test"))
    else {
        return;
    };
    let Some(first) = items(Some(test)).first() else {
        return;
    };
    let word = first.as_str().unwrap_or("");
    if matches!(word, "CMD" | "CMD-SHELL" | "NONE") {
        return;
    }
    findings.push(
        Finding::error("bad-health-test", "A health check written as a list starts with `CMD`, `CMD-SHELL` or `NONE`.", first.span())
            .label("not one of the three")
            .help(format!("write [\"CMD\", \"{word}\", …] to run a program, or the whole command as one text to run it in a shell"))
            .path(format!("services.{name}.healthcheck.test")),
    );
}

/// The same thing said twice in two places must be said alike.
fn check_amounts(name: &str, node: &Node, findings: &mut Vec<Finding>) {
    let number = |path: &str| node.get(path).and_then(Node::as_integer);
    let mut differ = |one: &str, two: &str, place: Span, other: Span| {
        findings.push(
            Finding::error(
                "two-amounts",
                format!("`{one}` and `{two}` say different things."),
                place,
            )
            .label("one amount here")
            .related(other, "another one here")
            .help("keep one of the two, or make them equal")
            .path(format!("services.{name}.{one}")),
        );
    };
    let pairs = [
        ("scale", "deploy.replicas", "deploy.replicas"),
        (
            "cpus",
            "deploy.resources.limits.cpus",
            "deploy.resources.limits",
        ),
        (
            "mem_limit",
            "deploy.resources.limits.memory",
            "deploy.resources.limits",
        ),
        (
            "mem_reservation",
            "deploy.resources.reservations.memory",
            "deploy.resources.reservations",
        ),
        (
            "pids_limit",
            "deploy.resources.limits.pids",
            "deploy.resources.limits",
        ),
    ];
    for (short, long, parent) in pairs {
        let (Some(one), Some(parent)) = (node.get(short), node.get(parent)) else {
            continue;
        };
        let same = node.get(long).is_some_and(|other| other.same_value(one));
        if !same {
            differ(
                short,
                long,
                one.span(),
                node.get(long).unwrap_or(parent).span(),
            );
        }
    }
    for path in ["scale", "deploy.replicas"] {
        if let Some(node) = node
            .get(path)
            .filter(|node| node.as_integer().is_some_and(|number| number < 0))
        {
            findings.push(
                Finding::error(
                    "out-of-range",
                    "The number of containers cannot be negative.",
                    node.span(),
                )
                .label("negative")
                .expected("0 or more")
                .path(format!("services.{name}.{path}")),
            );
        }
    }
    let replicas = number("scale")
        .or_else(|| number("deploy.replicas"))
        .unwrap_or(1);
    if let Some(container) = node.get("container_name").filter(|_| replicas > 1) {
        let amount = node
            .get("scale")
            .or_else(|| node.get("deploy.replicas"))
            .map_or(container.span(), Node::span);
        findings.push(
            Finding::error(
                "name-and-scale",
                format!("{replicas} containers cannot share one `container_name`."),
                container.span(),
            )
            .label("one name")
            .related(amount, "several containers")
            .help("remove `container_name`, or run one container")
            .path(format!("services.{name}.container_name")),
        );
    }
}

fn check_watches(name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
    let watches = service
        .get("develop")
        .and_then(|develop| develop.child("watch"));
    for (index, watch) in items(watches).iter().enumerate() {
        let action = watch.child("action").and_then(Node::as_str).unwrap_or("");
        let has_target = watch
            .child("target")
            .and_then(Node::as_str)
            .is_some_and(|target| !target.is_empty());
        if !has_target && !matches!(action, "rebuild" | "restart") {
            findings.push(
                Finding::error(
                    "missing-key",
                    format!("A watch that does `{action}` needs a `target`."),
                    watch.span(),
                )
                .label("nothing says where in the container files go")
                .help("add `target: /path/in/container`")
                .path(format!("services.{name}.develop.watch.{index}")),
            );
        }
    }
}

/// Two mounts on one target hide each other.
fn check_targets(name: &str, service: &Mapping, findings: &mut Vec<Finding>) {
    let mut mounted: BTreeMap<&str, Span> = BTreeMap::new();
    let tmpfs = items(service.get("tmpfs")).iter().enumerate();
    let tmpfs = tmpfs.map(|(index, item)| {
        let target = item.as_str().and_then(|text| text.split(':').next());
        (item, target, ("tmpfs", index))
    });
    let mounts = items(service.get("volumes")).iter().enumerate();
    let mounts = mounts.map(|(index, mount)| {
        let target = mount.child("target").and_then(Node::as_str);
        (mount, target, ("volumes", index))
    });
    for (node, target, (list, index)) in tmpfs.chain(mounts) {
        let Some(target) = target else { continue };
        if let Some(first) = mounted.insert(target, node.span()) {
            findings.push(
                Finding::error(
                    "target-twice",
                    format!("Two mounts appear at `{target}`."),
                    node.span(),
                )
                .label("the second")
                .related(first, "the first")
                .help("give one of them another target")
                .path(format!("services.{name}.{list}.{index}")),
            );
        }
    }
}

/// Services that wait for each other in a circle never start.
fn check_cycles(root: &Node, findings: &mut Vec<Finding>) {
    let Some(services) = root.child("services").and_then(Node::as_mapping) else {
        return;
    };
    let mut state: BTreeMap<&str, Visit> = BTreeMap::new();
    for start in services.keys() {
        if state.contains_key(start) {
            continue;
        }
        // An explicit stack: a chain of 10,000 services must not need 10,000 frames.
        let mut stack: Vec<(&str, Vec<(&str, Span)>)> =
            vec![(start, dependencies(services, start))];
        state.insert(start, Visit::Open);
        while let Some((name, pending)) = stack.last_mut() {
            let name = *name;
            let Some((next, span)) = pending.pop() else {
                state.insert(name, Visit::Done);
                stack.pop();
                continue;
            };
            match state.get(next) {
                Some(Visit::Done) => {}
                Some(Visit::Open) => {
                    let from = stack
                        .iter()
                        .position(|(name, _)| *name == next)
                        .unwrap_or(0);
                    let mut circle: Vec<&str> =
                        stack[from..].iter().map(|(name, _)| *name).collect();
                    circle.push(next);
                    findings.push(cycle(&circle, name, span));
                    return;
                }
                None if services.contains(next) => {
                    state.insert(next, Visit::Open);
                    stack.push((next, dependencies(services, next)));
                }
                None => {}
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Open,
    Done,
}

fn dependencies<'a>(services: &'a Mapping, name: &str) -> Vec<(&'a str, Span)> {
    let dependencies = services
        .get(name)
        .and_then(|service| service.child("depends_on"));
    let mut found: Vec<(&str, Span)> = entries(dependencies)
        .map(|(name, entry)| (name, entry.key_span))
        .collect();
    found.reverse();
    found
}

fn cycle(circle: &[&str], name: &str, span: Span) -> Finding {
    let help = match circle {
        [_, _] => "remove this line".to_string(),
        _ => "remove one of these dependencies".to_string(),
    };
    Finding::error(
        "dependency-cycle",
        format!(
            "Services wait for each other in a circle: {}.",
            circle.join(" → ")
        ),
        span,
    )
    .label("this closes the circle")
    .help(help)
    .path(format!("services.{name}.depends_on"))
}

fn entries(node: Option<&Node>) -> impl Iterator<Item = (&str, &crate::node::Entry)> {
    node.and_then(Node::as_mapping)
        .into_iter()
        .flat_map(Mapping::iter)
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or_default()
}
