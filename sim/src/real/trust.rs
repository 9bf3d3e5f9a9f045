//! Which certificates of servers are believed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::small_file::read_small;

/// Which certificates of servers are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those that a CA of the system has signed.
    Platform,
    /// Those that a CA in this file, and no other, has signed: one or more certificates as PEM.
    File(PathBuf),
    /// All of them. Anybody on the way can read and change what is sent.
    Everything,
}

/// Why no certificate could be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The system has none.
    #[error("this system has no CA certificates: install them, or name a file with --ca")]
    NoPlatform,
    /// The file.
    #[error("--ca {}: {why}", .file.display())]
    File {
        /// Its name.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// This build.
    #[error("no TLS: {0}")]
    Protocol(String),
}

impl Trust {
    /// The settings of TLS with that trust.
    ///
    /// # Errors
    /// When there is no certificate of a CA where it is to be.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|why| TrustError::Protocol(why.to_string()))?;
        let mut config = match self {
            Self::Platform => builder.with_root_certificates(of_the_platform()?).with_no_client_auth(),
            Self::File(file) => builder.with_root_certificates(of_file(file)?).with_no_client_auth(),
            Self::Everything => {
                let verifier = Arc::new(Unchecked(algorithms));
                builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
            }
        };
        // Not h2, which a proxy may prefer: this client reads HTTP/1.1.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn of_the_platform() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    // Some of a system's certificates may be of a form that is not read. The others count.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TrustError::NoPlatform) } else { Ok(roots) }
}

fn of_file(file: &Path) -> Result<RootCertStore, TrustError> {
    let bad = |why: String| TrustError::File { file: file.to_owned(), why };
    let text = read_small(file).map_err(|why| bad(format!("cannot be read: {why}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.map_err(|why| bad(format!("is not PEM: {why}")))?;
        roots.add(certificate).map_err(|why| bad(format!("has a certificate that cannot be used: {why}")))?;
    }
    if roots.is_empty() { Err(bad("has no certificate: must be PEM".to_owned())) } else { Ok(roots) }
}

/// Believes every certificate.
#[derive(Debug)]
struct Unchecked(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// What is wrong with a server's certificate or its TLS, to follow its URL.
pub(super) fn complaint(why: &Error) -> String {
    match why {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "shows a certificate that no trusted CA has signed: --ca FILE trusts the CA in a file".to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "shows a certificate for another name".to_owned(),
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "shows a certificate that has expired".to_owned()
        }
        Error::InvalidCertificate(_) => format!("shows a certificate that cannot be believed ({why})"),
        Error::InvalidMessage(_) => "does not speak TLS at this port: is it http://?".to_owned(),
        _ => format!("does not agree on TLS ({why})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_with_its_name() {
        for (file, why) in [("/nowhere/ca.pem", "cannot be read"), ("/dev/null", "has no certificate: must be PEM")] {
            let told = Trust::File(file.into()).config().unwrap_err().to_string();
            assert!(told.starts_with(&format!("--ca {file}: {why}")), "{told}");
        }
        assert!(Trust::Everything.config().is_ok());
    }
}
