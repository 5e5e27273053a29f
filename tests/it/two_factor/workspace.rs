//! Challenges and the whole workspace.

use serde_json::json;
use testkit::WHOAMI;

use super::{Protected, challenge, complete, protected};

const SIGN_OUT: &str = "/api/v1/settings/security/sign-out-everyone";

#[tokio::test]
async fn challenge_ends_when_everyone_is_signed_out() {
    let Protected { t, app, desk, .. } = protected().await;
    let open = challenge(&t).await;
    desk.post(SIGN_OUT, json!({ "revokeApiKeys": false })).await.is(200);
    complete(&t, &open, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
    desk.get(WHOAMI).await.is(401);
}
