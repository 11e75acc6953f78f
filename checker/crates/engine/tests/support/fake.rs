//! Engines and services that do what a test tells them, each on a loopback port of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{Address, Lookup, find};
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server does when it is asked for something.
#[derive(Clone)]
pub enum Reaction {
    /// Answers 200 with this JSON.
    Json(Value),
    /// Answers with this status and JSON message.
    Refusal(u16, &'static str),
    /// Writes these bytes and closes.
    Raw(Vec<u8>),
    /// Writes these bytes and then nothing more.
    RawThenSilence(Vec<u8>),
    /// Writes a head, and then one byte now and then, for ever.
    Drip,
}

/// A listener on a free port of this machine.
pub async fn bound() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its own address").port();
    (listener, port)
}

/// Starts a server that reads one request head a connection and reacts to its path; gives back its port.
pub async fn server(react: impl Fn(&str) -> Reaction + Send + Sync + 'static) -> u16 {
    let (listener, port) = bound().await;
    let react = Arc::new(react);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let react = Arc::clone(&react);
            tokio::spawn(async move {
                let path = path_of(&mut stream).await;
                perform(react(&path), &mut stream).await?;
                // What is closed with unread bytes is reset, and a reset can overtake the answer.
                stream.shutdown().await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            });
        }
    });
    port
}

/// Starts a server that speaks before it is asked, as mail servers do, and reads on; gives back its port.
pub async fn greeter(greeting: &'static [u8]) -> u16 {
    let (listener, port) = bound().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(greeting).await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
            });
        }
    });
    port
}

async fn path_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    head.split(' ').nth(1).unwrap_or_default().to_owned()
}

pub async fn perform(
    reaction: Reaction,
    stream: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    match reaction {
        Reaction::Json(value) => {
            stream
                .write_all(&response(
                    200,
                    "application/json",
                    value.to_string().as_bytes(),
                ))
                .await
        }
        Reaction::Refusal(status, message) => {
            let body = json!({ "message": message }).to_string();
            stream
                .write_all(&response(status, "application/json", body.as_bytes()))
                .await
        }
        Reaction::Raw(bytes) => stream.write_all(&bytes).await,
        Reaction::RawThenSilence(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending().await
        }
        Reaction::Drip => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[")
                .await?;
            let mut beat = tokio::time::interval(Duration::from_millis(10));
            loop {
                beat.tick().await;
                stream.write_all(b" ").await?;
            }
        }
    }
}

pub fn response(status: u16, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub fn at(port: u16) -> Address {
    let host_flag = Some(format!("tcp://127.0.0.1:{port}"));
    find(&Lookup {
        host_flag,
        ..Lookup::default()
    })
    .expect("a usable address")
}

/// The lesson's folder in these tests; no folder has this name.
pub const FOLDER: &str = "/no/such/lesson-04";

fn labels() -> Value {
    json!({
        "com.docker.compose.project": "lesson-04",
        "com.docker.compose.project.working_dir": FOLDER,
        "com.docker.compose.service": "web",
    })
}

/// An engine with one running container `web`, whose port 80 is published at `published`; `other` reacts first.
pub async fn engine(
    published: u16,
    other: impl Fn(&str) -> Option<Reaction> + Send + Sync + 'static,
) -> Address {
    let port = server(move |path| {
        if let Some(reaction) = other(path) {
            return reaction;
        }
        match path.split('?').next().unwrap_or_default() {
            "/version" => {
                Reaction::Json(json!({"ApiVersion": "1.41", "Version": "20.10.0", "Unheard": "of"}))
            }
            "/containers/json" => {
                Reaction::Json(json!([{"Id": "abc", "Names": ["/web-1"], "Labels": labels()}]))
            }
            "/containers/abc/json" => Reaction::Json(json!({
                "Id": "abc", "Name": "/web-1", "NewField": {"Status": "never seen"},
                "Config": {"Image": "web:1", "Labels": labels()},
                "State": {"Status": "running"},
                "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": published.to_string()}]}},
            })),
            _ => Reaction::Refusal(404, "no such thing"),
        }
    });
    at(port.await)
}

/// Starts a gRPC server that answers every call with these body bytes and trailers; gives back its port.
pub async fn grpc_server(
    body: &'static [u8],
    trailers: &'static [(&'static str, &'static str)],
) -> u16 {
    let (listener, port) = bound().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service =
                hyper::service::service_fn(move |_: Request<hyper::body::Incoming>| async move {
                    let trailers = trailers.iter().map(|(name, value)| {
                        let name = hyper::header::HeaderName::from_static(name);
                        (name, hyper::header::HeaderValue::from_static(value))
                    });
                    let frames = [
                        Frame::data(Bytes::from_static(body)),
                        Frame::trailers(trailers.collect()),
                    ];
                    let frames = frames.map(Ok::<_, std::convert::Infallible>);
                    let body = StreamBody::new(futures_util::stream::iter(frames));
                    Response::builder()
                        .header("content-type", "application/grpc")
                        .body(body)
                });
            let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
        }
    });
    port
}
