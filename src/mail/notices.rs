//! The notices that a member gets by email, as far as they can be chosen.

use serde_json::{Map, Value, json};

use super::model::{Audience, MailKind};
use crate::audit::{Action, AuditContext, AuditedTx, BeginError, Target, TargetKind};
use crate::core::Core;
use crate::members::{self, Member};
use kit::db::{DbResult, Source};

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
pub async fn muted(db: &impl Source, member: &Member) -> DbResult<Vec<MailKind>> {
    let stored = members::muted_notices(db, member.workspace, member.id).await?.unwrap_or_default();
    Ok(known_kinds(&stored))
}

/// Lists the kinds in the text of a column that this version knows.
fn known_kinds(stored: &str) -> Vec<MailKind> {
    stored.split(',').filter_map(|kind| kind.parse().ok()).collect()
}

/// Returns the text of the column that lists `muted`. Kinds of a later version in the stored text are kept, so that a change by
/// this version loses none.
fn to_column(stored: &str, muted: &[MailKind]) -> Option<String> {
    let unknown = stored.split(',').filter(|kind| !kind.is_empty() && kind.parse::<MailKind>().is_err());
    let kinds: Vec<&str> = muted.iter().map(|kind| kind.as_str()).chain(unknown).collect();
    (!kinds.is_empty()).then(|| kinds.join(","))
}

/// Changes which of their [`choices`] a member gets. Others stay as they are. Writes and records nothing if nothing differs.
pub async fn choose(core: &Core, member: &Member, context: AuditContext, wanted: &[MailKind]) -> Result<(), BeginError> {
    let mut tx = AuditedTx::begin(core, member.workspace, context).await?;
    let stored = members::muted_notices(tx.db(), member.workspace, member.id).await?.unwrap_or_default();
    let mut muted = known_kinds(&stored);
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
    members::set_muted_notices(tx.db(), member.workspace, member.id, to_column(&stored, &muted)).await?;
    let target = Target::new(TargetKind::Member, member.id, &member.name);
    tx.record(Action::NoticesUpdated, Some(target), Value::Object(changes));
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_a_later_version_are_kept() {
        let stored = "new_device,crew_duty,key_expiring";
        assert_eq!(known_kinds(stored), [MailKind::NewDevice, MailKind::KeyExpiring]);
        assert_eq!(to_column(stored, &[MailKind::KeyExpiring]).as_deref(), Some("key_expiring,crew_duty"));
        assert_eq!(to_column(stored, &[]).as_deref(), Some("crew_duty"));
        assert_eq!(to_column("new_device", &[]), None);
        assert_eq!(to_column("", &[]), None);
    }
}
