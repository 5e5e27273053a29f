//! Bodies and parameters of requests on keys.

use serde::Deserialize;

use super::{Allowlist, KeyName, RateLimit, RevokeAfter, Status, name};
use crate::members::MemberId;
use crate::scopes::{Module, Permissions, Scope, Scopes};
use kit::cidr::Cidr;
use kit::clock::Time;
use kit::http::{Check, FieldErrors, present};
use kit::text::{Line, MultilineText, sentence};

/// The purpose of a key.
pub type Description = MultilineText<0, 1000>;
/// The reason for a revocation.
pub type Reason = MultilineText<0, 500>;

/// Properties of a new key.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateApiKey)]
pub struct CreateKey {
    /// Unique among the workspace's active keys: a name that differs in case, spacing or look-alike letters only is taken.
    pub name: KeyName,
    /// A preset, or `custom` for a list of scopes.
    pub permissions: Permissions,
    /// Required with `custom`, not allowed with a preset.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub scopes: Option<Vec<Scope>>,
    /// In the future, at most 5 years ahead; `null` for no expiration. Required, because a key without expiration must be a choice.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>, required = true)]
    pub expires_at: Option<Option<Time>>,
    /// Up to 50 IPv4 or IPv6 addresses or CIDR blocks; empty or omitted for any address.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub ip_allowlist: Option<Vec<String>>,
    /// 600 requests per minute if omitted; `null` for no limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<RateLimit>>,
    /// The purpose of the key.
    #[serde(default)]
    pub description: Option<Description>,
    /// The member who is responsible for the key: one of this workspace who has joined, whatever their role. The caller if omitted.
    #[serde(default)]
    pub custodian_id: Option<MemberId>,
    /// True for a test key: its secret begins with `pck_test_`, and it reads and writes the workspace's sandbox, which has data of its
    /// own. It cannot have scopes of webhooks.
    #[serde(default)]
    pub test: bool,
}

impl CreateKey {
    /// Returns the scopes of the preset or of the list.
    pub fn chosen_scopes(&self) -> Scopes {
        self.permissions.preset().unwrap_or_else(|| self.scopes.iter().flatten().copied().collect())
    }
}

impl Check for CreateKey {
    fn check(&self, faults: &mut FieldErrors) {
        name::check(&self.name, faults);
        check_scopes(self.permissions, self.scopes.as_deref(), faults);
        faults.require(!self.test || is_for_sandbox(self.chosen_scopes()), "scopes", NO_TEST_WEBHOOKS);
        let message = "Give a time in the future, or null for no expiration.";
        faults.require(self.expires_at.is_some(), "expiresAt", message);
        check_allowlist(self.ip_allowlist.as_deref(), faults);
        if let Some(Some(limit)) = self.rate_limit {
            limit.check(faults);
        }
    }
}

/// The message about a test key with scopes of webhooks.
pub(in crate::keys) const NO_TEST_WEBHOOKS: &str =
    "A test key cannot have access to webhooks: events of the sandbox are not sent to endpoints.";

/// Returns whether a test key can have these scopes: a sandbox has no webhooks.
fn is_for_sandbox(scopes: Scopes) -> bool {
    scopes.iter().all(|scope| scope.module != Module::Webhooks)
}

/// The largest number of scopes in a list, repeated ones included.
const MAX_SCOPES: usize = 50;

/// Requires a list of scopes with `custom`, and refuses one with a preset.
pub(in crate::keys) fn check_scopes(permissions: Permissions, listed: Option<&[Scope]>, faults: &mut FieldErrors) {
    faults.require(listed.is_none_or(|scopes| scopes.len() <= MAX_SCOPES), "scopes", "Name at most 50 scopes.");
    match permissions {
        Permissions::Custom => faults.require(
            listed.is_some_and(|scopes| !scopes.is_empty()),
            "scopes",
            "Name at least one scope with custom permissions.",
        ),
        _ => faults.require(listed.is_none(), "scopes", "Leave scopes out with a preset, or choose permissions custom."),
    }
}

fn check_allowlist(texts: Option<&[String]>, faults: &mut FieldErrors) {
    let texts = texts.unwrap_or_default();
    faults.require(texts.len() <= Allowlist::MAX_BLOCKS, "ipAllowlist", "Give at most 50 blocks.");
    for (at, text) in texts.iter().enumerate().take(Allowlist::MAX_BLOCKS) {
        if let Err(error) = text.parse::<Cidr>() {
            faults.add(format!("ipAllowlist[{at}]"), sentence(error));
        }
    }
}

/// Changes to a key. Permissions and expiry cannot be changed: create another key.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UpdateApiKey)]
pub struct UpdateKey {
    /// New name, unique among the workspace's active keys.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = KeyName, required = false)]
    pub name: Option<KeyName>,
    /// New description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Description>)]
    pub description: Option<Option<Description>>,
    /// New addresses or CIDR blocks; an empty list or `null` for any address.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    pub ip_allowlist: Option<Option<Vec<String>>>,
    /// New rate limit; `null` for no limit.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<RateLimit>)]
    pub rate_limit: Option<Option<RateLimit>>,
    /// New custodian: a member of this workspace who has joined, whatever their role.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = MemberId, required = false)]
    pub custodian_id: Option<MemberId>,
}

impl Check for UpdateKey {
    fn check(&self, faults: &mut FieldErrors) {
        if let Some(name) = &self.name {
            name::check(name, faults);
        }
        check_allowlist(self.ip_allowlist.as_ref().and_then(Option::as_deref), faults);
        if let Some(Some(limit)) = self.rate_limit {
            limit.check(faults);
        }
    }
}

/// Properties of the key that replaces another.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RotateApiKey)]
pub struct RotateKey {
    /// `null` for no expiration. If omitted, the new key is valid for as long as the old key was from its creation to its expiry.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub expires_at: Option<Option<Time>>,
    /// The old name with the date of the rotation if omitted.
    #[serde(default)]
    pub name: Option<KeyName>,
    /// A preset, or `custom` for a list of scopes; those of the old key if omitted. A rotation never adds to them.
    #[serde(default)]
    pub permissions: Option<Permissions>,
    /// Scopes that the old key has. Required with `custom`, not allowed with a preset; without `permissions` they are `custom`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub scopes: Option<Vec<Scope>>,
    /// The time after which the server revokes the old key: `1h` to `30d`; `null` for no such end. If omitted, an end that was set
    /// before stays. A key that was used in the 24 hours before its end stays active.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, pattern = "^[0-9]+[hd]$")]
    pub revoke_old_after: Option<Option<RevokeAfter>>,
    /// True to revoke the old key at its end even if it was used in the 24 hours before.
    #[serde(default)]
    pub force: bool,
}

impl RotateKey {
    /// Returns the permissions and scopes of the new key, if they are not those of the old one.
    pub fn chosen_permissions(&self) -> Option<(Permissions, Scopes)> {
        let listed = self.scopes.iter().flatten().copied();
        match (self.permissions, &self.scopes) {
            (Some(permissions), _) => Some((permissions, permissions.preset().unwrap_or_else(|| listed.collect()))),
            (None, Some(_)) => Some((Permissions::Custom, listed.collect())),
            (None, None) => None,
        }
    }
}

impl Check for RotateKey {
    fn check(&self, faults: &mut FieldErrors) {
        if let Some(name) = &self.name {
            name::check(name, faults);
        }
        if self.permissions.is_some() || self.scopes.is_some() {
            check_scopes(self.permissions.unwrap_or(Permissions::Custom), self.scopes.as_deref(), faults);
        }
        let has_end = matches!(self.revoke_old_after, Some(Some(_)));
        faults.require(!self.force || has_end, "force", "Give revokeOldAfter as well: it says when the old key is revoked.");
    }
}

/// Reason for a revocation.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevokeApiKey)]
pub struct RevokeKey {
    /// Shown in the audit log.
    #[serde(default)]
    pub reason: Option<Reason>,
}

impl Check for RevokeKey {}

/// Filter of a list of keys.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// Only keys with this status.
    #[param(inline)]
    pub status: Option<Status>,
    /// Only keys whose name contains this text, in whatever case and script, or whose hint does: of the hint, `pck_` and more, or
    /// at least 4 characters.
    #[serde(default, deserialize_with = "short")]
    #[param(min_length = 1, max_length = 200)]
    pub search: Option<String>,
    /// `true`: only keys that can be used and are not: not used for 30 days, and created more than 7 days ago. This and the next four
    /// filter nothing if they are `false` or left out.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline)]
    pub unused: Option<bool>,
    /// `true`: only keys that expire within 14 days.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline)]
    pub expiring: Option<bool>,
    /// `true`: only keys without expiration.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline)]
    pub no_expiration: Option<bool>,
    /// `true`: only keys with a write scope; with `module`, with that of the module.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline)]
    pub can_write: Option<bool>,
    /// `true`: only test keys.
    #[serde(default, deserialize_with = "flag")]
    #[param(inline)]
    pub test: Option<bool>,
    /// Only keys in the custody of this member.
    #[param(inline)]
    pub custodian_id: Option<MemberId>,
    /// Only keys with a scope of this module.
    #[param(inline)]
    pub module: Option<Module>,
}

impl Check for KeyFilter {}

/// Reads `true` or `false`.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| serde::de::Error::custom("must be true or false"))
}

/// Reads a text of 1 to 200 characters.
fn short<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Line::<1, 200>::deserialize(deserializer)?.into_string()))
}
