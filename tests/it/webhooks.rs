//! Webhooks: their management over the API.

mod arrival;
mod create;
mod deliveries;
mod recover;
mod rotate;
mod scopes;
pub(crate) mod test;
mod types;
mod update;
mod urls;

use serde_json::{Value, json};

use crate::support::{Client, TestApp};

pub(crate) const WEBHOOKS: &str = "/api/v1/webhooks";

/// An address of the internet, so that no test asks DNS.
pub(crate) const URL: &str = "https://8.8.8.8/hooks/planeconnection";

/// The body that creates a webhook for these events.
pub(crate) fn body(events: &[&str]) -> Value {
    json!({ "url": URL, "events": events })
}

/// The id of a new webhook for these events.
pub(crate) async fn webhook(client: &Client, events: &[&str]) -> String {
    client.post(WEBHOOKS, body(events)).await.is(201).text_at("/data/webhook/id")
}

/// The id of a new trip.
pub(crate) async fn trip(client: &Client) -> String {
    let body = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2026-12-01T14:00:00Z" });
    client.post("/api/v1/ops/trips", body).await.is(201).text_at("/data/id")
}

/// Turns all stored payloads into deliveries of the one webhook with this status, as the engine would have done.
pub(crate) async fn deliver_all(t: &TestApp, status: &str) {
    let (new, columns) = (t.database.new_id_sql(), "event_id, event_type, sequence");
    t.tamper(&format!(
        "INSERT INTO webhook_deliveries (id, workspace_id, endpoint_id, {columns}, status, attempts, created_at, ended_at, due_at) \
         SELECT {new}, workspace_id, (SELECT id FROM webhook_endpoints), {columns}, '{status}', 5, created_at, created_at, \
         CASE WHEN '{status}' = 'pending' THEN created_at END FROM event_payloads"
    ))
    .await;
    t.tamper("UPDATE webhook_endpoints SET planned_sequence = (SELECT MAX(sequence) FROM audit_events)").await;
}
