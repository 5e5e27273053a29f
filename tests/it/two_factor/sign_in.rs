//! The second step of a sign-in, and its challenges.

use std::time::Duration;

use kit::random::Random;
use planeconnection::app;
use planeconnection::audit::{AuditContext, compare};
use planeconnection::auth;
use planeconnection::router;
use serde_json::json;
use testkit::{SIGN_IN, WHOAMI};

use super::{EMAIL, Protected, TWO_FACTOR, bearer, challenge, complete, password, protected};
use crate::support::{Client, PASSWORD, test_config};

const NEW: &str = "gliders over the lake";

#[tokio::test]
async fn password_and_code_sign_in() {
    let Protected { t, app, .. } = protected().await;
    let asked = password(&t, PASSWORD).await.is(401).code("TWO_FACTOR_REQUIRED");
    assert_eq!(asked.header("cache-control"), "no-store");
    assert_eq!(asked.at("/error/challenge/methods"), &json!(["totp", "backup_code"]));
    assert_eq!(asked.at("/error/challenge/expiresAt"), "2026-11-23T09:41:00Z");
    let token = asked.text_at("/error/challenge/token");
    assert!(token.starts_with("pcc_"), "{token}");
    let session = complete(&t, &token, &app.code(&t, 0)).await.is(200);
    assert_eq!(session.header("cache-control"), "no-store");
    assert_eq!(
        (session.at("/data/member/role"), session.at("/data/workspace/slug")),
        (&json!("account_owner"), &json!("skyline"))
    );
    let client = bearer(&t, &session.text_at("/data/token"));
    client.get(WHOAMI).await.is(200);
    let sessions = client.get("/api/v1/auth/sessions").await.is(200);
    let items = sessions.at("/data/items").as_array().expect("a list").clone();
    let current = items.iter().find(|session| session["current"] == true).expect("the session");
    assert_eq!(current["methods"], json!(["password", "totp"]));
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn password_without_its_second_step_counts_as_nothing() {
    let Protected { t, .. } = protected().await;
    let count = async |table: &str| t.number(&format!("SELECT COUNT(*) FROM {table}")).await;
    let before = (count("sessions").await, count("known_callers").await, count("audit_events").await);
    for _ in 0..3 {
        challenge(&t).await;
    }
    assert_eq!((count("sessions").await, count("known_callers").await, count("audit_events").await), before);
    let outcomes: Vec<(&str, u64)> = t.app.sign_ins.outcomes().to_vec();
    assert_eq!(outcomes, [("succeeded", 0), ("failed", 0), ("limited", 0)]);
    password(&t, "not her password").await.is(401).code("INVALID_CREDENTIALS");
    // Right passwords give no further guesses.
    for _ in 0..9 {
        challenge(&t).await;
        password(&t, "not her password").await.is(401).code("INVALID_CREDENTIALS");
    }
    password(&t, PASSWORD).await.is(429);
}

#[tokio::test]
async fn challenge_works_once() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let open = challenge(&t).await;
    complete(&t, &open, &app.code(&t, 0)).await.is(200);
    complete(&t, &open, &backup_codes[0]).await.is(401).code("CHALLENGE_INVALID");
    for unknown in ["", "nonsense", &open.replace("pcc_", "pcs_"), &format!("{open}x")] {
        complete(&t, unknown, &backup_codes[0]).await.is(401).code("CHALLENGE_INVALID");
    }
    complete(&t, &challenge(&t).await, &backup_codes[0]).await.is(200);
}

#[tokio::test]
async fn challenge_ends_after_ten_minutes_and_after_five_wrong_codes() {
    let Protected { t, app, .. } = protected().await;
    let early = challenge(&t).await;
    t.advance(Duration::from_mins(10) - Duration::from_micros(1)).await;
    complete(&t, &early, &app.code(&t, 0)).await.is(200);
    let late = challenge(&t).await;
    t.advance(Duration::from_mins(10)).await;
    complete(&t, &late, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
    let open = challenge(&t).await;
    for _ in 0..5 {
        complete(&t, &open, &app.wrong(&t)).await.is(401).code("TWO_FACTOR_INVALID");
    }
    complete(&t, &open, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
    complete(&t, &challenge(&t).await, &app.code(&t, 0)).await.is(200);
    let events = t.audit().await;
    let failed: Vec<_> = events.iter().filter(|event| event["action"] == "member.two_factor_failed").collect();
    let [event] = failed[..] else { panic!("{failed:?}") };
    assert_eq!(
        (&event["outcome"], &event["actor"]["type"], &event["details"]["count"]),
        (&json!("denied"), &json!("anonymous"), &json!(5))
    );
}

#[tokio::test]
async fn changed_password_and_reset_end_challenges() {
    let Protected { t, app, desk, .. } = protected().await;
    let open = challenge(&t).await;
    let changed = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    desk.post("/api/v1/auth/password", changed).await.is(200);
    complete(&t, &open, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
    let open = password(&t, NEW).await.is(401).code("TWO_FACTOR_REQUIRED").text_at("/error/challenge/token");
    auth::reset_password(&t.app, &t.app.passwords, &t.owner, &PASSWORD.to_owned().into(), AuditContext::operator("test"))
        .await
        .expect("a reset");
    complete(&t, &open, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
    // The factor outlives both.
    complete(&t, &challenge(&t).await, &app.code(&t, 0)).await.is(200);
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn challenges_of_one_member_are_bounded() {
    let Protected { t, app, .. } = protected().await;
    let first = challenge(&t).await;
    t.advance(Duration::from_secs(1)).await;
    for minutes in 0..4 {
        for number in 0..15 {
            let input = json!({ "email": EMAIL, "password": PASSWORD });
            t.anonymous()
                .from(&format!("198.51.{minutes}.{number}"))
                .post(SIGN_IN, input)
                .await
                .is(401)
                .code("TWO_FACTOR_REQUIRED");
        }
    }
    assert_eq!(t.number("SELECT COUNT(*) FROM challenges").await, 50);
    complete(&t, &first, &app.code(&t, 0)).await.is(401).code("CHALLENGE_INVALID");
}

#[tokio::test]
async fn right_code_at_two_nodes_at_once_signs_in_once() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let other =
        app::App::open_with(test_config(), t.location(), t.app.clock.clone(), Random::seeded(9)).await.expect("a database");
    other.cluster.join("other").await.expect("a lease");
    let other = Client::on(&router::router(other));
    for code in [app.code(&t, 0), backup_codes[0].clone(), app.code(&t, 1)] {
        let (one, two) = (challenge(&t).await, challenge(&t).await);
        let at = |client: Client, challenge: String| {
            let code = code.clone();
            async move { client.post(TWO_FACTOR, json!({ "challenge": challenge, "code": code })).await.status }
        };
        let (one, two) = tokio::join!(tokio::spawn(at(t.anonymous(), one)), tokio::spawn(at(other.clone(), two)));
        let mut statuses = [one.expect("an answer"), two.expect("an answer")];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{code}");
    }
}

#[tokio::test]
async fn one_challenge_at_two_nodes_at_once_signs_in_once() {
    let Protected { t, backup_codes, .. } = protected().await;
    let open = challenge(&t).await;
    let attempts: Vec<_> = backup_codes[..4]
        .iter()
        .map(|code| {
            let (client, input) = (t.anonymous(), json!({ "challenge": open, "code": code }));
            tokio::spawn(async move { client.post(TWO_FACTOR, input).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.expect("an answer"));
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(t.number("SELECT COUNT(*) FROM backup_codes").await, 9, "the others used nothing up");
}

#[tokio::test]
async fn seat_that_has_the_password_asks_for_its_own_factor() {
    let Protected { t, app, .. } = protected().await;
    // The same person in another workspace, with another password and without a factor.
    let (other, _) = t.other_workspace().await;
    t.tamper(&format!("UPDATE members SET email = '{EMAIL}' WHERE email = 'ben@northwind.example'")).await;
    let sign_in = async |workspace: &str| {
        t.anonymous().post(SIGN_IN, json!({ "email": EMAIL, "password": PASSWORD, "workspace": workspace })).await
    };
    assert_eq!(sign_in(&other.slug).await.is(200).at("/data/workspace/slug"), "northwind");
    let open = sign_in("skyline").await.is(401).code("TWO_FACTOR_REQUIRED").text_at("/error/challenge/token");
    assert_eq!(complete(&t, &open, &app.code(&t, 0)).await.is(200).at("/data/workspace/slug"), "skyline");
    // Without a name the oldest seat with this password is meant, and its factor is asked for.
    password(&t, PASSWORD).await.is(401).code("TWO_FACTOR_REQUIRED");
}

#[tokio::test]
async fn node_of_the_version_before_cannot_read_the_hash() {
    let Protected { t, app, .. } = protected().await;
    let guarded = async || t.number("SELECT COUNT(*) FROM members WHERE password_hash LIKE '2fa:$argon2id$%'").await;
    assert_eq!(guarded().await, 1);
    assert!(argon2::password_hash::phc::PasswordHash::new("2fa:$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA").is_err());
    // Such a node sets a password with a reset link.
    t.tamper("UPDATE members SET password_hash = substr(password_hash, 5) WHERE password_hash LIKE '2fa:%'").await;
    assert_eq!(guarded().await, 0);
    complete(&t, &challenge(&t).await, &app.code(&t, 0)).await.is(200);
    auth::factors::forget_old_challenges(&t.app).await.expect("a database");
    assert_eq!(guarded().await, 1);
    complete(&t, &challenge(&t).await, &app.code(&t, 1)).await.is(200);
}

#[tokio::test]
async fn old_hash_is_renewed_when_the_second_step_succeeds() {
    use argon2::password_hash::PasswordHasher;
    let Protected { t, app, .. } = protected().await;
    let params = argon2::Params::new(8_192, 2, 1, None).expect("parameters");
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = weak.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]).expect("a hash").to_string();
    t.tamper(&format!("UPDATE members SET password_hash = '2fa:{hash}'")).await;
    let weak = async || t.number("SELECT COUNT(*) FROM members WHERE password_hash LIKE '2fa:%m=8192%'").await;
    let open = challenge(&t).await;
    assert_eq!(weak().await, 1, "nothing is renewed by the password alone");
    complete(&t, &open, &app.code(&t, 0)).await.is(200);
    assert_eq!(weak().await, 0);
    complete(&t, &challenge(&t).await, &app.code(&t, 1)).await.is(200);
}
