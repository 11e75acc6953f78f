//! The built book, held in memory: what is not in this list cannot be asked for.

use std::collections::BTreeMap;

use anyhow::Context;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::{course, course_book};

const INDEX: &str = "index.html";
const MISSING: &str = "404.html";

/// Every file of the book by its path, with `/` between folders and none in front.
pub struct Pages {
    files: BTreeMap<String, Page>,
}

/// One file.
#[derive(Debug, Clone, Default)]
pub struct Page {
    kind: &'static str,
    is_fingerprinted: bool,
    bytes: Bytes,
}

impl Pages {
    /// Builds the embedded book in temporary folders, which are gone afterwards.
    ///
    /// # Errors
    /// As [`course_book::build_embedded`].
    pub fn build() -> anyhow::Result<Self> {
        let scratch = tempfile::tempdir().context("no temporary folder for the book")?;
        let destination = scratch.path().join("book");
        course_book::build_embedded(&scratch.path().join("sources"), &destination)?;

        let lessons = course::lessons()?;
        let mut files = BTreeMap::new();
        for (path, mut bytes) in course::files_below(&destination)? {
            // The build's own notes.
            if path.starts_with('.') {
                continue;
            }
            if path.ends_with(".html") {
                let slug = path.trim_end_matches(".html");
                let lesson = lessons.iter().find(|lesson| lesson.slug == slug);
                let id = lesson.map_or("", |lesson| &lesson.lesson.header.id);
                bytes = marked(&bytes, id).into_bytes();
            }
            let page = Page {
                kind: kind_of(&path),
                is_fingerprinted: is_fingerprinted(&path),
                bytes: bytes.into(),
            };
            files.insert(path, page);
        }
        Ok(Self { files })
    }

    /// The file at the path of an address.
    pub fn get(&self, path: &str) -> Option<&Page> {
        let path = path.strip_prefix('/')?;
        self.files.get(if path.is_empty() { INDEX } else { path })
    }

    /// What is shown in the place of a page that is not there.
    pub fn missing(&self) -> Page {
        self.files.get(MISSING).cloned().unwrap_or_default()
    }
}

impl Page {
    /// The file as an answer.
    pub fn response(&self, status: StatusCode) -> Response {
        let mut response = (status, self.bytes.clone()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        if self.is_fingerprinted {
            let for_ever = HeaderValue::from_static("private, max-age=31536000, immutable");
            headers.insert(CACHE_CONTROL, for_ever);
        }
        response
    }
}

/// The page with the sign by which its script knows that this server, and no plain folder, has sent it.
fn marked(page: &[u8], lesson: &str) -> String {
    let mark = format!("</title>\n        <meta name=\"checker-serve\" content=\"{lesson}\">");
    String::from_utf8_lossy(page).replacen("</title>", &mark, 1)
}

fn kind_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether the name holds eight digits made of the content, so that it never means another content.
fn is_fingerprinted(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let digits = stem.rsplit('-').next().unwrap_or_default();
    !path.ends_with(".html")
        && digits.len() == 8
        && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_fingerprint_is_kept_for_ever() {
        for path in [
            "book-609e4cb8.js",
            "css/chrome-d279d366.css",
            "clipboard-1626706a.min.js",
        ] {
            assert!(is_fingerprinted(path), "{path}");
        }
        for path in [
            "index.html",
            "toc.html",
            "images/a.svg",
            "04-milvus-stack.html",
        ] {
            assert!(!is_fingerprinted(path), "{path}");
        }
    }

    #[test]
    fn nothing_but_the_book_can_be_asked_for() {
        let pages = Pages::build().expect("the book");
        assert!(pages.get("/").is_some() && pages.get("/index.html").is_some());
        for path in [
            "/../Cargo.toml",
            "/.book-sources.json",
            "//index.html",
            "index.html",
            "/%2e%2e/a",
            "/css",
        ] {
            assert!(pages.get(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_lessons_page_names_its_lesson() {
        let pages = Pages::build().expect("the book");
        let text = |path| String::from_utf8_lossy(&pages.get(path).expect(path).bytes).into_owned();
        assert!(
            text("/04-milvus-stack.html")
                .contains(r#"<meta name="checker-serve" content="lesson-4">"#)
        );
        assert!(text("/index.html").contains(r#"<meta name="checker-serve" content="">"#));
    }
}
