use crate::fixture::Fixture;
use book::LessonPage;

fn chapter_4(text: &str) -> Fixture {
    Fixture::new().lesson_4().chapter("04-stack.md", text)
}

#[test]
fn checks_and_quiz_come_from_the_lesson() {
    let page = chapter_4("# Stack\n\n{{#checks lesson-4}}\n\n## Quiz\n\n{{#quiz lesson-4}}\n")
        .page("04-stack.html");
    assert!(
        page.contains("<strong>etcd runs</strong>: see <a href=\"README.html\">")
            || page.contains("<a href=\"index.html\">"),
        "{page}"
    );
    assert!(
        page.contains("<summary>What does etcd keep?</summary>"),
        "{page}"
    );
    assert!(page.contains("<p>The schema.</p>"), "{page}");
    assert!(!page.contains("{{"), "{page}");
}

#[test]
fn facts_stand_inside_a_sentence() {
    let page =
        chapter_4("It takes {{#fact minutes}} minutes, the goal is {{#fact lesson-4 goal}}.\n")
            .page("04-stack.html");
    assert!(
        page.contains("It takes 35 minutes, the goal is a running stack."),
        "{page}"
    );
}

#[test]
fn another_chapter_may_name_a_fact_of_a_lesson() {
    let fixture = Fixture::new().lesson_4().chapter(
        "plan.md",
        "Lesson 4: {{ #fact lesson-4 minutes }} minutes.\n",
    );
    assert!(fixture.page("plan.html").contains("Lesson 4: 35 minutes."));
}

#[test]
fn templates_of_other_tools_are_left_alone() {
    let page = chapter_4("```bash\ndocker ps --format '{{.Names}} {{json .Labels}}'\n```\n")
        .page("04-stack.html");
    assert!(page.contains("{{.Names}} {{json .Labels}}"), "{page}");
}

#[test]
fn a_backslash_shows_a_directive() {
    let page = chapter_4("Write `\\{{#checks lesson-4}}` there.\n").page("04-stack.html");
    assert!(page.contains("<code>{{#checks lesson-4}}</code>"), "{page}");
}

#[test]
fn every_wrong_directive_is_named_with_its_line() {
    let text = "# Stack\n{{#cheks lesson-4}}\n{{#checks lesson-44}}\n{{#checks}}\n{{checks lesson-4}}\n{{#quiz lesson-4\n\
                text {{#quiz lesson-4}}\n{{#fact minuts}}\n{{#fact}}\n{{#zzz}}\n";
    assert_eq!(
        chapter_4(text).mistakes(),
        [
            "src/04-stack.md:2: there is no directive {{#cheks}} / did you mean {{#checks …}}?",
            "src/04-stack.md:3: there is no lesson `lesson-44` / did you mean lesson-4? The lessons are: lesson-4",
            "src/04-stack.md:4: {{#checks}} takes the id of one lesson / write it like this: {{#checks lesson-4}}",
            "src/04-stack.md:5: `{{checks` is no directive: the mark before its name is missing / write {{#checks …}}",
            "src/04-stack.md:6: the directive `{{#quiz` has no end on its line / close it with }} on the same line",
            "src/04-stack.md:7: {{#quiz lesson-4}} has to stand alone on its line, at the start of it / give it a line of its own",
            "src/04-stack.md:8: lesson-4 has no fact `minuts` / did you mean minutes? The facts are: goal, minutes",
            "src/04-stack.md:9: {{#fact}} takes a lesson and the name of a fact / write it like this: {{#fact lesson-4 minutes}}",
            "src/04-stack.md:10: there is no directive {{#zzz}} / the directives are checks, quiz, fact, include and title; \
             write a backslash before the braces to show them as they are",
        ]
    );
}

#[test]
fn directives_that_mdbook_would_leave_as_text_are_mistakes() {
    let text = "{{# title One}}\n\n{{#title a}b}}\n\n\\{{#quiz x}} {{#title One}}\n";
    assert_eq!(
        chapter_4(text).mistakes(),
        [
            "src/04-stack.md:1: `{{#` has to be followed by the name of a directive, without a space / \
             write {{#title …}}, or a backslash before the braces to show them",
            "src/04-stack.md:3: there is a brace inside the directive `{{#title` / take it out; a directive ends with }}",
            "src/04-stack.md:5: a directive follows another one that is shown, on the same line / give each a line of its own",
        ]
    );
}

#[test]
fn a_directive_in_a_lesson_file_is_a_mistake() {
    let lesson = LessonPage {
        id: "lesson-5".to_owned(),
        slug: "05-memory".to_owned(),
        checklist: "- one\n- {{#include /etc/passwd}}\n".to_owned(),
        ..LessonPage::default()
    };
    let mistakes = Fixture::new()
        .lesson(lesson)
        .chapter("05-memory.md", "{{#checks lesson-5}}\n")
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "src/05-memory.md:1: in the checks of lesson-5, line 2: a directive in a lesson file is not followed / write what it stands for"
        ]
    );
}

#[test]
fn checks_belong_on_the_page_of_their_lesson() {
    let mistakes = Fixture::new()
        .lesson_4()
        .chapter("plan.md", "{{#checks lesson-4}}\n\n{{#fact minutes}}\n")
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "src/plan.md:1: {{#checks lesson-4}} belongs on the page of lesson-4, which is 04-stack.md / link to [that page](04-stack.md) instead",
            "src/plan.md:3: this chapter is no lesson, so the directive has to name one / write {{#fact LESSON NAME}}",
        ]
    );
}

#[test]
fn mistakes_of_all_chapters_are_given_at_once() {
    let mistakes = Fixture::new()
        .chapter("two.md", "{{#quiz lesson-9}}\n")
        .chapter("one.md", "{{#quiz lesson-9}}\n")
        .mistakes();
    assert_eq!(mistakes.len(), 2);
    assert!(
        mistakes[0].starts_with("src/one.md:1:") && mistakes[1].starts_with("src/two.md:1:"),
        "{mistakes:?}"
    );
}

#[test]
fn an_include_has_to_find_its_file_and_its_part() {
    let text = "```yaml\n{{#include ../stack.yaml:etcd}}\n```\n\n```yaml\n{{#include ../stack.yaml:minio}}\n```\n\n\
                ```yaml\n{{#include nowhere.yaml}}\n```\n\n{{#include ../notes.md}}\n\n{{#include /}}\n";
    let mistakes = Fixture::new()
        .file(
            "stack.yaml",
            "services:\n  # ANCHOR: etcd\n  etcd: {}\n  # ANCHOR_END: etcd\n",
        )
        .file("notes.md", "text\n")
        .chapter("one.md", text)
        .mistakes();
    let places: Vec<&str> = mistakes
        .iter()
        .map(|mistake| mistake.rsplit_once(" / ").unwrap().0)
        .collect();
    assert_eq!(
        places,
        [
            "src/one.md:6: the file ../stack.yaml has no part named `minio`",
            "src/one.md:10: there is no file nowhere.yaml to include inside this project",
            "src/one.md:13: the Markdown file ../notes.md cannot be included: its blocks and directives would not be checked",
            "src/one.md:15: there is no file / to include inside this project",
        ]
    );
}

#[test]
fn an_included_part_stands_in_the_page() {
    let page = Fixture::new()
        .file(
            "stack.yaml",
            "services:\n  # ANCHOR: etcd\n  etcd: {}\n  # ANCHOR_END: etcd\n",
        )
        .chapter("one.md", "```yaml\n{{#include ../stack.yaml:etcd}}\n```\n")
        .page("one.html");
    assert!(
        page.contains("etcd: {}") && !page.contains("services") && !page.contains("ANCHOR"),
        "{page}"
    );
}

#[test]
fn a_lesson_without_quiz_cannot_show_one() {
    let lesson = LessonPage {
        id: "lesson-5".to_owned(),
        slug: "05-memory".to_owned(),
        ..LessonPage::default()
    };
    let mistakes = Fixture::new()
        .lesson(lesson)
        .chapter("05-memory.md", "{{#quiz lesson-5}}\n")
        .mistakes();
    assert_eq!(
        mistakes,
        [
            "src/05-memory.md:1: the lesson file of lesson-5 has no quiz to put here / add them to exercises/05-memory/lesson.yaml, or take the directive out"
        ]
    );
}

#[test]
fn checks_that_no_page_shows_are_a_warning() {
    let built = chapter_4("{{#quiz lesson-4}}\n").build().unwrap();
    assert_eq!(
        built.warnings,
        ["no page shows the checks of lesson-4: write {{#checks lesson-4}} into 04-stack.md"]
    );
}
