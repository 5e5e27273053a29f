//! The second step: the methods that a member has, and the check of a code.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::error::FactorError;
use super::model::{BackupCode, EnteredCode};
use super::tables::totp;
use super::totp::TotpSecret;
use super::{challenges, reset_codes, store};
use crate::audit::{Action, AuditedTx, Target, TargetKind};
use crate::auth::passkeys;
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::{self, Member, MemberId};
use crate::secret_key::{SealError, associated};
use crate::sessions::AuthMethod;
use kit::clock::Time;
use kit::db::{DbResult, Source};

/// The time within which a set-up is to be completed.
pub(super) const SET_UP_LIFETIME: Duration = Duration::from_hours(1);

/// Returns whether a member has a second factor. Backup codes are none by themselves.
pub(super) async fn has_factor(db: &impl Source, member: MemberId) -> DbResult<bool> {
    Ok(store::enabled_totp(db, member).await?.is_some() || passkeys::has_any(db, member).await?)
}

/// Brings the row of a member up to date in the transaction that adds or removes a factor: since when they have one, and the
/// prefix of the password's hash. Without a factor their backup codes are deleted. Returns since when they have one.
pub async fn refresh(tx: &AuditedTx, member: &Member) -> DbResult<Option<Time>> {
    let has_factor = has_factor(tx.db(), member.id).await?;
    let before = members::find(tx.db(), member.workspace, member.id).await?.and_then(|member| member.second_factor_at);
    let since = has_factor.then(|| before.unwrap_or_else(|| tx.now()));
    let needs_second_step = has_factor || reset_codes::is_pending(tx.db(), member.id).await?;
    members::set_second_factor(tx.db(), member, since, needs_second_step).await?;
    if !has_factor {
        store::delete_enabled_codes(tx.db(), member.id).await?;
    }
    Ok(since)
}

/// Returns the methods that complete a sign-in of this member after their password; none if the password is enough.
pub async fn second_methods(db: &impl Source, member: &Member) -> DbResult<Vec<AuthMethod>> {
    if reset_codes::is_pending(db, member.id).await? {
        return Ok(vec![AuthMethod::ResetCode]);
    }
    // A row that was altered by hand asks for a code that does not exist, rather than for none.
    let has_app = store::enabled_totp(db, member.id).await?.is_some();
    let has_passkey = passkeys::has_any(db, member.id).await?;
    if !has_app && !has_passkey && member.second_factor_at.is_none() {
        return Ok(Vec::new());
    }
    let has_codes = store::count_codes(db, member.id).await? > 0;
    let methods =
        [(AuthMethod::Totp, has_app || !has_passkey), (AuthMethod::BackupCode, has_codes), (AuthMethod::Passkey, has_passkey)];
    Ok(methods.into_iter().filter_map(|(method, is_there)| is_there.then_some(method)).collect())
}

/// Fails if the member's password is too short to be their only factor.
pub async fn require_long_password(db: &impl Source, member: &Member) -> Result<(), FactorError> {
    if members::password_is_short(db, member).await? { Err(FactorError::ShortPassword) } else { Ok(()) }
}

/// Opens the secret of an authenticator app.
pub(super) fn open(core: &Core, row: &totp::Model) -> Result<TotpSecret, FactorError> {
    let plain = core.config.require_secret_keys()?.open(&associated(super::SEALED_AS, row.id), &row.secret)?;
    TotpSecret::from_bytes(plain.expose_secret()).ok_or(FactorError::Sealed(SealError::Malformed))
}

/// The outcome of a check.
pub(in crate::auth) enum Checked {
    Accepted(AuthMethod),
    Wrong,
}

/// Fails if a member has had too many wrong codes. Looked at before a transaction begins: a refused attempt waits for no lock.
pub(in crate::auth) async fn require_tries(core: &Core, member: &Member) -> Result<(), FactorError> {
    match store::wait_of(core.db.read(), member.id, core.clock.now()).await? {
        Some(wait) => Err(FactorError::TooMany(wait)),
        None => Ok(()),
    }
}

/// Checks a code in a transaction, which must be committed in either case: an accepted code is used up, and a wrong one is
/// counted.
pub(in crate::auth) async fn check(
    core: &Core,
    tx: &mut AuditedTx,
    member: &Member,
    entered: &SecretString,
) -> Result<Checked, FactorError> {
    if let Some(wait) = store::wait_of(tx.db(), member.id, tx.now()).await? {
        return Err(FactorError::TooMany(wait));
    }
    if let Some(method) = accept(core, tx, member, entered).await? {
        return Ok(Checked::Accepted(method));
    }
    store::insert_failure(tx.db(), tx.random(), member, tx.now()).await?;
    Ok(Checked::Wrong)
}

async fn accept(
    core: &Core,
    tx: &mut AuditedTx,
    member: &Member,
    entered: &SecretString,
) -> Result<Option<AuthMethod>, FactorError> {
    let is_reset = reset_codes::is_pending(tx.db(), member.id).await?;
    let (method, is_accepted) = match EnteredCode::parse(entered.expose_secret()) {
        Some(EnteredCode::Backup(entered)) if is_reset => {
            (AuthMethod::ResetCode, reset_codes::take(tx.db(), member, entered.digest(), tx.now()).await?)
        }
        Some(EnteredCode::Backup(entered)) => (AuthMethod::BackupCode, accept_backup_code(tx, member, &entered).await?),
        Some(EnteredCode::Totp(entered)) if !is_reset => (AuthMethod::Totp, accept_totp(core, tx, member, &entered).await?),
        Some(EnteredCode::Totp(_)) | None => return Ok(None),
    };
    Ok(is_accepted.then_some(method))
}

async fn accept_totp(core: &Core, tx: &AuditedTx, member: &Member, entered: &str) -> Result<bool, FactorError> {
    let Some(row) = store::enabled_totp(tx.db(), member.id).await? else { return Ok(false) };
    match open(core, &row)?.step_of(entered, tx.now(), row.last_step) {
        Some(step) => Ok(store::advance_step(tx.db(), &row, step).await?),
        None => Ok(false),
    }
}

async fn accept_backup_code(tx: &mut AuditedTx, member: &Member, code: &BackupCode) -> Result<bool, FactorError> {
    if !store::take_code(tx.db(), member.id, code.digest()).await? {
        return Ok(false);
    }
    let left = store::count_codes(tx.db(), member.id).await?;
    tx.record(Action::BackupCodeUsed, Some(target(member)), json!({ "left": left }));
    mail::notify(tx.core(), tx, member, Content::BackupCodeUsed { at: tx.now(), left }).await?;
    Ok(true)
}

/// Deletes challenges that have expired, wrong codes that no limit counts any more, and set-ups that were not completed. Restores
/// the prefix of hashes that a node of the version before has set.
pub async fn forget_old_challenges(core: &Core) -> DbResult<()> {
    let now = core.clock.now();
    challenges::forget_expired(&core.db, now).await?;
    store::forget_old(&core.db, now.before(SET_UP_LIFETIME), now).await?;
    members::restore_guards(&core.db).await
}

pub(super) fn target(member: &Member) -> Target {
    Target::new(TargetKind::Member, member.id, &member.name)
}
