//! What lets a request in: the tokens that go with it, and the place they are good for.

use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;

use super::{Client, Request};
use crate::arm::auth::Token;
use crate::arm::error::{Error, SignInError};

/// The tokens of one attempt.
pub(super) struct Pass {
    /// Who asks.
    token: Token,
    /// The same in other tenants, in their order.
    auxiliary: Vec<Token>,
}

impl Pass {
    /// The Authorization header.
    pub(super) fn authorization(&self) -> Result<HeaderValue, Error> {
        header(&bearer(&self.token))
    }

    /// The header with the tokens of other tenants, if there are any.
    pub(super) fn auxiliary_authorization(&self) -> Result<Option<HeaderValue>, Error> {
        if self.auxiliary.is_empty() {
            return Ok(None);
        }
        let bearers: Vec<String> = self.auxiliary.iter().map(bearer).collect();
        header(&bearers.join(", ")).map(Some)
    }
}

impl Client {
    /// Tokens that are good now. The first one also finds out what is not known of the cloud.
    pub(super) async fn pass(&self) -> Result<Pass, SignInError> {
        let place = self.place().await?;
        let token = place.tokens.token().await?;
        let mut auxiliary = Vec::with_capacity(place.auxiliary.len());
        for (tenant_id, tokens) in self.inner.auxiliary_tenant_ids.iter().zip(&place.auxiliary) {
            let token = tokens.token().await.map_err(|mut error| {
                error.message = format!("auxiliary_tenant_ids, {tenant_id}: {}", error.message);
                error
            })?;
            auxiliary.push(token);
        }
        self.inner.answered.sign_in();
        Ok(Pass { token, auxiliary })
    }

    /// Forgets the tokens that Azure Resource Manager has refused: it does not say which.
    pub(super) fn invalidate(&self, pass: &Pass) {
        let Some(place) = self.inner.place.get() else {
            return;
        };
        place.tokens.invalidate(&pass.token);
        for (tokens, token) in place.auxiliary.iter().zip(&pass.auxiliary) {
            tokens.invalidate(token);
        }
    }

    /// The request at Azure Resource Manager's own address, if it was made for the host that
    /// stood for it as long as that was not known.
    pub(super) fn moved(&self, request: &Request) -> Option<Request> {
        let stood_for_it = self.inner.cloud.resource_manager_endpoint.origin();
        let endpoint = &self.cloud().resource_manager_endpoint;
        if endpoint.origin() == stood_for_it || request.url.origin() != stood_for_it {
            return None;
        }
        let mut url = endpoint.clone();
        url.set_path(request.url.path());
        url.set_query(request.url.query());
        Some(Request {
            url,
            ..request.clone()
        })
    }
}

fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.secret.expose_secret())
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let message = "the token from Entra ID cannot stand in a header".to_owned();
        Error::SignIn(Box::new(SignInError::permanent(message)))
    })?;
    value.set_sensitive(true);
    Ok(value)
}
