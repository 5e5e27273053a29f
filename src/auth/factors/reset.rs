//! Resets of a member's second factors by an administrator or the operator. Their next sign-in asks for a one-time code beside the
//! password: without it a reset would open the account to a stolen password.

use std::time::Duration;

use serde_json::json;

use super::error::FactorError;
use super::model::BackupCode;
use super::service::{has_factor, refresh, target};
use super::{challenges, reset_codes, store};
use crate::audit::{Action, AuditContext, AuditedTx};
use crate::auth::{known_callers, passkeys};
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::{self, Member};
use crate::sessions;
use kit::clock::Time;

/// The time within which a code can be used.
const LIFETIME: Duration = Duration::from_hours(24);

// No Debug: it carries a secret.
/// The factors of a member that were reset.
pub struct TwoFactorReset {
    pub member: Member,
    /// Shown once, and not stored.
    pub code: BackupCode,
    pub until: Time,
    /// The sessions that ended.
    pub ended: u64,
}

/// Removes all second factors of a member, whose sessions end. An earlier code ends, too.
pub async fn reset_two_factor(core: &Core, member: &Member, context: AuditContext) -> Result<TwoFactorReset, FactorError> {
    let tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let present = members::find(tx.db(), member.workspace, member.id).await?.ok_or(FactorError::NothingToReset)?;
    reset_two_factor_in(tx, present).await
}

pub(in crate::auth) async fn reset_two_factor_in(mut tx: AuditedTx, member: Member) -> Result<TwoFactorReset, FactorError> {
    // The operator may have deleted the rows of factors whose secret key was lost.
    let is_marked = member.second_factor_at.is_some();
    if !is_marked && !has_factor(tx.db(), member.id).await? && !reset_codes::is_pending(tx.db(), member.id).await? {
        return Err(FactorError::NothingToReset);
    }
    store::delete_all(tx.db(), member.id).await?;
    passkeys::delete_all(tx.db(), member.id).await?;
    let (issued, until) = (BackupCode::generate(tx.random()), tx.now().after(LIFETIME));
    reset_codes::replace(tx.db(), &member, issued.digest(), tx.now(), until).await?;
    challenges::withdraw(tx.db(), member.id).await?;
    // A browser that knew the factors before has no more attempts than any other.
    known_callers::forget(tx.db(), member.id).await?;
    refresh(&tx, &member).await?;
    let ended = sessions::end_all(&tx, member.id).await?;
    let details = json!({ "codeExpiresAt": until, "endedSessions": ended, "byMember": false });
    tx.record(Action::TwoFactorReset, Some(target(&member)), details);
    mail::notify(tx.core(), &tx, &member, Content::FactorRemoved { at: tx.now() }).await?;
    tx.commit().await?;
    Ok(TwoFactorReset { member, code: issued, until, ended })
}
