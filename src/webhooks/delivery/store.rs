//! Queries of the delivery of events.

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};

use crate::audit::{self, Payload};
use crate::cluster::NodeId;
use crate::core::Core;
use crate::webhooks::model::{Attempt, Delivery, DeliveryId, DeliveryStatus, EndpointId, FAILING_AFTER, Health};
use crate::webhooks::rows;
use crate::webhooks::tables::{attempt, delivery, endpoint, former_secret};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Tx};

/// Events that one transaction turns into deliveries.
pub(super) const PLANNED_AT_ONCE: u64 = 100;

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
    db: &impl ConnectionTrait,
    workspaces: impl IntoIterator<Item = WorkspaceId>,
) -> DbResult<Vec<Ownership>> {
    ownerships(db, delivers().add(endpoint::Column::WorkspaceId.is_in(workspaces))).await
}

/// Lists the endpoints that no node of `live` delivers to.
pub(super) async fn unowned(db: &impl ConnectionTrait, live: impl IntoIterator<Item = NodeId>) -> DbResult<Vec<Ownership>> {
    let no_owner = endpoint::Column::Owner.is_null().or(endpoint::Column::Owner.is_not_in(live));
    ownerships(db, delivers().add(no_owner)).await
}

/// Lists the endpoints that a node delivers to.
pub(super) async fn owned(db: &impl ConnectionTrait, node: NodeId) -> DbResult<Vec<Ownership>> {
    ownerships(db, delivers().add(endpoint::Column::Owner.eq(node))).await
}

async fn ownerships(db: &impl ConnectionTrait, condition: Condition) -> DbResult<Vec<Ownership>> {
    let columns = endpoint::Entity::find().select_only().column(endpoint::Column::Id).column(endpoint::Column::Owner);
    let rows: Vec<(EndpointId, Option<NodeId>)> = columns.filter(condition).into_tuple().all(db).await?;
    Ok(rows.into_iter().map(|(endpoint, owner)| Ownership { endpoint, owner }).collect())
}

/// Makes `to` the owner of endpoints, unless their owner has changed since `from` was read.
pub(super) async fn hand_over(core: &Core, endpoints: &[Ownership], to: Option<NodeId>) -> DbResult<()> {
    if endpoints.is_empty() {
        return Ok(());
    }
    let tx = core.db.begin_essential().await?;
    for Ownership { endpoint, owner } in endpoints {
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
pub(super) async fn with_work(db: &impl ConnectionTrait, node: NodeId, now: Time) -> DbResult<Vec<EndpointId>> {
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
    ids.filter(delivers()).filter(endpoint::Column::Owner.eq(node)).filter(has_work).into_tuple().all(db).await
}

/// Finds an endpoint to which `node` delivers now.
pub(super) async fn find_owned(db: &impl ConnectionTrait, id: EndpointId, node: NodeId) -> DbResult<Option<endpoint::Model>> {
    endpoint::Entity::find_by_id(id).filter(delivers()).filter(endpoint::Column::Owner.eq(node)).one(db).await
}

/// The outcome of planning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Planned {
    /// There are no new events.
    Nothing,
    /// The cursor has moved, by this node or by another: there may be more, and the endpoint must be read again.
    Moved,
}

/// Turns the next events of an endpoint into deliveries, and moves its cursor.
pub(super) async fn plan(core: &Core, endpoint: &endpoint::Model, node: NodeId) -> DbResult<Planned> {
    let payloads =
        audit::payloads_after(core.db.read(), endpoint.workspace_id, endpoint.planned_sequence, PLANNED_AT_ONCE).await?;
    let Some(last) = payloads.last().map(|payload| payload.sequence) else { return Ok(Planned::Nothing) };
    let tx = core.db.begin().await?;
    let locked =
        endpoint::Entity::find_by_id(endpoint.id).filter(endpoint::Column::Owner.eq(node)).lock_exclusive().one(&tx).await?;
    // Another node may own it by now, or its subscription may have changed.
    let Some(row) = locked.filter(|row| row.planned_sequence == endpoint.planned_sequence) else {
        tx.rollback().await?;
        return Ok(Planned::Moved);
    };
    let events = rows::endpoint_of(row.clone()).events;
    let (mut previous, now) = (row.last_sequence, core.clock.now());
    let mut planned = Vec::new();
    for payload in payloads.into_iter().filter(|payload| payload.is_received_by(&events.0)) {
        let sequence = payload.sequence;
        // Lists show them in the order of the log.
        let created_at = now.after(Duration::from_micros(planned.len() as u64));
        planned.push(planned_row(core, &row, payload, previous, created_at).into_active_model());
        previous = Some(sequence);
    }
    if !planned.is_empty() {
        delivery::Entity::insert_many(planned).exec_without_returning(&tx).await?;
    }
    let mut row = row.into_active_model();
    (row.planned_sequence, row.last_sequence) = (Set(last), Set(previous));
    row.update(&tx).await?;
    tx.commit().await?;
    Ok(Planned::Moved)
}

fn planned_row(
    core: &Core,
    endpoint: &endpoint::Model,
    payload: Payload,
    previous: Option<i64>,
    created_at: Time,
) -> delivery::Model {
    delivery::Model {
        id: DeliveryId::new(created_at, &core.random),
        workspace_id: endpoint.workspace_id,
        endpoint_id: endpoint.id,
        event_id: payload.event,
        event_type: payload.event_type,
        sequence: Some(payload.sequence),
        previous_sequence: previous,
        body: None,
        status: DeliveryStatus::Pending,
        attempts: 0,
        // Due in the order of the log, and now: the clock may have stepped back since.
        due_at: Some(Ord::min(payload.created_at, created_at)),
        resend_of: None,
        created_at,
        ended_at: None,
    }
}

/// Lists deliveries of an endpoint that are due, in order, except for those that are under way.
pub(super) async fn due(
    core: &Core,
    endpoint: EndpointId,
    except: &HashSet<DeliveryId>,
    limit: u64,
) -> DbResult<Vec<DeliveryId>> {
    let ids =
        delivery::Entity::find().select_only().column(delivery::Column::Id).filter(delivery::Column::EndpointId.eq(endpoint));
    let due = ids.filter(delivery::Column::DueAt.lte(core.clock.now()));
    let due = due.filter(delivery::Column::Id.is_not_in(except.iter().copied()));
    let due = due.order_by_asc(delivery::Column::DueAt).order_by_asc(delivery::Column::Sequence).limit(limit);
    due.into_tuple().all(core.db.read()).await
}

/// A delivery that is due, with its payload; `None` if that was deleted.
pub(super) struct Due {
    pub(super) delivery: Delivery,
    pub(super) body: Option<String>,
}

/// Finds a delivery that is due, with its payload as it is now: it may have been thinned, or the delivery canceled, since it was
/// listed.
pub(super) async fn still_due(core: &Core, id: DeliveryId) -> DbResult<Option<Due>> {
    let db = core.db.read();
    let due = delivery::Entity::find_by_id(id).filter(delivery::Column::DueAt.lte(core.clock.now()));
    let Some(row) = due.one(db).await? else { return Ok(None) };
    let body = match &row.body {
        Some(body) => Some(body.clone()),
        None => audit::payloads_of(db, row.workspace_id, [row.event_id]).await?.pop().map(|payload| payload.body),
    };
    Ok(Some(Due { body, delivery: rows::delivery_of(row) }))
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

/// The end of an attempt, as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) delivery: Delivery,
    pub(super) attempt: Attempt,
    pub(super) status: DeliveryStatus,
    pub(super) due_at: Option<Time>,
    pub(super) at: Time,
}

/// Stores the end of an attempt. Returns false, and stores nothing, if the delivery has changed since the attempt began.
pub(super) async fn end_attempt(tx: &Tx, ended: &Ended) -> DbResult<bool> {
    let Ended { delivery, attempt, status, due_at, at } = ended;
    let ended_at = (*status != DeliveryStatus::Pending).then_some(*at);
    let update = delivery::Entity::update_many()
        .col_expr(delivery::Column::Attempts, Expr::value(attempt.number))
        .col_expr(delivery::Column::Status, Expr::value(status.as_str()))
        .col_expr(delivery::Column::DueAt, Expr::value(*due_at))
        .col_expr(delivery::Column::EndedAt, Expr::value(ended_at))
        .filter(delivery::Column::Id.eq(delivery.id))
        .filter(delivery::Column::Attempts.eq(attempt.number - 1))
        .filter(delivery::Column::Status.eq(DeliveryStatus::Pending));
    if update.exec(tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    let row = rows::attempt_row(delivery, attempt)?;
    attempt::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(true)
}

/// Locks an endpoint for the ends of its attempts. `None` if it is gone, or if another node owns it by now.
pub(super) async fn lock(tx: &Tx, id: EndpointId, owner: Option<NodeId>) -> DbResult<Option<endpoint::Model>> {
    let mut find = endpoint::Entity::find_by_id(id);
    if let Some(owner) = owner {
        find = find.filter(endpoint::Column::Owner.eq(owner));
    }
    find.lock_exclusive().one(tx).await
}

pub(super) async fn set_health(tx: &Tx, row: endpoint::Model, health: Health) -> DbResult<()> {
    let mut row = row.into_active_model();
    row.last_success_at = Set(health.last_success_at);
    row.last_failure_at = Set(health.last_failure_at);
    row.failing_since = Set(health.failing_since);
    row.failed_attempts = Set(health.failed_attempts);
    row.failed_deliveries = Set(health.failed_deliveries);
    row.warned_at = Set(health.warned_at);
    row.update(tx).await.map(|_| ())
}

/// Lists the secrets from before rotations that still sign, the youngest first.
pub(super) async fn former_secrets(
    db: &impl ConnectionTrait,
    endpoint: EndpointId,
    now: Time,
) -> DbResult<Vec<former_secret::Model>> {
    let former = former_secret::Entity::find().filter(former_secret::Column::EndpointId.eq(endpoint));
    former.filter(former_secret::Column::ExpiresAt.gt(now)).order_by_desc(former_secret::Column::ExpiresAt).all(db).await
}

/// The figures of the metrics, over all workspaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Endpoints by state, in the order of [`EndpointStatus::ALL`](crate::webhooks::EndpointStatus::ALL).
    pub endpoints: [u64; 4],
    /// Deliveries whose next attempt is due.
    pub due: u64,
    /// The age of the one that has been due longest, in seconds.
    pub oldest_due_seconds: u64,
}

pub(super) async fn figures(db: &impl ConnectionTrait, now: Time) -> DbResult<Figures> {
    let on = || endpoint::Entity::find().filter(delivers());
    let failing = on().filter(endpoint::Column::FailedAttempts.gte(FAILING_AFTER)).count(db).await?;
    let active = on().count(db).await?.saturating_sub(failing);
    let kept = || endpoint::Entity::find().filter(endpoint::Column::DeletedAt.is_null());
    let disabled = kept().filter(endpoint::Column::DisabledAt.is_not_null()).count(db).await?;
    let off = kept().filter(endpoint::Column::IsActive.eq(false)).filter(endpoint::Column::DisabledAt.is_null());
    let inactive = off.count(db).await?;
    // Those of an endpoint that is off wait for a person.
    let due = delivery::Entity::find().filter(delivery::Column::DueAt.lte(now)).filter(
        delivery::Column::EndpointId
            .in_subquery(Query::select().column("id").from("webhook_endpoints").cond_where(delivers()).take()),
    );
    let oldest = due.clone().order_by_asc(delivery::Column::DueAt).one(db).await?.and_then(|row| row.due_at);
    let oldest_due_seconds = oldest.map_or(0, |at| now.since(at).as_secs());
    Ok(Figures { endpoints: [active, inactive, failing, disabled], due: due.count(db).await?, oldest_due_seconds })
}
