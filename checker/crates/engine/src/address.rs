//! Where the engine is: found in the order of Docker's own client.
//!
//! `--host`, then `DOCKER_HOST`, then `DOCKER_CONTEXT`, then `currentContext` of `config.json`, then the default socket.
//! `DOCKER_HOST` wins over `DOCKER_CONTEXT`, as with `docker` 28 (tried: with both set it talks to `DOCKER_HOST`). Where the default socket is
//! not there, the sockets of rootless Docker, Docker Desktop and Podman are looked for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use lesson::evidence::EngineSeen;

use crate::context;

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

/// Tells where the engine is. Nothing is connected to.
///
/// # Errors
/// Where a variable or file names an address that cannot be used, or a context that is not there.
pub fn find(lookup: &Lookup) -> Result<Address, AddressError> {
    if let Some(host) = lookup.host_flag.as_deref().filter(|host| !host.is_empty()) {
        return named(host, Why::Flag, lookup, "--host");
    }
    if let Some(host) = lookup.variable("DOCKER_HOST") {
        return named(host, Why::DockerHost, lookup, "DOCKER_HOST");
    }
    if let Some(found) = context::find(lookup)? {
        return Ok(found);
    }
    default_socket(lookup, &|path| path.exists())
}

/// An address from the command line or `DOCKER_HOST`, with TLS where the variables ask for it.
fn named(host: &str, why: Why, lookup: &Lookup, place: &str) -> Result<Address, AddressError> {
    let tls = tls_of_variables(lookup);
    let endpoint = Endpoint::parse(host, tls.is_some()).map_err(|reason| AddressError {
        place: place.to_owned(),
        reason: format!("`{host}` {reason}"),
        next: format!("set {place} to an address like unix:///var/run/docker.sock or tcp://host:2375, or unset it"),
    })?;
    Ok(Address {
        host: host.to_owned(),
        why,
        tls: tls.filter(|_| matches!(endpoint, Endpoint::Tcp { .. })),
        endpoint,
    })
}

/// `DOCKER_TLS_VERIFY` switches TLS on, `DOCKER_CERT_PATH` says where the files are (else Docker's folder).
fn tls_of_variables(lookup: &Lookup) -> Option<TlsFiles> {
    lookup.variable("DOCKER_TLS_VERIFY")?;
    let folder = lookup
        .variable("DOCKER_CERT_PATH")
        .map(PathBuf::from)
        .or_else(|| lookup.docker_folder())?;
    Some(TlsFiles::in_folder(&folder))
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

/// The socket that Docker listens on unless told otherwise; where it is missing, the first other one that is there.
fn default_socket(
    lookup: &Lookup,
    is_there: &dyn Fn(&Path) -> bool,
) -> Result<Address, AddressError> {
    let candidates = usual_sockets(lookup);
    let found = candidates.iter().find(|(path, _)| is_there(path));
    // None is there: the first one is what a person expects to read about.
    let (path, why) = found.or(candidates.first()).ok_or_else(|| AddressError {
        place: "the default socket".to_owned(),
        reason: "this system has no usual place for Docker's socket".to_owned(),
        next: "name the engine with --host or DOCKER_HOST".to_owned(),
    })?;
    let host = host_of_path(path);
    let endpoint = Endpoint::parse(&host, false).map_err(|reason| AddressError {
        place: host.clone(),
        reason,
        next: "name the engine with --host or DOCKER_HOST".to_owned(),
    })?;
    Ok(Address {
        host,
        why: why.clone(),
        endpoint,
        tls: None,
    })
}

#[cfg(not(windows))]
fn host_of_path(path: &Path) -> String {
    format!("unix://{}", path.display())
}

#[cfg(windows)]
fn host_of_path(path: &Path) -> String {
    format!("npipe://{}", path.display().to_string().replace('\\', "/"))
}

/// Places where engines listen, the likeliest first.
#[cfg(not(windows))]
fn usual_sockets(lookup: &Lookup) -> Vec<(PathBuf, Why)> {
    let runtime = lookup.variable("XDG_RUNTIME_DIR").map(Path::new);
    let home = lookup.home.as_deref();
    let docker = [
        Some(PathBuf::from("/var/run/docker.sock")),
        home.map(|home| home.join(".docker/run/docker.sock")),
        runtime.map(|runtime| runtime.join("docker.sock")),
    ];
    let podman = [
        runtime.map(|runtime| runtime.join("podman/podman.sock")),
        home.map(|home| home.join(".local/share/containers/podman/machine/podman.sock")),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ];
    let docker = docker
        .into_iter()
        .flatten()
        .map(|path| (path, Why::DefaultSocket));
    docker
        .chain(podman.into_iter().flatten().map(|path| (path, Why::Podman)))
        .collect()
}

/// Places where engines listen, the likeliest first.
#[cfg(windows)]
fn usual_sockets(_lookup: &Lookup) -> Vec<(PathBuf, Why)> {
    vec![
        (PathBuf::from(r"\\.\pipe\docker_engine"), Why::DefaultSocket),
        (
            PathBuf::from(r"\\.\pipe\podman-machine-default"),
            Why::Podman,
        ),
    ]
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

    fn lookup(variables: &[(&str, &str)], home: Option<&Path>) -> Lookup {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Lookup {
            host_flag: None,
            environment: variables.iter().map(owned).collect(),
            home: home.map(Path::to_path_buf),
        }
    }

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

    #[test]
    fn a_host_that_cannot_be_used_says_why() {
        for (host, why) in [
            ("ftp://x", "`ftp://`"),
            ("unix://", "no socket file"),
            ("tcp://", "no host"),
            ("tcp://far:port", "`port`"),
            ("tcp://far:70000", "`70000`"),
            ("tcp://[::1", "closing"),
            ("ssh://-oProxyCommand=x", "`-`"),
        ] {
            let error = find(&lookup(&[("DOCKER_HOST", host)], None)).unwrap_err();
            assert_eq!(error.place, "DOCKER_HOST");
            assert!(error.reason.contains(why), "{host}: {}", error.reason);
            assert!(error.next.contains("DOCKER_HOST"), "{}", error.next);
        }
    }

    #[test]
    fn the_flag_wins_over_the_variable_and_that_over_the_context() {
        let mut lookup = lookup(
            &[
                ("DOCKER_HOST", "tcp://b:1"),
                ("DOCKER_CONTEXT", "not-there"),
            ],
            None,
        );
        let found = find(&lookup).unwrap();
        assert_eq!(
            (found.host.as_str(), found.why),
            ("tcp://b:1", Why::DockerHost)
        );
        lookup.host_flag = Some("tcp://a:1".to_owned());
        let found = find(&lookup).unwrap();
        assert_eq!(found.to_string(), "tcp://a:1 (named by --host)");
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let found = find(&lookup(
            &[("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "")],
            None,
        ))
        .unwrap();
        assert!(
            matches!(found.why, Why::DefaultSocket | Why::Podman),
            "{found}"
        );
    }

    #[cfg(not(windows))]
    #[test]
    fn the_first_socket_that_is_there_is_taken() {
        let lookup = lookup(
            &[("XDG_RUNTIME_DIR", "/run/user/7")],
            Some(Path::new("/home/me")),
        );
        let found = |there: &[&str]| {
            let there: Vec<&Path> = there.iter().map(Path::new).collect();
            default_socket(&lookup, &|path| there.contains(&path))
                .unwrap()
                .to_string()
        };
        assert_eq!(
            found(&[]),
            "unix:///var/run/docker.sock (the default socket)"
        );
        assert_eq!(
            found(&["/run/podman/podman.sock", "/run/user/7/docker.sock"]),
            "unix:///run/user/7/docker.sock (the default socket)"
        );
        assert_eq!(
            found(&["/home/me/.docker/run/docker.sock"]),
            "unix:///home/me/.docker/run/docker.sock (the default socket)"
        );
        assert_eq!(
            found(&["/run/podman/podman.sock", "/run/user/7/podman/podman.sock"]),
            "unix:///run/user/7/podman/podman.sock (Podman's socket)"
        );
    }

    #[test]
    fn tls_is_used_where_the_variable_asks_for_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), "").unwrap();
        let path = folder.path().display().to_string();
        let variables = [
            ("DOCKER_HOST", "tcp://far"),
            ("DOCKER_TLS_VERIFY", "1"),
            ("DOCKER_CERT_PATH", &path),
        ];
        let found = find(&lookup(&variables, None)).unwrap();
        assert_eq!(found.endpoint, tcp("far", 2376));
        let authority = folder.path().join("ca.pem");
        assert_eq!(
            found.tls,
            Some(TlsFiles {
                authority: authority.clone(),
                client: None
            }),
            "a key is missing"
        );
        std::fs::write(folder.path().join("key.pem"), "").unwrap();
        let found = find(&lookup(&variables, None)).unwrap();
        assert!(found.tls.is_some_and(|files| files.client.is_some()));
        let found = find(&lookup(&variables[..1], None)).unwrap();
        assert_eq!(found.tls, None);
    }

    #[test]
    fn only_another_machine_is_remote() {
        let remote = |host: &str| {
            Endpoint::parse(host, false)
                .unwrap()
                .remote_host()
                .map(str::to_owned)
        };
        for host in [
            "unix:///x",
            "npipe:////./pipe/x",
            "tcp://127.0.0.1:1",
            "tcp://localhost:1",
            "tcp://[::1]:1",
        ] {
            assert_eq!(remote(host), None, "{host}");
        }
        assert_eq!(remote("tcp://far:1").as_deref(), Some("far"));
        assert_eq!(remote("ssh://me@far").as_deref(), Some("far"));
    }
}
