//! Setting up an authenticator app, removing it, and new backup codes.

use planeconnection::audit::compare;
use planeconnection::config::Config;
use planeconnection::members;
use serde_json::json;
use testkit::WHOAMI;

use super::{App, BACKUP_CODES, CONFIRM, Protected, SET_UP, STEP, TWO_FACTOR, challenge, complete, password, protected, texts};
use crate::support::{PASSWORD, TestApp};

/// The stored hash of the owner's password.
async fn stored_hash(t: &TestApp, like: &str) -> bool {
    t.number(&format!("SELECT COUNT(*) FROM members WHERE password_hash LIKE '{like}'")).await == 1
}

#[tokio::test]
async fn set_up_gives_the_secret_as_text_url_and_image() {
    let t = TestApp::new().await;
    let begun = t.owner().await.post(SET_UP, json!({})).await.is(200);
    assert_eq!(begun.header("cache-control"), "no-store");
    let (secret, url) = (begun.text_at("/data/secret"), begun.text_at("/data/otpauthUrl"));
    assert_eq!(secret.len(), 32, "160 bits");
    assert_eq!(
        url,
        format!("otpauth://totp/PlaneConnection:ana%40skyline.example%20%28skyline%29?secret={secret}&issuer=PlaneConnection")
    );
    assert!(begun.text_at("/data/qrSvg").starts_with("<svg "));
    password(&t, PASSWORD).await.is(200);
    assert!(!super::actions(&t).await.iter().any(|action| action.contains("two_factor")), "nothing has taken effect");
}

#[tokio::test]
async fn first_code_enables_and_gives_ten_backup_codes() {
    let Protected { t, backup_codes, desk, .. } = protected().await;
    assert_eq!(backup_codes.len(), 10);
    assert!(backup_codes.iter().all(|code| code.len() == 29 && code.split('-').count() == 5), "{backup_codes:?}");
    let owner = members::find(t.app.db.read(), t.workspace.id, t.owner.id).await.expect("a database").expect("the owner");
    assert_eq!(owner.second_factor_at.map(|at| at.to_string()).as_deref(), Some("2026-11-23T09:30:00Z"));
    desk.get(WHOAMI).await.is(200);
    t.audit_ends_with(&["member.two_factor_enabled"]).await;
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn wrong_code_enables_nothing() {
    let t = TestApp::new().await;
    let desk = t.owner().await;
    desk.post(CONFIRM, json!({ "code": "123456" })).await.is(409).code("CONFLICT");
    let app = App::of(&desk.post(SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    for wrong in [app.wrong(&t).as_str(), "", "12345", "a code"] {
        desk.post(CONFIRM, json!({ "code": wrong })).await.is(401).code("TWO_FACTOR_INVALID");
    }
    password(&t, PASSWORD).await.is(200);
    desk.post(CONFIRM, json!({ "code": app.code(&t, 0), "more": 1 })).await.is(400);
    t.advance(120 * STEP).await;
    t.owner().await.post(CONFIRM, json!({ "code": app.code(&t, 0) })).await.is(409).code("CONFLICT");
}

#[tokio::test]
async fn set_up_ends_the_sessions_that_began_without_it() {
    let t = TestApp::new().await;
    let (desk, phone) = (t.owner().await, t.owner().await);
    let app = App::of(&desk.post(SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    phone.get(WHOAMI).await.is(200);
    desk.post(CONFIRM, json!({ "code": app.code(&t, 0) })).await.is(200);
    phone.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    desk.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn new_app_replaces_the_one_before_with_its_backup_codes() {
    let Protected { t, app: old, backup_codes, desk } = protected().await;
    let new = App::of(&desk.post(SET_UP, json!({})).await.is(200).text_at("/data/secret"));
    complete(&t, &challenge(&t).await, &old.code(&t, 0)).await.is(200);
    t.advance(STEP).await;
    let confirmed = desk.post(CONFIRM, json!({ "code": new.code(&t, 0) })).await.is(200);
    t.advance(STEP).await;
    for ended in [&old.code(&t, 0), &backup_codes[0]] {
        complete(&t, &challenge(&t).await, ended).await.is(401).code("TWO_FACTOR_INVALID");
    }
    complete(&t, &challenge(&t).await, &new.code(&t, 0)).await.is(200);
    complete(&t, &challenge(&t).await, &texts(confirmed.at("/data/backupCodes"))[0]).await.is(200);
}

#[tokio::test]
async fn disabled_factor_is_not_asked_for() {
    let Protected { t, desk, .. } = protected().await;
    assert!(stored_hash(&t, "2fa:$argon2id$%").await);
    let open = challenge(&t).await;
    desk.delete(TWO_FACTOR).await.is(200);
    complete(&t, &open, "123456").await.is(401).code("CHALLENGE_INVALID");
    password(&t, PASSWORD).await.is(200);
    assert!(stored_hash(&t, "$argon2id$%").await, "nodes of the version before accept the password again");
    desk.delete(TWO_FACTOR).await.is(409).code("CONFLICT");
    desk.post(BACKUP_CODES, json!({})).await.is(409).code("CONFLICT");
    t.audit_ends_with(&["member.two_factor_enabled", "member.two_factor_disabled"]).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM backup_codes").await, 0);
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn new_backup_codes_replace_the_ones_before() {
    let Protected { t, backup_codes, desk, .. } = protected().await;
    let new = texts(desk.post(BACKUP_CODES, json!({})).await.is(200).at("/data/backupCodes"));
    assert!(new.len() == 10 && !new.contains(&backup_codes[0]));
    complete(&t, &challenge(&t).await, &backup_codes[0]).await.is(401).code("TWO_FACTOR_INVALID");
    complete(&t, &challenge(&t).await, &new[0]).await.is(200);
    // Wrong codes are written later.
    t.audit_ends_with(&["member.backup_codes_replaced", "member.backup_code_used", "member.two_factor_failed"]).await;
}

#[tokio::test]
async fn keys_and_strangers_change_no_factors() {
    let t = TestApp::new().await;
    let key = t.with(&t.key(&["audit:read"]).await);
    for path in [SET_UP, CONFIRM, BACKUP_CODES] {
        key.post(path, json!({ "code": "1" })).await.is(403).code("PERSON_REQUIRED");
        t.anonymous().post(path, json!({})).await.is(401).code("AUTHENTICATION_REQUIRED");
    }
    key.delete(TWO_FACTOR).await.is(403).code("PERSON_REQUIRED");
}

#[tokio::test]
async fn server_without_a_secret_key_says_what_to_do() {
    let t = TestApp::with_config(Config::default()).await;
    let refused = t.owner().await.post(SET_UP, json!({})).await.is(409).code("SECRET_KEY_MISSING");
    assert!(refused.text_at("/error/message").contains("secret-key new"), "{}", refused.text);
}

#[tokio::test]
async fn database_has_neither_secret_nor_codes() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let open = challenge(&t).await;
    let hex = hex::encode(&app.0.secret);
    let dump = t.database.dump().await;
    let contains = |bytes: &[u8]| dump.windows(bytes.len()).any(|window| window == bytes);
    assert!(contains(b"skyline"), "the dump is of this database");
    assert!(!contains(&app.0.secret) && !contains(hex.as_bytes()) && !contains(app.0.base32().as_bytes()));
    for code in &backup_codes {
        assert!(!contains(code.as_bytes()) && !contains(code.replace('-', "").as_bytes()));
    }
    assert!(!contains(open.as_bytes()));
}
