//! `watch`: the binary run by hand, on copies that somebody else has begun.

mod endings;
mod progress;
mod terminal;

use std::process::Stdio;

use azure_simulator::{Replication, SourceRestorePoint};
use time::{Duration, OffsetDateTime};
use tokio::process::{Child, Command};

use crate::support::plugin::{binary, command};
use crate::support::terraform::{Output, finish};
use crate::support::world::World;

/// The disks of every copy here.
const DISKS: [&str; 3] = ["os", "data-0", "data-1"];

/// A local Azure with a target collection that has no copies yet.
struct Copies {
    world: World,
    collection: String,
}

impl Copies {
    async fn none() -> Self {
        let world = World::ready().await;
        let source = &world.source;
        let azure = &world.azure;
        let collection = azure.seed_target_collection("rg-dr", "web-dr", "westus2", source);
        Self { world, collection }
    }

    /// With one copy, `monday`, that gets on like this; gives its id, too.
    async fn one(replication: Replication) -> (Self, String) {
        let copies = Self::none().await;
        let id = copies.add("monday", replication);
        (copies, id)
    }

    /// Begins a copy of `monday` or `tuesday`.
    fn add(&self, name: &str, replication: Replication) -> String {
        let source = format!("{}/restorePoints/{name}", self.world.source);
        let azure = &self.world.azure;
        azure.seed_copy(&self.collection, name, &source, replication)
    }

    /// Begins a copy of a source that was taken so many hours ago.
    fn add_taken(&self, name: &str, hours_ago: i64, replication: Replication) -> String {
        self.take(name, hours_ago);
        self.add(name, replication)
    }

    /// Takes a restore point, so many hours ago, that nobody copies.
    fn take(&self, name: &str, hours_ago: i64) {
        let time = OffsetDateTime::now_utc() - Duration::hours(hours_ago);
        let time = time.format(&time::format_description::well_known::Rfc3339);
        let point = SourceRestorePoint::new(name, &time.expect("a time"));
        let azure = &self.world.azure;
        azure.seed_restore_point(&self.world.source, &point.disks(DISKS));
    }

    /// The command, signed in, with these arguments.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut watch = command(binary());
        watch
            .arg("watch")
            .args(arguments)
            .envs(self.world.azure.environment())
            .env("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
        watch
    }

    /// Starts it.
    fn start(&self, arguments: &[&str]) -> Child {
        start(self.command(arguments))
    }

    /// Runs it to its end.
    async fn watch(&self, arguments: &[&str]) -> Output {
        finish(self.start(arguments)).await
    }
}

fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}
