//! Emails to administrators about unusual activity.

use super::kinds::Unusual;
use crate::audit::AuditedTx;
use crate::keys::model::Key;
use crate::mail::{self, Content, MAX_LISTED, UnusualKey};
use kit::db::DbResult;

/// Returns unusual activity of a key as an email lists it.
pub fn listed(key: &Key, unusual: &Unusual) -> UnusualKey {
    UnusualKey {
        key: key.id.to_string(),
        name: key.name.clone(),
        hint: key.hint.clone(),
        rule: unusual.kind().as_str().to_owned(),
        activity: unusual.predicate(),
    }
}

/// Queues one email about all that the transaction has recorded to each administrator.
pub async fn notify_unusual(tx: &AuditedTx, recorded: &[UnusualKey]) -> DbResult<()> {
    let Some(first) = recorded.first() else { return Ok(()) };
    let event = format!("key_unusual {} {} {}", first.key, first.rule, tx.now());
    let (keys, others) = recorded.split_at(recorded.len().min(MAX_LISTED));
    let content = Content::KeyUnusual { at: tx.now(), keys: keys.to_vec(), more: others.len() as u64 };
    mail::notify_administrators(tx, &event, &content).await
}
