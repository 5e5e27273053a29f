//! JSON handlers of trips.

use axum::extract::State;
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use super::model::{CreateTrip, ExternalId, Trip, TripFilter, TripId, TripType, UpdateTrip};
use super::status::Status;
use super::upsert::UpsertTrip;
use super::{service, store};
use crate::access::{Allowed, TripsRead, TripsWrite, WorkspacePermission};
use crate::app::App;
use crate::audit::apply_batch;
use crate::fleet::{AircraftId, Airport};
use crate::scopes::{Module, Scope};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::http::route::{get, patch, post, put};
use kit::http::{
    ApiError, Batch, BatchResult, Body, Created, IdempotentBody, IfMatch, IfMatchOrNone, JsonOk, Known, Listing, Page, Path, Put,
    Revised, Routes, WithEtag,
};
use kit::text::{BadText, sentence};

pub fn routes() -> Routes<App> {
    Routes::new(
        "Trips",
        [
            get("/api/v1/ops/trips", "List trips", index).about(
                "Lists the trips that match the filters. To keep a copy of all trips up to date, follow the changes \
                 instead.",
            ),
            post("/api/v1/ops/trips", "Create trip", create)
                .about(
                    "Creates a trip. If your own software has an id for it, put the trip by external id instead: that can be \
                     repeated as it is.",
                )
                .conflicts(),
            get("/api/v1/ops/trips/{id}", "Get trip", show).about("Returns a trip by its id."),
            patch("/api/v1/ops/trips/{id}", "Update trip", update)
                .about("Changes a trip. A field that is left out stays, and `null` removes an optional value.")
                .conflicts(),
            post("/api/v1/ops/trips/batch", "Upsert trips", upsert).about(BATCH).conflicts(),
            get("/api/v1/ops/trips/by-external-id/{externalId}", "Get trip by external id", show_by_external_id)
                .about("Returns a trip by its id in your own software."),
            put("/api/v1/ops/trips/by-external-id/{externalId}", "Put trip by external id", put_by_external_id)
                .about(
                    "Creates the trip with this external id, or replaces its fields: one that is left out gets its default, but \
                     the status stays. It is safe to send it again.",
                )
                .conflicts(),
        ],
    )
}

const BATCH: &str = "Creates or changes up to 500 trips, each by its external id. Of a trip that exists, a field that is left out stays. \
    Items are applied in their order. An item that fails does not keep the others from being stored, unless the batch is atomic. The \
    response is 200 even if all items failed: look at `failed`. It is safe to send a batch again.";

/// A trip of the workspace.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Trip)]
pub(crate) struct TripView {
    id: TripId,
    /// The id of the trip in your own software; unique in the workspace.
    external_id: Option<String>,
    trip_type: TripType,
    status: Status,
    origin: Airport,
    /// The name of the place of departure.
    origin_name: Option<String>,
    destination: Airport,
    /// The name of the place of arrival.
    destination_name: Option<String>,
    departure_date: Time,
    /// The time of arrival, after departure; `null` if it is not known.
    arrival_date: Option<Time>,
    aircraft_id: Option<AircraftId>,
    #[schema(minimum = 0, maximum = 1000)]
    passenger_count: u16,
    notes: Option<String>,
    created_at: Time,
    /// The time of the last change of the trip.
    updated_at: Time,
}

impl From<Trip> for TripView {
    fn from(trip: Trip) -> Self {
        Self {
            id: trip.id,
            external_id: trip.external_id,
            trip_type: trip.trip_type,
            status: trip.status,
            origin: trip.origin,
            origin_name: trip.origin_name,
            destination: trip.destination,
            destination_name: trip.destination_name,
            departure_date: trip.departure_date,
            arrival_date: trip.arrival_date,
            aircraft_id: trip.aircraft_id,
            passenger_count: trip.passenger_count,
            notes: trip.notes,
            created_at: trip.created_at,
            updated_at: trip.updated_at,
        }
    }
}

/// Returns those of these trips that are there, each with its id.
pub(crate) async fn views(
    db: &impl Source,
    workspace: WorkspaceId,
    ids: Vec<TripId>,
) -> DbResult<impl Iterator<Item = (String, TripView)>> {
    let trips = store::list_by_id(db, workspace, ids).await?;
    Ok(trips.into_iter().map(|trip| (trip.id.to_string(), trip.into())))
}

async fn index(
    who: Allowed<TripsRead>,
    State(app): State<App>,
    Listing { filter, paging }: Listing<TripFilter>,
    known: Known,
) -> Result<WithEtag<Page<TripView>>, ApiError> {
    let page = store::list(app.db.read(), who.workspace(), &filter, paging).await?;
    Ok(known.answer(page.map(TripView::from)).cached())
}

async fn show(
    who: Allowed<TripsRead>,
    State(app): State<App>,
    Path(id): Path<TripId>,
    known: Known,
) -> Result<WithEtag<TripView>, ApiError> {
    let trip = store::find(app.db.read(), who.workspace(), id).await?.ok_or(Error::NotFound)?;
    Ok(known.answer(trip.into()).cached())
}

async fn create(
    who: Allowed<TripsWrite>,
    State(app): State<App>,
    IdempotentBody { input, idempotency_key }: IdempotentBody<CreateTrip>,
) -> Result<Created<TripView>, ApiError> {
    let mut tx = who.begin_idempotent(&app, idempotency_key).await?;
    let trip = TripView::from(service::create(&mut tx, input).await.map_err(|error| disclosed(error, &who))?);
    tx.commit_answering(201, &trip).await?;
    Ok(Created(trip))
}

async fn update(
    who: Allowed<TripsWrite>,
    State(app): State<App>,
    Path(id): Path<TripId>,
    if_match: IfMatch,
    Body(input): Body<UpdateTrip>,
) -> Result<Revised<TripView>, ApiError> {
    let workspace = who.workspace();
    let precondition =
        if_match.on(move |tx| Box::pin(async move { store::find(tx, workspace, id).await.map(|trip| trip.map(TripView::from)) }));
    let mut tx = who.begin_if(&app, precondition).await?;
    let trip = TripView::from(service::update(&mut tx, id, input).await.map_err(|error| disclosed(error, &who))?);
    tx.commit_answering(200, &trip).await?;
    Ok(Revised::new(trip))
}

/// Removes details of the aircraft from the error, unless the caller may read the fleet.
fn disclosed<P: WorkspacePermission>(error: Error, who: &Allowed<P>) -> Error {
    if who.may(Scope::read(Module::Fleet)) { error } else { error.without_aircraft() }
}

/// Parses the external id in a path. A malformed one is an invalid field and not a missing trip.
fn parsed(external_id: &str) -> Result<ExternalId, ApiError> {
    external_id.parse().map_err(|error: BadText| ApiError::invalid_field("externalId", sentence(format!("it {error}"))))
}

async fn show_by_external_id(
    who: Allowed<TripsRead>,
    State(app): State<App>,
    Path(external_id): Path<String>,
    known: Known,
) -> Result<WithEtag<TripView>, ApiError> {
    let external_id = parsed(&external_id)?;
    let trip = store::find_by_external_id(app.db.read(), who.workspace(), external_id.as_str()).await?;
    Ok(known.answer(trip.ok_or(Error::NotFound)?.into()).cached())
}

async fn put_by_external_id(
    who: Allowed<TripsWrite>,
    State(app): State<App>,
    Path(external_id): Path<String>,
    if_match: IfMatchOrNone,
    Body(input): Body<CreateTrip>,
) -> Result<Put<TripView>, ApiError> {
    let (external_id, workspace) = (parsed(&external_id)?, who.workspace());
    let wanted = external_id.clone();
    let precondition = if_match.on(move |tx| {
        let wanted = wanted.clone();
        Box::pin(async move {
            let trip = store::find_by_external_id(tx, workspace, wanted.as_str()).await;
            trip.map(|trip| trip.map(TripView::from))
        })
    });
    let mut tx = who.begin_if(&app, precondition).await?;
    let trip = service::put(&mut tx, external_id, input).await.map_err(|error| disclosed(error, &who))?;
    let trip = trip.map(TripView::from);
    tx.commit_answering(200, trip.get()).await?;
    Ok(trip)
}

async fn upsert(
    who: Allowed<TripsWrite>,
    State(app): State<App>,
    batch: Batch<UpsertTrip>,
) -> Result<JsonOk<BatchResult<TripView>>, ApiError> {
    let disclose = |error| disclosed(error, &who);
    apply_batch(&app, who.batch_author(&app), batch, |tx, trip| service::upsert(tx, trip).boxed(), TripView::from, disclose).await
}
