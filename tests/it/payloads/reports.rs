//! Safety reports: no payload leads to a reporter who was promised secrecy.

use planeconnection::audit::EventType;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::REPORTS;

use super::{all_data, data, payloads, receiving};
use crate::support::TestApp;

const TITLE: &str = "Fuel cap found open after refuelling";
const DESCRIPTION: &str =
    "During the walk-around before the second leg the left fuel cap was found open and hanging by its chain.";
const LOCATION: &str = "LSZH, stand E42";

fn report(confidentiality: &str) -> Value {
    json!({
        "reportType": "hazard", "title": TITLE, "description": DESCRIPTION, "location": LOCATION,
        "occurredAt": "2026-11-22T17:05:00Z", "severity": "hazardous", "confidentiality": confidentiality,
    })
}

/// Makes every kind of change.
pub(super) async fn change_everything(t: &TestApp) {
    let owner = t.owner().await;
    let path = format!("{REPORTS}/{}", owner.post(REPORTS, report("standard")).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "severity": "minor" })).await.is(200);
    owner.patch(&path, json!({ "status": "closed" })).await.is(200);
}

#[tokio::test]
async fn payload_of_a_standard_report_has_exactly_the_documented_fields() {
    let t = receiving().await;
    let investigator = t.add_member(Role::SafetyManager).await;
    let owner = t.owner().await;
    let filed = owner.post(REPORTS, report("standard")).await.is(201);
    let path = format!("{REPORTS}/{}", filed.text_at("/data/id"));
    let mut expected = json!({
        "report_id": filed.at("/data/id"), "number": "HAZ-2026-0001", "report_type": "hazard", "severity": "hazardous",
        "status": "submitted", "confidentiality": "standard", "occurred_at": "2026-11-22T17:05:00Z", "title": TITLE,
        "location": LOCATION, "assigned_to": null,
    });
    assert_eq!(data(&t, EventType::ReportSubmitted).await, expected);

    let body = json!({ "assignedTo": investigator.id, "status": "under_review", "description": format!("{DESCRIPTION} Again.") });
    owner.patch(&path, body).await.is(200);
    (expected["assigned_to"], expected["status"]) = (json!(investigator.id), json!("under_review"));
    let mut updated = data(&t, EventType::ReportUpdated).await;
    let mut changed = updated.as_object_mut().expect("an object").remove("changed").expect("names");
    changed.as_array_mut().expect("names").sort_by_key(Value::to_string);
    assert_eq!((changed, &updated), (json!(["assigned_to", "description", "status"]), &expected));

    owner.patch(&path, json!({ "status": "closed", "severity": "minor" })).await.is(200);
    let closed = data(&t, EventType::ReportClosed).await;
    assert_eq!([&closed["status"], &closed["severity"]], [&json!("closed"), &json!("minor")]);
    owner.patch(&path, json!({ "severity": "major" })).await.is(200);
    assert_eq!(all_data(&t, EventType::ReportUpdated).await.len(), 2, "a change of a closed report is an update");
    assert!(!json!(payloads(&t).await).to_string().contains("walk-around"), "no payload repeats the description");
}

#[tokio::test]
async fn payload_of_a_confidential_or_anonymous_report_has_no_text_place_time_or_person() {
    for confidentiality in ["confidential", "anonymous"] {
        let t = receiving().await;
        let member = t.add_member(Role::Pilot).await;
        let pilot = t.signed_in(member.clone()).await.from("203.0.113.77");
        let filed = pilot.post(REPORTS, report(confidentiality)).await.is(201);
        let id = filed.text_at("/data/id");
        let manager = t.add_member(Role::SafetyManager).await;
        let changes = json!({ "assignedTo": manager.id, "location": "LSZH, stand E43", "status": "under_review" });
        let client = t.member(Role::SafetyManager).await;
        client.patch(&format!("{REPORTS}/{id}"), changes).await.is(200);
        client.patch(&format!("{REPORTS}/{id}"), json!({ "status": "closed" })).await.is(200);

        let mut expected = json!({
            "report_id": id, "number": "HAZ-2026-0001", "report_type": "hazard", "severity": "hazardous", "status": "submitted",
            "confidentiality": confidentiality,
        });
        assert_eq!(data(&t, EventType::ReportSubmitted).await, expected);
        expected["status"] = json!("under_review");
        let mut updated = data(&t, EventType::ReportUpdated).await;
        updated.as_object_mut().expect("an object").remove("changed");
        assert_eq!(updated, expected);
        let about_reports: Vec<Value> =
            payloads(&t).await.into_iter().filter(|payload| payload["type"].to_string().contains("safety_report")).collect();
        assert_eq!(about_reports.len(), 3);
        let text = json!(about_reports).to_string();
        for secret in
            ["cap", "E42", "E43", "17:05", &member.id.to_string(), &member.name, &manager.id.to_string(), "203.0.113.77"]
        {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn report_that_stops_being_standard_is_thinned_in_stored_payloads_and_stays_so() {
    let t = receiving().await;
    let owner = t.owner().await;
    let other = owner.post(REPORTS, report("standard")).await.is(201).text_at("/data/id");
    let path = format!("{REPORTS}/{}", owner.post(REPORTS, report("standard")).await.is(201).text_at("/data/id"));
    owner.patch(&path, json!({ "location": "LSZH, stand E44" })).await.is(200);
    owner.patch(&path, json!({ "confidentiality": "confidential" })).await.is(200);
    let submitted = all_data(&t, EventType::ReportSubmitted).await;
    let fields = |data: &Value| data.as_object().expect("an object").len();
    assert_eq!((submitted[0]["report_id"].as_str(), fields(&submitted[0])), (Some(other.as_str()), 10), "another report");
    assert_eq!(fields(&submitted[1]), 6, "{}", submitted[1]);
    let updated = json!(all_data(&t, EventType::ReportUpdated).await).to_string();
    for gone in ["E42", "E44", "17:05", "Fuel"] {
        assert!(!updated.contains(gone) && !submitted[1].to_string().contains(gone), "{gone}");
    }
    assert!(updated.contains("\"changed\":[\"location\"]"), "{updated}");

    owner.patch(&path, json!({ "confidentiality": "standard" })).await.is(409);
    owner.patch(&path, json!({ "location": "LSZH, stand E45" })).await.is(200);
    assert!(!json!(all_data(&t, EventType::ReportUpdated).await).to_string().contains("E4"), "not after it either");
}

#[tokio::test]
async fn payloads_are_thinned_only_with_the_change() {
    let t = receiving().await;
    let owner = t.owner().await;
    let path = format!("{REPORTS}/{}", owner.post(REPORTS, report("standard")).await.is(201).text_at("/data/id"));
    t.database.reject_writes("UPDATE", "audit_heads", "1 = 1").await;
    assert!(owner.patch(&path, json!({ "confidentiality": "confidential" })).await.status >= 500);
    t.database.accept_writes("audit_heads").await;
    assert_eq!(data(&t, EventType::ReportSubmitted).await["title"], TITLE);
}
