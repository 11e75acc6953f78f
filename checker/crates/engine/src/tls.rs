//! TLS to an engine: its certificate is always verified against the authority that was named.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::address::TlsFiles;
use crate::failure::Failure;

/// Reads the files and makes them ready for use.
pub(crate) fn load(files: &TlsFiles) -> Result<Arc<ClientConfig>, Failure> {
    let mut authorities = RootCertStore::empty();
    for certificate in certificates(&files.authority)? {
        authorities
            .add(certificate)
            .map_err(|error| unusable(&files.authority, &error))?;
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Tls(error.to_string()))?
        .with_root_certificates(authorities);
    let config = match &files.client {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let private = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| unusable(key, &in_words(error)))?;
            builder
                .with_client_auth_cert(chain, private)
                .map_err(|error| unusable(certificate, &error))?
        }
    };
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let all =
        CertificateDer::pem_file_iter(path).and_then(|all| all.collect::<Result<Vec<_>, _>>());
    match all {
        Ok(all) if all.is_empty() => Err(unusable(path, &"it holds no certificate")),
        Ok(all) => Ok(all),
        Err(error) => Err(unusable(path, &in_words(error))),
    }
}

fn in_words(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Tls(format!("{}: {error}", path.display()))
}
