//! Changes of a person's own factors: an authenticator app is begun to be set up, verified by a first code, and enabled; backup
//! codes come with it.

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::error::FactorError;
use super::model::{BACKUP_CODES, BackupCode, EnteredCode, TotpId};
use super::service::{SET_UP_LIFETIME, has_factor, open, refresh, require_long_password, target};
use super::tables::totp;
use super::totp::TotpSecret;
use super::{challenges, qr, store};
use crate::audit::{Action, AuditContext, AuditedTx};
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::Member;
use crate::secret_key::associated;
use crate::security;
use crate::sessions::{self, Session};
use kit::clock::Time;
use kit::db::DbResult;

// No Debug: it carries a secret.
/// An authenticator app that is being set up.
pub struct SetUp {
    /// The secret in base32, to be typed into the app.
    pub secret: String,
    /// The URL for the app, with the secret.
    pub url: String,
    /// The URL as a QR code, an SVG image.
    pub qr: String,
}

impl SetUp {
    fn new(secret: &TotpSecret, account: &str) -> Self {
        let url = secret.url(account);
        Self { secret: secret.to_base32(), qr: qr::svg(&url), url }
    }
}

/// The two-factor authentication of a person, as their page shows it.
#[derive(Clone, Copy, Debug)]
pub struct TwoFactorState {
    /// The time since when an authenticator app is set up.
    pub enabled_at: Option<Time>,
    pub backup_codes: u64,
}

pub async fn two_factor_state(core: &Core, member: &Member) -> DbResult<TwoFactorState> {
    let db = core.db.read();
    let enabled_at = store::enabled_totp(db, member.id).await?.and_then(|row| row.enabled_at);
    Ok(TwoFactorState { enabled_at, backup_codes: store::count_codes(db, member.id).await? })
}

/// Returns the name of an account in an app: an email may have seats in several workspaces.
fn account(member: &Member, slug: &str) -> String {
    format!("{} ({slug})", member.email)
}

/// Begins to set up an authenticator app. An earlier set-up that was not completed ends; an app that is enabled stays.
pub async fn begin_set_up(core: &Core, member: &Member, slug: &str, context: AuditContext) -> Result<SetUp, FactorError> {
    let keys = core.config.require_secret_keys()?;
    let tx = AuditedTx::begin(core, member.workspace, context).await?;
    withdraw_set_up(&tx, member).await?;
    let (id, secret) = (TotpId::new(tx.now(), tx.random()), TotpSecret::generate(tx.random()));
    let sealed = keys.seal(tx.random(), &associated(super::SEALED_AS, id), secret.as_bytes());
    let row = totp::Model {
        id,
        workspace_id: member.workspace,
        member_id: member.id,
        secret: sealed,
        created_at: tx.now(),
        verified_at: None,
        enabled_at: None,
        last_step: None,
    };
    store::insert_totp(tx.db(), row).await?;
    tx.commit().await?;
    Ok(SetUp::new(&secret, &account(member, slug)))
}

async fn withdraw_set_up(tx: &AuditedTx, member: &Member) -> DbResult<()> {
    store::delete_pending_totp(tx.db(), member.id).await?;
    store::delete_pending_codes(tx.db(), member.id).await
}

/// Finds the set-up that a person has begun, so that it can be shown again after a wrong code.
pub async fn find_set_up(core: &Core, member: &Member, slug: &str) -> Result<SetUp, FactorError> {
    let since = core.clock.now().before(SET_UP_LIFETIME);
    let row = store::pending_totp(core.db.read(), member.id, since).await?.ok_or(FactorError::SetUp)?;
    Ok(SetUp::new(&open(core, &row)?, &account(member, slug)))
}

/// Verifies the app by a code, which is used up. Returns the backup codes, which take effect with the app ([`enable`]).
pub async fn verify_set_up(
    core: &Core,
    member: &Member,
    entered: &SecretString,
    context: AuditContext,
) -> Result<Vec<BackupCode>, FactorError> {
    let tx = AuditedTx::begin(core, member.workspace, context).await?;
    let codes = verify(core, &tx, member, entered).await?;
    tx.commit().await?;
    Ok(codes)
}

async fn verify(core: &Core, tx: &AuditedTx, member: &Member, entered: &SecretString) -> Result<Vec<BackupCode>, FactorError> {
    let row = pending(tx, member).await?;
    let Some(EnteredCode::Totp(entered)) = EnteredCode::parse(entered.expose_secret()) else { return Err(FactorError::Wrong) };
    let step = open(core, &row)?.step_of(&entered, tx.now(), row.last_step).ok_or(FactorError::Wrong)?;
    if !store::advance_step(tx.db(), &row, step).await? {
        return Err(FactorError::Wrong);
    }
    store::set_verified(tx.db(), &row, tx.now()).await?;
    store::delete_pending_codes(tx.db(), member.id).await?;
    let codes = generate(tx);
    store::insert_codes(tx.db(), member, &codes, tx.now(), None).await?;
    Ok(codes)
}

async fn pending(tx: &AuditedTx, member: &Member) -> Result<totp::Model, FactorError> {
    store::pending_totp(tx.db(), member.id, tx.now().before(SET_UP_LIFETIME)).await?.ok_or(FactorError::SetUp)
}

fn generate(tx: &AuditedTx) -> Vec<BackupCode> {
    (0..BACKUP_CODES).map(|_| BackupCode::generate(tx.random())).collect()
}

/// Enables the app that was verified, in place of an earlier one. The other sessions of the person, which began without it, end.
pub async fn enable(core: &Core, session: &Session, context: AuditContext) -> Result<(), FactorError> {
    let tx = AuditedTx::begin(core, session.member.workspace, context).await?;
    enable_in(tx, session).await
}

/// Verifies and enables an app in one step. Returns the backup codes.
pub async fn confirm_set_up(
    core: &Core,
    session: &Session,
    entered: &SecretString,
    context: AuditContext,
) -> Result<Vec<BackupCode>, FactorError> {
    let tx = AuditedTx::begin(core, session.member.workspace, context).await?;
    let codes = verify(core, &tx, &session.member, entered).await?;
    enable_in(tx, session).await?;
    Ok(codes)
}

async fn enable_in(mut tx: AuditedTx, session: &Session) -> Result<(), FactorError> {
    let member = &session.member;
    let row = pending(&tx, member).await?;
    if row.verified_at.is_none() {
        return Err(FactorError::SetUp);
    }
    let is_replaced = store::delete_enabled_totp(tx.db(), member.id).await?;
    store::delete_enabled_codes(tx.db(), member.id).await?;
    store::set_enabled(tx.db(), &row, tx.now()).await?;
    store::enable_pending_codes(tx.db(), member.id, tx.now()).await?;
    refresh(&tx, member).await?;
    challenges::withdraw(tx.db(), member.id).await?;
    let ended = sessions::end_all_but(&tx, session).await?;
    let details = json!({ "replaced": is_replaced, "endedSessions": ended });
    tx.record(Action::TwoFactorEnabled, Some(target(member)), details);
    mail::notify(tx.core(), &tx, member, Content::FactorAdded { at: tx.now() }).await?;
    Ok(tx.commit().await?)
}

/// Removes the app of a person. Their backup codes end with their last factor.
pub async fn disable(core: &Core, member: &Member, context: AuditContext) -> Result<(), FactorError> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    if !store::delete_enabled_totp(tx.db(), member.id).await? {
        return Err(FactorError::NoFactor);
    }
    if !has_factor(tx.db(), member.id).await? {
        let policy = security::policy_of(tx.db(), member.workspace).await?;
        if policy.settings.two_factor_policy.requires(member.role) {
            return Err(FactorError::Required);
        }
        require_long_password(tx.db(), member).await?;
    }
    withdraw_set_up(&tx, member).await?;
    refresh(&tx, member).await?;
    challenges::withdraw(tx.db(), member.id).await?;
    tx.record(Action::TwoFactorDisabled, Some(target(member)), json!({}));
    mail::notify(core, &tx, member, Content::FactorRemoved { at: tx.now() }).await?;
    Ok(tx.commit().await?)
}

/// Replaces the backup codes of a person who has a second factor.
pub async fn replace_backup_codes(core: &Core, member: &Member, context: AuditContext) -> Result<Vec<BackupCode>, FactorError> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    if !has_factor(tx.db(), member.id).await? {
        return Err(FactorError::NoFactor);
    }
    store::delete_enabled_codes(tx.db(), member.id).await?;
    let codes = generate(&tx);
    store::insert_codes(tx.db(), member, &codes, tx.now(), Some(tx.now())).await?;
    tx.record(Action::BackupCodesReplaced, Some(target(member)), json!({}));
    tx.commit().await?;
    Ok(codes)
}
