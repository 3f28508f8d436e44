use super::*;

use std::path::PathBuf;

use crate::arm::auth::CertificateSource;

const PASSWORD: &str = "test-pfx-password";
const AUDIENCE: &str = "https://login.example/tenant/oauth2/v2.0/token";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/certificates")
        .join(name)
}

fn certificate(name: &str, password: &str) -> Certificate {
    Certificate {
        source: CertificateSource::Path(file(name)),
        password: Some(SecretString::from(password)),
    }
}

fn parts(certificate: &Certificate) -> (serde_json::Value, serde_json::Value, Vec<u8>) {
    let assertion = assertion(certificate, "client", AUDIENCE).unwrap();
    let text = secrecy::ExposeSecret::expose_secret(&assertion).to_owned();
    let parts: Vec<Vec<u8>> = text
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    let json = |part: &[u8]| serde_json::from_slice(part).unwrap();
    (json(&parts[0]), json(&parts[1]), parts[2].clone())
}

#[test]
fn every_kind_of_certificate_signs() {
    #[track_caller]
    fn check(name: &str, password: &str, algorithm: &str, signature_bytes: usize) {
        let (header, claims, signature) = parts(&certificate(name, password));
        assert_eq!(header["alg"], algorithm, "{name}");
        assert_eq!(signature.len(), signature_bytes, "{name}");
        assert_eq!(claims["aud"], AUDIENCE);
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!("client"), &json!("client"))
        );
        let begins = claims["nbf"].as_u64().unwrap();
        assert_eq!(claims["exp"], json!(begins + LIFETIME_SECONDS));
        assert_eq!(header["x5t#S256"].as_str().unwrap().len(), 43);
        assert_eq!(header["x5t"].as_str().unwrap().len(), 27);
    }
    check("rsa2048.pem", "", "RS256", 256);
    check("rsa4096.pem", "", "RS256", 512);
    check("rsa2048-among-others.pem", "", "RS256", 256);
    check("p256.pem", "", "ES256", 64);
    check("p384.pem", "", "ES384", 96);
    check("modern.pfx", PASSWORD, "RS256", 256);
    check("legacy.pfx", PASSWORD, "RS256", 256);
    check("p256-no-password.pfx", "", "ES256", 64);
}

#[test]
fn the_same_certificate_has_the_same_thumbprint_in_every_form() {
    let thumbprint = |name: &str| parts(&certificate(name, PASSWORD)).0["x5t#S256"].clone();
    let expected = thumbprint("rsa2048.pem");
    for name in ["rsa2048-among-others.pem", "modern.pfx", "legacy.pfx"] {
        assert_eq!(thumbprint(name), expected, "{name}");
    }
    let content = std::fs::read(file("modern.pfx")).unwrap();
    let encoded = STANDARD.encode(content);
    for text in [
        encoded.clone(),
        encoded.replace('=', ""),
        format!("{}\n{}\r\n", &encoded[..64], &encoded[64..]),
    ] {
        let given = Certificate {
            source: CertificateSource::Given(SecretString::from(text)),
            password: Some(SecretString::from(PASSWORD)),
        };
        assert_eq!(parts(&given).0["x5t#S256"], expected);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    #[track_caller]
    fn check(name: &str, password: &str, words: &str) {
        let error = assertion(&certificate(name, password), "client", AUDIENCE).unwrap_err();
        assert!(error.permanent, "{error}");
        assert!(error.message.contains(words), "{error}");
        assert!(error.message.contains("client_certificate_path"), "{error}");
        assert!(
            password.is_empty() || !error.message.contains(password),
            "{error}"
        );
    }
    check(
        "modern.pfx",
        "wrong-password",
        "client_certificate_password is not its password",
    );
    check(
        "legacy.pfx",
        "wrong-password",
        "client_certificate_password is not its password",
    );
    check(
        "legacy.pfx",
        "",
        "it needs a password; set client_certificate_password",
    );
    check("rsa2048-certificate-only.pem", "", "it has no private key");
    check("encrypted-key.pem", "", "its private key is encrypted");
    check("rsa1024.pem", "", "RSA key of 2048 to 4096 bits");
    check("README.md", "", "it is neither PEM nor PFX");
    check("nowhere.pem", "", "No such file");

    let given = |text: &str| {
        let certificate = Certificate {
            source: CertificateSource::Given(SecretString::from(text)),
            password: None,
        };
        assertion(&certificate, "client", AUDIENCE)
            .unwrap_err()
            .message
    };
    assert!(given("not base64!").contains("in client_certificate: it is not base64"));
    assert!(given("AAAA").contains("neither PEM nor PFX"));
    let other = std::fs::read_to_string(file("rsa4096.pem")).unwrap();
    let key = std::fs::read_to_string(file("p384.pem")).unwrap();
    let key = key.split("-----BEGIN CERTIFICATE").next().unwrap();
    let certificate = &other[other.find("-----BEGIN CERTIFICATE").unwrap()..];
    assert!(given(&format!("{key}{certificate}")).contains("does not belong to its certificate"));
}

#[test]
fn halves_are_filled_up_and_signs_are_dropped() {
    #[track_caller]
    fn check(der: &[u8], expected: Option<&[u8]>) {
        assert_eq!(halves(der, 2).as_deref(), expected, "{der:?}");
    }
    check(&[0x30, 6, 2, 1, 1, 2, 1, 2], Some(&[0, 1, 0, 2]));
    check(
        &[0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 2],
        Some(&[0x80, 1, 0, 2]),
    );
    check(&[0x30, 6, 2, 1, 1, 2, 1], None);
    check(&[0x30, 9, 2, 3, 1, 2, 3, 2, 2, 1, 1], None);
    check(&[0x31, 0], None);
    check(&[], None);
}
