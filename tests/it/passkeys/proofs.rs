//! Passkeys as the second step of a sign-in and as a proof of identity.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    PASSKEYS, REAUTHENTICATE, REAUTHENTICATION, REGISTRATION, SIGN_IN, SIGN_IN_OPTIONS, app, challenge, event, passkey_of,
    sign_in, start,
};
use crate::support::PASSWORD;

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
    // A ceremony of a re-authentication does not sign in.
    let (ceremony, options) = start(&ana, REAUTHENTICATION).await;
    let proof = json!({ "ceremony": ceremony, "credential": own.get(&options) });
    t.anonymous().post(SIGN_IN, proof).await.is(401).code("CHALLENGE_INVALID");
    for neither in [json!({}), json!({ "ceremony": "pcw_x" }), json!({ "password": "x", "ceremony": "pcw_x", "credential": {} })]
    {
        ana.post(REAUTHENTICATE, neither).await.is(400).code("INVALID_REQUEST");
    }
}
