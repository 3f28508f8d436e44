//! Many copies at once in one process, against Azure's limits on the rate of requests.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use azrestorepoint::plugin::value::{Value, msgpack};
use azure_simulator::{Replication, Request, SourceCollection, SourceRestorePoint, Throttling};
use tokio::task::JoinSet;

use crate::support::core::{Core, Told};
use crate::support::plugin::binary;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";

/// How many times faster the clocks of both sides run.
const SCALE: u32 = 40;

/// How long anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(200);

/// A wait takes about 80 kB in a debug build; several times as much would be a leak.
const WAIT_KB_MAX: u64 = 400;

/// Copies into a collection each, all in one process.
struct Fleet {
    world: World,
    core: Core,
    /// What Terraform sends for the first; the others differ only in their names.
    prior: Value,
    planned: Value,
    running: JoinSet<()>,
    copies: Vec<String>,
}

impl Fleet {
    /// Sources and as many collections, into which nothing has been copied yet.
    async fn to_create(count: usize) -> Self {
        let (world, copies) = world(count, Throttling::default()).await;
        let core = core(&world).await;
        Self::planned(world, core, copies).await
    }

    /// Copies that have begun, and that the state knows as unfinished.
    async fn to_resume(count: usize, throttling: Throttling) -> Self {
        let (world, copies) = world(count, throttling).await;
        for (number, copy) in copies.iter().enumerate() {
            let (target, _) = copy.split_once("/restorePoints/").expect("an id");
            let replicating = Replication::Replicating(40);
            let source = source(&world, number);
            world
                .azure
                .seed_copy(target, "nightly", &source, replicating);
        }
        let mut core = core(&world).await;
        let told = core.import(COPY, &copies[0]).await;
        assert!(told.errors.is_empty(), "{}", told.text());
        Self::planned(world, core, copies).await
    }

    async fn planned(world: World, mut core: Core, copies: Vec<String>) -> Self {
        let config = core.config(COPY, &arguments(&world, 0));
        let mut told = Told::default();
        let plan = core.plan(COPY, &config, &mut told).await;
        let planned = plan.unwrap_or_else(|| panic!("{}", told.text())).value;
        let prior = core.state.get(COPY).map(|object| object.value.clone());
        Self {
            prior: prior.unwrap_or_default(),
            planned,
            running: JoinSet::new(),
            world,
            core,
            copies,
        }
    }

    /// Lets Terraform apply these, all at once.
    fn apply(&mut self, numbers: std::ops::Range<usize>) {
        for number in numbers {
            let config = self.core.config(COPY, &arguments(&self.world, number));
            let of_this_one = |value| self.core.encode(COPY, &renamed(value, number));
            let request = proto::apply_resource_change::Request {
                type_name: COPY.to_owned(),
                prior_state: Some(of_this_one(&self.prior)),
                config: Some(self.core.encode(COPY, &config)),
                planned_state: Some(of_this_one(&self.planned)),
                ..Default::default()
            };
            let mut client = self.core.client.clone();
            let ty = self.core.ty(COPY);
            self.running.spawn(async move {
                let answer = client.apply_resource_change(request).await;
                let answer = answer.expect("an answer").into_inner();
                assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
                let state = answer.new_state.unwrap_or_default();
                let state = msgpack::decode(&state.msgpack, &ty).expect("a state");
                assert_eq!(state.get("usable").as_bool(), Some(true), "{state:?}");
            });
        }
    }

    /// Waits until the requests of Azure's log are as they should be. They are many, so the log
    /// is read only now and then.
    async fn until(&mut self, reached: impl Fn(&[Request]) -> bool) {
        let mut now_and_then = tokio::time::interval(Duration::from_millis(300));
        let began = Instant::now();
        while !reached(&self.world.azure.requests()) {
            if let Some(ended) = self.running.try_join_next() {
                panic!("one has ended: {ended:?}");
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{:?}",
                self.world.azure.throttled()
            );
            now_and_then.tick().await;
        }
    }

    /// Lets every copy finish, and waits until all have noticed.
    async fn finish(&mut self) {
        for copy in &self.copies {
            self.world.azure.set_disks(copy, Replication::Succeeded);
        }
        let ended = async {
            while let Some(ended) = self.running.join_next().await {
                ended.expect("a usable copy");
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("all of them notice");
    }
}

/// An Azure with its limits, and the ids that the copies have or will have.
async fn world(count: usize, throttling: Throttling) -> (World, Vec<String>) {
    let world = World::build(Replication::Replicating(40), |azure| {
        azure
            .operation(Duration::from_secs(5))
            .time_scale(f64::from(SCALE))
            .throttling(throttling)
    })
    .await;
    let mut copies = Vec::new();
    for number in 0..count {
        let name = format!("vm-{number:04}");
        let seed = SourceCollection::new("rg-source", &name, "eastus");
        let source = world.azure.seed_source_collection(&seed);
        let point = SourceRestorePoint::new("nightly", "2026-11-18T01:00:00Z");
        world.azure.seed_restore_point(&source, &point);
        let target = world
            .azure
            .seed_target_collection("rg-dr", &name, "westus2", &source);
        copies.push(format!("{target}/restorePoints/nightly"));
    }
    (world, copies)
}

async fn core(world: &World) -> Core {
    let mut environment = world.azure.environment();
    environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", SCALE.to_string()));
    Core::start(binary(), &environment).await
}

fn source(world: &World, number: usize) -> String {
    let (collections, _) = world.source.rsplit_once('/').expect("an id");
    format!("{collections}/vm-{number:04}/restorePoints/nightly")
}

/// The arguments of one of the copies.
fn arguments(world: &World, number: usize) -> [(&'static str, Value); 3] {
    let target = world.collection_id();
    let (collections, _) = target.rsplit_once('/').expect("an id");
    let target = format!("{collections}/vm-{number:04}");
    [
        ("name", "nightly".into()),
        ("restore_point_collection_id", target.into()),
        ("source_restore_point_id", source(world, number).into()),
    ]
}

/// What is true of the first copy, said of another.
fn renamed(value: &Value, number: usize) -> Value {
    match value {
        Value::String(text) => text.replace("vm-0000", &format!("vm-{number:04}")).into(),
        Value::List(elements) => Value::List(
            elements
                .iter()
                .map(|value| renamed(value, number))
                .collect(),
        ),
        Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), renamed(value, number))),
        ),
        other => other.clone(),
    }
}

/// How many copies have been looked at so often while they replicated.
fn looked_at(requests: &[Request], times: usize) -> usize {
    let mut looks: BTreeMap<&str, usize> = BTreeMap::new();
    let is_look = |request: &&Request| {
        request.matches("GET", "$expand=instanceView")
            && request.path.contains("/resourceGroups/rg-dr/")
    };
    for request in requests.iter().filter(is_look) {
        if request.status == Some(200) {
            *looks.entry(&request.path).or_default() += 1;
        }
    }
    looks.values().filter(|looks| **looks >= times).count()
}

/// The most looks at copies in any minute of Azure's clock.
fn busiest_minute(requests: &[Request]) -> usize {
    let looks = requests
        .iter()
        .filter(|request| request.matches("GET", "$expand=instanceView"));
    let times: Vec<_> = looks.map(|request| request.time).collect();
    let minute = |begin: usize| {
        let end = times[begin] + Duration::from_secs(60);
        times[begin..].partition_point(|time| *time < end)
    };
    (0..times.len()).map(minute).max().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_waits_share_one_budget() {
    const COUNT: usize = 1000;
    const FIRST: usize = 10;
    let began = Instant::now();
    let mut fleet = Fleet::to_resume(COUNT, Throttling::default()).await;
    // What a process needs once: connections, certificates, a token.
    fleet.apply(0..FIRST);
    fleet
        .until(|requests| looked_at(requests, 3) == FIRST)
        .await;
    let before = fleet.core.memory("VmRSS");
    fleet.apply(FIRST..COUNT);
    fleet
        .until(|requests| looked_at(requests, 3) == COUNT)
        .await;
    let (with_all, most) = (fleet.core.memory("VmRSS"), fleet.core.memory("VmHWM"));
    let waited = began.elapsed();
    fleet.finish().await;

    let requests = fleet.world.azure.requests();
    let refused = requests
        .iter()
        .filter(|request| request.status == Some(429));
    let refused = refused.count();
    let busiest = busiest_minute(&requests);
    let each = with_all.saturating_sub(before) / (COUNT - FIRST) as u64;
    println!(
        "{COUNT} waits: {} requests, {busiest} looks in the busiest minute, {refused} refused {:?}; {before} kB with {FIRST}, {with_all} kB with all, {most} kB at \
         most, {each} kB for each; waited {waited:?}, all noticed after {:?}",
        requests.len(),
        fleet.world.azure.throttled(),
        began.elapsed() - waited,
    );
    assert!(
        refused * 100 < requests.len(),
        "{refused} of {}",
        requests.len()
    );
    assert!(each < WAIT_KB_MAX, "{each} kB for each wait");
    assert_eq!(fleet.world.azure.count("PUT", "/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_leave_of_the_limit_is_not_overdrawn() {
    const COUNT: usize = 60;
    let policy = "LowCostGetRestorePointSubscriptionMaximum";
    let busy = Throttling::default().capacity(policy, 60);
    let mut fleet = Fleet::to_resume(COUNT, busy).await;
    fleet.apply(0..COUNT);
    fleet
        .until(|requests| looked_at(requests, 3) == COUNT)
        .await;
    fleet.finish().await;
    let requests = fleet.world.azure.requests();
    let refused = requests
        .iter()
        .filter(|request| request.status == Some(429));
    let refused = refused.count();
    assert!(
        refused * 100 < requests.len(),
        "{refused} of {}",
        requests.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_collections_replicate_at_once() {
    const COUNT: usize = 50;
    let mut fleet = Fleet::to_create(COUNT).await;
    fleet.apply(0..COUNT);
    // None of them finishes before all have begun.
    fleet
        .until(|requests| looked_at(requests, 1) == COUNT)
        .await;
    for copy in &fleet.copies {
        let copy = fleet.world.azure.resource(copy).expect("a copy");
        let view = &copy["properties"]["instanceView"];
        assert_eq!(view["statuses"][0]["code"], "ReplicationState/replicating");
    }
    assert_eq!(fleet.world.copies_begun(), COUNT);
    fleet.finish().await;
    assert_eq!(fleet.world.copies_begun(), COUNT);
}
