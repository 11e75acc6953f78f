//! The whole page, as mdBook and we make it: these fail when an mdBook release writes it differently.

use crate::fixture::Fixture;

fn page() -> String {
    let fixture = Fixture::new();
    fixture.build().expect("a book");
    std::fs::read_to_string(fixture.destination().join("index.html")).expect("the page")
}

#[test]
fn the_sidebar_is_opened_by_a_control_that_a_keyboard_reaches() {
    let page = page();
    assert!(page.contains(
        r#"<input type="checkbox" id="mdbook-sidebar-toggle-anchor" class="off-screen" aria-label="Table of contents""#
    ));
    assert!(page.contains(
        r#"for="mdbook-sidebar-toggle-anchor" title="Table of contents" aria-hidden="true">"#
    ));
}

#[test]
fn the_menu_of_themes_offers_what_looks_different() {
    let page = page();
    let themes: Vec<&str> = page
        .split(r#"class="theme" id="mdbook-theme-"#)
        .skip(1)
        .filter_map(|rest| rest.split(['>', '<']).nth(1))
        .collect();
    assert_eq!(themes, ["Auto", "Light", "Dark"]);
}

#[test]
fn the_only_first_heading_is_the_chapters() {
    let page = page();
    let headings: Vec<&str> = page
        .split("<h1")
        .skip(1)
        .filter(|heading| !heading.starts_with(r#" class="menu-title" role="none">"#))
        .collect();
    assert_eq!(headings.len(), 1, "{headings:?}");
    assert!(page.contains(r#"id="mdbook-menu-bar" role="banner""#));
}

#[test]
fn the_search_field_has_a_name_and_a_description_that_exists() {
    let page = page();
    assert!(page.contains(
        r#"aria-label="Search this book" aria-describedby="mdbook-searchresults-header""#
    ));
    assert!(page.contains(r#"id="mdbook-searchresults-header""#));
    assert!(page.contains(r#"id="mdbook-search-wrapper" role="search""#));
    assert!(page.contains(r#"id="mdbook-help-popup" role="dialog""#));
}
