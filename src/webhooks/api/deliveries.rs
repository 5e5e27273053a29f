//! JSON handlers of deliveries, of the events of an endpoint, and of their types.

use axum::extract::State;
use sea_orm::DbErr;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::view::{AttemptView, DeliveryDetails, DeliveryView};
use super::{find, manager, reach, refused};
use crate::access::{Allowed, ManageWebhooks, ReadReference, ViewWebhooks};
use crate::app::App;
use crate::audit::{EventType, payloads_of};
use crate::webhooks::error::Error;
use crate::webhooks::examples::{self, TEST_TYPE};
use crate::webhooks::input::{DeliveryFilter, EventsQuery, Recover, TestWebhook};
use crate::webhooks::model::{Delivery, DeliveryId, EndpointId};
use crate::webhooks::service;
use crate::webhooks::store::deliveries;
use kit::db::DbResult;
use kit::http::route::{Route, get, post};
use kit::http::{Accepted, ApiError, Body, JsonOk, Known, Listing, NoFields, Page, Path, Paths, Query, WithEtag};

pub(super) fn routes() -> Vec<Route<App>> {
    vec![
        get("/api/v1/webhooks/{id}/deliveries", "List deliveries", index)
            .about("Lists the deliveries to an endpoint that match the filters, each with the result of its last attempt."),
        get("/api/v1/webhooks/{id}/deliveries/{deliveryId}", "Get delivery", show)
            .about("Returns a delivery: its payload, and request and response of each attempt."),
        post("/api/v1/webhooks/{id}/deliveries/{deliveryId}/resend", "Resend delivery", resend)
            .about("Sends the event of a delivery again, as a new delivery with the same event id and payload.")
            .conflicts(),
        post("/api/v1/webhooks/{id}/test", "Test webhook", test)
            .about("Sends a test event to the endpoint, waits for its answer, and returns the attempt, also if it failed."),
        post("/api/v1/webhooks/{id}/recover", "Recover events", recover)
            .about(
                "Delivers the events again that the endpoint should have received since a time and did not: those that \
                 failed, were canceled or were skipped.",
            )
            .conflicts(),
        get("/api/v1/webhooks/{id}/events", "List events of a webhook", events).about(
            "Lists the payloads that the endpoint should have received, in their order: to fetch what was missed. Call \
             it again with `next_after_sequence` as `after_sequence`, until that is null.",
        ),
        get("/api/v1/webhook-event-types", "List event types", event_types)
            .about("Lists the types of events, each with a description, its module and an example."),
    ]
}

async fn index(
    who: Allowed<ViewWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Listing { filter, paging }: Listing<DeliveryFilter>,
    known: Known,
) -> Result<WithEtag<Page<DeliveryView>>, ApiError> {
    let endpoint = find(&who, &app, id).await?;
    let page = deliveries::list(app.db.read(), endpoint.id, reach(&who), filter, paging).await?;
    let mut last = deliveries::last_attempts(app.db.read(), &page.items).await?;
    Ok(known.answer(page.map(|delivery| {
        let last = last.remove(&delivery.id);
        DeliveryView::new(delivery, last)
    })))
}

async fn show(
    who: Allowed<ViewWebhooks>,
    State(app): State<App>,
    Paths(id, delivery): Paths<EndpointId, DeliveryId>,
    known: Known,
) -> Result<WithEtag<DeliveryDetails>, ApiError> {
    let endpoint = find(&who, &app, id).await?;
    let found = deliveries::find(app.db.read(), endpoint.id, delivery).await?;
    let (delivery, body) = found.ok_or(Error::NoDelivery)?;
    if let Some(scope) = reach(&who).missing_for(&delivery.event_type) {
        return Err(refused(&who, &app, Error::Scope(scope)));
    }
    let payload = payload_of(&app, &delivery, body).await?;
    let attempts = deliveries::attempts(app.db.read(), delivery.id).await?;
    Ok(known.answer(DeliveryDetails::new(delivery, payload, attempts)))
}

/// Returns the payload of a delivery: of its event, or of a test, which has it itself.
async fn payload_of(app: &App, delivery: &Delivery, of_test: Option<String>) -> DbResult<Option<Value>> {
    let body = match of_test {
        Some(body) => Some(body),
        None => payloads_of(app.db.read(), delivery.workspace, [delivery.event]).await?.pop().map(|payload| payload.body),
    };
    body.map(|body| json_of(&body)).transpose()
}

fn json_of(body: &str) -> DbResult<Value> {
    serde_json::from_str(body).map_err(|error| DbErr::Json(error.to_string()))
}

/// A delivery that was made by hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ResentDelivery)]
struct Resent {
    delivery: DeliveryView,
}

async fn resend(
    who: Allowed<ManageWebhooks>,
    State(app): State<App>,
    Paths(id, delivery): Paths<EndpointId, DeliveryId>,
    Body(NoFields {}): Body<NoFields>,
) -> Result<Accepted<Resent>, ApiError> {
    let new = service::resend(&app, manager(&who, &app), id, delivery).await;
    let new = new.map_err(|error| refused(&who, &app, error))?;
    Ok(Accepted(Resent { delivery: DeliveryView::new(new, None) }))
}

/// A test that was sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TestedWebhook)]
struct Tested {
    /// The one attempt, whatever its outcome.
    attempt: AttemptView,
}

async fn test(
    who: Allowed<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Body(input): Body<TestWebhook>,
) -> Result<JsonOk<Tested>, ApiError> {
    let attempt = service::test(&app.webhooks, &app, manager(&who, &app), id, input).await;
    Ok(JsonOk(Tested { attempt: attempt.map_err(|error| refused(&who, &app, error))?.into() }))
}

/// Events that are delivered again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveredEvents)]
struct Recovered {
    /// The number of new deliveries.
    deliveries: u64,
}

async fn recover(
    who: Allowed<ManageWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Body(input): Body<Recover>,
) -> Result<Accepted<Recovered>, ApiError> {
    let deliveries = service::recover(&app, manager(&who, &app), id, input).await;
    Ok(Accepted(Recovered { deliveries: deliveries.map_err(|error| refused(&who, &app, error))? }))
}

/// Payloads of events that an endpoint should have received.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookEvents)]
struct EventsView {
    /// The payloads, in the order of their sequence.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// The `after_sequence` of the next call; `null` at the end. There may be more although `items` is not full.
    next_after_sequence: Option<i64>,
}

async fn events(
    who: Allowed<ViewWebhooks>,
    State(app): State<App>,
    Path(id): Path<EndpointId>,
    Query(query): Query<EventsQuery>,
    known: Known,
) -> Result<WithEtag<EventsView>, ApiError> {
    let endpoint = find(&who, &app, id).await?;
    let received = service::received(&app, &endpoint, query.after_sequence, query.page_size.into()).await?;
    let items = received.payloads.iter().map(|payload| json_of(&payload.body)).collect::<DbResult<_>>()?;
    Ok(known.answer(EventsView { items, next_after_sequence: received.next }))
}

/// A type of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventTypeDescription)]
struct TypeView {
    #[serde(rename = "type")]
    event_type: &'static str,
    description: &'static str,
    /// A key reads such events with `read` on this module; `null` for `webhook.test`, which needs no further scope.
    module: Option<&'static str>,
    /// An example of a payload.
    #[schema(value_type = Object)]
    example: Value,
}

/// The types of events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventTypes)]
struct TypesView {
    items: Vec<TypeView>,
}

async fn event_types(_who: Allowed<ReadReference>, known: Known) -> Result<WithEtag<TypesView>, ApiError> {
    let of_events = EventType::ALL.iter().map(|event_type| TypeView {
        event_type: event_type.as_str(),
        description: examples::description(*event_type),
        module: Some(event_type.module().as_str()),
        example: examples::example(*event_type),
    });
    let test = TypeView {
        event_type: TEST_TYPE,
        description: examples::TEST_DESCRIPTION,
        module: None,
        example: examples::example_of_test(),
    };
    Ok(known.answer(TypesView { items: of_events.chain([test]).collect() }))
}
