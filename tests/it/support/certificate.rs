//! Certificates as Terraform makes them for itself: ECDSA P-521, self-signed, an authority of its own.
//!
//! The usual libraries cannot make one with ring beneath, so it is written in DER by hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p521::ecdsa::signature::Signer;
use p521::ecdsa::{Signature, SigningKey};
use p521::elliptic_curve::Generate;
use rustls::sign::CertifiedKey;
use rustls::{SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::CertificateDer;
use std::sync::Arc;

/// A certificate and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: SigningKey,
}

impl Identity {
    /// A new one, as Terraform makes for each process it starts.
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate();
        Self {
            certificate: certificate(&key),
            key,
        }
    }

    /// This certificate with the key of another: what somebody has who saw ours.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            key: other.key.clone(),
        }
    }

    /// The certificate as PLUGIN_CLIENT_CERT carries it.
    pub(crate) fn pem(&self) -> String {
        let base64 = STANDARD.encode(&self.certificate);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    }

    /// For rustls.
    pub(crate) fn certified_key(&self) -> CertifiedKey {
        CertifiedKey::new(
            vec![self.certificate.clone()],
            Arc::new(Key(self.key.clone())),
        )
    }
}

#[derive(Clone)]
struct Key(SigningKey);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key")
    }
}

impl rustls::sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn rustls::sign::Signer>> {
        offered
            .contains(&SignatureScheme::ECDSA_NISTP521_SHA512)
            .then(|| Box::new(self.clone()) as _)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl rustls::sign::Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature: Signature = self.0.sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const BOOLEAN: u8 = 0x01;

fn certificate(key: &SigningKey) -> CertificateDer<'static> {
    let ecdsa_with_sha512 = der(
        SEQUENCE,
        &[&der(
            OBJECT_IDENTIFIER,
            &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04]],
        )],
    );
    let common_name = der(
        SEQUENCE,
        &[
            &der(OBJECT_IDENTIFIER, &[&[0x55, 0x04, 0x03]]),
            &der(UTF8_STRING, &[b"localhost"]),
        ],
    );
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let validity = der(
        SEQUENCE,
        &[
            &der(GENERALIZED_TIME, &[b"20200101000000Z"]),
            &der(GENERALIZED_TIME, &[b"20991231235959Z"]),
        ],
    );
    let point = key.verifying_key().to_sec1_point(false);
    let public_key = der(
        SEQUENCE,
        &[
            &der(
                SEQUENCE,
                &[
                    &der(
                        OBJECT_IDENTIFIER,
                        &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]],
                    ),
                    &der(OBJECT_IDENTIFIER, &[&[0x2b, 0x81, 0x04, 0x00, 0x23]]),
                ],
            ),
            &der(BIT_STRING, &[&[0], point.as_bytes()]),
        ],
    );
    let is_authority = der(
        SEQUENCE,
        &[
            &der(OBJECT_IDENTIFIER, &[&[0x55, 0x1d, 0x13]]),
            &der(BOOLEAN, &[&[0xff]]),
            &der(
                OCTET_STRING,
                &[&der(SEQUENCE, &[&der(BOOLEAN, &[&[0xff]])])],
            ),
        ],
    );
    let extensions = der(0xa3, &[&der(SEQUENCE, &[&is_authority])]);
    let to_be_signed = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &ecdsa_with_sha512,
            &name,
            &validity,
            &name,
            &public_key,
            &extensions,
        ],
    );
    let signature: Signature = key.sign(&to_be_signed);
    let signature = der(BIT_STRING, &[&[0], signature.to_der().as_bytes()]);
    CertificateDer::from(der(
        SEQUENCE,
        &[&to_be_signed, &ecdsa_with_sha512, &signature],
    ))
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    match content.len() {
        length @ 0..=0x7f => bytes.push(u8::try_from(length).expect("a short length")),
        length @ 0x80..=0xff => bytes.extend([0x81, u8::try_from(length).expect("a short length")]),
        length => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(length).expect("a short length").to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}
