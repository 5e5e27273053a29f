//! Queries on the names of keys.

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::{find, is_live, key_of};
use crate::keys::model::{Key, KeyId, KeyName};
use crate::keys::tables::key::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Db, DbResult, Derived, Source, find_rows, find_tuples, refresh};
use kit::text::NameForms;

/// The forms of names are derived from the name that a key had at a revision.
pub(super) const FORMS: Derived<Column> =
    Derived { marker: Column::NameFormsOf, version: Column::Revision, index: [Column::WorkspaceId, Column::Id] };

/// The name in the form in which keys are sorted and compared; ASCII in lower case if it is not derived yet. It has an index.
pub(super) fn sort_name() -> SimpleExpr {
    let lower = Expr::expr(Func::lower(Column::Name.into_expr()));
    Expr::expr(Func::coalesce([Column::NameFolded.into_expr(), lower]))
}

/// The largest number of keys that a look-up by name returns.
const MAX_NAMED: u64 = 6;

/// Names whose forms one transaction derives.
const BATCH: u64 = 200;

/// The active and paused keys that a text names.
#[derive(Debug)]
pub enum Named {
    Nothing,
    One(Box<Key>),
    /// Keys whose names earlier versions took to be different, and that the text names alike.
    Several(Vec<Key>),
}

impl From<Vec<Key>> for Named {
    fn from(mut keys: Vec<Key>) -> Self {
        match (keys.pop(), keys.is_empty()) {
            (None, _) => Self::Nothing,
            (Some(key), true) => Self::One(Box::new(key)),
            (Some(key), false) => {
                keys.push(key);
                Self::Several(keys)
            }
        }
    }
}

/// Finds a key by its id or, if `text` is not an id, the active or paused key with this name, in whatever case.
///
/// A name that an earlier version stored in another form than names have today is found first by its exact text.
pub async fn find_by_id_or_name(db: &impl Source, workspace: WorkspaceId, text: &str, now: Time) -> DbResult<Named> {
    if let Ok(id) = text.trim().parse() {
        return Ok(find(db, workspace, id).await?.map_or(Named::Nothing, |key| Named::One(Box::new(key))));
    }
    let live = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now));
    let exact = find_rows(db, live.filter(Column::Name.is_in([text, text.trim()])).limit(MAX_NAMED)).await?;
    if !exact.is_empty() {
        return Ok(exact.into_iter().map(key_of).collect::<DbResult<Vec<_>>>()?.into());
    }
    let Ok(name) = text.parse::<KeyName>() else { return Ok(Named::Nothing) };
    let forms = NameForms::of(name.as_str());
    let mut named = find_live_alike(db, workspace, &forms, now).await?;
    named.retain(|key| NameForms::of(&key.name).folded == forms.folded);
    Ok(named.into())
}

/// Returns up to six keys of any status with this name, in whatever case, the newest first.
pub async fn find_by_name(db: &impl Source, workspace: WorkspaceId, name: &str) -> DbResult<Vec<Key>> {
    let is_folded = sort_name().eq(NameForms::of(name).folded).and(FORMS.is_current());
    let is_named = Condition::any().add(Column::Name.eq(name)).add(is_folded);
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_named);
    let newest = named.order_by_desc(Column::CreatedAt).limit(MAX_NAMED);
    find_rows(db, newest).await?.into_iter().map(key_of).collect()
}

/// Returns active and paused keys whose names can be mistaken for one with these forms, at most six for each form.
pub(in crate::keys) async fn find_live_alike(
    db: &impl Source,
    workspace: WorkspaceId,
    forms: &NameForms,
    now: Time,
) -> DbResult<Vec<Key>> {
    let live = || Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(is_live(now));
    let mut found = Vec::new();
    // One query for each index: an engine may use neither for both conditions at once.
    for is_alike in [sort_name().eq(forms.folded.as_str()), Column::NameSkeleton.eq(forms.skeleton.as_str())] {
        let current = live().filter(is_alike).filter(FORMS.is_current()).limit(MAX_NAMED);
        tracing::trace!(sql = %current.build(db.get_database_backend()), "keys with a name alike");
        found.extend(find_rows(db, current).await?);
    }
    found.extend(outdated_alike(db, live(), forms).await?);
    let mut keys = found.into_iter().map(key_of).collect::<DbResult<Vec<_>>>()?;
    keys.sort_by_key(|key| key.id);
    keys.dedup_by_key(|key| key.id);
    Ok(keys)
}

/// Compares the names whose forms are not derived yet. There are many only in the first moments after an upgrade.
async fn outdated_alike(db: &impl Source, live: Select<Entity>, forms: &NameForms) -> DbResult<Vec<Model>> {
    let outdated = live.filter(FORMS.is_outdated());
    let names = outdated.select_only().columns([Column::Id, Column::Name]);
    tracing::trace!(sql = %names.build(db.get_database_backend()), "keys with a name alike");
    let names: Vec<(KeyId, String)> = find_tuples(db, names).await?;
    let alike = names.into_iter().filter(|(_, name)| NameForms::of(name).resembles(forms)).map(|(id, _)| id);
    let ids: Vec<KeyId> = alike.take(usize::try_from(MAX_NAMED).unwrap_or(usize::MAX)).collect();
    if ids.is_empty() { Ok(Vec::new()) } else { find_rows(db, Entity::find().filter(Column::Id.is_in(ids))).await }
}

/// Derives the forms of names that a node of an earlier version has written, a batch of them. Returns whether there may be more.
pub async fn refresh_name_forms(db: &Db) -> DbResult<bool> {
    let derive = |row: &Model| {
        let NameForms { folded, skeleton } = NameForms::of(&row.name);
        vec![(Column::NameFolded, folded), (Column::NameSkeleton, skeleton)]
    };
    refresh::<Entity>(db, FORMS, BATCH, derive).await
}
