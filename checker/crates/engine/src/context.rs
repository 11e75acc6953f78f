//! Docker contexts, as `docker context` keeps them: `config.json` names the current one, and
//! `contexts/meta/<sha256 of the name>/meta.json` says where it leads.

use std::fmt::Write as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::address::{Address, AddressError, Endpoint, Lookup, TlsFiles, Why};

/// The name that stands for "no context".
const DEFAULT: &str = "default";

/// The address of the context that is in force; none where no context is.
pub(crate) fn find(lookup: &Lookup) -> Result<Option<Address>, AddressError> {
    let Some(folder) = lookup.docker_folder() else {
        return Ok(None);
    };
    let (name, why) = match lookup.variable("DOCKER_CONTEXT") {
        Some(name) => (name.to_owned(), Why::Context(name.to_owned())),
        None => match current(&folder)? {
            Some(name) => (name.clone(), Why::CurrentContext(name)),
            None => return Ok(None),
        },
    };
    if name == DEFAULT {
        return Ok(None);
    }
    load(&folder, &name, why).map(Some)
}

#[derive(Deserialize)]
struct Config {
    #[serde(default, rename = "currentContext")]
    current_context: String,
}

/// `currentContext` of `config.json`; none where the file is missing or does not say.
fn current(folder: &Path) -> Result<Option<String>, AddressError> {
    let path = folder.join("config.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&path, &error.to_string())),
    };
    let config: Config =
        serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error.to_string()))?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: DockerEndpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

fn load(folder: &Path, name: &str, why: Why) -> Result<Address, AddressError> {
    let id = Sha256::digest(name)
        .iter()
        .fold(String::new(), |mut id, byte| {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        });
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let place = || path.display().to_string();
    let text = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => AddressError {
            place: why.to_string(),
            reason: format!("there is no context `{name}` (no file {})", place()),
            next: "see `docker context ls`, then choose one with `docker context use NAME`, or unset DOCKER_CONTEXT".to_owned(),
        },
        _ => unreadable(&path, &error.to_string()),
    })?;
    let meta: Meta =
        serde_json::from_slice(&text).map_err(|error| unreadable(&path, &error.to_string()))?;
    let docker = meta.endpoints.docker;

    let tls_folder = folder.join("contexts/tls").join(&id).join("docker");
    let tls = tls_folder
        .is_dir()
        .then(|| TlsFiles::in_folder(&tls_folder));
    let endpoint = Endpoint::parse(&docker.host, tls.is_some()).map_err(|reason| AddressError {
        place: place(),
        reason: format!("`{}` {reason}", docker.host),
        next: format!("look at `docker context inspect {name}`"),
    })?;
    let tls = tls.filter(|_| matches!(endpoint, Endpoint::Tcp { .. }));
    if docker.skip_tls_verify && tls.is_some() {
        return Err(AddressError {
            place: place(),
            reason: "the context says not to verify the engine's certificate, and the checker always verifies it".to_owned(),
            next: format!("give the context its certificate authority: `docker context update {name} --docker host={},ca=FILE`", docker.host),
        });
    }
    Ok(Address {
        host: docker.host,
        why,
        endpoint,
        tls,
    })
}

fn unreadable(path: &Path, error: &str) -> AddressError {
    AddressError {
        place: path.display().to_string(),
        reason: format!("the file cannot be read: {error}"),
        next: "mend or remove it (`docker context ls` reads the same file), or name the engine with --host".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::find::find;

    /// As `docker context create` writes it (tried with the client of Docker 28): the folder is the name's SHA-256.
    const FAR: &str = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";

    fn with_context(meta: &str) -> (tempfile::TempDir, Lookup) {
        let folder = tempfile::tempdir().unwrap();
        let meta_folder = folder.path().join("contexts/meta").join(FAR);
        std::fs::create_dir_all(&meta_folder).unwrap();
        std::fs::write(meta_folder.join("meta.json"), meta).unwrap();
        let path = folder.path().display().to_string();
        let lookup = Lookup {
            environment: BTreeMap::from([("DOCKER_CONFIG".to_owned(), path)]),
            ..Lookup::default()
        };
        (folder, lookup)
    }

    fn meta(host: &str, skip: bool) -> String {
        format!(
            r#"{{"Name":"far","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":{skip}}}}}}}"#
        )
    }

    #[test]
    fn the_current_context_leads_to_its_host() {
        let (folder, lookup) = with_context(&meta("ssh://me@far", false));
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"auths":{},"currentContext":"far"}"#,
        )
        .unwrap();
        let found = find(&lookup).unwrap();
        assert_eq!(found.host, "ssh://me@far");
        assert_eq!(found.why, Why::CurrentContext("far".to_owned()));
    }

    #[test]
    fn the_variable_wins_over_the_file() {
        let (folder, mut lookup) = with_context(&meta("tcp://far:2376", false));
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext":"another"}"#,
        )
        .unwrap();
        lookup
            .environment
            .insert("DOCKER_CONTEXT".to_owned(), "far".to_owned());
        assert_eq!(find(&lookup).unwrap().why, Why::Context("far".to_owned()));
        lookup
            .environment
            .insert("DOCKER_CONTEXT".to_owned(), "default".to_owned());
        assert!(matches!(
            find(&lookup).unwrap().why,
            Why::DefaultSocket | Why::Podman
        ));
    }

    #[test]
    fn tls_files_of_a_context_are_used() {
        let (folder, mut lookup) = with_context(&meta("tcp://far", false));
        let tls = folder.path().join("contexts/tls").join(FAR).join("docker");
        std::fs::create_dir_all(&tls).unwrap();
        for name in ["ca.pem", "cert.pem", "key.pem"] {
            std::fs::write(tls.join(name), "").unwrap();
        }
        lookup
            .environment
            .insert("DOCKER_CONTEXT".to_owned(), "far".to_owned());
        let found = find(&lookup).unwrap();
        assert_eq!(found.tls, Some(TlsFiles::in_folder(&tls)));
        assert_eq!(
            found.endpoint,
            Endpoint::Tcp {
                host: "far".to_owned(),
                port: 2376
            }
        );

        std::fs::write(
            folder
                .path()
                .join("contexts/meta")
                .join(FAR)
                .join("meta.json"),
            meta("tcp://far", true),
        )
        .unwrap();
        let error = find(&lookup).unwrap_err();
        assert!(error.reason.contains("always verifies"), "{error}");
    }

    #[test]
    fn a_context_that_is_not_there_is_named() {
        let (folder, lookup) = with_context(&meta("tcp://far", false));
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext":"gone"}"#,
        )
        .unwrap();
        let error = find(&lookup).unwrap_err();
        assert!(
            error.place.contains("`gone`") && error.next.contains("docker context ls"),
            "{error}"
        );
    }

    #[test]
    fn a_broken_file_is_named() {
        let (folder, lookup) = with_context("<html>");
        let config = folder.path().join("config.json");
        std::fs::write(&config, "{").unwrap();
        let error = find(&lookup).unwrap_err();
        assert_eq!(error.place, config.display().to_string());
        std::fs::write(&config, r#"{"currentContext":"far"}"#).unwrap();
        let error = find(&lookup).unwrap_err();
        assert!(error.place.ends_with("meta.json"), "{error}");
        std::fs::write(
            folder
                .path()
                .join("contexts/meta")
                .join(FAR)
                .join("meta.json"),
            meta("carrier-pigeon://far", false),
        )
        .unwrap();
        let error = find(&lookup).unwrap_err();
        assert!(error.reason.contains("carrier-pigeon"), "{error}");
    }
}
