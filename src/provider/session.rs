//! What the resources share once Terraform has configured the provider.

use std::sync::{PoisonError, RwLock};

use crate::arm::Client;
use crate::arm::transport::ClientOptions;
use crate::plugin::diagnostics::Diagnostic;

/// The client that the last configuration asked for.
///
/// A process that serves several runs is configured anew for each of them.
#[derive(Debug, Default)]
pub(crate) struct Session(RwLock<State>);

#[derive(Debug, Default)]
enum State {
    /// Terraform has not configured the provider.
    #[default]
    Unconfigured,
    /// The configuration depends on something that an apply has still to make.
    NotKnownYet(&'static str),
    /// Requests can be sent. Nothing has been asked so far: signing in is lazy.
    Ready(Client),
}

/// What a configuration comes to.
#[derive(Debug)]
pub(crate) enum Options {
    /// Everything is known.
    Known(Box<ClientOptions>),
    /// This argument is not.
    NotKnownYet(&'static str),
}

impl Session {
    /// Uses these options from now on.
    pub(crate) fn configure(&self, options: Options) {
        let state = match options {
            Options::Known(options) => State::Ready(Client::new(*options)),
            Options::NotKnownYet(argument) => State::NotKnownYet(argument),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The client for a call.
    ///
    /// # Errors
    /// Where the provider's configuration is not known yet.
    pub(crate) fn client(&self) -> Result<Client, Diagnostic> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(client) => Ok(client.clone()),
            State::NotKnownYet(argument) => Err(Diagnostic::error(
                "Provider configuration is not known yet",
                format!(
                    "The argument {argument} of the provider block depends on something that is not known \
                     before an apply, so Azure cannot be asked now.\n\nGive it a value that is known, or \
                     first apply what it depends on with -target."
                ),
            )),
            State::Unconfigured => Err(Diagnostic::error(
                "Provider is not configured",
                "Terraform asked for a resource before it configured the provider. This is always an issue in \
                 Terraform or in the provider: please report it.",
            )),
        }
    }

    /// The subscription of resources that name none.
    pub(crate) fn subscription_id(&self) -> Subscription {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(client) => client
                .subscription_id()
                .map_or(Subscription::Missing, |id| {
                    Subscription::Known(id.to_owned())
                }),
            State::NotKnownYet(_) | State::Unconfigured => Subscription::NotKnownYet,
        }
    }
}

/// The subscription of resources that name none.
#[derive(Debug)]
pub(crate) enum Subscription {
    /// This one.
    Known(String),
    /// The provider's configuration is not known yet.
    NotKnownYet,
    /// None.
    Missing,
}
