//! The pages of the workspace's data: what each role reads, and who created and changed a row.

use planeconnection::members::Role;
use serde_json::json;
use testkit::{AIRCRAFT, INVOICES, REPORTS, TRIPS};

use crate::support::TestApp;

const DESCRIPTION: &str = "During the walk-around before the second leg the left fuel cap was found open.";

fn trip(origin: &str) -> serde_json::Value {
    json!({ "tripType": "charter", "origin": origin, "destination": "LFMN", "departureDate": "2026-12-01T08:00:00Z" })
}

fn report(confidentiality: &str) -> serde_json::Value {
    json!({ "reportType": "hazard", "title": "Fuel cap found open", "description": DESCRIPTION,
        "occurredAt": "2026-11-22T17:05:00Z", "confidentiality": confidentiality })
}

#[tokio::test]
async fn list_is_filtered_as_by_the_api() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let aircraft = json!({ "tailNumber": "HB-VPC", "typeDesignator": "C25B", "model": "Citation CJ3+" });
    let aircraft = owner.post(AIRCRAFT, aircraft).await.is(201).text_at("/data/id");
    let mut with_aircraft = trip("LSZH");
    with_aircraft["aircraftId"] = json!(aircraft);
    owner.post(TRIPS, with_aircraft).await.is(201);
    owner.post(TRIPS, trip("LSGG")).await.is(201);
    let pilot = t.person(Role::Pilot).await;
    pilot.get("/trips").await.is(200).says("LSZH").says("LSGG").says("HB-VPC").says("2 trips").says("1 Dec 2026, ");
    let of_aircraft = pilot.get(&format!("/trips?aircraft_id={aircraft}")).await.is(200);
    of_aircraft.says("LSZH").does_not_say("LSGG").says("Trips of");
    pilot.get("/trips?status=cancelled&utm_source=mail").await.is(200).says("No matching trips");
    pilot.get("/trips?date_from=2026-12-02").await.is(200).says("No matching trips");
    pilot.get("/trips?date_to=2026-12-01").await.is(200).says("2 trips");
    let refused = pilot.get("/trips?status=gone&date_from=2026-11-31").await.is(400).reports("status").reports("date_from");
    refused.does_not_say("LSZH");
    pilot.get("/fleet?search=citation").await.is(200).says("HB-VPC").says("1 aircraft");
    pilot.get("/fleet?search=falcon").await.is(200).says("No matching aircraft");
    pilot.get("/trips/trip_01h455vb4pex5vsknk084sn02q").await.is(404);
}

#[tokio::test]
async fn row_of_another_workspace_is_not_found() {
    let t = TestApp::new().await;
    let (_, stranger) = t.other_workspace().await;
    let theirs = stranger.post(TRIPS, trip("EDDF")).await.is(201).text_at("/data/id");
    let owner = t.person(Role::AccountOwner).await;
    owner.get(&format!("/trips/{theirs}")).await.is(404);
    owner.get("/trips").await.is(200).does_not_say("EDDF").says("No trips yet");
}

#[tokio::test]
async fn page_of_a_row_says_who_created_and_changed_it() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:write"]).await;
    let id = t.with(&key).post(TRIPS, trip("LSZH")).await.is(201).text_at("/data/id");
    let path = format!("/trips/{id}");
    let admin = t.person(Role::Admin).await;
    let page = admin.get(&path).await.is(200).says("API key").says(&format!("/settings/api-keys/{}", key.id));
    page.does_not_say("Last changed");
    t.owner().await.patch(&format!("{TRIPS}/{id}"), json!({ "status": "quoted" })).await.is(200);
    let page = admin.get(&path).await.is(200).says("Last changed").says("Ana Keller").says("Quoted");
    let events = page.page().link("All events");
    assert_eq!(events, format!("/settings/audit-log?target_id={id}"));
    let log = admin.get(&events).await.is(200).says("created the trip").says("changed the trip").says("2 events");
    log.says(&format!("Only events about <code>{id}</code>"));
    // Who may not read the audit log sees the names and no links to it.
    let pilot = t.person(Role::Pilot).await.get(&path).await.is(200).says("Ana Keller").says("Last changed");
    pilot.does_not_say("/settings/audit-log").does_not_say("/settings/api-keys");
}

#[tokio::test]
async fn page_never_names_the_reporter_of_a_confidential_report() {
    let t = TestApp::new().await;
    let reporter = t.add_member(Role::Dispatcher).await;
    let dispatcher = t.signed_in(reporter.clone()).await;
    let id = dispatcher.post(REPORTS, report("standard")).await.is(201).text_at("/data/id");
    let path = format!("/safety/{id}");
    let manager = t.person(Role::SafetyManager).await;
    manager.get(&path).await.is(200).says("Reporter").says(&reporter.name);
    t.owner().await.patch(&format!("{REPORTS}/{id}"), json!({ "confidentiality": "confidential" })).await.is(200);
    for role in [Role::SafetyManager, Role::Admin, Role::Auditor] {
        let page = t.person(role).await.get(&path).await.is(200).says("Confidential: the name is not shown");
        // All events about it include the creation by the reporter.
        page.does_not_say(&reporter.name).does_not_say("All events").does_not_say("target_id=").says("Last changed");
    }
}

#[tokio::test]
async fn pilot_reads_only_reports_filed_by_name() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Pilot).await;
    let (name, api) = (member.name.clone(), t.signed_in(member).await);
    let own = api.post(REPORTS, report("standard")).await.is(201).text_at("/data/id");
    let hidden = api.post(REPORTS, report("confidential")).await.is(201).text_at("/data/id");
    let other = t.person(Role::Pilot).await;
    other.get("/safety").await.is(200).says("You have not filed a report under your name.");
    other.get(&format!("/safety/{own}")).await.is(404);
    let manager = t.person(Role::SafetyManager).await;
    manager.get("/safety").await.is(200).says("2 reports");
    manager.get(&format!("/safety/{own}")).await.is(200).says(&name);
    manager.get(&format!("/safety/{hidden}")).await.is(200).does_not_say(&name);
}

#[tokio::test]
async fn amounts_are_shown_in_their_currency() {
    let t = TestApp::new().await;
    let invoice = json!({
        "client": { "name": "Alpine Charter AG", "email": "billing@alpine.example" }, "currency": "CHF", "dueDate": "2026-11-20",
        "lineItems": [{ "description": "Flight hours", "quantity": "2.5", "unitPrice": 482_000 }],
    });
    let owner = t.owner().await;
    let id = owner.post(INVOICES, invoice).await.is(201).text_at("/data/id");
    owner.post(&format!("{INVOICES}/{id}/send"), json!({})).await.is(200);
    owner.post(&format!("{INVOICES}/{id}/payments"), json!({ "amount": 5_000, "paidOn": "2026-11-21" })).await.is(201);
    let auditor = t.person(Role::Auditor).await;
    auditor
        .get("/invoices?status=overdue&client=alpine")
        .await
        .is(200)
        .says("CHF 12,050.00")
        .says("CHF 12,000.00")
        .says("Overdue");
    auditor.get("/invoices?status=paid").await.is(200).says("No matching invoices");
    let page = auditor.get(&format!("/invoices/{id}")).await.is(200).says("CHF 4,820.00").says("CHF 50.00").says("Flight hours");
    page.says("Payments");
    t.person(Role::Pilot).await.get("/invoices").await.is(403).says("administrators, safety managers and auditors");
}
