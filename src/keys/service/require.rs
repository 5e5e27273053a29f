//! A key asked once more, in the transaction of what is written with it.

use sea_orm::{ConnectionTrait, DbErr};

use crate::app::App;
use crate::keys::index::{EntryRef, IndexedKey, Refusal};
use crate::keys::scope::Scope;
use crate::keys::store;
use crate::keys::usage::Origin;
use kit::db::{DbResult, Lost};

/// Refuses to go on with a key that was revoked or restricted, or has expired, since its request was let in: by this node or
/// another. The refusal is counted as one at the door is.
///
/// A revocation commits in a transaction that has locked the same audit log: either it is seen here, or it comes after.
pub async fn require(
    app: &App,
    tx: &impl ConnectionTrait,
    entry: &EntryRef,
    scope: Option<Scope>,
    origin: Origin<'_>,
) -> DbResult<()> {
    let facts = store::find_facts(tx, entry.id).await?;
    let Some((refusal, lost)) = refusal(entry, facts.as_ref(), scope, &origin) else { return Ok(()) };
    app.recorder.deny(&refusal, scope, origin);
    Err(DbErr::AccessDenied { permission: lost.code().to_owned(), resource: "workspace".to_owned() })
}

fn refusal(entry: &EntryRef, facts: Option<&IndexedKey>, scope: Option<Scope>, origin: &Origin<'_>) -> Option<(Refusal, Lost)> {
    let Some(facts) = facts else { return Some((Refusal::Invalid, Lost::KeyUnknown)) };
    if facts.is_revoked {
        return Some((Refusal::Revoked(entry.clone()), Lost::KeyRevoked));
    }
    if facts.expires_at.is_some_and(|expiry| expiry <= origin.now) {
        return Some((Refusal::Expired(entry.clone()), Lost::KeyExpired));
    }
    if !facts.allowlist.admits(origin.address) {
        return Some((Refusal::Address(entry.clone()), Lost::KeyAddress));
    }
    match scope {
        Some(scope) if !facts.scopes.cover(scope) => Some((Refusal::Scope(entry.clone(), scope), Lost::KeyScope)),
        _ => None,
    }
}
