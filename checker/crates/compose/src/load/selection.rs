//! Which services take part, and which networks, volumes and the like they need.

use std::collections::{BTreeMap, BTreeSet};

use super::{Request, put_services, take_services, texts};
use crate::interpolate::Variables;
use crate::node::{Mapping, Node};

pub(super) fn active_profiles(request: &Request, variables: &Variables) -> Vec<String> {
    if !request.profiles.is_empty() {
        return request.profiles.clone();
    }
    // Where nothing is listed, the profile without a name is active: `profiles: ["${PROFILE:-}"]` switches a service on.
    let listed = variables.value("COMPOSE_PROFILES").unwrap_or("");
    let names = listed.split(',').map(str::trim);
    names.map(String::from).collect()
}

/// Takes out the services that no active profile names, and returns them with their profiles.
pub(super) fn disable_services(
    root: &mut Node,
    active: &[String],
) -> BTreeMap<String, Vec<String>> {
    let mut disabled = BTreeMap::new();
    let mut services = take_services(root);
    services.retain(|name, entry| {
        let profiles = texts(entry.value.child("profiles"));
        let is_enabled = profiles.is_empty()
            || active
                .iter()
                .any(|profile| profile == "*" || profiles.contains(profile));
        if !is_enabled {
            disabled.insert(name.to_string(), profiles);
        }
        is_enabled
    });
    put_services(root, services);
    disabled
}

/// Leaves out the networks, volumes, secrets, configs and models that no service uses.
pub(super) fn prune(root: &mut Node) {
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut uses = |kind, name: &str| {
        let names = used.entry(kind).or_default();
        if !names.contains(name) {
            names.insert(name.to_string());
        }
    };
    let services = root.child("services").and_then(Node::as_mapping);
    for (_, entry) in services.into_iter().flat_map(Mapping::iter) {
        let service = &entry.value;
        for kind in ["networks", "models"] {
            let names = service.child(kind).and_then(Node::as_mapping);
            names
                .into_iter()
                .flat_map(Mapping::keys)
                .for_each(|name| uses(kind, name));
        }
        for (kind, list) in [
            ("volumes", "volumes"),
            ("secrets", "secrets"),
            ("configs", "configs"),
            ("secrets", "build.secrets"),
        ] {
            let items = service.get(list).and_then(Node::as_sequence);
            for item in items.unwrap_or_default() {
                let is_bind = kind == "volumes"
                    && item.child("type").and_then(Node::as_str) != Some("volume");
                if let Some(name) = item.child("source").and_then(Node::as_str)
                    && !is_bind
                {
                    uses(kind, name);
                }
            }
        }
    }
    let Some(mapping) = root.as_mapping_mut() else {
        return;
    };
    for kind in ["networks", "volumes", "secrets", "configs", "models"] {
        let Some(resources) = mapping.get_mut(kind).and_then(Node::as_mapping_mut) else {
            continue;
        };
        resources.retain(|name, _| used.get(kind).is_some_and(|names| names.contains(name)));
        if resources.is_empty() {
            mapping.remove(kind);
        }
    }
}
