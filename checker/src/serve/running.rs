//! `.checker/serve.json`: where the workspace's server is, so that `open` finds it and a restarted one keeps its address.
//!
//! It holds the token, so only its owner may read it. It stays when the server ends: pages that are still open go on with the
//! next one. Whether the server it tells of still runs is asked, never assumed.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

const NOTE: &str = ".checker/serve.json";
const PATIENCE: Duration = Duration::from_secs(1);

/// A server of this workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// On 127.0.0.1.
    pub port: u16,
    /// Its process.
    pub pid: u32,
    /// What the printed address carries.
    pub token: String,
}

impl Running {
    /// This process, on this port.
    pub fn new(port: u16, token: String) -> Self {
        let pid = std::process::id();
        Self { port, pid, token }
    }

    /// The address of a page (`index.html`, or none for the start page) that lets a browser in.
    pub fn address(&self, page: &str) -> String {
        format!("http://127.0.0.1:{}/{page}?token={}", self.port, self.token)
    }

    /// Writes the note.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn remember(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let path = note_of(workspace);
        let told = || format!("cannot write {}", path.display());
        // A file that was there may have looser permissions; a new one never has.
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).with_context(told);
        }
        let mut file = for_the_owner().open(&path).with_context(told)?;
        let text = serde_json::to_string_pretty(self)?;
        file.write_all(format!("{text}\n").as_bytes())
            .with_context(told)
    }

    /// Whether a server answers there and says that it is this workspace's.
    pub fn answers(&self, workspace: &Workspace) -> bool {
        let ask = || -> std::io::Result<String> {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            let port = self.port;
            let token = &self.token;
            write!(
                stream,
                "GET /about HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nCookie: checker-{port}={token}\r\n\r\n"
            )?;
            let mut answer = String::new();
            stream.take(1 << 16).read_to_string(&mut answer)?;
            Ok(answer)
        };
        let Ok(answer) = ask() else { return false };
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let about = serde_json::from_str::<serde_json::Value>(body).unwrap_or_default();
        about["workspace"] == name_of(workspace).as_str()
    }
}

#[cfg(unix)]
fn for_the_owner() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

/// The folder of a person's files is theirs alone already.
#[cfg(not(unix))]
fn for_the_owner() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}

/// What the last server of this workspace left; nothing where it cannot be read.
fn last_of(workspace: &Workspace) -> Option<Running> {
    let text = fs::read_to_string(note_of(workspace)).ok()?;
    serde_json::from_str(&text).ok()
}

/// The server of this workspace that answers now.
pub fn running_of(workspace: &Workspace) -> Option<Running> {
    last_of(workspace).filter(|running| running.answers(workspace))
}

/// The port of the last server.
pub fn last_port_of(workspace: &Workspace) -> Option<u16> {
    last_of(workspace).map(|running| running.port)
}

/// The token of the last server, else a new one: 32 random bytes as 64 hexadecimal digits.
///
/// # Errors
/// The system gives no random bytes.
pub fn token_of(workspace: &Workspace) -> anyhow::Result<String> {
    let last = last_of(workspace).map(|running| running.token);
    if let Some(token) = last.filter(|token| is_token(token)) {
        return Ok(token);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The workspace as its server names it.
pub fn name_of(workspace: &Workspace) -> String {
    let root = workspace.root();
    let whole = fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf());
    whole.display().to_string()
}

fn note_of(workspace: &Workspace) -> PathBuf {
    workspace.root().join(NOTE)
}
