//! Puts variables into the values of a document.

use super::Loader;
use crate::at::At;
use crate::dotenv;
use crate::interpolate::{self, TemplateError, Variables};
use crate::node::{Node, Step, Value};
use crate::source::Span;

/// Together, values with their variables put in may not grow beyond this many bytes.
const MOST_INTERPOLATED: usize = 64 << 20;

impl Loader<'_> {
    pub(super) fn interpolate(&mut self, node: &mut Node, variables: &Variables, at: &At<'_>) {
        match &mut node.value {
            Value::String(text) if text.contains('$') => {
                let template = std::mem::take(text);
                self.interpolate_text(node, template, variables, at);
            }
            Value::Sequence(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.interpolate(item, variables, &at.item(index));
                }
            }
            Value::Mapping(mapping) => {
                for (key, entry) in mapping.iter_mut() {
                    self.interpolate(&mut entry.value, variables, &at.key(key));
                }
            }
            _ => {}
        }
    }

    fn interpolate_text(
        &mut self,
        node: &mut Node,
        template: String,
        variables: &Variables,
        at: &At<'_>,
    ) {
        match interpolate::substitute(&template, &|name| variables.get(name).cloned()) {
            Ok(result) => {
                self.interpolated += result.text.len();
                if self.interpolated > MOST_INTERPOLATED {
                    self.findings.push(
                        dotenv::refusal(TemplateError::TooLong, &template, node.span())
                            .path(at.to_string()),
                    );
                }
                for name in &result.unset {
                    let span = self.expression(node.span(), name);
                    self.findings
                        .push(dotenv::unset(name, span).path(at.to_string()));
                }
                for (name, from) in result.used {
                    node.origin.push(Step::Interpolated {
                        variable: name,
                        from,
                    });
                }
                node.value = Value::String(result.text);
            }
            Err(error) => {
                let span = match &error {
                    TemplateError::Syntax { at } | TemplateError::Required { at, .. } => {
                        self.part_from(node, &template, *at)
                    }
                    TemplateError::TooLong => node.span(),
                };
                self.findings
                    .push(dotenv::refusal(error, &template, span).path(at.to_string()));
                node.value = Value::String(template);
            }
        }
    }

    /// Where `$NAME` or `${NAME…}` stands within `span`.
    fn expression(&self, span: Span, name: &str) -> Span {
        let text = self.sources.text(span);
        for (needle, closed) in [(format!("${{{name}"), true), (format!("${name}"), false)] {
            if let Some(found) = text.find(&needle) {
                let end = if closed {
                    text[found..].find('}').map_or(needle.len(), |end| end + 1)
                } else {
                    needle.len()
                };
                return Span {
                    source: span.source,
                    start: span.start + found as u32,
                    end: span.start + (found + end) as u32,
                };
            }
        }
        span
    }

    /// The place of the expression that starts at byte `at` of `template`, which `node` holds.
    fn part_from(&self, node: &Node, template: &str, at: usize) -> Span {
        let span = node.span();
        let text = self.sources.text(span);
        let rest = &template[at.min(template.len())..];
        let length = rest.find('}').map_or_else(
            || rest.find(char::is_whitespace).unwrap_or(rest.len()),
            |end| end + 1,
        );
        match text.find(&rest[..length]) {
            Some(found) => Span {
                source: span.source,
                start: span.start + found as u32,
                end: span.start + (found + length) as u32,
            },
            None => span,
        }
    }
}
