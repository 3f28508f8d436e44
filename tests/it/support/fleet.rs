//! Many copies that nobody waits for, and a gate over them all.

use std::collections::BTreeMap;

use azure_simulator::{Replication, SourceCollection, SourceRestorePoint};
use serde_json::Value as Json;
use tokio::process::Child;

use super::terraform::Output;
use super::world::{REQUEST_LIMIT, World};

pub(crate) const GATE: &str = "azrestorepoint_replication";

/// What shows that somebody looks whether a copy is usable.
pub(crate) const LOOK: &str = "$expand=instanceView";

/// Copies of one point each, into a collection each, and a gate over them all.
pub(crate) struct Fleet {
    pub(crate) world: World,
}

impl Fleet {
    /// A world in which the copies of these replicate like this.
    pub(crate) async fn new(keys: &[&str], replication: Replication) -> Self {
        let world = World::new(replication).await;
        for key in keys {
            let source = SourceCollection::new("rg-source", key, "eastus").virtual_machine(key);
            let source = world.azure.seed_source_collection(&source);
            let point = SourceRestorePoint::new("monday", "2026-11-16T01:00:00Z");
            world
                .azure
                .seed_restore_point(&source, &point.disks(["os", "data-0"]));
        }
        Self { world }
    }

    /// A fleet whose gate is open.
    pub(crate) async fn open(keys: &[&str]) -> Self {
        let fleet = Self::new(keys, Replication::Succeeded).await;
        fleet.write(keys, "");
        fleet.apply().await.expect_code(0);
        fleet
    }

    /// Nobody waits for the copies of these but the gate, which has more arguments. A resource
    /// for each disk stands for what is made of it.
    pub(crate) fn write(&self, keys: &[&str], gate: &str) {
        let subscription = self.world.azure.subscription_id();
        self.world.terraform.write(&format!(
            r#"
locals {{
  fleet   = toset({keys:?})
  sources = "/subscriptions/{subscription}/resourceGroups/rg-source/providers/Microsoft.Compute/restorePointCollections"
}}

resource "azrestorepoint_collection" "dr" {{
  for_each                           = local.fleet
  name                               = "${{each.key}}-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "${{local.sources}}/${{each.key}}"
}}

resource "azrestorepoint_copy" "fleet" {{
  for_each                    = local.fleet
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.dr[each.key].id
  source_restore_point_id     = "${{local.sources}}/${{each.key}}/restorePoints/monday"
  wait_for_replication        = false
  force_destroy               = true
}}

resource "azrestorepoint_replication" "gate" {{
  copies = {{ for key, copy in azrestorepoint_copy.fleet : key => copy.replication_id }}
  {gate}
}}

resource "terraform_data" "disk" {{
  for_each         = azrestorepoint_replication.gate.restore_points
  triggers_replace = each.value.os_disk == null ? "none" : each.value.os_disk.disk_restore_point_id
}}
"#
        ));
    }

    /// The id that a copy has or will have.
    pub(crate) fn copy(&self, key: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/{key}-dr/restorePoints/monday",
            self.world.azure.subscription_id()
        )
    }

    /// From now on the copy replicates like this.
    pub(crate) fn set(&self, key: &str, replication: Replication) {
        self.world.azure.set_disks(&self.copy(key), replication);
    }

    /// How often the copy has been looked at.
    pub(crate) fn looks(&self, key: &str) -> usize {
        let copy = self.copy(key);
        let requests = self.world.azure.requests().into_iter();
        let looks = requests
            .filter(|request| request.matches("GET", &copy) && request.matches("GET", LOOK));
        looks.count()
    }

    /// Waits until the copy has been looked at this often more.
    pub(crate) async fn looked_at(&self, key: &str, more: usize) {
        let before = self.looks(key);
        while self.looks(key) < before + more {
            let all = self.world.azure.count("GET", LOOK);
            self.world
                .azure
                .wait_for_count(REQUEST_LIMIT, "GET", LOOK, all + 1)
                .await
                .expect("it looks");
        }
    }

    /// Starts an apply.
    pub(crate) fn start(&self) -> Child {
        self.world.terraform.start(&["apply", "-auto-approve"])
    }

    /// Runs an apply to its end.
    pub(crate) async fn apply(&self) -> Output {
        self.world.terraform.apply().await
    }

    /// The second plan has nothing to do.
    pub(crate) async fn is_settled(&self) {
        self.world.terraform.plan().await.expect_code(0);
    }

    /// What the gate has in the state.
    pub(crate) fn entries(&self) -> Json {
        self.world.terraform.attributes(GATE, "gate")["restore_points"].clone()
    }

    /// What was made of the disks, by key; a new id is a new object.
    pub(crate) fn made(&self) -> BTreeMap<String, String> {
        let state = self.world.terraform.state();
        let resources = state["resources"].as_array().cloned().unwrap_or_default();
        let disks = resources
            .into_iter()
            .filter(|resource| resource["type"] == "terraform_data");
        disks
            .flat_map(|disks| disks["instances"].as_array().cloned().unwrap_or_default())
            .map(|disk| {
                let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
                (text(&disk["index_key"]), text(&disk["attributes"]["id"]))
            })
            .collect()
    }

    /// Whether the gate is in the state.
    pub(crate) fn has_gate(&self) -> bool {
        self.world.terraform.instance(GATE, "gate").is_some()
    }
}
