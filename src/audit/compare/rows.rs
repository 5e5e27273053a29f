//! The rows of the tables, in the words of events.

use sea_orm::DbErr;
use serde_json::{Value, json};

use super::fields::{self, EXISTS, Fields};
use super::{Difference, Subject};
use crate::keys::{self, KeyId};
use crate::members::{self, MemberId};
use crate::workspaces::{self, WorkspaceId};
use kit::db::{Db, DbResult, is_unavailable};

/// Rows that are read at once.
pub(super) const BATCH: usize = 500;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) subject: Subject,
    pub(super) fields: Fields,
}

impl Row {
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

/// The id of a table that is compared.
pub(super) trait RowId: Copy + Send + Sync + ToString {
    /// The kind that events name.
    const KIND: &'static str;
    fn subject(self) -> Subject;
    /// Up to `limit` rows after an id, in the order of ids.
    async fn after(db: &Db, workspace: WorkspaceId, after: Option<Self>, limit: u64) -> DbResult<Vec<(Self, Value)>>;
}

impl RowId for KeyId {
    const KIND: &'static str = "api_key";
    fn subject(self) -> Subject {
        Subject::Key(self)
    }
    async fn after(db: &Db, workspace: WorkspaceId, after: Option<Self>, limit: u64) -> DbResult<Vec<(Self, Value)>> {
        keys::described_after(db.read(), workspace, after, limit).await
    }
}

impl RowId for MemberId {
    const KIND: &'static str = "member";
    fn subject(self) -> Subject {
        Subject::Member(self)
    }
    async fn after(db: &Db, workspace: WorkspaceId, after: Option<Self>, limit: u64) -> DbResult<Vec<(Self, Value)>> {
        members::described_after(db.read(), workspace, after, limit).await
    }
}

/// The workspace's own row.
pub(super) async fn workspace(db: &Db, workspace: WorkspaceId) -> DbResult<Option<Row>> {
    let found = workspaces::find(db.read(), workspace).await?;
    Ok(found.map(|found| {
        let described = json!({
            "name": found.name,
            "slug": found.slug,
            "timezone": found.timezone,
            "apiKeysEnabled": found.api_keys_enabled,
        });
        Row::new(Subject::Workspace(workspace), &described)
    }))
}

/// Reads every row of a table, in the order of ids. A row that cannot be read is a difference, and those after it are not
/// looked at.
pub(super) async fn every<Id: RowId>(
    db: &Db,
    workspace: WorkspaceId,
    each: &mut impl FnMut(Row),
) -> DbResult<Option<Difference>> {
    let (mut last, mut at_once) = (None, BATCH as u64);
    loop {
        match Id::after(db, workspace, last, at_once).await {
            Ok(rows) => {
                let Some((id, _)) = rows.last() else { return Ok(None) };
                last = Some(*id);
                for (id, described) in rows {
                    each(Row::new(id.subject(), &described));
                }
            }
            Err(error) if is_unavailable(&error) => return Err(error),
            Err(_) if at_once > 1 => at_once = 1,
            Err(error) => {
                let id = last.map_or_else(|| "the first".to_owned(), |last| format!("the one after {}", last.to_string()));
                return Ok(Some(unreadable(Id::KIND, id, &error)));
            }
        }
    }
}

/// The difference of a row that cannot be read.
pub(super) fn unreadable(kind: &'static str, id: String, error: &DbErr) -> Difference {
    let (log, table) = ("there".to_owned(), format!("unreadable ({error})"));
    Difference { kind, id, name: "unreadable".to_owned(), field: EXISTS, log, table }
}

/// The rows of `subjects` that are there.
pub(super) async fn of(db: &Db, workspace: WorkspaceId, subjects: &[Subject]) -> DbResult<Vec<Row>> {
    let (mut keys, mut members, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Key(id) => keys.push(*id),
            Subject::Member(id) => members.push(*id),
            Subject::Workspace(id) => rows.extend(self::workspace(db, *id).await?),
        }
    }
    let keys = keys::described_of(db.read(), workspace, keys).await?;
    rows.extend(keys.into_iter().map(|(id, described)| Row::new(Subject::Key(id), &described)));
    let members = members::described_of(db.read(), workspace, members).await?;
    rows.extend(members.into_iter().map(|(id, described)| Row::new(Subject::Member(id), &described)));
    Ok(rows)
}
