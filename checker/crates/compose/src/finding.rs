//! What is wrong, where, and what to do next.

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Compose refuses the project.
    Error,
    /// Compose accepts it, and says something about it.
    Warning,
}

/// One thing that is wrong or worth saying, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Error or warning.
    pub severity: Severity,
    /// A stable name in kebab-case, for example `unknown-key`.
    pub code: &'static str,
    /// The headline, one sentence.
    pub message: String,
    /// Where it is. Missing only when no file can be named, for example when there is none.
    pub span: Option<Span>,
    /// What stands under the carets.
    pub label: String,
    /// Other places that belong to it, each with its own label.
    pub related: Vec<(Span, String)>,
    /// What was expected instead.
    pub expected: Option<String>,
    /// The next step.
    pub help: Option<String>,
    /// The path of the value, for example `services.web.prots`.
    pub path: Option<String>,
}

impl Finding {
    /// An error at `span`.
    pub fn error(
        code: &'static str,
        message: impl Into<String>,
        span: impl Into<Option<Span>>,
    ) -> Self {
        Self::new(Severity::Error, code, message, span)
    }

    /// A warning at `span`.
    pub fn warning(
        code: &'static str,
        message: impl Into<String>,
        span: impl Into<Option<Span>>,
    ) -> Self {
        Self::new(Severity::Warning, code, message, span)
    }

    fn new(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        span: impl Into<Option<Span>>,
    ) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            span: span.into(),
            label: String::new(),
            related: Vec::new(),
            expected: None,
            help: None,
            path: None,
        }
    }

    /// Sets what stands under the carets.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place.
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// Says what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the value.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Whether Compose refuses the project because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
