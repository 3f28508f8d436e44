//! Who we are beside the credential: other tenants, and whom usage is attributed to.

use uuid::Uuid;

use super::{Settings, SettingsError, given};

/// Azure Resource Manager takes so many tokens of other tenants in one request.
const AUXILIARY_TENANTS_MAX: usize = 3;

/// Checks the name of a tenant; `argument` is where it stands.
pub(super) fn check_tenant(argument: &'static str, tenant_id: &str) -> Result<(), SettingsError> {
    let variable = match argument {
        "tenant_id" => "ARM_TENANT_ID",
        _ => "ARM_AUXILIARY_TENANT_IDS",
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !tenant_id.is_empty() && tenant_id.chars().all(allowed) {
        return Ok(());
    }
    Err(SettingsError {
        argument: Some(argument),
        summary: "Tenant id cannot be used".to_owned(),
        detail: format!(
            "{argument} (environment variable {variable}) is \"{tenant_id}\"; it must be the \
             tenant's GUID or one of its domain names."
        ),
    })
}

/// Checks the other tenants.
pub(super) fn check_auxiliary_tenants(tenant_ids: &[String]) -> Result<(), SettingsError> {
    let argument = "auxiliary_tenant_ids";
    if tenant_ids.len() > AUXILIARY_TENANTS_MAX {
        return Err(SettingsError {
            argument: Some(argument),
            summary: "Too many auxiliary tenants".to_owned(),
            detail: format!(
                "auxiliary_tenant_ids (environment variable ARM_AUXILIARY_TENANT_IDS) names {} \
                 tenants; Azure Resource Manager takes tokens of at most {AUXILIARY_TENANTS_MAX}.",
                tenant_ids.len()
            ),
        });
    }
    tenant_ids
        .iter()
        .try_for_each(|tenant_id| check_tenant(argument, tenant_id))
}

/// Whom usage is attributed to: the partner that is named, or else the caller's own.
pub(super) fn partner_id(settings: &Settings) -> Result<Option<String>, SettingsError> {
    let Some(text) = given(&settings.partner_id) else {
        return Ok(settings.default_partner_id.map(str::to_owned));
    };
    // Partners of Microsoft's commercial marketplace write theirs like this.
    let id = text
        .strip_prefix("pid-")
        .and_then(|text| text.strip_suffix("-partnercenter"))
        .unwrap_or(text);
    if Uuid::try_parse(id).is_err() || id.len() != 36 {
        return Err(SettingsError {
            argument: Some("partner_id"),
            summary: "Partner id cannot be used".to_owned(),
            detail: format!(
                "partner_id (environment variable ARM_PARTNER_ID) is \"{text}\"; it must be a \
                 GUID, or a GUID between pid- and -partnercenter."
            ),
        });
    }
    Ok(Some(text.strip_prefix("pid-").unwrap_or(text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "00000000-0000-0000-0000-0000000000aa";

    #[test]
    fn every_way_to_name_a_partner() {
        #[track_caller]
        fn check(
            partner_id: Option<&str>,
            default_partner_id: Option<&'static str>,
            expected: Option<&str>,
        ) {
            let settings = Settings {
                partner_id: partner_id.map(str::to_owned),
                default_partner_id,
                ..Settings::default()
            };
            let found = super::partner_id(&settings).unwrap();
            assert_eq!(found.as_deref(), expected);
        }
        check(None, Some("default"), Some("default"));
        check(Some(""), Some("default"), Some("default"));
        check(None, None, None);
        check(Some(ID), Some("default"), Some(ID));
        let marketplace = format!("pid-{ID}-partnercenter");
        let bare = format!("{ID}-partnercenter");
        check(Some(&marketplace), None, Some(&bare));
        for wrong in ["partner", "pid-", &format!("{{{ID}}}"), &format!("{ID} x")] {
            let settings = Settings {
                partner_id: Some(wrong.to_owned()),
                ..Settings::default()
            };
            let error = super::partner_id(&settings).unwrap_err();
            assert_eq!(error.argument, Some("partner_id"), "{wrong}");
        }
    }

    #[test]
    fn three_other_tenants_and_no_more() {
        let tenants = |count: usize| vec!["contoso.com".to_owned(); count];
        assert!(check_auxiliary_tenants(&tenants(0)).is_ok());
        assert!(check_auxiliary_tenants(&tenants(3)).is_ok());
        let error = check_auxiliary_tenants(&tenants(4)).unwrap_err();
        assert!(error.detail.contains("at most 3"), "{error}");
        let error = check_auxiliary_tenants(&["a/b".to_owned()]).unwrap_err();
        assert!(error.detail.contains("ARM_AUXILIARY_TENANT_IDS"), "{error}");
    }
}
