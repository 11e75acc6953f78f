//! What a project is called.

use super::{Loader, ParsedFile, Request};
use crate::finding::Finding;
use crate::interpolate::{self, Variables};
use crate::source::Span;

const VARIABLE: &str = "COMPOSE_PROJECT_NAME";

impl Loader<'_> {
    pub(super) fn project_name(
        &mut self,
        request: &Request,
        files: &[ParsedFile],
        variables: &Variables,
    ) -> Option<String> {
        let explicit = request
            .project_name
            .as_deref()
            .filter(|name| !name.is_empty())
            .map(|name| (name, "--project-name", None));
        let from_variable = || {
            variables
                .value(VARIABLE)
                .filter(|name| !name.is_empty())
                .map(|name| (name, VARIABLE, variables.place(VARIABLE)))
        };
        if let Some((name, set_by, place)) = explicit.or_else(from_variable) {
            if normalized_name(name) == name {
                return Some(name.to_string());
            }
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
        Some(name)
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
