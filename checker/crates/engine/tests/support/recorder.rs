//! A proxy between a program and the engine that notes every request.
//!
//! It listens on a loopback port, so a program is pointed at it with `DOCKER_HOST=tcp://127.0.0.1:PORT`. Requests on one
//! connection are told apart by their length; after an upgrade (exec) the bytes belong to the command.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The body.
    pub body: Vec<u8>,
}

/// The running proxy; it stops when its runtime does.
pub struct Recorder {
    /// What to set `DOCKER_HOST` to.
    pub host: String,
    noted: Arc<Mutex<Vec<Noted>>>,
}

impl Recorder {
    /// Starts to forward to the engine's socket.
    pub async fn start(socket: PathBuf) -> io::Result<Self> {
        Self::start_rewriting(socket, Vec::new()).await
    }

    /// The same, and where the engine names a published host port, another one of as many digits is named instead.
    pub async fn start_rewriting(
        socket: PathBuf,
        ports: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let ports = Arc::new(ports);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let host = format!("tcp://{}", listener.local_addr()?);
        let noted = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&noted);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, notes, ports) =
                    (socket.clone(), Arc::clone(&notes), Arc::clone(&ports));
                tokio::spawn(async move { forward(client, socket, &notes, &ports).await });
            }
        });
        Ok(Self { host, noted })
    }

    /// All requests so far.
    pub fn noted(&self) -> Vec<Noted> {
        self.noted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(unix)]
async fn engine(socket: PathBuf) -> io::Result<tokio::net::UnixStream> {
    tokio::net::UnixStream::connect(socket).await
}

#[cfg(windows)]
async fn engine(pipe: PathBuf) -> io::Result<tokio::net::windows::named_pipe::NamedPipeClient> {
    tokio::net::windows::named_pipe::ClientOptions::new().open(pipe)
}

async fn forward(
    client: TcpStream,
    socket: PathBuf,
    notes: &Mutex<Vec<Noted>>,
    ports: &[(String, String)],
) -> io::Result<()> {
    let (mut from_engine, mut to_engine) = tokio::io::split(engine(socket).await?);
    let (from_client, mut to_client) = client.into_split();
    let requests = async {
        let mut from_client = BufReader::new(from_client);
        while let Some(head) = head(&mut from_client).await? {
            let body = match head.length {
                Length::Known(length) => {
                    let mut body = vec![0; length];
                    from_client.read_exact(&mut body).await?;
                    body
                }
                Length::Chunked => chunks(&mut from_client).await?,
            };
            to_engine.write_all(&head.bytes).await?;
            to_engine.write_all(&body).await?;
            let Head { method, path, .. } = head;
            notes
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Noted { method, path, body });
            if head.upgrades {
                tokio::io::copy(&mut from_client, &mut to_engine).await?;
            }
        }
        to_engine.shutdown().await
    };
    let answers = async {
        copy_rewritten(&mut from_engine, &mut to_client, ports).await?;
        to_client.shutdown().await
    };
    tokio::try_join!(requests, answers).map(|_| ())
}

/// Copies line by line (an inspect answer is one line), so that no port is cut in two; the length stays the same.
async fn copy_rewritten(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    ports: &[(String, String)],
) -> io::Result<()> {
    if ports.is_empty() {
        return tokio::io::copy(from, to).await.map(drop);
    }
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).await? > 0 {
        // Logs and exec output may be any bytes; only text is looked at.
        if let Ok(mut text) = String::from_utf8(line.clone()) {
            for (port, other) in ports
                .iter()
                .filter(|(port, other)| port.len() == other.len())
            {
                let key = "\"HostPort\":\"";
                text = text.replace(&format!("{key}{port}\""), &format!("{key}{other}\""));
            }
            line = text.into_bytes();
        }
        to.write_all(&line).await?;
        to.flush().await?;
        line.clear();
    }
    Ok(())
}

/// How long a request's body is.
enum Length {
    Known(usize),
    /// Told in front of each piece, as Docker's client sends an archive.
    Chunked,
}

struct Head {
    method: String,
    path: String,
    length: Length,
    upgrades: bool,
    bytes: Vec<u8>,
}

/// The next request's head; nothing at the end of the connection.
async fn head(client: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> io::Result<Option<Head>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if client.read_until(b'\n', &mut bytes).await? == 0 {
            return Ok(None);
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let header = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    let known = header("content-length").and_then(|length| length.parse().ok());
    let length = match header("transfer-encoding") {
        Some(_) => Length::Chunked,
        None => Length::Known(known.unwrap_or_default()),
    };
    Ok(Some(Head {
        method: word(),
        path: word(),
        length,
        upgrades: header("upgrade").is_some(),
        bytes,
    }))
}

/// The pieces of a chunked body, as they were sent.
async fn chunks(client: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let start = body.len();
        client.read_until(b'\n', &mut body).await?;
        let line = String::from_utf8_lossy(&body[start..]).trim().to_owned();
        let length = usize::from_str_radix(&line, 16).map_err(io::Error::other)?;
        let mut piece = vec![0; length + 2];
        client.read_exact(&mut piece).await?;
        body.extend(piece);
        if length == 0 {
            return Ok(body);
        }
    }
}
