//! A local Azure with a source to copy, and a Terraform that is signed in to it.

use std::time::Duration;

use azure_simulator::{Builder, Replication, Simulator, SourceCollection, SourceRestorePoint};

use super::terraform::Terraform;

/// How long a test waits for a request before it fails.
pub(crate) const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// What the looks at copies have in common, and those at their sources have not.
pub(crate) const LOOKS: &str = "web-dr/restorePoints/";

/// Azure with a source collection in eastus, and a working folder.
pub(crate) struct World {
    pub(crate) azure: Simulator,
    pub(crate) terraform: Terraform,
    /// The id of the source collection.
    pub(crate) source: String,
}

impl World {
    /// A world in which a copy replicates like this.
    pub(crate) async fn new(replication: impl Into<Replication>) -> Self {
        Self::build(replication, |azure| azure).await
    }

    /// The same with an Azure that differs in more ways.
    pub(crate) async fn build(
        replication: impl Into<Replication>,
        differs: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let azure = Simulator::builder()
            .replication(replication)
            .operation(Duration::ZERO);
        let azure = differs(azure).start().await.expect("a local Azure starts");
        azure.seed_resource_group("rg-dr");
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", "web", "eastus"));
        for (name, time) in [
            ("monday", "2026-11-16T01:00:00Z"),
            ("tuesday", "2026-11-17T01:00:00Z"),
        ] {
            let point = SourceRestorePoint::new(name, time).disks(["os", "data-0", "data-1"]);
            azure.seed_restore_point(&source, &point);
        }
        let mut terraform = Terraform::new(azure.environment());
        // Waits between two looks are a hundred times shorter than Azure would have them.
        terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
        Self {
            azure,
            terraform,
            source,
        }
    }

    /// A world in which copies are there at once.
    pub(crate) async fn ready() -> Self {
        Self::new(Replication::Succeeded).await
    }

    /// A collection in westus2, with more arguments.
    pub(crate) fn collection(&self, more: &str) -> String {
        let source = &self.source;
        format!(
            r#"
resource "azrestorepoint_collection" "dr" {{
  name                               = "web-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{source}"
  {more}
}}
"#
        )
    }

    /// A collection in westus2 and a copy of `monday` in it, with more arguments for each.
    pub(crate) fn configuration(&self, collection: &str, copy: &str) -> String {
        let source = &self.source;
        let collection = self.collection(collection);
        format!(
            r#"{collection}
resource "azrestorepoint_copy" "monday" {{
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "{source}/restorePoints/monday"
  force_destroy               = true
  {copy}
}}
"#
        )
    }

    /// Writes [`World::configuration`].
    pub(crate) fn write(&self, collection: &str, copy: &str) {
        self.terraform.write(&self.configuration(collection, copy));
    }

    /// The id that the copy has or will have.
    pub(crate) fn copy_id(&self) -> String {
        format!("{}/restorePoints/monday", self.collection_id())
    }

    /// The id that the target collection has or will have.
    pub(crate) fn collection_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr",
            self.azure.subscription_id()
        )
    }

    /// How many copies Azure was asked for.
    pub(crate) fn copies_begun(&self) -> usize {
        self.azure.count("PUT", "/restorePoints/")
    }

    /// Lets the copy replicate to its end.
    pub(crate) fn replicate(&self) {
        self.azure
            .set_disks(&self.copy_id(), Replication::Succeeded);
    }

    /// Waits until the copy was looked at so many times more. Looks at its disks do not count.
    pub(crate) async fn wait_for_looks(&self, more: usize) {
        const LOOKS: &str = "web-dr/restorePoints/monday?";
        let looks = self.azure.count("GET", LOOKS);
        self.azure
            .wait_for_count(REQUEST_LIMIT, "GET", LOOKS, looks + more)
            .await
            .expect("it waits");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A request that the simulator does not know is a mistake of ours, whatever the test was about.
        if !std::thread::panicking() {
            assert!(
                self.azure.unexpected().is_empty(),
                "{:#?}",
                self.azure.unexpected()
            );
        }
    }
}
