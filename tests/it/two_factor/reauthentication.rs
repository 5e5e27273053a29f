//! Re-authentication of a person with a second factor.

use std::time::Duration;

use planeconnection::access::RECENT;
use serde_json::json;
use testkit::KEYS;

use super::{Protected, protected};
use crate::support::{Client, PASSWORD, Response, TestApp, read_only_key};

const PROVE: &str = "/api/v1/auth/reauthenticate";
const SECOND: Duration = Duration::from_secs(1);

async fn prove(client: &Client, code: &str) -> Response {
    client.post(PROVE, json!({ "password": PASSWORD, "code": code })).await
}

/// The methods of the last event with this action.
async fn methods_in_log(t: &TestApp, action: &str) -> serde_json::Value {
    let events = t.audit().await;
    let event = events.iter().rfind(|event| event["action"] == action).unwrap_or_else(|| panic!("no {action}"));
    event["authentication"]["methods"].clone()
}

#[tokio::test]
async fn proof_needs_a_code_beside_the_password() {
    let Protected { t, app, backup_codes, desk } = protected().await;
    t.advance(RECENT + SECOND).await;
    let refused = desk.post(KEYS, read_only_key("Fleet")).await.is(403).code("REAUTHENTICATION_REQUIRED");
    assert_eq!(refused.at("/error/methods"), &json!(["password", "totp", "backup_code"]));
    desk.post(PROVE, json!({ "password": PASSWORD })).await.is(401).code("TWO_FACTOR_REQUIRED");
    prove(&desk, &app.wrong(&t)).await.is(401).code("TWO_FACTOR_INVALID");
    desk.post(KEYS, read_only_key("Fleet")).await.is(403).code("REAUTHENTICATION_REQUIRED");
    let code = app.code(&t, 0);
    desk.post(PROVE, json!({ "password": "a guess at it", "code": code })).await.is(401).code("INVALID_CREDENTIALS");
    let proved = prove(&desk, &code).await.is(200);
    assert_eq!(proved.at("/data/methods"), &json!(["password", "totp"]));
    prove(&desk, &code).await.is(401).code("TWO_FACTOR_INVALID");
    desk.post(KEYS, read_only_key("Fleet")).await.is(201);
    assert_eq!(methods_in_log(&t, "api_key.created").await, json!(["password", "totp"]));
    let by_backup_code = prove(&desk, &backup_codes[0]).await.is(200);
    assert_eq!(by_backup_code.at("/data/methods"), &json!(["password", "backup_code"]));
    prove(&desk, &backup_codes[0]).await.is(401).code("TWO_FACTOR_INVALID");
    assert_eq!(methods_in_log(&t, "member.reauthenticated").await, json!(["password", "backup_code"]));
}

#[tokio::test]
async fn wrong_codes_count_towards_the_limit_of_the_person() {
    let Protected { t, app, desk, .. } = protected().await;
    let mut wrong = 0;
    for _ in 0..60 {
        let refused = prove(&desk, &app.wrong(&t)).await;
        if refused.status == 429 {
            break;
        }
        refused.is(401).code("TWO_FACTOR_INVALID");
        wrong += 1;
        // The right password of each has its own limit.
        t.advance(Duration::from_secs(20)).await;
    }
    assert_eq!(wrong, 50);
    prove(&desk, &app.code(&t, 0)).await.is(429).code("RATE_LIMITED");
}

#[tokio::test]
async fn own_factors_are_changed_after_a_recent_proof_only() {
    let Protected { t, app, desk, .. } = protected().await;
    t.advance(RECENT + SECOND).await;
    desk.delete("/api/v1/auth/two-factor").await.is(403).code("REAUTHENTICATION_REQUIRED");
    desk.post(super::BACKUP_CODES, json!({})).await.is(403).code("REAUTHENTICATION_REQUIRED");
    prove(&desk, &app.code(&t, 0)).await.is(200);
    desk.post(super::BACKUP_CODES, json!({})).await.is(200);
    desk.delete("/api/v1/auth/two-factor").await.is(200);
    desk.post(super::SET_UP, json!({})).await.is(200);
    t.advance(RECENT + SECOND).await;
    desk.post(super::SET_UP, json!({})).await.is(403).code("REAUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn page_in_between_asks_for_password_and_code() {
    let Protected { t, app, .. } = protected().await;
    let owner = t.person(planeconnection::members::Role::AccountOwner).await;
    t.advance(RECENT + SECOND).await;
    let new = "/settings/api-keys/new";
    let form = [("name", "Fleet"), ("permissions", "read_only"), ("expiration", "90"), ("requests", "600"), ("seconds", "60")];
    let asked = owner.submit(new, new, &form).await.is(403).says("Verification code");
    let send = async |code: &str| {
        let hidden = asked.hidden(new);
        let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend([("reauth_password", PASSWORD), ("reauth_code", code)]);
        owner.post(new, &all).await
    };
    send("").await.is(401).says("Enter a verification code or a backup code.");
    let wrong = app.wrong(&t);
    let again = send(&wrong).await.is(401).says("This code is wrong or was already used.");
    assert_eq!(again.hidden(new), asked.hidden(new));
    assert!(!again.text.contains(&wrong));
    send(&app.code(&t, 0)).await.is(201).says("pck_");
}
