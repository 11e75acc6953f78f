use crate::fixture::Fixture;
use book::{BrokenLink, LinkCheckError, LinkProblem, LinkSource, check_links};
use std::path::{Path, PathBuf};

/// Place, target and problem of each broken link.
fn summary(broken: &[BrokenLink]) -> Vec<(String, &str, LinkProblem)> {
    broken
        .iter()
        .map(|link| {
            let place = match &link.source {
                Some(LinkSource {
                    file,
                    line: Some(line),
                }) => format!("{file}:{line}"),
                Some(LinkSource { file, line: None }) => file.clone(),
                None => link.page.display().to_string(),
            };
            (place, link.target.as_str(), link.problem)
        })
        .collect()
}

#[test]
fn a_good_book_has_no_broken_link() {
    let fixture = Fixture::new()
        .lesson_4()
        .chapter("04-stack.md", "# Stack\n\n## The parts\n\n{{#checks lesson-4}}\n\n{{#quiz lesson-4}}\n")
        .chapter(
            "sub/two.md",
            "# Two\n\n[up](../04-stack.md#the-parts) [here](#two) [out](https://docs.docker.com/) \
             [mail](mailto:a@example.org)\n\n![a box](../box%201.svg)\n\n```admonish tip title=\"Tip\"\n[x](../index.md)\n```\n",
        )
        .file("src/box 1.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    assert_eq!(fixture.broken_links(), []);
}

#[test]
fn a_link_to_a_missing_chapter_is_found_with_its_line() {
    let fixture = Fixture::new().chapter("one.md", "# One\n\nText.\n\nSee [two](two.md#start).\n");
    let broken = fixture.broken_links();
    assert_eq!(
        summary(&broken),
        [(
            "src/one.md:5".to_owned(),
            "two.html#start",
            LinkProblem::NoSuchFile
        )]
    );
    assert_eq!(broken[0].page, PathBuf::from("one.html"));
    assert_eq!(
        broken[0].to_string(),
        "src/one.md:5: the page one.html refers to two.html#start, and the book has no such file\n  \
         next: look for a typing mistake, or add the file"
    );
}

#[test]
fn a_link_to_a_readme_says_how_mdbook_names_its_page() {
    let fixture = Fixture::new().chapter("one.md", "[good](index.md) [bad](README.md#x)\n");
    let broken = fixture.broken_links();
    assert_eq!(
        summary(&broken),
        [(
            "src/one.md:1".to_owned(),
            "README.html#x",
            LinkProblem::NoSuchFile
        )]
    );
    assert!(broken[0].to_string().ends_with(
        "next: link to index.md: mdBook makes the README.md of a folder its index page"
    ));
}

#[test]
fn the_print_page_does_not_repeat_a_nested_chapter() {
    let text = "[a](gone.md) [b](../../out.txt) ![c](../gone.svg) [d](../README.md#x) [e](https://example.org)\n";
    let fixture = Fixture::new().chapter("sub/one.md", text);
    let broken = fixture.broken_links();
    assert_eq!(
        summary(&broken)
            .into_iter()
            .map(|(_, target, _)| target)
            .collect::<Vec<_>>(),
        [
            "gone.html",
            "../../out.txt",
            "../gone.svg",
            "../README.html#x"
        ]
    );
    assert!(
        broken
            .iter()
            .all(|link| link.page.as_path() == Path::new("sub/one.html")),
        "{broken:?}"
    );
}

#[test]
fn a_missing_fragment_is_found_with_its_line() {
    let fixture = Fixture::new()
        .chapter("one.md", "# One\n\n## Good heading\n")
        .chapter(
            "two.md",
            "# Two\n\n[good](one.md#good-heading)\n\n[bad](one.md#bad-heading), [own](#nothing)\n",
        );
    assert_eq!(
        summary(&fixture.broken_links()),
        [
            (
                "src/two.md:5".to_owned(),
                "one.html#bad-heading",
                LinkProblem::NoSuchFragment
            ),
            (
                "src/two.md:5".to_owned(),
                "#nothing",
                LinkProblem::NoSuchFragment
            ),
        ]
    );
}

#[test]
fn missing_pictures_and_raw_html_are_found() {
    let fixture = Fixture::new().chapter(
        "one.md",
        "![x](no.svg)\n\n<p>\n<a href=\"gone.html\">gone</a>\n</p>\n",
    );
    assert_eq!(
        summary(&fixture.broken_links()),
        [
            ("src/one.md:1".to_owned(), "no.svg", LinkProblem::NoSuchFile),
            (
                "src/one.md:4".to_owned(),
                "gone.html",
                LinkProblem::NoSuchFile
            ),
        ]
    );
}

#[test]
fn a_link_in_a_lesson_file_is_named_by_its_directive() {
    let mut lesson = book::LessonPage {
        id: "lesson-5".to_owned(),
        slug: "05-memory".to_owned(),
        ..Default::default()
    };
    lesson.checklist = "- see [this](nowhere.md)\n".to_owned();
    let fixture = Fixture::new()
        .lesson(lesson)
        .chapter("05-memory.md", "# Memory\n\n{{#checks lesson-5}}\n");
    assert_eq!(
        summary(&fixture.broken_links()),
        [(
            "src/05-memory.md:3".to_owned(),
            "nowhere.html",
            LinkProblem::NoSuchFile
        )]
    );
}

#[test]
fn a_link_out_of_the_book_is_found() {
    let fixture = Fixture::new().chapter("one.md", "[file](../../exercises/compose.yaml)\n");
    assert_eq!(
        summary(&fixture.broken_links()),
        [(
            "src/one.md:1".to_owned(),
            "../../exercises/compose.yaml",
            LinkProblem::OutsideTheBook
        )]
    );
}

#[test]
fn what_a_page_would_load_from_the_network_is_found() {
    let fixture = Fixture::new()
        .file(
            "book.toml",
            "[book]\ntitle = \"x\"\n[output.html]\nadditional-css = [\"theme/own.css\"]\n",
        )
        .file(
            "theme/own.css",
            "@import \"https://fonts.example/a.css\";\nbody { background: url( 'missing.png' ) }\n",
        )
        .chapter(
            "one.md",
            "![badge](https://img.example/b.svg)\n\n<pre class=\"playground\"><code class=\"language-rust\"></code></pre>\n",
        );
    let broken = fixture.broken_links();
    let found = summary(&broken);
    assert!(
        found.contains(&(
            "src/one.md:1".to_owned(),
            "https://img.example/b.svg",
            LinkProblem::LoadedFromNetwork
        )),
        "{found:?}"
    );
    assert!(
        found.contains(&(
            "src/one.md:3".to_owned(),
            "https://play.rust-lang.org/",
            LinkProblem::LoadedFromNetwork
        )),
        "{found:?}"
    );
    assert!(
        found.iter().any(
            |(_, target, problem)| *target == "https://fonts.example/a.css"
                && *problem == LinkProblem::LoadedFromNetwork
        ),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|(_, target, problem)| *target == "missing.png"
                && *problem == LinkProblem::NoSuchFile),
        "{found:?}"
    );
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn the_case_of_a_name_counts_on_every_system() {
    let fixture = Fixture::new()
        .chapter("one.md", "[two](Two.md)\n")
        .chapter("two.md", "# Two\n");
    assert_eq!(
        summary(&fixture.broken_links()),
        [(
            "src/one.md:1".to_owned(),
            "Two.html",
            LinkProblem::NoSuchFile
        )]
    );
}

#[test]
fn a_folder_without_pages_has_no_good_links() {
    let fixture = Fixture::new();
    assert!(matches!(
        check_links(&fixture.root()),
        Err(LinkCheckError::NoPages { .. })
    ));
    assert!(matches!(
        check_links(&fixture.destination()),
        Err(LinkCheckError::Unreadable { .. })
    ));
}
