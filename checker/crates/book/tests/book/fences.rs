use crate::fixture::Fixture;
use book::{BlockStyle, Fence, LessonPage, fences};

#[test]
fn a_fence_without_a_language_is_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter(
            "one.md",
            "# One\n\n```yaml\na: 1\n```\n\n- item\n\n  ```\n  text\n  ```\n",
        )
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "src/one.md:9: this fence names no language, so nothing can check it / write one after the backticks: yaml, bash, text for a printed output, …; \
          if it closes a block whose opening row has a backtick in it, write both rows with ~~~"
        ]
    );
}

#[test]
fn a_title_with_backticks_stands_between_tildes() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "~~~admonish tip title=\"What `down -v` removes\"\nText.\n~~~\n",
        )
        .page("one.html");
    assert!(page.contains("What <code>down -v</code> removes"), "{page}");
}

#[test]
fn an_indented_block_is_a_mistake_too() {
    let mistakes = Fixture::new()
        .chapter("one.md", "# One\n\nText:\n\n    docker ps\n")
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/one.md:5: these indented lines are a code block"),
        "{mistakes:?}"
    );
}

#[test]
fn a_fence_inside_a_box_counts_lines_in_the_chapter() {
    let mistakes = Fixture::new()
        .chapter("one.md", "\n````admonish tip\nText.\n\n~~~\nx\n~~~\n````\n")
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/one.md:5: this fence names no language"),
        "{mistakes:?}"
    );
}

#[test]
fn a_fence_in_a_lesson_file_is_named_by_its_directive() {
    let lesson = LessonPage {
        id: "lesson-5".to_owned(),
        slug: "05-memory".to_owned(),
        quiz: "What is this?\n\n```\nx\n```\n".to_owned(),
        ..LessonPage::default()
    };
    let mistakes = Fixture::new()
        .lesson(lesson)
        .chapter("05-memory.md", "# Memory\n\n{{#quiz lesson-5}}\n")
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with(
            "src/05-memory.md:3: in the quiz of lesson-5, line 3: this fence names no language"
        ),
        "{mistakes:?}"
    );
}

#[test]
fn a_fence_that_is_never_closed_is_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter(
            "one.md",
            "# One\n\n> ```yaml\n> a: 1\n> ```\n\n````bash\nls\n```\n\nText.\n",
        )
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/one.md:7: this fence is never closed"),
        "{mistakes:?}"
    );
}

#[test]
fn windows_line_ends_keep_the_line() {
    let mistakes = Fixture::new()
        .chapter("one.md", "# One\r\n\r\nText.\r\n\r\n```\r\nx\r\n```\r\n")
        .mistakes();
    assert!(mistakes[0].starts_with("src/one.md:5:"), "{mistakes:?}");
}

#[test]
fn a_fence_is_given_with_language_attributes_text_and_line() {
    let found = fences(
        "# One\n\n```yaml,ignore why=\"later\"\na: 1\nb: 2\n```\n\n````admonish tip\n```bash\nls\n```\n````\n",
    );
    assert_eq!(
        found,
        [
            Fence {
                language: "yaml".to_owned(),
                attributes: "ignore why=\"later\"".to_owned(),
                text: "a: 1\nb: 2\n".to_owned(),
                line: 3,
                style: BlockStyle::Fenced,
            },
            Fence {
                language: "bash".to_owned(),
                attributes: String::new(),
                text: "ls\n".to_owned(),
                line: 9,
                style: BlockStyle::Fenced,
            },
        ]
    );
}
