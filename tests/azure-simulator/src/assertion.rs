//! What an application shows instead of a secret: an assertion that its certificate's key has
//! signed, or a token of somebody whom it trusts.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::entra::Refusal;
use crate::state::State;

/// How far the sign-in service lets clocks differ.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// An assertion of the application itself may be good for no longer than this.
const LIFETIME_SECONDS_MAX: u64 = 24 * 60 * 60;

/// Lets an assertion pass, or says what is wrong with it.
///
/// Assumed: the order of the checks, and the texts apart from their `AADSTS` codes.
pub(crate) fn check(
    state: &mut State,
    assertion: &str,
    client_id: &str,
    audience: &str,
) -> Result<(), Refusal> {
    if state.oidc_tokens.knows(assertion) {
        return state.oidc_tokens.check(assertion);
    }
    let malformed = || refusal(50_027, "JWT token is invalid or malformed.");
    let parts: Vec<&str> = assertion.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err(malformed());
    };
    // A line end behind the last part is no base64, which is how the service finds it.
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
    let json = |part: &str| -> Result<Value, Refusal> {
        serde_json::from_slice(&decode(part)?).map_err(|_| malformed())
    };
    let (fields, wanted) = (json(header)?, json(claims)?);
    let decoded = decode(signature)?;
    if wanted["iss"] != client_id {
        return Err(refusal(
            50_013,
            "Assertion failed signature validation: its issuer is not known.",
        ));
    }
    let certificate = registered(state, &fields)?;
    let signed = &assertion[..header.len() + 1 + claims.len()];
    let algorithm = fields["alg"].as_str().unwrap_or_default();
    if !is_signed_by(&certificate, algorithm, signed, &decoded) {
        return Err(refusal(
            700_027,
            "The certificate with identifier used to sign the client assertion is registered, but the signature is not its.",
        ));
    }
    check_claims(state, &wanted, client_id, audience)
}

fn check_claims(
    state: &mut State,
    claims: &Value,
    client_id: &str,
    audience: &str,
) -> Result<(), Refusal> {
    if claims["sub"] != client_id {
        return Err(refusal(
            700_021,
            "Client assertion's subject is not its issuer.",
        ));
    }
    if claims["aud"] != audience {
        return Err(refusal(
            700_023,
            &format!("Client assertion audience claim does not match '{audience}'."),
        ));
    }
    let second = |name: &str| claims[name].as_u64().unwrap_or_default();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (begins, ends) = (second("nbf"), second("exp"));
    let is_valid_now = begins <= now + CLOCK_SKEW_SECONDS && ends + CLOCK_SKEW_SECONDS > now;
    if !is_valid_now || ends.saturating_sub(begins) > LIFETIME_SECONDS_MAX {
        return Err(refusal(
            700_024,
            &format!(
                "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {begins}, expiry time of assertion {ends}."
            ),
        ));
    }
    let id = claims["jti"].as_str().unwrap_or_default();
    if id.is_empty() || !state.shown_assertions.insert(id.to_owned()) {
        return Err(refusal(
            50_027,
            "The assertion has no id, or was used before.",
        ));
    }
    Ok(())
}

/// The certificate that the header names. All of its names must be right, and one is needed.
fn registered(state: &State, header: &Value) -> Result<Vec<u8>, Refusal> {
    let named = |certificate: &&Vec<u8>| {
        let names = [
            ("x5t", URL_SAFE_NO_PAD.encode(Sha1::digest(certificate))),
            (
                "x5t#S256",
                URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)),
            ),
        ];
        let given: Vec<bool> = names
            .iter()
            .filter(|(name, _)| !header[*name].is_null())
            .map(|(name, thumbprint)| header[*name] == *thumbprint)
            .collect();
        !given.is_empty() && given.iter().all(|is_right| *is_right)
    };
    let found = state.settings.certificates.iter().find(named);
    let certificate = found.ok_or_else(|| {
        refusal(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )
    })?;
    // Whoever sends a chain sends the certificate itself first.
    let first = &header["x5c"][0];
    if !first.is_null() && *first != STANDARD.encode(certificate) {
        return Err(refusal(
            50_027,
            "The chain does not begin with the certificate.",
        ));
    }
    Ok(certificate.clone())
}

fn is_signed_by(certificate: &[u8], algorithm: &str, signed: &str, signature: &[u8]) -> bool {
    let certificate = CertificateDer::from(certificate);
    let Ok(certificate) = webpki::EndEntityCert::try_from(&certificate) else {
        return false;
    };
    let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let verifies = |algorithm: &&dyn SignatureVerificationAlgorithm, signature: &[u8]| {
        certificate
            .verify_signature(*algorithm, signed.as_bytes(), signature)
            .is_ok()
    };
    use rustls::pki_types::alg_id;
    let (algorithm_id, signature) = match (algorithm, signature.len()) {
        ("RS256", 256..=512) => (alg_id::RSA_PKCS1_SHA256, signature.to_vec()),
        ("ES256", 64) => (alg_id::ECDSA_SHA256, sequence(signature)),
        ("ES384", 96) => (alg_id::ECDSA_SHA384, sequence(signature)),
        _ => return false,
    };
    known
        .all
        .iter()
        .filter(|known| known.signature_alg_id() == algorithm_id)
        .any(|known| verifies(known, &signature))
}

/// The two halves of a signature as DER has them.
fn sequence(signature: &[u8]) -> Vec<u8> {
    let (one, other) = signature.split_at(signature.len() / 2);
    let content = [integer(one), integer(other)].concat();
    let length = u8::try_from(content.len()).expect("two numbers of 48 bytes are short");
    [vec![0x30, length], content].concat()
}

fn integer(half: &[u8]) -> Vec<u8> {
    let zeros = half.iter().take_while(|byte| **byte == 0).count();
    let digits = &half[zeros.min(half.len() - 1)..];
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    let length = u8::try_from(sign.len() + digits.len()).expect("a number of 48 bytes is short");
    [&[0x02, length], sign, digits].concat()
}

/// A refusal of an assertion.
pub(crate) fn refusal(code: u32, text: &str) -> Refusal {
    Refusal::new(401, "invalid_client", code, text)
}
