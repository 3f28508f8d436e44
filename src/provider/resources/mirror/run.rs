//! Carrying out what is due: at most one copy, and only deletions that the plan has named.
//!
//! Whatever happens on the way, the next read finds the truth in Azure. So trouble is told, and
//! the outputs show what was seen last; only what Azure has refused for good is an error.

use std::time::Duration;

use crate::arm::compute::copy_encryption::CopyEncryption;
use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::replication::{Poll, ReplicationEnd, wait_for_replication};
use crate::arm::compute::restore_points::{self, Begun};
use crate::arm::patience::Interrupted;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::plugin::resource::{Applied, CreateRequest, UpdateRequest};
use crate::plugin::value::Value;
use crate::provider::begin::{Accepted, Start, begin, operate};
use crate::provider::encryption;
use crate::provider::resources::copy::model::fill;
use crate::provider::resources::copy::rules::{Rule, of_collection};
use crate::provider::resources::look_after_lost_answer;
use crate::provider::restore_point::computed;
use crate::provider::walk::Walk;

use super::look::{Ids, Known, Look, ask_source, look};
use super::rules::{
    CopyState, DueCopy, MayDelete, Settings, Snapshot, Source, SourcePoint, decide, still_due,
};
use super::{model, words};

/// How long the start of a copy may take that nobody waits for: the next run tries again.
const START_LIMIT: Duration = Duration::from_secs(10 * 60);

/// What it takes to change something.
pub(super) struct Mirror<'a> {
    pub(super) client: &'a Client,
    pub(super) patience: &'a Patience,
    pub(super) walk: &'a Walk,
    pub(super) ids: Ids,
    pub(super) settings: Settings,
}

/// A change under way.
pub(super) struct Run<'a> {
    pub(super) mirror: &'a Mirror<'a>,
    /// What was seen last.
    pub(super) look: Look,
    /// Whether nothing was done since then.
    pub(super) is_fresh: bool,
    /// The copy that Azure has taken, with its source.
    begun: Option<(RestorePointId, SourcePoint)>,
    /// How to follow its operation, as long as nobody has.
    operation: Option<Begun>,
    pub(super) diagnostics: Diagnostics,
}

impl Mirror<'_> {
    /// Takes over what there is, and starts the copy that is due. It deletes nothing: its plan
    /// could not name anything.
    pub(super) async fn create(&self, request: CreateRequest) -> Applied {
        let Ids { target, .. } = &self.ids;
        let turn = self.walk.turns.try_take(target);
        let may_delete = MayDelete::Nothing;
        let choose = |snapshot: &Snapshot| decide(snapshot, &self.settings, may_delete).copy;
        let look = match self.look_before(&Known::default(), choose).await {
            Ok(look) => look,
            Err(error) if error.is_not_found() => {
                return Applied::failed(words::target_missing(target, &error));
            }
            Err(error) => return Applied::failed(words::cannot_look(target, &error)),
        };
        if let Some(refusal) = refusal(&self.ids, &look.collection) {
            return Applied::failed(refusal);
        }
        let due = choose(&look.snapshot).filter(|_| turn.is_some());
        let keys_left = due
            .as_ref()
            .and_then(|due| keys_left(&self.ids, &self.settings, &look.snapshot, due));
        let mut planned_state = request.planned_state;
        planned_state.insert("id", target.to_string().into());
        let named = due.as_ref().map(|due| due.name.as_str());
        planned_state.insert("planned_copy", Value::string(named));
        planned_state.insert("planned_deletions", Value::List(Vec::new()));

        let mut run = Run::new(self, look);
        run.diagnostics.extend(keys_left);
        request.checkpoint.save(run.state(&planned_state));
        if let Some(due) = &due {
            run.start(due, may_delete).await;
        }
        if run.diagnostics.has_error() {
            // Nothing is lost without a state, and a tainted mirror helps nobody.
            return Applied {
                diagnostics: run.diagnostics,
                ..Applied::default()
            };
        }
        run.follow().await;
        if self.settings.waits {
            run.wait().await;
        }
        run.end(&planned_state).await
    }

    /// Does what the plan has named, or less.
    pub(super) async fn update(&self, request: UpdateRequest) -> Applied {
        let planned_state = &request.planned_state;
        let planned = planned_state.get("planned_copy").as_str();
        let deletions = model::planned_deletions(planned_state);
        let may_delete = MayDelete::Only(&deletions);
        let turn = planned.and_then(|_| self.walk.turns.try_take(&self.ids.target));
        let choose =
            |snapshot: &Snapshot| still_due(snapshot, &self.settings, may_delete, planned?);
        let known = model::known(&request.prior_state);
        let look = match self.look_before(&known, choose).await {
            Ok(look) => look,
            Err(error) => {
                let diagnostic = words::cannot_look(&self.ids.target, &error);
                // Nothing was done, which is less than planned.
                let state = fill(planned_state, &request.prior_state);
                return Applied::saved(state).with(if words::is_refusal(&error) {
                    diagnostic
                } else {
                    words::as_warning(diagnostic)
                });
            }
        };
        let mut run = Run::new(self, look);
        request.checkpoint.save(run.state(planned_state));
        run.delete(&deletions, CopyState::Failed).await;
        if turn.is_some()
            && let Some(due) = choose(&run.look.snapshot)
        {
            run.start(&due, may_delete).await;
        }
        if self.settings.waits {
            run.follow().await;
            run.wait().await;
            run.delete(&deletions, CopyState::Usable).await;
        } else {
            // Azure takes seconds for either; meanwhile the other one goes on.
            run.delete(&deletions, CopyState::Usable).await;
            run.follow().await;
        }
        drop(turn);
        run.end(planned_state).await
    }

    async fn look_before(
        &self,
        known: &Known,
        choose: impl Fn(&Snapshot) -> Option<DueCopy>,
    ) -> Result<Look, Error> {
        let Self {
            client,
            patience,
            ids,
            ..
        } = self;
        let mut seen = look(client, patience, ids, known).await?;
        ask_source(client, patience, ids, &mut seen, choose).await?;
        Ok(seen)
    }
}

impl<'a> Run<'a> {
    fn new(mirror: &'a Mirror<'a>, look: Look) -> Self {
        let mut diagnostics = Diagnostics::default();
        if let Some(error) = &look.trouble {
            diagnostics.push(words::source_unreachable(&mirror.ids, error));
        }
        Self {
            mirror,
            look,
            is_fresh: true,
            begun: None,
            operation: None,
            diagnostics,
        }
    }

    /// Asks Azure to copy.
    async fn start(&mut self, due: &DueCopy, may_delete: MayDelete<'_>) {
        let Mirror {
            client,
            patience,
            ids,
            settings,
            ..
        } = self.mirror;
        let Some(source_point) = source_point(&self.look.snapshot, &due.source) else {
            return;
        };
        let (Ok(id), Ok(source)) = (
            ids.target.restore_point(&due.name),
            ids.source.restore_point(&due.source),
        ) else {
            return;
        };
        let patience = if settings.waits {
            (*patience).clone()
        } else {
            patience.with_limit(START_LIMIT)
        };
        self.is_fresh = false;
        let encryption = match self.encryption(&id, &source, &patience).await {
            Ok(encryption) => encryption,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return;
            }
        };
        match begin(client, &id, &source, &encryption, &patience).await {
            Start::Accepted(accepted) => {
                tracing::info!(restore_point_id = %id, "Azure has begun to copy");
                self.begun = Some((id, source_point));
                if let Accepted::Answered(begun) = *accepted {
                    self.operation = Some(begun);
                }
            }
            Start::Refused(error) if !words::is_refusal(&error) => {
                self.diagnostics.push(words::not_begun(&id, &error));
            }
            Start::Refused(error) => {
                self.explain(due, may_delete, &id, &source, &error).await;
            }
            Start::Lost(error) => self.diagnostics.push(words::lost_answer(&id, &error)),
        }
    }

    /// What to ask of the encryption of a copy, which takes the ids of the source's disks.
    async fn encryption(
        &self,
        id: &RestorePointId,
        source: &RestorePointId,
        patience: &Patience,
    ) -> Result<CopyEncryption, Box<Diagnostic>> {
        let asked = &self.mirror.settings.encryption;
        if asked.is_nothing() {
            return Ok(CopyEncryption::default());
        }
        let found = restore_points::get(self.mirror.client, source, false, patience).await;
        let found = found.map_err(|error| words::not_begun(id, &error))?;
        asked.request(&found).map_err(|problem| {
            let warning = Severity::Warning;
            Box::new(encryption::unaskable(&problem, warning, id, source, asked))
        })
    }

    /// Follows the operation of the copy, which ends within seconds and says why it failed: no
    /// later look does.
    async fn follow(&mut self) {
        let Mirror {
            client,
            patience,
            settings,
            ..
        } = self.mirror;
        let (Some((id, _)), Some(begun)) = (&self.begun, self.operation.take()) else {
            return;
        };
        self.is_fresh = false;
        let patience = patience.with_limit(START_LIMIT);
        match operate(client, id, &patience, &begun, &mut self.diagnostics).await {
            Ok(_) => {}
            Err(error @ Error::OperationFailed(_)) => {
                let told = words::operation_failed(id, &error);
                self.diagnostics
                    .push(settings.encryption.at_fault(&error, told));
            }
            Err(error) => self.diagnostics.push(words::operation_unknown(id, &error)),
        }
    }

    /// Azure has refused to copy. Where a look shows that the copy is not due any more, somebody
    /// else was quicker, and all is well.
    async fn explain(
        &mut self,
        due: &DueCopy,
        may_delete: MayDelete<'_>,
        id: &RestorePointId,
        source: &RestorePointId,
        error: &Error,
    ) {
        let settings = &self.mirror.settings;
        if self.look_again().await.is_ok()
            && still_due(&self.look.snapshot, settings, may_delete, &due.name).is_none()
        {
            tracing::info!(restore_point_id = %id, "The copy is not due any more: {error}");
            return;
        }
        let told = words::refused(id, source, error);
        self.diagnostics
            .push(settings.encryption.at_fault(error, told));
    }

    /// Waits for the copy that is under way, whoever has begun it.
    async fn wait(&mut self) {
        let Mirror {
            client,
            patience,
            ids,
            ..
        } = self.mirror;
        let begun = self.begun.as_ref().map(|(id, _)| id.clone());
        let copying = self.look.snapshot.copying().into_iter().next();
        let running = copying.and_then(|copy| ids.target.restore_point(&copy.name).ok());
        let Some(id) = begun.or(running) else {
            return;
        };
        self.is_fresh = false;
        let end = wait_for_replication(client, &id, patience, Poll::of(client)).await;
        let (error, deadline) = match &end {
            ReplicationEnd::Replicated(_) | ReplicationEnd::Failed(_) => return,
            ReplicationEnd::Gone => {
                self.begun = None;
                self.diagnostics.push(words::gone(&id));
                return;
            }
            ReplicationEnd::DeadlinePassed { cause, .. } => (cause.as_ref(), true),
            ReplicationEnd::Stopped { .. } => (None, false),
            ReplicationEnd::LostContact { error, .. } => (Some(error), false),
        };
        let told = words::still_copying(&id, patience.elapsed(), error, deadline);
        self.diagnostics.push(told);
    }

    pub(super) async fn look_again(&mut self) -> Result<(), Error> {
        let Mirror {
            client,
            patience,
            ids,
            ..
        } = self.mirror;
        let known = self.look.known(&ids.target);
        self.look = look(client, patience, ids, &known).await?;
        self.is_fresh = true;
        Ok(())
    }

    /// The state after a last look, with what is to be told.
    async fn end(mut self, planned_state: &Value) -> Applied {
        let Mirror {
            client,
            patience,
            ids,
            settings,
            ..
        } = self.mirror;
        if !self.is_fresh {
            let known = self.look.known(&ids.target);
            let looked = match patience.check() {
                Ok(()) => self.look.again(client, patience, ids, &known).await,
                Err(interrupted) => {
                    let seen = &self.look;
                    let last_look =
                        |patience| async move { seen.again(client, &patience, ids, &known).await };
                    look_after_lost_answer(&interrupted.into(), last_look).await
                }
            };
            match looked {
                Ok(seen) => self.look = seen,
                // After a Stop it was told already what it has ended.
                Err(_) if patience.check() == Err(Interrupted::Stopped) => {}
                Err(error) => {
                    let told = words::cannot_look_again(&ids.target, &error);
                    self.diagnostics.push(told);
                }
            }
            if let Some((id, source)) = &self.begun {
                self.look.add(ids, id.name(), source);
                let told = encrypted_otherwise(id, settings, &self.look);
                self.diagnostics.extend(told);
            }
        }
        self.diagnostics
            .extend(failure(ids, settings, &self.look.snapshot));
        Applied {
            new_state: Some(self.state(planned_state)),
            diagnostics: self.diagnostics,
            ..Applied::default()
        }
    }

    /// What is planned, with what was seen last where the plan leaves it open.
    fn state(&self, planned_state: &Value) -> Value {
        let Mirror { ids, settings, .. } = self.mirror;
        let outputs = model::outputs(ids, settings, &self.look);
        fill(planned_state, &Value::object(outputs))
    }
}

/// What to tell of a copy that Azure encrypts otherwise than was asked for.
fn encrypted_otherwise(
    id: &RestorePointId,
    settings: &Settings,
    look: &Look,
) -> Option<Diagnostic> {
    let is_it = |copy: &&RestorePoint| {
        let name = copy.name.as_deref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(id.name()))
    };
    let copy = look.copies.iter().find(is_it)?;
    let asked = &settings.encryption;
    let differences = asked.differences(&computed(id, copy));
    (!differences.is_empty()).then(|| encryption::differs_in_mirror(id, asked, &differences))
}

/// What to tell of a mirror whose newest copy has failed.
pub(super) fn failure(ids: &Ids, settings: &Settings, snapshot: &Snapshot) -> Option<Diagnostic> {
    let newest = *snapshot.newest_first().first()?;
    if newest.state != CopyState::Failed {
        return None;
    }
    let names: Vec<&str> = snapshot
        .newest_first()
        .into_iter()
        .filter(|copy| copy.state == CopyState::Failed)
        .map(|copy| copy.name.as_str())
        .collect();
    let retries = decide(snapshot, settings, MayDelete::Anything)
        .copy
        .is_some();
    Some(words::failed(ids, &names, retries))
}

/// What to tell of a copy whose source has keys of the customer's, where nothing is asked.
pub(super) fn keys_left(
    ids: &Ids,
    settings: &Settings,
    snapshot: &Snapshot,
    due: &DueCopy,
) -> Option<Diagnostic> {
    let point = source_point(snapshot, &due.source)?;
    if !point.has_customer_key || !settings.encryption.is_nothing() {
        return None;
    }
    let source = ids.source.restore_point(&due.source).ok()?;
    Some(encryption::customer_keys_left(
        &source,
        &ids.target.to_string(),
    ))
}

fn source_point(snapshot: &Snapshot, name: &str) -> Option<SourcePoint> {
    let Source::Points(points) = &snapshot.source else {
        return None;
    };
    points.iter().find(|point| point.name == name).cloned()
}

/// Why the target can never be the mirror's, if it cannot.
fn refusal(ids: &Ids, collection: &RestorePointCollection) -> Option<Diagnostic> {
    match of_collection(collection, &ids.source)? {
        Rule::NotATarget(found) => Some(words::not_a_target(&ids.target, &found)),
        Rule::AnotherSource(found) => Some(words::another_source(ids, &found)),
        Rule::SameRegion(location) => Some(words::same_region(ids, &location)),
        // The others are of one copy, and decided with it.
        _ => None,
    }
}
