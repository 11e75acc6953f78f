//! The page as a learner sees it, in Chromium.
//!
//! Without a browser every test is reported as ignored, with the reason; with CHECKER_NEEDS_BROWSER=1 it fails instead.

#[path = "support/browser.rs"]
mod browser;
#[path = "../checker/crates/engine/tests/support/mod.rs"]
mod engine_support;
#[path = "support/served.rs"]
mod served;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use browser::{Browser, Needs, Scripts};
use engine_support::needs_engine::Test;
use libtest_mimic::{Arguments, Failed};
use served::Served;
use support::{NO_ENGINE, repository};

/// How long a page may take to come up.
const PATIENCE: Duration = Duration::from_secs(15);

const LESSON_2: &str = "02-ports-env-logs";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let tests: [(&str, Needs, Test); 7] = [
        (
            "from_the_first_command_to_a_passed_lesson_and_back",
            Needs::BrowserAndEngine,
            from_start_to_passed,
        ),
        (
            "no_page_breaks_the_policy_or_has_an_error",
            Needs::Browser,
            no_complaints,
        ),
        (
            "the_theme_switch_the_search_and_the_sidebar_work",
            Needs::Browser,
            mdbooks_own_parts_work,
        ),
        (
            "a_server_that_goes_away_leaves_no_verdict_and_comes_back",
            Needs::Browser,
            server_goes_and_comes,
        ),
        (
            "the_static_book_is_whole_without_script",
            Needs::Browser,
            static_without_script,
        ),
        (
            "the_static_book_shows_no_verdicts",
            Needs::Browser,
            static_with_script,
        ),
        ("screenshots", Needs::BrowserAndEngine, screenshots),
    ];
    libtest_mimic::run(&arguments, browser::trials(tests)).exit_code()
}

fn run(test: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    support::runtime()?.block_on(test)
}

/// The engine that the tests' own environment names.
fn engine() -> Option<String> {
    std::env::var("DOCKER_HOST").ok()
}

/// A script that tells whether a check has this verdict.
fn has_verdict(check: &str, verdict: &str) -> String {
    format!(
        "document.querySelector('[data-check=\"{check}\"]')?.closest('li').dataset.verdict === '{verdict}'"
    )
}

fn summary_has(words: &str) -> String {
    format!("document.querySelector('.checks-summary')?.textContent.includes('{words}')")
}

/// A learner's copy of lesson 2, brought up and taken down under a project name of its own.
struct Lesson2 {
    folder: PathBuf,
}

impl Lesson2 {
    fn write_solution(&self) {
        let solution = repository()
            .join("exercises")
            .join(LESSON_2)
            .join("solution");
        for entry in std::fs::read_dir(solution).expect("the solution") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), self.folder.join(entry.file_name())).expect("a copy");
        }
    }

    fn edit(&self, find: &str, put: &str) {
        let path = self.folder.join("compose.yaml");
        let text = std::fs::read_to_string(&path).expect("compose.yaml");
        assert!(text.contains(find), "{find:?} is not in the file");
        std::fs::write(&path, text.replacen(find, put, 1)).expect("written");
    }

    fn compose(&self, arguments: &[&str]) -> Result<(), Failed> {
        let output = Command::new("docker")
            .arg("compose")
            .args(arguments)
            .current_dir(&self.folder)
            .output()?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }
}

impl Drop for Lesson2 {
    fn drop(&mut self) {
        if let Err(error) = self.compose(&["down", "--volumes", "--timeout", "0"]) {
            eprintln!("lesson 2 was not taken down: {error:?}");
        }
    }
}

fn from_start_to_passed() -> Result<(), Failed> {
    let readme = std::fs::read_to_string(repository().join("README.md"))?;
    let (_, start) = readme
        .split_once("## Start")
        .ok_or("no Start in the README")?;
    let first = start.lines().find_map(|line| line.strip_prefix("$ "));
    assert_eq!(
        first,
        Some("cargo run --release -- serve"),
        "the README's first command"
    );

    let home = tempfile::tempdir()?;
    let served = Served::first_use(home.path(), engine().as_deref());
    let lesson = Lesson2 {
        folder: home.path().join("course").join(LESSON_2),
    };
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&served.address("")).await;
        let link =
            format!("document.querySelector('#mdbook-sidebar a[href$=\"{LESSON_2}.html\"]')");
        browser.until(&format!("{link} !== null"), PATIENCE).await?;
        browser.ask(&format!("{link}.click()")).await;
        browser
            .until(&has_verdict("port-published", "fail"), PATIENCE)
            .await?;
        let shown = browser
            .ask("return document.querySelector('.checks').innerText")
            .await;
        let shown = shown.as_str().unwrap_or_default();
        for word in ["FAIL", "expected", "why", "next", "compose.yaml"] {
            assert!(shown.contains(word), "{word} is not in the list:\n{shown}");
        }

        lesson.edit(
            "    env_file:",
            "    ports:\n      - \"127.0.0.1:8001:8000\"\n    env_file:",
        );
        let saved = Instant::now();
        browser
            .until(&has_verdict("port-published", "pass"), PATIENCE)
            .await?;
        let green = saved.elapsed();
        assert!(green < Duration::from_secs(2), "green after {green:?}");

        lesson.write_solution();
        lesson.compose(&["up", "--detach", "--pull", "never"])?;
        browser
            .until(&summary_has("lesson-2 passes"), Duration::from_secs(60))
            .await?;
        let passed = "document.querySelector('#mdbook-sidebar .lesson-passed') !== null";
        browser.until(passed, PATIENCE).await?;
        let red = browser
            .ask("return document.querySelectorAll('.checks [data-verdict=fail]').length")
            .await;
        assert_eq!(red, 0);

        let stopped = Instant::now();
        lesson.compose(&["stop", "--timeout", "0"])?;
        browser
            .until(
                "document.querySelector('.checks [data-verdict=fail]') !== null",
                PATIENCE,
            )
            .await?;
        let after = stopped.elapsed();
        assert!(after < Duration::from_secs(3), "red after {after:?}");
        eprintln!(
            "green {} ms after the save, red {} ms after `docker compose stop` was typed",
            green.as_millis(),
            after.as_millis()
        );
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
        Ok(())
    })
}

/// Every page of the book that the server has.
fn pages() -> Vec<String> {
    let chapters =
        std::fs::read_to_string(repository().join("src/SUMMARY.md")).expect("SUMMARY.md");
    let linked = chapters
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let pages = linked
        .filter(|target| target.ends_with(".md") && *target != "README.md")
        .map(|target| target.replace(".md", ".html"));
    pages
        .chain(["index.html", "print.html", "not-there.html"].map(str::to_owned))
        .collect()
}

fn no_complaints() -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&served.address("")).await;
        for page in pages() {
            browser.go(&format!("http://{}/{page}", served.host)).await;
            browser
                .until("document.readyState === 'complete'", PATIENCE)
                .await?;
            let complaints: Vec<_> = browser
                .complaints()
                .await
                .into_iter()
                .filter(|complaint| !(page.starts_with("not-there") && complaint.contains("404")))
                .collect();
            assert!(complaints.is_empty(), "{page}: {complaints:?}");
        }
        browser.close().await;
        Ok(())
    })
}

fn mdbooks_own_parts_work() -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&served.address("04-milvus-stack.html")).await;
        let background = "return getComputedStyle(document.documentElement).backgroundColor";
        let light = browser.ask(background).await;
        browser
            .ask("document.getElementById('mdbook-theme-toggle').click()")
            .await;
        browser
            .ask("document.getElementById('mdbook-theme-navy').click()")
            .await;
        browser
            .until(
                "document.documentElement.classList.contains('navy')",
                PATIENCE,
            )
            .await?;
        assert_ne!(
            browser.ask(background).await,
            light,
            "the page stays as it was"
        );
        browser.client.refresh().await?;
        browser
            .until(
                "document.documentElement.classList.contains('navy')",
                PATIENCE,
            )
            .await?;

        browser
            .ask("document.getElementById('mdbook-search-toggle').click()")
            .await;
        let typed = "const bar = document.getElementById('mdbook-searchbar'); bar.value = 'etcd'; \
            bar.dispatchEvent(new KeyboardEvent('keyup', {key: 'd'}));";
        browser.ask(typed).await;
        browser
            .until(
                "document.querySelectorAll('#mdbook-searchresults a').length > 0",
                PATIENCE,
            )
            .await?;
        let links = "document.querySelectorAll('#mdbook-sidebar a').length > 1";
        browser.until(links, PATIENCE).await?;
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
        Ok(())
    })
}

fn server_goes_and_comes() -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let mut served = Served::first_use(home.path(), Some(NO_ENGINE));
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&served.address("04-milvus-stack.html")).await;
        let some = "document.querySelector('.checks [data-verdict=pass]') !== null";
        browser.until(some, PATIENCE).await?;
        served.interrupt();
        browser.until(&summary_has("has stopped"), PATIENCE).await?;
        browser
            .until(
                "document.querySelector('.checks [data-verdict]') === null",
                Duration::ZERO,
            )
            .await?;
        let _again = Served::start(home.path(), &[], Some(NO_ENGINE));
        browser.until(some, PATIENCE).await?;
        browser.close().await;
        Ok(())
    })
}

/// The book as plain files.
fn static_book(folder: &Path) -> String {
    let out = folder.join("book");
    let mut build = assert_cmd::Command::new(env!("CARGO_BIN_EXE_checker"));
    build.args(["dev", "book", "--root"]).arg(repository());
    build.arg("--out").arg(&out).assert().success();
    format!("file://{}/04-milvus-stack.html", out.display())
}

fn static_without_script() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let page = static_book(folder.path());
    run(async {
        let browser = Browser::open(Scripts::Forbidden).await;
        browser.go(&page).await;
        // What WebDriver asks itself is not forbidden.
        let text = browser
            .client
            .find(fantoccini::Locator::Css("main"))
            .await?
            .text()
            .await?;
        for words in [
            "standalone is told where etcd is",
            "Milvus keeps every schema in etcd",
            "docker compose up -d",
        ] {
            assert!(text.contains(words), "{words} is not in the page");
        }
        assert!(!text.contains("Look again"), "the page waits for verdicts");
        let themed = browser
            .client
            .find(fantoccini::Locator::Css("html.js"))
            .await;
        assert!(themed.is_err(), "scripts run");
        browser.close().await;
        Ok(())
    })
}

fn static_with_script() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let page = static_book(folder.path());
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&page).await;
        browser
            .until(
                "document.querySelectorAll('#mdbook-sidebar a').length > 0",
                PATIENCE,
            )
            .await?;
        assert_eq!(
            browser
                .ask("return document.querySelector('.checks-status')")
                .await,
            serde_json::Value::Null
        );
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
        Ok(())
    })
}

/// Where `docs/screenshots/make` wants its pictures.
const PICTURES: &str = "CHECKER_SCREENSHOTS";

/// Name, width and height of a window.
const WINDOWS: [(&str, u32, u32); 2] = [("desktop", 1280, 860), ("phone", 390, 844)];

/// The start page and a half-solved lesson, light and dark, on a desktop and on a phone. Takes pictures only where it is asked to.
fn screenshots() -> Result<(), Failed> {
    let Some(folder) = std::env::var_os(PICTURES).map(PathBuf::from) else {
        return Ok(());
    };
    let home = tempfile::tempdir()?;
    let served = Served::first_use(home.path(), engine().as_deref());
    let lesson = Lesson2 {
        folder: home.path().join("course").join(LESSON_2),
    };
    // The port is open to everybody, and the log is held back.
    lesson.write_solution();
    lesson.edit("127.0.0.1:8001:8000", "8001:8000");
    lesson.edit("      PYTHONUNBUFFERED: \"1\"\n", "");
    lesson.compose(&["up", "--detach", "--pull", "never"])?;
    run(async {
        let browser = Browser::open(Scripts::Run).await;
        browser.go(&served.address("")).await;
        for (window, width, height) in WINDOWS {
            let size = serde_json::json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": window == "phone"});
            browser
                .protocol("Emulation.setDeviceMetricsOverride", size)
                .await;
            for (look, theme) in [("light", "light"), ("dark", "navy")] {
                browser
                    .ask(&format!("localStorage.setItem('mdbook-theme', '{theme}')"))
                    .await;
                for (page, ready) in [
                    (
                        "index",
                        "document.querySelector('.course-state') !== null".to_owned(),
                    ),
                    (LESSON_2, has_verdict("only-this-machine", "fail")),
                ] {
                    browser
                        .go(&format!("http://{}/{page}.html", served.host))
                        .await;
                    browser.until(&ready, PATIENCE).await?;
                    browser.until("!document.querySelector('.checks-summary')?.textContent.includes('Looking')", PATIENCE).await?;
                    browser.ask("document.querySelector('.checks')?.scrollIntoView(); scrollBy(0, -120);").await;
                    let name = if page == "index" { "start" } else { "lesson" };
                    let picture = browser.client.screenshot().await?;
                    std::fs::write(folder.join(format!("{name}-{look}-{window}.png")), picture)?;
                }
            }
        }
        browser.close().await;
        Ok(())
    })
}
