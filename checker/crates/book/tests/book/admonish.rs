use crate::fixture::Fixture;

#[test]
fn a_title_becomes_the_head_of_a_box() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "# One\n\n```admonish tip title=\"Keep the *file*\"\nText with `code`.\n```\n",
        )
        .page("one.html");
    assert!(page.contains("class=\"admonition admonish-tip\""), "{page}");
    assert!(page.contains("Keep the <em>file</em>"), "{page}");
    assert!(
        page.contains("<p>Text with <code>code</code>.</p>"),
        "{page}"
    );
    assert!(!page.contains("```"), "{page}");
}

#[test]
fn a_collapsible_box_opens_without_script() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "```admonish warning title=\"Careful\", collapsible=true\nIt is gone.\n```\n",
        )
        .page("one.html");
    assert!(page.contains("<details"), "{page}");
    assert!(
        page.contains("<summary class=\"admonition-title\">"),
        "{page}"
    );
    assert!(page.contains("It is gone."), "{page}");
}

#[test]
fn a_code_block_inside_a_box_keeps_its_language() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "````admonish example\n```yaml\nservices: {}\n```\n````\n",
        )
        .page("one.html");
    assert!(
        page.contains("<code class=\"language-yaml\">services: {}"),
        "{page}"
    );
}

#[test]
fn chapters_of_one_book_keep_their_own_boxes() {
    let fixture = Fixture::new()
        .chapter("one.md", "```admonish note\nFirst.\n```\n")
        .chapter("sub/README.md", "```admonish note\nSecond.\n```\n");
    assert!(fixture.page("one.html").contains("First."));
    let nested = fixture.page("sub/index.html");
    assert!(
        nested.contains("admonish-note")
            && nested.contains("Second.")
            && !nested.contains("First."),
        "{nested}"
    );
}

#[test]
fn a_misspelt_kind_is_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter("one.md", "# One\n\n```admonish warnign\nText.\n```\n")
        .mistakes();
    assert_eq!(
        mistakes,
        ["src/one.md:3: there is no admonition of the kind `warnign` / did you mean `warning`?"]
    );
}

#[test]
fn options_that_cannot_be_read_are_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter("one.md", "\n```admonish tip title=\"open\n```\n")
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/one.md:2: the options of this admonition cannot be read"),
        "{mistakes:?}"
    );
}

#[test]
fn a_box_inside_a_box_is_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter(
            "one.md",
            "````admonish note\nText.\n\n```admonish tip\n```\n````\n",
        )
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "src/one.md:4: an admonition inside another one is not rendered / put it after the outer one"
        ]
    );
}

#[test]
fn blanks_after_the_closing_row_do_not_show() {
    let page = Fixture::new()
        .chapter("one.md", "```admonish tip\nText.\n```  \n\n- item\n\n  ```admonish note\n  In a list: ü.\n  ```  \n")
        .page("one.html");
    assert!(
        page.contains("<p>Text.</p>") && page.contains("In a list: ü."),
        "{page}"
    );
    assert!(!page.contains("```") && !page.contains("<code"), "{page}");
}

#[test]
fn a_box_without_text_is_a_box() {
    let page = Fixture::new()
        .chapter("one.md", "```admonish tip title=\"Only a title\"\n```\n")
        .page("one.html");
    assert!(page.contains("Only a title"), "{page}");
}

#[test]
fn a_box_in_a_quotation_is_a_mistake_with_its_place() {
    let mistakes = Fixture::new()
        .chapter("one.md", "> Said:\n>\n> ```admonish tip\n> Text.\n> ```\n")
        .mistakes();
    assert_eq!(mistakes.len(), 1);
    assert!(
        mistakes[0].starts_with("src/one.md:3: an admonition inside a quotation is not rendered"),
        "{mistakes:?}"
    );
}

#[test]
fn windows_line_ends_make_the_same_box() {
    let chapter = "# One\n\n```admonish tip title=\"Title\"\nText.\n```\n\nAfter.\n";
    let unix = Fixture::new().chapter("one.md", chapter).page("one.html");
    let windows = Fixture::new()
        .chapter("one.md", &chapter.replace('\n', "\r\n"))
        .page("one.html");
    assert!(windows.contains("<p>After.</p>"), "{windows}");
    assert_eq!(windows.replace('\r', ""), unix);
}
