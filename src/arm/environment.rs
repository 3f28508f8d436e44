//! Reads the `ARM_*` environment variables that Azure's other tools read, too.

/// Answers what an environment variable holds; `None` if it is not set.
///
/// Settings take a closure instead of reading the process environment, so that a test can bring
/// its own.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A variable that should hold true or false and holds something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} holds \"{value}\", which is neither true nor false")]
pub struct NotABool {
    /// The variable's name.
    pub variable: &'static str,
    /// What it holds.
    pub value: String,
}

/// Looks a variable up in the environment of this process; one that is not Unicode is not set.
pub fn of_process(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// The first of `variables` that is set. An empty one counts as not set: pipelines hand on
/// variables that nobody filled.
pub fn text(lookup: Lookup<'_>, variables: &[&str]) -> Option<String> {
    variables
        .iter()
        .filter_map(|variable| lookup(variable))
        .find(|value| !value.trim().is_empty())
}

/// A variable that holds true, false, 1 or 0, in any case.
///
/// # Errors
/// [`NotABool`] for any other text.
pub fn flag(lookup: Lookup<'_>, variable: &'static str) -> Result<Option<bool>, NotABool> {
    let Some(value) = text(lookup, &[variable]) else {
        return Ok(None);
    };
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Some(true)),
        "false" | "0" => Ok(Some(false)),
        _ => Err(NotABool { variable, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(variable: &str) -> Option<String> {
        let value = match variable {
            "SET" => "value",
            "EMPTY" => "",
            "BLANK" => " ",
            "YES" => "True",
            "NO" => "0",
            "ODD" => "maybe",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_first_filled_variable_wins() {
        #[track_caller]
        fn check(variables: &[&str], expected: Option<&str>) {
            assert_eq!(text(&lookup, variables).as_deref(), expected);
        }
        check(&["SET"], Some("value"));
        check(&["EMPTY", "SET"], Some("value"));
        check(&["YES", "SET"], Some("True"));
        check(&["BLANK", "UNSET"], None);
        check(&[], None);
    }

    #[test]
    fn flags_have_four_spellings() {
        #[track_caller]
        fn check(variable: &'static str, expected: Result<Option<bool>, &str>) {
            let found = flag(&lookup, variable).map_err(|error| error.value);
            assert_eq!(found, expected.map_err(str::to_owned));
        }
        check("YES", Ok(Some(true)));
        check("NO", Ok(Some(false)));
        check("EMPTY", Ok(None));
        check("UNSET", Ok(None));
        check("ODD", Err("maybe"));
    }
}
