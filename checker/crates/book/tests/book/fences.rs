use crate::fixture::Fixture;
use book::{BlockStyle, Fence, LessonPage, Task, Varies, fences};
use std::time::Duration;

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
                last_line: 6,
                style: BlockStyle::Fenced,
            },
            Fence {
                language: "bash".to_owned(),
                attributes: String::new(),
                text: "ls\n".to_owned(),
                line: 9,
                last_line: 11,
                style: BlockStyle::Fenced,
            },
        ]
    );
}

#[test]
fn attributes_do_not_reach_the_page() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "```console,varies=times+ids,within=30s\n$ date\nFri\n```\n\n> - item\n>\n>   ```text,of=\"ls\"\n>   x\n>   ```\n",
        )
        .page("one.html");
    assert!(page.contains("class=\"language-console\""), "{page}");
    assert!(page.contains("class=\"language-text\""), "{page}");
    assert!(!page.contains("varies") && !page.contains("of="), "{page}");
}

#[test]
fn a_hidden_block_is_not_in_the_page() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "Before.\n\n```bash,hidden\ndocker rm -f x\n```\n\nAfter.\n\n````admonish tip\nInside.\n\n```bash,hidden\nsecret\n```\n````\n",
        )
        .page("one.html");
    assert!(
        page.contains("Before.") && page.contains("After.") && page.contains("Inside."),
        "{page}"
    );
    assert!(
        !page.contains("docker rm") && !page.contains("secret"),
        "{page}"
    );
}

#[test]
fn a_block_that_was_not_run_says_why() {
    let page = Fixture::new()
        .chapter(
            "one.md",
            "1. Pull it:\n\n   ```console,not-run=\"no registry, <here> & now\"\n   $ docker pull x\n   ```\n\n2. Next.\n",
        )
        .page("one.html");
    assert!(
        page.contains("<p class=\"not-run\">Not run here: no registry, &lt;here&gt; &amp; now</p>"),
        "{page}"
    );
    assert_eq!(page.matches("<ol>").count(), 1, "{page}");
}

/// What is said about a chapter with this one block.
fn objection(block: &str) -> String {
    let mistakes = Fixture::new().chapter("one.md", block).mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes[0].clone()
}

#[test]
fn an_unknown_language_attribute_or_class_names_the_nearest() {
    let told = objection("\n```yml\na: 1\n```\n");
    assert!(
        told.starts_with(
            "src/one.md:2: nothing here can run or check a block in the language `yml`"
        ),
        "{told}"
    );
    assert!(told.contains("did you mean `yaml`?"), "{told}");
    let told = objection("```console,withing=30s\n$ ls\n```\n");
    assert!(
        told.contains("a console block has no attribute `withing` / did you mean `within`?"),
        "{told}"
    );
    let told = objection("```console,varies=time\n$ ls\n```\n");
    assert!(
        told.contains("`varies` knows no `time` / did you mean `times`?"),
        "{told}"
    );
    let told = objection("```yaml,of=\"ls\"\na: 1\n```\n");
    assert!(
        told.contains("a yaml block has no attribute `of`"),
        "{told}"
    );
}

#[test]
fn a_block_that_nothing_runs_or_checks_is_a_mistake() {
    for (block, said) in [
        (
            "```text\nx\n```\n",
            "nothing says where this text comes from",
        ),
        (
            "```python\nprint(1)\n```\n",
            "nothing runs or checks this block",
        ),
        (
            "```python,file=a.py\nprint(1)\n```\n",
            "no command after this block uses the file a.py",
        ),
        (
            "```console\nhello\n```\n",
            "`hello` stands before the first command",
        ),
        (
            "```console\n```\n",
            "there is no command in this console block",
        ),
        (
            "```console,hidden\n$ ls\n```\n",
            "use bash for hidden commands",
        ),
        ("```bash,within=soon\nls\n```\n", "`within=soon` is no time"),
        (
            "```bash,fails,fails\nls\n```\n",
            "the attribute `fails` is there twice",
        ),
        ("```bash,not-run=\"why\nls\n```\n", "has no closing quote"),
        (
            "```bash,not-run\nls\n```\n",
            "the attribute `not-run` needs a value",
        ),
        ("```bash,hidden=1\nls\n```\n", "takes no value"),
        (
            "```yaml,part,fails=\"x\"\na: 1\n```\n",
            "a part of one cannot be refused",
        ),
    ] {
        let told = objection(block);
        assert!(told.contains(said), "{block}: {told}");
    }
}

#[test]
fn the_blocks_of_a_book_come_with_what_is_done_with_them() {
    let fixture = Fixture::new()
        .lesson(LessonPage {
            id: "lesson-5".to_owned(),
            slug: "05-memory".to_owned(),
            quiz: "What is this?\n\n```json\n{}\n```\n".to_owned(),
            ..LessonPage::default()
        })
        .chapter(
            "05-memory.md",
            "```ini,file=.env\nA=1\n```\n\n{{#quiz lesson-5}}\n\n```console,until=1m,varies=times\n$ a\nx\n$ b\n```\n",
        );
    let book = book::snippets(&fixture.root(), &fixture.lessons()).expect("blocks");
    let chapter = book
        .iter()
        .find(|chapter| chapter.slug == "05-memory")
        .expect("the chapter");
    assert_eq!(chapter.file, "src/05-memory.md");
    let lines: Vec<_> = chapter
        .snippets
        .iter()
        .map(|snippet| snippet.line)
        .collect();
    assert_eq!(lines, [1, 5, 7]);
    assert_eq!(chapter.snippets[0].written_file(), Some(".env"));
    let Task::Terminal { exchanges, manner } = &chapter.snippets[2].task else {
        panic!("{:?}", chapter.snippets[2]);
    };
    assert_eq!(exchanges.len(), 2);
    assert_eq!(manner.until, Some(Duration::from_secs(60)));
    assert_eq!(manner.varies, [Varies::Times]);
}
