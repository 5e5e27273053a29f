//! Remedies of leaked keys: carried out by the report, and again by a background job where that failed.
//!
//! A remedy is stored in the transaction that announces it, and deleted when it is carried out: neither an error nor the end of the
//! process leaves a key working that was said to be paused or revoked.

use std::time::Duration;

use super::store;
use super::tables::remedy;
use crate::audit::{AuditContext, AuditedTx};
use crate::keys::{self, Error, KeyId, Keys, OnLeak, PauseKey, RevokeKey};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;

/// The remedies that one run carries out.
const AT_ONCE: u64 = 20;

/// The time before the background job begins, and before its second attempt. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_mins(1);

const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Stores in the transaction of the announcement that a remedy is to be carried out.
pub(super) async fn plan(tx: &AuditedTx, key: KeyId, remedy: OnLeak, reason: String) -> DbResult<()> {
    let (due_at, remedy) = (tx.now().after(FIRST_PAUSE), remedy.as_str().to_owned());
    let row = remedy::Model { workspace_id: tx.workspace(), key_id: key, remedy, reason, due_at, attempts: 0 };
    store::plan(tx.db(), row).await
}

/// Pauses or revokes a key, unless somebody else was faster, and notes that nothing is left to do.
pub(super) async fn carry_out(keys: &Keys, workspace: WorkspaceId, id: KeyId, remedy: OnLeak, reason: &str) -> Result<(), Error> {
    let system = AuditContext::system();
    let carried_out = match remedy {
        OnLeak::Notify => return Ok(()),
        OnLeak::Pause => keys::pause(keys, workspace, system, id, PauseKey { minutes: None }).await.map(drop),
        OnLeak::Revoke => keys::revoke(keys, workspace, system, id, RevokeKey { reason: reason.parse().ok() }).await.map(drop),
    };
    match carried_out {
        Ok(()) | Err(Error::NotActive(_) | Error::NotFound) => Ok(store::set_handled(keys, workspace, id).await?),
        Err(error) => Err(error),
    }
}

/// Carries out remedies that are due, in the order in which they came due. One that fails is tried again after a growing pause, and
/// does not hold up the others.
pub async fn retry_remedies(keys: &Keys) -> DbResult<()> {
    let mut outcome = Ok(());
    for due in store::due_remedies(keys.db.read(), keys.clock.now(), AT_ONCE).await? {
        outcome = outcome.and(Box::pin(retry(keys, &due)).await);
    }
    outcome
}

async fn retry(keys: &Keys, due: &remedy::Model) -> DbResult<()> {
    let (workspace, key) = (due.workspace_id, due.key_id);
    let Err(error) = again(keys, due).await else { return Ok(()) };
    let pause = pause_after(due.attempts);
    tracing::warn!(%workspace, %key, remedy = due.remedy, %error, retry_seconds = pause.as_secs(), "a leaked key could not be paused or revoked: tried again");
    store::postpone(keys, workspace, key, keys.clock.now().after(pause), due.attempts.saturating_add(1)).await
}

/// Carries out a remedy, unless the policy has come to be a notice only.
async fn again(keys: &Keys, due: &remedy::Model) -> Result<(), Error> {
    let (workspace, key) = (due.workspace_id, due.key_id);
    let policy = keys::policy_of(keys.db.read(), workspace).await?.on_leak;
    match due.remedy.parse() {
        Ok(remedy @ (OnLeak::Pause | OnLeak::Revoke)) if policy != OnLeak::Notify => {
            carry_out(keys, workspace, key, remedy, &due.reason).await
        }
        Ok(OnLeak::Notify | OnLeak::Pause | OnLeak::Revoke) | Err(_) => Ok(store::give_up(keys, workspace, key).await?),
    }
}

fn pause_after(attempts: i16) -> Duration {
    let doublings = u32::from(attempts.unsigned_abs());
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_doubles_up_to_an_hour() {
        let minutes = [0, 1, 2, 5, 6, i16::MAX].map(|attempts| pause_after(attempts).as_secs() / 60);
        assert_eq!(minutes, [1, 2, 4, 32, 60, 60]);
    }
}
