//! Batches that fail as a whole or in part.

use std::convert::identity;
use std::future::ready;
use std::time::Duration;

use futures_util::FutureExt;
use kit::http::{ApiError, Batch, ItemError, Put};
use planeconnection::audit::{Action, AuditContext, AuditedTx, BatchAuthor, apply_batch};
use serde_json::{Value, json};
use testkit::TRIPS;

use super::{TRIP_BATCH, atomic, batch, external_ids, statuses, trip};
use crate::support::TestApp;

/// An error that no item has.
#[derive(Debug)]
enum Impossible {}

impl From<Impossible> for ApiError {
    fn from(impossible: Impossible) -> Self {
        match impossible {}
    }
}

impl ItemError for Impossible {
    fn is_of_database(&self) -> bool {
        match *self {}
    }
}

/// Records a trip, which takes so many seconds by the clock of the node.
fn record_slowly(tx: &mut AuditedTx, seconds: u64) -> Put<u64> {
    tx.record(Action::TripCreated, None, json!({}));
    tx.core().clock.advance(Duration::from_secs(seconds));
    Put::Created(seconds)
}

async fn apply_slowly(t: &TestApp, items: Vec<Result<u64, ApiError>>) -> Result<(), ApiError> {
    let author = BatchAuthor { workspace: t.workspace.id, context: AuditContext::system() };
    let batch = Batch { is_atomic: true, items };
    let applied = apply_batch(
        &t.app,
        author,
        batch,
        |tx, seconds| ready(Ok::<_, Impossible>(record_slowly(tx, seconds))).boxed(),
        identity,
        identity,
    );
    applied.await.map(|_| ())
}

#[tokio::test]
async fn atomic_batch_that_takes_longer_than_three_seconds_stores_nothing() {
    let t = TestApp::new().await;
    let recorded = "SELECT count(*) FROM audit_events WHERE action = 'trip.created'";
    apply_slowly(&t, vec![Ok(1), Ok(2)]).await.expect("it takes three seconds");
    assert_eq!(t.number(recorded).await, 2);
    let late = apply_slowly(&t, vec![Ok(2), Ok(2), Ok(0)]).await.expect_err("it takes four");
    assert_eq!((late.status.as_u16(), late.code), (503, "OVERLOADED"));
    let invalid = ApiError::invalid_field("origin", "is required");
    let refused = apply_slowly(&t, vec![Ok(4), Err(invalid)]).await.expect_err("an item is invalid");
    assert_eq!((refused.status.as_u16(), refused.fields[0].field.as_str()), (400, "items[1].origin"));
    assert_eq!(t.number(recorded).await, 2);
}

#[tokio::test]
async fn atomic_batch_with_invalid_items_is_refused_with_all_of_them() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let mut by_rule = trip("B", "draft");
    by_rule["origin"] = json!("TEB");
    let refused = client.post(TRIP_BATCH, atomic(vec![trip("A", "draft"), by_rule, json!(["C"])])).await.is(400);
    let fields = ["/error/fields/0/field", "/error/fields/1/field"].map(|at| refused.text_at(at));
    assert_eq!(fields, ["items[1].origin", "items[2]"]);
    let indices = ["/error/items/0/index", "/error/items/1/index"].map(|at| refused.at(at));
    assert_eq!(indices, [&json!(1), &json!(2)]);
    assert_eq!(external_ids(&client).await, [""; 0]);
}

#[tokio::test]
async fn atomic_batch_with_conflicts_is_refused_with_all_of_them() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    for id in ["FINAL", "LAST"] {
        client.put(&format!("{TRIPS}/by-external-id/{id}"), trip(id, "completed")).await.is(201);
    }
    let items = vec![trip("A", "draft"), trip("FINAL", "draft"), trip("LAST", "draft")];
    let refused = client.post(TRIP_BATCH, atomic(items)).await.is(409);
    for (place, index) in [(0, 1), (1, 2)] {
        let failed = ["index", "status", "code"].map(|name| refused.at(&format!("/error/items/{place}/{name}")));
        assert_eq!(failed, [&json!(index), &json!(409), &json!("CONFLICT")]);
    }
    let message = refused.text_at("/error/message");
    assert!(message.starts_with("Nothing was stored, as 2 of 3 items failed. items[1]: "), "{message}");
    assert_eq!(external_ids(&client).await.len(), 2);
}

#[tokio::test]
async fn key_revoked_between_two_transactions_stores_nothing_more() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    // With the fiftieth trip, which is the last one of the first transaction.
    t.tamper(t.database.by_engine(
        "CREATE TRIGGER revoke_all AFTER INSERT ON trips WHEN (SELECT count(*) FROM trips) = 50 BEGIN \
         UPDATE api_keys SET revoked_at = created_at; END",
        "CREATE FUNCTION revoke_all() RETURNS trigger AS $$ BEGIN IF (SELECT count(*) FROM trips) = 50 THEN \
         UPDATE api_keys SET revoked_at = created_at; END IF; RETURN NULL; END $$ LANGUAGE plpgsql; \
         CREATE TRIGGER revoke_all AFTER INSERT ON trips FOR EACH ROW EXECUTE FUNCTION revoke_all()",
    ))
    .await;
    let items: Vec<Value> = (0..120).map(|number| trip(&format!("T{number}"), "draft")).collect();
    let answer = t.with(&key).post(TRIP_BATCH, batch(items)).await.is(200);
    let expected: Vec<u64> = (0..120).map(|index| if index < 50 { 201 } else { 401 }).collect();
    assert_eq!(statuses(&answer), expected);
    for index in [50, 119] {
        assert_eq!(answer.text_at(&format!("/data/items/{index}/error/code")), "API_KEY_REVOKED");
        assert_eq!(answer.at(&format!("/data/items/{index}/data")), &Value::Null);
    }
    assert_eq!(t.number("SELECT count(*) FROM trips").await, 50);
    assert_eq!(t.number("SELECT count(*) FROM audit_events WHERE action = 'trip.created'").await, 50);
}
