//! Delivery of events to webhook endpoints: the engine of a node against receivers on this machine.

use std::sync::Arc;

use planeconnection::config::Config;
use planeconnection::webhooks::{WebhookSettings, delivery};
use serde_json::{Value, json};
use testkit::Receiver;

use crate::support::{Client, TestApp, test_config};

mod attempts;
mod changes;
mod health;
mod names;
mod nodes;
mod notices;
mod order;

const WEBHOOKS: &str = "/api/v1/webhooks";

/// The settings of a node that may deliver to receivers on this machine.
fn config() -> Config {
    let allowed = kit::http::outbound::AllowedRanges { ranges: vec!["127.0.0.0/8".parse().expect("a block")], allows_http: true };
    Config { webhooks: WebhookSettings { allowed, ..WebhookSettings::default() }, ..test_config() }
}

/// A workspace with an endpoint.
struct Hooked {
    t: TestApp,
    owner: Client,
    receiver: Receiver,
    id: String,
    secret: String,
}

/// Creates a workspace with an endpoint that receives `events`.
async fn hooked(events: &[&str]) -> Hooked {
    let t = TestApp::with_config(config()).await;
    let (owner, receiver) = (t.owner().await, Receiver::start());
    let (id, secret) = endpoint(&owner, &receiver, events).await;
    Hooked { t, owner, receiver, id, secret }
}

/// Creates an endpoint. Returns its id and its secret.
async fn endpoint(owner: &Client, receiver: &Receiver, events: &[&str]) -> (String, String) {
    let created = owner.post(WEBHOOKS, json!({ "url": receiver.url(), "events": events })).await.is(201);
    (created.text_at("/data/webhook/id"), created.text_at("/data/secret"))
}

/// Delivers all that is due.
async fn deliver(t: &TestApp) {
    t.app.cluster.heartbeat().await.expect("a lease");
    delivery::deliver_due(&t.app.core, &t.app.cluster, &t.app.webhooks).await.expect("delivered");
}

/// Creates a trip. Returns its id.
async fn trip(owner: &Client) -> String {
    let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KMIA", "departureDate": "2027-04-01T10:00:00Z" });
    owner.post("/api/v1/ops/trips", trip).await.is(201).text_at("/data/id")
}

impl Hooked {
    async fn deliveries(&self) -> Vec<Value> {
        let listed = self.owner.get(&format!("{WEBHOOKS}/{}/deliveries?page_size=100", self.id)).await.is(200);
        listed.at("/data/items").as_array().expect("a list").clone()
    }

    async fn statuses(&self) -> Vec<String> {
        self.deliveries().await.iter().map(|delivery| delivery["status"].as_str().expect("a status").to_owned()).collect()
    }

    /// The endpoint as the API shows it.
    async fn shown(&self) -> Value {
        self.t.owner().await.get(&format!("{WEBHOOKS}/{}", self.id)).await.is(200).at("/data").clone()
    }

    async fn change(&self, change: Value) {
        self.owner.patch(&format!("{WEBHOOKS}/{}", self.id), change).await.is(200);
    }
}

/// Another node on the database of a test.
async fn other_node(t: &TestApp) -> planeconnection::app::App {
    let (clock, random) = (t.app.clock.clone(), kit::random::Random::seeded(99));
    let app = planeconnection::app::App::open_with(config(), t.location(), clock, random).await.expect("a database");
    app.cluster.join("other").await.expect("a lease");
    app
}

async fn deliver_on(app: &planeconnection::app::App) {
    app.cluster.heartbeat().await.expect("a lease");
    delivery::deliver_due(&app.core, &Arc::clone(&app.cluster), &app.webhooks).await.expect("delivered");
}
