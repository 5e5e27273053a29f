//! Turning events into deliveries, for many endpoints at once.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use super::lock;
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

/// The place of an endpoint in the log, as a node read it that owns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::webhooks::delivery) struct Place {
    pub(in crate::webhooks::delivery) endpoint: EndpointId,
    pub(in crate::webhooks::delivery) workspace: WorkspaceId,
    /// The sequence up to which events are planned.
    pub(in crate::webhooks::delivery) planned: i64,
    pub(in crate::webhooks::delivery) owner: NodeId,
}

/// The outcome of planning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::webhooks::delivery) enum Planned {
    /// There are no new events.
    Nothing,
    /// Events up to `planned` are deliveries; with `has_more`, there may be others after them.
    Moved { planned: i64, has_more: bool },
    /// The endpoint is not as it was read: another node owns it, or its place is another.
    Changed,
}

/// Turns the next events of endpoints into deliveries, and moves their places, in one transaction.
pub(in crate::webhooks::delivery) async fn plan(core: &Core, places: &[Place]) -> DbResult<Vec<Planned>> {
    let limit = (OF_TRANSACTION / places.len().max(1)).clamp(1, OF_ENDPOINT);
    let mut events: HashMap<(WorkspaceId, i64), Vec<PayloadHead>> = HashMap::new();
    for place in places {
        let key = (place.workspace, place.planned);
        if !events.contains_key(&key) {
            let heads = audit::payload_heads_after(core.db.read(), place.workspace, place.planned, limit as u64).await?;
            events.insert(key, heads);
        }
    }
    let of = |place: &Place| events.get(&(place.workspace, place.planned)).map_or(&[][..], Vec::as_slice);
    let moving: BTreeSet<EndpointId> = places.iter().filter(|place| !of(place).is_empty()).map(|place| place.endpoint).collect();
    if moving.is_empty() {
        return Ok(vec![Planned::Nothing; places.len()]);
    }
    let tx = core.db.begin().await?;
    let mut endpoints = lock(&tx, moving).await?;
    let (mut deliveries, mut moves) = (Vec::new(), Moves::new());
    let outcomes = places.iter().map(|place| {
        let heads = of(place);
        let Some(last) = heads.last().map(|head| head.sequence) else { return Planned::Nothing };
        // Another node may own it by now, or somebody has skipped its backlog.
        let is_same = |row: &&mut endpoint::Model| row.owner == Some(place.owner) && row.planned_sequence == place.planned;
        let Some(row) = endpoints.get_mut(&place.endpoint).filter(is_same) else { return Planned::Changed };
        deliveries.extend(of_events(core, row, heads));
        row.planned_sequence = last;
        moves.entry((last, row.last_sequence)).or_default().push(row.id);
        Planned::Moved { planned: last, has_more: heads.len() == limit }
    });
    let outcomes: Vec<Planned> = outcomes.collect();
    for rows in in_powers(deliveries) {
        let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
        delivery::Entity::insert_many(rows).exec_without_returning(&tx).await?;
    }
    move_places(&tx, moves).await?;
    tx.commit().await?;
    Ok(outcomes)
}

/// Endpoints by their new places: the last planned sequence, and the last of an event of their own.
type Moves = HashMap<(i64, Option<i64>), Vec<EndpointId>>;

async fn move_places(tx: &Tx, moves: Moves) -> DbResult<()> {
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
    let planned = received.zip(0..).map(|(head, place)| {
        let row = delivery_row(core, endpoint, head, now.after(Duration::from_micros(place)));
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
