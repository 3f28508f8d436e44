//! The channel to Terraform: both sides know each other's one certificate.
//!
//! Terraform makes a certificate for every process it starts and hands it over
//! in PLUGIN_CLIENT_CERT; we make one, too, and name it in the handshake. Who
//! cannot prove to hold the key of Terraform's certificate is refused, because
//! whoever may call us may use the user's credentials.

use std::sync::Arc;

use p521::ecdsa::signature::Verifier;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, PrivateKeyDer, PrivatePkcs8KeyDer,
    SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use time::{Duration, OffsetDateTime};

/// The server's half of the channel.
pub(super) struct Channel {
    /// How to accept a connection.
    pub(super) config: Arc<ServerConfig>,
    /// Our certificate in DER, for the handshake line.
    pub(super) certificate: CertificateDer<'static>,
}

/// Why there is no channel.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChannelError {
    /// What Terraform handed over is no certificate.
    #[error("PLUGIN_CLIENT_CERT holds no certificate in PEM form")]
    ClientCertificate,
    /// Our own certificate could not be made.
    #[error("cannot make a certificate for the channel to Terraform")]
    OwnCertificate(#[source] rcgen::Error),
    /// The TLS library refused the configuration.
    #[error("cannot set up the channel to Terraform")]
    Configuration(#[source] rustls::Error),
}

/// How long our certificate is valid. A copy can take two weeks, all in one process.
const CERTIFICATE_VALID_DAYS: i64 = 365;

/// Makes the channel that only the holder of this certificate's key can use.
///
/// # Errors
/// A client certificate that cannot be read, or a library that refuses.
pub(super) fn channel(client_certificate_pem: &str) -> Result<Channel, ChannelError> {
    let pinned = CertificateDer::from_pem_slice(client_certificate_pem.as_bytes())
        .map_err(|_| ChannelError::ClientCertificate)?;

    // P-256 takes a fraction of a millisecond; Terraform accepts any kind of key.
    let key =
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(ChannelError::OwnCertificate)?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])
        .map_err(ChannelError::OwnCertificate)?;
    let now = OffsetDateTime::now_utc();
    // Backdated, because both clocks may be read in either order.
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(CERTIFICATE_VALID_DAYS);
    let certificate = params
        .self_signed(&key)
        .map_err(ChannelError::OwnCertificate)?
        .der()
        .clone()
        .into_owned();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));

    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(ChannelError::Configuration)?
        .with_client_cert_verifier(Arc::new(Pinned {
            certificate: pinned,
        }))
        .with_single_cert(vec![certificate.clone()], key)
        .map_err(ChannelError::Configuration)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // There is one connection per process: nothing to resume.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(Channel {
        config: Arc::new(config),
        certificate,
    })
}

/// Accepts one certificate, byte for byte, from whoever proves to hold its key.
///
/// The usual verifier cannot do this: Terraform's certificate is its own
/// authority, which it refuses in an end entity.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        if end_entity.as_ref() == self.certificate.as_ref() {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &ALGORITHMS)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &ALGORITHMS)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ALGORITHMS.supported_schemes()
    }
}

/// The one algorithm that Terraform's certificates use. ring does not know it.
static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[&EcdsaP521Sha512],
    mapping: &[(SignatureScheme::ECDSA_NISTP521_SHA512, &[&EcdsaP521Sha512])],
};

#[derive(Debug)]
struct EcdsaP521Sha512;

impl SignatureVerificationAlgorithm for EcdsaP521Sha512 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key =
            p521::ecdsa::VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature =
            p521::ecdsa::Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature)
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_session_is_kept_for_later() {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let client = params.self_signed(&key).expect("a certificate");
        let config = channel(&client.pem()).expect("a channel").config;
        assert_eq!(config.send_tls13_tickets, 0);
        assert!(!config.session_storage.can_cache() && !config.ticketer.enabled());
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let refused = channel("no certificate").err().expect("refused");
        assert!(
            refused.to_string().contains("PLUGIN_CLIENT_CERT"),
            "{refused}"
        );
    }
}
