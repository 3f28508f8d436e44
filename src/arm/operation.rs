//! Long-running operations: what ARM accepted, and how it ended.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

use crate::arm::cloud::Cloud;
use crate::arm::error::{Error, OperationFailure};
use crate::arm::patience::{self, Patience};
use crate::arm::transport::{Answer, Client, Expected, Request, without_signatures};

/// The first pause between two looks at an operation: what has nothing to do is done by then.
/// Azure sends no Retry-After.
const POLL_INTERVAL_FIRST: Duration = Duration::from_secs(1);

/// The pause after it. A recorded copy was accepted in 5.4 s to 5.8 s, and one deleted in 5.1 s:
/// two looks are enough for both.
const POLL_INTERVAL_SECOND: Duration = Duration::from_secs(5);

/// The longest pause of our own between two looks at an operation.
const POLL_INTERVAL_MAX: Duration = Duration::from_secs(10);

/// The header that leads to an operation, or to its result.
const LOCATION: &str = "location";

/// The longest operation URL that is followed. ARM's rules ask for 4 KiB; some are longer.
const URL_BYTES_MAX: usize = 16 * 1024;

/// What polling an operation of Microsoft.Compute needs; hand-made roles often lack it.
const OPERATIONS_READ: &str = "Microsoft.Compute/locations/operations/read";

/// The same for operations on disks, which have URLs of their own.
const DISK_OPERATIONS_READ: &str = "Microsoft.Compute/locations/diskOperations/read";

/// A request that ARM accepted and may still be working on.
#[derive(Clone, Debug)]
pub struct Operation {
    monitor: Monitor,
    /// Where the result may be, beside the status.
    result: Option<Url>,
    retry_after: Option<Duration>,
}

/// How an operation is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Monitor {
    /// `Azure-AsyncOperation`: the answer's body has a status.
    Status(Url),
    /// `Location`: the answer's HTTP status says it.
    Location(Url),
    /// Neither, or one that leads to another host.
    Nothing,
}

/// How following an operation ended, if it did not fail.
#[derive(Clone, Debug)]
pub enum OperationEnd {
    /// Azure says that it succeeded.
    Succeeded,
    /// The operation cannot be followed; the resource itself shows how it ended.
    AskResource(CannotFollow),
}

/// Why an operation cannot be followed to its end.
#[derive(Clone, Debug)]
pub enum CannotFollow {
    /// Azure gave no URL to follow it by, or one that leads to another host.
    NoStatusMonitor,
    /// Azure does not let us look at operations.
    Denied {
        /// The permission that is probably missing.
        permission: &'static str,
        /// Azure's answer.
        error: Error,
    },
    /// Azure does not know the operation (any more), or says nothing about its status.
    Unknown,
}

/// What one look at an operation shows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Running,
    Succeeded,
    /// In Azure's spelling.
    Failed(String),
    Unclear,
}

impl Operation {
    /// Reads the operation off the answer that began it.
    pub(crate) fn from_answer(answer: &Answer, cloud: &Cloud) -> Self {
        let monitor = monitor(&answer.headers, cloud);
        let result = url_in(&answer.headers, cloud, LOCATION);
        Self {
            result: result.filter(|_| matches!(monitor, Monitor::Status(_))),
            monitor,
            retry_after: answer.retry_after,
        }
    }

    /// Follows the operation to its end.
    ///
    /// For a copied restore point that is not the end of the matter: Azure reports `Succeeded`
    /// once copying has begun. See [`crate::arm::compute::replication`].
    ///
    /// # Errors
    /// [`Error::OperationFailed`] with Azure's code and message if it failed or was canceled, and
    /// any other [`Error`] if nothing could be learnt until Stop or the deadline.
    pub async fn wait(&self, client: &Client, patience: &Patience) -> Result<OperationEnd, Error> {
        let expected = match &self.monitor {
            Monitor::Status(_) => Expected::Json,
            Monitor::Location(_) | Monitor::Nothing => Expected::HeadersOnly,
        };
        match self.follow(client, expected, patience).await? {
            Ok(_) => Ok(OperationEnd::Succeeded),
            Err(why) => Ok(OperationEnd::AskResource(why)),
        }
    }

    /// Follows the operation to its end, and reads its result where `read` finds it: in the last
    /// status, or in what `Location` answers. The result may be secret, so no error quotes it.
    /// Comes back with the reason if it cannot be had.
    ///
    /// # Errors
    /// As [`Operation::wait`].
    pub(crate) async fn wait_for_secret<T>(
        &self,
        client: &Client,
        patience: &Patience,
        read: impl Fn(&Answer) -> Option<T>,
    ) -> Result<Result<T, CannotFollow>, Error> {
        let followed = self.follow(client, Expected::Secret, patience).await?;
        let why = match followed.map(|answer| read(&answer)) {
            Ok(Some(result)) => return Ok(Ok(result)),
            Ok(None) => CannotFollow::Unknown,
            Err(why) => why,
        };
        let Some(url) = self.result.clone() else {
            return Ok(Err(why));
        };
        let elsewhere = Self {
            monitor: Monitor::Location(url),
            result: None,
            retry_after: None,
        };
        let followed = elsewhere.follow(client, Expected::Secret, patience).await?;
        let result = followed.ok().and_then(|answer| read(&answer));
        Ok(result.ok_or(why))
    }

    /// Looks at the operation until it has ended. The last answer comes back, or why there is none.
    async fn follow(
        &self,
        client: &Client,
        expected: Expected,
        patience: &Patience,
    ) -> Result<Result<Answer, CannotFollow>, Error> {
        let (url, read): (_, fn(&Answer) -> Status) = match &self.monitor {
            Monitor::Status(url) => (url, status_of_body),
            Monitor::Location(url) => (url, status_of_location),
            Monitor::Nothing => return Ok(Err(CannotFollow::NoStatusMonitor)),
        };
        let request = Request::operation(url.clone(), expected);
        let mut interval = POLL_INTERVAL_FIRST;
        let mut asked = self.retry_after;
        loop {
            patience
                .pause_between_looks(patience::scaled(interval), asked)
                .await?;
            interval = next_interval(interval);
            let answer = match client.send(&request, patience).await {
                Ok(answer) => answer,
                Err(failure) => return cannot_follow(url, failure.error).map(Err),
            };
            asked = answer.retry_after;
            match read(&answer) {
                Status::Running => {}
                Status::Succeeded => return Ok(Ok(answer)),
                Status::Unclear => return Ok(Err(CannotFollow::Unknown)),
                Status::Failed(status) => {
                    let body = without_signatures(&answer.body);
                    let body = serde_json::from_slice(&body).unwrap_or_default();
                    let failure = OperationFailure::from_status(&status, &body, answer.ids);
                    return Err(Error::OperationFailed(Box::new(failure)));
                }
            }
        }
    }
}

/// Chooses how to follow an operation. ARM's rules prefer `Azure-AsyncOperation`; a copy is
/// answered with that header alone, a deletion with both.
fn monitor(headers: &HeaderMap, cloud: &Cloud) -> Monitor {
    url_in(headers, cloud, "azure-asyncoperation")
        .map(Monitor::Status)
        .or_else(|| url_in(headers, cloud, LOCATION).map(Monitor::Location))
        .unwrap_or(Monitor::Nothing)
}

fn url_in(headers: &HeaderMap, cloud: &Cloud, name: &str) -> Option<Url> {
    // Something in between may have added a second one; the first that can be followed counts.
    headers.get_all(name).iter().find_map(|value| {
        let text = value.to_str().ok()?;
        let url = cloud.resource_manager_endpoint.join(text).ok()?;
        (text.len() <= URL_BYTES_MAX && cloud.is_resource_manager(&url)).then_some(url)
    })
}

/// Sorts a failed look: some only mean that the resource has to be asked instead.
fn cannot_follow(url: &Url, error: Error) -> Result<CannotFollow, Error> {
    let is_of_disks = url.path().to_ascii_lowercase().contains("/diskoperations/");
    match error.status() {
        Some(401 | 403) => Ok(CannotFollow::Denied {
            permission: if is_of_disks {
                DISK_OPERATIONS_READ
            } else {
                OPERATIONS_READ
            },
            error,
        }),
        // How long ARM remembers an operation is not documented.
        Some(404 | 410 | 300..=399) => Ok(CannotFollow::Unknown),
        _ => Err(error),
    }
}

/// Everything that is not an end is still running: ARM's rules name only these three ends.
/// Both spellings of the last one are in use.
fn status_of_body(answer: &Answer) -> Status {
    let body: Value = match answer.json() {
        Ok(body) => body,
        Err(_) if answer.status.as_u16() == 202 => return Status::Running,
        Err(_) => return Status::Unclear,
    };
    let Some(status) = body["status"].as_str() else {
        return Status::Unclear;
    };
    match status.to_ascii_lowercase().as_str() {
        "succeeded" => Status::Succeeded,
        "failed" | "canceled" | "cancelled" => Status::Failed(status.to_owned()),
        _ => Status::Running,
    }
}

fn status_of_location(answer: &Answer) -> Status {
    match answer.status.as_u16() {
        202 => Status::Running,
        _ => Status::Succeeded,
    }
}

fn next_interval(interval: Duration) -> Duration {
    interval
        .mul_f64(1.5)
        .clamp(POLL_INTERVAL_SECOND, POLL_INTERVAL_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::{ApiError, RequestIds};
    use reqwest::header::{HeaderName, HeaderValue};
    use reqwest::{Method, StatusCode};

    fn cloud() -> Cloud {
        Cloud {
            resource_manager_endpoint: Url::parse("https://arm.example").unwrap(),
            resource_manager_audience: "https://arm.example".to_owned(),
            active_directory_authority_host: Url::parse("https://login.example").unwrap(),
        }
    }

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            method: Method::GET,
            path: "/operations/o".to_owned(),
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            is_secret: false,
            ids: RequestIds::default(),
            retry_after: None,
        }
    }

    #[test]
    fn either_header_both_or_none() {
        #[track_caller]
        fn check(headers: &[(&'static str, &str)], expected: &str) {
            let headers = headers
                .iter()
                .map(|(name, value)| {
                    let value = HeaderValue::from_str(value).unwrap();
                    (HeaderName::from_static(name), value)
                })
                .collect();
            let found = match monitor(&headers, &cloud()) {
                Monitor::Status(url) => format!("status {url}"),
                Monitor::Location(url) => format!("location {url}"),
                Monitor::Nothing => "nothing".to_owned(),
            };
            assert_eq!(found, expected);
        }
        let url = "https://arm.example/operations/o?p=x%2F|y&monitor=true&api-version=1";
        check(&[("azure-asyncoperation", url)], &format!("status {url}"));
        check(&[("location", url)], &format!("location {url}"));
        check(
            &[
                ("location", "https://arm.example/l"),
                ("azure-asyncoperation", url),
            ],
            &format!("status {url}"),
        );
        check(&[], "nothing");
        check(
            &[("azure-asyncoperation", "https://evil.example/o")],
            "nothing",
        );
        check(
            &[("azure-asyncoperation", "http://arm.example/o")],
            "nothing",
        );
        check(
            &[
                ("azure-asyncoperation", "https://evil.example/o"),
                ("location", url),
            ],
            &format!("location {url}"),
        );
        check(
            &[("location", "/o?a=b")],
            "location https://arm.example/o?a=b",
        );
        let long = format!("https://arm.example/o?p={}", "x".repeat(5000));
        check(
            &[("azure-asyncoperation", &long)],
            &format!("status {long}"),
        );
        let endless = format!("https://arm.example/o?p={}", "x".repeat(URL_BYTES_MAX));
        check(&[("azure-asyncoperation", &endless)], "nothing");
    }

    #[test]
    fn only_the_three_ends_are_ends() {
        #[track_caller]
        fn check(status: u16, body: &str, expected: Status) {
            assert_eq!(status_of_body(&answer(status, body)), expected, "{body}");
        }
        check(200, r#"{"status":"InProgress"}"#, Status::Running);
        check(200, r#"{"status":"Updating"}"#, Status::Running);
        check(200, r#"{"status":"succeeded"}"#, Status::Succeeded);
        check(
            200,
            r#"{"status":"Failed"}"#,
            Status::Failed("Failed".to_owned()),
        );
        check(
            200,
            r#"{"status":"Canceled"}"#,
            Status::Failed("Canceled".to_owned()),
        );
        check(
            200,
            r#"{"status":"cancelled"}"#,
            Status::Failed("cancelled".to_owned()),
        );
        check(200, r#"{"name":"o"}"#, Status::Unclear);
        check(202, "", Status::Running);
        check(204, "", Status::Unclear);
    }

    #[test]
    fn a_location_answers_with_its_http_status() {
        #[track_caller]
        fn check(status: u16, expected: Status) {
            assert_eq!(
                status_of_location(&answer(status, "")),
                expected,
                "{status}"
            );
        }
        check(202, Status::Running);
        check(200, Status::Succeeded);
        check(201, Status::Succeeded);
        check(204, Status::Succeeded);
    }

    #[test]
    fn a_denied_look_names_the_missing_permission() {
        #[track_caller]
        fn check(status: u16, expected: &str) {
            check_at("operations", status, expected);
        }
        #[track_caller]
        fn check_at(kind: &str, status: u16, expected: &str) {
            let status = StatusCode::from_u16(status).unwrap();
            let error = ApiError::from_body(Method::GET, "/o", status, b"");
            let url = Url::parse(&format!("https://arm.example/{kind}/o")).unwrap();
            let found = match cannot_follow(&url, Error::Api(Box::new(error))) {
                Ok(CannotFollow::Denied { permission, .. }) => permission,
                Ok(CannotFollow::Unknown) => "unknown",
                Ok(CannotFollow::NoStatusMonitor) => "none",
                Err(_) => "error",
            };
            assert_eq!(found, expected, "{status}");
        }
        check(401, OPERATIONS_READ);
        check(403, OPERATIONS_READ);
        check_at("DiskOperations", 403, DISK_OPERATIONS_READ);
        check(404, "unknown");
        check(410, "unknown");
        check(307, "unknown");
        check(400, "error");
        check(503, "error");
    }

    #[test]
    fn looks_become_rarer() {
        let mut interval = POLL_INTERVAL_FIRST;
        let recorded = Duration::from_millis(5800);
        let second_look = interval + next_interval(interval);
        assert!(second_look > recorded && second_look < recorded + Duration::from_secs(1));
        for _ in 0..20 {
            let next = next_interval(interval);
            assert!(next >= interval);
            interval = next;
        }
        assert_eq!(interval, POLL_INTERVAL_MAX);
    }

    #[test]
    fn of_a_header_that_is_there_twice_the_first_that_can_be_followed_counts() {
        let cloud = Cloud {
            resource_manager_endpoint: Url::parse("https://arm.example").unwrap(),
            resource_manager_audience: "https://arm.example".to_owned(),
            active_directory_authority_host: Url::parse("https://login.example").unwrap(),
        };
        let mut headers = HeaderMap::new();
        for value in [
            "https://elsewhere.example/1",
            "https://arm.example/2",
            "https://arm.example/3",
        ] {
            headers.append("azure-asyncoperation", value.parse().unwrap());
        }
        let expected = Url::parse("https://arm.example/2").unwrap();
        assert_eq!(monitor(&headers, &cloud), Monitor::Status(expected));
    }
}
