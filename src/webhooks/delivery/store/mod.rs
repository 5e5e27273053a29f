//! Queries of the delivery of events.
//!
//! - here endpoints of a node and their deliveries that are due; `plan` events as deliveries; `ends` ends of attempts
//! - `metrics` figures over all workspaces

mod ends;
mod metrics;
mod plan;

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait, Func, LockBehavior, LockType, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, IdenStatic, Iterable, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::cluster::NodeId;
use crate::core::Core;
use crate::webhooks::model::{Delivery, DeliveryId, DeliveryStatus, EndpointId};
use crate::webhooks::rows;
use crate::webhooks::tables::{delivery, endpoint, former_secret};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source, Tx, find_row, find_rows, find_tuples, padded};

pub(super) use ends::{Ended, end_attempts, set_health, set_successes};
pub use metrics::DeliveryMetrics;
pub(super) use metrics::measure;
pub(super) use plan::{Cursor, Outcomes, Planned, plan};

/// Returns the condition on endpoints that receive events now.
fn delivers() -> Condition {
    use endpoint::Column;
    Condition::all().add(Column::IsActive.eq(true)).add(Column::DisabledAt.is_null()).add(Column::DeletedAt.is_null())
}

/// An endpoint and the node that delivers to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ownership {
    pub(super) endpoint: EndpointId,
    pub(super) owner: Option<NodeId>,
}

/// Lists the endpoints of workspaces that receive events now.
pub(super) async fn of_workspaces(
    db: &impl Source,
    workspaces: impl IntoIterator<Item = WorkspaceId>,
) -> DbResult<Vec<Ownership>> {
    ownerships(db, delivers().add(endpoint::Column::WorkspaceId.is_in(workspaces))).await
}

/// Lists the endpoints that no node of `live` delivers to.
pub(super) async fn unowned(db: &impl Source, live: impl IntoIterator<Item = NodeId>) -> DbResult<Vec<Ownership>> {
    let no_owner = endpoint::Column::Owner.is_null().or(endpoint::Column::Owner.is_not_in(live));
    ownerships(db, delivers().add(no_owner)).await
}

/// Lists the endpoints that a node delivers to.
pub(super) async fn owned(db: &impl Source, node: NodeId) -> DbResult<Vec<Ownership>> {
    ownerships(db, delivers().add(endpoint::Column::Owner.eq(node))).await
}

async fn ownerships(db: &impl Source, condition: Condition) -> DbResult<Vec<Ownership>> {
    let columns = endpoint::Entity::find().select_only().column(endpoint::Column::Id).column(endpoint::Column::Owner);
    let rows: Vec<(EndpointId, Option<NodeId>)> = find_tuples(db, columns.filter(condition)).await?;
    Ok(rows.into_iter().map(|(endpoint, owner)| Ownership { endpoint, owner }).collect())
}

/// Makes `to` the owner of endpoints, unless their owner has changed since `from` was read.
pub(super) async fn hand_over(core: &Core, endpoints: &[Ownership], to: Option<NodeId>) -> DbResult<()> {
    if endpoints.is_empty() {
        return Ok(());
    }
    let mut endpoints = endpoints.to_vec();
    // In the order in which other transactions lock them.
    endpoints.sort_by_key(|found| found.endpoint);
    let tx = core.db.begin_essential().await?;
    for Ownership { endpoint, owner } in &endpoints {
        let same = match owner {
            Some(owner) => endpoint::Column::Owner.eq(*owner),
            None => endpoint::Column::Owner.is_null(),
        };
        let update = endpoint::Entity::update_many().col_expr(endpoint::Column::Owner, Expr::value(to));
        update.filter(endpoint::Column::Id.eq(*endpoint)).filter(same).exec(&tx).await?;
    }
    tx.commit().await
}

/// Lists the endpoints of a node with events that are not planned, or with attempts that are due.
pub(super) async fn with_work(db: &impl Source, node: NodeId, now: Time) -> DbResult<Vec<EndpointId>> {
    let unplanned = Query::select()
        .expr(Expr::val(1))
        .from("event_payloads")
        .and_where(Expr::col(("event_payloads", "workspace_id")).equals(("webhook_endpoints", "workspace_id")))
        .and_where(Expr::col(("event_payloads", "sequence")).gt(Expr::col(("webhook_endpoints", "planned_sequence"))))
        .take();
    let due = Query::select()
        .expr(Expr::val(1))
        .from("webhook_deliveries")
        .and_where(Expr::col(("webhook_deliveries", "endpoint_id")).equals(("webhook_endpoints", "id")))
        .and_where(Expr::col(("webhook_deliveries", "due_at")).lte(now))
        .take();
    let has_work = Condition::any().add(Expr::exists(unplanned)).add(Expr::exists(due));
    let ids = endpoint::Entity::find().select_only().column(endpoint::Column::Id);
    let ids = ids.filter(delivers()).filter(endpoint::Column::Owner.eq(node)).filter(has_work);
    Ok(find_tuples::<_, (EndpointId,)>(db, ids).await?.into_iter().map(|(id,)| id).collect())
}

/// Finds an endpoint to which `node` delivers now.
pub(super) async fn find_owned(db: &impl Source, id: EndpointId, node: NodeId) -> DbResult<Option<endpoint::Model>> {
    find_row(db, endpoint::Entity::find_by_id(id).filter(delivers()).filter(endpoint::Column::Owner.eq(node))).await
}

/// Locks endpoints in the order of their ids, so that two nodes do not wait for each other. Those that are gone are left out.
pub(super) async fn lock(tx: &Tx, ids: BTreeSet<EndpointId>) -> DbResult<HashMap<EndpointId, endpoint::Model>> {
    let found = endpoint::Entity::find().filter(endpoint::Column::Id.is_in(padded(ids.into_iter().collect())));
    let rows = find_rows(tx, found.order_by_asc(endpoint::Column::Id).lock_exclusive()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Locks endpoints that no other transaction has locked. Those that are gone are left out, too.
pub(super) async fn lock_free(tx: &Tx, ids: BTreeSet<EndpointId>) -> DbResult<HashMap<EndpointId, endpoint::Model>> {
    let found = endpoint::Entity::find().filter(endpoint::Column::Id.is_in(padded(ids.into_iter().collect())));
    let locking = found.order_by_asc(endpoint::Column::Id).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    let rows = find_rows(tx, locking).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A delivery that is due, with its payload; `None` if that was deleted.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) delivery: Delivery,
    pub(super) body: Option<String>,
}

/// Deliveries that are due, of which the first in the order of the log are read.
const WINDOW: u64 = 256;

/// Lists deliveries of an endpoint that are due, with their payloads, except for those that are under way: in the order of the log,
/// so that events that waited for a receiver arrive as they happened. Only the [`WINDOW`] that was due first is put in this order.
pub(super) async fn due(
    core: &Core,
    endpoint: EndpointId,
    except: impl IntoIterator<Item = DeliveryId>,
    limit: u64,
) -> DbResult<Vec<Due>> {
    use delivery::Column;
    let first = delivery::Entity::find().select_only().column(Column::Id);
    let first = first.filter(Column::EndpointId.eq(endpoint)).filter(Column::DueAt.lte(core.clock.now()));
    let first = first.filter(Column::Id.is_not_in(padded(except.into_iter().collect())));
    let first = first.order_by_asc(Column::DueAt).order_by_asc(Column::Sequence).limit(WINDOW).into_query();
    // Rows are read in the order of their columns.
    let due = Column::iter().fold(delivery::Entity::find().select_only(), |due, column| match column {
        Column::Body => due.expr_as(body(), column.as_str()),
        _ => due.column(column),
    });
    let due = due.filter(Column::Id.in_subquery(first));
    let due = due.order_by_asc(Column::Sequence).order_by_asc(Column::DueAt).limit(limit);
    let rows = find_rows(core.db.read(), due).await?.into_iter();
    Ok(rows.map(|mut row| Due { body: row.body.take(), delivery: rows::delivery_of(row) }).collect())
}

/// Returns the expression for the payload of a delivery: that of a test is beside it.
fn body() -> Expr {
    let of_event = Query::select()
        .column(("event_payloads", "body"))
        .from("event_payloads")
        .and_where(Expr::col(("event_payloads", "event_id")).equals(("webhook_deliveries", "event_id")))
        .and_where(Expr::col(("event_payloads", "workspace_id")).equals(("webhook_deliveries", "workspace_id")))
        .take();
    let of_event = Expr::SubQuery(None, Box::new(of_event.into()));
    Func::coalesce([Expr::col(("webhook_deliveries", "body")), of_event]).into()
}

/// Cancels a pending delivery.
pub(super) async fn cancel(core: &Core, id: DeliveryId) -> DbResult<()> {
    let tx = core.db.begin_essential().await?;
    let canceled = delivery::Entity::update_many()
        .col_expr(delivery::Column::Status, Expr::value(DeliveryStatus::Canceled.as_str()))
        .col_expr(delivery::Column::DueAt, Expr::value(Option::<Time>::None))
        .col_expr(delivery::Column::EndedAt, Expr::value(Some(core.clock.now())));
    let pending = canceled.filter(delivery::Column::Id.eq(id)).filter(delivery::Column::Status.eq(DeliveryStatus::Pending));
    pending.exec(&tx).await?;
    tx.commit().await
}

/// Lists the secrets from before rotations that still sign, the youngest first.
pub(super) async fn former_secrets(db: &impl Source, endpoint: EndpointId, now: Time) -> DbResult<Vec<former_secret::Model>> {
    let former = former_secret::Entity::find().filter(former_secret::Column::EndpointId.eq(endpoint));
    let valid = former.filter(former_secret::Column::ExpiresAt.gt(now));
    find_rows(db, valid.order_by_desc(former_secret::Column::ExpiresAt)).await
}
