//! Pages that a browser shows although inline scripts and styles are forbidden.

use crate::fixture::Fixture;
use std::fs;

/// Every page of a book as a browser gets it.
fn pages(fixture: &Fixture) -> Vec<(String, String)> {
    let built = fixture.build().expect("a book");
    let read = |page: &std::path::PathBuf| {
        let text = fs::read_to_string(fixture.destination().join(page)).expect("a page");
        (page.display().to_string(), text)
    };
    built.pages.iter().map(read).collect()
}

#[test]
fn no_page_has_a_script_or_a_style_of_its_own() {
    let fixture = Fixture::new().chapter(
        "deep/one.md",
        "# One\n\n<p style=\"color: red\">Red.</p>\n\n<script>let shown = 1;</script>\n",
    );
    for (page, text) in pages(&fixture) {
        assert!(!text.contains("<script>"), "{page} has a script of its own");
        assert!(!text.contains(" style=\""), "{page} has a style of its own");
    }
    assert!(fixture.broken_links().is_empty());
}

#[test]
fn what_was_moved_is_loaded_in_the_same_place() {
    let fixture =
        Fixture::new().chapter("deep/one.md", "# One\n\n<p style=\"color: red\">Red.</p>\n");
    let pages = pages(&fixture);
    let (_, text) = pages
        .iter()
        .find(|(page, _)| page == "deep/one.html")
        .expect("the page");
    let scripts: Vec<_> = text
        .split("<script src=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let contents = |script: &str| {
        let path = fixture.destination().join("deep").join(script);
        fs::read_to_string(path).expect(script)
    };
    // The page's root is told before the table of contents is made, and the theme is set before anything is shown.
    assert!(contents(scripts[0]).contains("path_to_root = \"../\""));
    assert!(scripts[1].contains("toc-"), "{scripts:?}");
    assert!(
        scripts
            .iter()
            .any(|script| contents(script).contains("default_theme"))
    );
    let sheets = text
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next());
    let sheet = sheets
        .filter(|sheet| sheet.contains("apart/"))
        .last()
        .expect("the style sheet");
    assert!(contents(sheet).contains("color: red !important;"));
}

#[test]
fn mdbooks_search_writes_no_inline_style() {
    let fixture = Fixture::new();
    fixture.build().expect("a book");
    let script = fs::read_dir(fixture.destination())
        .expect("the book")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("searcher"))
        })
        .expect("the script of the search");
    let script = fs::read_to_string(script).expect("a script");
    assert!(
        !script.contains("setAttribute('style'"),
        "mdBook has changed: see policy.rs"
    );
}
