//! `checker serve` as anybody on this machine may ask it, without a browser.

#[path = "support/served.rs"]
mod served;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use served::Served;
use support::{Learner, NO_ENGINE};

/// An answer as it came.
struct Answer {
    status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let lines = self.headers.lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

/// Asks with exactly these headers and no others.
fn ask(served: &Served, request: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(&served.host).expect("the server listens");
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    write!(
        stream,
        "{request} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n"
    )
    .expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    let (headers, body) = text.split_once("\r\n\r\n").expect("headers");
    let status = headers.split_whitespace().nth(1).expect("a status");
    Answer {
        status: status.parse().expect("a number"),
        headers: headers.to_owned(),
        body: body.to_owned(),
    }
}

fn cookie(served: &Served) -> String {
    format!("checker-{}={}", served.port(), served.token)
}

/// Asks as the reader's browser does.
fn get(served: &Served, path: &str) -> Answer {
    let headers = [("Host", served.host.as_str()), ("Cookie", &cookie(served))];
    ask(served, &format!("GET {path}"), &headers)
}

fn somewhere() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn the_first_use_makes_a_workspace_and_says_where_to_go() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    assert!(
        home.path()
            .join("course/04-milvus-stack/compose.yaml")
            .is_file()
    );
    for part in ["http://127.0.0.1:", "?token=", "checker open", "Ctrl-C"] {
        assert!(served.said.contains(part), "{part}: {}", served.said);
    }
}

#[test]
fn the_printed_address_gives_a_cookie_and_leads_to_the_clean_one() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    let path = format!("GET /04-milvus-stack.html?token={}", served.token);
    let answer = ask(&served, &path, &[("Host", &served.host)]);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), "/04-milvus-stack.html");
    let set = answer.header("set-cookie");
    assert!(set.starts_with(&cookie(&served)), "{set}");
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(word), "{set}");
    }
    assert_eq!(get(&served, "/04-milvus-stack.html").status, 200);
}

#[test]
fn whoever_has_no_token_is_told_what_to_open() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    for path in [
        "/",
        "/events?lesson=lesson-4",
        "/about",
        "/searchindex.js",
        "/?token=0",
    ] {
        let answer = ask(&served, &format!("GET {path}"), &[("Host", &served.host)]);
        assert_eq!(answer.status, 403, "{path}");
        assert!(
            answer.body.contains("checker serve"),
            "{path}: {}",
            answer.body
        );
        assert!(!answer.body.contains(&served.token) && !answer.headers.contains(&served.token));
    }
}

#[test]
fn other_hosts_origins_and_methods_are_refused_although_they_have_the_cookie() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    let cookie = cookie(&served);
    let with = |request: &str, host: &str, more: &[(&str, &str)]| {
        let mut headers = vec![("Host", host), ("Cookie", cookie.as_str())];
        headers.extend(more);
        ask(&served, request, &headers).status
    };
    let host = served.host.as_str();
    let local = format!("localhost:{}", served.port());
    assert_eq!(with("GET /", host, &[]), 200);
    assert_eq!(with("GET /", &local, &[]), 200);
    for name in [
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]:80",
        "127.0.0.1.evil.example",
    ] {
        assert_eq!(with("GET /", name, &[]), 403, "{name}");
    }
    let own = format!("http://{host}");
    assert_eq!(with("GET /", host, &[("Origin", &own)]), 200);
    for origin in [
        "http://evil.example",
        "null",
        "https://127.0.0.1",
        "http://127.0.0.1:1",
    ] {
        assert_eq!(
            with("GET /events", host, &[("Origin", origin)]),
            403,
            "{origin}"
        );
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        assert_eq!(
            with(&format!("{method} /"), host, &[("Content-Length", "0")]),
            405,
            "{method}"
        );
    }
}

#[test]
fn every_answer_forbids_what_a_page_does_not_need() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    let refused = ask(&served, "GET /", &[("Host", "evil.example")]);
    for answer in [
        get(&served, "/"),
        get(&served, "/not-there"),
        get(&served, "/about"),
        refused,
    ] {
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn only_the_book_can_be_asked_for() {
    let home = somewhere();
    let served = Served::first_use(home.path(), Some(NO_ENGINE));
    for path in [
        "/../course/.checker/serve.json",
        "/%2e%2e/course/.checker/serve.json",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/.book-sources.json",
        "/css/../index.html",
    ] {
        let answer = get(&served, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            !answer.body.contains("root:") && !answer.body.contains(&served.token),
            "{path}"
        );
    }
    let elsewhere = ask(
        &served,
        &format!("GET //evil.example/?token={}", served.token),
        &[("Host", &served.host)],
    );
    assert_eq!(elsewhere.header("location"), "/", "not to another server");
}

/// Reads an event stream.
struct Events(BufReader<TcpStream>);

impl Events {
    fn of(served: &Served, lesson: &str) -> Self {
        let mut stream = TcpStream::connect(&served.host).expect("the server listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a deadline");
        let (host, cookie) = (&served.host, cookie(served));
        write!(
            stream,
            "GET /events?lesson={lesson} HTTP/1.0\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n"
        )
        .expect("sent");
        Self(BufReader::new(stream))
    }

    /// The next event of this name.
    fn next(&mut self, name: &str) -> String {
        let mut current = String::new();
        loop {
            let mut line = String::new();
            let read = self.0.read_line(&mut line).expect("an event in time");
            assert!(read > 0, "the stream has ended");
            if let Some(event) = line.strip_prefix("event: ") {
                current = event.trim_end().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ")
                && current == name
            {
                return data.trim_end().to_owned();
            }
        }
    }

    /// The verdict on a check, as soon as it is this one.
    fn until(&mut self, check: &str, verdict: &str) {
        loop {
            let shown: serde_json::Value =
                serde_json::from_str(&self.next("verdict")).expect("JSON");
            let checks = shown["report"]["checks"].as_array().expect("checks");
            let found = checks
                .iter()
                .find(|known| known["id"] == check)
                .expect("the check");
            if found["verdict"] == verdict {
                return;
            }
        }
    }
}

#[test]
fn a_saved_file_leads_to_a_new_verdict_within_two_seconds() {
    let learner = Learner::solved();
    let served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    let mut events = Events::of(&served, "lesson-4");
    events.until("standalone-finds-etcd", "pass");
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    events.until("standalone-finds-etcd", "fail");

    // As editors save: into a file beside, which then takes the other's place.
    let (path, beside) = (
        learner.folder().join("compose.yaml"),
        learner.folder().join(".compose.yaml.swp"),
    );
    let text = std::fs::read_to_string(&path).expect("compose.yaml");
    std::fs::write(&beside, text.replace("etcd1:2379", "etcd:2379")).expect("written");
    let saved = Instant::now();
    std::fs::rename(&beside, &path).expect("renamed");
    events.until("standalone-finds-etcd", "pass");
    assert!(
        saved.elapsed() < Duration::from_secs(2),
        "{:?}",
        saved.elapsed()
    );
}

#[test]
fn the_page_gets_the_report_that_verify_prints() {
    let learner = Learner::solved();
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    let served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    let mut events = Events::of(&served, "lesson-4");
    let mut shown: serde_json::Value = serde_json::Value::Null;
    while shown["report"]["scope"] != "files-and-containers" {
        shown = serde_json::from_str(&events.next("verdict")).expect("JSON");
    }
    let printed = learner.checker(&["verify", "4", "--format", "json"]).json();
    let without_time = |mut report: serde_json::Value| {
        report["at"] = "now".into();
        report
    };
    assert_eq!(
        without_time(shown["report"].clone()),
        without_time(printed["reports"][0].clone())
    );
}

#[test]
fn a_lesson_that_cannot_be_looked_at_is_told_in_words_and_recovers() {
    let learner = Learner::solved();
    let served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    let mut events = Events::of(&served, "lesson-4");
    events.until("compose-file-loads", "pass");
    let away = learner.home.path().join("course/away");
    std::fs::rename(learner.folder(), &away).expect("moved away");
    let words = events.next("trouble");
    assert!(words.contains("checker init"), "{words}");
    std::fs::rename(&away, learner.folder()).expect("moved back");
    events.until("compose-file-loads", "pass");
}

#[test]
fn open_finds_the_running_server_and_no_other() {
    let learner = Learner::new();
    learner
        .checker(&["open", "4", "--print"])
        .exits(2)
        .says(&["no server runs", "checker serve"]);
    let mut served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    learner
        .checker(&["open", "4", "--print"])
        .exits(0)
        .says(&[&served.address("04-milvus-stack.html")]);
    let again = learner.checker(&["serve"]);
    again.exits(0).says(&["already", &served.address("")]);
    assert_eq!(served.interrupt(), Some(0));
    learner
        .checker(&["open", "--print"])
        .exits(2)
        .says(&["no server runs"]);
}

#[cfg(unix)]
#[test]
fn the_note_with_the_token_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = somewhere();
    let _served = Served::first_use(home.path(), Some(NO_ENGINE));
    let note = home.path().join("course/.checker/serve.json");
    let mode = note.metadata().expect("the note").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn ctrl_c_ends_it_at_once_although_a_page_listens() {
    let learner = Learner::new();
    let mut served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    let mut events = Events::of(&served, "lesson-4");
    events.next("verdict");
    let asked = Instant::now();
    assert_eq!(served.interrupt(), Some(0));
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
}

#[test]
fn a_restarted_server_keeps_its_address() {
    let learner = Learner::new();
    let mut first = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    first.interrupt();
    let second = Served::start(learner.home.path(), &[], Some(NO_ENGINE));
    assert_eq!((&first.host, &first.token), (&second.host, &second.token));
}

#[test]
fn a_taken_port_is_left_to_its_holder() {
    let learner = Learner::new();
    let holder = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = holder.local_addr().expect("its address").port().to_string();
    learner
        .checker(&["serve", "--port", &port])
        .exits(2)
        .says(&[&format!("port {port}"), "Without `--port`"]);
}

#[test]
fn several_pages_listen_to_one_lesson() {
    let learner = Learner::solved();
    let served = Served::first_use(learner.home.path(), Some(NO_ENGINE));
    let mut pages: Vec<_> = (0..8).map(|_| Events::of(&served, "lesson-4")).collect();
    for page in &mut pages {
        page.until("standalone-finds-etcd", "pass");
    }
    learner.edit("ETCD_ENDPOINTS: etcd:2379", "ETCD_ENDPOINTS: etcd1:2379");
    for page in &mut pages {
        page.until("standalone-finds-etcd", "fail");
    }
}
