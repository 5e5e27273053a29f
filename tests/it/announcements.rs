//! Events that come with time: invoices become overdue, and keys will expire.

use std::time::Duration;

use planeconnection::audit::{self, Action, AuditContext, AuditedTx, EventType, TypePattern, payloads_after, set_received};
use planeconnection::members::Role;
use planeconnection::workspaces::WorkspaceId;
use planeconnection::{invoices, keys};
use serde_json::{Value, json};
use testkit::{INVOICES, KEYS};

use crate::support::{Client, TestApp, TestKey};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

async fn receive_all(t: &TestApp, workspace: WorkspaceId) {
    let tx = AuditedTx::begin(&t.app, workspace, AuditContext::operator("test")).await.expect("a transaction");
    let all: TypePattern = "*".parse().expect("a pattern");
    set_received(&tx, &[all].into()).await.expect("a change");
    tx.commit().await.expect("a commit");
}

/// The data of the payloads of a type, in order.
async fn published(t: &TestApp, workspace: WorkspaceId, event_type: EventType) -> Vec<Value> {
    let stored = payloads_after(t.app.db.read(), workspace, 0, 10_000).await.expect("payloads");
    let of_type = stored.iter().filter(|payload| payload.event_type == event_type.as_str());
    of_type.map(|payload| serde_json::from_str::<Value>(&payload.body).expect("JSON")["data"].take()).collect()
}

async fn record_overdue(t: &TestApp) {
    invoices::record_overdue(&t.app).await.expect("a run");
}

async fn record_expiring(t: &TestApp) {
    keys::record_expiring(&t.app).await.expect("a run");
}

/// Sends an invoice, and gives its path.
async fn send(client: &Client, due: &str) -> String {
    let body = json!({
        "client": { "name": "Alpine Charter AG" }, "currency": "CHF", "dueDate": due,
        "lineItems": [{ "description": "Flight", "quantity": "1", "unitPrice": 100 }],
    });
    let path = format!("{INVOICES}/{}", client.post(INVOICES, body).await.is(201).text_at("/data/id"));
    client.post(&format!("{path}/send"), json!({})).await.is(200);
    path
}

async fn overdue_numbers(t: &TestApp, workspace: WorkspaceId) -> Vec<Value> {
    published(t, workspace, EventType::InvoiceOverdue).await.into_iter().map(|data| data["number"].clone()).collect()
}

#[tokio::test]
async fn invoice_is_recorded_as_overdue_once_when_the_day_after_its_due_date_begins() {
    let t = TestApp::new().await;
    receive_all(&t, t.workspace.id).await;
    let owner = t.owner().await;
    let (partly, _, paid, voided) = (
        send(&owner, "2026-11-23").await,
        send(&owner, "2026-11-24").await,
        send(&owner, "2026-11-23").await,
        send(&owner, "2026-11-23").await,
    );
    owner.post(&format!("{partly}/payments"), json!({ "amount": 40 })).await.is(201);
    owner.post(&format!("{paid}/payments"), json!({ "amount": 100 })).await.is(201);
    owner.post(&format!("{voided}/void"), json!({})).await.is(200);
    let draft = json!({
        "client": { "name": "Alpine Charter AG" }, "currency": "CHF", "dueDate": "2026-11-20",
        "lineItems": [{ "description": "Flight", "quantity": "1", "unitPrice": 100 }],
    });
    owner.post(INVOICES, draft).await.is(201);

    // Midnight in Zurich is 23:00 in Greenwich.
    t.advance(Duration::from_secs(13 * 3600 + 29 * 60 + 59)).await;
    record_overdue(&t).await;
    assert!(overdue_numbers(&t, t.workspace.id).await.is_empty(), "a second before midnight");
    t.advance(Duration::from_secs(1)).await;
    record_overdue(&t).await;
    record_overdue(&t).await;
    let overdue = published(&t, t.workspace.id, EventType::InvoiceOverdue).await;
    let expected = json!({
        "invoice_id": partly.rsplit('/').next(), "external_id": null, "number": "INV-2026-0001", "status": "overdue",
        "client_name": "Alpine Charter AG", "trip_id": null, "currency": "CHF", "subtotal": 100, "total": 100,
        "amount_paid": 40, "due_date": "2026-11-23",
    });
    assert_eq!(overdue, [expected]);

    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "invoice.overdue").expect("an event");
    assert_eq!(event["actor"]["type"], "system");
    assert_eq!(event["details"], json!({ "currency": "CHF", "dueDate": "2026-11-23", "remaining": 60 }));
    t.owner().await.post(&format!("{partly}/payments"), json!({ "amount": 10 })).await.is(201);
    t.advance(DAY).await;
    record_overdue(&t).await;
    assert_eq!(overdue_numbers(&t, t.workspace.id).await, ["INV-2026-0001", "INV-2026-0002"]);
    let page = t.person(Role::AccountOwner).await.get("/settings/audit-log").await.is(200);
    page.says("was not paid by 2026-11-23");
}

#[tokio::test]
async fn each_workspace_has_the_day_of_its_zone() {
    let t = TestApp::new().await;
    let (east, east_owner) = t.workspace_in("east", "Pacific/Kiritimati").await;
    let (west, west_owner) = t.workspace_in("west", "America/Los_Angeles").await;
    for (workspace, owner) in [(east.id, &east_owner), (west.id, &west_owner)] {
        receive_all(&t, workspace).await;
        send(owner, "2026-11-23").await;
    }
    let counts = async || {
        record_overdue(&t).await;
        [overdue_numbers(&t, east.id).await.len(), overdue_numbers(&t, west.id).await.len()]
    };
    t.advance((HOUR / 2).saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(counts().await, [0, 0], "midnight in Kiritimati is at 10:00 in Greenwich");
    t.advance(Duration::from_secs(1)).await;
    assert_eq!(counts().await, [1, 0]);
    t.advance((22 * HOUR).saturating_sub(Duration::from_secs(1))).await;
    assert_eq!(counts().await, [1, 0], "midnight in Los Angeles is at 08:00 in Greenwich");
    t.advance(Duration::from_secs(1)).await;
    assert_eq!(counts().await, [1, 1]);
}

#[tokio::test]
async fn more_overdue_invoices_than_a_batch_are_recorded_once_by_concurrent_nodes() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..103 {
        send(&owner, "2026-11-22").await;
        if number % 50 == 0 {
            // Writes of a member have a limit.
            t.advance(Duration::from_mins(1)).await;
        }
    }
    let (one, two) = tokio::join!(invoices::record_overdue(&t.app), invoices::record_overdue(&t.app));
    one.and(two).expect("two runs");
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'invoice.overdue'").await, 103);
    assert_eq!(t.number("SELECT COUNT(DISTINCT target_id) FROM audit_events WHERE action = 'invoice.overdue'").await, 103);
    assert_eq!(t.number("SELECT COUNT(*) FROM event_payloads").await, 0, "without an endpoint");
}

#[tokio::test]
async fn workspace_whose_log_cannot_be_written_does_not_hold_up_the_others() {
    let t = TestApp::new().await;
    let (other, owner) = t.other_workspace().await;
    send(&t.owner().await, "2026-11-22").await;
    send(&owner, "2026-11-22").await;
    let broken = t.workspace.id;
    let head = t.database.by_engine("hex(workspace_id)", "replace(workspace_id::text, '-', '')");
    t.tamper(&format!("DELETE FROM audit_heads WHERE lower({head}) = '{}'", broken.0.simple())).await;
    invoices::record_overdue(&t.app).await.expect_err("a broken log");
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'invoice.overdue'").await, 1);
    let overdue = [Action::InvoiceOverdue];
    let theirs = audit::feed::read(t.app.db.read(), other.id, &overdue, 0, 100).await.expect("events");
    assert_eq!(theirs.events.len(), 1);
}

#[tokio::test]
async fn failed_commit_leaves_the_invoice_to_the_next_run() {
    let t = TestApp::new().await;
    send(&t.owner().await, "2026-11-22").await;
    t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    invoices::record_overdue(&t.app).await.expect_err("no commit");
    t.database.accept_writes("audit_heads").await;
    assert_eq!(t.number("SELECT COUNT(*) FROM invoices WHERE overdue_recorded_at IS NOT NULL").await, 0);
    record_overdue(&t).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM audit_events WHERE action = 'invoice.overdue'").await, 1);
}

async fn key(t: &TestApp, name: &str, expires_at: &str) -> TestKey {
    t.key_with(json!({ "name": name, "permissions": "read_only", "expiresAt": expires_at })).await
}

/// The keys that the log announces to expire: name and days left.
async fn announced(t: &TestApp) -> Vec<(String, u64)> {
    let events = t.audit().await;
    let expiring = events.iter().filter(|event| event["action"] == "api_key.expiring");
    let pair = |event: &Value| {
        let name = event["target"]["name"].as_str().expect("a name").to_owned();
        (name, event["details"]["daysLeft"].as_u64().expect("days"))
    };
    expiring.map(pair).collect()
}

fn pairs(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(name, days)| ((*name).to_owned(), *days)).collect()
}

#[tokio::test]
async fn key_is_announced_to_expire_seven_days_and_one_day_before_once_each() {
    let t = TestApp::new().await;
    receive_all(&t, t.workspace.id).await;
    let long = key(&t, "Long", "2026-12-23T09:30:00Z").await;
    t.advance((23 * DAY).saturating_sub(Duration::from_secs(1))).await;
    record_expiring(&t).await;
    assert!(announced(&t).await.is_empty());
    t.advance(Duration::from_secs(1)).await;
    let (one, two) = tokio::join!(keys::record_expiring(&t.app), keys::record_expiring(&t.app));
    one.and(two).expect("two runs");
    record_expiring(&t).await;
    assert_eq!(announced(&t).await, pairs(&[("Long", 7)]));
    t.advance(5 * DAY).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await.len(), 1);
    t.advance(DAY).await;
    record_expiring(&t).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await, pairs(&[("Long", 7), ("Long", 1)]));
    t.advance(DAY).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await.len(), 2);

    let events = t.audit().await;
    let first = events.iter().find(|event| event["action"] == "api_key.expiring").expect("an event");
    assert_eq!(first["actor"]["type"], "system");
    assert_eq!(first["details"], json!({ "daysLeft": 7, "expiresAt": "2026-12-23T09:30:00Z" }));
    let data = published(&t, t.workspace.id, EventType::KeyExpiring).await;
    assert_eq!(data.len(), 2);
    assert_eq!([&data[0]["api_key_id"], &data[0]["status"]], [&json!(long.id), &json!("active")]);
    let page = t.person(Role::AccountOwner).await.get("/settings/audit-log?topic=keys").await.is(200);
    page.says("expires in 7 days").says("expires within a day");
    let compared = planeconnection::audit::compare(&t.app.db, t.workspace.id).await.expect("a comparison");
    assert_eq!(compared.total(), 0);
}

#[tokio::test]
async fn key_with_a_shorter_life_is_not_announced_before_it() {
    let t = TestApp::new().await;
    key(&t, "Hours", "2026-11-23T21:30:00Z").await;
    key(&t, "Days", "2026-11-28T09:30:00Z").await;
    record_expiring(&t).await;
    assert!(announced(&t).await.is_empty());
    t.advance(4 * DAY).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await, pairs(&[("Days", 1)]));
}

#[tokio::test]
async fn late_announcement_has_the_days_that_are_left_and_the_last_suffices() {
    let t = TestApp::new().await;
    key(&t, "Early", "2026-12-23T09:30:00Z").await;
    key(&t, "Late", "2026-12-20T12:00:00Z").await;
    let revoked = key(&t, "Revoked", "2026-12-20T12:00:00Z").await;
    t.owner().await.post(&format!("{KEYS}/{}/revoke", revoked.id), json!({})).await.is(200);
    // No node has run for weeks.
    t.advance(26 * DAY + 12 * HOUR).await;
    record_expiring(&t).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await, pairs(&[("Late", 1), ("Early", 4)]));
}

#[tokio::test]
async fn change_and_revocation_of_a_key_leave_its_announcements() {
    let t = TestApp::new().await;
    let changed = key(&t, "Changed", "2026-12-23T09:30:00Z").await;
    t.advance(24 * DAY).await;
    record_expiring(&t).await;
    t.owner().await.patch(&format!("{KEYS}/{}", changed.id), json!({ "description": "In use" })).await.is(200);
    record_expiring(&t).await;
    assert_eq!(announced(&t).await, pairs(&[("Changed", 6)]));
    t.owner().await.post(&format!("{KEYS}/{}/revoke", changed.id), json!({})).await.is(200);
    t.advance(5 * DAY + HOUR).await;
    record_expiring(&t).await;
    assert_eq!(announced(&t).await.len(), 1);
}
