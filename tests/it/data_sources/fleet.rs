//! Thousands of restore points through the data sources: requests, time and memory.
//!
//! `LISTED_COLLECTIONS=500` lists so many, with twenty restore points each, and prints what it took;
//! the suite lists a few. Both have Azure's limits on requests, and clocks that run forty times
//! faster.

use std::sync::Arc;
use std::time::Instant;

use azrestorepoint::plugin::value::{Value, msgpack};
use azure_simulator::{Replication, SourceCollection, SourceRestorePoint, Throttling};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::core::Core;
use crate::support::oracle::Shape;
use crate::support::plugin::{binary, limited};
use crate::support::proto::tfplugin6::provider_client::ProviderClient;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::world::World;

const SCALE: u32 = 40;

/// How many restore points a collection has.
const POINTS: usize = 20;

/// How many data sources Terraform reads at once.
const PARALLELISM: usize = 10;

/// How many collections Azure puts on a page, as far as we know.
const PAGE: usize = 100;

/// What a process may take beyond what it needs to answer at all. The restore points of one
/// collection are about 200 kB, in several forms at a time.
const GROWTH_KB_MAX: u64 = 48 * 1024;

type Client = ProviderClient<tonic::transport::Channel>;

/// A data source of the provider, and how to ask for it.
#[derive(Clone)]
struct Source {
    client: Client,
    name: &'static str,
    shape: Arc<Shape>,
}

impl Source {
    async fn read(mut self, arguments: Vec<(&'static str, Value)>) -> Value {
        let mut config = self.shape.empty();
        for (name, value) in arguments {
            config.insert(name, value);
        }
        let ty = self.shape.ty();
        let (msgpack, _) = msgpack::encode(&config, &ty);
        let request = proto::read_data_source::Request {
            type_name: self.name.to_owned(),
            config: Some(proto::DynamicValue {
                msgpack,
                json: Vec::new(),
            }),
            ..Default::default()
        };
        let answer = self.client.read_data_source(request).await;
        let answer = answer.expect("an answer").into_inner();
        assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        let state = answer.state.expect("a state");
        msgpack::decode(&state.msgpack, &ty).expect("a state")
    }
}

/// A configured provider, and two of its data sources: of collections and of restore points.
async fn start(world: &World) -> (Core, Source, Source) {
    let mut environment = world.azure.environment();
    environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", SCALE.to_string()));
    let core = Core::start(binary(), &environment).await;
    let mut client = core.client.clone();
    let schemas = client.get_provider_schema(proto::get_provider_schema::Request {});
    let schemas = limited(schemas).await.expect("schemas").into_inner();
    let provider = Shape::of_schema(&schemas.provider.expect("a schema"));
    let (msgpack, _) = msgpack::encode(&provider.empty(), &provider.ty());
    let request = proto::configure_provider::Request {
        config: Some(proto::DynamicValue {
            msgpack,
            json: Vec::new(),
        }),
        ..Default::default()
    };
    let configured = limited(client.configure_provider(request)).await;
    let told = configured.expect("an answer").into_inner().diagnostics;
    assert!(told.is_empty(), "{told:?}");
    let source = |name| Source {
        client: client.clone(),
        name,
        shape: Arc::new(Shape::of_schema(&schemas.data_source_schemas[name])),
    };
    let (collections, points) = (
        source("azrestorepoint_collections"),
        source("azrestorepoint_restore_points"),
    );
    (core, collections, points)
}

/// Collections with copies, the newest of each at 40 %, and the collections of their sources.
async fn world(collections: usize) -> World {
    let world = World::build(Replication::Succeeded, |azure| {
        azure
            .page_size(PAGE)
            .time_scale(f64::from(SCALE))
            .throttling(Throttling::default())
    })
    .await;
    for number in 0..collections {
        let name = format!("vm-{number:04}");
        let seed = SourceCollection::new("rg-source", &name, "eastus");
        let source = world.azure.seed_source_collection(&seed);
        let target = world
            .azure
            .seed_target_collection("rg-dr", &name, "westus2", &source);
        for copy in 0..POINTS {
            let time = format!("2026-10-{:02}T01:00:00Z", copy + 1);
            let point = SourceRestorePoint::new(&format!("night-{copy:02}"), &time);
            let point = world.azure.seed_restore_point(&source, &point);
            let replication = match copy + 1 {
                POINTS => Replication::Replicating(40),
                _ => Replication::Succeeded,
            };
            let name = format!("copy-{copy:02}");
            world.azure.seed_copy(&target, &name, &point, replication);
        }
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_restore_points_are_listed_in_little_memory() {
    let count = std::env::var("LISTED_COLLECTIONS").ok();
    let count: usize = count.and_then(|count| count.parse().ok()).unwrap_or(25);
    let world = world(count).await;
    let (core, collections, points) = start(&world).await;

    // What a process needs once: connections, certificates, a token.
    let one = collections
        .clone()
        .read(vec![("location", "nowhere".into())])
        .await;
    assert_eq!(one.get("collections").elements().len(), 0);
    let before = core.memory("VmHWM");
    world.azure.clear_requests();

    let began = Instant::now();
    let copies = ("source_type", Value::from("restorePointCollection"));
    let found = collections.read(vec![copies]).await;
    let ids = found.get("collections").elements().iter();
    let ids: Vec<Value> = ids.map(|found| found.get("id").clone()).collect();
    assert_eq!(ids.len(), count);
    // The source of the world itself is on the list, too.
    assert_eq!(world.azure.requests().len(), (2 * count + 1).div_ceil(PAGE));
    let (listed, listed_kb) = (began.elapsed(), core.memory("VmHWM"));

    let turns = Arc::new(Semaphore::new(PARALLELISM));
    let mut reads = JoinSet::new();
    for id in ids {
        let (points, turns) = (points.clone(), turns.clone());
        reads.spawn(async move {
            let _turn = turns.acquire().await.expect("a turn");
            let found = points.read(vec![("restore_point_collection_id", id)]).await;
            let found = found.get("restore_points").elements();
            assert_eq!(found[0].get("name").as_str(), Some("copy-18"));
            found.len()
        });
    }
    let mut usable = 0;
    while let Some(read) = reads.join_next().await {
        usable += read.expect("a list");
    }
    // The one at 40 % is on no list.
    assert_eq!(usable, count * (POINTS - 1));
    let requests = world.azure.requests();
    let refused = requests
        .iter()
        .filter(|request| request.status == Some(429));
    let refused = refused.count();
    let all = core.memory("VmHWM");
    let read = began.elapsed() - listed;
    println!(
        "{count} collections listed in {listed:?}, {} kB more; {} restore points in them read in {read:?} ({:?} of \
         Azure's time) with {} requests, {refused} refused; at most {all} kB, {} kB more than before",
        listed_kb - before,
        count * POINTS,
        read * SCALE,
        requests.len(),
        all - before,
    );
    assert!(all - before < GROWTH_KB_MAX, "{} kB", all - before);
    let asked = world.azure.count("GET", "$expand=instanceView");
    assert_eq!(asked, count * POINTS + refused);
}
