//! What a lesson file gives to the book.

use std::collections::BTreeMap;

/// What the file of one lesson says for its page; or what else the program knows and a page of its own shows.
#[derive(Debug, Clone, Default)]
pub struct LessonPage {
    /// The lesson's permanent id, as directives name it: `lesson-4`.
    pub id: String,
    /// The name of its chapter without `.md`: `04-milvus-stack`.
    pub slug: String,
    /// Markdown for `{{#checks lesson-4}}`.
    pub checklist: String,
    /// Markdown for `{{#quiz lesson-4}}`, made so that it works without script.
    pub quiz: String,
    /// Words for `{{#fact lesson-4 NAME}}`, on the lesson's own page also `{{#fact NAME}}`: `minutes`, `goal`, …
    pub facts: BTreeMap<String, String>,
}
