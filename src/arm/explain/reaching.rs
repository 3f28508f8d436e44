//! Steps where Azure Resource Manager was not reached: signing in, and the network.

use crate::arm::error::{ConnectionKind, SignInError};

pub(super) fn sign_in(error: &SignInError) -> String {
    if let Some(kind) = error.connection {
        return connection(kind, error.host.as_deref().unwrap_or("Entra ID"));
    }
    // What Entra ID's most frequent codes mean for whoever has set this up.
    let known = [
        (
            "AADSTS7000215",
            "The client secret is wrong. Use the secret's value, not its id, and check that it \
             belongs to this application.",
        ),
        (
            "AADSTS7000222",
            "The client secret has expired. Create a new one.",
        ),
        (
            "AADSTS700016",
            "The tenant does not know the application. Check client_id and tenant_id.",
        ),
        (
            "AADSTS90002",
            "There is no such tenant in this cloud. Check tenant_id and environment.",
        ),
        (
            "AADSTS900023",
            "The tenant id is neither a GUID nor a domain name. Check tenant_id.",
        ),
        (
            "AADSTS500011",
            "The tenant does not know the audience. Check environment and \
             resource_manager_audience.",
        ),
        (
            "AADSTS7000112",
            "The application is disabled in its tenant. Enable it.",
        ),
        (
            "AADSTS700024",
            "The assertion is not valid now. An OIDC token lives for minutes only: give a new one, \
             or a source of new ones (oidc_token_file_path, or oidc_request_url with \
             oidc_request_token). With a certificate, check this machine's clock.",
        ),
        (
            "AADSTS700027",
            "Entra ID cannot check the certificate's signature. Upload this very certificate to \
             the application, or use the one that is there.",
        ),
        (
            "AADSTS700211",
            "The application trusts no such issuer. Compare its federated credentials with the \
             issuer of the OIDC token.",
        ),
        (
            "AADSTS700212",
            "The application's federated credential wants another audience than the OIDC token \
             has; api://AzureADTokenExchange is usual.",
        ),
        (
            "AADSTS700213",
            "The application trusts no such subject. Compare its federated credentials with the \
             subject of the OIDC token.",
        ),
        (
            "AADSTS70021",
            "No federated credential of the application matches the OIDC token. Compare issuer, \
             subject and audience; a new one takes some minutes to arrive everywhere.",
        ),
        (
            "AADSTS50013",
            "Entra ID cannot check who has signed the OIDC token. Check that the whole token is \
             given, and nothing around it.",
        ),
        (
            "AADSTS90061",
            "Entra ID could not reach the issuer of the OIDC token.",
        ),
        (
            "AADSTS7000229",
            "The tenant has no service principal of the application. Create one there.",
        ),
        ("AADSTS50034", "The tenant does not know the user."),
        (
            "AADSTS50076",
            "The sign-in needs another factor. Sign in with az login again.",
        ),
        (
            "AADSTS700082",
            "The sign-in is too old. Sign in with az login again.",
        ),
        (
            "AADSTS70043",
            "The sign-in is too old. Sign in with az login again.",
        ),
        (
            "AADSTS53003",
            "A Conditional Access policy forbids this sign-in.",
        ),
        (
            "unauthorized_client",
            "The application may not sign in like this. Check client_id.",
        ),
    ];
    known
        .iter()
        .find(|(code, _)| error.has_code(code))
        .map_or("", |(_, step)| step)
        .to_owned()
}

pub(super) fn connection(kind: ConnectionKind, host: &str) -> String {
    match kind {
        ConnectionKind::UnknownHost => format!(
            "The name of {host} cannot be resolved. Check the network, the DNS servers and \
             environment; behind a proxy, set HTTPS_PROXY."
        ),
        ConnectionKind::UntrustedCertificate => format!(
            "The certificate of {host} is not signed by an authority that this machine trusts, \
             often that of a proxy that looks into TLS. Set SSL_CERT_FILE to a file with the \
             authority's certificate (it replaces the system's), or SSL_CERT_DIR to a directory."
        ),
        ConnectionKind::ProxyAuthentication => format!(
            "The proxy on the way to {host} wants a user name and a password. Put them into \
             HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT, or name {host} in NO_PROXY."
        ),
        ConnectionKind::Unreachable => format!(
            "Nobody answers at {host}. Check that its address is right (environment, endpoint) and \
             that it can be reached from here: network, firewall, HTTPS_PROXY and NO_PROXY."
        ),
        ConnectionKind::NotConnected | ConnectionKind::TimedOut | ConnectionKind::Interrupted => {
            format!(
                "Check that {host} can be reached from here: network, firewall, HTTPS_PROXY and \
             NO_PROXY."
            )
        }
        ConnectionKind::NoClient => {
            "Check SSL_CERT_FILE, SSL_CERT_DIR and HTTPS_PROXY, and that root certificates are \
             installed."
                .to_owned()
        }
    }
}
