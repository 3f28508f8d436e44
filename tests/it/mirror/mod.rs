//! The mirror, night after night.

mod example;
mod fleet;
mod histories;
mod interruptions;
mod nights;
mod trouble;

use std::collections::BTreeSet;
use std::time::Duration;

use azure_simulator::{Builder, Replication, Simulator, SourceCollection, SourceRestorePoint};
use serde_json::Value as Json;

use crate::support::terraform::{Output, Terraform};
use crate::support::world::World;

/// How long a copy takes unless a test says otherwise: it is there before the next night.
const COPY: Duration = Duration::from_secs(6 * 3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A source collection, a target, and the nights that pass. The clock stands still but for them.
struct Nights {
    world: World,
    /// The ids of the two collections.
    source: String,
    target: String,
    /// Every copy that was ever seen, by its name.
    names: BTreeSet<String>,
    night: u8,
}

/// What a night's apply has done, beside what its plan had named.
#[derive(Debug)]
struct Night {
    apply: Output,
    /// What the plan named.
    planned_copy: Option<String>,
    planned_deletions: Vec<String>,
    /// What Azure was asked for.
    copied: Vec<String>,
    deleted: Vec<String>,
}

impl Nights {
    async fn new() -> Self {
        Self::build(|azure| azure).await
    }

    async fn build(differs: impl FnOnce(Builder) -> Builder) -> Self {
        let world = World::build(COPY, |azure| {
            let midnight = time::macros::datetime!(2026-11-01 00:00 UTC);
            differs(azure.start_time(midnight).time_scale(0.0))
        })
        .await;
        let azure = &world.azure;
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", "db", "eastus"));
        let target = azure.seed_target_collection("rg-dr", "db-dr", "westus2", &source);
        Self {
            world,
            source,
            target,
            names: BTreeSet::new(),
            night: 0,
        }
    }

    fn azure(&self) -> &Simulator {
        &self.world.azure
    }

    fn terraform(&self) -> &Terraform {
        &self.world.terraform
    }

    /// A mirror with these arguments.
    fn write(&self, arguments: &str) {
        let (source, target) = (&self.source, &self.target);
        self.terraform().write(&format!(
            r#"
resource "azrestorepoint_mirror" "nightly" {{
  source_restore_point_collection_id = "{source}"
  restore_point_collection_id        = "{target}"
  {arguments}
}}
"#
        ));
    }

    /// A new restore point in the source: `night-N` in the Nth night.
    fn take(&mut self) -> String {
        self.night += 1;
        let name = format!("night-{}", self.night);
        self.take_at(&name, self.night);
        name
    }

    /// A new restore point of that name, of the Nth night.
    fn take_at(&mut self, name: &str, night: u8) {
        let time = format!("2026-11-{night:02}T01:00:00.1234567+00:00");
        let point = SourceRestorePoint::new(name, &time).disks(["os", "data-0"]);
        self.azure().seed_restore_point(&self.source, &point);
    }

    fn source_id(&self, name: &str) -> String {
        format!("{}/restorePoints/{name}", self.source)
    }

    fn copy_id(&self, name: &str) -> String {
        format!("{}/restorePoints/{name}", self.target)
    }

    /// A copy that a script has made.
    fn seed_copy(&mut self, name: &str, source: &str, replication: impl Into<Replication>) {
        self.names.insert(name.to_owned());
        let source = self.source_id(source);
        self.azure()
            .seed_copy(&self.target, name, &source, replication);
    }

    /// The copies of which every disk has arrived, in Azure's own words.
    fn usable(&self) -> BTreeSet<String> {
        let is_usable = |name: &&String| {
            let copy = self.azure().resource(&self.copy_id(name));
            let status = copy.map(|copy| copy["properties"]["instanceView"]["statuses"][0].clone());
            status.is_some_and(|status| status["code"] == "ReplicationState/succeeded")
        };
        self.names.iter().filter(is_usable).cloned().collect()
    }

    /// The copies that exist.
    fn existing(&self) -> BTreeSet<String> {
        let exists = |name: &&String| self.azure().resource(&self.copy_id(name)).is_some();
        self.names.iter().filter(exists).cloned().collect()
    }

    /// Plans and applies, judges what was asked of Azure by what was planned, and plans again.
    /// The second plan has to be clean.
    async fn run(&mut self) -> Night {
        let night = self.run_once().await;
        self.terraform().plan().await.expect_code(0);
        night
    }

    /// The same without the second plan.
    async fn run_once(&mut self) -> Night {
        let (planned_copy, planned_deletions, is_create) = self.plan().await;
        self.azure().clear_requests();
        let usable = self.usable();
        let apply = self
            .terraform()
            .run(&["apply", "-input=false", "saved"])
            .await
            .expect_code(0);
        let night = self.judge(apply, planned_copy, planned_deletions, is_create);
        self.judge_usable(&usable, &night);
        night
    }

    /// `terraform plan -out=saved`, and what it names.
    async fn plan(&self) -> (Option<String>, Vec<String>, bool) {
        let terraform = self.terraform();
        terraform
            .run(&["plan", "-input=false", "-out=saved"])
            .await
            .expect_code(0);
        self.saved_plan().await
    }

    async fn saved_plan(&self) -> (Option<String>, Vec<String>, bool) {
        let shown = self.terraform().run(&["show", "-json", "saved"]).await;
        let start = shown.text.find('{').expect("JSON");
        let plan = serde_json::Deserializer::from_str(&shown.text[start..])
            .into_iter::<Json>()
            .next()
            .expect("JSON")
            .expect("JSON");
        let change = &plan["resource_changes"][0]["change"];
        let actions = &change["actions"];
        let after = &change["after"];
        if actions == &serde_json::json!(["no-op"]) || actions.is_null() {
            return (None, Vec::new(), false);
        }
        let deletions = after["planned_deletions"].as_array().into_iter().flatten();
        (
            after["planned_copy"].as_str().map(str::to_owned),
            deletions
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect(),
            actions == &serde_json::json!(["create"]),
        )
    }

    /// Whatever was asked is what was planned, or less, and was not refused.
    fn judge(
        &mut self,
        apply: Output,
        planned_copy: Option<String>,
        planned_deletions: Vec<String>,
        is_create: bool,
    ) -> Night {
        let names = |method: &str| {
            let requests = self.world.azure.requests().into_iter();
            let asked = requests.filter(|request| request.matches(method, "/restorePoints/"));
            let mut names: Vec<_> = asked
                .inspect(|request| {
                    assert!(
                        !matches!(request.status, Some(400..=428)),
                        "refused: {request:?}"
                    );
                })
                .map(|request| request.path.rsplit('/').next().expect("a name").to_owned())
                .collect();
            names.dedup();
            names
        };
        let (copied, deleted) = (names("PUT"), names("DELETE"));
        self.names.extend(copied.iter().cloned());
        assert!(copied.len() <= 1, "{copied:?}");
        if is_create {
            assert_eq!(deleted, [""; 0], "a create deletes nothing");
        } else {
            let is_planned = |name: &String| planned_copy.as_ref() == Some(name);
            assert!(copied.iter().all(is_planned), "{copied:?} {planned_copy:?}");
            let is_planned = |name: &String| planned_deletions.contains(name);
            assert!(
                deleted.iter().all(is_planned),
                "{deleted:?} {planned_deletions:?}"
            );
        }
        Night {
            apply,
            planned_copy,
            planned_deletions,
            copied,
            deleted,
        }
    }

    /// Only what was named and deleted may be missing.
    fn judge_usable(&self, before: &BTreeSet<String>, night: &Night) {
        let after = self.usable();
        for name in before {
            assert!(
                after.contains(name) || night.deleted.contains(name),
                "{name} was lost: {night:?}"
            );
        }
    }

    /// The day passes.
    fn pass(&self) {
        self.azure().advance(DAY);
    }

    fn attributes(&self) -> Json {
        self.terraform()
            .attributes("azrestorepoint_mirror", "nightly")
    }

    #[track_caller]
    fn expect_status(&self, status: &str) {
        assert_eq!(self.attributes()["status"], status, "{}", self.attributes());
    }

    /// `terraform apply -refresh-only`, so that the state shows what Azure has.
    async fn refresh(&self) -> Output {
        self.terraform()
            .run(&["apply", "-refresh-only", "-auto-approve", "-input=false"])
            .await
    }
}
