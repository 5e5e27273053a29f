//! The queries of management on deliveries and attempts.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::audit::EventId;
use crate::webhooks::input::DeliveryFilter;
use crate::webhooks::model::{Attempt, Delivery, DeliveryId, DeliveryStatus, EndpointId};
use crate::webhooks::reach::Reach;
use crate::webhooks::rows::{attempt_of, delivery_of, delivery_row};
use crate::webhooks::tables::{attempt, delivery};
use delivery::{Column, Entity};
use kit::clock::Time;
use kit::db::{DbResult, Source, find_row, find_rows, find_tuples, in_powers, page};
use kit::http::{Page, Paging};

/// Returns a part of the deliveries of an endpoint whose types are within `reach`, the newest first.
pub async fn list(
    db: &impl Source,
    endpoint: EndpointId,
    reach: Reach,
    filter: DeliveryFilter,
    paging: Paging,
) -> DbResult<Page<Delivery>> {
    let condition = Condition::all()
        .add(Column::EndpointId.eq(endpoint))
        .add_option(reach.limited_types().map(|types| Column::EventType.is_in(types)))
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.event_type.map(|event_type| Column::EventType.eq(event_type.0)))
        .add_option(filter.date_from.map(|from| Column::CreatedAt.gte(from.0)))
        .add_option(filter.date_to.map(|to| Column::CreatedAt.lte(to.0)));
    page(db, Entity::find().filter(condition), [Column::CreatedAt, Column::Id], paging, |row| Ok(delivery_of(row))).await
}

/// Finds a delivery of an endpoint, with the payload if it is of a test.
pub async fn find(db: &impl Source, endpoint: EndpointId, id: DeliveryId) -> DbResult<Option<(Delivery, Option<String>)>> {
    let row = find_row(db, Entity::find_by_id(id).filter(Column::EndpointId.eq(endpoint))).await?;
    Ok(row.map(|mut row| {
        let body = row.body.take();
        (delivery_of(row), body)
    }))
}

/// Returns the payloads of those deliveries that are tests, by their events.
pub async fn test_bodies(db: &impl Source, deliveries: &[Delivery]) -> DbResult<Vec<(EventId, String)>> {
    let tests = deliveries.iter().filter(|delivery| delivery.sequence.is_none()).map(|delivery| delivery.id);
    let bodies = Entity::find().select_only().columns([Column::EventId, Column::Body]).filter(Column::Id.is_in(tests));
    find_tuples(db, bodies.filter(Column::Body.is_not_null())).await
}

/// Inserts pending deliveries; a test has its payload beside it.
pub async fn insert(db: &impl ConnectionTrait, deliveries: Vec<(Delivery, Option<String>)>) -> DbResult<()> {
    for deliveries in in_powers(deliveries) {
        let rows = deliveries.into_iter().map(|(delivery, body)| delivery_row(delivery, body).into_active_model());
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Lists the attempts of a delivery, the first one first.
pub async fn attempts(db: &impl Source, id: DeliveryId) -> DbResult<Vec<Attempt>> {
    let rows = attempt::Entity::find().filter(attempt::Column::DeliveryId.eq(id));
    find_rows(db, rows.order_by(attempt::Column::Number, Order::Asc)).await?.into_iter().map(attempt_of).collect()
}

/// Returns the last attempt of each delivery that has one.
pub async fn last_attempts(db: &impl Source, deliveries: &[Delivery]) -> DbResult<HashMap<DeliveryId, Attempt>> {
    let tried = deliveries.iter().filter(|delivery| delivery.attempts > 0);
    let last = tried.fold(Condition::any(), |any, delivery| {
        let one = Condition::all().add(attempt::Column::DeliveryId.eq(delivery.id));
        any.add(one.add(attempt::Column::Number.eq(delivery.attempts)))
    });
    if last.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = find_rows(db, attempt::Entity::find().filter(last)).await?.into_iter();
    rows.map(|row| Ok((row.delivery_id, attempt_of(row)?))).collect()
}

/// Returns the latest delivery of each of these events for an endpoint, and whether one of its deliveries succeeded or has an
/// attempt to come.
pub async fn latest(
    db: &impl Source,
    endpoint: EndpointId,
    events: impl IntoIterator<Item = EventId>,
) -> DbResult<HashMap<EventId, (Delivery, bool)>> {
    let rows = Entity::find().filter(Column::EndpointId.eq(endpoint)).filter(Column::EventId.is_in(events));
    let rows = find_rows(db, rows.order_by(Column::CreatedAt, Order::Asc).order_by(Column::Id, Order::Asc)).await?;
    let mut latest: HashMap<EventId, (Delivery, bool)> = HashMap::new();
    for delivery in rows.into_iter().map(delivery_of) {
        let is_settled = matches!(delivery.status, DeliveryStatus::Delivered | DeliveryStatus::Pending);
        let was_settled = latest.get(&delivery.event).is_some_and(|(_, settled)| *settled);
        latest.insert(delivery.event, (delivery, is_settled || was_settled));
    }
    Ok(latest)
}

/// Cancels up to `limit` pending deliveries of an endpoint, or all. Returns their number.
pub async fn cancel(db: &impl Source, endpoint: EndpointId, now: Time, limit: Option<u64>) -> DbResult<u64> {
    let pending = Condition::all().add(Column::EndpointId.eq(endpoint)).add(Column::DueAt.is_not_null());
    let mut update = Entity::update_many()
        .col_expr(Column::Status, Expr::value(DeliveryStatus::Canceled))
        .col_expr(Column::DueAt, Expr::value(Option::<Time>::None))
        .col_expr(Column::EndedAt, Expr::value(Some(now)));
    update = match limit {
        None => update.filter(pending),
        Some(limit) => {
            let some = Entity::find().select_only().column(Column::Id).filter(pending).limit(limit);
            let ids = find_tuples::<_, (DeliveryId,)>(db, some).await?;
            update.filter(Column::Id.is_in(ids.into_iter().map(|(id,)| id)))
        }
    };
    Ok(update.exec(db).await?.rows_affected)
}

/// Deletes what receivers have answered to the deliveries of events: a response may repeat its request.
pub async fn forget_responses(db: &impl ConnectionTrait, events: Vec<EventId>) -> DbResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let deliveries = Entity::find().select_only().column(Column::Id).filter(Column::EventId.is_in(events)).into_query();
    attempt::Entity::update_many()
        .col_expr(attempt::Column::ResponseHeaders, Expr::value(Option::<String>::None))
        .col_expr(attempt::Column::ResponseBody, Expr::value(Option::<String>::None))
        .filter(attempt::Column::DeliveryId.in_subquery(deliveries))
        .exec(db)
        .await
        .map(|_| ())
}
