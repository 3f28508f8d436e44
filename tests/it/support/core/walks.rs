//! The order in which core plans and applies, and what it concludes from each answer.

use azrestorepoint::plugin::value::Value;

use super::super::oracle;
use super::super::told::Told;
use super::calls::PlanCall;
use super::settle::{Change, Object, settle};
use super::{Action, Core, Phase, Plan};

impl Core {
    /// `terraform plan`: refreshes what there is and plans its change. None where that failed.
    pub(crate) async fn plan(
        &mut self,
        kind: &str,
        config: &Value,
        told: &mut Told,
    ) -> Option<Plan> {
        self.begin_walk(Phase::Plan, told).await;
        if self.state.contains_key(kind) && !self.refresh(kind, told).await {
            return None;
        }
        let prior = self.state.get(kind).cloned();
        if prior.is_none() && config.is_null() {
            return Some(Plan {
                action: Action::Nothing,
                value: Value::Null,
                private: Vec::new(),
                identity: Value::Null,
            });
        }
        let mut plan = self
            .plan_change(kind, prior.as_ref(), config, &[], Phase::Plan, told)
            .await?;
        let may_replace = matches!(plan.action, Action::Nothing | Action::Update);
        if self.habits.replaces && may_replace {
            plan.action = Action::Replace;
        }
        let is_tainted = prior.is_some_and(|object| object.is_tainted);
        if plan.action == Action::Replace && !is_tainted {
            // What comes instead is planned as if there were nothing, after the plan before.
            let nothing = Object {
                private: plan.private,
                ..Object::default()
            };
            let second = PlanCall {
                prior: &nothing,
                config,
                planned_private: &[],
                phase: Phase::Plan,
            };
            let answer = self.call_plan(kind, second, told).await?;
            plan.value = answer.value;
            plan.private = answer.private;
            plan.identity = answer.identity;
        }
        Some(plan)
    }

    /// `terraform apply PLAN`. The configuration may know by now what it did not know in the plan.
    pub(crate) async fn carry_out(
        &mut self,
        kind: &str,
        plan: &Plan,
        config: &Value,
        told: &mut Told,
    ) {
        if plan.action == Action::Nothing {
            return;
        }
        self.begin_walk(Phase::Apply, told).await;
        if self.state.contains_key(kind) && !self.upgrade_stored(kind, told).await {
            return;
        }
        match plan.action {
            Action::Nothing => {}
            Action::Create | Action::Update => self.change(kind, plan, config, told).await,
            Action::Delete => self.delete(kind, &plan.private, told).await,
            Action::Replace if self.habits.create_before_destroy => {
                self.create_before_destroy(kind, plan, config, told).await;
            }
            Action::Replace => {
                self.delete(kind, &plan.private, told).await;
                if !self.state.contains_key(kind) {
                    self.change(kind, plan, config, told).await;
                }
            }
        }
    }

    async fn create_before_destroy(
        &mut self,
        kind: &str,
        plan: &Plan,
        config: &Value,
        told: &mut Told,
    ) {
        let deposed = self.state.remove(kind).expect("an object to replace");
        self.change(kind, plan, config, told).await;
        match self.state.get(kind) {
            // Nothing came of it: the old one takes its place again.
            None => drop(self.state.insert(kind.to_owned(), deposed)),
            Some(object) if object.is_tainted => {
                self.deposed.insert(kind.to_owned(), deposed);
            }
            Some(_) => {
                let made = self.state.remove(kind);
                // It is planned only now, as a destroy of its own.
                let destroy = self
                    .plan_change(kind, Some(&deposed), &Value::Null, &[], Phase::Apply, told)
                    .await;
                self.state.insert(kind.to_owned(), deposed);
                if let Some(destroy) = destroy {
                    self.delete(kind, &destroy.private, told).await;
                }
                if let Some(left) = self.state.remove(kind) {
                    self.deposed.insert(kind.to_owned(), left);
                }
                self.state.extend(made.map(|made| (kind.to_owned(), made)));
            }
        }
    }

    /// Validates and plans once. `planned_private` is what a first plan left for this one.
    async fn plan_change(
        &mut self,
        kind: &str,
        prior: Option<&Object>,
        config: &Value,
        planned_private: &[u8],
        phase: Phase,
        told: &mut Told,
    ) -> Option<Plan> {
        if !config.is_null() && !self.validate(kind, config, phase, told).await {
            return None;
        }
        // A tainted object that is to stay is planned as if there were none.
        let is_tainted = prior.is_some_and(|object| object.is_tainted && !config.is_null());
        let nothing = Object::default();
        let visible = prior.filter(|_| !is_tainted).unwrap_or(&nothing);
        let call = PlanCall {
            prior: visible,
            config,
            planned_private,
            phase,
        };
        let answer = self.call_plan(kind, call, told).await?;
        let action = if config.is_null() {
            Action::Delete
        } else if is_tainted {
            Action::Replace
        } else if visible.value.is_null() {
            Action::Create
        } else if answer.replaces {
            Action::Replace
        } else if answer.value == visible.value {
            Action::Nothing
        } else {
            Action::Update
        };
        Some(Plan {
            action,
            value: answer.value,
            private: answer.private,
            identity: answer.identity,
        })
    }

    /// Creates or updates: plans again, as core does in the middle of an apply, and applies.
    async fn change(&mut self, kind: &str, first: &Plan, config: &Value, told: &mut Told) {
        let prior = self.state.get(kind).cloned();
        let private = if self.habits.stores_planned_private {
            first.private.clone()
        } else {
            Vec::new()
        };
        let second = self
            .plan_change(kind, prior.as_ref(), config, &private, Phase::Apply, told)
            .await;
        let Some(second) = second else {
            return;
        };
        let prior_value = prior.map(|object| object.value).unwrap_or_default();
        let shape = &self.schemas[kind].shape;
        let mut problems =
            oracle::final_plan_consistent(shape, &prior_value, &first.value, &second.value);
        let was_update = first.action == Action::Update;
        match second.action {
            Action::Nothing if was_update => return,
            Action::Update if was_update => {}
            Action::Create if !was_update => {}
            other => problems.push(format!("{:?} became {other:?}", first.action)),
        }
        if !self.accept("inconsistent final plan", problems, told) {
            return;
        }
        let planned = Object {
            value: second.value,
            private: second.private,
            identity: second.identity,
            is_tainted: false,
        };
        let kind_of_change = if was_update {
            Change::Update
        } else {
            Change::Create
        };
        self.call_and_settle(kind, kind_of_change, &planned, config, told)
            .await;
    }

    async fn delete(&mut self, kind: &str, planned_private: &[u8], told: &mut Told) {
        let planned = Object {
            private: planned_private.to_vec(),
            ..Object::default()
        };
        self.call_and_settle(kind, Change::Delete, &planned, &Value::Null, told)
            .await;
    }

    /// Applies, and saves what core saves.
    async fn call_and_settle(
        &mut self,
        kind: &str,
        change: Change,
        planned: &Object,
        config: &Value,
        told: &mut Told,
    ) {
        let prior = self.state.get(kind).cloned();
        let known = prior.as_ref().unwrap_or(planned).identity.clone();
        let answer = self
            .call_apply(kind, prior.as_ref(), planned, config, told)
            .await;
        let settled = settle(
            &self.schemas[kind].shape,
            change,
            prior,
            &planned.value,
            answer,
        );
        let mut problems = settled.problems;
        if let Some(object) = &settled.object {
            problems.extend(self.identity_problems(kind, &known, &object.value, &object.identity));
        }
        self.accept("wrong result", problems, told);
        match settled.object {
            Some(object) => drop(self.state.insert(kind.to_owned(), object)),
            None => drop(self.state.remove(kind)),
        }
    }
}
