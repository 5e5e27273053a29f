//! JSON handlers of aircraft.

use std::convert::identity;

use axum::extract::State;
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::code::{Airport, TailNumber, TypeDesignator};
use super::error::Error;
use super::model::{Aircraft, AircraftFilter, AircraftId, CreateAircraft, Status, UpdateAircraft};
use super::status_board::FleetStatus;
use super::upsert::UpsertAircraft;
use super::{service, store};
use crate::access::{Allowed, FleetRead, FleetWrite};
use crate::app::App;
use crate::audit::apply_batch;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::http::route::{get, patch, post};
use kit::http::{
    ApiError, Batch, BatchResult, Body, Created, IdempotentBody, IfMatch, JsonOk, Known, Listing, Page, Path, Revised, Routes,
    WithEtag,
};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Fleet",
        [
            get("/api/v1/ops/aircraft", "List aircraft", index)
                .about("Lists the aircraft that match the filters, each with its status."),
            post("/api/v1/ops/aircraft", "Add aircraft", create)
                .about("Adds an aircraft. Its tail number is unique in the workspace.")
                .conflicts(),
            get("/api/v1/ops/aircraft/{id}", "Get aircraft", show).about("Returns an aircraft by its id."),
            patch("/api/v1/ops/aircraft/{id}", "Update aircraft", update)
                .about(
                    "Changes an aircraft. A field that is left out stays, and `null` removes an optional value. A change of \
                     `status` clears `statusNote` and `expectedReturn`, unless the same request sets them.",
                )
                .conflicts(),
            post("/api/v1/ops/aircraft/batch", "Upsert aircraft", upsert).about(BATCH).conflicts(),
            get("/api/v1/ops/fleet-status", "Get fleet status", fleet_status).about(
                "Returns the aircraft of the fleet with their status, in the order of their tail numbers, and the number \
                 of aircraft in each status: for a web page or a screen.",
            ),
        ],
    )
}

const BATCH: &str = "Creates or changes up to 500 aircraft, each by its tail number. Of an aircraft that exists, a field that is left \
    out stays. Items are applied in their order. An item that fails does not keep the others from being stored, unless the batch is \
    atomic. The response is 200 even if all items failed: look at `failed`. It is safe to send a batch again.";

/// An aircraft of the workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Aircraft)]
pub(crate) struct AircraftView {
    id: AircraftId,
    /// The registration mark; unique in the workspace.
    tail_number: TailNumber,
    /// The ICAO type designator.
    type_designator: TypeDesignator,
    /// The model name of the manufacturer.
    model: String,
    /// The airport at which the aircraft is based.
    home_base: Option<Airport>,
    /// The name of the home base.
    home_base_name: Option<String>,
    status: Status,
    /// A note on the current status. A change of status clears it.
    status_note: Option<String>,
    /// The expected time of return to service, in `maintenance`, `aog` and `storage`. A change of status clears it.
    expected_return: Option<Time>,
    /// True while the aircraft is `active`: trips can be dispatched with it.
    dispatch_available: bool,
    created_at: Time,
    updated_at: Time,
}

impl From<Aircraft> for AircraftView {
    fn from(aircraft: Aircraft) -> Self {
        Self {
            id: aircraft.id,
            tail_number: aircraft.tail_number,
            type_designator: aircraft.type_designator,
            model: aircraft.model,
            home_base: aircraft.home_base,
            home_base_name: aircraft.home_base_name,
            status: aircraft.status,
            status_note: aircraft.status_note,
            expected_return: aircraft.expected_return,
            dispatch_available: aircraft.status.is_dispatchable(),
            created_at: aircraft.created_at,
            updated_at: aircraft.updated_at,
        }
    }
}

/// Returns those of these aircraft that are there, each with its id.
pub(crate) async fn views(
    db: &impl Source,
    workspace: WorkspaceId,
    ids: Vec<AircraftId>,
) -> DbResult<impl Iterator<Item = (String, AircraftView)>> {
    let aircraft = store::list_by_id(db, workspace, ids).await?;
    Ok(aircraft.into_iter().map(|aircraft| (aircraft.id.to_string(), aircraft.into())))
}

async fn index(
    who: Allowed<FleetRead>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<AircraftFilter>,
    known: Known,
) -> Result<WithEtag<Page<AircraftView>>, ApiError> {
    let page = store::list(app.db.read(), who.workspace(), &filter, paging).await?;
    Ok(known.answer(page.map(AircraftView::from)).cached())
}

async fn show(
    who: Allowed<FleetRead>,
    State(app): State<App>,
    Path(id): Path<AircraftId>,
    known: Known,
) -> Result<WithEtag<AircraftView>, ApiError> {
    let aircraft = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(aircraft.into()).cached())
}

async fn create(
    who: Allowed<FleetWrite>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateAircraft>,
) -> Result<Created<AircraftView>, ApiError> {
    let mut tx = who.begin_idempotent(&app, idempotency_key).await?;
    let aircraft = AircraftView::from(service::create(&mut tx, input).await?);
    tx.commit_answering(201, &aircraft).await?;
    Ok(Created(aircraft))
}

async fn update(
    who: Allowed<FleetWrite>,
    State(app): State<App>,
    Path(id): Path<AircraftId>,
    if_match: IfMatch,
    Body(input): Body<UpdateAircraft>,
) -> Result<Revised<AircraftView>, ApiError> {
    let workspace = who.workspace();
    let precondition = if_match.on(move |tx| {
        Box::pin(async move { store::find(tx, workspace, id).await.map(|aircraft| aircraft.map(AircraftView::from)) })
    });
    let mut tx = who.begin_if(&app, precondition).await?;
    let aircraft = AircraftView::from(service::update(&mut tx, id, input).await?);
    tx.commit_answering(200, &aircraft).await?;
    Ok(Revised::new(aircraft))
}

async fn fleet_status(who: Allowed<FleetRead>, State(app): State<App>, known: Known) -> Result<WithEtag<FleetStatus>, ApiError> {
    Ok(known.answer(FleetStatus::of(store::all(app.db.read(), who.workspace()).await?)).cached())
}

async fn upsert(
    who: Allowed<FleetWrite>,
    State(app): State<App>,
    batch: Batch<UpsertAircraft>,
) -> Result<JsonOk<BatchResult<AircraftView>>, ApiError> {
    apply_batch(
        &app,
        who.batch_author(&app),
        batch,
        |tx, aircraft| service::upsert(tx, aircraft).boxed(),
        AircraftView::from,
        identity,
    )
    .await
}
