//! Files that services name: `env_file` and `label_file`.

use super::{Loader, put_services, take_services};
use crate::dotenv::{self, FileVariables, Format};
use crate::files::{self, ReadFailure};
use crate::finding::Finding;
use crate::interpolate::{self, Variables};
use crate::node::{Entry, Mapping, Node, Origin, Step, Value, VariableOrigin};
use crate::normalize;
use crate::path;
use crate::reader::ReadError;

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
            for (index, file) in files
                .value
                .as_sequence()
                .unwrap_or_default()
                .iter()
                .enumerate()
            {
                let path_of = format!("services.{name}.env_file.{index}");
                self.environment_file(file, &path_of, &written, variables, &mut found);
            }
            let mut environment = Mapping::new();
            for (variable, value) in found {
                let span = if let VariableOrigin::File(span) = value.origin {
                    span
                } else {
                    files.value.span()
                };
                let mut node = Node::text(value.value, Origin::at(span));
                node.origin.push(Step::Interpolated {
                    variable: variable.clone(),
                    from: value.origin,
                });
                environment.insert(variable, span, node);
            }
            written
                .into_iter()
                .for_each(|(variable, entry)| environment.insert_entry(variable, entry));
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
        let Some(node) = file.child("path") else {
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
                let text = self.sources.get(source).text.clone();
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
                        Some(interpolate::Variable {
                            value: node.as_str()?.to_string(),
                            origin,
                        })
                    })
                };
                self.findings
                    .extend(dotenv::parse(source, &text, format, &lookup, found));
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
                        &Variables::default(),
                        &mut found,
                    ),
                    Err(failure) => self.findings.push(
                        failure
                            .into_finding(&path, Some(file.span()))
                            .path(format!("services.{name}.label_file.{index}")),
                    ),
                }
            }
            let written = service.remove("labels");
            let mut labels = Mapping::new();
            for (label, value) in found {
                let span = if let VariableOrigin::File(span) = value.origin {
                    span
                } else {
                    files.value.span()
                };
                labels.insert(label, span, Node::text(value.value, Origin::at(span)));
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
                    .into_iter()
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
