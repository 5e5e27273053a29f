//! What may be asked of keys, as callers send it.

use serde::Deserialize;

use super::{Allowlist, KeyName, RateLimit, Status};
use crate::scopes::{Permissions, Scope, Scopes};
use kit::clock::Time;
use kit::http::{Check, Faults, present};
use kit::text::MultilineText;

/// What a key is for.
pub type Description = MultilineText<0, 1000>;
/// Why a key was revoked.
pub type Reason = MultilineText<0, 500>;

/// A new key.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateApiKey)]
pub struct CreateKey {
    /// Unique among the workspace's active keys.
    pub name: KeyName,
    /// A preset, or `custom` for a list of scopes.
    pub permissions: Permissions,
    /// Required with `custom`, refused with a preset.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
    /// In the future, at most 5 years ahead; `null` for no expiration. It must be there: never expiring is a choice.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>, required = true)]
    pub expires_at: Option<Option<Time>>,
    /// CIDR blocks, v4 or v6, up to 50; empty or left out: from anywhere.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub ip_allowlist: Option<Vec<String>>,
    /// Left out: 600 a minute; `null`: no limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<RateLimit>>,
    /// What the key is for.
    #[serde(default)]
    pub description: Option<Description>,
}

impl CreateKey {
    /// The scopes that were chosen, by preset or by list.
    pub fn chosen_scopes(&self) -> Scopes {
        self.permissions.preset().unwrap_or_else(|| self.scopes.iter().flatten().copied().collect())
    }
}

impl Check for CreateKey {
    fn check(&self, faults: &mut Faults) {
        check_scopes(self.permissions, self.scopes.as_deref(), faults);
        let said = "Give a time in the future, or null for no expiration.";
        faults.require(self.expires_at.is_some(), "expiresAt", said);
        check_allowlist(self.ip_allowlist.as_deref(), faults);
        if let Some(Some(limit)) = self.rate_limit {
            limit.check(faults);
        }
    }
}

/// Scopes are listed with `custom`, and only then.
pub(in crate::keys) fn check_scopes(permissions: Permissions, listed: Option<&[Scope]>, faults: &mut Faults) {
    match permissions {
        Permissions::Custom => faults.require(
            listed.is_some_and(|scopes| !scopes.is_empty()),
            "scopes",
            "Name at least one scope with custom permissions.",
        ),
        _ => faults.require(listed.is_none(), "scopes", "Leave scopes out with a preset, or choose permissions custom."),
    }
}

fn check_allowlist(texts: Option<&[String]>, faults: &mut Faults) {
    let texts = texts.unwrap_or_default();
    faults.require(texts.len() <= Allowlist::MOST, "ipAllowlist", "Give at most 50 blocks.");
    if let Err((place, _)) = Allowlist::parse(texts) {
        faults.add(format!("ipAllowlist[{place}]"), "Give a CIDR block such as 203.0.113.0/24 or 2001:db8::/32.");
    }
}

/// Changes to a key. Permissions and expiry never change: create another key.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UpdateApiKey)]
pub struct UpdateKey {
    /// Another name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = KeyName, required = false)]
    pub name: Option<KeyName>,
    /// Another description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    /// Other addresses; an empty list or `null`: from anywhere.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub ip_allowlist: Option<Option<Vec<String>>>,
    /// Another limit; `null`: no limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<RateLimit>>,
}

impl Check for UpdateKey {
    fn check(&self, faults: &mut Faults) {
        check_allowlist(self.ip_allowlist.as_ref().and_then(Option::as_deref), faults);
        if let Some(Some(limit)) = self.rate_limit {
            limit.check(faults);
        }
    }
}

/// How the successor of a key differs from it.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RotateApiKey)]
pub struct RotateKey {
    /// Left out: as long from now as the old key had from its creation; `null` for no expiration.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub expires_at: Option<Option<Time>>,
    /// Left out: the old name with the day of rotation.
    #[serde(default)]
    pub name: Option<KeyName>,
}

impl Check for RotateKey {}

/// Why a key is revoked.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevokeApiKey)]
pub struct RevokeKey {
    /// For the record.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Check for RevokeKey {}

/// Which keys to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// Only keys in this state.
    #[param(inline)]
    pub status: Option<Status>,
    /// Only keys whose name or hint contains this; a whole secret finds its key.
    #[serde(default, deserialize_with = "short")]
    #[param(max_length = 200)]
    pub search: Option<String>,
}

/// A text to search for, of at most 200 characters.
fn short<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(MultilineText::<0, 200>::deserialize(deserializer)?.into_string()))
}
