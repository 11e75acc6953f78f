//! What Compose adds to every project: defaults, the `default` network, names, dependencies that follow from other keys.

use crate::expand::fill;
use crate::interpolate::Variables;
use crate::node::{Mapping, Node, Origin, Step, Value, VariableOrigin};
use crate::path;

/// Sets what a file leaves out and Compose takes for granted, within one file and its includes.
pub(crate) fn set_defaults(root: &mut Node) {
    for_each_service(root, &mut |_, service| {
        let Some(service) = service.as_mapping_mut() else {
            return;
        };
        if let Some(build) = service.get_mut("build") {
            let origin = build.origin.clone();
            if let Some(build) = build.as_mapping_mut() {
                fill(build, "context", Value::String(".".into()), &origin);
            }
        }
        for_each_item(service, "secrets", &mut |secret| {
            let origin = secret.origin.clone();
            let source = secret
                .child("source")
                .and_then(Node::scalar_text)
                .unwrap_or_default();
            if let Some(secret) = secret.as_mapping_mut() {
                fill(
                    secret,
                    "target",
                    Value::String(format!("/run/secrets/{source}")),
                    &origin,
                );
            }
        });
        for_each_item(service, "ports", &mut |port| {
            let origin = port.origin.clone();
            if let Some(port) = port.as_mapping_mut() {
                fill(port, "protocol", Value::String("tcp".into()), &origin);
                fill(port, "mode", Value::String("ingress".into()), &origin);
            }
        });
        for_each_item(service, "gpus", &mut all_devices);
        let devices = ["resources", "reservations"];
        let reservations = devices
            .iter()
            .try_fold(service.get_mut("deploy"), |node, key| {
                Some(node?.as_mapping_mut()?.get_mut(key))
            });
        if let Some(reservations) = reservations.flatten().and_then(Node::as_mapping_mut) {
            for_each_item(reservations, "devices", &mut all_devices);
        }
    });
}

fn all_devices(request: &mut Node) {
    let origin = request.origin.clone();
    if let Some(request) = request.as_mapping_mut()
        && !request.contains("device_ids")
    {
        fill(request, "count", Value::String("all".into()), &origin);
    }
}

/// Gives variables that a list names without a value the value they have outside; those of a mapping wait for
/// [`normalize`], which knows the variables of the whole project.
pub(crate) fn resolve_environment(root: &mut Node, variables: &Variables) {
    for_each_service(root, &mut |_, service| {
        if let Some(environment) = service
            .as_mapping_mut()
            .and_then(|service| service.get_mut("environment"))
            && environment.as_mapping().is_some_and(Mapping::is_listed)
        {
            take_from_outside(environment, variables, Missing::Stays);
        }
    });
}

/// Completes the whole project called `name`.
pub(crate) fn normalize(root: &mut Node, name: &str, variables: &Variables) {
    add_default_network(root);
    for_each_service(root, &mut |_, service| {
        normalize_service(service, variables)
    });
    for kind in ["networks", "volumes", "configs", "secrets"] {
        name_resources(root, kind, name);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Stays,
    IsDropped,
}

fn take_from_outside(pairs: &mut Node, variables: &Variables, missing: Missing) {
    let Some(mapping) = pairs.as_mapping_mut() else {
        return;
    };
    mapping.retain(|name, entry| {
        if !entry.value.is_null() {
            return true;
        }
        match variables.get(name) {
            Some(variable) => {
                entry.value.value = Value::String(variable.value.clone());
                let step = Step::Interpolated {
                    variable: name.to_string(),
                    from: variable.origin.clone(),
                };
                entry.value.origin.push(step);
                true
            }
            None => missing == Missing::Stays,
        }
    });
}

fn normalize_service(service: &mut Node, variables: &Variables) {
    let origin = service.origin.clone();
    let Some(service) = service.as_mapping_mut() else {
        return;
    };
    if let Some(policy) = service.get_mut("pull_policy")
        && policy.as_str() == Some("if_not_present")
    {
        policy.value = Value::String("missing".into());
    }
    if let Some(build) = service.get_mut("build") {
        let origin = build.origin.clone();
        if let Some(build) = build.as_mapping_mut() {
            fill(build, "context", Value::String(".".into()), &origin);
            if !build.contains("dockerfile_inline") {
                fill(
                    build,
                    "dockerfile",
                    Value::String("Dockerfile".into()),
                    &origin,
                );
            }
            if let Some(arguments) = build.get_mut("args") {
                take_from_outside(arguments, variables, Missing::IsDropped);
            }
        }
    }
    if let Some(environment) = service.get_mut("environment") {
        take_from_outside(environment, variables, Missing::Stays);
    }
    if let Some(scale) = service.get("scale").cloned()
        && let Some(deploy) = service.get_mut("deploy").and_then(Node::as_mapping_mut)
    {
        fill(deploy, "replicas", scale.value, &scale.origin);
    }
    add_implied_dependencies(service, &origin);
    for_each_item(service, "volumes", &mut |mount| {
        if let Some(Value::String(target)) = mount
            .as_mapping_mut()
            .and_then(|mount| mount.get_mut("target"))
            .map(|node| &mut node.value)
        {
            *target = path::clean(target);
        }
    });
    // The two say the same thing, so the model has both.
    if let Some(scale) = service.get("scale").cloned()
        && let Some(deploy) = service.get_mut("deploy").and_then(Node::as_mapping_mut)
        && !deploy.contains("replicas")
    {
        let origin = scale.origin.with(Step::Default);
        deploy.insert(
            "replicas",
            origin.span,
            Node::with_origin(scale.value, origin),
        );
    }
}

/// `links`, `volumes_from` and shared namespaces need their service started first.
fn add_implied_dependencies(service: &mut Mapping, service_origin: &Origin) {
    let mut implied: Vec<(String, bool, Origin)> = Vec::new();
    for link in service
        .get("links")
        .and_then(Node::as_sequence)
        .unwrap_or_default()
    {
        if let Some(text) = link.as_str() {
            let parts: Vec<&str> = text.split(':').collect();
            let name = if let [name, _] = parts.as_slice() {
                name
            } else {
                text
            };
            implied.push((name.to_string(), true, link.origin.clone()));
        }
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        if let Some(node) = service.get(key)
            && let Some(name) = node.as_str().and_then(|text| text.strip_prefix("service:"))
        {
            implied.push((name.to_string(), true, node.origin.clone()));
        }
    }
    for volume in service
        .get("volumes_from")
        .and_then(Node::as_sequence)
        .unwrap_or_default()
    {
        if let Some(text) = volume
            .as_str()
            .filter(|text| !text.starts_with("container:"))
        {
            implied.push((
                text.split(':').next().unwrap_or(text).to_string(),
                false,
                volume.origin.clone(),
            ));
        }
    }
    if implied.is_empty() {
        return;
    }
    if !service.contains("depends_on") {
        let empty = Node::with_origin(
            Value::Mapping(Mapping::new()),
            service_origin.with(Step::Default),
        );
        service.insert("depends_on", service_origin.span, empty);
    }
    let Some(dependencies) = service.get_mut("depends_on").and_then(Node::as_mapping_mut) else {
        return;
    };
    for (name, restart, origin) in implied {
        if dependencies.contains(&name) {
            continue;
        }
        let origin = origin.with(Step::Default);
        let mut dependency = Mapping::new();
        for (key, value) in [
            ("condition", Value::String("service_started".into())),
            ("restart", Value::Bool(restart)),
            ("required", Value::Bool(true)),
        ] {
            dependency.insert(key, origin.span, Node::with_origin(value, origin.clone()));
        }
        dependencies.insert(
            name,
            origin.span,
            Node::with_origin(Value::Mapping(dependency), origin),
        );
    }
}

/// A service that names no network joins `default`, which exists only when somebody joins it.
fn add_default_network(root: &mut Node) {
    let mut joined: Option<Origin> = None;
    for_each_service(root, &mut |_, service| {
        let origin = service.origin.with(Step::Default);
        let Some(service) = service.as_mapping_mut() else {
            return;
        };
        if service.contains("provider") || service.contains("network_mode") {
            return;
        }
        match service.get("networks").and_then(Node::as_mapping) {
            Some(networks) if !networks.is_empty() => {
                if networks.contains("default") {
                    joined.get_or_insert(origin);
                }
            }
            _ => {
                let mut networks = Mapping::new();
                networks.insert(
                    "default",
                    origin.span,
                    Node::with_origin(Value::Null, origin.clone()),
                );
                service.insert(
                    "networks",
                    origin.span,
                    Node::with_origin(Value::Mapping(networks), origin.clone()),
                );
                joined.get_or_insert(origin);
            }
        }
    });
    let (Some(origin), Some(root)) = (joined, root.as_mapping_mut()) else {
        return;
    };
    if root
        .get("networks")
        .is_none_or(|networks| networks.as_mapping().is_none())
    {
        root.insert(
            "networks",
            origin.span,
            Node::with_origin(Value::Mapping(Mapping::new()), origin.clone()),
        );
    }
    if let Some(networks) = root.get_mut("networks").and_then(Node::as_mapping_mut) {
        fill(networks, "default", Value::Null, &origin);
    }
}

fn name_resources(root: &mut Node, kind: &str, project: &str) {
    let Some(resources) = root
        .as_mapping_mut()
        .and_then(|root| root.get_mut(kind))
        .and_then(Node::as_mapping_mut)
    else {
        return;
    };
    for (key, entry) in resources.iter_mut() {
        if entry.value.is_null() {
            entry.value.value = Value::Mapping(Mapping::new());
        }
        let origin = entry.value.origin.clone();
        let Some(resource) = entry.value.as_mapping_mut() else {
            continue;
        };
        let is_external = resource.get("external").is_some_and(is_true);
        let name = if is_external {
            key.to_string()
        } else {
            format!("{project}_{key}")
        };
        if resource.get("name").is_none_or(Node::is_null) {
            resource.remove("name");
            fill(resource, "name", Value::String(name), &origin);
        }
    }
}

/// Whether a flag is on, in any of its spellings.
pub(crate) fn is_true(node: &Node) -> bool {
    match &node.value {
        Value::Bool(value) => *value,
        Value::String(text) => crate::validate::boolean(text).unwrap_or(false),
        _ => false,
    }
}

/// Calls `change` with the name and the node of each service.
pub(crate) fn for_each_service(root: &mut Node, change: &mut dyn FnMut(&str, &mut Node)) {
    if let Some(services) = root
        .as_mapping_mut()
        .and_then(|root| root.get_mut("services"))
        .and_then(Node::as_mapping_mut)
    {
        services
            .iter_mut()
            .for_each(|(name, entry)| change(name, &mut entry.value));
    }
}

fn for_each_item(mapping: &mut Mapping, key: &str, change: &mut dyn FnMut(&mut Node)) {
    if let Some(Value::Sequence(items)) = mapping.get_mut(key).map(|node| &mut node.value) {
        items.iter_mut().for_each(change);
    }
}

/// Compose sets `PWD` to the folder it runs in, also where the shell does not.
pub(crate) fn set_working_folder(variables: &mut Variables, project_directory: &str) {
    if variables.get("PWD").is_none() {
        let folder = Some(project_directory).filter(|folder| !folder.is_empty());
        variables.set("PWD", folder.unwrap_or("."), VariableOrigin::Compose);
    }
}

/// The variable that names the project, for use in the file.
pub(crate) fn set_project_name(variables: &mut Variables, name: &str) {
    variables.set("COMPOSE_PROJECT_NAME", name, VariableOrigin::Compose);
}
