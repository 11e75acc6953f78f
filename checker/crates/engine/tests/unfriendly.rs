//! Engines and services that hang, refuse, go away or talk nonsense: every look ends in time and says what happened.
//!
//! No sockets of the machine's own engine are touched: each test talks to a server of its own on a loopback port.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Address, Deadlines, Lookup, collect, find, look_around};
use lesson::evidence::{
    Answer, Bytes, EngineSeen, ImageSeen, MilvusCall, Probe, Unanswered, Wanted, WorldSeen,
};
use serde_json::json;
use support::fake::Reaction::{Drip, Json, Raw, RawThenSilence, Refusal};
use support::fake::{FOLDER, at, bound, engine, greeter, grpc_server, perform, response, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// For an engine that will not answer.
const SHORT: Deadlines = Deadlines {
    connect: Duration::from_millis(300),
    first_answer: Duration::from_millis(300),
    call: Duration::from_millis(300),
    probe: Duration::from_millis(300),
    total: Duration::from_millis(1500),
};

/// For an engine that answers, with a service that will not.
fn short_probe() -> Deadlines {
    Deadlines {
        probe: Duration::from_millis(300),
        ..Deadlines::default()
    }
}

/// For an engine that answers some questions and not others.
fn short_call() -> Deadlines {
    Deadlines {
        call: Duration::from_secs(1),
        ..Deadlines::default()
    }
}

/// Looks, and insists that the look ends soon after its deadline. Machines under test are busy; hanging lasts for ever.
async fn look(address: &Address, wanted: &Wanted, deadlines: &Deadlines) -> WorldSeen {
    let started = Instant::now();
    let seen = collect(address, wanted, deadlines).await;
    let took = started.elapsed();
    assert!(
        took < deadlines.total + Duration::from_secs(2),
        "it took {took:?}"
    );
    seen
}

/// Looks at an engine that must turn out silent; gives back the reason.
async fn reason(address: &Address) -> String {
    reason_within(address, &Deadlines::default()).await
}

async fn reason_within(address: &Address, deadlines: &Deadlines) -> String {
    let seen = look(
        address,
        &Wanted {
            project: "lesson-04".to_owned(),
            ..Wanted::default()
        },
        deadlines,
    )
    .await;
    let WorldSeen {
        engine:
            EngineSeen::Silent {
                address: named,
                reason,
                next,
            },
        containers,
        answers,
        ..
    } = seen
    else {
        panic!("not silent: {:?}", seen.engine);
    };
    assert!(containers.is_empty() && answers.is_empty());
    assert_eq!(named, address.to_string());
    assert!(!next.is_empty());
    reason
}

#[tokio::test]
async fn an_engine_that_never_answers_is_given_up() {
    let port = server(|_| RawThenSilence(Vec::new())).await;
    assert_eq!(
        reason_within(&at(port), &SHORT).await,
        "it gave no answer within 0.3 s"
    );
    let (_listener, port) = bound().await;
    assert_eq!(
        reason_within(&at(port), &SHORT).await,
        "it gave no answer within 0.3 s",
        "nobody accepts"
    );
}

#[tokio::test]
async fn an_engine_that_answers_for_ever_is_given_up() {
    assert_eq!(
        reason_within(&at(server(|_| Drip).await), &SHORT).await,
        "it gave no answer within 0.3 s"
    );
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_told_from_one_that_refuses() {
    let (listener, port) = bound().await;
    drop(listener);
    assert!(reason(&at(port)).await.contains("connection refused"));
    let host_flag = Some("tcp://no-such-host.invalid:1".to_owned());
    let unknown = find(&Lookup {
        host_flag,
        ..Lookup::default()
    })
    .unwrap();
    let reason = reason(&unknown).await;
    assert!(
        reason.contains("cannot be reached") || reason.contains("no answer within"),
        "{reason}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_missing_socket_is_told_from_one_without_an_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let host_flag = Some(format!("unix://{}", path.display()));
    let address = find(&Lookup {
        host_flag,
        ..Lookup::default()
    })
    .unwrap();
    assert!(reason(&address).await.contains("no such socket"));
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(
        reason(&address).await.contains("connection refused"),
        "the file stays when its server ends"
    );
}

#[tokio::test]
async fn an_engine_that_closes_half_way_is_silent() {
    let whole = response(200, "application/json", br#"{"ApiVersion":"1.51"}"#);
    for length in [0, 10, whole.len() - 5] {
        let part = whole[..length].to_vec();
        let port = server(move |_| Raw(part.clone())).await;
        let reason = reason(&at(port)).await;
        assert!(
            reason.contains("closed the connection"),
            "after {length} bytes: {reason}"
        );
    }
}

#[tokio::test]
async fn nonsense_is_no_engine() {
    let page = b"<!doctype html><title>Welcome to nginx!</title>";
    for (nonsense, says) in [
        (response(200, "text/html", page), "text/html"),
        (
            response(200, "application/json", br#"{"ApiVersion":"1.5"#),
            "no JSON",
        ),
        (response(200, "application/json", b"[]"), "names no version"),
        (
            response(200, "application/json", &b"[".repeat(100_000)),
            "no JSON",
        ),
        (
            response(200, "application/json", &b" ".repeat(33 << 20)),
            "more than 32 MB",
        ),
        (response(204, "", b""), "empty answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "does not speak HTTP"),
        (
            b"\x15\x03\x03\x00\x02\x02\x46".to_vec(),
            "does not speak HTTP",
        ),
    ] {
        let port = server(move |_| Raw(nonsense.clone())).await;
        let reason = reason(&at(port)).await;
        assert!(
            reason.contains("no answer of an engine") && reason.contains(says),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn an_engines_refusal_is_quoted() {
    let port = server(|_| Refusal(500, "the daemon is shutting down")).await;
    assert_eq!(
        reason(&at(port)).await,
        "it answered with status 500: the daemon is shutting down"
    );
    let port = server(|_| Raw(response(404, "text/html", b"<h1>Not Found</h1>"))).await;
    assert!(
        reason(&at(port))
            .await
            .contains("status 404: <h1>Not Found</h1>")
    );
}

fn wanted(probes: &[Probe]) -> Wanted {
    Wanted {
        project: "lesson-04".to_owned(),
        folder: FOLDER.to_owned(),
        probes: probes.iter().cloned().collect(),
        ..Wanted::default()
    }
}

#[tokio::test]
async fn what_the_engine_says_is_kept_as_it_says_it() {
    let seen = look(
        &engine(1, |_| None).await,
        &wanted(&[]),
        &Deadlines::default(),
    )
    .await;
    let EngineSeen::Answered { version, .. } = &seen.engine else {
        panic!("{:?}", seen.engine)
    };
    assert_eq!(version["Unheard"], "of");
    assert_eq!(
        seen.containers[0].inspect["NewField"]["Status"],
        "never seen"
    );
    assert_eq!(
        seen.images,
        BTreeMap::from([("web:1".to_owned(), ImageSeen::Absent)])
    );
}

#[tokio::test]
async fn an_engine_that_goes_away_half_way_is_silent() {
    for reaction in [
        Raw(Vec::new()),
        RawThenSilence(Vec::new()),
        Refusal(500, "gone"),
        Json(json!([])),
    ] {
        let inspect = move |path: &str| {
            path.starts_with("/containers/abc/json")
                .then(|| reaction.clone())
        };
        reason_of(&engine(1, inspect).await).await;
    }
    for list in [json!({}), json!([1]), json!([{"Names": []}])] {
        let lists = move |path: &str| {
            path.starts_with("/containers/json")
                .then(|| Json(list.clone()))
        };
        assert!(
            reason_of(&engine(1, lists).await)
                .await
                .contains("list of containers")
        );
    }
}

async fn reason_of(address: &Address) -> String {
    let seen = look(address, &wanted(&[]), &short_call()).await;
    assert!(
        seen.containers.is_empty(),
        "half a list would look like missing containers"
    );
    match seen.engine {
        EngineSeen::Silent { reason, .. } => reason,
        other => panic!("not silent: {other:?}"),
    }
}

#[tokio::test]
async fn a_container_that_was_just_removed_is_left_out() {
    let removed = |path: &str| {
        path.starts_with("/containers/abc/json")
            .then_some(Refusal(404, "No such container: abc"))
    };
    let seen = look(
        &engine(1, removed).await,
        &wanted(&[]),
        &Deadlines::default(),
    )
    .await;
    assert!(matches!(seen.engine, EngineSeen::Answered { .. }));
    assert!(seen.containers.is_empty());
}

#[tokio::test]
async fn an_image_that_is_not_spoken_about_is_neither_there_nor_absent() {
    for reaction in [
        Refusal(500, "layer store is locked"),
        RawThenSilence(Vec::new()),
        Raw(b"?".to_vec()),
    ] {
        let images = move |path: &str| path.starts_with("/images/").then(|| reaction.clone());
        let seen = look(&engine(1, images).await, &wanted(&[]), &short_call()).await;
        assert!(matches!(seen.engine, EngineSeen::Answered { .. }));
        assert!(seen.images.is_empty());
    }
}

#[tokio::test]
async fn a_machine_is_described_as_far_as_the_engine_speaks() {
    let info = |path: &str| {
        (path == "/info").then(|| Json(json!({"NCPU": 4, "MemTotal": "much", "Driver": ""})))
    };
    let seen = look_around(
        &engine(1, info).await,
        &["web:1".to_owned()].into(),
        &[].into(),
        &Deadlines::default(),
    )
    .await;
    assert_eq!(seen.machine.processors, Some(4));
    assert_eq!(
        (seen.machine.memory, seen.machine.storage_driver),
        (None, None)
    );
    assert_eq!(seen.images.get("web:1"), Some(&ImageSeen::Absent));
    let silent = look_around(
        &at(server(|_| Raw(Vec::new())).await),
        &[].into(),
        &[].into(),
        &SHORT,
    )
    .await;
    assert!(matches!(silent.engine, EngineSeen::Silent { .. }));
}

/// Puts one question to the service at `port`.
async fn asked(port: u16, probe: Probe) -> Answer {
    asked_of(&engine(port, |_| None).await, probe, &Deadlines::default()).await
}

/// The same for a service that is expected to hang.
async fn asked_shortly(port: u16, probe: Probe) -> Answer {
    asked_of(&engine(port, |_| None).await, probe, &short_probe()).await
}

async fn asked_of(address: &Address, probe: Probe, deadlines: &Deadlines) -> Answer {
    let seen = look(address, &wanted(std::slice::from_ref(&probe)), deadlines).await;
    assert!(
        matches!(seen.engine, EngineSeen::Answered { .. }),
        "{:?}",
        seen.engine
    );
    seen.answer(&probe)
        .cloned()
        .expect("an answer to each probe")
}

fn http() -> Probe {
    Probe::Http {
        service: "web".to_owned(),
        port: 80,
        path: "/healthz?deep=1".to_owned(),
        inside: None,
    }
}

fn milvus() -> Probe {
    Probe::Milvus {
        service: "web".to_owned(),
        port: 80,
        call: MilvusCall::Version,
    }
}

#[tokio::test]
async fn a_services_answer_is_kept() {
    let port = server(|path| match path {
        "/healthz?deep=1" => Raw(response(
            500,
            "text/plain; charset=utf-8",
            b"Not all components are healthy, 3/5",
        )),
        _ => Raw(Vec::new()),
    });
    let Answer::Http {
        status: 500,
        content_type,
        body,
        ..
    } = asked(port.await, http()).await
    else {
        panic!("no answer");
    };
    assert_eq!(content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(body, Bytes(b"Not all components are healthy, 3/5".to_vec()));
}

#[tokio::test]
async fn a_grpc_answer_is_kept_as_bytes() {
    // A message of three bytes that no protobuf reader would take.
    let port = grpc_server(b"\0\0\0\0\x03\xff\xff\xff", &[("grpc-status", "0")]).await;
    let Answer::Grpc { code: 0, body, .. } = asked(port, milvus()).await else {
        panic!("no answer");
    };
    assert_eq!(body, Bytes(vec![0xff; 3]));
}

#[tokio::test]
async fn a_grpc_servers_refusal_is_an_answer() {
    let trailers = &[
        ("grpc-status", "16"),
        ("grpc-message", "auth%20check%20failure"),
    ];
    let answer = asked(grpc_server(b"", trailers).await, milvus()).await;
    assert!(
        matches!(&answer, Answer::Grpc { code: 16, message, .. } if message == "auth check failure"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_grpc_answer_that_breaks_off_is_no_answer() {
    let port = grpc_server(b"\0\0\0\0\x09\xff", &[("grpc-status", "0")]).await;
    let answer = asked(port, milvus()).await;
    assert!(
        !matches!(answer, Answer::Grpc { code: 0, .. }),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_large_page_is_cut() {
    let port = server(|_| Raw(response(200, "text/html", &b"x".repeat(200_000)))).await;
    let Answer::Http { body, .. } = asked(port, http()).await else {
        panic!("no answer")
    };
    assert_eq!(body.0.len(), 64 << 10);
}

#[tokio::test]
async fn services_that_do_not_answer_are_told_apart() {
    let (listener, nobody) = bound().await;
    drop(listener);
    let closes = server(|_| Raw(Vec::new())).await;
    let hangs = server(|_| RawThenSilence(Vec::new())).await;
    let drips = server(|_| Drip).await;
    let babbles = greeter(b"220 smtp.example ESMTP\r\n").await;
    let place = |port: u16| format!("127.0.0.1:{port}");
    for probe in [http(), milvus()] {
        assert_eq!(
            asked(nobody, probe.clone()).await,
            Answer::None(Unanswered::Refused(place(nobody)))
        );
        let timed_out = Answer::None(Unanswered::TimedOut(format!("{}, 0.3 s", place(hangs))));
        assert_eq!(asked_shortly(hangs, probe.clone()).await, timed_out);
        let babbled = asked(babbles, probe.clone()).await;
        assert!(
            matches!(&babbled, Answer::None(Unanswered::Nonsense(text)) if text.contains(&place(babbles))),
            "{babbled:?}"
        );
        let closed = asked(closes, probe).await;
        assert_eq!(closed, Answer::None(Unanswered::Closed(place(closes))));
    }
    assert!(matches!(
        asked_shortly(drips, http()).await,
        Answer::None(Unanswered::TimedOut(_))
    ));
    let web = server(|_| Raw(response(400, "text/html", b"<h1>no</h1>"))).await;
    let no_grpc = asked(web, milvus()).await;
    assert!(
        matches!(no_grpc, Answer::None(Unanswered::Nonsense(_))),
        "{no_grpc:?}"
    );
}

#[tokio::test]
async fn a_path_that_cannot_be_asked_for_says_nothing_about_the_service() {
    let probe = Probe::Http {
        service: "web".to_owned(),
        port: 80,
        path: "/a b".to_owned(),
        inside: None,
    };
    let answer = asked(1, probe).await;
    assert!(
        matches!(&answer, Answer::None(Unanswered::Engine(text)) if text.contains("`/a b`")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn when_time_is_over_for_everything_the_service_is_not_blamed() {
    let hangs = server(|_| RawThenSilence(Vec::new())).await;
    let deadlines = Deadlines {
        probe: Duration::from_secs(60),
        total: Duration::from_secs(1),
        ..Deadlines::default()
    };
    let answer = asked_of(&engine(hangs, |_| None).await, http(), &deadlines).await;
    assert!(
        matches!(&answer, Answer::None(Unanswered::Engine(text)) if text.contains("whole look")),
        "{answer:?}"
    );
}

fn exec() -> Probe {
    Probe::Exec {
        service: "web".to_owned(),
        command: vec!["true".to_owned()],
    }
}

#[tokio::test]
async fn commands_are_not_blamed_for_their_engine() {
    for reaction in [
        Refusal(409, "container abc is paused"),
        Raw(Vec::new()),
        Json(json!({"Nothing": 1})),
        Raw(b"?".to_vec()),
    ] {
        let create = move |path: &str| path.ends_with("/exec").then(|| reaction.clone());
        let answer = asked_of(&engine(1, create).await, exec(), &Deadlines::default()).await;
        assert!(
            matches!(answer, Answer::None(Unanswered::Engine(_))),
            "{answer:?}"
        );
    }
    let hangs = |path: &str| path.ends_with("/exec").then(|| RawThenSilence(Vec::new()));
    let answer = asked_of(&engine(1, hangs).await, exec(), &short_probe()).await;
    assert_eq!(
        answer,
        Answer::None(Unanswered::TimedOut("`true` in web-1, 0.3 s".to_owned()))
    );
}

#[tokio::test]
async fn a_log_or_process_list_that_cannot_be_read_is_the_engines_affair() {
    let log = Probe::Log {
        service: "web".to_owned(),
        lines: 3,
    };
    let processes = Probe::Processes {
        service: "web".to_owned(),
    };
    for reaction in [
        Refusal(501, "this driver does not support reading"),
        RawThenSilence(Vec::new()),
        Json(json!({"Titles": 1})),
    ] {
        let same = reaction.clone();
        let top = move |path: &str| path.contains("/top").then(|| same.clone());
        let answer = asked_of(&engine(1, top).await, processes.clone(), &short_call()).await;
        assert!(
            matches!(answer, Answer::None(Unanswered::Engine(_))),
            "{answer:?}"
        );
        let Json(_) = reaction else {
            let logs = move |path: &str| path.contains("/logs").then(|| reaction.clone());
            let answer = asked_of(&engine(1, logs).await, log.clone(), &short_call()).await;
            assert!(
                matches!(answer, Answer::None(Unanswered::Engine(_))),
                "{answer:?}"
            );
            continue;
        };
    }
}

#[tokio::test]
async fn an_engine_without_those_columns_is_asked_for_its_own() {
    let top = |path: &str| match path {
        "/containers/abc/top" => Some(Json(
            json!({"Titles": ["UID", "PID", "PPID", "CMD"], "Processes": [["root", "7", "1", "sh"]]}),
        )),
        path if path.contains("/top?ps_args=") => Some(Refusal(500, "ps: unrecognized option")),
        _ => None,
    };
    let answer = asked_of(
        &engine(1, top).await,
        Probe::Processes {
            service: "web".to_owned(),
        },
        &Deadlines::default(),
    )
    .await;
    assert!(
        matches!(&answer, Answer::Processes { processes } if processes[0].pid == 7),
        "{answer:?}"
    );
}

/// A certificate authority, a server certificate for 127.0.0.1, and the folder with `ca.pem`.
struct Certificates {
    folder: tempfile::TempDir,
    server: Arc<tokio_rustls::rustls::ServerConfig>,
}

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let made =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).expect("a writable folder");
        let key = made
            .signing_key
            .serialize_der()
            .try_into()
            .expect("a private key");
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let server = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions that the provider knows")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate that fits its key");
        Self {
            folder,
            server: Arc::new(server),
        }
    }

    fn address(port: u16, folder: &Path) -> Address {
        let variables = [
            ("DOCKER_TLS_VERIFY", "1".to_owned()),
            ("DOCKER_CERT_PATH", folder.display().to_string()),
        ];
        find(&Lookup {
            host_flag: Some(format!("tcp://127.0.0.1:{port}")),
            environment: variables
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            home: None::<PathBuf>,
        })
        .expect("a usable address")
    }
}

#[tokio::test]
async fn tls_works_with_the_right_authority_only() {
    let right = Certificates::new();
    let (listener, port) = bound().await;
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&right.server));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 16];
            let read = stream.read_exact(&mut head).await;
            let body = if head.starts_with(b"GET /version") {
                json!({"ApiVersion": "1.51"})
            } else {
                json!([])
            };
            if read.is_ok() && perform(Json(body), &mut stream).await.is_ok() {
                let _ = stream.shutdown().await;
            }
        }
    });
    let seen = look(
        &Certificates::address(port, right.folder.path()),
        &Wanted::default(),
        &Deadlines::default(),
    )
    .await;
    assert!(
        matches!(seen.engine, EngineSeen::Answered { .. }),
        "{:?}",
        seen.engine
    );

    let wrong = Certificates::new();
    let untrusted = reason(&Certificates::address(port, wrong.folder.path())).await;
    assert!(untrusted.contains("no secure connection"), "{untrusted}");
    let missing = reason(&Certificates::address(port, Path::new("/no/such/folder"))).await;
    assert!(missing.contains("ca.pem"), "{missing}");
    let plain = greeter(b"HTTP/1.0 400 Bad Request\r\n\r\n").await;
    let plain = reason(&Certificates::address(plain, right.folder.path())).await;
    assert!(plain.contains("no secure connection"), "{plain}");
}
