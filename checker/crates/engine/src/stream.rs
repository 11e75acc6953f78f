//! Opens a connection to the engine: Unix socket, Windows named pipe, TCP with or without TLS, or through `ssh`.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, Join, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};

use crate::address::Endpoint;
use crate::failure::Failure;

/// A two-way stream of bytes.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens one connection. `tls` applies to TCP only.
pub(crate) async fn open(
    endpoint: &Endpoint,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Box<dyn Duplex>, Failure> {
    match endpoint {
        Endpoint::Unix(path) => unix(path).await,
        Endpoint::Pipe(name) => pipe(name).await,
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))
                .await
                .map_err(unreachable)?;
            match tls {
                None => Ok(Box::new(stream)),
                Some(config) => secured(stream, host, config).await,
            }
        }
        Endpoint::Ssh { host, user, port } => through_ssh(host, user.as_deref(), *port),
    }
}

/// For a host name, "not found" is about the name, not about a socket.
fn unreachable(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        _ => Failure::Unreachable(error.to_string()),
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> Result<Box<dyn Duplex>, Failure> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn unix(_path: &std::path::Path) -> Result<Box<dyn Duplex>, Failure> {
    Err(Failure::Unreachable(
        "this system has no Unix sockets".to_owned(),
    ))
}

#[cfg(windows)]
async fn pipe(name: &str) -> Result<Box<dyn Duplex>, Failure> {
    use tokio::net::windows::named_pipe::ClientOptions;
    /// `ERROR_PIPE_BUSY`: every instance of the pipe serves somebody else at the moment.
    const BUSY: i32 = 231;
    loop {
        match ClientOptions::new().open(name) {
            Ok(stream) => return Ok(Box::new(stream)),
            Err(error) if error.raw_os_error() == Some(BUSY) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(windows))]
async fn pipe(_name: &str) -> Result<Box<dyn Duplex>, Failure> {
    Err(Failure::Unreachable(
        "named pipes are there on Windows only".to_owned(),
    ))
}

async fn secured(
    stream: TcpStream,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<Box<dyn Duplex>, Failure> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| Failure::Tls(error.to_string()))?;
    let secured = TlsConnector::from(config).connect(name, stream).await;
    let secured = secured.map_err(|error| {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(cause) => Failure::Tls(cause.to_string()),
            None => Failure::Tls(format!("the other side ended the handshake ({error})")),
        }
    })?;
    Ok(Box::new(secured))
}

/// Docker's own way: the client over there connects its standard input and output with the engine.
fn through_ssh(
    host: &str,
    user: Option<&str>,
    port: Option<u16>,
) -> Result<Box<dyn Duplex>, Failure> {
    let mut ssh = Command::new("ssh");
    // A question for a password would wait for ever, and be asked once a connection.
    ssh.args(["-o", "BatchMode=yes", "-T"]);
    if let Some(user) = user {
        ssh.args(["-l", user]);
    }
    if let Some(port) = port {
        ssh.args(["-p", &port.to_string()]);
    }
    ssh.args(["--", host, "docker", "system", "dial-stdio"]);
    ssh.stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = ssh
        .spawn()
        .map_err(|error| Failure::Ssh(error.to_string()))?;
    let (Some(stdout), Some(stdin)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(Failure::Ssh(
            "it has no standard input and output".to_owned(),
        ));
    };
    Ok(Box::new(SshStream {
        bytes: tokio::io::join(stdout, stdin),
        _child: child,
    }))
}

/// A running `ssh`; dropping it ends the program.
struct SshStream {
    bytes: Join<ChildStdout, ChildStdin>,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_read(context, buffer)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(context)
    }
}
