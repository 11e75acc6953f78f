//! Engines that hang, refuse, babble or vanish half-way: nothing is called failed that could not be seen, and it ends in time.

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use support::Learner;

/// An engine at a loopback port that does one thing with every connection; gives back its DOCKER_HOST.
fn engine(with_each: impl Fn(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || listener.incoming().flatten().for_each(with_each));
    format!("tcp://{address}")
}

/// The solution is not checked against such an engine: exit code 3, no verdict against the learner, what happened, in time.
#[track_caller]
fn is_not_checked(host: &str, says: &[&str]) {
    let learner = Learner::solved();
    let began = Instant::now();
    let ran = learner.checker_in(
        learner.home.path(),
        &["verify", "4"],
        &[("DOCKER_HOST", host)],
    );
    ran.exits(3).says(&["NOT CHECKED"]).says(says);
    assert!(!ran.stdout.contains("FAIL"), "{}", ran.stdout);
    assert!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn an_engine_that_hangs_is_given_up() {
    let host = engine(|stream| {
        // Kept open and never answered.
        std::mem::forget(stream);
    });
    is_not_checked(&host, &["next:"]);
}

#[test]
fn an_engine_that_refuses_is_told() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    is_not_checked(&format!("tcp://127.0.0.1:{port}"), &["next:"]);
}

#[test]
fn a_web_server_in_the_engines_place_is_told() {
    let host = engine(|mut stream| {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request);
        let page = "<html>hello</html>";
        let _ = write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        );
    });
    is_not_checked(&host, &["next:"]);
}

#[test]
fn an_engine_that_vanishes_half_way_is_told() {
    let host = engine(|mut stream| {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"Vers");
    });
    is_not_checked(&host, &["next:"]);
}

#[test]
fn a_context_that_is_not_there_is_told_with_the_way_out() {
    let learner = Learner::solved();
    let ran = learner.checker_in(
        learner.home.path(),
        &["verify", "4"],
        &[("DOCKER_CONTEXT", "no-such-context")],
    );
    ran.exits(3).says(&["no-such-context"]);
}
