//! A bare client, and the comparison of its answers with fixtures.

use std::time::Duration;

use azure_simulator::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, SUBSCRIPTION_ID, Simulator, SourceCollection,
    SourceRestorePoint, TENANT_ID,
};
use serde_json::{Value, json};

/// The version that the fixtures were written for.
pub(crate) const API_VERSION: &str = "2024-07-01";

/// Long enough for a slow machine; only a test that fails waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A client that knows nothing of restore points.
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: String,
    token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|(present, value)| (present == name).then_some(value.as_str()))
    }

    /// The code of ARM's error.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn assert(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn assert_refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        self
    }
}

/// An http client that trusts the simulator.
pub(crate) fn http(azure: &Simulator) -> reqwest::ClientBuilder {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = reqwest::Certificate::from_pem(azure.certificate_authority_pem().as_bytes());
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority.unwrap()])
}

/// The form that a client signs in with.
pub(crate) fn form() -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", CLIENT_ID.to_owned()),
        ("client_secret", CLIENT_SECRET.to_owned()),
        ("scope", format!("{AUDIENCE}/.default")),
    ]
}

/// The form as it goes over the wire.
pub(crate) fn encoded(form: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

pub(crate) fn token_url(azure: &Simulator) -> String {
    format!("{}/{TENANT_ID}/oauth2/v2.0/token", azure.endpoint())
}

impl Client {
    pub(crate) async fn signed_in(azure: &Simulator) -> Self {
        let http = http(azure).build().unwrap();
        Self::over(azure, http).await
    }

    pub(crate) async fn over(azure: &Simulator, http: reqwest::Client) -> Self {
        let request = http
            .post(token_url(azure))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(&form()));
        let answer = read(request).await.unwrap().assert(200);
        Self {
            http,
            endpoint: azure.endpoint(),
            token: answer.body["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Asks with the usual api-version, added to the query that the path may have.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.try_ask(method, path, body).await.unwrap()
    }

    pub(crate) async fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Reply> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let url = format!(
            "{}{path}{separator}api-version={API_VERSION}",
            self.endpoint
        );
        self.fetch(method, &url, body).await
    }

    /// Asks for a URL as it is.
    pub(crate) async fn fetch(
        &self,
        method: &str,
        url: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Reply> {
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.ask("DELETE", path, None).await
    }

    pub(crate) async fn url(&self, url: &str) -> Reply {
        self.fetch("GET", url, None).await.unwrap()
    }

    /// Asks for a copy of a restore point.
    pub(crate) async fn copy(&self, id: &str, source_id: &str) -> Reply {
        self.put(id, copy_body(source_id)).await
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let text = response.text().await?;
    Ok(Reply {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    })
}

pub(crate) fn copy_body(source_id: &str) -> Value {
    json!({ "properties": { "sourceRestorePoint": { "id": source_id } } })
}

/// The body of a copy that asks for the encryption of one disk.
pub(crate) fn encrypted_copy_body(source_id: &str, disk: &Value, encryption: &Value) -> Value {
    json!({ "properties": {
        "sourceRestorePoint": { "id": source_id },
        "sourceMetadata": { "storageProfile": { "osDisk": { "diskRestorePoint": {
            "sourceDiskRestorePoint": { "id": disk },
            "encryption": encryption,
        }}}},
    }})
}

pub(crate) fn collection_body(source_id: &str, location: &str) -> Value {
    json!({ "location": location, "properties": { "source": { "id": source_id } } })
}

/// The path of a collection.
pub(crate) fn collection(group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections/{name}"
    )
}

/// A simulator whose clock stands still, with a source of three points, Monday to Wednesday, in
/// `northeurope`, and an empty collection for copies of it in `westeurope`.
pub(crate) struct Scene {
    pub(crate) azure: Simulator,
    pub(crate) client: Client,
    pub(crate) source: String,
    pub(crate) target: String,
}

pub(crate) const OPERATION: Duration = Duration::from_secs(5);
pub(crate) const REPLICATION: Duration = Duration::from_secs(100);

impl Scene {
    pub(crate) async fn set() -> Self {
        Self::of(Simulator::builder()).await
    }

    pub(crate) async fn of(builder: azure_simulator::Builder) -> Self {
        let azure = builder
            .time_scale(0.0)
            .operation(OPERATION)
            .replication(REPLICATION)
            .start()
            .await
            .unwrap();
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-app", "app", "northeurope"));
        for (name, day) in [("monday", 4), ("tuesday", 5), ("wednesday", 6)] {
            let time_created = format!("2027-01-{day:0>2}T02:00:00.1234567+00:00");
            azure.seed_restore_point(&source, &SourceRestorePoint::new(name, &time_created));
        }
        let target = azure.seed_target_collection("rg-app-dr", "app-dr", "westeurope", &source);
        let client = Client::signed_in(&azure).await;
        Self {
            azure,
            client,
            source,
            target,
        }
    }

    pub(crate) fn source_point(&self, name: &str) -> String {
        format!("{}/restorePoints/{name}", self.source)
    }

    pub(crate) fn copy_point(&self, name: &str) -> String {
        format!("{}/restorePoints/{name}", self.target)
    }

    /// Asks for a copy under the source's name.
    pub(crate) async fn copy(&self, name: &str) -> Reply {
        self.client
            .copy(&self.copy_point(name), &self.source_point(name))
            .await
    }

    /// Lets everything end that has begun.
    pub(crate) fn finish(&self) {
        self.azure.advance(OPERATION + REPLICATION);
    }
}

/// Compares an answer with a fixture: the status, the headers that must and must not be there,
/// and the body, field by field. Ids, times, tokens and the endpoint stand as placeholders.
#[track_caller]
pub(crate) fn assert_shape(reply: &Reply, fixture: &str, azure: &Simulator) {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    let mut differences = Vec::new();
    let status = json!(reply.status);
    compare(&fixture["status"], &status, "status", &mut differences);
    for (name, value) in fixture["headers"].as_object().unwrap() {
        let present = reply
            .header(name)
            .map_or(Value::Null, |value| json!(placeholders(value, azure)));
        compare(value, &present, &format!("header {name}"), &mut differences);
    }
    for name in fixture["absentHeaders"].as_array().unwrap() {
        let present = reply.header(name.as_str().unwrap());
        compare(
            &Value::Null,
            &json!(present),
            &format!("header {name}"),
            &mut differences,
        );
    }
    if fixture["body"].is_null() {
        compare(&json!(""), &json!(reply.text), "body", &mut differences);
    } else {
        let body = with_placeholders(&reply.body, azure);
        compare(&fixture["body"], &body, "body", &mut differences);
    }
    assert!(
        differences.is_empty(),
        "{}\n{}",
        differences.join("\n"),
        reply.text
    );
}

fn compare(expected: &Value, actual: &Value, path: &str, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            for (name, value) in expected {
                let found = actual.get(name).unwrap_or(&Value::Null);
                compare(value, found, &format!("{path}.{name}"), differences);
            }
            for name in actual.keys().filter(|name| !expected.contains_key(*name)) {
                differences.push(format!("{path}.{name} should not be there"));
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                compare(expected, actual, &format!("{path}[{index}]"), differences);
            }
        }
        _ if expected == actual => {}
        _ => differences.push(format!("{path} should be {expected} and is {actual}")),
    }
}

fn with_placeholders(value: &Value, azure: &Simulator) -> Value {
    match value {
        Value::String(text) => json!(placeholders(text, azure)),
        Value::Array(values) => values
            .iter()
            .map(|value| with_placeholders(value, azure))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), with_placeholders(value, azure)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// Replaces what differs from run to run. In a pattern `0` stands for a hexadecimal digit, and
/// every other character for itself, but for the sign of an offset.
fn placeholders(text: &str, azure: &Simulator) -> String {
    const PATTERNS: [(&str, &str); 4] = [
        ("00000000-0000-0000-0000-000000000000", "<guid>"),
        ("0000-00-00T00:00:00.0000000+00:00", "<time>"),
        ("00000000T000000Z", "<second>"),
        (
            "0000000000000000000000000000000000000000000000000000000000000000",
            "<token>",
        ),
    ];
    let mut rest = text.replace(&azure.endpoint(), "<endpoint>");
    let mut replaced = String::new();
    while let Some(first) = rest.chars().next() {
        let found = PATTERNS.iter().find(|(pattern, _)| matches(pattern, &rest));
        let taken = match found {
            Some((pattern, placeholder)) => {
                replaced.push_str(placeholder);
                pattern.len()
            }
            None => {
                replaced.push(first);
                first.len_utf8()
            }
        };
        rest.drain(..taken);
    }
    replaced
}

fn matches(pattern: &str, text: &str) -> bool {
    text.len() >= pattern.len()
        && pattern
            .chars()
            .zip(text.chars())
            .all(|(wanted, found)| found == wanted || (wanted == '0' && found.is_ascii_hexdigit()))
}

/// The disk restore points of a restore point, as the disk resource provider answers them.
pub(crate) async fn read_disks(scene: &Scene, restore_point_id: &str) -> Vec<Value> {
    let url = format!(
        "{}{restore_point_id}/diskRestorePoints?api-version=2024-03-02",
        scene.azure.endpoint()
    );
    let list = scene.client.url(&url).await.assert(200);
    list.body["value"].as_array().unwrap().clone()
}
