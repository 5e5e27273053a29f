//! Factors that cannot be removed: the password is long enough beside one only, or the workspace requires one.

use planeconnection::audit::AuditContext;
use planeconnection::auth;
use serde_json::json;

use super::{Protected, TWO_FACTOR, bearer, password, protected};
use crate::support::{Client, PASSWORD, Response, TestApp};

const SHORT: &str = "kiwi7xqz";
const LONG: &str = "gliders over the lake";

async fn change(client: &Client, current: &str, new: &str) -> Response {
    client.post("/api/v1/auth/password", json!({ "currentPassword": current, "newPassword": new })).await
}

#[tokio::test]
async fn eight_characters_suffice_with_a_second_factor() {
    let t = TestApp::new().await;
    let refused = change(&t.owner().await, PASSWORD, SHORT).await.is(400);
    assert!(refused.text.contains("15 to 256 characters"), "{}", refused.text);
    let Protected { t, desk, .. } = super::protect(t).await;
    let refused = change(&desk, PASSWORD, "kiwi7xq").await.is(400);
    assert!(refused.text.contains("8 to 256 characters"), "{}", refused.text);
    change(&desk, PASSWORD, "password").await.is(400).names_field("newPassword");
    change(&desk, PASSWORD, SHORT).await.is(200);
    password(&t, SHORT).await.is(401).code("TWO_FACTOR_REQUIRED");
}

#[tokio::test]
async fn factor_stays_while_the_password_is_short() {
    let Protected { t, desk, .. } = protected().await;
    let desk = bearer(&t, &change(&desk, PASSWORD, SHORT).await.is(200).text_at("/data/token"));
    let refused = desk.delete(TWO_FACTOR).await.is(409).code("CONFLICT");
    assert!(refused.text.contains("choose a longer one first"), "{}", refused.text);
    password(&t, SHORT).await.is(401).code("TWO_FACTOR_REQUIRED");
    let desk = bearer(&t, &change(&desk, SHORT, LONG).await.is(200).text_at("/data/token"));
    desk.delete(TWO_FACTOR).await.is(200);
    password(&t, LONG).await.is(200);
}

#[tokio::test]
async fn factor_stays_while_the_workspace_requires_one() {
    let Protected { t, desk, .. } = protected().await;
    let settings = json!({
        "twoFactorPolicy": "required_for_all", "graceDays": 7, "passkeysAllowed": true, "idleMinutes": 720,
        "absoluteMinutes": 10_080, "minimumPasswordLength": 15,
    });
    desk.put("/api/v1/settings/security", settings).await.is(200);
    let refused = desk.delete(TWO_FACTOR).await.is(409).code("CONFLICT");
    assert!(refused.text.contains("requires a second factor"), "{}", refused.text);
    password(&t, PASSWORD).await.is(401).code("TWO_FACTOR_REQUIRED");
}

#[tokio::test]
async fn reset_of_a_password_follows_the_rule() {
    let Protected { t, desk, .. } = protected().await;
    let owner =
        planeconnection::members::find(t.app.db.read(), t.workspace.id, t.owner.id).await.expect("a database").expect("her");
    let set = async |text: &str| {
        let by = AuditContext::operator("test");
        auth::reset_password(&t.app, &t.app.passwords, &owner, &text.to_owned().into(), by).await
    };
    set(SHORT).await.expect("a reset");
    password(&t, SHORT).await.is(401).code("TWO_FACTOR_REQUIRED");
    drop(desk);
    t.owner().await.delete(TWO_FACTOR).await.is(409);
    set(LONG).await.expect("a reset");
    t.owner().await.delete(TWO_FACTOR).await.is(200);
}
