//! What the style sheets and the scripts of the pages promise, in Chromium: colours that can be read, no page wider than a phone,
//! a quiz that answers, and a keyboard that reaches everything.
//!
//! Without a browser every test is reported as ignored, with the reason; with CHECKER_NEEDS_BROWSER=1 it fails instead.

#[path = "support/browser.rs"]
mod browser;
#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use browser::{Browser, Needs, Scripts};
use engine_support::needs_engine::Test;
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};
use support::repository;

/// How long a page may take to come up.
const PATIENCE: Duration = Duration::from_secs(15);

/// A chapter that has a quiz of several questions, sessions and pictures.
const CHAPTER: &str = "04-milvus-stack.html";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let tests: [(&str, Needs, Test); 6] = [
        (
            "what_a_page_shows_can_be_read_in_both_looks",
            Needs::Browser,
            every_text_can_be_read,
        ),
        (
            "no_page_is_wider_than_a_phone",
            Needs::Browser,
            no_page_is_too_wide,
        ),
        (
            "a_quiz_says_right_or_wrong_and_remembers_until_it_starts_over",
            Needs::Browser,
            quiz_answers,
        ),
        (
            "arrow_keys_stay_in_the_quiz",
            Needs::Browser,
            arrows_stay_in_the_quiz,
        ),
        (
            "copying_a_session_copies_its_commands",
            Needs::Browser,
            copying_copies_commands,
        ),
        (
            "the_keyboard_opens_and_closes_the_sidebar",
            Needs::Browser,
            keyboard_opens_the_sidebar,
        ),
    ];
    libtest_mimic::run(&arguments, browser::trials(tests)).exit_code()
}

fn run(test: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    support::runtime()?.block_on(test)
}

/// The book as plain files, with the names of its pages.
struct Book {
    folder: tempfile::TempDir,
}

impl Book {
    fn build() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut build = assert_cmd::Command::new(env!("CARGO_BIN_EXE_checker"));
        build.args(["dev", "book", "--root"]).arg(repository());
        build.arg("--out").arg(folder.path().join("book"));
        build.assert().success();
        Self { folder }
    }

    fn address(&self, page: &str) -> String {
        format!("file://{}/{page}", self.root().display())
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("book")
    }

    /// What a reader turns over: all pages but the table of contents for a frame, and the one that prints itself.
    fn pages(&self) -> Vec<String> {
        let is_page = |path: &Path| {
            path.extension()
                .is_some_and(|extension| extension == "html")
        };
        let mut pages: Vec<String> = std::fs::read_dir(self.root())
            .expect("the book")
            .map(|entry| entry.expect("a file of the book").path())
            .filter(|path| is_page(path))
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .filter(|name| !["toc.html", "print.html"].contains(&name.as_str()))
            .collect();
        pages.sort();
        pages
    }
}

async fn size(browser: &Browser, width: u32, height: u32) {
    let size =
        json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
    browser
        .protocol("Emulation.setDeviceMetricsOverride", size)
        .await;
}

/// Shows a page whose scripts have run.
async fn show(browser: &Browser, book: &Book, page: &str) -> Result<(), Failed> {
    browser.go(&book.address(page)).await;
    browser
        .until("document.readyState === 'complete'", PATIENCE)
        .await?;
    Ok(())
}

fn every_text_can_be_read() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        for scheme in ["light", "dark"] {
            let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
            browser.protocol("Emulation.setEmulatedMedia", media).await;
            for page in book.pages() {
                show(&browser, &book, &page).await?;
                // A verdict of each kind is on the page.
                browser
                    .ask(
                        "for (const form of document.querySelectorAll('.quiz-form')) {
                            form.querySelector('input').checked = true;
                            form.requestSubmit();
                        }",
                    )
                    .await;
                // Colours fade into each other for a moment where a theme was just chosen.
                browser
                    .until("document.getAnimations().length === 0", PATIENCE)
                    .await?;
                let seen = browser.ask(include_str!("support/contrast.js")).await;
                assert_eq!(seen["found"], json!([]), "{page}, {scheme}");
                assert!(seen["looked"].as_u64() > Some(10), "{page}: no text");
            }
        }
        browser.close().await;
        Ok(())
    })
}

fn no_page_is_too_wide() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        size(&browser, 390, 844).await;
        for page in book.pages() {
            show(&browser, &book, &page).await?;
            // A block that scrolls inside itself may hold what is as wide as it likes.
            let wide = browser
                .ask(
                    "const scrolls = (element) => !element.matches('main')
                        && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
                    return [...document.querySelectorAll('main *')]
                        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
                        .filter((element) => !scrolls(element.parentElement))
                        .map((element) => element.outerHTML.slice(0, 120));",
                )
                .await;
            assert_eq!(wide, json!([]), "{page}");
            let fits = browser
                .ask(
                    "return [document.documentElement, document.querySelector('.content')]
                        .every((element) => element.scrollWidth <= element.clientWidth);",
                )
                .await;
            assert_eq!(fits, Value::Bool(true), "{page} scrolls sideways");
        }
        browser.close().await;
        Ok(())
    })
}

/// A script that chooses the first right or the first wrong answer of the first question and has it judged.
fn answer(right: bool) -> String {
    format!(
        "const question = document.querySelector('.quiz-question');
        const answers = [...question.querySelectorAll('.quiz-answer')];
        const index = answers.findIndex((answer) => answer.hasAttribute('data-right') === {right});
        question.querySelectorAll('input')[index].click();
        question.querySelector('button').click();"
    )
}

/// A script that tells whether the first question's result begins so.
fn result_begins(words: &str) -> String {
    format!("document.querySelector('.quiz-result').textContent.trim().startsWith('{words}')")
}

fn quiz_answers() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        show(&browser, &book, CHAPTER).await?;
        let explained =
            "document.querySelector('.quiz-explained').checkVisibility({visibilityProperty: true})";
        let score = "document.querySelector('.quiz-score').textContent";
        let at_once = Duration::ZERO;

        browser.until(&format!("!{explained}"), at_once).await?;
        browser.ask(&answer(false)).await;
        browser.until(&result_begins("Not so."), at_once).await?;
        browser.until(explained, at_once).await?;
        browser.ask(&answer(true)).await;
        browser.until(&result_begins("Right."), at_once).await?;
        let one = format!("{score}.startsWith('1 of ')");
        browser.until(&one, at_once).await?;

        show(&browser, &book, CHAPTER).await?;
        browser.until(&result_begins("Right."), PATIENCE).await?;
        browser.until(&one, at_once).await?;

        browser
            .ask("document.querySelector('.quiz-end button').click()")
            .await;
        let nothing = "document.querySelector('.quiz-result').textContent === '' && !document.querySelector('.quiz :checked')";
        browser.until(nothing, at_once).await?;
        show(&browser, &book, CHAPTER).await?;
        browser
            .until(&format!("{score}.startsWith('0 of ')"), PATIENCE)
            .await?;
        browser.until(nothing, at_once).await?;
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
        Ok(())
    })
}

/// Presses a key as a person does, on whatever has the focus.
async fn press(browser: &Browser, key: &str) {
    let text = if key == " " { " " } else { "" };
    let code = match key {
        "ArrowDown" => 40,
        "ArrowRight" => 39,
        _ => 32,
    };
    for kind in ["keyDown", "keyUp"] {
        let event = json!({"type": kind, "key": key, "windowsVirtualKeyCode": code, "text": text});
        browser.protocol("Input.dispatchKeyEvent", event).await;
    }
}

fn arrows_stay_in_the_quiz() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        show(&browser, &book, CHAPTER).await?;
        browser
            .ask("document.querySelector('.quiz input').focus()")
            .await;
        press(&browser, "ArrowDown").await;
        let second = "document.querySelectorAll('.quiz input')[1].checked";
        browser.until(second, PATIENCE).await?;
        browser
            .ask("document.querySelector('.quiz button').focus()")
            .await;
        press(&browser, "ArrowRight").await;
        press(&browser, " ").await;
        // The page that the arrow would have turned to has no such result.
        browser
            .until(
                "document.querySelector('.quiz-result')?.textContent.length > 0",
                PATIENCE,
            )
            .await?;
        browser.close().await;
        Ok(())
    })
}

fn copying_copies_commands() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        show(&browser, &book, CHAPTER).await?;
        browser
            .ask(
                "window.copied = null;
                Object.defineProperty(navigator, 'clipboard', {
                    value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } },
                });
                const session = [...document.querySelectorAll('code.language-console')]
                    .find((block) => block.textContent.includes('etcdctl put'));
                session.parentElement.querySelector('.clip-button').click();",
            )
            .await;
        let copied = browser.ask("return window.copied").await;
        let copied = copied.as_str().ok_or("nothing was copied")?;
        assert!(
            copied.starts_with("docker compose exec etcd etcdctl put"),
            "{copied}"
        );
        let others: Vec<&str> = copied
            .lines()
            .filter(|line| !line.starts_with("docker ") && !line.starts_with("ls "))
            .collect();
        assert_eq!(others, [""; 0], "what was answered is copied too");
        browser.close().await;
        Ok(())
    })
}

fn keyboard_opens_the_sidebar() -> Result<(), Failed> {
    let book = Book::build();
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        size(&browser, 390, 844).await;
        show(&browser, &book, CHAPTER).await?;
        let open = "document.querySelector('#mdbook-sidebar a').getBoundingClientRect().left > 0";
        browser.until(&format!("!({open})"), Duration::ZERO).await?;
        browser
            .ask("document.querySelector('#mdbook-sidebar-toggle-anchor').focus()")
            .await;
        press(&browser, " ").await;
        browser.until(open, PATIENCE).await?;
        press(&browser, " ").await;
        browser.until(&format!("!({open})"), PATIENCE).await?;
        browser.close().await;
        Ok(())
    })
}
