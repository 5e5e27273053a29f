//! Storing the ends of attempts, many at once.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::webhooks::model::{Attempt, Delivery, DeliveryId, DeliveryStatus, EndpointId, Health};
use crate::webhooks::rows;
use crate::webhooks::tables::{attempt, delivery, endpoint};
use kit::clock::Time;
use kit::db::{DbResult, Tx, in_powers, padded, rows_of_statement};

/// The end of an attempt, as it is stored.
#[derive(Clone, Debug)]
pub(in crate::webhooks::delivery) struct Ended {
    pub(in crate::webhooks::delivery) delivery: Delivery,
    pub(in crate::webhooks::delivery) attempt: Arc<Attempt>,
    pub(in crate::webhooks::delivery) status: DeliveryStatus,
    pub(in crate::webhooks::delivery) due_at: Option<Time>,
    pub(in crate::webhooks::delivery) at: Time,
}

/// The columns that an end changes. Those of most deliveries are the same: they are changed together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    number: i32,
    is_pending: bool,
    is_delivered: bool,
    due_at: Option<Time>,
}

/// Stores the ends of attempts. Returns the deliveries of those that it stored: the others have changed since the attempt began.
pub(in crate::webhooks::delivery) async fn end_attempts(tx: &Tx, ends: &[&Ended]) -> DbResult<HashSet<DeliveryId>> {
    let mut together: BTreeMap<Change, Vec<&Ended>> = BTreeMap::new();
    for ended in ends {
        let change = Change {
            number: ended.attempt.number,
            is_pending: ended.status == DeliveryStatus::Pending,
            is_delivered: ended.status == DeliveryStatus::Delivered,
            due_at: ended.due_at,
        };
        together.entry(change).or_default().push(ended);
    }
    let mut stored = HashSet::with_capacity(ends.len());
    for ends in together.into_values() {
        stored.extend(end_deliveries(tx, &ends).await?);
    }
    let attempts = ends.iter().filter(|ended| stored.contains(&ended.delivery.id));
    let attempts = attempts.map(|ended| rows::attempt_row(&ended.delivery, &ended.attempt)).collect::<DbResult<Vec<_>>>()?;
    for rows in in_powers(attempts) {
        let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        attempt::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(stored)
}

/// Changes the deliveries of attempts that ended alike. Returns those that were as they were when the attempts began.
async fn end_deliveries(tx: &Tx, ends: &[&Ended]) -> DbResult<Vec<DeliveryId>> {
    use delivery::Column;
    let Some(Ended { attempt, status, due_at, .. }) = ends.first() else { return Ok(Vec::new()) };
    let at = ends.iter().map(|ended| ended.at).max();
    let ended_at = at.filter(|_| *status != DeliveryStatus::Pending);
    let update = Query::update()
        .table(delivery::Entity)
        .values([
            (Column::Attempts, Expr::value(attempt.number)),
            (Column::Status, Expr::value(status.as_str())),
            (Column::DueAt, Expr::value(*due_at)),
            (Column::EndedAt, Expr::value(ended_at)),
        ])
        .and_where(Column::Id.is_in(padded(ends.iter().map(|ended| ended.delivery.id).collect())))
        .and_where(Column::Attempts.eq(attempt.number - 1))
        .and_where(Column::Status.eq(DeliveryStatus::Pending))
        .returning_col(Column::Id)
        .take();
    let ended = rows_of_statement::<(DeliveryId,)>(tx, tx.get_database_backend().build(&update)).await?;
    Ok(ended.into_iter().map(|(id,)| id).collect())
}

/// Stores the health of an endpoint.
pub(in crate::webhooks::delivery) async fn set_health(tx: &Tx, id: EndpointId, health: &Health) -> DbResult<()> {
    use endpoint::Column;
    let update = endpoint::Entity::update_many()
        .col_expr(Column::LastSuccessAt, Expr::value(health.last_success_at))
        .col_expr(Column::LastFailureAt, Expr::value(health.last_failure_at))
        .col_expr(Column::FailingSince, Expr::value(health.failing_since))
        .col_expr(Column::FailedAttempts, Expr::value(health.failed_attempts))
        .col_expr(Column::FailedDeliveries, Expr::value(health.failed_deliveries))
        .col_expr(Column::WarnedAt, Expr::value(health.warned_at));
    update.filter(Column::Id.eq(id)).exec(tx).await.map(|_| ())
}

/// Stores the time of the last success of endpoints whose health is otherwise as it was.
pub(in crate::webhooks::delivery) async fn set_successes(tx: &Tx, ids: Vec<EndpointId>, at: Time) -> DbResult<()> {
    let update = endpoint::Entity::update_many().col_expr(endpoint::Column::LastSuccessAt, Expr::value(Some(at)));
    update.filter(endpoint::Column::Id.is_in(padded(ids))).exec(tx).await.map(|_| ())
}
