//! Too many requests (429), where Azure says when to come back.

use reqwest::Method;

use crate::arm::error::{ApiError, Error, time_of_day};

/// What Azure limits, as far as the request tells.
pub(super) fn reason(error: &ApiError) -> &'static str {
    let is_copy = error.method == Method::PUT && error.path.contains("/restorePoints/");
    if is_copy {
        "Azure is throttling requests: it takes at most 3 copies an hour into one restore point collection, and limits \
         the requests of a subscription and region."
    } else {
        "Azure is throttling requests: it limits those of a subscription and region."
    }
}

/// What to tell whoever watches, while a wait that Azure asks for passes.
pub fn next_try(error: &Error) -> Option<String> {
    let (at, wait) = (error.next_try()?, error.retry_after()?);
    match error {
        Error::Api(error) if error.status.as_u16() == 429 => Some(format!(
            "{} Next try at {}",
            reason(error),
            time_of_day(at, wait)
        )),
        _ => None,
    }
}
