//! The notices that a member gets by email, as far as they can be chosen.

use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};

use super::model::{Audience, MailKind};
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, Target, TargetKind};
use crate::core::Core;
use crate::members::{self, Member};
use kit::db::DbResult;

/// Lists the notices that the member can choose.
pub fn choices(member: &Member) -> impl Iterator<Item = MailKind> {
    let is_administrator = member.role.is_administrator();
    MailKind::ALL.iter().copied().filter(move |kind| match kind.optional_for() {
        Some(Audience::Everybody) => true,
        Some(Audience::Administrators) => is_administrator,
        None => false,
    })
}

/// Lists the notices that the member does not want. Kinds of another version are left out.
pub async fn muted(db: &impl ConnectionTrait, member: &Member) -> DbResult<Vec<MailKind>> {
    let stored = members::muted_notices(db, member.workspace, member.id).await?.unwrap_or_default();
    Ok(stored.split(',').filter_map(|kind| kind.parse().ok()).collect())
}

/// Changes which of their [`choices`] a member gets. Others stay as they are. Writes and records nothing if nothing differs.
pub async fn choose(core: &Core, member: &Member, context: AuditContext, wanted: &[MailKind]) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    let mut muted = muted(tx.db(), member).await?;
    let mut changes = Map::new();
    for kind in choices(member) {
        let (before, after) = (!muted.contains(&kind), wanted.contains(&kind));
        if before != after {
            changes.insert(kind.as_str().to_owned(), json!({ "from": before, "to": after }));
            muted.retain(|other| *other != kind);
            muted.extend((!after).then_some(kind));
        }
    }
    if changes.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = muted.iter().map(|kind| kind.as_str()).collect();
    let stored = (!kinds.is_empty()).then(|| kinds.join(","));
    members::set_muted_notices(tx.db(), member.workspace, member.id, stored).await?;
    let target = Target::new(TargetKind::Member, member.id, &member.name);
    tx.record(Action::NoticesUpdated, Some(target), Value::Object(changes));
    Ok(tx.commit().await?)
}
