//! What Terraform and a plugin tell each other before the first request.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Proves that Terraform started the process. Known to everybody: a courtesy, not a secret.
const MAGIC_COOKIE_KEY: &str = "TF_PLUGIN_MAGIC_COOKIE";
const MAGIC_COOKIE_VALUE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// The version of go-plugin's own protocol.
const CORE_PROTOCOL_VERSION: u8 = 1;

/// The version of Terraform's protocol that we speak.
const PROTOCOL_VERSION: u8 = 6;

/// What Terraform hands over in the environment.
#[derive(Debug)]
pub(super) struct Invitation {
    /// The one certificate that may connect, in PEM.
    pub(super) client_certificate_pem: String,
    /// The versions of the protocol that the client speaks, where ours is not among them.
    pub(super) versions_without_ours: Option<String>,
}

/// Why the process does not serve.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody started the binary by hand.
    #[error("started by hand")]
    NotAPlugin,
    /// Terraform was told to talk in the clear.
    #[error(
        "Terraform sent no client certificate (PLUGIN_CLIENT_CERT). Is TF_DISABLE_PLUGIN_TLS set? This provider \
         holds the credentials of your cloud and serves nobody who cannot prove to be Terraform: unset \
         TF_DISABLE_PLUGIN_TLS and run the command again."
    )]
    NoClientCertificate,
}

/// Reads the environment that Terraform gives to a plugin.
///
/// # Errors
/// Where the process was not started as a plugin, or without a client certificate.
pub(super) fn invitation(variable: impl Fn(&str) -> Option<String>) -> Result<Invitation, Refusal> {
    if variable(MAGIC_COOKIE_KEY).as_deref() != Some(MAGIC_COOKIE_VALUE) {
        return Err(Refusal::NotAPlugin);
    }
    let client_certificate_pem = variable("PLUGIN_CLIENT_CERT")
        .filter(|pem| !pem.is_empty())
        .ok_or(Refusal::NoClientCertificate)?;
    let versions = variable("PLUGIN_PROTOCOL_VERSIONS").filter(|versions| !versions.is_empty());
    let ours = PROTOCOL_VERSION.to_string();
    let versions_without_ours =
        versions.filter(|versions| versions.split(',').all(|version| version.trim() != ours));
    Ok(Invitation {
        client_certificate_pem,
        versions_without_ours,
    })
}

/// Writes the one line that stdout ever carries: where and how to connect.
///
/// We always name version 6. Should the client know only others, it says so to the
/// user in better words than we could.
///
/// # Errors
/// A stdout that is closed.
pub(super) fn announce(
    (network, address): (&str, &str),
    certificate_der: &[u8],
    variable: impl Fn(&str) -> Option<String>,
) -> io::Result<()> {
    let mut line = line(network, address, certificate_der);
    // Only a client that asks for it takes a seventh field; older ones would add it to the
    // certificate. It says whether several connections may share one: ours may not.
    if variable("PLUGIN_MULTIPLEX_GRPC").is_some_and(|asked| !asked.is_empty()) {
        line.push_str("|false");
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Writes what has to be in the environment of a Terraform that is to use this process.
///
/// # Errors
/// A stdout that is closed.
pub(super) fn announce_for_debugging(
    source: &str,
    (network, address): (&str, &str),
) -> io::Result<()> {
    let reattach = serde_json::json!({ source: {
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": std::process::id(),
        // Terraform is not to end a process that it did not start.
        "Test": true,
        "Addr": { "Network": network, "String": address },
    }});
    let mut stdout = io::stdout().lock();
    writeln!(
        stdout,
        "Provider started. To attach Terraform CLI, set the TF_REATTACH_PROVIDERS environment variable \
         with the following:\n\n\tTF_REATTACH_PROVIDERS='{reattach}'\n"
    )?;
    stdout.flush()
}

fn line(network: &str, address: &str, certificate_der: &[u8]) -> String {
    // Go refuses a padded certificate.
    let certificate = STANDARD_NO_PAD.encode(certificate_der);
    format!("{CORE_PROTOCOL_VERSION}|{PROTOCOL_VERSION}|{network}|{address}|grpc|{certificate}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn only_terraform_with_a_certificate_is_served() {
        #[track_caller]
        fn check(pairs: &[(&str, &str)], expected: Result<&str, Refusal>) {
            let found =
                invitation(environment(pairs)).map(|invitation| invitation.client_certificate_pem);
            assert_eq!(
                found.as_deref().map_err(|refusal| format!("{refusal:?}")),
                expected.map_err(|refusal| format!("{refusal:?}"))
            );
        }
        let cookie = (MAGIC_COOKIE_KEY, MAGIC_COOKIE_VALUE);
        check(&[], Err(Refusal::NotAPlugin));
        check(&[(MAGIC_COOKIE_KEY, "another")], Err(Refusal::NotAPlugin));
        check(&[cookie], Err(Refusal::NoClientCertificate));
        check(
            &[cookie, ("PLUGIN_CLIENT_CERT", "")],
            Err(Refusal::NoClientCertificate),
        );
        check(&[cookie, ("PLUGIN_CLIENT_CERT", "pem")], Ok("pem"));
    }

    #[test]
    fn the_line_has_six_fields_and_no_padding() {
        assert_eq!(
            line("unix", "/tmp/a/plugin", &[0]),
            "1|6|unix|/tmp/a/plugin|grpc|AA"
        );
    }

    #[test]
    fn a_client_that_speaks_only_other_versions_is_noticed() {
        #[track_caller]
        fn check(versions: &str, expected: Option<&str>) {
            let pairs = [
                (MAGIC_COOKIE_KEY, MAGIC_COOKIE_VALUE),
                ("PLUGIN_CLIENT_CERT", "pem"),
                ("PLUGIN_PROTOCOL_VERSIONS", versions),
            ];
            let invitation = invitation(environment(&pairs)).expect("invited");
            assert_eq!(invitation.versions_without_ours.as_deref(), expected);
        }
        check("", None);
        check("6", None);
        check("6,5", None);
        check("5, 6", None);
        check("5", Some("5"));
        check("16,5", Some("16,5"));
    }
}
