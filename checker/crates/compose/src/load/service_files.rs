//! Files that services name: `env_file` and `label_file`.

use std::collections::BTreeMap;

use super::{Loader, put_services, take_services};
use crate::dotenv::{FileVariables, Format};
use crate::files::{self, ReadFailure};
use crate::finding::Finding;
use crate::interpolate::{Variable, Variables};
use crate::node::{Entry, Mapping, Node, Origin, Step, Value, VariableOrigin};
use crate::normalize;
use crate::path;
use crate::reader::ReadError;
use crate::source::Span;

/// Which file each variable came from, and what that replaced.
#[derive(Default)]
struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// Notes what is new or another one in `found` after `file` was read.
    fn note(&mut self, found: &FileVariables, file: &Node) {
        for (name, variable) in found {
            let span = span_of(variable, file);
            let before = self.0.get(name);
            if before.is_some_and(|before| before.span == span) {
                continue;
            }
            let mut origin = Origin::at(span);
            origin.push(Step::Interpolated {
                variable: name.clone(),
                from: variable.origin.clone(),
            });
            origin.push(Step::OtherFile { at: file.span() });
            if let Some(before) = before {
                let previous = before.span;
                origin.push(Step::MergedOver { previous });
            }
            self.0.insert(name.clone(), origin);
        }
    }

    fn of(&mut self, name: &str, variable: &Variable, files: &Node) -> Origin {
        let known = self.0.remove(name);
        known.unwrap_or_else(|| Origin::at(span_of(variable, files)))
    }
}

/// Where a variable is set; one that is only named in a file has the place of that file's name.
fn span_of(variable: &Variable, file: &Node) -> Span {
    match variable.origin {
        VariableOrigin::File(span) => span,
        _ => file.span(),
    }
}

impl Loader<'_> {
    pub(super) fn environment_files(&mut self, root: &mut Node, variables: &Variables) {
        let mut services = take_services(root);
        for (name, entry) in services.iter_mut() {
            let Some(service) = entry.value.as_mapping_mut() else {
                continue;
            };
            let Some(files) = service.remove("env_file") else {
                continue;
            };
            let written = service
                .get("environment")
                .and_then(Node::as_mapping)
                .cloned()
                .unwrap_or_default();
            let mut found = FileVariables::new();
            let mut origins = Origins::default();
            for (index, file) in files
                .value
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let path_of = format!("services.{name}.env_file.{index}");
                self.environment_file(file, &path_of, &written, variables, &mut found);
                origins.note(&found, file.child("path").unwrap_or(file));
            }
            let mut environment = Mapping::new();
            for (variable, value) in found {
                let origin = origins.of(&variable, &value, &files.value);
                environment.insert(variable, origin.span, Node::text(value.value, origin));
            }
            for (variable, mut entry) in written.into_entries() {
                if let Some(from_file) = environment.get(&variable) {
                    let previous = from_file.span();
                    entry.value.origin.push(Step::MergedOver { previous });
                }
                environment.insert_entry(variable, entry);
            }
            if !environment.is_empty() {
                let origin = service
                    .get("environment")
                    .map_or(files.value.origin.clone(), |node| node.origin.clone());
                service.insert(
                    "environment",
                    files.key_span,
                    Node::with_origin(Value::Mapping(environment), origin),
                );
            }
        }
        put_services(root, services);
    }

    fn environment_file(
        &mut self,
        file: &Node,
        path_of: &str,
        written: &Mapping,
        variables: &Variables,
        found: &mut FileVariables,
    ) {
        let is_required = file.child("required").is_some_and(normalize::is_true);
        let named = file.child("path").filter(|path| path.as_str() != Some(""));
        let Some(node) = named else {
            if is_required {
                self.findings.push(
                    Finding::error(
                        "file-not-found",
                        "The path of this file of variables is empty.",
                        file.span(),
                    )
                    .label("names no file")
                    .help("write the file's path, for example `./app.env`, or remove this line")
                    .path(path_of),
                );
            }
            return;
        };
        let path = path::clean(node.as_str().unwrap_or_default());
        match files::read_variables(&mut self.recorder, &mut self.sources, &path, self.limits) {
            Ok(source) => {
                let format = match file.child("format").and_then(Node::as_str).unwrap_or("") {
                    "" => Format::Compose,
                    "raw" => Format::Raw,
                    other => {
                        self.findings.push(
                            Finding::error(
                                "unknown-value",
                                format!("`{other}` is no format of a file of variables."),
                                file.child("format").map_or(node.span(), Node::span),
                            )
                            .label("not a known format")
                            .expected("raw, or no format at all")
                            .path(path_of),
                        );
                        return;
                    }
                };
                // The project's own variables win, then what the service itself sets.
                let lookup = |name: &str| {
                    variables.get(name).cloned().or_else(|| {
                        let node = written.get(name)?;
                        let origin = VariableOrigin::File(node.span());
                        Some(Variable {
                            value: node.as_str()?.to_string(),
                            origin,
                        })
                    })
                };
                self.parse_variables(source, format, &lookup, found, Some(node.span()));
            }
            Err(ReadFailure::Unreadable(ReadError::NotFound)) if !is_required => {}
            Err(failure) => self
                .findings
                .push(failure.into_finding(&path, Some(node.span())).path(path_of)),
        }
    }

    pub(super) fn label_files(&mut self, root: &mut Node) {
        let mut services = take_services(root);
        for (name, entry) in services.iter_mut() {
            let Some(service) = entry.value.as_mapping_mut() else {
                continue;
            };
            let Some(files) = service.remove("label_file") else {
                continue;
            };
            let mut found = FileVariables::new();
            let mut origins = Origins::default();
            for (index, file) in files
                .value
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let path = path::clean(file.as_str().unwrap_or_default());
                match files::read_variables(
                    &mut self.recorder,
                    &mut self.sources,
                    &path,
                    self.limits,
                ) {
                    Ok(source) => self.parse_variables(
                        source,
                        Format::Compose,
                        &|_| None,
                        &mut found,
                        Some(file.span()),
                    ),
                    Err(failure) => self.findings.push(
                        failure
                            .into_finding(&path, Some(file.span()))
                            .path(format!("services.{name}.label_file.{index}")),
                    ),
                }
                origins.note(&found, file);
            }
            let written = service.remove("labels");
            let mut labels = Mapping::new();
            for (label, value) in found {
                let origin = origins.of(&label, &value, &files.value);
                labels.insert(label, origin.span, Node::text(value.value, origin));
            }
            let origin = written
                .as_ref()
                .map_or(files.value.origin.clone(), |entry| {
                    entry.value.origin.clone()
                });
            if let Some(Entry {
                value:
                    Node {
                        value: Value::Mapping(written),
                        ..
                    },
                ..
            }) = written
            {
                written
                    .into_entries()
                    .for_each(|(label, entry)| labels.insert_entry(label, entry));
            }
            if !labels.is_empty() {
                service.insert(
                    "labels",
                    files.key_span,
                    Node::with_origin(Value::Mapping(labels), origin),
                );
            }
        }
        put_services(root, services);
    }
}
