//! Severities, also of rows that a node of the previous version has written.

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::REPORTS;

use super::report;
use crate::support::{Client, TestApp};

const ALL: [&str; 5] = ["negligible", "minor", "major", "hazardous", "catastrophic"];

async fn file(client: &Client, severity: Value) -> String {
    let mut body = report("hazard", "standard");
    body["severity"] = severity;
    client.post(REPORTS, body).await.is(201).text_at("/data/number")
}

async fn with_severity(client: &Client, severity: &str) -> Vec<String> {
    let mut numbers = client.get(&format!("{REPORTS}?severity={severity}")).await.is(200).items("number");
    numbers.sort_unstable();
    numbers
}

/// The severity of each report by number.
async fn severities(client: &Client) -> Vec<(String, Value)> {
    let listed = client.get(REPORTS).await.is(200);
    let items = listed.at("/data/items").as_array().expect("a list").clone();
    let mut all: Vec<_> =
        items.iter().map(|item| (item["number"].as_str().unwrap_or_default().to_owned(), item["severity"].clone())).collect();
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    all
}

#[tokio::test]
async fn every_severity_is_stored_changed_and_filtered() {
    let t = TestApp::new().await;
    let manager = t.member(Role::SafetyManager).await;
    let mut filed = Vec::new();
    for severity in ALL {
        filed.push((file(&manager, json!(severity)).await, json!(severity)));
    }
    filed.push((file(&manager, Value::Null).await, Value::Null));
    assert_eq!(severities(&manager).await, filed);
    for (number, severity) in &filed[..ALL.len()] {
        assert_eq!(with_severity(&manager, severity.as_str().expect("a word")).await, std::slice::from_ref(number));
    }
    let listed = manager.get(&format!("{REPORTS}?severity=negligible")).await.is(200);
    let path = format!("{REPORTS}/{}", listed.text_at("/data/items/0/id"));
    for severity in ["minor", "negligible", "catastrophic", "negligible", "minor"] {
        let changed = manager.patch(&path, json!({ "severity": severity })).await.is(200);
        assert_eq!(changed.at("/data/severity"), severity);
        assert_eq!(manager.get(&path).await.is(200).at("/data/severity"), severity);
    }
    let events = t.audit().await;
    let last = events.iter().rev().find(|event| event["action"] == "report.updated").expect("an event");
    assert_eq!(last["details"], json!({ "severity": { "from": "negligible", "to": "minor" } }));
}

#[tokio::test]
async fn severity_that_a_node_of_the_previous_version_wrote_is_read_by_its_present_name() {
    let t = TestApp::new().await;
    let manager = t.member(Role::SafetyManager).await;
    let mut numbers = Vec::new();
    for severity in ["negligible", "negligible", "major", "major", "catastrophic"] {
        numbers.push(file(&manager, json!(severity)).await);
    }
    let none = file(&manager, Value::Null).await;
    // It saves a report without a change of severity, changes one, and files others: the new column stays or is null.
    for (number, change) in [
        (&numbers[1], "severity = 'high'"),
        (&numbers[2], "severity = 'low', icao_severity = NULL"),
        (&numbers[3], "severity = 'low'"),
        (&numbers[4], "severity = 'critical', icao_severity = NULL"),
        (&none, "severity = 'medium'"),
    ] {
        t.tamper(&format!("UPDATE reports SET {change} WHERE number = '{number}'")).await;
    }
    let expected = ["negligible", "hazardous", "minor", "minor", "catastrophic", "major"];
    let read: Vec<Value> = severities(&manager).await.into_iter().map(|(_, severity)| severity).collect();
    assert_eq!(read, expected);
    for severity in ALL {
        let same = expected.iter().zip(numbers.iter().chain([&none])).filter(|(read, _)| **read == severity);
        assert_eq!(with_severity(&manager, severity).await, same.map(|(_, number)| number.clone()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn stored_words_of_severity_are_those_that_the_previous_version_reads() {
    let t = TestApp::new().await;
    let manager = t.member(Role::SafetyManager).await;
    for (severity, former) in ALL.into_iter().zip(["low", "low", "medium", "high", "critical"]) {
        let number = file(&manager, json!(severity)).await;
        let wrong = format!("DELETE FROM reports WHERE number = '{number}' AND severity <> '{former}'");
        t.tamper(&wrong).await;
        assert_eq!(with_severity(&manager, severity).await, [number], "{severity} is stored as another word");
    }
}
