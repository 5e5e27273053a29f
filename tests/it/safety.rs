//! Safety reports, and what is kept of those who file them.

mod readers;
mod severity;

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::REPORTS;

use crate::support::{Lines, TestApp};

fn report(kind: &str, confidentiality: &str) -> Value {
    json!({
        "reportType": kind,
        "title": "Fuel cap found open after refuelling",
        "description": "During the walk-around before the second leg the left fuel cap was found open and hanging by its chain.",
        "location": "LSZH, stand E42",
        "occurredAt": "2026-11-22T17:05:00Z",
        "severity": "hazardous",
        "confidentiality": confidentiality,
    })
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn reporter_is_shown_for_standard_reports_only() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Pilot).await;
    let (pilot, manager) = (t.signed_in(member.clone()).await, t.member(Role::SafetyManager).await);
    for (confidentiality, shown) in [("standard", true), ("confidential", false), ("anonymous", false)] {
        let filed = pilot.post(REPORTS, report("hazard", confidentiality)).await.is(201);
        let path = format!("{REPORTS}/{}", filed.text_at("/data/id"));
        pilot.get(&path).await.is(if shown { 200 } else { 404 });
        let read = manager.get(&path).await.is(200);
        let expected = if shown { json!({ "id": member.id, "name": member.name }) } else { Value::Null };
        assert_eq!(read.at("/data/reporter"), &expected, "{confidentiality}");
        assert_eq!(filed.at("/data/reporter"), &expected, "{confidentiality}");
        assert_eq!(read.at("/data/status"), "submitted");
    }
}

#[tokio::test]
async fn stored_data_does_not_link_an_unnamed_report_to_its_reporter() {
    let t = TestApp::new().await;
    for confidentiality in ["confidential", "anonymous"] {
        let member = t.add_member(Role::Pilot).await;
        let pilot = t.signed_in(member.clone()).await.from("203.0.113.77").header("user-agent", "a-pilots-own-phone/1");
        let pilot = pilot.header("x-request-id", "a-pilots-own-request");
        let once = pilot.header("idempotency-key", &format!("{}-1", member.id));
        let filed = once.post(REPORTS, report("concern", confidentiality)).await.is(201);
        let again = once.post(REPORTS, report("concern", confidentiality)).await.is(201);
        assert_eq!(again.at("/data/id"), filed.at("/data/id"), "a retry files nothing");
        once.post(REPORTS, report("incident", confidentiality)).await.is(422).code("IDEMPOTENCY_KEY_REUSED");

        let events = t.audit().await;
        let event = events.iter().find(|event| event["target"]["id"] == *filed.at("/data/id")).expect("an event");
        assert_eq!(event["actor"], json!({ "type": "anonymous", "id": null, "name": null }));
        assert_eq!([&event["ip"], &event["userAgent"], &event["requestId"]], [&Value::Null; 3]);
        let bytes = t.database.dump().await;
        for trace in ["203.0.113.77", "a-pilots-own-phone", "a-pilots-own-request", &format!("{}-1", member.id)] {
            assert!(!holds(&bytes, trace), "{confidentiality}: {trace} is stored");
        }
    }
}

#[tokio::test]
async fn audit_log_has_the_client_ip_of_named_reports_only() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await.from("203.0.113.77").header("x-request-id", "a-pilots-own-request");
    let (lines, _logging) = Lines::of_this_thread();
    for confidentiality in ["confidential", "anonymous"] {
        let once = pilot.clone().header("idempotency-key", confidentiality);
        for _ in 0..2 {
            once.post(REPORTS, report("concern", confidentiality)).await.is(201);
        }
        pilot.post(REPORTS, json!({ "confidentiality": confidentiality })).await.is(400);
        pilot.post(&format!("{REPORTS}?x=1"), report("concern", confidentiality)).await.is(400);
    }
    t.anonymous()
        .from("203.0.113.77")
        .header("x-request-id", "a-pilots-own-request")
        .post(REPORTS, report("concern", "anonymous"))
        .await
        .is(401);
    let log = String::from_utf8(lines.bytes()).expect("text");
    assert_eq!(log.lines().filter(|line| line.contains("access_log")).count(), 9, "{log}");
    for trace in ["203.0.113.77", "a-pilots-own-request", "request_id=", "planeconnection-tests"] {
        assert!(!log.lines().any(|line| line.contains("access_log") && line.contains(trace)), "{trace}: {log}");
    }
    pilot.post(REPORTS, report("concern", "standard")).await.is(201);
    let log = String::from_utf8(lines.bytes()).expect("text");
    assert!(log.contains("ip=203.0.113.77"), "{log}");
}

#[tokio::test]
async fn anonymous_report_does_not_store_the_id_of_its_reporter() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Pilot).await;
    let (name, pilot) = (member.id.to_string(), t.signed_in(member).await.header("idempotency-key", "monday"));
    let count = async || t.database.dump().await.windows(name.len()).filter(|window| *window == name.as_bytes()).count();
    let before = count().await;
    pilot.post(REPORTS, report("hazard", "anonymous")).await.is(201);
    assert_eq!(count().await, before);
    // The idempotency key again, by name: a different request, which is recorded.
    pilot.post(REPORTS, report("hazard", "standard")).await.is(201);
    assert!(count().await > before);
}

#[tokio::test]
async fn confidentiality_grows_only_as_far_as_it_can_be_kept() {
    let t = TestApp::new().await;
    let (pilot, manager) = (t.member(Role::Pilot).await, t.member(Role::SafetyManager).await);
    let standard = pilot.post(REPORTS, report("hazard", "standard")).await.is(201);
    let path = format!("{REPORTS}/{}", standard.text_at("/data/id"));
    let to = |word: &str| json!({ "confidentiality": word });
    manager.patch(&path, to("anonymous")).await.is(409).code("CONFLICT");
    assert_eq!(manager.patch(&path, to("confidential")).await.is(200).at("/data/reporter"), &Value::Null);
    manager.patch(&path, to("anonymous")).await.is(409).code("CONFLICT");
    manager.patch(&path, to("standard")).await.is(409).code("CONFLICT");

    let member = t.add_member(Role::Pilot).await;
    let confidential = t.signed_in(member).await.post(REPORTS, report("hazard", "confidential")).await.is(201);
    let path = format!("{REPORTS}/{}", confidential.text_at("/data/id"));
    assert_eq!(manager.patch(&path, to("anonymous")).await.is(200).at("/data/confidentiality"), "anonymous");
    manager.patch(&path, to("standard")).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn pilot_and_dispatcher_cannot_assign_reports_or_probe_members() {
    let t = TestApp::new().await;
    let someone = t.add_member(Role::Dispatcher).await;
    for (role, confidentiality) in [(Role::Pilot, "standard"), (Role::Pilot, "anonymous"), (Role::Dispatcher, "standard")] {
        let pilot = t.member(role).await;
        for assigned in [someone.id.to_string(), "user_01h455vb4pex5vsknk084sn02q".to_owned()] {
            let mut body = report("hazard", confidentiality);
            body["assignedTo"] = json!(assigned);
            pilot.post(REPORTS, body.clone()).await.is(403).code("ROLE_REQUIRED");
            body["assignedTo"] = Value::Null;
            pilot.post(REPORTS, body).await.is(201);
        }
    }
    let mut body = report("hazard", "standard");
    body["assignedTo"] = json!(someone.id);
    for who in [t.member(Role::SafetyManager).await, t.admin().await, t.with(&t.key(&["safety:write"]).await)] {
        who.post(REPORTS, body.clone()).await.is(201);
    }
}

#[tokio::test]
async fn report_numbers_are_counted_per_type() {
    let t = TestApp::new().await;
    let key = t.key(&["safety:write"]).await;
    let mut numbers = Vec::new();
    for kind in ["hazard", "hazard", "near_miss", "audit_finding", "hazard"] {
        numbers.push(t.with(&key).post(REPORTS, report(kind, "standard")).await.is(201).text_at("/data/number"));
    }
    assert_eq!(numbers, ["HAZ-2026-0001", "HAZ-2026-0002", "NMS-2026-0001", "AUF-2026-0001", "HAZ-2026-0003"]);
    let listed = t.with(&key).get(&format!("{REPORTS}?page_size=1")).await.is(200);
    assert_eq!(listed.at("/data/items/0/reporter/id"), &json!(key.id), "an integration files in its own name");
}

#[tokio::test]
async fn report_status_follows_the_state_machine() {
    let t = TestApp::new().await;
    let manager = t.member(Role::SafetyManager).await;
    let path = format!("{REPORTS}/{}", manager.post(REPORTS, report("incident", "standard")).await.is(201).text_at("/data/id"));
    for (status, expected) in [
        ("corrective_action", 409),
        ("under_review", 200),
        ("under_review", 200),
        ("submitted", 409),
        ("corrective_action", 200),
        ("closed", 200),
        ("corrective_action", 409),
        ("under_review", 200),
        ("done", 400),
    ] {
        manager.patch(&path, json!({ "status": status })).await.is(expected);
    }
    let who = t.add_member(Role::Dispatcher).await;
    let assigned =
        manager.patch(&path, json!({ "assignedTo": who.id, "location": null, "title": "Another title" })).await.is(200);
    assert_eq!(assigned.at("/data/assignedTo"), &json!(who.id));
    assert_eq!(assigned.at("/data/location"), &Value::Null);
    manager.patch(&path, json!({ "assignedTo": "user_01h455vb4pex5vsknk084sn02q" })).await.is(400).names_field("assignedTo");
    t.audit_ends_with(&["report.updated"]).await;
}

#[tokio::test]
async fn short_unknown_or_future_values_are_refused() {
    let t = TestApp::new().await;
    let pilot = t.member(Role::Pilot).await;
    for (field, value) in [
        ("description", json!("x".repeat(49))),
        ("description", json!("x".repeat(10_001))),
        ("occurredAt", json!("2026-11-23T09:35:01Z")),
        ("reportType", json!("rumour")),
        ("severity", json!("awful")),
        ("severity", json!("high")),
        ("title", json!("ab")),
    ] {
        let mut body = report("hazard", "standard");
        body[field] = value;
        pilot.post(REPORTS, body).await.is(400).code("INVALID_REQUEST").names_field(field);
    }
    let mut body = report("hazard", "standard");
    body["number"] = json!("HAZ-2026-0009");
    pilot.post(REPORTS, body).await.is(400);
}

#[tokio::test]
async fn reports_are_filtered_counted_and_isolated_by_workspace() {
    let t = TestApp::new().await;
    let key = t.key(&["safety:write"]).await;
    let client = t.with(&key);
    for (kind, severity, day) in [
        ("hazard", json!("negligible"), "2026-10-31"),
        ("incident", json!("catastrophic"), "2026-11-01"),
        ("incident", Value::Null, "2026-11-02"),
    ] {
        let mut body = report(kind, "standard");
        (body["severity"], body["occurredAt"]) = (severity, json!(format!("{day}T12:00:00Z")));
        client.post(REPORTS, body).await.is(201);
        t.app.clock.advance(Duration::from_secs(1));
    }
    for (query, expected) in [
        ("", vec!["INC-2026-0002", "INC-2026-0001", "HAZ-2026-0001"]),
        ("?report_type=incident", vec!["INC-2026-0002", "INC-2026-0001"]),
        ("?severity=catastrophic", vec!["INC-2026-0001"]),
        ("?date_from=2026-11-01&date_to=2026-11-01", vec!["INC-2026-0001"]),
        ("?status=closed", vec![]),
    ] {
        assert_eq!(client.get(&format!("{REPORTS}{query}")).await.is(200).items("number"), expected, "{query}");
    }
    client.get(&format!("{REPORTS}?reportType=incident")).await.is(400);
    client.get(&format!("{REPORTS}?severity=critical")).await.is(400).names_field("severity");
    let summary = client.get(&format!("{REPORTS}/summary")).await.is(200);
    assert_eq!(summary.at("/data/byType/incident"), 2);
    assert_eq!(summary.at("/data/byMonth"), &json!([{ "month": "2026-10", "count": 1 }, { "month": "2026-11", "count": 2 }]));

    let (_, outsider) = t.other_workspace().await;
    let id = client.get(REPORTS).await.text_at("/data/items/0/id");
    outsider.get(&format!("{REPORTS}/{id}")).await.is(404);
    outsider.patch(&format!("{REPORTS}/{id}"), json!({ "status": "closed" })).await.is(404);
    assert_eq!(outsider.get(&format!("{REPORTS}/summary")).await.is(200).at("/data/total"), 0);
    let filed = outsider.post(REPORTS, report("incident", "standard")).await.is(201);
    assert_eq!(filed.at("/data/number"), "INC-2026-0001");
}
