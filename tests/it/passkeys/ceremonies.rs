//! Ceremonies: used once, for a short time, by their owner.

use std::time::Duration;

use serde_json::json;

use super::{ORIGIN, PASSKEYS, REGISTRATION, SIGN_IN, SIGN_IN_OPTIONS, app, passkey_of, start};
use crate::support::Authenticator;

#[tokio::test]
async fn response_works_once() {
    let t = app().await;
    let ana = t.owner().await;
    let mut authenticator = Authenticator::at(ORIGIN);
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let new = json!({ "ceremony": ceremony, "name": "One", "credential": authenticator.create(&options) });
    ana.post(PASSKEYS, new.clone()).await.is(201);
    ana.post(PASSKEYS, new).await.is(410).code("CHALLENGE_INVALID");
    let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let response = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, response.clone()).await.is(200);
    t.anonymous().post(SIGN_IN, response.clone()).await.is(401).code("CHALLENGE_INVALID");
    // The same signature for the challenge of another ceremony.
    let (ceremony, _) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let replayed = json!({ "ceremony": ceremony, "credential": response["credential"] });
    t.anonymous().post(SIGN_IN, replayed).await.is(401).code("PASSKEY_INVALID");
    // A ceremony is used up by a response that was refused as well.
    let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let replayed = json!({ "ceremony": ceremony, "credential": response["credential"] });
    t.anonymous().post(SIGN_IN, replayed).await.is(401).code("PASSKEY_INVALID");
    let late = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, late).await.is(401).code("CHALLENGE_INVALID");
}

#[tokio::test]
async fn concurrent_responses_to_one_ceremony_start_one_session() {
    let t = app().await;
    let (mut authenticator, _) = passkey_of(&t.owner().await).await;
    let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let response = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    let (one, other) = tokio::join!(async { t.anonymous().post(SIGN_IN, response.clone()).await.status }, async {
        t.anonymous().post(SIGN_IN, response.clone()).await.status
    },);
    assert_eq!([one.min(other), one.max(other)], [200, 401]);
}

#[tokio::test]
async fn ceremony_lives_for_five_minutes() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let (registration, new) = start(&ana, REGISTRATION).await;
    t.advance(Duration::from_mins(5)).await;
    let late = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, late).await.is(401).code("CHALLENGE_INVALID");
    let late = json!({ "ceremony": registration, "name": "Late", "credential": Authenticator::at(ORIGIN).create(&new) });
    ana.post(PASSKEYS, late).await.is(410).code("CHALLENGE_INVALID");
    start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    t.app.clock.advance(Duration::from_mins(5));
    planeconnection::auth::passkeys::forget_expired_ceremonies(&t.app.db, t.app.clock.now()).await.expect("a sweep");
    assert_eq!(t.number("SELECT count(*) FROM passkey_ceremonies").await, 0);
}

#[tokio::test]
async fn ceremony_belongs_to_its_session_and_its_purpose() {
    let t = app().await;
    let (ana, again, ben) = (t.owner().await, t.owner().await, t.admin().await);
    for other in [&again, &ben] {
        let (ceremony, options) = start(&ana, REGISTRATION).await;
        let credential = Authenticator::at(ORIGIN).create(&options);
        let stolen = json!({ "ceremony": ceremony, "name": "Stolen", "credential": credential });
        other.post(PASSKEYS, stolen).await.is(410).code("CHALLENGE_INVALID");
    }
    let (mut authenticator, _) = passkey_of(&ana).await;
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let options = json!({ "rpId": "localhost", "challenge": options["challenge"] });
    let response = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, response).await.is(401).code("CHALLENGE_INVALID");
    // The second registration in a session ends the first.
    let (first, options) = start(&ana, REGISTRATION).await;
    start(&ana, REGISTRATION).await;
    let credential = Authenticator::at(ORIGIN).create(&options);
    let late = json!({ "ceremony": first, "name": "First", "credential": credential });
    ana.post(PASSKEYS, late).await.is(410).code("CHALLENGE_INVALID");
    assert_eq!(t.number("SELECT count(*) FROM passkey_ceremonies WHERE kind = 'registration'").await, 1);
}

#[tokio::test]
async fn anonymous_ceremonies_are_limited_by_address() {
    let t = app().await;
    let elsewhere = t.anonymous().from("198.51.100.7");
    let mut started = 0;
    while elsewhere.post(SIGN_IN_OPTIONS, json!({})).await.status == 200 {
        started += 1;
    }
    assert_eq!(started, 300);
    elsewhere.post(SIGN_IN_OPTIONS, json!({})).await.is(429).code("RATE_LIMITED");
    t.advance(Duration::from_secs(6)).await;
    t.anonymous().post(SIGN_IN_OPTIONS, json!({})).await.is(200);
}
