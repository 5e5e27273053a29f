//! The queries on aircraft.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

use super::code::{TailNumber, TypeDesignator};
use super::model::{Aircraft, AircraftFilter, AircraftId, Status};
use super::tables::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::db::{Db, DbResult, Derived, Source, find_row, find_rows, find_tuples, page, refresh, rows_of, update_row};
use kit::http::{Page, Paging};
use kit::text::{Line, folded};

/// The text for search is derived from a row by its last change.
const SEARCH_TEXT: Derived<Column> =
    Derived { marker: Column::SearchTextOf, version: Column::UpdatedAt, index: [Column::WorkspaceId, Column::Id] };

/// Rows whose text for search one transaction derives.
const BATCH: u64 = 200;

pub(super) async fn insert(db: &impl ConnectionTrait, aircraft: &Aircraft) -> DbResult<()> {
    Entity::insert(row_of(aircraft).into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Writes all columns of an existing aircraft.
pub(super) async fn set(db: &impl ConnectionTrait, aircraft: &Aircraft) -> DbResult<()> {
    update_row(db, row_of(aircraft).into_active_model().reset_all()).await
}

pub async fn find(db: &impl Source, workspace: WorkspaceId, id: AircraftId) -> DbResult<Option<Aircraft>> {
    Ok(find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?.map(aircraft_of))
}

pub(super) async fn find_by_tail_number(
    db: &impl Source,
    workspace: WorkspaceId,
    tail_number: &TailNumber,
) -> DbResult<Option<Aircraft>> {
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::TailNumber.eq(tail_number.clone()));
    Ok(find_row(db, named).await?.map(aircraft_of))
}

/// Lists those of these aircraft that are there.
pub(super) async fn list_by_id(db: &impl Source, workspace: WorkspaceId, ids: Vec<AircraftId>) -> DbResult<Vec<Aircraft>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mine = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(ids));
    Ok(find_rows(db, mine).await?.into_iter().map(aircraft_of).collect())
}

/// Returns the tail numbers of these aircraft.
pub async fn tail_numbers(
    db: &impl Source,
    workspace: WorkspaceId,
    ids: impl IntoIterator<Item = AircraftId>,
) -> DbResult<HashMap<AircraftId, String>> {
    let ids: HashSet<AircraftId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named = Entity::find().select_only().columns([Column::Id, Column::TailNumber]).filter(Column::WorkspaceId.eq(workspace));
    let named: Vec<(AircraftId, String)> = find_tuples(db, named.filter(Column::Id.is_in(ids))).await?;
    Ok(named.into_iter().collect())
}

/// Lists aircraft that are on ground or in maintenance, the former first and the latest added first.
pub async fn list_away(db: &impl Source, workspace: WorkspaceId, limit: u64) -> DbResult<Vec<Aircraft>> {
    let mut away = Vec::new();
    for status in [Status::Aog, Status::Maintenance] {
        let rows = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Status.eq(status));
        let rows = rows.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(limit - away.len() as u64);
        away.extend(rows_of(db, rows).await?.into_iter().map(aircraft_of));
    }
    Ok(away)
}

/// Returns every aircraft of a workspace, ordered by tail number.
pub(super) async fn all(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<Aircraft>> {
    let matching = Entity::find().filter(Column::WorkspaceId.eq(workspace));
    Ok(find_rows(db, matching.order_by_asc(Column::TailNumber)).await?.into_iter().map(aircraft_of).collect())
}

/// Returns a part of a workspace's aircraft, the newest first.
pub(super) async fn list(
    db: &impl Source,
    workspace: WorkspaceId,
    filter: &AircraftFilter,
    paging: Paging,
) -> DbResult<Page<Aircraft>> {
    let condition = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.search.as_ref().map(Line::as_str).map(matches));
    page(db, Entity::find().filter(condition), [Column::CreatedAt, Column::Id], paging, |row| Ok(aircraft_of(row))).await
}

fn matches(text: &str) -> Condition {
    SEARCH_TEXT.finds(text, Column::SearchText, &[Column::TailNumber, Column::Model, Column::TypeDesignator])
}

fn search_text(tail_number: &TailNumber, model: &str, type_designator: &TypeDesignator) -> String {
    [tail_number.as_str(), model, type_designator.as_str()].map(folded).join("\n")
}

/// Derives texts for search that a node of an earlier version has not written, a batch of them. Returns whether there may be more.
pub async fn refresh_search_texts(db: &Db) -> DbResult<bool> {
    let derive = |row: &Model| vec![(Column::SearchText, search_text(&row.tail_number, &row.model, &row.type_designator))];
    refresh::<Entity>(db, SEARCH_TEXT, BATCH, derive).await
}

/// Deletes up to `limit` aircraft of a workspace, for the reset of a sandbox. Returns their number.
pub async fn delete_some(db: &impl ConnectionTrait, workspace: WorkspaceId, limit: u64) -> DbResult<u64> {
    let some = Query::select().column(Column::Id).from(Entity).and_where(Column::WorkspaceId.eq(workspace)).limit(limit).take();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(some)).exec(db).await?.rows_affected)
}

fn row_of(aircraft: &Aircraft) -> Model {
    let Aircraft { id, workspace: workspace_id, status, expected_return, created_at, updated_at, .. } = *aircraft;
    let Aircraft { tail_number, type_designator, model, home_base, home_base_name, status_note, .. } = aircraft.clone();
    Model {
        search_text: Some(search_text(&tail_number, &model, &type_designator)),
        search_text_of: Some(updated_at),
        id,
        workspace_id,
        tail_number,
        type_designator,
        model,
        home_base,
        home_base_name,
        status,
        status_note,
        expected_return,
        created_at,
        updated_at,
    }
}

fn aircraft_of(row: Model) -> Aircraft {
    Aircraft {
        id: row.id,
        workspace: row.workspace_id,
        tail_number: row.tail_number,
        type_designator: row.type_designator,
        model: row.model,
        home_base: row.home_base,
        home_base_name: row.home_base_name,
        status: row.status,
        status_note: row.status_note,
        expected_return: row.expected_return,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
