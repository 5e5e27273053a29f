//! Passkeys over the API, with an authenticator in software.

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::WHOAMI;

use crate::support::{Authenticator, Client, PASSWORD, Response, TestApp};

const ORIGIN: &str = "http://localhost:8080";
const PASSKEYS: &str = "/api/v1/auth/passkeys";
const REGISTRATION: &str = "/api/v1/auth/passkeys/options";
const REAUTHENTICATE: &str = "/api/v1/auth/reauthenticate";
const REAUTHENTICATION: &str = "/api/v1/auth/reauthenticate/options";
const SIGN_IN: &str = "/api/v1/auth/passkey";
const SIGN_IN_OPTIONS: &str = "/api/v1/auth/passkey/options";

async fn at(public_url: &str) -> TestApp {
    TestApp::with_config(Config { public_url: public_url.to_owned(), ..Config::default() }).await
}

/// A workspace whose public URL can have passkeys.
pub(crate) async fn app() -> TestApp {
    at(ORIGIN).await
}

/// A ceremony that was started: its token, and the options for the browser.
async fn start(client: &Client, path: &str) -> (String, Value) {
    let started = client.post(path, json!({})).await.is(200);
    assert_eq!(started.header("cache-control"), "no-store");
    (started.text_at("/data/ceremony"), started.at("/data/publicKey").clone())
}

async fn add(client: &Client, authenticator: &mut Authenticator, name: &str) -> Response {
    let (ceremony, options) = start(client, REGISTRATION).await;
    let credential = authenticator.create(&options);
    client.post(PASSKEYS, json!({ "ceremony": ceremony, "name": name, "credential": credential })).await
}

/// A passkey of this person, and its id.
pub(crate) async fn passkey_of(client: &Client) -> (Authenticator, String) {
    let mut authenticator = Authenticator::at(ORIGIN);
    let id = add(client, &mut authenticator, "Work laptop").await.is(201).text_at("/data/id");
    (authenticator, id)
}

async fn sign_in(client: &Client, authenticator: &mut Authenticator) -> Response {
    let (ceremony, options) = start(client, SIGN_IN_OPTIONS).await;
    let credential = authenticator.get(&options);
    client.post(SIGN_IN, json!({ "ceremony": ceremony, "credential": credential })).await
}

/// Signs the owner in with the password, as far as its challenge.
async fn challenge(t: &TestApp) -> Response {
    let input = json!({ "email": "ana@skyline.example", "password": PASSWORD });
    t.anonymous().post("/api/v1/auth/sign-in", input).await.is(401).code("TWO_FACTOR_REQUIRED")
}

/// The last event with this action.
async fn event(t: &TestApp, action: &str) -> Value {
    let events = t.audit().await;
    events.into_iter().rev().find(|event| event["action"] == action).expect("an event")
}

#[tokio::test]
async fn security_page_shows_who_has_passkeys_and_which_were_added_last() {
    let t = app().await;
    let page = "/settings/security";
    t.person(Role::AccountOwner).await.get(page).await.says("No member has a passkey.");
    let ben = t.member(Role::Pilot).await;
    for (person, name) in [(&t.owner().await, "Work laptop"), (&ben, "Phone"), (&ben, "Tablet")] {
        add(person, &mut Authenticator::at(ORIGIN), name).await.is(201);
        t.advance(Duration::from_mins(1)).await;
    }
    let admin = t.person(Role::Admin).await;
    admin.get(page).await.says("2 members have a passkey. Added last:").says("Test pilot: Tablet, ").says("Work laptop");
}

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
async fn options_ask_for_a_discoverable_credential_of_a_verified_person() {
    let t = app().await;
    let ana = t.owner().await;
    let (_, options) = start(&ana, REGISTRATION).await;
    assert_eq!(options["rp"], json!({ "name": "PlaneConnection", "id": "localhost" }));
    let expected = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(options["authenticatorSelection"], expected);
    assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));
    assert_eq!(options["user"]["name"], "ana@skyline.example");
    let (_, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    assert_eq!((&options["allowCredentials"], options.get("extensions")), (&json!([]), None));
}

#[tokio::test]
async fn user_handles_are_random_and_belong_to_one_member() {
    let t = app().await;
    let (ana, ben) = (t.owner().await, t.admin().await);
    let mut handles = Vec::new();
    for client in [&ana, &ana, &ben] {
        handles.push(start(client, REGISTRATION).await.1["user"]["id"].as_str().expect("a handle").to_owned());
    }
    assert_eq!(handles[0], handles[1]);
    assert_ne!(handles[0], handles[2]);
    assert_eq!(handles[0].len(), 22, "16 bytes");
    let ids = t.owner.id.0.as_bytes().to_vec();
    assert_ne!(data_encoding::BASE64URL_NOPAD.decode(handles[0].as_bytes()).expect("bytes"), ids);
}

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
async fn authenticator_is_registered_once() {
    let t = app().await;
    let ana = t.owner().await;
    let (authenticator, id) = passkey_of(&ana).await;
    let (_, options) = start(&ana, REGISTRATION).await;
    let excluded = json!([{ "type": "public-key", "id": authenticator.credential_id() }]);
    assert_eq!(options["excludeCredentials"], excluded);
    // One that registers all the same, under the same credential.
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let mut forced = Authenticator::at(ORIGIN);
    let credential = forced.create(&options);
    let new = |ceremony: &str, credential: &Value| json!({ "ceremony": ceremony, "name": "Again", "credential": credential });
    ana.post(PASSKEYS, new(&ceremony, &credential)).await.is(201);
    let ben = t.admin().await;
    let (ceremony, options) = start(&ben, REGISTRATION).await;
    let again = forced.create_again(&options);
    ben.post(PASSKEYS, new(&ceremony, &again)).await.is(409).code("CONFLICT");
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let again = forced.create_again(&options);
    ana.post(PASSKEYS, new(&ceremony, &again)).await.is(400).code("PASSKEY_INVALID");
    assert_eq!(ana.get(PASSKEYS).await.is(200).at("/data/total"), 2);
    ana.delete(&format!("{PASSKEYS}/{id}")).await.is(200);
}

#[tokio::test]
async fn passkey_is_renamed_and_removed() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, id) = passkey_of(&ana).await;
    let path = format!("{PASSKEYS}/{id}");
    assert_eq!(ana.patch(&path, json!({ "name": " Old  laptop " })).await.is(200).at("/data/name"), "Old laptop");
    ana.patch(&path, json!({ "name": "" })).await.is(400).names_field("name");
    assert_eq!(ana.get(PASSKEYS).await.is(200).items("name"), ["Old laptop"]);
    let has_factor = "SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL";
    assert_eq!(t.number(has_factor).await, 1);
    assert_eq!(ana.delete(&path).await.is(200).at("/data/name"), "Old laptop");
    assert_eq!(t.number(has_factor).await, 0);
    ana.delete(&path).await.is(404).code("NOT_FOUND");
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    t.audit_ends_with(&["member.passkey_added", "member.passkey_removed"]).await;
    let removed = event(&t, "member.passkey_removed").await;
    assert_eq!(removed["details"], json!({ "passkey": { "id": id, "name": "Old laptop" } }));
}

#[tokio::test]
async fn first_passkey_ends_the_sessions_that_began_without_it() {
    let t = app().await;
    let (ana, elsewhere) = (t.owner().await, t.owner().await);
    passkey_of(&ana).await;
    elsewhere.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    assert_eq!(event(&t, "member.passkey_added").await["details"]["endedSessions"], 1);
    let later = t.owner().await;
    passkey_of(&ana).await;
    later.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn counter_is_compared_with_uses_since_the_ceremony_began() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    authenticator.counter = Some(20);
    sign_in(&t.anonymous(), &mut authenticator).await.is(200);
    authenticator.counter = Some(20);
    let proof = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    ana.post(REAUTHENTICATE, proof).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(event(&t, "member.passkey_refused").await["details"]["counter"], json!({ "stored": 20, "presented": 20 }));
}

#[tokio::test]
async fn second_factor_begins_with_the_first_passkey_and_ends_with_the_last() {
    let t = app().await;
    let ana = t.owner().await;
    let (_, first) = passkey_of(&ana).await;
    t.advance(Duration::from_mins(1)).await;
    let (_, second) = passkey_of(&ana).await;
    ana.delete(&format!("{PASSKEYS}/{first}")).await.is(200);
    let since_first = "SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL AND second_factor_at < \
                       (SELECT created_at FROM passkeys)";
    assert_eq!(t.number(since_first).await, 1);
    ana.delete(&format!("{PASSKEYS}/{second}")).await.is(200);
    assert_eq!(t.number("SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn change_needs_a_recent_proof_which_a_passkey_gives() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, id) = passkey_of(&ana).await;
    t.advance(Duration::from_mins(16)).await;
    for refused in [ana.post(REGISTRATION, json!({})).await, ana.delete(&format!("{PASSKEYS}/{id}")).await] {
        let refused = refused.is(403).code("REAUTHENTICATION_REQUIRED");
        assert!(refused.at("/error/methods").as_array().expect("methods").contains(&json!("passkey")), "{}", refused.text);
    }
    ana.get(PASSKEYS).await.is(200);
    ana.patch(&format!("{PASSKEYS}/{id}"), json!({ "name": "Still mine" })).await.is(200);
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let named = json!([{ "type": "public-key", "id": authenticator.credential_id() }]);
    assert_eq!((&options["allowCredentials"], &options["userVerification"]), (&named, &json!("required")));
    let mut response = authenticator.get(&options);
    // Authenticators may leave it out where the credential is named.
    response["response"]["userHandle"] = Value::Null;
    let proof = json!({ "ceremony": ceremony, "credential": response });
    t.owner().await.post(REAUTHENTICATE, proof.clone()).await.is(401).code("CHALLENGE_INVALID");
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let proof = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    let proved = ana.post(REAUTHENTICATE, proof.clone()).await.is(200);
    assert_eq!(
        (proved.at("/data/methods"), proved.at("/data/authenticatedAt")),
        (&json!(["passkey"]), &json!("2026-11-23T09:46:00Z"))
    );
    ana.post(REAUTHENTICATE, proof).await.is(401).code("CHALLENGE_INVALID");
    t.audit_ends_with(&["member.passkey_added", "member.reauthenticated"]).await;
    assert_eq!(event(&t, "member.reauthenticated").await["details"]["passkey"]["id"], json!(id));
    ana.delete(&format!("{PASSKEYS}/{id}")).await.is(200);
}

#[tokio::test]
async fn password_needs_the_passkey_as_its_second_step() {
    let t = app().await;
    let (mut authenticator, id) = passkey_of(&t.owner().await).await;
    let refused = challenge(&t).await;
    assert_eq!(refused.at("/error/challenge/methods"), &json!(["passkey"]));
    let token = refused.text_at("/error/challenge/token");
    let started = t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": token })).await.is(200);
    let (ceremony, options) = (started.text_at("/data/ceremony"), started.at("/data/publicKey").clone());
    assert_eq!(options["allowCredentials"], json!([{ "type": "public-key", "id": authenticator.credential_id() }]));
    let step = json!({ "challenge": token, "ceremony": ceremony, "credential": authenticator.get(&options) });
    let session = t.anonymous().post(SIGN_IN, step.clone()).await.is(200);
    let client = t.anonymous().header("authorization", &format!("Bearer {}", session.text_at("/data/token")));
    let sessions = client.get("/api/v1/auth/sessions").await.is(200);
    let methods = sessions.at("/data/items/0/methods");
    assert_eq!(methods, &json!(["password", "passkey"]));
    t.anonymous().post(SIGN_IN, step).await.is(401).code("CHALLENGE_INVALID");
    t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": token })).await.is(401).code("CHALLENGE_INVALID");
    client.delete(&format!("{PASSKEYS}/{id}")).await.is(200);
    let input = json!({ "email": "ana@skyline.example", "password": PASSWORD });
    t.anonymous().post("/api/v1/auth/sign-in", input).await.is(200);
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
    ana.put("/api/v1/settings/security", settings).await.is(200);
    ana.post(REGISTRATION, json!({})).await.is(403).code("PASSKEYS_NOT_ALLOWED");
    sign_in(&t.anonymous(), &mut authenticator).await.is(403).code("PASSKEYS_NOT_ALLOWED");
    // After the password it still works: nobody is locked out.
    let token = challenge(&t).await.text_at("/error/challenge/token");
    let started = t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": token })).await.is(200);
    let credential = authenticator.get(started.at("/data/publicKey"));
    let step = json!({ "challenge": token, "ceremony": started.text_at("/data/ceremony"), "credential": credential });
    t.anonymous().post(SIGN_IN, step).await.is(200);
    // The last second factor cannot be removed while one is required.
    ana.delete(&format!("{PASSKEYS}/{id}")).await.is(409).code("SECOND_FACTOR_NEEDED");
    assert_eq!(ana.get(PASSKEYS).await.is(200).at("/data/total"), 1);
}

#[tokio::test]
async fn second_step_belongs_to_its_challenge_and_its_person() {
    let t = app().await;
    let (mut authenticator, _) = passkey_of(&t.owner().await).await;
    let (mut other, _) = passkey_of(&t.admin().await).await;
    let [one, two] = [challenge(&t).await, challenge(&t).await].map(|refused| refused.text_at("/error/challenge/token"));
    let start = async |challenge: &str| {
        let started = t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": challenge })).await.is(200);
        (started.text_at("/data/ceremony"), started.at("/data/publicKey").clone())
    };
    let (ceremony, options) = start(&one).await;
    let swapped = json!({ "challenge": two, "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, swapped).await.is(401).code("CHALLENGE_INVALID");
    let (ceremony, options) = start(&one).await;
    let alone = json!({ "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, alone).await.is(401).code("CHALLENGE_INVALID");
    let (ceremony, options) = start(&one).await;
    let of_other = json!({ "challenge": one, "ceremony": ceremony, "credential": other.get(&options) });
    t.anonymous().post(SIGN_IN, of_other).await.is(401).code("PASSKEY_INVALID");
    let (ceremony, options) = start(&one).await;
    let step = json!({ "challenge": one, "ceremony": ceremony, "credential": authenticator.get(&options) });
    t.anonymous().post(SIGN_IN, step).await.is(200);
    t.anonymous().post(SIGN_IN_OPTIONS, json!({ "challenge": "pcc_none" })).await.is(401).code("CHALLENGE_INVALID");
}

#[tokio::test]
async fn passkeys_of_others_prove_nothing() {
    let t = app().await;
    let (ana, ben) = (t.owner().await, t.admin().await);
    ana.post(REAUTHENTICATION, json!({})).await.is(409).code("CONFLICT");
    let ((mut own, _), (mut other, _)) = (passkey_of(&ana).await, passkey_of(&ben).await);
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let proof = json!({ "ceremony": ceremony, "credential": other.get(&options) });
    ana.post(REAUTHENTICATE, proof).await.is(401).code("PASSKEY_INVALID");
    // A ceremony of a re-authentication signs nobody in.
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let proof = json!({ "ceremony": ceremony, "credential": own.get(&options) });
    t.anonymous().post(SIGN_IN, proof).await.is(401).code("CHALLENGE_INVALID");
    for neither in [json!({}), json!({ "ceremony": "pcw_x" }), json!({ "password": "x", "ceremony": "pcw_x", "credential": {} })]
    {
        ana.post(REAUTHENTICATE, neither).await.is(400).code("INVALID_REQUEST");
    }
}

#[tokio::test]
async fn passkeys_of_others_are_not_found() {
    let t = app().await;
    let (ana, pilot) = (t.owner().await, t.member(Role::Pilot).await);
    let (_, outsider) = t.other_workspace().await;
    let (_, id) = passkey_of(&pilot).await;
    let path = format!("{PASSKEYS}/{id}");
    for other in [&ana, &outsider] {
        other.delete(&path).await.is(404).code("NOT_FOUND");
        other.patch(&path, json!({ "name": "Mine" })).await.is(404).code("NOT_FOUND");
        assert_eq!(other.get(PASSKEYS).await.is(200).at("/data/total"), 0);
    }
    pilot.delete(&path).await.is(200);
    let key = t.with(&t.key(&["audit:read"]).await);
    key.get(PASSKEYS).await.is(403).code("PERSON_REQUIRED");
    key.post(REGISTRATION, json!({})).await.is(403).code("PERSON_REQUIRED");
}

#[tokio::test]
async fn passkey_of_a_removed_member_signs_nobody_in() {
    let t = app().await;
    let pilot = t.add_member(Role::Pilot).await;
    let (mut authenticator, _) = passkey_of(&t.signed_in(pilot.clone()).await).await;
    t.owner().await.delete(&format!("/api/v1/members/{}", pilot.id)).await.is(200);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(t.number("SELECT count(*) FROM passkeys").await, 0);
    assert_eq!(t.number("SELECT count(*) FROM passkey_users").await, 0);
}

#[tokio::test]
async fn reset_of_second_factors_removes_passkeys() {
    let t = app().await;
    let pilot = t.add_member(Role::Pilot).await;
    let (mut authenticator, _) = passkey_of(&t.signed_in(pilot.clone()).await).await;
    t.owner().await.post(&format!("/api/v1/members/{}/reset-two-factor", pilot.id), json!({})).await.is(200);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(t.number("SELECT count(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn person_has_twenty_passkeys_at_most() {
    let t = app().await;
    let ana = t.owner().await;
    for _ in 0..19 {
        passkey_of(&ana).await;
    }
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    // Another session adds the last one meanwhile.
    passkey_of(&t.owner().await).await;
    let new = json!({ "ceremony": ceremony, "name": "One more", "credential": Authenticator::at(ORIGIN).create(&options) });
    ana.post(PASSKEYS, new).await.is(409).code("QUOTA_EXCEEDED");
    let refused = ana.post(REGISTRATION, json!({})).await.is(409).code("QUOTA_EXCEEDED");
    assert_eq!(refused.at("/error/limit"), 20);
    passkey_of(&t.admin().await).await;
}

#[tokio::test]
async fn public_url_must_be_able_to_have_passkeys() {
    for (url, because) in [("http://127.0.0.1:8080", "is an IP address"), ("http://planes.example", "has no TLS")] {
        let t = at(url).await;
        for (client, path) in [(t.anonymous(), SIGN_IN_OPTIONS), (t.owner().await, REGISTRATION)] {
            let refused = client.post(path, json!({})).await.is(409).code("PASSKEYS_UNAVAILABLE");
            assert!(refused.text.contains(because), "{}", refused.text);
        }
        t.owner().await.get(PASSKEYS).await.is(200);
    }
}

#[tokio::test]
async fn passkeys_stay_bound_to_the_host_that_they_were_made_for() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    let others = |rp_id| planeconnection::auth::passkeys::count_of_other_relying_parties(t.app.db.read(), rp_id);
    assert_eq!(others(Some("localhost")).await, Ok(0));
    assert_eq!((others(Some("planes.example")).await, others(None).await), (Ok(1), Ok(1)));
    let config = Config { public_url: "https://planes.example".to_owned(), ..Config::default() };
    let t = t.restarted_with(config).await;
    "https://planes.example".clone_into(&mut authenticator.origin);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    let (_, options) = start(&t.owner().await, REGISTRATION).await;
    assert_eq!(options["excludeCredentials"], json!([]), "the authenticator has none for this host");
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
