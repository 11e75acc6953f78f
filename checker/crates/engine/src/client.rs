//! Asks the engine.
//!
//! What the engine says is kept as it said it, so `GET`s are read as plain JSON: a typed reader would drop fields it does not
//! know and refuse words it does not know, which newer engines and Podman both use. Where the protocol is more than JSON
//! (exec with its upgraded connection, logs with their two streams in one) bollard does the talking, over the same connections.

use std::sync::Arc;
use std::time::Duration;

use bollard::{BollardRequest, Docker};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, Uri, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_rustls::rustls::ClientConfig;

use crate::address::{Address, Endpoint};
use crate::deadlines::{Deadlines, End};
use crate::failure::Failure;
use crate::{stream, tls};

/// The largest answer that is read, in bytes. A list of a thousand containers has about 2 MB.
const LARGEST_ANSWER: usize = 32 << 20;

/// The longest refusal that is read, in bytes.
const LARGEST_REFUSAL: usize = 64 << 10;

/// How many questions wait for their answer's head at once. An ssh server drops connections beyond 10 that are not logged in yet.
const AT_ONCE: usize = 8;

/// An engine to ask, with the deadlines that hold for this look.
pub(crate) struct Engine {
    pub(crate) address: Address,
    pub(crate) deadlines: Deadlines,
    pub(crate) end: End,
    transport: Arc<Transport>,
    docker: Docker,
}

/// Opens a connection for each request: on a socket of this machine that costs less than a pool's upkeep, and a request never
/// meets a connection that the other side has just closed.
struct Transport {
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    host: HeaderValue,
    connect: Duration,
    slots: Semaphore,
}

impl Engine {
    /// Prepares to ask. Nothing is sent yet.
    pub(crate) fn new(address: &Address, deadlines: &Deadlines) -> Result<Self, Failure> {
        let host = match &address.endpoint {
            Endpoint::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Endpoint::Tcp { host, port } => format!("{host}:{port}"),
            _ => "localhost".to_owned(),
        };
        let transport = Arc::new(Transport {
            endpoint: address.endpoint.clone(),
            tls: address.tls.as_ref().map(tls::load).transpose()?,
            host: HeaderValue::from_str(&host)
                .map_err(|_| Failure::Unreachable(format!("`{host}` is no host name")))?,
            connect: deadlines.connect,
            slots: Semaphore::new(AT_ONCE),
        });
        let shared = Arc::clone(&transport);
        let docker = Docker::connect_with_custom_transport(
            move |request: BollardRequest| {
                let transport = Arc::clone(&shared);
                async move {
                    transport
                        .send(request)
                        .await
                        .map_err(|failure| std::io::Error::other(failure).into())
                }
            },
            Some("http://localhost"),
            // In seconds; our own deadlines are shorter and apply to bodies too.
            deadlines.total.as_secs().saturating_add(1),
            bollard::API_DEFAULT_VERSION,
        )?;
        Ok(Self {
            address: address.clone(),
            deadlines: *deadlines,
            end: End::in_(deadlines.total),
            transport,
            docker,
        })
    }

    /// `GET path`, answered with JSON, within the deadline for a call.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.get_within(self.deadlines.call, path).await
    }

    /// `GET path`, answered with JSON, within a deadline of its own.
    pub(crate) async fn get_within(
        &self,
        deadline: Duration,
        path: &str,
    ) -> Result<Value, Failure> {
        self.end.within(deadline, self.transport.get(path)).await?
    }

    /// `GET path`, answered with a body that ends when the engine pleases.
    pub(crate) async fn open(&self, path: &str) -> Result<Incoming, Failure> {
        let uri: Uri = path
            .parse()
            .map_err(|_| Failure::Nonsense(format!("`{path}` cannot be asked for")))?;
        let sent = self.transport.send(request_for(uri));
        let response = self.end.within(self.deadlines.first_answer, sent).await??;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let words = Limited::new(response.into_body(), LARGEST_REFUSAL).collect();
        let words = self.end.within(self.deadlines.call, words).await?;
        Err(Failure::Said {
            status: status.as_u16(),
            message: words.map_or_else(|_| String::new(), |words| refusal(&words.to_bytes())),
        })
    }

    /// For what is more than JSON. The caller sets the deadline.
    pub(crate) fn docker(&self) -> &Docker {
        &self.docker
    }
}

impl Transport {
    async fn get(&self, path: &str) -> Result<Value, Failure> {
        let uri: Uri = path
            .parse()
            .map_err(|_| Failure::Nonsense(format!("`{path}` cannot be asked for")))?;
        let response = self.send(request_for(uri)).await?;
        let status = response.status();
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let body = Limited::new(response.into_body(), LARGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<LengthLimitError>() {
                    return Failure::Nonsense(format!(
                        "more than {} MB for `{path}`",
                        LARGEST_ANSWER >> 20
                    ));
                }
                error
                    .downcast::<hyper::Error>()
                    .map_or(Failure::Closed, |error| Failure::from(*error))
            })?;
        let body = body.to_bytes();
        if !status.is_success() {
            return Err(Failure::Said {
                status: status.as_u16(),
                message: refusal(&body),
            });
        }
        serde_json::from_slice(&body).map_err(|error| {
            let path = path.split('?').next().unwrap_or(path);
            if body.is_empty() {
                return Failure::Nonsense(format!("`{path}` gave an empty answer"));
            }
            let kind = if kind.is_empty() {
                "an unnamed type"
            } else {
                &kind
            };
            Failure::Nonsense(format!(
                "`{path}` gave {} bytes of {kind}, which is no JSON ({error})",
                body.len()
            ))
        })
    }

    /// Opens a connection and sends a request; returns when the answer's head is there.
    async fn send<B>(&self, mut request: Request<B>) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // The semaphore is never closed; should it ever be, going on is right.
        let _slot = self.slots.acquire().await.ok();
        let opened =
            tokio::time::timeout(self.connect, stream::open(&self.endpoint, self.tls.clone()))
                .await;
        let stream = opened
            .map_err(|_| Failure::TimedOut(crate::deadlines::Passed::Own(self.connect)))??;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends by itself when the answer is read or dropped.
        tokio::spawn(connection.with_upgrades());
        origin_form(request.uri_mut());
        request.headers_mut().insert(HOST, self.host.clone());
        Ok(sender.send_request(request).await?)
    }
}

fn request_for(uri: Uri) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    request
}

/// A server wants `/version`, not `http://localhost/version`, which is for proxies.
fn origin_form(uri: &mut Uri) {
    if let Some(path) = uri.path_and_query() {
        *uri = Uri::from(path.clone());
    }
}

/// The engine's words: `{"message": …}`, or the beginning of whatever it sent.
fn refusal(body: &[u8]) -> String {
    let message = serde_json::from_slice::<Value>(body).ok();
    let message = message
        .as_ref()
        .and_then(|value| value.get("message"))
        .and_then(Value::as_str);
    match message {
        Some(message) => message.trim().to_owned(),
        None => String::from_utf8_lossy(body)
            .trim()
            .chars()
            .take(200)
            .collect(),
    }
}

/// Escapes a name for use as part of a path; `/` and `:` stay, as image names have them.
pub(crate) fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b'@' => path.push(char::from(byte)),
            other => path.push_str(&format!("%{other:02X}")),
        }
        path
    })
}

/// A `filters` value that asks for one label.
pub(crate) fn label_filter(label: &str, value: &str) -> String {
    escaped(&serde_json::json!({ "label": [format!("{label}={value}")] }).to_string())
}
