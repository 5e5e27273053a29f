//! The form of a safety report, and what is kept of a person who files one in confidence.

use planeconnection::members::Role;
use serde_json::{Value, json};

use crate::browser::Person;
use crate::support::{Lines, Response, TestApp};

const PATH: &str = "/safety/new";
const DESCRIPTION: &str = "During the walk-around before the second leg the left fuel cap was found open.";

fn filled(confidentiality: &str) -> [(&str, &str); 7] {
    [
        ("report_type", "hazard"),
        ("title", "Fuel cap found open"),
        ("description", DESCRIPTION),
        ("occurred_at", "2026-11-22T17:05"),
        ("location", "LSZH, stand E42"),
        ("severity", ""),
        ("confidentiality", confidentiality),
    ]
}

async fn file(person: &Person, confidentiality: &str) -> Response {
    person.submit(PATH, PATH, &filled(confidentiality)).await
}

#[tokio::test]
async fn pilot_files_a_report_and_sees_it() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    let filed = file(&pilot, "standard").await.is(303);
    let page = pilot.get(filed.header("location")).await.is(200).says("Your report was filed as HAZ-2026-0001");
    page.says("LSZH, stand E42").says("Not assessed").says("Submitted");
    pilot.get("/safety").await.is(200).says("Fuel cap found open").says("1 report");
    pilot.get("/").await.is(200).says("Fuel cap found open");
    t.person(Role::SafetyManager).await.get("/safety").await.is(200).says("Fuel cap found open");
    t.person(Role::Auditor).await.get(PATH).await.is(403).says("administrators, safety managers, dispatchers and pilots");
}

#[tokio::test]
async fn form_keeps_what_was_typed() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    let mut fields = filled("anonymous");
    fields[1].1 = "ab";
    fields[2].1 = "Too short <to> tell";
    fields[3].1 = "2026-11-23T10:40";
    let refused = pilot.submit(PATH, PATH, &fields).await.is(400).reports("title").reports("description").reports("occurred_at");
    refused
        .keeps("title", "ab")
        .keeps("occurred_at", "2026-11-23T10:40")
        .keeps("confidentiality", "anonymous")
        .says("Too short &#60;to&#62; tell")
        .keeps("location", "LSZH, stand E42");
    let empty = pilot.submit(PATH, PATH, &[]).await.is(400);
    empty.reports("report_type").reports("confidentiality").reports("occurred_at");
    assert_eq!(t.number("SELECT count(*) FROM reports").await, 0);
}

#[tokio::test]
async fn form_that_is_sent_twice_files_one_report() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    for confidentiality in ["standard", "anonymous"] {
        let hidden = pilot.get(PATH).await.hidden(PATH);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(filled(confidentiality));
        let (first, second) = (pilot.post(PATH, &all).await, pilot.post(PATH, &all).await);
        if confidentiality == "standard" {
            assert_eq!(first.is(303).header("location"), second.is(303).header("location"));
        } else {
            first.is(200).says("HAZ-2026-0002").does_not_say("already");
            second.is(200).says("HAZ-2026-0002").says("Nothing was filed twice");
        }
    }
    assert_eq!(t.number("SELECT count(*) FROM reports").await, 2);
}

#[tokio::test]
async fn nothing_leads_from_a_report_in_confidence_to_its_reporter() {
    let t = TestApp::new().await;
    let (lines, _logging) = Lines::of_this_thread();
    for confidentiality in ["confidential", "anonymous"] {
        let pilot = t.person(Role::Pilot).await.from("203.0.113.77");
        let filed = file(&pilot, confidentiality).await.is(200).says("Nothing connects this number with your name");
        assert!(filed.headers.get("location").is_none());
        let event = t.audit().await.into_iter().rfind(|event| event["action"] == "report.created").expect("an event");
        assert_eq!(event["actor"], json!({ "type": "anonymous", "id": null, "name": null }));
        assert_eq!([&event["ip"], &event["userAgent"], &event["requestId"]], [&Value::Null; 3]);
        // Attempts that never reach the handler are about the same person.
        pilot.post(PATH, &filled(confidentiality)).await.is(403);
        pilot.get("/safety").await.is(200).does_not_say("Fuel cap found open");
    }
    t.anonymous_person().from("203.0.113.77").get(PATH).await.is(303);
    let log = String::from_utf8(lines.bytes()).expect("text");
    let of_form: Vec<_> = log.lines().filter(|line| line.contains("access_log") && line.contains(PATH)).collect();
    assert_eq!(of_form.len(), 7, "{log}");
    assert!(!of_form.iter().any(|line| line.contains("203.0.113.77") || line.contains("request_id=")), "{of_form:?}");
    let pilot = t.person(Role::Pilot).await.from("203.0.113.78");
    file(&pilot, "standard").await.is(303);
    let log = String::from_utf8(lines.bytes()).expect("text");
    assert!(log.lines().any(|line| line.contains(PATH) && line.contains("ip=203.0.113.78")), "{log}");
}

#[tokio::test]
async fn report_over_the_limit_stays_in_the_form() {
    let t = TestApp::new().await;
    let pilot = t.person(Role::Pilot).await;
    let mut last = file(&pilot, "anonymous").await;
    for _ in 0..100 {
        if last.status != 200 {
            break;
        }
        last = file(&pilot, "anonymous").await;
    }
    last.is(429).keeps("title", "Fuel cap found open").says(DESCRIPTION);
}
