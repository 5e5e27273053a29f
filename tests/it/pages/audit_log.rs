//! Settings > Audit Log: events, filters, export and verification.

mod chain;
mod filters;

use kit::http::Paging;
use planeconnection::audit::{self, Action, AuditContext, AuditedTx, Event, EventFilter, Outcome, Target, TargetKind, Which};
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::KEYS;

use crate::page::Part;
use crate::support::{Response, TestApp, TestKey};

const PAGE: &str = "/settings/audit-log";

async fn expiring_key(t: &TestApp, name: &str) -> TestKey {
    t.key_with(json!({ "name": name, "permissions": "read_only", "expiresAt": "2027-02-01T00:00:00Z" })).await
}

async fn record(t: &TestApp, action: Action, outcome: Outcome, details: Value) {
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    let target = Some(Target::new(TargetKind::ApiKey, "key_x", "Fleet Dashboard"));
    tx.record_as(action, outcome, target, details);
    tx.commit().await.expect("a commit");
}

/// The sentences of the list.
fn sentences(page: &Response) -> Vec<String> {
    page.page().root().select("p.told").into_iter().map(Part::text).collect()
}

#[tokio::test]
async fn page_lists_events_newest_first() {
    let t = TestApp::new().await;
    let ana = t.person(Role::AccountOwner).await;
    let key = expiring_key(&t, "Fleet Dashboard").await;
    t.with(&key).get("/api/v1/ops/trips").await.is(200);
    t.flush().await;
    t.with(&key).from("203.0.113.7").header("user-agent", "sync/1").get("/api/v1/ops/trips").await.is(200);
    t.flush().await;
    t.with(&key).post("/api/v1/ops/trips", json!({})).await.is(403);
    t.flush().await;
    let page = ana.get(PAGE).await.is(200).shows("heading", "Audit Log");
    let shown = sentences(&page);
    assert_eq!(
        shown,
        [
            "A request with the key Fleet Dashboard was refused: it lacks the scope trips:write",
            "The key Fleet Dashboard was used from a new address, 203.0.113.7",
            "The key Fleet Dashboard was used for the first time, from 192.0.2.1",
            "Ana Keller created the key Fleet Dashboard",
            "Ana Keller signed in",
            "Ana Keller signed in",
            "The operator (command line) added Ana Keller with the role Account owner",
            "The operator (command line) created the workspace Skyline Aviation",
        ]
    );
    insta::assert_snapshot!(page.main());
}

#[tokio::test]
async fn key_links_to_its_page_or_its_events_by_role() {
    let t = TestApp::new().await;
    let key = expiring_key(&t, "Fleet Dashboard").await;
    let (admin, auditor) = (t.person(Role::Admin).await, t.person(Role::Auditor).await);
    let (page, events) = (format!("href=\"/settings/api-keys/{}\"", key.id), format!("href=\"?api_key_id={}\"", key.id));
    admin.get(PAGE).await.is(200).says(&page).does_not_say(&events);
    auditor.get(PAGE).await.is(200).says(&events).does_not_say(&page);
    auditor.get(&format!("{PAGE}?api_key_id={}", key.id)).await.is(200).says("1 event");
    auditor.get(PAGE).await.is(200).says(&format!("href=\"?actor_id={}\"", t.owner.id));
}

#[tokio::test]
async fn page_is_for_administrators_and_auditors() {
    let t = TestApp::new().await;
    for role in [Role::SafetyManager, Role::Dispatcher, Role::Pilot] {
        let person = t.person(role).await;
        person.get(PAGE).await.is(403).says("Whom to ask");
        person.get(&format!("{PAGE}/export?format=csv")).await.is(403);
        let token = person.get("/account").await.hidden("/sign-out").remove(0).1;
        person.post(&format!("{PAGE}/verify"), &[("csrf", &token)]).await.is(403);
    }
    t.anonymous_person().get(PAGE).await.redirects_to("/sign-in?next=%2Fsettings%2Faudit-log");
}

#[tokio::test]
async fn user_text_is_escaped() {
    let t = TestApp::new().await;
    let hostile = "<img src=x onerror=alert(1)>\" '&amp;";
    let key = expiring_key(&t, hostile).await;
    let agent = "</dd><script>alert(2)</script>";
    t.with(&key).header("user-agent", agent).header("x-request-id", "<b>\"'").get(KEYS).await.is(403);
    t.owner().await.post(&format!("{KEYS}/{}/revoke", key.id), json!({ "reason": "<i>it</i> \"leaked\"" })).await.is(200);
    t.flush().await;
    let page = t.person(Role::Admin).await.get(PAGE).await.is(200);
    for raw in ["<img", "<script>alert", "</dd><s", "<b>", "<i>it", "onerror=alert(1)>\""] {
        assert!(!page.main().contains(raw), "{raw}: {}", page.text);
    }
    let page = page.says("&#60;img src=x onerror=alert(1)&#62;&#34; &#39;&#38;amp;");
    page.says("&#60;script&#62;alert(2)").says("&#60;b&#62;&#34;&#39;").says("“&#60;i&#62;it&#60;/i&#62;");
}

#[tokio::test]
async fn pages_have_fifty_events_and_keep_filters() {
    let t = TestApp::new().await;
    let mut tx = AuditedTx::begin(&t.app, t.workspace.id, AuditContext::operator("test")).await.expect("a transaction");
    for number in 0..120 {
        tx.record(Action::KeyUsed, None, json!({ "number": number }));
    }
    tx.commit().await.expect("a commit");
    let ana = t.person(Role::AccountOwner).await;
    let first = ana.get(&format!("{PAGE}?action=api_key.used")).await.is(200).says("1–50 of 120 events").says("page=2");
    assert_eq!(sentences(&first).len(), 50);
    let last = ana.get(&format!("{PAGE}?action=api_key.used&page=3")).await.is(200).says("101–120 of 120 events");
    assert_eq!(sentences(&last).len(), 20);
    last.says("href=\"?action=api_key.used&#38;page=2\"").does_not_say("page=4");
}

#[tokio::test]
async fn page_export_equals_the_api_export() {
    let t = TestApp::new().await;
    let key = expiring_key(&t, "Fleet Dashboard").await;
    t.with(&key).get(KEYS).await.is(403);
    t.flush().await;
    let (auditor, api) = (t.person(Role::Auditor).await, t.member(Role::Auditor).await);
    for (format, kind) in [("csv", "text/csv; charset=utf-8"), ("ndjson", "application/x-ndjson")] {
        for filters in ["", "&action=api_key.created", "&outcome=denied", &format!("&api_key_id={}", key.id)] {
            let query = format!("format={format}{filters}");
            let file = auditor.get(&format!("{PAGE}/export?{query}")).await.is(200);
            assert_eq!(file.text, api.get(&format!("/api/v1/audit-log/export?{query}")).await.is(200).text);
            assert_eq!(file.header("content-type"), kind);
            assert_eq!(file.header("cache-control"), "no-store");
            assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"audit-log-skyline.{format}\""));
        }
    }
    let page = auditor.get(&format!("{PAGE}?outcome=denied&page=1")).await.is(200);
    page.says(&format!("href=\"{PAGE}/export?outcome=denied&#38;format=csv\""));
    let unusual = auditor.get(&format!("{PAGE}/export?format=ndjson&unusual=1")).await.is(200);
    assert_eq!(unusual.text.lines().count(), 1, "{}", unusual.text);
    auditor.get(&format!("{PAGE}/export?format=xml&outcome=denied")).await.redirects_to(&format!("{PAGE}?outcome=denied"));
    auditor.get(&format!("{PAGE}/export?format=csv&date_from=soon")).await.is(400).says("Enter a date");
}

/// All actions with details that matter, done and refused.
async fn with_every_action() -> TestApp {
    let t = TestApp::new().await;
    let shapes = [
        json!({}),
        json!({ "firstUse": true, "expiresAt": null, "enabled": { "from": false, "to": true } }),
        json!({ "firstUse": false, "expiresAt": "2027-02-01T00:00:00Z", "enabled": { "from": true, "to": false } }),
        json!({ "firstUse": "false", "expiresAt": "null", "enabled": "false" }),
        json!({ "firstUse": [false], "expiresAt": { "a": null }, "enabled": { "to": [] } }),
        json!([false, null]),
        json!(null),
        json!("firstUse"),
    ];
    for action in Action::ALL.iter().copied() {
        for details in shapes.clone() {
            record(&t, action, Outcome::Success, details).await;
        }
        record(&t, action, Outcome::Denied, json!({ "reason": "revoked", "count": 3 })).await;
    }
    t
}

#[tokio::test]
async fn unusual_marks_match_the_filter() {
    let t = with_every_action().await;
    let mut all: Vec<Event> = Vec::new();
    for which in [Which::All, Which::Unusual] {
        let filter = EventFilter { which, ..EventFilter::default() };
        let paging = Paging::page(1, 10_000);
        let found = audit::list(t.app.db.read(), t.workspace.id, &filter, paging).await.expect("a list").items;
        match which {
            Which::All => all = found,
            Which::Unusual => {
                let marked = all.iter().filter(|event| audit::unusual(event).is_some()).map(|event| event.sequence);
                let found: Vec<_> = found.iter().map(|event| event.sequence).collect();
                assert_eq!(marked.collect::<Vec<_>>(), found);
                // What the rules on keys found is unusual whatever its details are: eight shapes of them.
                assert_eq!(found.len(), Action::ALL.len() + 3 + 8, "every refusal, three that were done, and unusual activity");
            }
        }
    }
}
