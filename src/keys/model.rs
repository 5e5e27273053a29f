//! A key, what may be asked of it, and the rules that need no database.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::format::scrub;
use super::scope::{Permissions, Scope, Scopes};
use crate::kit::clock::Time;
use crate::kit::http::{Check, Faults, present};
use crate::kit::limit::Rate;
use crate::kit::text::{Line, Prose};
use crate::workspaces::WorkspaceId;

crate::ids! {
    /// An API key.
    KeyId = "key";
}

/// What a key is called: 1 to 100 characters.
pub type KeyName = Line<1, 100>;
/// What a key is for.
pub type Description = Prose<0, 1000>;
/// Why a key was revoked.
pub type Reason = Prose<0, 500>;

crate::words! {
    /// Derived, never stored.
    Status as ApiKeyStatus {
        /// It opens what its scopes name.
        Active = "active",
        /// It was revoked; that is final.
        Revoked = "revoked",
        /// Its time is over; that is final.
        Expired = "expired",
    }
}

/// Someone as they were called at the time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The member's id, or `operator` for the command line.
    pub id: String,
    /// Their name.
    pub name: String,
}

/// So many requests in so many seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimit {
    /// 1 to 1,000,000. As many may come at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub requests: u32,
    /// 1 to 86,400.
    #[schema(minimum = 1, maximum = 86_400)]
    pub per_seconds: u32,
}

impl RateLimit {
    /// What a key gets if nothing is said: 600 a minute.
    pub const USUAL: Self = Self { requests: 600, per_seconds: 60 };

    /// As the limiter wants it.
    pub fn rate(self) -> Rate {
        Rate { requests: self.requests, per: std::time::Duration::from_secs(self.per_seconds.into()) }
    }

    fn check(self, faults: &mut Faults) {
        faults.require((1..=1_000_000).contains(&self.requests), "rateLimit.requests", "Give 1 to 1,000,000 requests.");
        faults.require((1..=86_400).contains(&self.per_seconds), "rateLimit.perSeconds", "Give 1 to 86,400 seconds.");
    }
}

/// The addresses a key may be used from; none means from anywhere.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Allowlist(Vec<IpNet>);

impl Allowlist {
    /// The most blocks a key may have.
    pub const MOST: usize = 50;

    /// Whether `address`, in canonical form, may use the key.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.0.is_empty() || self.0.iter().any(|block| block.contains(&address))
    }

    /// The blocks.
    pub fn blocks(&self) -> &[IpNet] {
        &self.0
    }

    /// From what was typed: CIDR blocks or single addresses; the host's bits of a block are cleared.
    pub fn parse(texts: &[String]) -> Result<Self, (usize, String)> {
        let blocks = texts.iter().enumerate().map(|(place, text)| block(text.trim()).ok_or_else(|| (place, text.clone())));
        let mut blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        blocks.sort_unstable();
        blocks.dedup();
        Ok(Self(blocks))
    }
}

/// A block or a single address; an IPv4-mapped IPv6 block counts as the IPv4 block.
fn block(text: &str) -> Option<IpNet> {
    let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    let mapped = match parsed {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => v6.addr().to_ipv4_mapped().map(|v4| (v4, v6.prefix_len() - 96)),
        _ => None,
    };
    match mapped {
        Some((v4, length)) => ipnet::Ipv4Net::new(v4, length).ok().map(|block| IpNet::V4(block).trunc()),
        None => Some(parsed.trunc()),
    }
}

/// A key as it is kept.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "KeyView says what each is on the wire")]
pub struct Key {
    pub id: KeyId,
    pub workspace: WorkspaceId,
    pub digest: super::SecretDigest,
    pub hint: String,
    pub name: String,
    pub description: Option<String>,
    pub permissions: Permissions,
    pub scopes: Scopes,
    pub allowlist: Allowlist,
    pub rate_limit: Option<RateLimit>,
    pub created_at: Time,
    pub created_by: Person,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    pub revoked_by: Option<Person>,
    pub revoke_reason: Option<String>,
    pub rotated_from: Option<KeyId>,
    pub revision: i64,
}

impl Key {
    /// Revoked if it was revoked, else expired if past its expiry, else active.
    pub fn status(&self, now: Time) -> Status {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Status::Revoked,
            (None, Some(expiry)) if expiry <= now => Status::Expired,
            (None, _) => Status::Active,
        }
    }
}

/// A text to search for, of at most 200 characters.
fn short<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(Prose::<0, 200>::deserialize(deserializer)?.into_string()))
}

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
        let listed = self.scopes.as_ref();
        match self.permissions {
            Permissions::Custom => {
                faults.require(
                    listed.is_some_and(|scopes| !scopes.is_empty()),
                    "scopes",
                    "Name at least one scope with custom permissions.",
                );
            }
            _ => faults.require(listed.is_none(), "scopes", "Leave scopes out with a preset, or choose permissions custom."),
        }
        let said = "Give a time in the future, or null for no expiration.";
        faults.require(self.expires_at.is_some(), "expiresAt", said);
        check_no_key(Some(&self.name), self.description.as_ref(), faults);
        check_allowlist(self.ip_allowlist.as_deref(), faults);
        if let Some(Some(limit)) = self.rate_limit {
            limit.check(faults);
        }
    }
}

/// A secret is never stored, so it must not be in what is.
fn check_no_key(name: Option<&KeyName>, description: Option<&Description>, faults: &mut Faults) {
    let texts = [("name", name.map(KeyName::as_str)), ("description", description.map(Description::as_str))];
    for (field, text) in texts {
        let is_clean = text.is_none_or(|text| scrub(text) == text);
        faults.require(is_clean, field, "There is an API key in this text. Take it out: it would be stored.");
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
        check_no_key(self.name.as_ref(), self.description.as_ref().and_then(Option::as_ref), faults);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Allowlist {
        Allowlist::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).expect("blocks")
    }

    #[test]
    fn an_allowlist_admits_its_blocks_only() {
        let blocks = list(&["203.0.113.7/24", "2001:db8::1"]);
        assert!(blocks.admits([203, 0, 113, 250].into()));
        assert!(blocks.admits("2001:db8::1".parse().expect("an address")));
        assert!(!blocks.admits([203, 0, 114, 1].into()));
        assert!(Allowlist::default().admits([198, 51, 100, 1].into()));
    }

    #[test]
    fn a_mapped_block_is_the_v4_block() {
        assert_eq!(list(&["::ffff:203.0.113.0/120"]), list(&["203.0.113.0/24"]));
        assert!(list(&["::ffff:203.0.113.0/120"]).admits([203, 0, 113, 9].into()));
    }

    #[test]
    fn what_is_no_block_is_named() {
        let texts = ["10.0.0.0/8".to_owned(), "10.0.0.0/33".to_owned()];
        assert_eq!(Allowlist::parse(&texts), Err((1, "10.0.0.0/33".to_owned())));
    }
}
