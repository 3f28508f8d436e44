//! Which arguments are there, in configurations of which not everything may be known.

use crate::plugin::value::Value;

/// Whether the configuration gives the argument a value that is known.
pub(super) fn is_given(config: &Value, argument: &str) -> bool {
    let value = config.get(argument);
    !value.is_null() && !value.is_unknown()
}

/// Whether the configuration leaves the argument out. What is not known may turn out as null.
pub(super) fn is_absent(config: &Value, argument: &str) -> bool {
    config.get(argument).is_null()
}
