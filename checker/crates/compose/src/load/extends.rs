//! Services that take over what another service says.

use std::rc::Rc;

use super::include::{is_remote, remote};
use super::{Loader, Place};
use crate::at::At;
use crate::expand;
use crate::finding::Finding;
use crate::interpolate::Variables;
use crate::merge;
use crate::node::{Mapping, Node, Step, Value};
use crate::path;
use crate::resolve::{self, Base};
use crate::source::Span;
use crate::specification::{PROJECT, SERVICE, SERVICES};
use crate::suggest;
use crate::validate;

/// Nobody extends this many services one after the other; following more could exhaust the stack.
const LONGEST_CHAIN: usize = 60;

impl Loader<'_> {
    pub(super) fn extends(
        &mut self,
        document: &mut Node,
        file: &str,
        resets: &[Vec<String>],
        variables: &Variables,
        place: &Place<'_>,
    ) {
        let Some(entry) = document
            .as_mapping()
            .and_then(|document| document.entry("services"))
        else {
            return;
        };
        let Some(services) = entry.value.as_mapping() else {
            // Even where an earlier file has services, Compose does not take nothing for no change.
            let at = At::ROOT;
            let (node, key) = (&entry.value, Some(entry.key_span));
            validate::validate(
                node,
                &SERVICES,
                key,
                &at.key("services"),
                &mut self.findings,
            );
            return;
        };
        if !services
            .iter()
            .any(|(_, entry)| entry.value.child("extends").is_some())
        {
            return;
        }
        let mut services = services.clone();
        // Variables and folders differ from one include to the next.
        self.bases.clear();
        let names: Vec<String> = services.keys().map(String::from).collect();
        for name in names {
            if self
                .findings
                .iter()
                .any(|finding| matches!(finding.code, "extends-too-long" | "too-much"))
            {
                return;
            }
            let mut trail = Vec::new();
            let mut context = Extending {
                file: file.to_string(),
                services: &services,
                resets,
                variables,
                place,
            };
            if let Some(service) = self.extended(&name, &mut context, &mut trail)
                && let Some(entry) = services.get_mut(&name)
            {
                *entry = service;
            }
        }
        if let Some(node) = document
            .as_mapping_mut()
            .and_then(|document| document.get_mut("services"))
        {
            node.value = Value::Mapping(services);
        }
    }

    /// The service `name` with everything it extends; nothing when it cannot be had.
    fn extended(
        &mut self,
        name: &str,
        context: &mut Extending<'_>,
        trail: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        let service = context.services.get(name)?;
        let Some(extends) = service
            .as_mapping()
            .and_then(|service| service.entry("extends"))
        else {
            return Some(service.clone());
        };
        let (target, file) = match &extends.value.value {
            Value::String(target) => (target.clone(), None),
            // A missing or wrongly typed key is for validation to report.
            _ => (
                extends.value.child("service")?.as_str()?.to_string(),
                extends.value.child("file").filter(|file| !file.is_null()),
            ),
        };
        let at = extends.value.span();
        let service = service.clone();
        if trail
            .iter()
            .any(|(known_file, known)| *known_file == context.file && known == name)
        {
            let circle: Vec<&str> = trail
                .iter()
                .map(|(_, name)| name.as_str())
                .chain([name])
                .collect();
            // Every service of the circle comes by here; one finding is enough.
            if !self
                .findings
                .iter()
                .any(|finding| finding.code == "extends-cycle")
            {
                self.findings.push(
                    Finding::error(
                        "extends-cycle",
                        format!(
                            "Services extend each other in a circle: {}.",
                            circle.join(" → ")
                        ),
                        at,
                    )
                    .label("this closes the circle")
                    .help("move what they share to a service that extends nothing")
                    .path(format!("services.{name}.extends")),
                );
            }

            return None;
        }
        if trail.len() >= LONGEST_CHAIN {
            self.refuse_long_chain(name, at);
            return None;
        }
        trail.push((context.file.clone(), name.to_string()));
        let base = match file {
            Some(file) => self.base_from_file(name, &target, file, at, context, trail)?,
            None => {
                if !context.services.contains(&target) {
                    self.findings.push(unknown_base(
                        name,
                        &target,
                        at,
                        context.services,
                        "this file",
                    ));
                    return None;
                }
                let mut inner = Extending {
                    file: context.file.clone(),
                    resets: &[],
                    ..*context
                };
                self.extended(&target, &mut inner, trail)?
            }
        };
        trail.pop();
        if base.is_null() {
            return Some(service);
        }
        if base.as_mapping().is_none() {
            // Told at the service that is extended, not at the one that extends it.
            let at_services = At::ROOT.key("services");
            let at_base = at_services.key(&target);
            validate::validate(&base, &SERVICE, None, &at_base, &mut self.findings);
            return None;
        }
        self.work.values += base.size();
        if self.is_too_much(Some(at)) {
            return None;
        }
        let mut base = base;
        base.add_step(&Step::Extended {
            service: target,
            at,
        });
        clear_service(&mut base, name, context.resets);
        let at_services = At::ROOT.key("services");
        merge::merge(
            &mut base,
            service,
            &SERVICE,
            &at_services.key(name),
            &mut self.findings,
        );
        if let Some(mapping) = base.as_mapping_mut() {
            mapping.remove("extends");
        }
        Some(base)
    }

    /// Said once: every service further down the chain comes by here.
    fn refuse_long_chain(&mut self, name: &str, at: Span) {
        if self
            .findings
            .iter()
            .any(|finding| finding.code == "extends-too-long")
        {
            return;
        }
        self.findings.push(
            Finding::error(
                "extends-too-long",
                format!(
                    "More than {LONGEST_CHAIN} services extend each other one after the other."
                ),
                at,
            )
            .label("the chain is too long here")
            .help("let services extend one common service")
            .path(format!("services.{name}.extends")),
        );
    }

    fn base_from_file(
        &mut self,
        name: &str,
        target: &str,
        file: &Node,
        at: Span,
        context: &Extending<'_>,
        trail: &mut Vec<(String, String)>,
    ) -> Option<Node> {
        let written = file.as_str()?;
        if is_remote(written) {
            self.findings.push(remote(written, file.span()));
            return None;
        }
        let base = match self.bases.get(written) {
            Some(base) => Rc::clone(base),
            None => {
                let base = Rc::new(self.base_file(written, file.span(), at, context)?);
                self.bases.insert(written.to_string(), Rc::clone(&base));
                base
            }
        };
        let none = Mapping::new();
        let services = base.root.child("services").and_then(Node::as_mapping);
        let Some(services) = services.filter(|services| services.contains(target)) else {
            let place = format!("`{}`", base.path);
            let services = services.unwrap_or(&none);
            self.findings
                .push(unknown_base(name, target, at, services, &place));
            return None;
        };
        let mut inner = Extending {
            file: base.path.clone(),
            services,
            resets: &base.resets,
            variables: context.variables,
            place: context.place,
        };
        self.extended(target, &mut inner, trail)
    }

    /// A file that services are taken from, made ready once for all that ask for it.
    fn base_file(
        &mut self,
        written: &str,
        asked_at: Span,
        at: Span,
        context: &Extending<'_>,
    ) -> Option<BaseFile> {
        let path = path::join(context.place.folder, written);
        let parsed = self.parse_file(&path, Some(asked_at))?;
        let errors = self.error_count();
        let mut root = Node::new(Value::Mapping(Mapping::new()), at);
        let mut resets = Vec::new();
        for mut document in parsed.documents {
            resets = self.prepare(&mut document, context.variables).ok()?;
            merge::clear(&mut root, &resets);
            merge::merge(&mut root, document, &PROJECT, &At::ROOT, &mut self.findings);
            merge::keep_last(&mut root, &PROJECT);
            expand::expand(&mut root, &PROJECT, &At::ROOT, &mut self.findings);
            merge::keep_last(&mut root, &PROJECT);
        }
        // Of the services that nobody asked for, only the forms are looked at.
        validate::check_forms(&root, &PROJECT, None, &At::ROOT, &mut self.findings);
        if self.error_count() > errors {
            return None;
        }
        resolve::resolve_paths(
            &mut root,
            &Base {
                folder: &path::folder_of(written),
                home: self.home.as_deref(),
            },
        );
        Some(BaseFile { path, root, resets })
    }
}

/// A file that services are taken from.
pub(super) struct BaseFile {
    path: String,
    root: Node,
    resets: Vec<Vec<String>>,
}

/// What a chain of `extends` needs to know about the file it is in.
struct Extending<'a> {
    file: String,
    services: &'a Mapping,
    resets: &'a [Vec<String>],
    variables: &'a Variables,
    place: &'a Place<'a>,
}

/// `!reset` in the extending service also clears what it would take from its base.
fn clear_service(service: &mut Node, name: &str, resets: &[Vec<String>]) {
    let below: Vec<Vec<String>> = resets
        .iter()
        .filter_map(|path| match path.as_slice() {
            [services, service, rest @ ..] if services == "services" && service == name => {
                Some(rest.to_vec())
            }
            _ => None,
        })
        .collect();
    merge::clear(service, &below);
}

fn unknown_base(name: &str, target: &str, at: Span, services: &Mapping, place: &str) -> Finding {
    let finding = Finding::error(
        "unknown-service",
        format!("There is no service `{target}` in {place} to extend."),
        at,
    )
    .label("extends this service")
    .path(format!("services.{name}.extends"));
    match suggest::nearest(target, services.keys()) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None if services.is_empty() => finding.help(format!("{place} has no services")),
        None => finding.expected(format!(
            "one of {}",
            suggest::listed(&services.keys().collect::<Vec<_>>())
        )),
    }
}
