//! Passkeys over the API, with an authenticator in software.

mod ceremonies;
mod proofs;
mod registration;
mod sign_in;

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::{Value, json};

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
