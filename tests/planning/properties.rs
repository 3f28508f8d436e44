//! What holds of every plan.

use azrestorepoint::plugin::generate;
use azrestorepoint::plugin::plan::{PlannedChange, keep_spelling, without_write_only};
use azrestorepoint::plugin::value::{Path, Step, Value};

use crate::lives::{Case, has_the_same_sets};
use crate::objects::{self, Purpose};
use crate::oracle::{assert_object_compatible, assert_plan_valid, final_plan_consistent};
use crate::schemas::has_ambiguous_sets;
use crate::tape::check;

fn none(case: &Case, planned: &Value, problems: &[String]) -> Result<(), String> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(case.broken(planned, &problems))
    }
}

#[test]
fn every_plan_is_one_that_terraform_accepts() {
    check(3000, |tape| {
        let case = Case::new(tape);
        let change = case.plan();
        let planned = &change.planned_state;
        let problems = assert_plan_valid(&case.shape, &case.prior, &case.config, planned);
        none(&case, planned, &problems)?;
        if case.plan() != change {
            return Err(case.broken(planned, &"another plan the second time"));
        }
        let destroyed = case.plan_from(&case.prior, &Value::Null);
        if destroyed != PlannedChange::default() {
            return Err(case.broken(&destroyed.planned_state, &"a destroy plans something"));
        }
        Ok(())
    });
}

#[test]
fn only_known_changes_require_replacement() {
    check(2000, |tape| {
        let case = Case::new(tape);
        let change = case.plan();
        let planned = &change.planned_state;
        if case.prior.is_null() && !change.requires_replace.is_empty() {
            return Err(case.broken(planned, &"a create requires replacement"));
        }
        for path in &change.requires_replace {
            let (before, after) = (follow(&case.prior, path), follow(planned, path));
            if before.is_none() && after.is_none() {
                return Err(case.broken(planned, &(path, "leads nowhere")));
            }
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            if after.is_unknown() || before == after {
                return Err(case.broken(planned, &(path, "does not change for certain")));
            }
        }
        Ok(())
    });
}

/// The value at a path; none where the path leads nowhere.
fn follow(value: &Value, path: &Path) -> Option<Value> {
    path.steps().iter().try_fold(value.clone(), |value, step| {
        match (step, value) {
            (Step::Attribute(name), Value::Object(mut entries)) => entries.remove(name),
            (Step::Key(key), Value::Map(mut entries)) => entries.remove(key),
            (Step::Index(index), Value::List(elements)) => {
                elements.get(usize::try_from(*index).ok()?).cloned()
            }
            // Terraform goes into what is absent, and finds null.
            (_, Value::Null) => Some(Value::Null),
            _ => None,
        }
    })
}

#[test]
fn what_was_applied_is_compatible_and_plans_no_change() {
    check(3000, |tape| {
        let mut case = Case::new(tape);
        if has_ambiguous_sets(&case.block) {
            return Ok(());
        }
        case.config = case.known_config(tape);
        // A create, and an update of what it has made.
        case.prior = Value::Null;
        for _ in 0..2 {
            let planned = case.plan().planned_state;
            let state = case.applied(tape, &planned);
            for state in [&state, &planned.clone().without_unknowns()] {
                let problems = assert_object_compatible(&case.shape, &planned, state);
                none(&case, &planned, &problems)?;
            }
            if has_the_same_sets(&case.config, &state) && has_the_same_sets(&planned, &state) {
                let again = case.plan_from(&state, &case.config);
                if again.planned_state != state || !again.requires_replace.is_empty() {
                    case.prior = state;
                    return Err(case.broken(&again.planned_state, &"changes again"));
                }
            }
            case.config = objects::object(tape, &case.block, &state, Purpose::KnownConfig);
            case.prior = state;
        }
        Ok(())
    });
}

#[test]
fn the_plan_repeated_in_the_apply_is_consistent() {
    check(3000, |tape| {
        let case = Case::new(tape);
        if has_ambiguous_sets(&case.block) {
            return Ok(());
        }
        let first = case.plan().planned_state;
        let config = case.known_config(tape);
        let second = case.plan_from(&case.prior, &config).planned_state;
        let problems = final_plan_consistent(&case.shape, &case.prior, &first, &second);
        none(&case, &first, &problems).map_err(|text| {
            format!("{text}\nconfig in the apply: {config:?}\nplanned in the apply: {second:?}")
        })
    });
}

#[test]
fn another_spelling_changes_nothing() {
    check(2500, |tape| {
        let mut case = Case::new(tape);
        if has_ambiguous_sets(&case.block) {
            return Ok(());
        }
        case.config = case.known_config(tape);
        let planned = case.plan().planned_state;
        let state = case.applied(tape, &planned);

        // The provider answers in a spelling of its own.
        let answer = objects::respelt(&case.block, &state);
        if has_the_same_sets(&answer, &state) {
            let kept = keep_spelling(&case.block, &planned, answer.clone());
            let problems = assert_object_compatible(&case.shape, &planned, &kept);
            none(&case, &planned, &problems)?;
            let read = keep_spelling(&case.block, &state, answer);
            if read != state {
                return Err(case.broken(&read, &("read in another spelling than", state)));
            }
        }
        // The user writes it in another spelling.
        let config = objects::respelt(&case.block, &case.config);
        let is_whole = has_the_same_sets(&config, &case.config)
            && has_the_same_sets(&case.config, &state)
            && has_the_same_sets(&planned, &state);
        if is_whole {
            let again = case.plan_from(&state, &config);
            if again.planned_state != state || !again.requires_replace.is_empty() {
                case.prior = state;
                case.config = config;
                return Err(case.broken(&again.planned_state, &"changes by its spelling"));
            }
        }
        Ok(())
    });
}

#[test]
fn generated_configuration_plans_no_change() {
    check(2000, |tape| {
        let mut case = Case::new(tape);
        case.config = case.known_config(tape);
        case.prior = Value::Null;
        let planned = case.plan().planned_state;
        let state = case.applied(tape, &planned);
        let generated = generate::config(&case.block, &state);
        if !has_the_same_sets(&generated, &state) {
            return Ok(());
        }
        let again = case.plan_from(&state, &generated);
        if again.planned_state != state {
            case.prior = state;
            case.config = generated;
            return Err(case.broken(&again.planned_state, &"generated, but changes"));
        }
        Ok(())
    });
}

#[test]
fn nothing_write_only_is_left_in_a_state() {
    check(1000, |tape| {
        let mut case = Case::new(tape);
        case.config = case.known_config(tape);
        let state = without_write_only(&case.block, case.config.clone());
        let problems = assert_object_compatible(&case.shape, &state, &state);
        none(&case, &state, &problems)
    });
}
