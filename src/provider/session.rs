//! What the resources share once Terraform has configured the provider.

use std::sync::{PoisonError, RwLock};

use crate::arm::Client;
use crate::arm::transport::ClientOptions;
use crate::plugin::diagnostics::Diagnostic;
use crate::provider::tags::TagPolicy;
use crate::provider::walk::Walk;

/// The client that the last configuration asked for.
///
/// A process that serves several runs is configured anew for each of them.
#[derive(Debug, Default)]
pub(crate) struct Session {
    state: RwLock<State>,
    tags: RwLock<TagPolicy>,
    walk: Walk,
}

#[derive(Debug, Default)]
enum State {
    /// Terraform has not configured the provider.
    #[default]
    Unconfigured,
    /// The configuration depends on something that an apply has still to make.
    NotKnownYet(&'static str),
    /// Requests can be sent. Nothing has been asked so far: signing in is lazy.
    Ready(Ready),
}

/// What a configuration has made.
#[derive(Clone, Debug)]
struct Ready {
    client: Client,
    can_sign_in: bool,
    adopt_existing_copies: bool,
    preflight: bool,
}

/// What a configuration comes to.
#[derive(Debug)]
pub(crate) enum Options {
    /// Everything is known.
    Known(Box<Known>),
    /// This argument is not.
    NotKnownYet(&'static str),
}

/// A configuration of which everything is known.
#[derive(Debug)]
pub(crate) struct Known {
    /// What a client is made from.
    pub(crate) client: ClientOptions,
    /// Whether a create takes over a copy that is there already.
    pub(crate) adopt_existing_copies: bool,
    /// Whether plans ask Azure what it would refuse.
    pub(crate) preflight: bool,
}

impl Session {
    /// Uses these options from now on, in a new walk.
    pub(crate) fn configure(&self, options: Options, tags: TagPolicy) {
        self.walk.forget();
        let state = match options {
            Options::Known(known) => State::Ready(Ready {
                can_sign_in: known.client.credential.is_available(),
                client: Client::new(known.client),
                adopt_existing_copies: known.adopt_existing_copies,
                preflight: known.preflight,
            }),
            Options::NotKnownYet(argument) => State::NotKnownYet(argument),
        };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        *self.tags.write().unwrap_or_else(PoisonError::into_inner) = tags;
    }

    /// The client for a call.
    ///
    /// # Errors
    /// Where the provider's configuration is not known yet.
    pub(crate) fn client(&self) -> Result<Client, Diagnostic> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(ready) => Ok(ready.client.clone()),
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

    /// What was planned and done since the last configuration.
    pub(crate) fn walk(&self) -> &Walk {
        &self.walk
    }

    /// What the provider block says of tags.
    pub(crate) fn tags(&self) -> TagPolicy {
        let tags = self.tags.read();
        tags.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a create takes over a copy that is there already.
    pub(crate) fn adopts_existing_copies(&self) -> bool {
        self.is_ready_and(|ready| ready.adopt_existing_copies)
    }

    /// Whether plans ask Azure what it would refuse.
    pub(crate) fn has_preflight(&self) -> bool {
        self.is_ready_and(|ready| ready.preflight)
    }

    /// Whether anything is configured to sign in with.
    pub(crate) fn can_sign_in(&self) -> bool {
        self.is_ready_and(|ready| ready.can_sign_in)
    }

    fn is_ready_and(&self, condition: impl FnOnce(&Ready) -> bool) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(ready) => condition(ready),
            State::NotKnownYet(_) | State::Unconfigured => false,
        }
    }

    /// The subscription of whatever names none, where that has to be known.
    ///
    /// # Errors
    /// Where the provider has none, or is not configured yet.
    pub(crate) fn own_subscription_id(&self) -> Result<String, Diagnostic> {
        let client = self.client()?;
        client.subscription_id().map(str::to_owned).ok_or_else(|| {
            Diagnostic::error(
                "Missing subscription_id",
                "Neither this block nor the provider's says in which subscription it is. Set ARM_SUBSCRIPTION_ID or \
                 the argument subscription_id.",
            )
        })
    }

    /// The subscription of resources that name none.
    pub(crate) fn subscription_id(&self) -> Subscription {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(ready) => ready
                .client
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
