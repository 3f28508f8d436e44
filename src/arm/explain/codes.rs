//! Error codes of ARM and of Microsoft.Compute, and what they mean for a copy.

use super::{quoted_after, segment};
use crate::arm::error::ApiError;

/// What to do about a resource provider that the subscription does not use yet.
pub(super) fn not_registered(error: &ApiError) -> String {
    let namespace = quoted_after(&error.message, "namespace").unwrap_or("Microsoft.Compute");
    let mut command = format!("az provider register --namespace {namespace} --wait");
    if let Some(subscription) = segment(&error.path, "subscriptions") {
        command.extend([" --subscription ", subscription]);
    }
    format!(
        "Register the resource provider {namespace} in the subscription, which takes some minutes:\n\n  {command}"
    )
}

/// What is known about an error code of Azure Resource Manager; empty if nothing is.
pub(super) fn resource_manager(code: &str) -> &'static str {
    match code.to_ascii_lowercase().as_str() {
        "resourcegroupnotfound" => "Create the resource group first, or correct its name.",
        "resourcegroupbeingdeleted" => {
            "Somebody is deleting the resource group, and everything inside goes with it. Use another one, or wait until \
             it is gone and create it again."
        }
        "parentresourcenotfound" => {
            "The restore point collection does not exist. Create it first, or correct its name."
        }
        "subscriptionnotfound" | "invalidsubscriptionid" => {
            "Check the subscription id, and that the subscription belongs to the tenant and the \
             cloud that are signed in to."
        }
        "readonlydisabledsubscription" | "disabledsubscription" => {
            "The subscription is disabled, often for reasons of billing: it can be read and not changed. Its owner can \
             enable it again in the Azure portal."
        }
        "invalidauthenticationtokentenant" => {
            "The token is from another tenant than the subscription. Set tenant_id to the \
             subscription's tenant, which the message names."
        }
        "invalidauthenticationtokenaudience" => {
            "The token is not meant for this Azure Resource Manager. Check environment and \
             resource_manager_audience."
        }
        "invalidauthenticationtoken" | "authenticationfailed" => {
            "A fresh token was refused, too. Check environment and resource_manager_audience, and that the signed-in \
             identity still exists in its tenant."
        }
        "expiredauthenticationtoken" => {
            "A fresh token was refused, too. Check that the clock of this machine is right."
        }
        "locationnotavailableforresourcetype" => {
            "Correct the location, or choose one from Azure's list: there are no restore point collections in this one."
        }
        "requestdisallowedbyazure" => {
            "Azure does not offer this region to this kind of subscription. Choose another location."
        }
        "invalidresourcelocation" => {
            "A resource of this name lies in another location already. Choose another name, or that location."
        }
        "propertychangenotallowed" => {
            "Azure changes nothing of a restore point collection but its tags. Choose another name."
        }
        "invalidapiversionparameter" | "noregisteredproviderfound" | "invalidresourcetype" => {
            "This cloud or region does not know the API version that is used here. Check environment and location: the \
             feature may not be offered there."
        }
        "linkedinvalidpropertyid" => {
            "Azure cannot read the id of the source. Check that it is written out in full, beginning with /subscriptions/."
        }
        _ => "",
    }
}

/// What is known about a refusal by Microsoft.Compute; empty if nothing is.
///
/// It uses few codes for many things: OperationNotAllowed alone has five meanings, so the text
/// decides where the code does not. The texts are those of Azure's troubleshooting pages; refusals
/// that Azure has not published are recognised by the words that they can hardly do without.
pub(super) fn compute(code: &str, message: &str) -> &'static str {
    let code = code.to_ascii_lowercase();
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().all(|word| message.contains(word));
    match code.as_str() {
        "diskrestorepointusedbycustomer" => {
            return "A shared access signature on one of its disk restore points is in use: somebody reads the disk. \
                    Revoke it with the operation endGetAccess of the disk restore point, or wait until it has expired.";
        }
        "anotheroperationinprogress" => {
            return "Wait until the other operation is over.";
        }
        _ => {}
    }
    if is_of_keys(&code, &message) {
        return if says(&["not found"]) {
            "The key vault behind a disk encryption set is gone. Recover it, or create it and its key again under the \
             same name."
        } else {
            "The disk encryption set cannot use its key. Give the set's identity the permissions get, wrapKey and \
             unwrapKey on the key, and check that key and vault are enabled."
        };
    }
    if is_of_encryption(&code, &message) {
        return "A disk encryption set must exist, lie in the region of the target collection, and be readable for the \
                signed-in identity (Microsoft.Compute/diskEncryptionSets/read).";
    }
    if says(&["confidential"]) {
        return "Azure does not copy restore points of confidential VMs to other regions. Protect such a VM in another \
                way, for example with Azure Backup.";
    }
    if says(&["private link"])
        || says(&["privatelink"])
        || says(&["disk access"])
        || says(&["diskaccess"])
    {
        return "Azure does not copy disks that are reached through a private link (a disk access). Take the source of \
                disks without one, or leave those disks out of it.";
    }
    if says(&["active shared access signature"]) {
        return compute("diskrestorepointusedbycustomer", "");
    }
    if says(&["snapshot limit"]) {
        return "A disk can have only so many snapshots. Delete restore points of this VM that are not needed any more.";
    }
    if says(&["number of restore points", "exceed"]) || says(&["restore points", "maximum"]) {
        return "A VM can have 500 restore points, over all collections. Delete some that are not needed any more.";
    }
    if says(&["restore point collections", "exceed"])
        || says(&["restore point collections", "maximum"])
    {
        return "A subscription can have 10,000 restore point collections in a region. Delete some that are empty.";
    }
    if says(&["concurrent", "create"]) {
        return "Another restore point of the same VM is being made. Wait until that is done.";
    }
    if says(&["changes were made to the virtual machine"]) {
        return "The VM was changed while the restore point was made. Wait until it is left alone.";
    }
    if says(&["have not been allocated"]) {
        return "Leave these disks out when the source restore point is made, and copy that one.";
    }
    if says(&["api-version", "or newer"]) {
        return resource_manager("InvalidApiVersionParameter");
    }
    if says(&["update", "existing", "restore point"]) || says(&["restorepoint", "already exists"]) {
        return "There is a restore point of this name already, which is something else. Choose another name.";
    }
    let internal = [
        "internalerror",
        "internalexecutionerror",
        "internaloperationerror",
        "vmrestorepointinternalerror",
    ];
    if internal.contains(&code.as_str()) {
        return "The trouble is Azure's own, and often gone after a while. If it stays, give Azure support the request id.";
    }
    ""
}

/// Whether a refusal is about the encryption of disks: a set of keys, or what is behind it.
pub(super) fn is_of_encryption(code: &str, message: &str) -> bool {
    let (code, message) = (code.to_ascii_lowercase(), message.to_ascii_lowercase());
    is_of_keys(&code, &message)
        || message.contains("diskencryptionset")
        || message.contains("disk encryption set")
}

/// The same about a key alone, in lower case.
fn is_of_keys(code: &str, message: &str) -> bool {
    message.contains("keyvault") || message.contains("key vault") || code.starts_with("keyvault")
}
