//! Two clients that change one version at the same time: one change is made, and the other is refused.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{AIRCRAFT, INVOICES, TRIPS};

use crate::lists::SUBJECTS;
use crate::support::TestApp;

/// A change that two clients make at the same time, each with other text.
struct Race {
    method: Method,
    list: &'static str,
    /// The module of the changes feed.
    module: &'static str,
    /// The path of the resource, by its id.
    path: fn(&str) -> String,
    body: fn(&str) -> Value,
    /// The path of the text in a response.
    text: &'static str,
    rounds: u32,
}

/// Sends two changes of one version at once, round after round. Both are under way before either is answered: if versions were
/// compared before the transaction of the write, both changes would be made.
async fn run(race: &Race) {
    let t = TestApp::new().await;
    let key = json!({ "name": "Two clients", "permissions": "read_write", "expiresAt": null, "rateLimit": null });
    let client = t.with(&t.key_with(key).await);
    let subject = SUBJECTS.iter().find(|subject| subject.list == race.list).expect("a subject");
    let id = subject.create(&client, 1).await;
    let path = (race.path)(&id);
    let feed = format!("/api/v1/changes?module={}&view=ids", race.module);
    let mut after = client.get(&feed).await.is(200).at("/data/latest").clone();
    let mut read = client.get(&path).await.is(200);
    let mut changed_at = Vec::new();
    for round in 0..race.rounds {
        // Each change has a time of its own, and the lease of the node lasts.
        t.app.clock.advance(Duration::from_micros(1));
        let texts = ["first", "second"].map(|name| format!("{name} of round {round}"));
        let known = client.clone().header("if-match", read.header("etag"));
        let send = |text: &str| {
            let (known, path, body) = (&known, &path, (race.body)(text));
            async move { known.json(race.method.clone(), path, body).await }
        };
        let (first, second) = tokio::join!(send(&texts[0]), send(&texts[1]));
        let (made, refused, text) = if first.status == 200 { (first, second, &texts[0]) } else { (second, first, &texts[1]) };
        let made = made.is(200);
        refused.is(412).code("PRECONDITION_FAILED");
        read = client.get(&path).await.is(200);
        assert_eq!((read.text_at(race.text), read.at("/data")), (text.clone(), made.at("/data")), "round {round}");
        changed_at.push(read.text_at("/data/updatedAt"));
    }
    let mut listed = Vec::new();
    while listed.len() < changed_at.len() {
        let part = client.get(&format!("{feed}&after={after}")).await.is(200);
        assert!(part.items("id").iter().all(|changed| *changed == id), "{}", part.text);
        let times = part.items("occurredAt");
        assert!(!times.is_empty(), "{} changes are listed, and no more follow", listed.len());
        listed.extend(times);
        after = part.at("/data/next").clone();
    }
    assert_eq!(listed, changed_at, "one change of each round");
    let rest = client.get(&format!("{feed}&after={after}")).await.is(200);
    assert_eq!(rest.items("id"), [""; 0]);
}

#[tokio::test]
async fn one_of_two_changes_of_a_version_of_a_trip_is_refused_in_every_round() {
    let path = |id: &str| format!("{TRIPS}/{id}");
    let body = |text: &str| json!({ "notes": text });
    run(&Race { method: Method::PATCH, list: TRIPS, module: "trips", path, body, text: "/data/notes", rounds: 1_000 }).await;
}

#[tokio::test]
async fn one_of_two_replacements_of_a_version_of_a_trip_is_refused() {
    let path = |_: &str| format!("{TRIPS}/by-external-id/N101");
    let body = |text: &str| {
        json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS", "departureDate": "2027-02-02T08:00:00Z",
            "notes": text })
    };
    run(&Race { method: Method::PUT, list: TRIPS, module: "trips", path, body, text: "/data/notes", rounds: 100 }).await;
}

#[tokio::test]
async fn one_of_two_changes_of_a_version_of_an_aircraft_is_refused() {
    let path = |id: &str| format!("{AIRCRAFT}/{id}");
    let body = |text: &str| json!({ "model": text });
    run(&Race { method: Method::PATCH, list: AIRCRAFT, module: "fleet", path, body, text: "/data/model", rounds: 100 }).await;
}

#[tokio::test]
async fn one_of_two_changes_of_a_version_of_a_draft_of_an_invoice_is_refused() {
    let path = |id: &str| format!("{INVOICES}/{id}");
    let body = |text: &str| json!({ "notes": text });
    run(&Race { method: Method::PATCH, list: INVOICES, module: "invoices", path, body, text: "/data/notes", rounds: 100 }).await;
}
