use crate::fixture::Fixture;
use book::{BuildError, BuildRequest, build};
use std::fs;
use std::path::PathBuf;

#[test]
fn pages_are_listed() {
    let built = Fixture::new()
        .chapter("sub/one.md", "# One\n")
        .build()
        .unwrap();
    let expected = [
        "404.html",
        "index.html",
        "print.html",
        "sub/one.html",
        "toc.html",
    ]
    .map(PathBuf::from);
    assert_eq!(built.pages, expected);
    assert_eq!(built.warnings, Vec::<String>::new());
}

#[test]
fn a_second_build_replaces_the_first() {
    let fixture = Fixture::new().chapter("one.md", "# One\n");
    fixture.build().unwrap();
    fs::write(fixture.destination().join("stale.html"), "old").unwrap();
    let built = fixture.build().unwrap();
    assert!(!built.pages.contains(&PathBuf::from("stale.html")));
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.destination()).unwrap();
    let precious = fixture.destination().join("thesis.txt");
    fs::write(&precious, "years of work").unwrap();
    let error = fixture.build().unwrap_err();
    assert!(
        matches!(error, BuildError::DestinationInUse { .. }),
        "{error}"
    );
    assert_eq!(fs::read_to_string(precious).unwrap(), "years of work");
}

#[test]
fn the_folder_of_the_book_itself_is_left_alone() {
    let fixture = Fixture::new();
    let request = BuildRequest {
        root: fixture.root(),
        destination: fixture.root(),
        lessons: Vec::new(),
    };
    assert!(matches!(
        build(&request),
        Err(BuildError::DestinationInUse { .. })
    ));
    assert!(fixture.root().join("book.toml").is_file());
}

#[test]
fn a_file_in_place_of_the_folder_is_left_alone() {
    let fixture = Fixture::new().file("output", "a file");
    assert!(matches!(
        fixture.build(),
        Err(BuildError::DestinationInUse { .. })
    ));
    assert_eq!(fs::read_to_string(fixture.destination()).unwrap(), "a file");
}

#[test]
fn a_mistake_leaves_the_earlier_book_as_it_was() {
    let fixture = Fixture::new().chapter("one.md", "# Good\n");
    fixture.build().unwrap();
    let fixture = fixture.file("src/one.md", "{{#nothing}}\n");
    fixture.mistakes();
    assert!(
        fs::read_to_string(fixture.destination().join("one.html"))
            .unwrap()
            .contains("Good")
    );
}
