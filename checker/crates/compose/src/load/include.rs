//! Files that are taken in whole.

use super::{Loader, Place, texts};
use crate::at::At;
use crate::dotenv::{FileVariables, Format};
use crate::files;
use crate::finding::Finding;
use crate::interpolate::Variables;
use crate::node::{Entry, Mapping, Node, Step, Value};
use crate::path;
use crate::source::Span;
use crate::specification::PROJECT;
use crate::validate;

/// A chain of includes longer than this is refused.
const DEEPEST_INCLUDE: usize = 30;

impl Loader<'_> {
    pub(super) fn includes(
        &mut self,
        document: &mut Node,
        file: &str,
        variables: &Variables,
        place: &Place<'_>,
    ) {
        let Some(include) = document
            .as_mapping_mut()
            .and_then(|document| document.remove("include"))
        else {
            return;
        };
        let errors = self.error_count();
        let mut check = Mapping::new();
        check.insert_entry("include", include.clone());
        validate::validate(
            &Node::new(Value::Mapping(check), include.value.span()),
            &PROJECT,
            None,
            &At::ROOT,
            &mut self.findings,
        );
        if self.error_count() > errors {
            return;
        }
        let mut chain = place.included.clone();
        chain.push(file.to_string());
        for entry in include.value.as_sequence().unwrap_or_default() {
            if let Some(imported) = self.include(entry, variables, place, &chain) {
                self.import(document, imported, entry.span());
            }
        }
    }

    fn include(
        &mut self,
        entry: &Node,
        variables: &Variables,
        place: &Place<'_>,
        chain: &[String],
    ) -> Option<Node> {
        let span = entry.span();
        let written = match entry.as_str() {
            Some(path) => vec![path.to_string()],
            None => texts(entry.child("path")),
        };
        if let Some(address) = written.iter().find(|path| is_remote(path)) {
            self.findings.push(remote(address, span));
            return None;
        }
        let paths: Vec<String> = written
            .iter()
            .map(|path| path::join(place.folder, path))
            .collect();
        if let Some(first) = paths.first()
            && (chain.contains(first) || chain.len() > DEEPEST_INCLUDE)
        {
            self.findings.push(
                Finding::error(
                    "include-cycle",
                    format!(
                        "Files include each other in a circle: {} → {first}.",
                        chain.join(" → ")
                    ),
                    span,
                )
                .label("this closes the circle")
                .help("remove one of these includes"),
            );
            return None;
        }
        let project_directory = entry
            .child("project_directory")
            .and_then(Node::scalar_text)
            .filter(|folder| !folder.is_empty());
        let relative = match project_directory {
            Some(folder) => path::clean(&folder),
            None => written
                .first()
                .map_or_else(String::new, |file| path::folder_of(file)),
        };
        let folder = path::join(place.folder, &relative);
        let env_files = texts(entry.child("env_file"));
        let mut own = variables.clone();
        if env_files.is_empty() {
            let found = self.variable_files(&[path::join(&folder, ".env")], false, variables);
            own.add_missing(found);
        } else {
            let paths: Vec<String> = env_files
                .iter()
                .map(|file| path::join(place.folder, file))
                .collect();
            let mut found = FileVariables::new();
            for path in paths {
                match files::read_variables(
                    &mut self.recorder,
                    &mut self.sources,
                    &path,
                    self.limits,
                ) {
                    Ok(source) => {
                        let lookup = |name: &str| variables.get(name).cloned();
                        self.parse_variables(
                            source,
                            Format::Compose,
                            &lookup,
                            &mut found,
                            Some(span),
                        );
                    }
                    Err(failure) => self.findings.push(failure.into_finding(&path, Some(span))),
                }
            }
            own.add_missing(found);
        }
        let files = self.parse_files(&paths, Some(span));
        let is_complete = files.len() == paths.len();
        let inner = Place {
            folder: &folder,
            included: chain.to_vec(),
        };
        // What is there is judged, also when a file is missing.
        let mut root = self.model(files, &own, &inner, &relative).ok()?;
        self.refuse_configs_of_variables(&root, &own, span);
        root.add_step(&Step::Included { at: span });
        is_complete.then_some(root)
    }

    /// In an included file Compose puts the variable's value beside its name, and then finds two contents.
    fn refuse_configs_of_variables(&mut self, root: &Node, variables: &Variables, at: Span) {
        let configs = root.child("configs").and_then(Node::as_mapping);
        for (name, entry) in configs.into_iter().flat_map(Mapping::iter) {
            let Some(variable) = entry.value.child("environment").filter(|node| {
                node.as_str()
                    .is_some_and(|name| variables.get(name).is_some())
            }) else {
                continue;
            };
            self.findings.push(
                Finding::error(
                    "two-contents",
                    format!("Compose cannot include the config `{name}`: its variable is set."),
                    variable.span(),
                )
                .label("an included config cannot take its content from a variable that has a value")
                .related(at, "included here")
                .help("move this config into the file that includes this one, or let it come from a file")
                .path(format!("configs.{name}")),
            );
        }
    }

    /// Puts what was included into `document`; the same name with another content is a mistake.
    fn import(&mut self, document: &mut Node, imported: Node, at: Span) {
        let (Some(document), Value::Mapping(mut imported)) =
            (document.as_mapping_mut(), imported.value)
        else {
            return;
        };
        for kind in [
            "services", "volumes", "networks", "secrets", "configs", "models",
        ] {
            let Some(Entry {
                key_span, value, ..
            }) = imported.remove(kind)
            else {
                continue;
            };
            let Value::Mapping(resources) = value.value else {
                continue;
            };
            if !document.contains(kind) {
                document.insert(
                    kind,
                    key_span,
                    Node::with_origin(Value::Mapping(Mapping::new()), value.origin.clone()),
                );
            }
            let Some(known) = document.get_mut(kind).and_then(Node::as_mapping_mut) else {
                continue;
            };
            for (name, entry) in resources.into_entries() {
                match known.entry(&name) {
                    Some(existing) if existing.value.same_value(&entry.value) => {}
                    Some(existing) => self.findings.push(
                        Finding::error("include-conflict", format!("`{name}` is also defined in a file that is included here."), existing.key_span)
                            .label("defined here")
                            .related(entry.key_span, "and here, differently")
                            .related(at, "included here")
                            .help("give one of them another name, or change it in an override file of the include")
                            .path(format!("{kind}.{name}")),
                    ),
                    None => known.insert_entry(name, entry),
                }
            }
        }
    }
}

pub(super) fn is_remote(path: &str) -> bool {
    [
        "oci://",
        "https://",
        "http://",
        "git://",
        "ssh://",
        "git@",
        "github.com/",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix))
}

pub(super) fn remote(address: &str, span: Span) -> Finding {
    Finding::error(
        "remote-file",
        format!("`{address}` lies on another machine, and nothing is fetched here."),
        span,
    )
    .label("refers to another machine")
    .help("download the file and name it by its path")
}
