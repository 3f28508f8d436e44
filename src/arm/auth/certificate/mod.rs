//! Proves who we are with a certificate: an assertion that its key signs.

mod load;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::SignatureScheme;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::CertificateDer;
use secrecy::SecretString;
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Certificate;
use crate::arm::error::SignInError;
use load::{Identity, load};

/// How long an assertion can be used. It is used at once; the rest is for clocks that differ.
const LIFETIME_SECONDS: u64 = 10 * 60;

/// The signatures that Entra ID takes and our keys can make: the name in the assertion, and the
/// length of each half of an elliptic curve's signature.
const SIGNATURES: [(SignatureScheme, &str, Option<usize>); 3] = [
    (SignatureScheme::RSA_PKCS1_SHA256, "RS256", None),
    (SignatureScheme::ECDSA_NISTP256_SHA256, "ES256", Some(32)),
    (SignatureScheme::ECDSA_NISTP384_SHA384, "ES384", Some(48)),
];

/// An assertion for `client_id`, good for the token endpoint `audience` only.
pub(super) fn assertion(
    certificate: &Certificate,
    client_id: &str,
    audience: &str,
) -> Result<SecretString, SignInError> {
    let identity = load(certificate)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    sign(&identity, client_id, audience, now)
        .map(SecretString::from)
        .map_err(|reason| certificate.refusal(&reason))
}

fn sign(identity: &Identity, client_id: &str, audience: &str, now: u64) -> Result<String, String> {
    let key = rustls::crypto::ring::sign::any_supported_type(&identity.key)
        .map_err(|_| UNSUPPORTED_KEY.to_owned())?;
    let (signer, algorithm, half) = signer(&*key).ok_or_else(|| UNSUPPORTED_KEY.to_owned())?;
    let leaf = own_certificate(&identity.chain, &key)
        .ok_or("its private key does not belong to its certificate")?;
    let issuers = identity.chain.iter().filter(|der| *der != leaf);
    let chain: Vec<String> = [leaf]
        .into_iter()
        .chain(issuers)
        .map(|der| STANDARD.encode(der))
        .collect();
    let header = json!({
        "alg": algorithm,
        "typ": "JWT",
        // Entra ID finds the certificate by either; the chain is for whoever trusts its issuer.
        "x5t": URL_SAFE_NO_PAD.encode(Sha1::digest(leaf)),
        "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(leaf)),
        "x5c": chain,
    });
    let claims = json!({
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": Uuid::new_v4().to_string(),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
    });
    let encoded = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = signer
        .sign(signed.as_bytes())
        .map_err(|error| format!("its key does not sign: {error}"))?;
    let signature = match half {
        None => signature,
        Some(half) => halves(&signature, half).ok_or("its key signs in an unknown form")?,
    };
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The certificate of this key, wherever it stands among those of its issuers.
fn own_certificate<'a>(chain: &'a [Vec<u8>], key: &Arc<dyn SigningKey>) -> Option<&'a Vec<u8>> {
    chain.iter().find(|der| {
        let certificate = CertificateDer::from(der.as_slice()).into_owned();
        let pair = CertifiedKey::new(vec![certificate], key.clone());
        pair.keys_match().is_ok()
    })
}

/// What can be done about a key that cannot sign.
const UNSUPPORTED_KEY: &str = "its private key cannot be used: it must be an RSA key of 2048 to \
                               4096 bits, or an EC key on the curve P-256 or P-384";

type Signer = (Box<dyn rustls::sign::Signer>, &'static str, Option<usize>);

fn signer(key: &dyn SigningKey) -> Option<Signer> {
    SIGNATURES.iter().find_map(|(scheme, name, half)| {
        let signer = key.choose_scheme(&[*scheme])?;
        Some((signer, *name, *half))
    })
}

/// The two numbers of an elliptic curve's signature side by side, as assertions have them; keys
/// give them as a sequence in DER.
fn halves(der: &[u8], half: usize) -> Option<Vec<u8>> {
    let [0x30, length, rest @ ..] = der else {
        return None;
    };
    if usize::from(*length) != rest.len() {
        return None;
    }
    let (one, rest) = integer(rest, half)?;
    let (other, rest) = integer(rest, half)?;
    rest.is_empty().then(|| [one, other].concat())
}

/// One number in DER, filled up to its length, and what follows it.
fn integer(der: &[u8], half: usize) -> Option<(Vec<u8>, &[u8])> {
    let [0x02, length, rest @ ..] = der else {
        return None;
    };
    let (number, rest) = rest.split_at_checked(usize::from(*length))?;
    // A zero in front keeps a number positive, and is none of its digits.
    let zeros = number.iter().take_while(|digit| **digit == 0).count();
    let digits = &number[zeros..];
    let missing = half.checked_sub(digits.len())?;
    Some(([vec![0; missing], digits.to_vec()].concat(), rest))
}

#[cfg(test)]
mod tests;
