//! The arguments and attributes of `azrestorepoint_disk_access`.

use std::time::Duration;

use crate::arm::compute::disk_access::DURATION_MAX;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::duration;

use super::words;

/// How long access is given where nothing is said.
const DURATION: Duration = Duration::from_secs(3600);

/// The shortest access: Azure counts in seconds.
const DURATION_MIN: Duration = Duration::from_secs(1);

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            attributes: attributes(),
            description: "A URL with which the data of a disk restore point can be read while Terraform runs. It is \
                          opened in each plan and each apply, renewed before it ends, revoked at the end of the run, \
                          also after an interruption, and stored nowhere. Azure has one access to a disk: revoking it \
                          here ends it for whoever else has asked for it. The blocks of one provider configuration \
                          share it."
                .to_owned(),
            ..Block::default()
        },
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::required("disk_restore_point_id", Type::String).description(
            "The ID of the disk restore point, for example `disk_restore_point_id` of `os_disk` of an \
             `azrestorepoint_copy`. A copy has to be usable before its disks can be read.",
        ),
        Attribute::optional("duration", Type::String).description(
            "How long access lasts unless it is renewed, such as `90m` or `12h`; at most 60 days. Make it longer than \
             what uses it: not every access can be renewed. Defaults to `1h`.",
        ),
        Attribute::computed("access_sas", Type::String).sensitive().description(
            "The URL with a shared access signature (SAS). Whoever has it can read the disk.",
        ),
        Attribute::computed("expires_at", Type::String)
            .description("When access ends unless it is renewed, as in `2026-11-16T02:00:00Z`."),
    ]
}

/// How long access is asked for, in whole seconds. An unknown one is not checked yet.
pub(super) fn duration(config: &Value) -> Result<Duration, Diagnostic> {
    let Some(text) = config.get("duration").as_str() else {
        return Ok(DURATION);
    };
    let invalid = |problem: &str| words::invalid("duration", &format!("{text:?}: {problem}"));
    let duration = duration::parse(text).map_err(|problem| invalid(&problem))?;
    if duration < DURATION_MIN {
        return Err(invalid("access lasts at least 1s"));
    }
    if duration > DURATION_MAX {
        return Err(invalid("access lasts at most 60 days, which is 1440h"));
    }
    Ok(Duration::from_secs(duration.as_secs()))
}
