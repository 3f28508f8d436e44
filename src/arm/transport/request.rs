//! One request to Azure Resource Manager, and its successful answer.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::arm::budget::Lane;
use crate::arm::error::{Error, RequestIds, UnreadableAnswer, quoted, without_byte_order_mark};

/// What a request needs of a successful answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Its JSON: an answer without is asked for again.
    Json,
    /// Its status and headers: what the body says can be asked for elsewhere.
    HeadersOnly,
    /// Its JSON, which may hold a secret: no error quotes it.
    Secret,
}

/// A request that can be sent more than once.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Value>,
    pub(crate) expected: Expected,
    /// What it is charged to.
    pub(crate) lane: Lane,
    /// Whether the caller has paid for the first attempt.
    pub(crate) is_paid: bool,
}

/// A successful answer (2xx).
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body may hold a secret, so that nothing quotes it.
    pub(crate) is_secret: bool,
    pub(crate) ids: RequestIds,
    pub(crate) retry_after: Option<Duration>,
}

impl Request {
    pub(crate) fn get(url: Url) -> Self {
        Self::new(Method::GET, url, None, Expected::Json)
    }

    /// A GET of a wait that has queued for it.
    pub(crate) fn look(url: Url) -> Self {
        Self {
            lane: Lane::Look,
            is_paid: true,
            ..Self::get(url)
        }
    }

    /// A GET of an operation; the answer of one that has finished may have no body.
    pub(crate) fn operation(url: Url, expected: Expected) -> Self {
        Self {
            lane: Lane::Operation,
            ..Self::new(Method::GET, url, None, expected)
        }
    }

    /// A PUT: once it has succeeded, what Azure made of it can be looked up.
    pub(crate) fn put(url: Url, body: Value) -> Self {
        Self::new(Method::PUT, url, Some(body), Expected::HeadersOnly)
    }

    pub(crate) fn patch(url: Url, body: Value) -> Self {
        Self::new(Method::PATCH, url, Some(body), Expected::Json)
    }

    pub(crate) fn delete(url: Url) -> Self {
        Self::new(Method::DELETE, url, None, Expected::HeadersOnly)
    }

    /// A POST of one of a resource's actions.
    pub(crate) fn post(url: Url, body: Option<Value>, expected: Expected) -> Self {
        Self::new(Method::POST, url, body, expected)
    }

    fn new(method: Method, url: Url, body: Option<Value>, expected: Expected) -> Self {
        let lane = match method {
            Method::GET => Lane::Question,
            _ => Lane::Change,
        };
        Self {
            method,
            url,
            body,
            expected,
            lane,
            is_paid: false,
        }
    }

    /// The parts of the query that may stand in a log; operation URLs carry others.
    pub(crate) fn loggable_query(&self) -> String {
        let pairs = self.url.query_pairs();
        let shown: Vec<String> = pairs
            .filter(|(name, _)| matches!(name.as_ref(), "api-version" | "$expand"))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        shown.join("&")
    }
}

impl Answer {
    /// Reads the body.
    ///
    /// # Errors
    /// [`Error::UnreadableAnswer`] says where the JSON is not what it should be.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = without_byte_order_mark(&self.body);
        serde_json::from_slice(body).map_err(|error| {
            let problem = match quoted(&self.body).as_str() {
                "" => "it is empty".to_owned(),
                _ if self.is_secret => "it is not the JSON that was expected".to_owned(),
                text => format!("{error}, in {text}"),
            };
            self.unreadable(problem, false)
        })
    }

    pub(crate) fn unreadable(&self, problem: String, too_large: bool) -> Error {
        Error::UnreadableAnswer(Box::new(UnreadableAnswer {
            method: self.method.clone(),
            path: self.path.clone(),
            status: self.status,
            problem,
            too_large,
            ids: self.ids.clone(),
        }))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold a secret.
        f.debug_struct("Answer")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_show_only_harmless_parts_of_a_query() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            let request = Request::get(Url::parse(url).unwrap());
            assert_eq!(request.loggable_query(), expected);
        }
        check(
            "https://a.example/x?p=secret&api-version=1",
            "api-version=1",
        );
        check(
            "https://a.example/x?api-version=1&$expand=instanceView",
            "api-version=1&$expand=instanceView",
        );
        check("https://a.example/x", "");
    }

    #[test]
    fn unreadable_json_is_quoted() {
        #[track_caller]
        fn check(body: &str, expected: Result<i32, &str>) {
            let answer = Answer {
                method: Method::GET,
                path: "/x".to_owned(),
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: body.as_bytes().to_vec(),
                is_secret: false,
                ids: RequestIds::default(),
                retry_after: None,
            };
            match (answer.json::<i32>(), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => {
                    assert!(found.to_string().contains(expected), "{found}");
                }
                (found, expected) => panic!("{found:?} is not {expected:?}"),
            }
        }
        check("1", Ok(1));
        check("\u{feff}1", Ok(1));
        check("", Err("cannot be read: it is empty"));
        check("<html>", Err("in \"<html>\""));
    }

    #[test]
    fn what_may_be_secret_is_not_quoted() {
        for body in [r#"{"accessSAS":"https://s/?sig=s3cret"#, r#""s3cret""#] {
            let answer = Answer {
                method: Method::GET,
                path: "/x".to_owned(),
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: body.as_bytes().to_vec(),
                is_secret: true,
                ids: RequestIds::default(),
                retry_after: None,
            };
            let error = answer.json::<i32>().unwrap_err().to_string();
            assert!(error.ends_with("it is not the JSON that was expected"));
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
