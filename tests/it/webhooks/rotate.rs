//! Rotation of signing secrets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{WEBHOOKS, webhook};
use crate::support::TestApp;

#[tokio::test]
async fn old_secret_signs_for_the_overlap() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    let rotate = format!("{at}/rotate-secret");
    let before = owner.get(&at).await.is(200).text_at("/data/secretHint");
    let rotated = owner.post(&rotate, json!({})).await.is(200);
    assert_eq!(rotated.header("cache-control"), "no-store");
    let (secret, hint) = (rotated.text_at("/data/secret"), rotated.text_at("/data/webhook/secretHint"));
    assert!(secret.starts_with("whsec_") && hint != before && secret.ends_with(&hint[hint.len() - 4..]));
    assert_eq!(rotated.text_at("/data/webhook/secretRotatedAt"), "2026-11-23T09:30:00Z");
    assert_eq!(rotated.text_at("/data/webhook/previousSecretExpiresAt"), "2026-11-24T09:30:00Z");
    t.advance(Duration::from_hours(24)).await;
    let owner = t.owner().await;
    assert_eq!(*owner.get(&at).await.is(200).at("/data/previousSecretExpiresAt"), Value::Null);
    let own = json!({ "overlapHours": 168, "secret": "x".repeat(30) });
    assert_eq!(owner.post(&rotate, own).await.is(200).text_at("/data/secret"), "x".repeat(30));
    assert_eq!(t.number("SELECT COUNT(*) FROM webhook_former_secrets").await, 1, "the one that had ended is deleted");
    let events = t.audit().await;
    let event = events.iter().rfind(|event| event["action"] == "webhook.secret_rotated").expect("an event");
    assert!(!event.to_string().contains(&"x".repeat(9)), "{event}");
    assert_eq!(event["details"]["oldSignsUntil"], "2026-12-01T09:30:00Z");
}

#[tokio::test]
async fn at_most_two_old_secrets_sign_and_no_overlap_ends_them_all() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let at = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    let rotate = format!("{at}/rotate-secret");
    owner.post(&rotate, json!({ "overlapHours": 1 })).await.is(200);
    owner.post(&rotate, json!({ "overlapHours": 2 })).await.is(200);
    let hint = owner.get(&at).await.is(200).text_at("/data/secretHint");
    let refused = owner.post(&rotate, json!({})).await.is(409).code("CONFLICT");
    assert!(refused.text.contains("overlapHours 0"), "{}", refused.text);
    let kept = owner.get(&at).await.is(200);
    assert_eq!(
        (kept.text_at("/data/secretHint"), kept.text_at("/data/previousSecretExpiresAt")),
        (hint, "2026-11-23T11:30:00Z".to_owned())
    );
    t.app.clock.advance(Duration::from_mins(61));
    owner.reauthenticate().await;
    owner.post(&rotate, json!({})).await.is(200);
    let ended = owner.post(&rotate, json!({ "overlapHours": 0 })).await.is(200);
    assert_eq!(*ended.at("/data/webhook/previousSecretExpiresAt"), Value::Null);
    assert_eq!(t.number("SELECT COUNT(*) FROM webhook_former_secrets").await, 0);
}

#[tokio::test]
async fn faulty_rotations_name_their_fields() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let rotate = format!("{WEBHOOKS}/{}/rotate-secret", webhook(&owner, &["*"]).await);
    for (body, field) in [
        (json!({ "overlapHours": 169 }), "overlapHours"),
        (json!({ "overlapHours": -1 }), "overlapHours"),
        (json!({ "secret": "whsec_short" }), "secret"),
        (json!({ "overlap": 1 }), "overlap"),
    ] {
        owner.post(&rotate, body).await.is(400).names_field(field);
    }
}
