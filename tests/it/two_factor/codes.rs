//! Which codes are accepted, and how often.

use serde_json::json;

use super::{App, CONFIRM, Protected, SET_UP, STEP, actions, challenge, complete, protected};
use crate::support::TestApp;

#[tokio::test]
async fn code_is_accepted_once() {
    let Protected { t, app, .. } = protected().await;
    let code = app.code(&t, 0);
    complete(&t, &challenge(&t).await, &code).await.is(200);
    complete(&t, &challenge(&t).await, &code).await.is(401).code("TWO_FACTOR_INVALID");
    complete(&t, &challenge(&t).await, &app.code(&t, -1)).await.is(401).code("TWO_FACTOR_INVALID");
    t.advance(STEP).await;
    complete(&t, &challenge(&t).await, &code).await.is(401).code("TWO_FACTOR_INVALID");
    complete(&t, &challenge(&t).await, &app.code(&t, 0)).await.is(200);
}

#[tokio::test]
async fn code_of_the_set_up_does_not_sign_in() {
    let t = TestApp::new().await;
    let desk = t.owner().await;
    let app = App::of(&desk.post(SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    let code = app.code(&t, 0);
    desk.post(CONFIRM, json!({ "code": code })).await.is(200);
    complete(&t, &challenge(&t).await, &code).await.is(401).code("TWO_FACTOR_INVALID");
    complete(&t, &challenge(&t).await, &app.code(&t, 1)).await.is(200);
}

#[tokio::test]
async fn code_is_accepted_one_step_early_or_late() {
    let Protected { t, app, .. } = protected().await;
    for (later, status) in [(-2, 401), (-1, 200), (2, 401), (1, 200)] {
        assert_eq!(complete(&t, &challenge(&t).await, &app.code(&t, later)).await.status, status, "{later}");
    }
    complete(&t, &challenge(&t).await, &app.code(&t, 0)).await.is(401);
}

#[tokio::test]
async fn code_is_read_as_people_type_it() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let code = app.code(&t, 0);
    complete(&t, &challenge(&t).await, &format!(" {} {} ", &code[..3], &code[3..])).await.is(200);
    complete(&t, &challenge(&t).await, &backup_codes[0].to_uppercase().replace('-', " ")).await.is(200);
    for text in ["", "12345", "0000000", "not a code", &"9".repeat(1_000)] {
        complete(&t, &challenge(&t).await, text).await.is(401).code("TWO_FACTOR_INVALID");
    }
}

#[tokio::test]
async fn backup_code_works_once_and_is_recorded() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let session = complete(&t, &challenge(&t).await, &backup_codes[4]).await.is(200);
    let client = super::bearer(&t, &session.text_at("/data/token"));
    let sessions = client.get("/api/v1/auth/sessions").await.is(200);
    let items = sessions.at("/data/items").as_array().expect("a list").clone();
    let current = items.iter().find(|session| session["current"] == true).expect("the session");
    assert_eq!(current["methods"], json!(["password", "backup_code"]));
    complete(&t, &challenge(&t).await, &backup_codes[4]).await.is(401).code("TWO_FACTOR_INVALID");
    let events = t.audit().await;
    let used = events.iter().find(|event| event["action"] == "member.backup_code_used").expect("an event");
    assert_eq!((&used["details"], &used["actor"]["name"]), (&json!({ "left": 9 }), &json!("Ana Keller")));
    for code in backup_codes.iter().enumerate().filter(|(at, _)| *at != 4).map(|(_, code)| code) {
        complete(&t, &challenge(&t).await, code).await.is(200);
    }
    let asked = super::password(&t, crate::support::PASSWORD).await.is(401);
    assert_eq!(asked.at("/error/challenge/methods"), &json!(["totp"]));
    complete(&t, &asked.text_at("/error/challenge/token"), &app.code(&t, 0)).await.is(200);
    assert_eq!(actions(&t).await.iter().filter(|action| *action == "member.backup_code_used").count(), 10);
}

#[tokio::test]
async fn codes_of_others_are_wrong() {
    let Protected { t, .. } = protected().await;
    let (_, ben) = t.other_workspace().await;
    let theirs = super::App::of(&ben.post(super::SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    let confirmed = ben.post(super::CONFIRM, json!({ "code": theirs.code(&t, 0) })).await.is(200);
    let code = super::texts(confirmed.at("/data/backupCodes")).remove(0);
    for code in [theirs.code(&t, 1), code] {
        complete(&t, &challenge(&t).await, &code).await.is(401).code("TWO_FACTOR_INVALID");
    }
}
