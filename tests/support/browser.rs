//! Chromium, driven through WebDriver.

#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::engine_support::needs_engine::{Test, no_engine};
use crate::support::signal;

/// Name of the variable that turns "no browser, ignored" into a failure.
pub const NEEDS_BROWSER: &str = "CHECKER_NEEDS_BROWSER";

/// What a test cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Browser,
    BrowserAndEngine,
}

/// Tests that are ignored, with the reason, where there is no browser or no engine; with `CHECKER_NEEDS_BROWSER=1` they fail.
pub fn trials(tests: impl IntoIterator<Item = (&'static str, Needs, Test)>) -> Vec<Trial> {
    let no_browser = no_browser();
    let no_engine = no_engine().map(|reason| format!("no engine: {reason}"));
    let must_run = std::env::var_os(NEEDS_BROWSER).is_some();
    let trial = |(name, needs, test): (&str, Needs, Test)| {
        let missing = match needs {
            Needs::Browser => no_browser.clone(),
            Needs::BrowserAndEngine => no_browser.clone().or_else(|| no_engine.clone()),
        };
        match missing {
            None => Trial::test(name, test),
            Some(reason) if must_run => Trial::test(name, move || Err(reason.into())),
            Some(reason) => Trial::test(name, test)
                .with_kind(reason)
                .with_ignored_flag(true),
        }
    };
    tests.into_iter().map(trial).collect()
}

fn no_browser() -> Option<String> {
    ["chromedriver", "chromium"].into_iter().find_map(|program| {
        let ran = Command::new(program).arg("--version").output();
        ran.is_err().then(|| {
            format!("no browser: `{program}` cannot be run; on Debian: apt-get install chromium chromium-driver")
        })
    })
}

/// The WebDriver server; ends with this value.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            // The browsers that it starts belong to its group, and end with it.
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let port = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("successfully on port ")?;
                port.trim_end_matches('.').parse().ok()
            })
            .expect("the port of chromedriver");
        Self { process, port }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        assert!(signal(&group, "KILL"), "a browser is left over");
        let _ = self.process.wait();
    }
}

/// A browser window.
pub struct Browser {
    pub client: Client,
    _driver: Driver,
}

/// Whether scripts of pages run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    Run,
    Forbidden,
}

impl Browser {
    pub async fn open(scripts: Scripts) -> Self {
        let driver = Driver::start();
        let mut options = json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--window-size=1280,1000", "--hide-scrollbars"]});
        if scripts == Scripts::Forbidden {
            options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
        }
        let capabilities =
            json!({"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let Value::Object(capabilities) = capabilities else {
            unreachable!("an object")
        };
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("a session");
        Self {
            client,
            _driver: driver,
        }
    }

    pub async fn go(&self, address: &str) {
        self.client.goto(address).await.expect("the page");
    }

    /// What a script in the page gives back.
    pub async fn ask(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until a script's answer is `true`; gives how long that took, or what the page's main part says instead.
    pub async fn until(&self, script: &str, at_most: Duration) -> Result<Duration, Failed> {
        let began = Instant::now();
        loop {
            if self.ask(&format!("return ({script});")).await == Value::Bool(true) {
                return Ok(began.elapsed());
            }
            if began.elapsed() > at_most {
                let checks = self
                    .ask("return document.querySelector('.checks, main')?.innerText")
                    .await;
                let text = checks.as_str().unwrap_or_default();
                return Err(format!("not true within {at_most:?}: {script}\n{text}").into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Errors and broken rules of the content security policy since the last time, in the console's words.
    pub async fn complaints(&self) -> Vec<String> {
        let command = Wire("se/log", json!({"type": "browser"}));
        let log = self.client.issue_cmd(command).await.expect("the console");
        let entries = log.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// A command of Chromium's own protocol.
    pub async fn protocol(&self, command: &str, parameters: Value) -> Value {
        let wire = Wire(
            "goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        );
        self.client.issue_cmd(wire).await.expect(command)
    }

    pub async fn close(self) {
        self.client.close().await.expect("the end of the session");
    }
}

/// A command below the session's address.
#[derive(Debug)]
struct Wire(&'static str, Value);

impl WebDriverCompatibleCommand for Wire {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.0
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (hyper::Method::POST, Some(self.1.to_string()))
    }
}
