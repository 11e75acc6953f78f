//! An engine's address, and what may name one.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use lesson::evidence::EngineSeen;

/// What decides where the engine is. A value, so that nothing here reads the process' environment by itself.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// `--host` of the command line.
    pub host_flag: Option<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// The person's home folder.
    pub home: Option<PathBuf>,
}

impl Lookup {
    /// Reads environment and home folder of this process. Variables that are not Unicode are left out.
    pub fn of_this_process(host_flag: Option<String>) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            host_flag,
            environment: std::env::vars_os().filter_map(text).collect(),
            home: std::env::home_dir(),
        }
    }

    /// A variable; an empty one counts as not set, as with Docker's client.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Docker's configuration folder: `DOCKER_CONFIG`, else `.docker` in the home folder.
    pub(crate) fn docker_folder(&self) -> Option<PathBuf> {
        let named = self.variable("DOCKER_CONFIG").map(PathBuf::from);
        named.or_else(|| self.home.as_ref().map(|home| home.join(".docker")))
    }
}

/// An engine's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// As Docker writes it: `unix:///…`, `npipe:////./pipe/…`, `tcp://host:port`, `ssh://user@host`.
    pub host: String,
    /// What named it.
    pub why: Why,
    pub(crate) endpoint: Endpoint,
    pub(crate) tls: Option<TlsFiles>,
}

/// What named an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// `--host`
    Flag,
    /// The variable `DOCKER_HOST`
    DockerHost,
    /// The variable `DOCKER_CONTEXT`, which holds this name
    Context(String),
    /// `currentContext` of Docker's `config.json`, which holds this name
    CurrentContext(String),
    /// Nothing: it is where Docker listens unless told otherwise
    DefaultSocket,
    /// Nothing: there is no Docker socket, and Podman's is there
    Podman,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => write!(out, "named by --host"),
            Self::DockerHost => write!(out, "named by DOCKER_HOST"),
            Self::Context(name) => write!(out, "context `{name}`, named by DOCKER_CONTEXT"),
            Self::CurrentContext(name) => write!(out, "the current Docker context `{name}`"),
            Self::DefaultSocket => write!(out, "the default socket"),
            Self::Podman => write!(out, "Podman's socket"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.host, self.why)
    }
}

/// A parsed host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Unix(PathBuf),
    /// Path of a Windows named pipe: `\\.\pipe\docker_engine`.
    Pipe(String),
    Tcp {
        host: String,
        port: u16,
    },
    /// The engine behind `ssh`, reached by the `docker` client over there.
    Ssh {
        host: String,
        user: Option<String>,
        port: Option<u16>,
    },
}

/// Files that make a `tcp://` address speak TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Certificate authority that signed the engine's certificate.
    pub authority: PathBuf,
    /// Our certificate and key, where the engine asks for one.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// No address can be told from what is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressError {
    /// The file or variable that was read.
    pub place: String,
    /// What is wrong there, in one sentence.
    pub reason: String,
    /// What to look at or run next.
    pub next: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}; {}", self.place, self.reason, self.next)
    }
}

impl std::error::Error for AddressError {}

/// With no address no engine can be asked: that is evidence too.
impl From<AddressError> for EngineSeen {
    fn from(error: AddressError) -> Self {
        Self::Silent {
            address: error.place,
            reason: error.reason,
            next: error.next,
        }
    }
}

impl TlsFiles {
    /// The files under the names that Docker gives them. A client certificate is used where both its files are there.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let client = (folder.join("cert.pem"), folder.join("key.pem"));
        Self {
            authority: folder.join("ca.pem"),
            client: (client.0.exists() && client.1.exists()).then_some(client),
        }
    }
}

impl Endpoint {
    /// Reads a host as Docker writes it. The error completes the sentence "`host` …".
    pub(crate) fn parse(host: &str, tls: bool) -> Result<Self, String> {
        let (scheme, rest) = host.split_once("://").unwrap_or(("tcp", host));
        match scheme {
            "unix" if rest.is_empty() => Err("names no socket file".to_owned()),
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "npipe" => Ok(Self::Pipe(rest.replace('/', "\\"))),
            "tcp" | "http" | "https" => {
                let authority = rest.split('/').next().unwrap_or_default();
                let (host, port) = host_and_port(authority)?;
                let port = port.unwrap_or(if tls { 2376 } else { 2375 });
                Ok(Self::Tcp { host, port })
            }
            "ssh" => {
                let authority = rest.split('/').next().unwrap_or_default();
                let (user, authority) = match authority.rsplit_once('@') {
                    Some((user, authority)) => (Some(user.to_owned()), authority),
                    None => (None, authority),
                };
                let (host, port) = host_and_port(authority)?;
                // `ssh` would take such a name for an option.
                if host.starts_with('-')
                    || user.as_deref().is_some_and(|user| user.starts_with('-'))
                {
                    return Err("has a host or user that starts with `-`".to_owned());
                }
                Ok(Self::Ssh { host, user, port })
            }
            other => Err(format!(
                "starts with `{other}://`, which is no way to reach an engine"
            )),
        }
    }

    /// The machine whose ports the engine publishes: none where that is this one.
    pub(crate) fn remote_host(&self) -> Option<&str> {
        match self {
            Self::Unix(_) | Self::Pipe(_) => None,
            Self::Tcp { host, .. } | Self::Ssh { host, .. } => {
                let address = host.parse::<std::net::IpAddr>();
                let loopback =
                    host == "localhost" || address.is_ok_and(|address| address.is_loopback());
                (!loopback).then_some(host.as_str())
            }
        }
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`; the brackets are taken off.
fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest
                .split_once(']')
                .ok_or("has an opening bracket without a closing one")?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err("names no host".to_owned());
    }
    let port = port.map(|port| {
        port.parse()
            .map_err(|_| format!("has `{port}` where a port number belongs"))
    });
    Ok((host.to_owned(), port.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> Endpoint {
        let host = host.to_owned();
        Endpoint::Tcp { host, port }
    }

    #[test]
    fn hosts_are_read_as_docker_writes_them() {
        let parsed = |host: &str| Endpoint::parse(host, false).unwrap();
        assert_eq!(
            parsed("unix:///run/user/1000/docker.sock"),
            Endpoint::Unix("/run/user/1000/docker.sock".into())
        );
        assert_eq!(
            parsed("npipe:////./pipe/docker_engine"),
            Endpoint::Pipe(r"\\.\pipe\docker_engine".to_owned())
        );
        assert_eq!(parsed("tcp://far:2377"), tcp("far", 2377));
        assert_eq!(parsed("tcp://[::1]:2377/"), tcp("::1", 2377));
        assert_eq!(parsed("tcp://far"), tcp("far", 2375));
        assert_eq!(parsed("far:1"), tcp("far", 1));
        assert_eq!(
            Endpoint::parse("tcp://far", true).unwrap(),
            tcp("far", 2376)
        );
        assert_eq!(
            parsed("ssh://me@far:2222/run/docker.sock"),
            Endpoint::Ssh {
                host: "far".to_owned(),
                user: Some("me".to_owned()),
                port: Some(2222)
            }
        );
    }
}
