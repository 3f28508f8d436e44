//! What the sign-in service makes of assertions: one that is right, and all that can be wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use azure_simulator::{CLIENT_ID, FEDERATED_SUBJECT, Simulator};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, SigningKey};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{encoded, form, http, read, token_url};

fn pem() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../certificates/rsa2048.pem");
    std::fs::read_to_string(path).unwrap()
}

async fn azure() -> Simulator {
    Simulator::builder()
        .certificate(&pem())
        .start()
        .await
        .unwrap()
}

/// Shows an assertion, and gives the code of the refusal; `None` for a token.
async fn refusal(azure: &Simulator, assertion: &str) -> Option<u64> {
    let mut form = form();
    form.retain(|(name, _)| *name != "client_secret");
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    form.push(("client_assertion_type", kind.to_owned()));
    form.push(("client_assertion", assertion.to_owned()));
    let request = http(azure)
        .build()
        .unwrap()
        .post(token_url(azure))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&form));
    let answer = read(request).await.unwrap();
    if answer.status == 200 {
        assert!(answer.body["access_token"].is_string());
        return None;
    }
    answer.body["error_codes"][0].as_u64()
}

/// An assertion of the certificate's key, after a change of its header and claims.
fn signed(azure: &Simulator, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let certificate = CertificateDer::from_pem_slice(pem().as_bytes()).unwrap();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
    let mut header = json!({"alg": "RS256", "typ": "JWT", "x5t#S256": thumbprint});
    let mut claims = json!({
        "aud": token_url(azure),
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "jti": uuid::Uuid::new_v4().to_string(),
        "nbf": now,
        "exp": now + 600,
    });
    change(&mut header, &mut claims);
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(&header), part(&claims));
    let key = KeyPair::from_pem(&pem()).unwrap();
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).unwrap());
    format!("{text}.{signature}")
}

#[tokio::test]
async fn an_assertion_is_right_in_every_part_or_refused() {
    let azure = azure().await;
    let set = |place: fn(&mut Value, Value), value: Value| {
        signed(&azure, |_, claims| place(claims, value))
    };
    let right = signed(&azure, |_, _| {});
    assert_eq!(refusal(&azure, &right).await, None);
    let cases = [
        // Each can be used once.
        (right.clone(), 50_027),
        (format!("{}\n", signed(&azure, |_, _| {})), 50_027),
        (format!(" {}", signed(&azure, |_, _| {})), 50_027),
        ("no.assertion".to_owned(), 50_027),
        (set(|claims, to| claims["iss"] = to, json!("other")), 50_013),
        (
            set(|claims, to| claims["sub"] = to, json!("other")),
            700_021,
        ),
        (
            set(|claims, to| claims["aud"] = to, json!("https://x")),
            700_023,
        ),
        (set(|claims, to| claims["exp"] = to, json!(1000)), 700_024),
        (
            set(|claims, to| claims["nbf"] = to, json!(9_999_999_999_u64)),
            700_024,
        ),
        (set(|claims, to| claims["jti"] = to, json!("")), 50_027),
        (
            signed(&azure, |header, _| header["x5t#S256"] = json!("AAAA")),
            700_027,
        ),
        (
            signed(&azure, |header, _| header["alg"] = json!("none")),
            700_027,
        ),
        (
            signed(&azure, |header, _| header["x5t"] = json!("AAAA")),
            700_027,
        ),
        (
            signed(&azure, |header, _| header["x5c"] = json!(["AAAA"])),
            50_027,
        ),
    ];
    for (assertion, code) in cases {
        assert_eq!(refusal(&azure, &assertion).await, Some(code), "{assertion}");
    }
    // A signature of something else.
    let (text, _) = right.rsplit_once('.').unwrap();
    let other = signed(&azure, |_, _| {});
    let (_, signature) = other.rsplit_once('.').unwrap();
    let mixed = format!("{text}.{signature}");
    assert_eq!(refusal(&azure, &mixed).await, Some(700_027));
}

#[tokio::test]
async fn a_token_of_somebody_else_is_right_to_the_last_byte_or_refused() {
    let azure = azure().await;
    let token = azure.oidc_token(FEDERATED_SUBJECT);
    assert_eq!(refusal(&azure, &token).await, None);
    assert_eq!(refusal(&azure, &token).await, None, "it can be used again");
    assert_eq!(refusal(&azure, &format!("{token}\n")).await, Some(50_027));
    assert_eq!(refusal(&azure, &token.to_lowercase()).await, Some(50_027));
    let other = azure.oidc_token("repo:elsewhere");
    assert_eq!(refusal(&azure, &other).await, Some(700_213));
    azure.expire_oidc_tokens();
    assert_eq!(refusal(&azure, &token).await, Some(700_024));
}
