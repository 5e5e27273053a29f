//! The rows of the tables, with the field names of events.

use sea_orm::DbErr;
use serde_json::{Value, json};

use super::fields::{self, EXISTS, Fields};
use super::{Difference, Source, Subject};
use crate::audit::long_read::Pace;
use crate::audit::target::TargetKind;
use crate::keys::{self, KeyId};
use crate::members::{self, MemberId};
use crate::security;
use crate::workspaces::{self, WorkspaceId};
use kit::db::{Db, DbResult, is_unavailable};

/// Rows of one query.
pub(super) const BATCH: usize = 500;

#[derive(Clone, Debug)]
pub(super) struct TableRow {
    pub(super) subject: Subject,
    pub(super) fields: Fields,
}

impl TableRow {
    fn new(subject: Subject, described: &Value) -> Self {
        let mut fields = Fields::new();
        for (field, value) in described.as_object().into_iter().flatten() {
            fields::set(&mut fields, field, value);
        }
        Self { subject, fields }
    }

    pub(super) fn name(&self) -> Option<&str> {
        fields::name(&self.fields)
    }
}

/// The id of a row that is compared.
pub(super) trait RowId: Copy + Send + Sync + ToString {
    const KIND: TargetKind;
    fn subject(self) -> Subject;
    /// Returns up to `limit` rows after an id, in the order of ids.
    fn after(
        db: &Db,
        workspace: WorkspaceId,
        after: Option<Self>,
        limit: u64,
    ) -> impl Future<Output = DbResult<Vec<(Self, Value)>>> + Send;
}

impl RowId for KeyId {
    const KIND: TargetKind = TargetKind::ApiKey;
    fn subject(self) -> Subject {
        Subject::Key(self)
    }
    async fn after(db: &Db, workspace: WorkspaceId, after: Option<Self>, limit: u64) -> DbResult<Vec<(Self, Value)>> {
        keys::described_after(db.read(), workspace, after, limit).await
    }
}

impl RowId for MemberId {
    const KIND: TargetKind = TargetKind::Member;
    fn subject(self) -> Subject {
        Subject::Member(self)
    }
    async fn after(db: &Db, workspace: WorkspaceId, after: Option<Self>, limit: u64) -> DbResult<Vec<(Self, Value)>> {
        members::described_after(db.read(), workspace, after, limit).await
    }
}

pub(super) async fn workspace(db: &Db, workspace: WorkspaceId) -> DbResult<Option<TableRow>> {
    let Some(found) = workspaces::find(db.read(), workspace).await? else { return Ok(None) };
    let mut described = security::policy_of(db.read(), workspace).await?.described();
    if let Some(policy) = json!(keys::policy_of(db.read(), workspace).await?).as_object() {
        policy.iter().for_each(|(field, value)| described[field] = value.clone());
    }
    described["name"] = json!(found.name);
    described["slug"] = json!(found.slug);
    described["timezone"] = json!(found.timezone);
    described["apiKeysEnabled"] = json!(found.api_keys_enabled);
    described["sandboxOf"] = json!(found.sandbox_of);
    Ok(Some(TableRow::new(Subject::Workspace(workspace), &described)))
}

/// Reads every row of a table, in the order of ids. Ends at a row that cannot be read, which is a difference.
pub(super) async fn every<Id: RowId, P: Pace>(
    source: &Source<'_, P>,
    each: &mut (impl FnMut(TableRow) + Send),
) -> Result<Option<Difference>, P::Error> {
    let (mut last, mut at_once) = (None, BATCH as u64);
    loop {
        let permit = source.pace.next_batch().await?;
        let rows = Id::after(source.db, source.workspace, last, at_once).await;
        drop(permit);
        match rows {
            Ok(rows) => {
                let Some((id, _)) = rows.last() else { return Ok(None) };
                last = Some(*id);
                for (id, described) in rows {
                    each(TableRow::new(id.subject(), &described));
                }
            }
            Err(error) if is_unavailable(&error) => return Err(error.into()),
            Err(_) if at_once > 1 => at_once = 1,
            Err(error) => {
                let id = last.map_or_else(|| "the first".to_owned(), |last| format!("the one after {}", last.to_string()));
                return Ok(Some(unreadable(Id::KIND, id, &error)));
            }
        }
    }
}

pub(super) fn unreadable(kind: TargetKind, id: String, error: &DbErr) -> Difference {
    let (log, table) = ("there".to_owned(), format!("unreadable ({error})"));
    Difference { kind, id, name: "unreadable".to_owned(), field: EXISTS, log, table }
}

/// Finds the rows of `subjects`.
pub(super) async fn of(db: &Db, workspace: WorkspaceId, subjects: &[Subject]) -> DbResult<Vec<TableRow>> {
    let (mut keys, mut members, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Key(id) => keys.push(*id),
            Subject::Member(id) => members.push(*id),
            Subject::Workspace(id) => rows.extend(self::workspace(db, *id).await?),
        }
    }
    let keys = keys::described_of(db.read(), workspace, keys).await?;
    rows.extend(keys.into_iter().map(|(id, described)| TableRow::new(Subject::Key(id), &described)));
    let members = members::described_of(db.read(), workspace, members).await?;
    rows.extend(members.into_iter().map(|(id, described)| TableRow::new(Subject::Member(id), &described)));
    Ok(rows)
}
