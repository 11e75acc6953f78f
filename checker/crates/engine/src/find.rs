//! Where the engine is: found in the order of Docker's own client.
//!
//! `--host`, then `DOCKER_HOST`, then `DOCKER_CONTEXT`, then `currentContext` of `config.json`, then the default socket.
//! `DOCKER_HOST` wins over `DOCKER_CONTEXT`, as with `docker` 28 (tried: with both set it talks to `DOCKER_HOST`). Where the default socket is
//! not there, the sockets of rootless Docker, Docker Desktop and Podman are looked for.

use std::path::{Path, PathBuf};

use crate::address::{Address, AddressError, Endpoint, Lookup, TlsFiles, Why};
use crate::context;

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
        assert_eq!(
            found.endpoint,
            Endpoint::Tcp {
                host: "far".to_owned(),
                port: 2376
            }
        );
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
