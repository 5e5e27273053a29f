//! Names and removal of a person's own passkeys.

use serde_json::json;

use super::error::Error;
use super::model::{Passkey, PasskeyId, PasskeyName};
use super::registration::named;
use super::store;
use crate::audit::{Action, AuditContext, AuditedTx, Target, TargetKind};
use crate::auth::factors::{self, challenges};
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::Member;
use crate::security;

/// Renames a passkey of a member.
pub async fn rename(
    core: &Core,
    member: &Member,
    id: PasskeyId,
    name: PasskeyName,
    context: AuditContext,
) -> Result<Passkey, Error> {
    let tx = AuditedTx::begin(core, member.workspace, context).await?;
    let passkey = store::find(tx.db(), member, id).await?.ok_or(Error::NotFound)?;
    store::set_name(tx.db(), id, name.as_str()).await?;
    tx.commit().await?;
    Ok(Passkey { name: name.into_string(), ..passkey })
}

/// Removes a passkey of a member: it opens no session any more.
pub async fn remove(core: &Core, member: &Member, id: PasskeyId, context: AuditContext) -> Result<Passkey, Error> {
    let mut tx = AuditedTx::begin_essential(core, member.workspace, context).await?;
    let passkey = store::find(tx.db(), member, id).await?.ok_or(Error::NotFound)?;
    store::delete(tx.db(), id).await?;
    if factors::refresh(&tx, member).await?.is_none() {
        let policy = security::policy_of(tx.db(), member.workspace).await?;
        if policy.settings.two_factor_policy.requires(member.role) {
            return Err(Error::LastFactor);
        }
        factors::require_long_password(tx.db(), member).await?;
    }
    challenges::withdraw(tx.db(), member.id).await?;
    let target = Target::new(TargetKind::Member, member.id, &member.name);
    tx.record(Action::PasskeyRemoved, Some(target), json!({ "passkey": named(&passkey) }));
    mail::notify(core, &tx, member, Content::FactorRemoved { at: tx.now() }).await?;
    tx.commit().await?;
    Ok(passkey)
}
