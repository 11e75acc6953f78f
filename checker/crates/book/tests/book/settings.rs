use crate::fixture::Fixture;
use book::BuildError;

fn message(fixture: &Fixture) -> String {
    fixture.build().expect_err("no book").to_string()
}

#[test]
fn a_missing_book_toml_is_named() {
    let fixture = Fixture::new();
    std::fs::remove_file(fixture.root().join("book.toml")).unwrap();
    let message = message(&fixture);
    assert!(
        message.contains("book.toml: ") && message.contains("next: "),
        "{message}"
    );
}

#[test]
fn a_misspelt_key_is_named() {
    let fixture = Fixture::new().file("book.toml", "[book]\ntitel = \"x\"\n");
    let error = fixture.build().unwrap_err();
    assert!(matches!(error, BuildError::Settings { .. }));
    assert!(error.to_string().contains("titel"), "{error}");
}

#[test]
fn a_misspelt_key_of_the_pages_is_named() {
    let fixture = Fixture::new().file(
        "book.toml",
        "[book]\ntitle = \"x\"\n[output.html]\nadditional-cs = []\n",
    );
    assert!(
        message(&fixture).contains("additional-cs"),
        "{}",
        message(&fixture)
    );
}

#[test]
fn tables_that_would_run_a_program_are_refused() {
    for table in ["output.linkcheck", "preprocessor.admonish"] {
        let fixture = Fixture::new().file(
            "book.toml",
            &format!("[book]\ntitle = \"x\"\n[output.html]\n[{table}]\n"),
        );
        let message = message(&fixture);
        assert!(
            message.contains(&format!("the table [{table}] would run another program")),
            "{message}"
        );
    }
}

#[test]
fn a_chapter_that_is_not_there_is_named_and_not_created() {
    let fixture = Fixture::new().file("src/SUMMARY.md", "# Summary\n\n- [One](one.md)\n");
    let mistakes = fixture.mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/SUMMARY.md:3: there is no chapter one.md"),
        "{mistakes:?}"
    );
    assert!(!fixture.root().join("src/one.md").exists());
}

#[test]
fn a_chapter_outside_the_book_is_refused() {
    let fixture = Fixture::new().file("outside.md", "# Outside\n");
    let absolute = fixture
        .root()
        .join("outside.md")
        .display()
        .to_string()
        .replace('\\', "/");
    let fixture = fixture.file(
        "src/SUMMARY.md",
        &format!("- [One](../outside.md)\n- [Two]({absolute})\n"),
    );
    let mistakes = fixture.mistakes();
    assert_eq!(mistakes.len(), 2);
    assert!(
        mistakes
            .iter()
            .all(|mistake| mistake.contains("is outside the folder of the chapters")),
        "{mistakes:?}"
    );
}

#[test]
fn a_title_without_a_target_is_no_mistake() {
    let built = Fixture::new()
        .file(
            "src/SUMMARY.md",
            "- [Preface](README.md)\n- [To be written]()\n",
        )
        .build();
    assert!(built.is_ok(), "{built:?}");
}

#[test]
fn a_chapter_that_is_no_text_is_named() {
    let fixture = Fixture::new().chapter("one.md", "");
    std::fs::write(fixture.root().join("src/one.md"), [0xff, 0xfe, 0x00]).unwrap();
    let error = fixture.build().unwrap_err();
    assert!(matches!(error, BuildError::Chapters { .. }));
    assert!(error.to_string().contains("one.md"), "{error}");
}

#[test]
fn what_mdbook_warns_about_is_passed_on() {
    let built = Fixture::new()
        .chapter("one.md", "# One\n\n<div>never closed\n")
        .build()
        .unwrap();
    assert_eq!(built.warnings.len(), 1);
    assert!(
        built.warnings[0].contains("one.md") && built.warnings[0].contains("div"),
        "{:?}",
        built.warnings
    );
}

#[test]
fn a_style_sheet_that_is_not_there_is_named() {
    let fixture = Fixture::new().file(
        "book.toml",
        "[book]\n[output.html]\nadditional-css = [\"theme/gone.css\"]\n",
    );
    let error = fixture.build().unwrap_err();
    assert!(matches!(error, BuildError::Rendering { .. }));
    assert!(error.to_string().contains("gone.css"), "{error}");
    let mended = fixture.file("theme/gone.css", "body {}");
    mended.build().unwrap();
}
