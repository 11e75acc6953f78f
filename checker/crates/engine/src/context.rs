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
