//! The queries of management on endpoints.
//!
//! - here endpoints; `figures` counts of deliveries, `hours` by the hour; `secrets` former secrets; `deliveries`
//! - `purge` rows of deleted endpoints

pub(super) mod deliveries;
mod figures;
mod hours;
mod purge;
pub(super) mod secrets;

use std::collections::BTreeSet;

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

use super::input::EndpointFilter;
use super::model::{Endpoint, EndpointId, EndpointStatus, FAILING_AFTER, Subscription};
use super::reach::Reach;
use super::rows::{endpoint_of, endpoint_row};
use super::tables::endpoint::{ActiveModel, Column, Entity, Model};
use crate::audit::TypePattern;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, count_rows, find_row, find_rows, find_tuples, page, update_row};
use kit::http::{Page, Paging};

pub(super) use figures::{Figures, MAX_PENDING, figures};
pub(super) use hours::{HourCounts, MAX_OF_HOUR, count_by_hour};
pub use purge::purge_deleted;

fn of_workspace(workspace: WorkspaceId) -> Condition {
    Condition::all().add(Column::WorkspaceId.eq(workspace)).add(Column::DeletedAt.is_null())
}

/// Inserts an endpoint with its sealed secret.
pub(super) async fn insert(db: &impl ConnectionTrait, endpoint: &Endpoint, secret: Vec<u8>) -> DbResult<()> {
    let row = endpoint_row(endpoint, secret);
    Entity::insert(row.into_active_model()).exec_without_returning(db).await.map(|_| ())
}

pub async fn find(db: &impl Source, workspace: WorkspaceId, id: EndpointId) -> DbResult<Option<Endpoint>> {
    let row = find_row(db, Entity::find_by_id(id).filter(of_workspace(workspace))).await?;
    Ok(row.map(endpoint_of))
}

/// Returns the row of an endpoint, with its sealed secret.
pub(super) async fn find_sealed(db: &impl Source, id: EndpointId) -> DbResult<Option<Model>> {
    find_row(db, Entity::find_by_id(id)).await
}

/// Returns a part of the endpoints of a workspace whose events are all within `reach`, the newest first.
pub async fn list(
    db: &impl Source,
    workspace: WorkspaceId,
    reach: Reach,
    filter: EndpointFilter,
    paging: Paging,
) -> DbResult<Page<Endpoint>> {
    let mut condition = of_workspace(workspace).add_option(filter.status.map(has_status));
    if reach.limited_types().is_some() {
        let known = subscriptions(db, workspace).await?.into_iter();
        let readable = known.filter(|(_, subscription)| reach.missing(subscription).is_none()).map(|(id, _)| id);
        condition = condition.add(Column::Id.is_in(readable));
    }
    page(db, Entity::find().filter(condition), [Column::CreatedAt, Column::Id], paging, |row| Ok(endpoint_of(row))).await
}

/// Lists the endpoints of a workspace that fail or are disabled.
pub async fn failing_or_disabled(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<Endpoint>> {
    let either = Condition::any().add(has_status(EndpointStatus::Failing)).add(has_status(EndpointStatus::Disabled));
    let rows = find_rows(db, Entity::find().filter(of_workspace(workspace)).filter(either)).await?;
    Ok(rows.into_iter().map(endpoint_of).collect())
}

/// Returns the condition that a row has the status by [`Endpoint::status`].
fn has_status(status: EndpointStatus) -> Condition {
    let is_on = || Condition::all().add(Column::DisabledAt.is_null()).add(Column::IsActive.eq(true));
    match status {
        EndpointStatus::Disabled => Condition::all().add(Column::DisabledAt.is_not_null()),
        EndpointStatus::Inactive => Condition::all().add(Column::DisabledAt.is_null()).add(Column::IsActive.eq(false)),
        EndpointStatus::Failing => is_on().add(Column::FailedAttempts.gte(FAILING_AFTER)),
        EndpointStatus::Active => is_on().add(Column::FailedAttempts.lt(FAILING_AFTER)),
    }
}

async fn subscriptions(db: &impl Source, workspace: WorkspaceId) -> DbResult<Vec<(EndpointId, Subscription)>> {
    let rows = Entity::find().select_only().columns([Column::Id, Column::Events]).filter(of_workspace(workspace));
    let rows: Vec<(EndpointId, String)> = find_tuples(db, rows).await?;
    Ok(rows.into_iter().map(|(id, events)| (id, Subscription::from_column(&events))).collect())
}

/// Returns the patterns of all endpoints of a workspace, also of those that are off.
pub(super) async fn patterns(db: &impl Source, workspace: WorkspaceId) -> DbResult<BTreeSet<TypePattern>> {
    Ok(subscriptions(db, workspace).await?.into_iter().flat_map(|(_, subscription)| subscription.0).collect())
}

pub(super) async fn count(db: &impl Source, workspace: WorkspaceId) -> DbResult<u64> {
    count_rows(db, Entity::find().filter(of_workspace(workspace))).await
}

/// Writes the columns that [`super::service::update`] changes.
pub(super) async fn set(db: &impl ConnectionTrait, endpoint: &Endpoint) -> DbResult<()> {
    let row = ActiveModel {
        id: Unchanged(endpoint.id),
        url: Set(endpoint.url.clone()),
        description: Set(endpoint.description.clone()),
        events: Set(endpoint.events.to_column()),
        is_active: Set(endpoint.is_active),
        schedule: Set(endpoint.schedule),
        updated_at: Set(endpoint.updated_at),
        ..ActiveModel::default()
    };
    update_row(db, row).await
}

/// Begins the health of an endpoint anew that is switched on. It goes on in the log after `skipped_to`, or where it was.
pub(super) async fn set_switched_on(db: &impl ConnectionTrait, id: EndpointId, skipped_to: Option<i64>) -> DbResult<()> {
    let mut row = ActiveModel {
        id: Unchanged(id),
        failing_since: Set(None),
        failed_attempts: Set(0),
        failed_deliveries: Set(0),
        warned_at: Set(None),
        disabled_at: Set(None),
        disabled_reason: Set(None),
        ..ActiveModel::default()
    };
    if let Some(sequence) = skipped_to {
        row.planned_sequence = Set(sequence);
    }
    update_row(db, row).await
}

/// Replaces the sealed secret.
pub(super) async fn set_secret(db: &impl ConnectionTrait, endpoint: &Endpoint, secret: Vec<u8>) -> DbResult<()> {
    let row = ActiveModel {
        id: Unchanged(endpoint.id),
        secret: Set(secret),
        secret_hint: Set(endpoint.secret_hint.clone()),
        secret_rotated_at: Set(endpoint.secret_rotated_at),
        updated_at: Set(endpoint.updated_at),
        ..ActiveModel::default()
    };
    update_row(db, row).await
}

/// Marks an endpoint as deleted, and switches it off.
pub(super) async fn set_deleted(db: &impl ConnectionTrait, id: EndpointId, now: Time) -> DbResult<()> {
    let row = ActiveModel {
        id: Unchanged(id),
        is_active: Set(false),
        owner: Set(None),
        deleted_at: Set(Some(now)),
        ..ActiveModel::default()
    };
    update_row(db, row).await
}
