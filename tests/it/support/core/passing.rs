//! What passes: ephemeral resources, and actions. Nothing of them is in a state.

use std::time::SystemTime;

use azrestorepoint::plugin::value::Value;
use tonic::Streaming;

use super::super::plugin::limited;
use super::super::proto::tfplugin6::invoke_action::event::Type as Event;
use super::super::proto::tfplugin6::{self as proto};
use super::super::told::Told;
use super::{Core, Phase};

/// An ephemeral resource that is open.
#[derive(Debug)]
pub(crate) struct Lease {
    kind: String,
    pub(crate) value: Value,
    pub(crate) renew_at: Option<SystemTime>,
    pub(crate) private: Option<Vec<u8>>,
}

/// An action under way.
pub(crate) struct Invocation(Streaming<proto::invoke_action::Event>);

impl Core {
    /// Configures the provider as at the begin of a walk.
    pub(crate) async fn configured(mut self) -> Self {
        let mut told = Told::default();
        self.configure(Phase::Plan, &mut told).await;
        assert_eq!(told.text(), "");
        self
    }

    /// Checks the configuration and opens it, as core does; what comes is of the schema's form.
    pub(crate) async fn open(&mut self, kind: &str, config: &Value) -> Result<Lease, Told> {
        let request = proto::validate_ephemeral_resource_config::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode(kind, config)),
        };
        let mut told = Told::default();
        let answer = limited(self.client.validate_ephemeral_resource_config(request));
        if told.add(answer.await.expect("an answer").into_inner().diagnostics) {
            return Err(told);
        }
        let request = proto::open_ephemeral_resource::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode(kind, config)),
            client_capabilities: Some(self.capabilities(Phase::Plan)),
        };
        let answer = limited(self.client.open_ephemeral_resource(request)).await;
        let answer = answer.expect("an answer").into_inner();
        assert!(answer.deferred.is_none(), "nobody allowed a deferral");
        if told.add(answer.diagnostics) || !told.warnings.is_empty() {
            return Err(told);
        }
        let value = self.decode(kind, answer.result.as_ref());
        assert!(value.is_wholly_known(), "{kind}");
        for (name, given) in config.entries().expect("an object") {
            let kept = value.get(name);
            assert!(given.is_null() || kept == given, "{name} was changed");
        }
        Ok(Lease {
            kind: kind.to_owned(),
            value,
            renew_at: answer.renew_at.map(|at| at.try_into().expect("a time")),
            private: answer.private,
        })
    }

    /// Renews it: when that is to be done next and what is noted may change, and nothing else.
    pub(crate) async fn renew_lease(&mut self, lease: &mut Lease) -> Told {
        let request = proto::renew_ephemeral_resource::Request {
            type_name: lease.kind.clone(),
            private: lease.private.clone(),
        };
        let answer = limited(self.client.renew_ephemeral_resource(request)).await;
        let answer = answer.expect("an answer").into_inner();
        lease.renew_at = answer.renew_at.map(|at| at.try_into().expect("a time"));
        lease.private = answer.private;
        let mut told = Told::default();
        told.add(answer.diagnostics);
        told
    }

    /// Renews and closes something of which nothing is known, as when an open has noted nothing.
    pub(crate) async fn renew_nothing(&mut self, kind: &str) -> Told {
        let mut lease = Lease {
            kind: kind.to_owned(),
            value: Value::Null,
            renew_at: None,
            private: None,
        };
        let mut told = self.renew_lease(&mut lease).await;
        let closed = self.close(&lease).await;
        told.warnings.extend(closed.warnings);
        told.errors.extend(closed.errors);
        told
    }

    /// Closes it.
    pub(crate) async fn close(&mut self, lease: &Lease) -> Told {
        let request = proto::close_ephemeral_resource::Request {
            type_name: lease.kind.clone(),
            private: lease.private.clone(),
        };
        let answer = limited(self.client.close_ephemeral_resource(request)).await;
        let mut told = Told::default();
        told.add(answer.expect("an answer").into_inner().diagnostics);
        told
    }

    /// Checks, plans and invokes an action, as core does. What a check or a plan finds fails it.
    pub(crate) async fn invoke(&mut self, kind: &str, config: &Value) -> Result<Invocation, Told> {
        let mut told = Told::default();
        let request = proto::validate_action_config::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode(kind, config)),
        };
        let answer = limited(self.client.validate_action_config(request)).await;
        if told.add(answer.expect("an answer").into_inner().diagnostics) {
            return Err(told);
        }
        let request = proto::plan_action::Request {
            action_type: kind.to_owned(),
            config: Some(self.encode(kind, config)),
            client_capabilities: Some(self.capabilities(Phase::Plan)),
        };
        let answer = limited(self.client.plan_action(request)).await;
        let answer = answer.expect("an answer").into_inner();
        assert!(answer.deferred.is_none(), "nobody allowed a deferral");
        if told.add(answer.diagnostics) {
            return Err(told);
        }
        let request = proto::invoke_action::Request {
            action_type: kind.to_owned(),
            config: Some(self.encode(kind, config)),
            client_capabilities: Some(self.capabilities(Phase::Apply)),
        };
        let stream = limited(self.client.invoke_action(request)).await;
        Ok(Invocation(stream.expect("a stream").into_inner()))
    }
}

impl Invocation {
    /// The next line, or in its place what was told at the end. An event without either would
    /// make core panic, and so would one after the end.
    pub(crate) async fn next(&mut self) -> Result<String, Told> {
        let event = limited(self.0.message()).await.expect("no gRPC error");
        match event.and_then(|event| event.r#type) {
            Some(Event::Progress(progress)) => Ok(progress.message),
            Some(Event::Completed(completed)) => {
                let mut told = Told::default();
                told.add(completed.diagnostics);
                let after = limited(self.0.message()).await.expect("no gRPC error");
                assert!(after.is_none(), "something came after the end: {after:?}");
                Err(told)
            }
            None => panic!("an event with neither progress nor end"),
        }
    }

    /// All lines that come, and what is told at the end.
    pub(crate) async fn finish(mut self) -> (Vec<String>, Told) {
        let mut lines = Vec::new();
        loop {
            match self.next().await {
                Ok(line) => lines.push(line),
                Err(told) => return (lines, told),
            }
        }
    }
}
