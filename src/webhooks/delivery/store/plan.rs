//! Turning events into deliveries, for many endpoints at once.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use futures_util::future::try_join_all;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};

use super::lock_free;
use crate::audit::{self, PayloadHead};
use crate::cluster::NodeId;
use crate::core::Core;
use crate::webhooks::model::{DeliveryId, DeliveryStatus, EndpointId, Subscription};
use crate::webhooks::tables::{delivery, endpoint};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Tx, in_powers, padded};

/// Events that are turned into deliveries of one endpoint at once, and of all endpoints of one transaction: others write meanwhile.
const OF_ENDPOINT: usize = 100;
const OF_TRANSACTION: usize = 800;

/// The cursor of an endpoint in the log, as its owner read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::webhooks::delivery) struct Cursor {
    pub(in crate::webhooks::delivery) endpoint: EndpointId,
    pub(in crate::webhooks::delivery) workspace: WorkspaceId,
    /// The sequence up to which events are planned.
    pub(in crate::webhooks::delivery) planned: i64,
    pub(in crate::webhooks::delivery) owner: NodeId,
}

impl Cursor {
    fn position(&self) -> (WorkspaceId, i64) {
        (self.workspace, self.planned)
    }
}

/// The outcome of planning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::webhooks::delivery) enum Planned {
    /// There are no new events.
    Nothing,
    /// Events up to `planned` are deliveries; with `has_more`, there may be others after them.
    Moved { planned: i64, has_more: bool },
    /// The endpoint is not as it was read: another node owns it, or its cursor has moved.
    Changed,
    /// Another transaction has locked the endpoint, or it is gone.
    Locked,
}

/// The outcomes of planning several endpoints, in their order. Those with new events have none after an error.
pub(in crate::webhooks::delivery) struct Outcomes {
    pub(in crate::webhooks::delivery) planned: Vec<Option<Planned>>,
    pub(in crate::webhooks::delivery) error: Option<DbErr>,
}

/// Turns the next events of endpoints into deliveries, and moves their cursors, in one transaction.
pub(in crate::webhooks::delivery) async fn plan(core: &Core, cursors: &[Cursor]) -> DbResult<Outcomes> {
    let limit = (OF_TRANSACTION / cursors.len().max(1)).clamp(1, OF_ENDPOINT);
    let events = new_events(core, cursors, limit).await?;
    let new: Vec<(&Cursor, &[PayloadHead])> =
        cursors.iter().map(|cursor| (cursor, events[&cursor.position()].as_slice())).collect();
    if new.iter().all(|(_, heads)| heads.is_empty()) {
        return Ok(Outcomes { planned: vec![Some(Planned::Nothing); cursors.len()], error: None });
    }
    Ok(match move_cursors(core, &new, limit).await {
        Ok(planned) => Outcomes { planned: planned.into_iter().map(Some).collect(), error: None },
        // Attempts of the others go on, such as while the disk has too little room for new deliveries.
        Err(error) => {
            let planned = new.iter().map(|(_, heads)| heads.is_empty().then_some(Planned::Nothing)).collect();
            Outcomes { planned, error: Some(error) }
        }
    })
}

type Events = HashMap<(WorkspaceId, i64), Vec<PayloadHead>>;

/// Reads the events after cursors, each cursor of a workspace once.
async fn new_events(core: &Core, cursors: &[Cursor], limit: usize) -> DbResult<Events> {
    let positions: HashSet<(WorkspaceId, i64)> = cursors.iter().map(Cursor::position).collect();
    let read = positions.into_iter().map(async |position @ (workspace, planned)| {
        let heads = audit::payload_heads_after(core.db.read(), workspace, planned, limit as u64).await?;
        DbResult::Ok((position, heads))
    });
    try_join_all(read).await.map(|events| events.into_iter().collect())
}

async fn move_cursors(core: &Core, new: &[(&Cursor, &[PayloadHead])], limit: usize) -> DbResult<Vec<Planned>> {
    let moving: BTreeSet<EndpointId> =
        new.iter().filter(|(_, heads)| !heads.is_empty()).map(|(cursor, _)| cursor.endpoint).collect();
    let tx = core.db.begin().await?;
    // A transaction that holds one endpoint does not hold up the others.
    let mut endpoints = lock_free(&tx, moving).await?;
    let (mut deliveries, mut moves) = (Vec::new(), Moves::new());
    let planned = new.iter().map(|(cursor, heads)| {
        let Some(last) = heads.last().map(|head| head.sequence) else { return Planned::Nothing };
        let Some(row) = endpoints.get_mut(&cursor.endpoint) else { return Planned::Locked };
        // Another node may own it by now, or somebody has skipped its backlog.
        if row.owner != Some(cursor.owner) || row.planned_sequence != cursor.planned {
            return Planned::Changed;
        }
        deliveries.extend(of_events(core, row, heads));
        row.planned_sequence = last;
        moves.entry((last, row.last_sequence)).or_default().push(row.id);
        Planned::Moved { planned: last, has_more: heads.len() == limit }
    });
    let planned: Vec<Planned> = planned.collect();
    for rows in in_powers(deliveries) {
        let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        delivery::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    set_cursors(&tx, moves).await?;
    tx.commit().await?;
    Ok(planned)
}

/// Endpoints by their new cursors: the last planned sequence, and the last of an event of their own.
type Moves = HashMap<(i64, Option<i64>), Vec<EndpointId>>;

async fn set_cursors(tx: &Tx, moves: Moves) -> DbResult<()> {
    use endpoint::Column;
    for ((planned, last), ids) in moves {
        let update = endpoint::Entity::update_many()
            .col_expr(Column::PlannedSequence, Expr::value(planned))
            .col_expr(Column::LastSequence, Expr::value(last));
        update.filter(Column::Id.is_in(padded(ids))).exec(tx).await?;
    }
    Ok(())
}

/// Makes the deliveries of those events that an endpoint receives, and moves its last sequence.
fn of_events(core: &Core, endpoint: &mut endpoint::Model, heads: &[PayloadHead]) -> Vec<delivery::Model> {
    let (events, now) = (Subscription::from_column(&endpoint.events), core.clock.now());
    let received = heads.iter().filter(|head| head.is_received_by(&events.0));
    // Lists show them in the order of the log.
    let planned = received.zip(0..).map(|(head, number)| {
        let row = delivery_row(core, endpoint, head, now.after(Duration::from_micros(number)));
        endpoint.last_sequence = Some(head.sequence);
        row
    });
    planned.collect()
}

fn delivery_row(core: &Core, endpoint: &endpoint::Model, head: &PayloadHead, created_at: Time) -> delivery::Model {
    delivery::Model {
        id: DeliveryId::new(created_at, &core.random),
        workspace_id: endpoint.workspace_id,
        endpoint_id: endpoint.id,
        event_id: head.event,
        event_type: head.event_type.clone(),
        sequence: Some(head.sequence),
        previous_sequence: endpoint.last_sequence,
        body: None,
        status: DeliveryStatus::Pending,
        attempts: 0,
        // Due in the order of the log, and now: the clock may have stepped back since.
        due_at: Some(Ord::min(head.created_at, created_at)),
        resend_of: None,
        created_at,
        ended_at: None,
    }
}
