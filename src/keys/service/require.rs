//! A key asked once more, in the transaction of what is written with it.

use sea_orm::ConnectionTrait;

use crate::audit::{BeginError, CredentialLoss};
use crate::keys::index::{EntryRef, IndexedKey, Refusal};
use crate::keys::store;
use crate::keys::usage::{Origin, Recorder};
use crate::scopes::Scope;

/// Refuses to go on with a key that was revoked or restricted, or has expired, since its request was let in: by this node or
/// another. The refusal is counted as one at the door is.
///
/// A revocation commits in a transaction that has locked the same audit log: either it is seen here, or it comes after.
pub async fn require(
    recorder: &Recorder,
    tx: &impl ConnectionTrait,
    entry: &EntryRef,
    scope: Option<Scope>,
    origin: Origin<'_>,
) -> Result<(), BeginError> {
    let facts = store::find_facts(tx, entry.id).await?;
    let Some((refusal, loss)) = refusal(entry, facts.as_ref(), scope, &origin) else { return Ok(()) };
    recorder.deny(&refusal, scope, origin);
    Err(loss.into())
}

fn refusal(
    entry: &EntryRef,
    facts: Option<&IndexedKey>,
    scope: Option<Scope>,
    origin: &Origin<'_>,
) -> Option<(Refusal, CredentialLoss)> {
    let Some(facts) = facts else { return Some((Refusal::Invalid, CredentialLoss::KeyUnknown)) };
    if facts.is_revoked {
        return Some((Refusal::Revoked(entry.clone()), CredentialLoss::KeyRevoked));
    }
    if facts.expires_at.is_some_and(|expiry| expiry <= origin.now) {
        return Some((Refusal::Expired(entry.clone()), CredentialLoss::KeyExpired));
    }
    if !facts.allowlist.admits(origin.address) {
        return Some((Refusal::Address(entry.clone()), CredentialLoss::KeyAddress));
    }
    match scope {
        Some(scope) if !facts.scopes.cover(scope) => Some((Refusal::Scope(entry.clone(), scope), CredentialLoss::KeyScope)),
        _ => None,
    }
}
