//! The arguments about encryption, and what is said of bad ones.

use std::collections::BTreeSet;

use crate::arm::resource_id::{self, DiskRestorePointId, RestorePointId};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::schema::{Attribute, Block, NestedBlock, Nesting};
use crate::plugin::value::{Path, Type, Value};
use crate::provider::equivalence::{self, with_slash};
use crate::provider::{diagnose, validators};

use super::{BOTH_KEYS, CUSTOMER_KEY, DISK, DISKS, PLATFORM_KEY, SET, TYPE};

const TYPES: [&str; 3] = [PLATFORM_KEY, CUSTOMER_KEY, BOTH_KEYS];

/// The arguments for all disks; `changing` says what becomes of a copy when they change.
pub(crate) fn attributes(changing: &str) -> [Attribute; 2] {
    [
        set(&format!(
            "The ID of the disk encryption set with whose key Azure encrypts the copied disks. It must lie in the region \
             of the target collection. {changing}"
        )),
        encryption_type(&format!(
            "How Azure encrypts the copied disks. Possible values are `{PLATFORM_KEY}`, `{CUSTOMER_KEY}` and \
             `{BOTH_KEYS}`; the last two need a `{SET}`. Defaults to `{CUSTOMER_KEY}` where a `{SET}` is given; else \
             Azure decides. {changing}"
        )),
    ]
}

/// The blocks for single disks.
pub(crate) fn block() -> NestedBlock {
    let attributes = vec![
        Attribute::required(DISK, Type::String)
            .equivalence(equivalence::resource_id)
            .description("The ID of the disk restore point in the source, whose copy is meant."),
        set("The ID of the disk encryption set for the copy of this disk."),
        encryption_type(
            "How Azure encrypts the copy of this disk. Possible values and the default are those of \
             the argument for all disks.",
        ),
    ];
    NestedBlock::new(
        DISKS,
        Nesting::Set,
        Block {
            attributes,
            blocks: Vec::new(),
            description: format!(
                "The encryption of the copy of one disk. For this disk, it takes the place of both `{SET}` and `{TYPE}` \
                 of the copy."
            ),
        },
    )
}

fn set(description: &str) -> Attribute {
    Attribute::optional(SET, Type::String)
        .equivalence(equivalence::resource_id)
        .description(description)
}

fn encryption_type(description: &str) -> Attribute {
    Attribute::optional(TYPE, Type::String).description(description)
}

/// Checks the arguments for all disks, each problem on its argument.
pub(crate) fn validate(config: &Value) -> Diagnostics {
    problems(config).into_iter().collect()
}

/// Checks the blocks for single disks of a copy of `source_restore_point_id`.
pub(crate) fn validate_blocks(config: &Value) -> Diagnostics {
    let source = config.get("source_restore_point_id").as_str();
    let source = source.and_then(|id| RestorePointId::parse(id).ok());
    let mut seen = BTreeSet::new();
    let mut diagnostics = Diagnostics::default();
    let blocks = config.get(DISKS).elements().iter();
    for block in blocks.filter(|block| !block.is_unknown()) {
        diagnostics.extend(problems(block));
        if block.get(SET).is_null() && block.get(TYPE).is_null() {
            diagnostics.push(invalid(
                DISKS,
                &format!("The block asks for nothing: it needs {TYPE}, {SET} or both."),
            ));
        }
        let Some(id) = block.get(DISK).as_str() else {
            continue;
        };
        match (DiskRestorePointId::parse_strict(id), &source) {
            (Err(error), _) => diagnostics.push(invalid(DISK, &error.to_string())),
            (Ok(disk), Some(source)) if disk.restore_point() != source => {
                diagnostics.push(invalid(
                    DISK,
                    &format!("{id:?} is a disk of another restore point than the source {source}."),
                ))
            }
            _ if !seen.insert(with_slash(id).to_ascii_lowercase()) => {
                diagnostics.push(invalid(
                    DISKS,
                    &format!("There are several blocks for the disk {id}."),
                ));
            }
            _ => {}
        }
    }
    // Elements of a set have no path of their own.
    let at_the_set = |diagnostic: Diagnostic| diagnostic.at(Path::attribute(DISKS));
    diagnostics.iter().cloned().map(at_the_set).collect()
}

fn problems(object: &Value) -> Vec<Diagnostic> {
    let found: Vec<Diagnostic> = [
        validators::one_of(object, TYPE, &TYPES),
        object.get(SET).as_str().and_then(|id| {
            let error = resource_id::disk_encryption_set(id).err()?;
            Some(invalid(SET, &error.to_string()))
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !found.is_empty() {
        return found;
    }
    let set = object.get(SET);
    let problem = match object.get(TYPE).as_str() {
        Some(PLATFORM_KEY) if !set.is_null() => invalid(
            SET,
            &format!(
                "{PLATFORM_KEY} takes no disk encryption set. Leave {SET} out, or ask for {CUSTOMER_KEY} or {BOTH_KEYS}."
            ),
        ),
        Some(kind @ (CUSTOMER_KEY | BOTH_KEYS)) if set.is_null() => invalid(
            TYPE,
            &format!("{kind} needs the key of a disk encryption set: set {SET}, too."),
        ),
        _ => return Vec::new(),
    };
    vec![problem]
}

fn invalid(argument: &str, detail: &str) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), diagnose::sentence(detail))
        .at(Path::attribute(argument))
}
