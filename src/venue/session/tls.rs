//! TLS as every connection here uses it: rustls with ring, the web's roots or given ones.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::config::{ConfigError, Roots};

/// Named everywhere, so that no other crate's choice of a default can change it.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// For the WebSocket.
pub(super) fn for_socket(roots: &Roots) -> Result<Arc<ClientConfig>, ConfigError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Web => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Roots::Only(certificates) => {
            for certificate in certificates {
                store.add(certificate.clone()).map_err(|_| ConfigError::Root)?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// For REST.
pub(super) fn for_rest(roots: &Roots) -> TlsConfig {
    let roots = match roots {
        Roots::Web => RootCerts::WebPki,
        Roots::Only(certificates) => certificates
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .into(),
    };
    TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider()).build()
}
