//! Check of an admitted key in the transaction of its write.

use crate::audit::{BeginError, CredentialLoss};
use crate::keys::denial::DenialReason;
use crate::keys::index::{EntryRef, IndexedKey};
use crate::keys::store;
use crate::keys::usage::{DeniedRequest, Recorder};
use crate::scopes::Scope;
use kit::db::Source;

/// Fails if the key was revoked, paused, restricted or has expired since its request was admitted, on this node or another. The denial is
/// counted like one on arrival.
///
/// A revocation commits in a transaction that has locked the same audit log, or waits for the row of a test key: it is either visible
/// here, or commits later.
pub async fn require(
    recorder: &Recorder,
    tx: &impl Source,
    entry: &EntryRef,
    scope: Option<Scope>,
    request: DeniedRequest<'_>,
) -> Result<(), BeginError> {
    if entry.is_test() {
        // Its writes lock the log of the sandbox alone, and a revocation locks that of the workspace.
        store::lock_row(tx, entry.id).await?;
    }
    // A key that has not changed since may be used as before, unless it has expired. One column costs less than the whole key.
    let is_unchanged = store::find_active_revision(tx, entry.id).await? == Some(entry.revision());
    if is_unchanged && !entry.is_expired(request.now) {
        return Ok(());
    }
    let key = store::find_indexed(tx, entry.id).await?;
    let Some(reason) = denial(key.as_ref(), scope, &request) else { return Ok(()) };
    // A key that the database has lost has no row that usage could refer to.
    if reason != DenialReason::Invalid {
        // The sample already has the request's arrival.
        let _is_sampled = recorder.deny(entry, reason, scope, request);
    }
    Err(CredentialLoss::Key(reason).into())
}

fn denial(key: Option<&IndexedKey>, scope: Option<Scope>, request: &DeniedRequest<'_>) -> Option<DenialReason> {
    let Some(key) = key else { return Some(DenialReason::Invalid) };
    if key.is_revoked {
        return Some(DenialReason::Revoked);
    }
    if key.expires_at.is_some_and(|expiry| expiry <= request.now) {
        return Some(DenialReason::Expired);
    }
    if key.pause.is_some_and(|end| !end.is_over(request.now)) {
        return Some(DenialReason::Paused);
    }
    if !key.allowlist.admits(request.address) {
        return Some(DenialReason::AddressNotAllowed);
    }
    scope.filter(|scope| !key.scopes.cover(*scope)).map(DenialReason::ScopeRequired)
}
