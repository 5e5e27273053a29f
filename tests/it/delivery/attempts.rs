//! One attempt: its request, its end, and the times of the next.

use std::time::Duration;

use data_encoding::BASE64;
use ring::hmac;
use serde_json::json;
use testkit::{ReceivedRequest, Reply};

use super::{WEBHOOKS, deliver, hooked, trip};

/// The two signatures of a request by a secret, computed anew.
fn signatures(request: &ReceivedRequest, secret: &str) -> (String, String) {
    let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a generated secret").as_bytes()).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let standard = [request.header("webhook-id"), ".", request.header("webhook-timestamp"), "."].concat();
    let standard = [standard.as_bytes(), &request.body].concat();
    let standard = BASE64.encode(hmac::sign(&key, &standard).as_ref());
    (hex::encode(hmac::sign(&key, &request.body).as_ref()), format!("v1,{standard}"))
}

#[tokio::test]
async fn event_is_delivered_with_its_payload_and_both_signatures() {
    let hooked = hooked(&["trip.*"]).await;
    let id = trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let [request] = &hooked.receiver.requests()[..] else { panic!("one request") };
    let payload = request.json();
    assert_eq!(payload["type"], "trip.created");
    assert_eq!(payload["data"]["trip_id"], id);
    assert_eq!(payload["workspace_id"], hooked.t.workspace.id.to_string());
    let event = hooked.t.audit().await.into_iter().rfind(|event| event["action"] == "trip.created").expect("an event");
    assert_eq!((&payload["id"], &payload["sequence"]), (&event["id"], &event["sequence"]));
    assert_eq!(request.header("webhook-id"), event["id"]);
    let (body, standard) = signatures(request, &hooked.secret);
    assert_eq!(request.header("x-planeconnection-signature"), body);
    assert_eq!(request.header("webhook-signature"), standard);
    let expected = [
        ("content-type", "application/json"),
        ("user-agent", concat!("PlaneConnection-Webhooks/", env!("CARGO_PKG_VERSION"))),
        ("x-planeconnection-event", "trip.created"),
        ("x-planeconnection-attempt", "1"),
        ("x-planeconnection-previous-sequence", ""),
    ];
    for (name, value) in expected {
        assert_eq!(request.header(name), value, "{name}");
    }
    let [delivery] = &hooked.deliveries().await[..] else { panic!("one delivery") };
    assert_eq!(request.header("x-planeconnection-delivery"), delivery["id"]);
    assert_eq!(delivery["status"], "delivered");
}

#[tokio::test]
async fn request_and_response_are_kept_without_signatures() {
    let hooked = hooked(&["trip.*"]).await;
    let body = format!("thanks\0{}", "x".repeat(20_000)).into_bytes();
    hooked.receiver.answer(Reply::With(200, vec![("X-Receiver", "desk".to_owned())], body));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let id = hooked.deliveries().await[0]["id"].as_str().expect("an id").to_owned();
    let shown = hooked.owner.get(&format!("{WEBHOOKS}/{}/deliveries/{id}", hooked.id)).await.is(200);
    let attempt = shown.at("/data/attempts/0");
    assert_eq!((&attempt["number"], &attempt["statusCode"], &attempt["error"]), (&json!(1), &json!(200), &json!(null)));
    let text = attempt["response"]["body"].as_str().expect("a body");
    assert!(text.starts_with("thanks\u{fffd}x") && text.len() <= 16 * 1024 + 2, "{}", text.len());
    let request = &hooked.receiver.requests()[0];
    for name in ["x-planeconnection-signature", "webhook-signature"] {
        assert!(!shown.text.contains(request.header(name)), "{name} is masked");
    }
    assert!(shown.text.contains("x-receiver") && shown.text.contains("x-planeconnection-delivery"), "{}", shown.text);
    assert_eq!(shown.at("/data/payload"), &request.json());
}

#[tokio::test]
async fn response_is_kept_without_the_secret_of_its_endpoint() {
    let own = "an-own-secret-without-a-known-form";
    let hooked = hooked(&["trip.*"]).await;
    let rotate = json!({ "secret": own });
    hooked.owner.post(&format!("{WEBHOOKS}/{}/rotate-secret", hooked.id), rotate).await.is(200);
    let body = format!("{own} {}", hooked.secret).into_bytes();
    hooked.receiver.answer(Reply::With(200, vec![("X-Key", own.to_owned())], body));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let id = hooked.deliveries().await[0]["id"].as_str().expect("an id").to_owned();
    let shown = hooked.owner.get(&format!("{WEBHOOKS}/{}/deliveries/{id}", hooked.id)).await.is(200);
    let response = shown.at("/data/attempts/0/response").to_string();
    assert!(response.contains("an-o…form") && response.contains("whsec_"), "{response}");
    assert!(!response.contains(own) && !response.contains(&hooked.secret), "{response}");
}

#[tokio::test]
async fn failed_attempts_are_repeated_by_the_schedule_and_then_given_up() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::Status(500));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    // Each wait with its jitter, which is at most a tenth.
    for (made, wait) in [(1, 60), (2, 5 * 60), (3, 30 * 60), (4, 2 * 3600)] {
        assert_eq!(hooked.receiver.count(), made);
        assert_eq!(hooked.statuses().await, ["pending"]);
        hooked.t.app.clock.advance(Duration::from_secs(wait - 1));
        deliver(&hooked.t).await;
        assert_eq!(hooked.receiver.count(), made, "not before the wait of {wait} s");
        hooked.t.app.clock.advance(Duration::from_secs(wait / 10 + 1));
        deliver(&hooked.t).await;
    }
    assert_eq!(hooked.statuses().await, ["failed"]);
    let attempts: Vec<_> =
        hooked.receiver.requests().iter().map(|request| request.header("x-planeconnection-attempt").to_owned()).collect();
    assert_eq!(attempts, ["1", "2", "3", "4", "5"]);
    let ids: std::collections::BTreeSet<_> = hooked
        .receiver
        .requests()
        .iter()
        .map(|request| (request.header("webhook-id").to_owned(), request.body.clone()))
        .collect();
    assert_eq!(ids.len(), 1, "the same event and body at every attempt");
    hooked.t.app.clock.advance(Duration::from_hours(24));
    deliver(&hooked.t).await;
    assert_eq!(hooked.receiver.count(), 5);
}

#[tokio::test]
async fn receiver_that_asks_for_a_pause_gets_it() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::With(429, vec![("Retry-After", "200".to_owned())], Vec::new()));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    hooked.t.app.clock.advance(Duration::from_secs(199));
    deliver(&hooked.t).await;
    assert_eq!(hooked.receiver.count(), 1);
    hooked.t.app.clock.advance(Duration::from_secs(22));
    deliver(&hooked.t).await;
    assert_eq!(hooked.receiver.count(), 2);
}

#[tokio::test]
async fn redirect_is_a_failure_with_its_sentence() {
    let hooked = hooked(&["trip.*"]).await;
    hooked.receiver.answer(Reply::With(302, vec![("Location", "http://127.0.0.1:1/".to_owned())], Vec::new()));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let id = hooked.deliveries().await[0]["id"].as_str().expect("an id").to_owned();
    let shown = hooked.owner.get(&format!("{WEBHOOKS}/{}/deliveries/{id}", hooked.id)).await.is(200);
    let error = "the server answered 302 to another address; redirects are not followed";
    assert_eq!(shown.at("/data/attempts/0/error"), error);
    assert_eq!(hooked.receiver.count(), 1);
}

#[tokio::test]
async fn both_secrets_sign_during_a_rotation() {
    let hooked = hooked(&["trip.*"]).await;
    let rotated =
        hooked.owner.post(&format!("{WEBHOOKS}/{}/rotate-secret", hooked.id), json!({ "overlapHours": 2 })).await.is(200);
    let new = rotated.text_at("/data/secret");
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    hooked.t.app.clock.advance(Duration::from_hours(2));
    trip(&hooked.owner).await;
    deliver(&hooked.t).await;
    let [during, after] = &hooked.receiver.requests()[..] else { panic!("two requests") };
    let (body, by_new) = signatures(during, &new);
    let (_, by_old) = signatures(during, &hooked.secret);
    assert_eq!(during.header("x-planeconnection-signature"), body);
    assert_eq!(during.header("webhook-signature"), format!("{by_new} {by_old}"));
    assert_eq!(after.header("webhook-signature"), signatures(after, &new).1);
}
