//! Reads a certificate and its private key: PEM, or PFX (PKCS#12) of any age.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::Pkcs12Archive;
use rustls_pki_types::pem::{PemObject, SectionKind};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use secrecy::ExposeSecret;

use crate::arm::auth::files;
use crate::arm::auth::{Certificate, CertificateSource};
use crate::arm::error::SignInError;

/// What was found: certificates in the order of the file, and a key.
pub(super) struct Identity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Reads the certificate anew: whoever renews the file does not tell us.
pub(super) fn load(certificate: &Certificate) -> Result<Identity, SignInError> {
    let content = match &certificate.source {
        CertificateSource::Path(path) => files::read_bytes(path, "client_certificate_path")?,
        CertificateSource::Given(text) => {
            decoded(text.expose_secret()).ok_or_else(|| certificate.refusal("it is not base64"))?
        }
    };
    let password = certificate
        .password
        .as_ref()
        .map_or("", |password| password.expose_secret());
    let identity = if is_pem(&content) {
        from_pem(&content)
    } else {
        from_pfx(&content, password)
    };
    identity.map_err(|reason| certificate.refusal(&reason))
}

impl Certificate {
    /// An error that names the argument at fault.
    pub(super) fn refusal(&self, reason: &str) -> SignInError {
        let which = match &self.source {
            CertificateSource::Given(_) => "in client_certificate".to_owned(),
            CertificateSource::Path(path) => {
                format!("{}, which client_certificate_path names", path.display())
            }
        };
        SignInError::permanent(format!("cannot use the certificate {which}: {reason}"))
    }
}

/// The bytes behind base64, with or without line breaks and padding. PEM is text already.
fn decoded(text: &str) -> Option<Vec<u8>> {
    if is_pem(text.as_bytes()) {
        return Some(text.as_bytes().to_vec());
    }
    let text: String = text.split_whitespace().collect();
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    STANDARD.decode(format!("{text}{padding}")).ok()
}

fn is_pem(content: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    content.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn from_pem(content: &[u8]) -> Result<Identity, String> {
    // Who encrypts keys in PEM writes it in the label, or in a header below it.
    let text = String::from_utf8_lossy(content);
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(
            "its private key is encrypted, and a PEM file's key must not be; use a PFX \
             file with client_certificate_password instead"
                .to_owned(),
        );
    }
    let mut chain = Vec::new();
    let mut key = None;
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(content) {
        match section.map_err(|error| format!("it is no PEM that can be read: {error}"))? {
            (SectionKind::Certificate, der) => chain.push(der),
            (SectionKind::PrivateKey, der) => {
                key = key.or(Some(PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der))));
            }
            (SectionKind::RsaPrivateKey, der) => {
                key = key.or(Some(PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der))));
            }
            (SectionKind::EcPrivateKey, der) => {
                key = key.or(Some(PrivateKeyDer::from(PrivateSec1KeyDer::from(der))));
            }
            _ => {}
        }
    }
    let key = key.ok_or("it has no private key; a PEM file must hold both, the key too")?;
    if chain.is_empty() {
        return Err(
            "it has a private key, but no certificate; a PEM file must hold both".to_owned(),
        );
    }
    Ok(Identity { chain, key })
}

fn from_pfx(content: &[u8], password: &str) -> Result<Identity, String> {
    let archive = Pkcs12Archive::from_pkcs12(content, password).map_err(|error| match error {
        p12_keystore::error::Error::MacError(_) => match password {
            "" => "it needs a password; set client_certificate_password".to_owned(),
            _ => "client_certificate_password is not its password".to_owned(),
        },
        p12_keystore::error::Error::DerError(error) => {
            format!("it is neither PEM nor PFX (PKCS#12): {error}")
        }
        error => format!("this PFX (PKCS#12) cannot be read: {error}"),
    })?;
    let key = archive.keys.first().ok_or("it has no private key")?;
    if archive.certs.is_empty() {
        return Err("it has a private key, but no certificate".to_owned());
    }
    Ok(Identity {
        chain: archive
            .certs
            .iter()
            .map(|bag| bag.cert.as_der().to_vec())
            .collect(),
        key: PrivatePkcs8KeyDer::from(key.key.as_der().to_vec()).into(),
    })
}
