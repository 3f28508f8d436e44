//! The Azure of one cell: what is there, what goes wrong, and what is seen of it.

use std::time::Duration;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{
    Fault as Answer, Replication, Request, Simulator, SourceCollection, SourceRestorePoint,
};
use serde_json::{Value as Json, json};
use tokio::sync::OnceCell;

use super::table::{Course, Deed, Event, Fault, Phase, Subject};
use crate::support::world::REQUEST_LIMIT;

/// How much faster than in earnest the provider waits.
const TIME_SCALE: &str = "300";

/// An operation that ends only when a test lets time pass.
const OPERATION: Duration = Duration::from_secs(3600);

/// What Azure asks for before the next question, to keep a command between two of them that
/// goes on afterwards.
const SHORT_PAUSE: &str = "1";

/// The same for a command that is ended there.
const LONG_PAUSE: &str = "25";

const SOURCE_POINT: &str = "monday";

/// One cell of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) subject: Subject,
    pub(super) fault: Fault,
    pub(super) phase: Phase,
}

/// The Azure of one cell.
pub(super) struct Stage {
    pub(super) azure: Simulator,
    pub(super) cell: Cell,
    source: String,
    target: String,
    /// How long the command may take that the fault strikes.
    timeout: Duration,
}

impl Cell {
    /// The resource type.
    pub(super) fn kind(self) -> &'static str {
        match self.subject {
            Subject::Copy => "azrestorepoint_copy",
            Subject::Collection => "azrestorepoint_collection",
        }
    }

    /// What stands in the address of every request about the object itself, and in no other.
    fn own(self) -> &'static str {
        match self.subject {
            Subject::Copy => "web-dr/restorePoints/monday?",
            Subject::Collection => "/restorePointCollections/web-dr?",
        }
    }

    /// The requests of the phase. A fault that passes befalls the first kind of them.
    fn requests(self) -> Vec<(&'static str, &'static str)> {
        match self.phase {
            Phase::Looks | Phase::DeleteLooks => vec![("GET", "/restorePointCollections/")],
            Phase::PutLost | Phase::PutAnswered => vec![("PUT", self.own())],
            Phase::PutTaken => vec![("PUT", self.own()), ("GET", self.own())],
            Phase::Running | Phase::Deleting => vec![("GET", "/operations/")],
            Phase::Replicating => vec![("GET", self.own())],
            Phase::DeleteSent => vec![("DELETE", self.own())],
        }
    }

    /// Whether a command asks again and again in this phase, and so stays there by itself.
    fn stays(self) -> bool {
        matches!(
            self.phase,
            Phase::Running | Phase::Replicating | Phase::Deleting
        )
    }

    /// What keeps a command in a phase in which it does not stay by itself.
    fn hold(self, event: Event) -> Option<Answer> {
        let goes_on = matches!(
            event,
            Event::LoseSignIn | Event::ExpireToken | Event::Vanish
        );
        let pause = if goes_on { SHORT_PAUSE } else { LONG_PAUSE };
        let hold = match self.phase {
            Phase::Looks | Phase::DeleteLooks => {
                Answer::black_hole(true).on("GET", self.own()).times(1)
            }
            Phase::PutLost => Answer::black_hole(false).on("PUT", self.own()),
            Phase::PutTaken => Answer::black_hole(true).on("PUT", self.own()),
            Phase::PutAnswered => Answer::amend(json!({}))
                .header("Retry-After", pause)
                .on("PUT", self.own()),
            Phase::DeleteSent => Answer::black_hole(true).on("DELETE", self.own()),
            Phase::Running | Phase::Replicating | Phase::Deleting => return None,
        };
        Some(hold)
    }

    /// Whether the log shows that the phase is reached.
    fn is_reached(self, log: &[Request]) -> bool {
        let own = self.own();
        let seen = |method: &str, path: &str| {
            let mut requests = log.iter();
            requests.any(|request| request.matches(method, path))
        };
        let answered = |method: &str, path: &str| {
            let mut requests = log.iter();
            requests.any(|request| request.matches(method, path) && request.status.is_some())
        };
        match self.phase {
            Phase::Looks | Phase::DeleteLooks => seen("GET", own),
            Phase::PutLost | Phase::PutTaken => seen("PUT", own),
            Phase::PutAnswered => answered("PUT", own),
            Phase::Running | Phase::Deleting => answered("GET", "/operations/"),
            Phase::Replicating => {
                let mut log = log.iter();
                let put = log.find(|request| request.matches("PUT", own));
                put.is_some()
                    && log.any(|request| request.matches("GET", own) && request.status.is_some())
            }
            Phase::DeleteSent => seen("DELETE", own),
        }
    }
}

impl Stage {
    /// An Azure in which there is a source, and for a copy its target.
    pub(super) async fn new(cell: Cell, timeout: Duration) -> Self {
        let azure = Simulator::builder()
            .replication(Replication::Succeeded)
            .operation(Duration::ZERO)
            .start()
            .await
            .expect("a local Azure starts");
        azure.seed_resource_group("rg-dr");
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", "web", "eastus"));
        let target = match cell.subject {
            Subject::Copy => azure.seed_target_collection("rg-dr", "web-dr", "westus2", &source),
            Subject::Collection => format!(
                "/subscriptions/{}/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr",
                azure.subscription_id()
            ),
        };
        let stage = Self {
            azure,
            cell,
            source,
            target,
            timeout,
        };
        stage.seed_source_point();
        stage
    }

    fn seed_source_point(&self) {
        let point = SourceRestorePoint::new(SOURCE_POINT, "2026-11-16T01:00:00Z");
        self.azure
            .seed_restore_point(&self.source, &point.disks(["os", "data"]));
    }

    /// What a provider needs to find this Azure.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.azure.environment();
        environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", TIME_SCALE.to_owned()));
        environment
    }

    /// The arguments of the object.
    pub(super) fn arguments(&self) -> Vec<(&'static str, Value)> {
        let timeout = format!("{}s", self.timeout.as_secs());
        let timeouts = Value::object(["create", "update", "delete", "read"].map(|operation| {
            let timeout = (operation != "read").then(|| timeout.clone());
            (operation, Value::string(timeout))
        }));
        let mut arguments = match self.cell.subject {
            Subject::Copy => vec![
                ("name", SOURCE_POINT.into()),
                ("restore_point_collection_id", self.target.as_str().into()),
                (
                    "source_restore_point_id",
                    self.source_point().as_str().into(),
                ),
                ("force_destroy", true.into()),
            ],
            Subject::Collection => vec![
                ("name", "web-dr".into()),
                ("resource_group_name", "rg-dr".into()),
                ("location", "westus2".into()),
                (
                    "source_restore_point_collection_id",
                    self.source.as_str().into(),
                ),
            ],
        };
        arguments.push(("timeouts", timeouts));
        arguments
    }

    fn source_point(&self) -> String {
        format!("{}/restorePoints/{SOURCE_POINT}", self.source)
    }

    /// The id that the object has or will have.
    pub(super) fn id(&self) -> String {
        match self.cell.subject {
            Subject::Copy => format!("{}/restorePoints/{SOURCE_POINT}", self.target),
            Subject::Collection => self.target.clone(),
        }
    }

    /// Sets what goes wrong, as far as it does not wait for the phase to be reached.
    pub(super) async fn arm(&self) {
        let Cell { fault, phase, .. } = self.cell;
        if !phase.destroys() {
            self.azure.set_replication(Replication::Replicating(40));
        }
        if matches!(phase, Phase::Running | Phase::Deleting) {
            self.azure.set_operation(OPERATION);
        }
        match fault.deed(phase) {
            Deed::Event(event) => {
                if let Some(hold) = self.cell.hold(event) {
                    self.azure.fault(hold);
                }
            }
            Deed::Answers(..) if self.cell.stays() => {}
            Deed::Answers(answer, times) => {
                if self.is_lost_beforehand() {
                    let lost = Answer::close(true).on("PUT", self.cell.own());
                    self.azure.fault(lost.times(1));
                }
                self.befall(answer, times).await;
            }
        }
    }

    /// Lets requests of the phase be answered like this.
    async fn befall(&self, answer: fn() -> Answer, times: Option<usize>) {
        let requests = self.cell.requests();
        match times {
            Some(times) => {
                let (method, path) = requests[0];
                // The first look is for the object, which nobody expects to be there.
                let skip = usize::from(
                    self.cell.phase == Phase::Looks && self.cell.subject == Subject::Copy,
                );
                let fault = answer().on(method, path).skip(skip).times(times);
                self.azure.fault(fault);
            }
            None => {
                for (method, path) in requests {
                    let comes_later = self.cell.phase == Phase::PutTaken && method == "GET";
                    let skip = if comes_later {
                        looks_before_put(self.cell.subject).await
                    } else {
                        0
                    };
                    self.azure.fault(answer().on(method, path).skip(skip));
                }
            }
        }
    }

    /// Waits until the phase is reached, after that request, and does to Azure what there is to
    /// do. What happens to a process is left to the caller.
    pub(super) async fn strike(&self, after: u64) -> Option<Event> {
        let Cell { fault, phase, .. } = self.cell;
        let deed = fault.deed(phase);
        let is_reached = |log: &[Request]| {
            let log: Vec<Request> = later(log, after);
            self.cell.is_reached(&log)
        };
        if self.cell.stays() || matches!(deed, Deed::Event(_)) {
            self.wait_for(is_reached).await;
        }
        let event = match deed {
            Deed::Event(event) => Some(event),
            Deed::Answers(answer, times) => {
                if self.cell.stays() {
                    self.befall(answer, times).await;
                }
                self.wait_for(|log| self.befallen(&later(log, after)) >= times.unwrap_or(1))
                    .await;
                None
            }
        };
        match event {
            Some(Event::LoseSignIn) => {
                let lost = Answer::answer(401, expired_secret()).on("POST", "/oauth2/v2.0/token");
                self.azure.fault(lost);
                self.azure.expire_tokens();
            }
            Some(Event::ExpireToken) => self.azure.expire_tokens(),
            Some(Event::Vanish) if phase == Phase::Looks => {
                self.azure.remove(&self.source_point());
            }
            // A DELETE that has arrived may have done it already.
            Some(Event::Vanish) if self.resource().is_some() => self.azure.remove(&self.id()),
            _ => {}
        }
        if fault.course() == Course::GoesOn {
            self.go_on();
        }
        if matches!(
            event,
            Some(Event::LoseSignIn | Event::ExpireToken | Event::Vanish)
        ) {
            self.azure.release();
        }
        event
    }

    /// How many requests of the phase were befallen.
    fn befallen(&self, log: &[Request]) -> usize {
        let requests = self.cell.requests();
        let befallen = log.iter().filter(|request| {
            let mut requests = requests.iter();
            request.fault.is_some() && requests.any(|(method, path)| request.matches(method, path))
        });
        // The PUT whose answer is lost beforehand is none of them.
        let beforehand = usize::from(self.is_lost_beforehand());
        befallen.count().saturating_sub(beforehand)
    }

    /// Whether the answer to the first PUT is lost before the fault strikes.
    fn is_lost_beforehand(&self) -> bool {
        let is_hole = matches!(self.cell.fault, Fault::HoleTaken | Fault::HoleNotTaken);
        self.cell.phase == Phase::PutTaken && !is_hole
    }

    async fn wait_for(&self, is_seen: impl Fn(&[Request]) -> bool) {
        let seen = self.azure.wait_for(REQUEST_LIMIT, is_seen).await;
        drop(seen.unwrap_or_else(|error| panic!("{error}")));
    }

    /// Lets Azure go on: operations end, and the copy succeeds.
    fn go_on(&self) {
        self.azure.set_operation(Duration::ZERO);
        self.azure.set_replication(Replication::Succeeded);
        self.azure.advance(2 * OPERATION);
        if self.cell.subject == Subject::Copy && self.resource().is_some() {
            self.azure.set_disks(&self.id(), Replication::Succeeded);
        }
    }

    /// Ends everything that goes wrong. What a black hole holds stays there: whoever sent it is
    /// gone, and a lost PUT is to stay lost.
    pub(super) fn heal(&self) {
        self.azure.clear_faults();
        if self.azure.resource(&self.source_point()).is_none() {
            self.seed_source_point();
        }
        self.go_on();
    }

    fn resource(&self) -> Option<Json> {
        self.azure.resource(&self.id())
    }

    /// What Azure has of the object: what tells it from another one of the same id. `None` where there is none.
    pub(super) fn identity(&self) -> Option<String> {
        let properties = &self.resource()?["properties"];
        let identity = match self.cell.subject {
            Subject::Copy => &properties["sourceMetadata"]["storageProfile"],
            Subject::Collection => &properties["restorePointCollectionId"],
        };
        Some(identity.to_string())
    }

    /// Whether Azure has the object, as usable as it gets.
    pub(super) fn is_usable(&self) -> bool {
        let Some(resource) = self.resource() else {
            return false;
        };
        let properties = &resource["properties"];
        let disks = properties["instanceView"]["diskRestorePoints"].as_array();
        let disks = disks.map_or(&[][..], Vec::as_slice);
        let has_data = disks.iter().all(|disk| {
            let status = &disk["replicationStatus"]["status"];
            status["code"] == "ReplicationState/succeeded"
        });
        properties["provisioningState"] == "Succeeded"
            && has_data
            && (self.cell.subject == Subject::Collection || !disks.is_empty())
    }

    /// How often the object was looked for before the first PUT.
    pub(super) fn looks_before_put(&self) -> usize {
        let requests = self.azure.requests().into_iter();
        let before = requests.take_while(|request| request.method != "PUT");
        before
            .filter(|request| request.matches("GET", self.cell.own()))
            .count()
    }

    /// The number of the last request so far.
    pub(super) fn mark(&self) -> u64 {
        self.azure
            .requests()
            .last()
            .map_or(0, |request| request.sequence)
    }

    /// How many requests with this method came after that one.
    pub(super) fn count_after(&self, mark: u64, method: &str) -> usize {
        let requests = later(&self.azure.requests(), mark);
        requests
            .iter()
            .filter(|request| request.matches(method, "/restorePointCollections/"))
            .count()
    }
}

fn later(log: &[Request], mark: u64) -> Vec<Request> {
    log.iter()
        .filter(|request| request.sequence > mark)
        .cloned()
        .collect()
}

/// What Entra ID says of a secret whose time is over.
fn expired_secret() -> Json {
    json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys for app 'c' are expired.",
        "error_codes": [7_000_222],
    })
}

/// How often an object is looked for before it is asked for, as seen where nothing goes wrong.
async fn looks_before_put(subject: Subject) -> usize {
    static COPY: OnceCell<usize> = OnceCell::const_new();
    static COLLECTION: OnceCell<usize> = OnceCell::const_new();
    let seen = match subject {
        Subject::Copy => &COPY,
        Subject::Collection => &COLLECTION,
    };
    *seen
        .get_or_init(|| super::through_core::looks_before_put(subject))
        .await
}
