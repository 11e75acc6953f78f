//! What a project is called.

use super::{Loader, ParsedFile, Request};
use crate::finding::Finding;
use crate::interpolate::{self, Variables};
use crate::node::{Node, Origin, Step};
use crate::source::Span;

const OPTION: &str = "--project-name";
const VARIABLE: &str = "COMPOSE_PROJECT_NAME";

/// A project's name.
#[derive(Default)]
pub(super) struct ProjectName {
    pub name: String,
    /// How it came about, when it is not the one that the file says.
    pub step: Option<Step>,
}

impl ProjectName {
    /// The name as a value of the model.
    pub(super) fn node(self, root: &Node) -> Node {
        let written = root.child("name").unwrap_or(root);
        let origin = match self.step {
            None => written.origin.clone(),
            Some(step) => Origin::at(written.span()).with(step),
        };
        Node::text(self.name, origin)
    }
}

impl Loader<'_> {
    pub(super) fn project_name(
        &mut self,
        request: &Request,
        files: &[ParsedFile],
        variables: &Variables,
    ) -> Option<ProjectName> {
        let explicit = request
            .project_name
            .as_deref()
            .filter(|name| !name.is_empty())
            .map(|name| (name, OPTION, Step::Given { option: OPTION }));
        let from_variable = || {
            let variable = variables.get(VARIABLE)?;
            let step = Step::Interpolated {
                variable: VARIABLE.into(),
                from: variable.origin.clone(),
            };
            let name = variable.value.as_str();
            (!name.is_empty()).then_some((name, VARIABLE, step))
        };
        if let Some((name, set_by, step)) = explicit.or_else(from_variable) {
            if normalized_name(name) == name {
                return Some(ProjectName {
                    name: name.to_string(),
                    step: Some(step),
                });
            }
            let place = match step {
                Step::Given { .. } => None,
                _ => variables.place(VARIABLE),
            };
            self.findings
                .push(bad_project_name(name, place).help(format!("change what `{set_by}` says")));
            return None;
        }
        let written = files
            .iter()
            .flat_map(|file| &file.documents)
            .filter_map(|document| document.child("name"))
            .rfind(|name| name.scalar_text().is_some_and(|text| !text.is_empty()));
        let (name, span) = match written {
            None => (normalized_name(&request.folder_name), None),
            Some(node) => {
                let text = node.scalar_text().unwrap_or_default();
                let text = interpolate::substitute(&text, &|name| variables.get(name).cloned())
                    .map_or(text, |result| result.text);
                (normalized_name(&text), Some(node.span()))
            }
        };
        if name.is_empty() {
            let shown = span.map_or(request.folder_name.as_str(), |span| self.sources.text(span));
            self.findings.push(bad_project_name(shown, span).help("add a line `name: …` at the top of the Compose file, in lower-case letters and digits"));
            return None;
        }
        let step = span.is_none().then_some(Step::Default);
        Some(ProjectName { name, step })
    }
}

fn bad_project_name(name: &str, span: Option<Span>) -> Finding {
    Finding::error(
        "bad-project-name",
        format!("`{name}` cannot be the name of a project."),
        span,
    )
    .label("not a project name")
    .expected("lower-case letters, digits, `-` and `_`, with a letter or digit first")
}

/// A name as Compose makes it fit: lower case, and only letters, digits, `-` and `_`.
fn normalized_name(name: &str) -> String {
    let kept: String = name
        .to_lowercase()
        .chars()
        .filter(|character| {
            character.is_ascii_lowercase()
                || character.is_ascii_digit()
                || matches!(character, '-' | '_')
        })
        .collect();
    kept.trim_start_matches(['-', '_']).to_string()
}
