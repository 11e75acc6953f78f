//! A proxy in front of a service's published port that notes every request: HTTP/1.1 by its request line, gRPC by its path.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::body::Incoming;
use hyper::{Request, Response, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

/// The running proxy; it stops when its runtime does.
pub struct ServiceRecorder {
    /// Port it listens on, at 127.0.0.1.
    pub port: u16,
    noted: Arc<Mutex<Vec<String>>>,
}

impl ServiceRecorder {
    /// Forwards to a port of 127.0.0.1.
    pub async fn start(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let noted = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&noted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let notes = Arc::clone(&notes);
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| {
                        forward(request, target, Arc::clone(&notes))
                    });
                    // An error ends the connection, as it would without the proxy.
                    drop(
                        auto::Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Ok(Self { port, noted })
    }

    /// `GET /healthz`, `POST /milvus.proto.milvus.MilvusService/GetVersion`, … so far.
    pub fn noted(&self) -> Vec<String> {
        self.noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn forward(
    mut request: Request<Incoming>,
    target: u16,
    notes: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Incoming>, hyper_util::client::legacy::Error> {
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let note = format!("{} {path}", request.method());
    notes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(note);
    let mut client = Client::builder(TokioExecutor::new());
    if request.version() == Version::HTTP_2 {
        client.http2_only(true);
    }
    if let Ok(uri) = format!("http://127.0.0.1:{target}{path}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    client
        .build::<_, Incoming>(HttpConnector::new())
        .request(request)
        .await
}
