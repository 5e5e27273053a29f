//! The record of a key that somebody has found where others can read it.

use serde_json::json;

use super::rules::target;
use crate::audit::{Action, AuditedTx};
use crate::keys::events;
use crate::keys::model::Key;
use crate::keys::policy::OnLeak;
use crate::keys::unusual::{LeakSource, Unusual, record_unusual};
use kit::db::DbResult;

/// The place where a key was found.
#[derive(Clone, Copy, Debug)]
pub struct Leak<'a> {
    /// The name of the service that has found it.
    pub found_by: &'static str,
    /// The kind of place, such as `commit`.
    pub location: &'a str,
    /// The public address; empty if it is not known.
    pub url: &'a str,
    /// True if the key can be used.
    pub is_live: bool,
    /// The measure against it, by the policy of the workspace.
    pub remedy: OnLeak,
}

/// Records and publishes that a key was found; of one that works also as unusual activity. It is no use of the key, and changes
/// nothing about it. The caller queues the email.
pub async fn record_leak(tx: &mut AuditedTx, key: &Key, leak: Leak<'_>) -> DbResult<()> {
    let Leak { found_by, location, url, is_live, remedy } = leak;
    let details =
        json!({ "foundBy": found_by, "location": location, "url": url, "live": is_live, "onLeak": remedy, "hint": key.hint });
    tx.record(Action::KeyLeaked, Some(target(key)), details);
    events::publish_found(tx, key, url).await?;
    if is_live {
        record_unusual(tx, key, &Unusual::Leak { source: LeakSource::SecretScanning, count: 1 }).await?;
    }
    Ok(())
}
