//! Takes resource ids apart and says what is wrong with them.

/// Longest name of a restore point collection or restore point: Azure Compute's usual limit.
const NAME_CHARACTERS_MAX: usize = 80;

/// Longest name of a disk restore point that is taken for one: Azure makes it of the disk's name
/// and a GUID.
const DISK_NAME_CHARACTERS_MAX: usize = 160;

/// Longest name of a resource group, from ARM's specification.
const RESOURCE_GROUP_CHARACTERS_MAX: usize = 90;

/// Why a text is not the id that was expected: what was found, and the expected form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// An answer of Azure, which is not always consistent about slashes.
    FromAzure,
    /// A person, who is told about a slash that is missing or too many.
    Written,
}

/// One kind of resource that can be asked for.
pub(super) struct Kind {
    resource_type: &'static str,
    noun: &'static str,
    form: &'static str,
    /// What the names in it are of, if they are ours to check.
    parts: &'static [(&'static str, usize)],
}

pub(super) const COLLECTION: Kind = Kind {
    resource_type: "Microsoft.Compute/restorePointCollections",
    noun: "a restore point collection",
    form: "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/restorePointCollections/COLLECTION",
    parts: &[("restore point collection", NAME_CHARACTERS_MAX)],
};

pub(super) const POINT: Kind = Kind {
    resource_type: "Microsoft.Compute/restorePointCollections/restorePoints",
    noun: "a restore point",
    form: "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/restorePointCollections/COLLECTION/restorePoints/NAME",
    parts: &[
        ("restore point collection", NAME_CHARACTERS_MAX),
        ("restore point", NAME_CHARACTERS_MAX),
    ],
};

const MACHINE: Kind = Kind {
    resource_type: "Microsoft.Compute/virtualMachines",
    noun: "a virtual machine",
    form: "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/virtualMachines/NAME",
    parts: &[],
};

/// Azure names a disk restore point itself, after the disk.
pub(super) const DISK_POINT: Kind = Kind {
    resource_type: "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints",
    noun: "a disk restore point",
    form: "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/restorePointCollections/COLLECTION/restorePoints/NAME/diskRestorePoints/DISK",
    parts: &[
        ("restore point collection", NAME_CHARACTERS_MAX),
        ("restore point", NAME_CHARACTERS_MAX),
        ("disk restore point", DISK_NAME_CHARACTERS_MAX),
    ],
};

const DISK_ENCRYPTION_SET: Kind = Kind {
    resource_type: "Microsoft.Compute/diskEncryptionSets",
    noun: "a disk encryption set",
    form: "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/diskEncryptionSets/NAME",
    parts: &[("disk encryption set", NAME_CHARACTERS_MAX)],
};

/// What else people paste, by its resource type in lower case.
const OTHER_KINDS: &[(&str, &str)] = &[
    (
        "microsoft.compute/restorepointcollections",
        "a restore point collection",
    ),
    (
        "microsoft.compute/restorepointcollections/restorepoints",
        "a restore point",
    ),
    (
        "microsoft.compute/restorepointcollections/restorepoints/diskrestorepoints",
        "a disk restore point",
    ),
    (
        "microsoft.compute/diskencryptionsets",
        "a disk encryption set",
    ),
    ("microsoft.keyvault/vaults", "a key vault"),
    ("microsoft.compute/virtualmachines", "a virtual machine"),
    ("microsoft.compute/disks", "a managed disk"),
    ("microsoft.compute/snapshots", "a disk snapshot"),
];

/// An id of the expected kind, in parts.
pub(super) struct Resource<'a> {
    names: Vec<&'a str>,
}

impl Resource<'_> {
    /// The names behind the resource types, outermost first.
    pub(super) fn names<const N: usize>(&self) -> [String; N] {
        std::array::from_fn(|at| {
            self.names
                .get(at)
                .map_or_else(String::new, |name| (*name).to_owned())
        })
    }
}

/// The type of any resource id, for example `Microsoft.Compute/virtualMachines`; `None` for
/// texts that are no id of a resource.
pub fn resource_type(text: &str) -> Option<String> {
    split(text).map(|(resource_type, _)| resource_type)
}

/// Takes an id of the given kind apart.
pub(super) fn resource<'a>(
    text: &'a str,
    input: Input,
    kind: &Kind,
) -> Result<Resource<'a>, ParseError> {
    let expected = || format!("expected the id of {}: {}", kind.noun, kind.form);
    let fail = |found: &str| Err(ParseError(format!("{found}; {}", expected())));
    if text.is_empty() {
        return fail("the id is empty");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return fail(&format!("\"{text}\" contains white space"));
    }
    let Some((found_type, names)) = split(text) else {
        return fail(&format!("\"{text}\" is {}", what_else(text)));
    };
    if !found_type.eq_ignore_ascii_case(kind.resource_type) {
        return fail(&format!("\"{text}\" is the id of {}", noun(&found_type)));
    }
    let (subscription, group) = scope(text);
    subscription_id(&subscription)?;
    resource_group_name(&group)?;
    for ((noun, characters_max), given) in kind.parts.iter().zip(&names) {
        name_up_to(*characters_max, noun, given)?;
    }
    if input == Input::Written && !text.starts_with('/') {
        return fail(&format!("\"{text}\" does not begin with a slash"));
    }
    if input == Input::Written && text.ends_with('/') {
        return fail(&format!("\"{text}\" ends with a slash"));
    }
    Ok(Resource { names })
}

/// Checks the id of a virtual machine that a person wrote.
///
/// # Errors
/// [`ParseError`] says what was found instead, and the expected form.
pub fn virtual_machine(text: &str) -> Result<(), ParseError> {
    resource(text, Input::Written, &MACHINE).map(drop)
}

/// Checks the id of a disk encryption set that a person wrote.
///
/// # Errors
/// [`ParseError`] says what was found instead, and the expected form.
pub fn disk_encryption_set(text: &str) -> Result<(), ParseError> {
    resource(text, Input::Written, &DISK_ENCRYPTION_SET).map(drop)
}

/// Subscription and resource group of an id that [`resource`] has accepted.
pub(super) fn scope(text: &str) -> (String, String) {
    let mut segments = segments(text);
    let subscription_id = segments.nth(1).unwrap_or_default();
    let resource_group_name = segments.nth(1).unwrap_or_default();
    (subscription_id.to_owned(), resource_group_name.to_owned())
}

/// Checks a subscription id; Azure's are GUIDs, but that is Azure's to say.
///
/// # Errors
/// [`ParseError`] quotes what was found.
pub fn subscription_id(text: &str) -> Result<(), ParseError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '{' | '}');
    if text.is_empty() || !text.chars().all(allowed) || is_dots(text) {
        return Err(ParseError(format!("\"{text}\" is not a subscription id")));
    }
    Ok(())
}

/// Checks the name of a resource group: 1 to 90 letters, digits and `_ - . ( )`.
///
/// # Errors
/// [`ParseError`] says what a name may be.
pub fn resource_group_name(text: &str) -> Result<(), ParseError> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '(' | ')');
    let length = text.chars().count();
    let well_formed = (1..=RESOURCE_GROUP_CHARACTERS_MAX).contains(&length)
        && text.chars().all(allowed)
        && !text.ends_with('.');
    if !well_formed {
        return Err(ParseError(format!(
            "\"{text}\" is not the name of a resource group: 1 to {RESOURCE_GROUP_CHARACTERS_MAX} \
             letters, digits, underscores, hyphens, periods and parentheses, and no period at the end"
        )));
    }
    Ok(())
}

/// Checks the name of a restore point collection or restore point, which `noun` says.
///
/// # Errors
/// [`ParseError`] says what a name may be.
pub fn name(noun: &str, text: &str) -> Result<(), ParseError> {
    name_up_to(NAME_CHARACTERS_MAX, noun, text)
}

fn name_up_to(characters_max: usize, noun: &str, text: &str) -> Result<(), ParseError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !(1..=characters_max).contains(&text.len()) || !text.chars().all(allowed) {
        return Err(ParseError(format!(
            "\"{text}\" is not the name of a {noun}: 1 to {characters_max} letters (a-z, A-Z), \
             digits, underscores, hyphens and periods"
        )));
    }
    if is_dots(text) {
        return Err(ParseError(format!(
            "\"{text}\" is not the name of a {noun}"
        )));
    }
    Ok(())
}

/// A path segment of dots alone is resolved away before it reaches Azure.
fn is_dots(text: &str) -> bool {
    text == "." || text == ".."
}

fn split(text: &str) -> Option<(String, Vec<&str>)> {
    let parts: Vec<&str> = segments(text).collect();
    let [subscriptions, _, groups, _, providers, namespace, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let fixed = subscriptions.eq_ignore_ascii_case("subscriptions")
        && groups.eq_ignore_ascii_case("resourceGroups")
        && providers.eq_ignore_ascii_case("providers");
    if !fixed || rest.is_empty() || rest.len() % 2 != 0 {
        return None;
    }
    let mut resource_type = (*namespace).to_owned();
    for pair in rest.chunks(2) {
        resource_type.push('/');
        resource_type.push_str(pair[0]);
    }
    Some((
        resource_type,
        rest.iter().skip(1).step_by(2).copied().collect(),
    ))
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix('/').unwrap_or(text);
    text.strip_suffix('/').unwrap_or(text).split('/')
}

fn noun(found_type: &str) -> String {
    let lower = found_type.to_ascii_lowercase();
    OTHER_KINDS
        .iter()
        .find(|(resource_type, _)| *resource_type == lower)
        .map_or_else(|| format!("a {found_type}"), |(_, noun)| (*noun).to_owned())
}

fn what_else(text: &str) -> &'static str {
    let count = segments(text).count();
    let first = segments(text).next().unwrap_or_default();
    if text.contains("://") {
        "a URL, not a resource id"
    } else if !first.eq_ignore_ascii_case("subscriptions") {
        "not a resource id"
    } else {
        match count {
            2 => "the id of a subscription",
            4 => "the id of a resource group",
            _ => "an incomplete resource id",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/S/resourceGroups/rg";

    #[track_caller]
    fn check(kind: &Kind, text: &str, found: &str) {
        let error = resource(text, Input::Written, kind).err().unwrap();
        assert!(error.0.contains(found), "{text}: {error}");
    }

    #[test]
    fn wrong_kinds_are_named() {
        let compute = format!("{GROUP}/providers/Microsoft.Compute");
        let collection = format!("{compute}/restorePointCollections/c");
        let point = format!("{collection}/restorePoints/p");
        check(
            &POINT,
            &collection,
            "is the id of a restore point collection; expected the id of a restore point: /subs",
        );
        check(
            &COLLECTION,
            &point,
            "is the id of a restore point; expected",
        );
        check(
            &POINT,
            &format!("{point}/diskRestorePoints/d"),
            "of a disk restore point;",
        );
        check(
            &COLLECTION,
            &format!("{compute}/virtualMachines/v"),
            "of a virtual machine;",
        );
        check(
            &COLLECTION,
            &format!("{compute}/galleries/g"),
            "of a Microsoft.Compute/galleries;",
        );
        check(&COLLECTION, GROUP, "the id of a resource group;");
        check(&COLLECTION, "/subscriptions/S", "the id of a subscription;");
        check(
            &COLLECTION,
            &format!("{compute}/restorePointCollections"),
            "an incomplete",
        );
        check(&COLLECTION, "https://portal.azure.com/#x", "a URL");
        check(&COLLECTION, "web-dr", "\"web-dr\" is not a resource id;");
        check(&COLLECTION, "", "the id is empty;");
        check(&COLLECTION, " /subscriptions", "white space");
    }

    #[test]
    fn wrong_parts_are_named() {
        let id = |group: &str, name: &str| {
            format!(
                "/subscriptions/S/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections/{name}"
            )
        };
        check(
            &COLLECTION,
            &id("rg", &"n".repeat(81)),
            "name of a restore point collection: 1 to 80",
        );
        check(
            &COLLECTION,
            &id("rg", "ümlaut"),
            "\"ümlaut\" is not the name",
        );
        check(&COLLECTION, &id("rg", ".."), "\"..\" is not the name");
        check(
            &COLLECTION,
            &id("", "c"),
            "\"\" is not the name of a resource group",
        );
        check(
            &COLLECTION,
            &id("a?b", "c"),
            "\"a?b\" is not the name of a resource group",
        );
        check(
            &COLLECTION,
            &id("rg", "c").replace("/S/", "//"),
            "\"\" is not a subscription",
        );
        check(
            &COLLECTION,
            &id("rg", "c")[1..],
            "does not begin with a slash",
        );
        check(
            &COLLECTION,
            &format!("{}/", id("rg", "c")),
            "ends with a slash",
        );
    }

    #[test]
    fn only_virtual_machines_are_virtual_machines() {
        let compute = format!("{GROUP}/providers/microsoft.compute");
        assert!(virtual_machine(&format!("{compute}/VirtualMachines/web")).is_ok());
        let error = virtual_machine(&format!("{compute}/disks/d")).unwrap_err();
        assert!(
            error.0.contains(
                "is the id of a managed disk; expected the id of a virtual machine: /subs"
            ),
            "{error}"
        );
    }

    #[test]
    fn the_type_of_any_resource_is_read() {
        let machine = format!("{GROUP}/providers/microsoft.compute/virtualMachines/v");
        assert_eq!(
            resource_type(&machine).as_deref(),
            Some("microsoft.compute/virtualMachines")
        );
        assert_eq!(resource_type(GROUP), None);
    }
}
