//! Sign-ins with a passkey alone.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::WHOAMI;

use super::{
    ORIGIN, PASSKEYS, REAUTHENTICATE, REAUTHENTICATION, REGISTRATION, SIGN_IN, SIGN_IN_OPTIONS, add, app, challenge, event,
    passkey_of, sign_in, start,
};
use crate::support::Authenticator;

#[tokio::test]
async fn passkey_signs_in_without_email_and_password() {
    let t = app().await;
    let ana = t.owner().await;
    let mut authenticator = Authenticator::at(ORIGIN);
    let added = add(&ana, &mut authenticator, "Work laptop").await.is(201);
    let id = added.text_at("/data/id");
    assert!(id.starts_with("passkey_"), "{id}");
    let expected = json!({
        "id": id, "name": "Work laptop", "rpId": "localhost", "isSynced": false,
        "createdAt": "2026-11-23T09:30:00Z", "lastUsedAt": null,
    });
    assert_eq!(*added.at("/data"), expected);
    t.advance(Duration::from_mins(7)).await;
    let session = sign_in(&t.anonymous(), &mut authenticator).await.is(200);
    assert_eq!(session.header("cache-control"), "no-store");
    assert_eq!((session.at("/data/member/name"), session.at("/data/workspace/slug")), (&json!("Ana Keller"), &json!("skyline")));
    let token = session.text_at("/data/token");
    let phone = t.anonymous().header("authorization", &format!("Bearer {token}"));
    phone.get(WHOAMI).await.is(200);
    let sessions = phone.get("/api/v1/auth/sessions").await.is(200);
    let current = sessions.at("/data/items").as_array().expect("a list").iter().find(|session| session["current"] == true);
    assert_eq!(current.expect("the session")["methods"], json!(["passkey"]));
    let listed = phone.get(PASSKEYS).await.is(200);
    assert_eq!(listed.at("/data/items/0/lastUsedAt"), "2026-11-23T09:37:00Z");
    assert!(!listed.text.contains(&authenticator.credential_id()), "{}", listed.text);
    let named = json!({ "id": id, "name": "Work laptop" });
    assert_eq!(event(&t, "member.passkey_added").await["details"], json!({ "passkey": named, "isSynced": false }));
    let signed_in = t.audit().await.into_iter().find(|event| event["details"]["methods"] == json!(["passkey"]));
    assert_eq!(signed_in.expect("an event")["action"], "member.signed_in");
}

#[tokio::test]
async fn person_must_be_verified() {
    let t = app().await;
    let ana = t.owner().await;
    let mut careless = Authenticator::at(ORIGIN);
    careless.verifies_user = false;
    let refused = add(&ana, &mut careless, "Careless").await.is(400).code("PASSKEY_INVALID");
    assert!(refused.text.contains("PIN, fingerprint or face"), "{}", refused.text);
    let (mut authenticator, _) = passkey_of(&ana).await;
    authenticator.verifies_user = false;
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    authenticator.verifies_user = true;
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
}

#[tokio::test]
async fn other_origins_are_refused_whatever_host_a_request_names() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    for origin in ["https://localhost:8080", "http://localhost:8081", "http://app.localhost:8080", "https://evil.example"] {
        let mut elsewhere = Authenticator::at(origin);
        add(&ana, &mut elsewhere, "Elsewhere").await.is(400).code("PASSKEY_INVALID");
        origin.clone_into(&mut authenticator.origin);
        let host = origin.split("//").nth(1).expect("a host");
        let client = t.anonymous().header("host", host).header("origin", origin).header("x-forwarded-host", host);
        sign_in(&client, &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    }
    ORIGIN.clone_into(&mut authenticator.origin);
    let (ceremony, mut options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    options["rpId"] = json!("evil.example");
    let response = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, response).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(ana.get(PASSKEYS).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn bogus_signatures_and_unknown_credentials_are_refused() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    let mut stranger = Authenticator::at(ORIGIN);
    stranger.create(&start(&ana, REGISTRATION).await.1);
    sign_in(&t.anonymous(), &mut stranger).await.is(401).code("PASSKEY_INVALID");
    // The signature of another key under the id of a known one.
    let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let mut response = authenticator.get(&options);
    response["response"]["signature"] = stranger.get(&options)["response"]["signature"].clone();
    t.anonymous().post(SIGN_IN, json!({ "ceremony": ceremony, "credential": response })).await.is(401).code("PASSKEY_INVALID");
    // A user handle that is not the owner's.
    let other = start(&t.admin().await, REGISTRATION).await.1["user"]["id"].clone();
    for handle in [other, json!("AAAA"), Value::Null] {
        let (ceremony, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
        let mut response = authenticator.get(&options);
        response["response"]["userHandle"] = handle;
        let response = json!({ "ceremony": ceremony, "credential": response });
        t.anonymous().post(SIGN_IN, response).await.is(401).code("PASSKEY_INVALID");
    }
    let (ceremony, _) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    let malformed = json!({ "ceremony": ceremony, "credential": { "id": "x", "rawId": "!", "response": {} } });
    t.anonymous().post(SIGN_IN, malformed).await.is(400).names_field("credential");
    let unknown = json!({ "ceremony": "pcw_none", "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, unknown).await.is(401).code("CHALLENGE_INVALID");
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
}

#[tokio::test]
async fn counter_that_goes_back_is_refused_and_reported() {
    let t = app().await;
    let (mut authenticator, id) = passkey_of(&t.owner().await).await;
    authenticator.counter = Some(20);
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
    for counter in [20, 19, 0] {
        authenticator.counter = Some(counter);
        let refused = sign_in(&t.anonymous().from("198.51.100.7"), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
        assert!(refused.text.contains("a copy of it seems to exist"), "{}", refused.text);
        let event = event(&t, "member.passkey_refused").await;
        assert_eq!((&event["outcome"], &event["ip"]), (&json!("denied"), &json!("198.51.100.7")));
        assert_eq!(event["actor"]["type"], "anonymous");
        assert_eq!(event["target"]["id"], t.owner.id.to_string());
        let expected = json!({
            "passkey": { "id": id, "name": "Work laptop" }, "counter": { "stored": 20, "presented": counter },
        });
        assert_eq!(event["details"], expected);
    }
    authenticator.counter = Some(21);
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
}

#[tokio::test]
async fn authenticators_without_a_counter_are_accepted() {
    let t = app().await;
    let mut synced = Authenticator::at(ORIGIN);
    (synced.is_synced, synced.counter) = (true, None);
    let ana = t.owner().await;
    assert_eq!(add(&ana, &mut synced, "Phone").await.is(201).at("/data/isSynced"), true);
    for _ in 0..2 {
        sign_in(&t.anonymous(), &mut synced).await.is(200);
    }
    // Which backs a credential up may change; whether it can be backed up may not.
    synced.is_synced = false;
    sign_in(&t.anonymous(), &mut synced).await.is(401).code("PASSKEY_INVALID");
}

#[tokio::test]
async fn workspace_that_does_not_allow_passkeys_neither_adds_them_nor_lets_them_sign_in_alone() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, id) = passkey_of(&ana).await;
    let settings = json!({
        "twoFactorPolicy": "required_for_all", "graceDays": 7, "passkeysAllowed": false, "idleMinutes": 720,
        "absoluteMinutes": 10080, "minimumPasswordLength": 15,
    });
    let preview = |settings: &Value| ana.post("/api/v1/settings/security/preview", settings.clone());
    assert_eq!(preview(&settings).await.is(200).at("/data/passkeyOwnersTotal"), 1);
    ana.put("/api/v1/settings/security", settings.clone()).await.is(200);
    assert_eq!(preview(&settings).await.is(200).at("/data/passkeyOwnersTotal"), 0, "it is so already");
    ana.post(REGISTRATION, json!({})).await.is(403).code("PASSKEYS_NOT_ALLOWED");
    sign_in(&t.anonymous(), &mut authenticator).await.is(403).code("PASSKEYS_NOT_ALLOWED");
    // After the password it still works as the second step.
    let token = challenge(&t).await.text_at("/error/challenge/token");
    let started = t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": token })).await.is(200);
    let credential = authenticator.get(started.at("/data/publicKey"));
    let step = json!({ "challenge": token, "ceremony": started.text_at("/data/ceremony"), "credential": credential });
    t.anonymous().post(SIGN_IN, step).await.is(200);
    // As it is a second factor still, it confirms the identity of its owner.
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let proof = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    assert_eq!(ana.post(REAUTHENTICATE, proof).await.is(200).at("/data/methods"), &json!(["passkey"]));
    // The last second factor cannot be removed while one is required.
    ana.delete(&format!("{PASSKEYS}/{id}")).await.is(409).code("SECOND_FACTOR_NEEDED");
    assert_eq!(ana.get(PASSKEYS).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn failed_sign_ins_are_limited_by_address() {
    let t = app().await;
    let (mut authenticator, _) = passkey_of(&t.owner().await).await;
    let elsewhere = t.anonymous().from("198.51.100.7");
    for _ in 0..20 {
        let guess = json!({ "ceremony": "pcw_none", "credential": authenticator.get(&json!({ "rpId": "localhost" })) });
        elsewhere.post(SIGN_IN, guess).await.is(401);
    }
    let limited = sign_in(&elsewhere, &mut authenticator).await.is(429).code("RATE_LIMITED");
    assert!(limited.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    // Wrong passwords from there count as well, and nothing counts elsewhere.
    let guess = json!({ "email": "ana@skyline.example", "password": "not this one, though" });
    elsewhere.post("/api/v1/auth/sign-in", guess).await.is(429);
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
    t.advance(Duration::from_mins(1)).await;
    sign_in(&elsewhere, &mut authenticator).await.is(200);
}
