//! A person's own sessions and password, over the API.

use std::time::Duration;

use planeconnection::audit::{AuditContext, compare};
use planeconnection::auth;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{SIGN_IN, WHOAMI};

use crate::support::{Client, PASSWORD, Response, TestApp};

const EMAIL: &str = "ana@skyline.example";
const SESSIONS: &str = "/api/v1/auth/sessions";
const OTHERS: &str = "/api/v1/auth/sessions/revoke-others";
const CHANGE: &str = "/api/v1/auth/password";
const NEW: &str = "gliders over the lake";

fn bearer(t: &TestApp, token: &str) -> Client {
    t.anonymous().header("authorization", &format!("Bearer {token}"))
}

/// Signs the owner in with this program.
async fn sign_in(t: &TestApp, program: &str) -> (String, Client) {
    let input = json!({ "email": EMAIL, "password": PASSWORD, "workspace": "skyline" });
    let token = t.anonymous().header("user-agent", program).post(SIGN_IN, input).await.is(200).text_at("/data/token");
    let client = bearer(t, &token).header("user-agent", program);
    (token, client)
}

async fn listed(client: &Client) -> Vec<Value> {
    client.get(SESSIONS).await.is(200).at("/data/items").as_array().expect("a list").clone()
}

async fn id_of_current(client: &Client) -> String {
    let current = listed(client).await.into_iter().find(|session| session["current"] == true).expect("the session");
    current["id"].as_str().expect("an id").to_owned()
}

fn change(current: &str, new: &str) -> Value {
    json!({ "currentPassword": current, "newPassword": new })
}

#[tokio::test]
async fn own_sessions_are_listed_and_nothing_of_their_tokens() {
    let t = TestApp::new().await;
    let (token, desk) = sign_in(&t, "Dispatch-Desk/3.1").await;
    sign_in(&t, "curl/8.14.1").await;
    t.member(Role::Pilot).await;
    let answer = desk.get(SESSIONS).await.is(200);
    assert_eq!((answer.at("/data/total"), answer.at("/data/per_page")), (&json!(2), &json!(20)));
    let sessions = listed(&desk).await;
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    let [current] = current[..] else { panic!("{sessions:?}") };
    let id = current["id"].as_str().expect("an id");
    assert!(id.starts_with("ses_"), "{id}");
    let expected = json!({
        "id": id, "current": true, "createdAt": "2026-11-23T09:30:00Z", "lastSeenAt": "2026-11-23T09:30:00Z",
        "ip": "192.0.2.1", "userAgent": "Dispatch-Desk/3.1", "methods": ["password"],
    });
    assert_eq!(*current, expected);
    assert!(sessions.iter().any(|session| session["userAgent"] == "curl/8.14.1"), "{sessions:?}");
    assert!(!answer.text.contains(&token) && !answer.text.contains("pcs_"), "{}", answer.text);
    assert_eq!(listed(&desk).await[0]["id"], sessions[0]["id"], "ids stay");
    assert_eq!(*desk.get("/api/v1/auth/sessions?page=2").await.is(200).at("/data/items"), json!([]));
    desk.get("/api/v1/auth/sessions?member=x").await.is(400);
}

#[tokio::test]
async fn last_use_is_written_once_a_minute() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let seen = async || {
        t.flush().await;
        let session = listed(&desk).await.remove(0);
        (session["lastSeenAt"].as_str().expect("a time").to_owned(), session["ip"].as_str().expect("an address").to_owned())
    };
    t.advance(Duration::from_secs(59)).await;
    desk.clone().from("198.51.100.9").get(WHOAMI).await.is(200);
    assert_eq!(seen().await, ("2026-11-23T09:30:00Z".to_owned(), "192.0.2.1".to_owned()));
    t.advance(Duration::from_secs(1)).await;
    desk.clone().from("198.51.100.9").get(WHOAMI).await.is(200);
    assert_eq!(seen().await, ("2026-11-23T09:31:00Z".to_owned(), "198.51.100.9".to_owned()));
    t.advance(Duration::from_secs(59)).await;
    desk.get(WHOAMI).await.is(200);
    assert_eq!(seen().await, ("2026-11-23T09:31:00Z".to_owned(), "198.51.100.9".to_owned()));
}

#[tokio::test]
async fn session_is_ended_by_its_id() {
    let t = TestApp::new().await;
    let ((_, desk), (_, phone)) = (sign_in(&t, "curl/8.14.1").await, sign_in(&t, "phone").await);
    let path = format!("{SESSIONS}/{}", id_of_current(&phone).await);
    let ended = desk.delete(&path).await.is(200);
    assert_eq!((ended.at("/data/userAgent"), ended.at("/data/current")), (&json!("phone"), &json!(false)));
    phone.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    desk.get(WHOAMI).await.is(200);
    desk.delete(&path).await.is(404).code("NOT_FOUND");
    t.audit_ends_with(&["member.session_revoked"]).await;
    let own = format!("{SESSIONS}/{}", id_of_current(&desk).await);
    desk.delete(&own).await.is(200);
    desk.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    t.audit_ends_with(&["member.session_revoked", "member.signed_out"]).await;
}

#[tokio::test]
async fn sessions_of_others_are_not_found() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let (_, outsider) = t.other_workspace().await;
    let pilot = t.member(Role::Pilot).await;
    for other in [&pilot, &outsider] {
        let path = format!("{SESSIONS}/{}", id_of_current(other).await);
        desk.delete(&path).await.is(404).code("NOT_FOUND");
        other.get(WHOAMI).await.is(200);
    }
    desk.delete("/api/v1/auth/sessions/none").await.is(404);
    assert_eq!(pilot.post(OTHERS, json!({})).await.is(200).at("/data/sessionsEnded"), 0);
    desk.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn keys_cannot_see_or_end_sessions_or_change_passwords() {
    let t = TestApp::new().await;
    let key = t.with(&t.key(&["audit:read"]).await);
    key.get(SESSIONS).await.is(403).code("PERSON_REQUIRED");
    key.delete("/api/v1/auth/sessions/ses_01h455vb4pex5vsknk084sn02q").await.is(403).code("PERSON_REQUIRED");
    key.post(OTHERS, json!({})).await.is(403).code("PERSON_REQUIRED");
    key.post(CHANGE, change(PASSWORD, NEW)).await.is(403).code("PERSON_REQUIRED");
    t.anonymous().get(SESSIONS).await.is(401).code("AUTHENTICATION_REQUIRED");
}

#[tokio::test]
async fn other_sessions_end_together() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let others = [sign_in(&t, "one").await.1, sign_in(&t, "two").await.1];
    let pilot = t.member(Role::Pilot).await;
    assert_eq!(desk.post(OTHERS, json!({})).await.is(200).at("/data/sessionsEnded"), 2);
    for other in &others {
        other.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    }
    desk.get(WHOAMI).await.is(200);
    pilot.get(WHOAMI).await.is(200);
    t.audit_ends_with(&["member.session_revoked"]).await;
    let events = t.audit().await;
    let revoked = events.iter().find(|event| event["action"] == "member.session_revoked").expect("an event");
    assert_eq!(revoked["details"], json!({ "endedSessions": 2 }));
}

#[tokio::test]
async fn changed_password_ends_other_sessions_and_renews_the_token() {
    let t = TestApp::new().await;
    let ((_, desk), (_, phone)) = (sign_in(&t, "curl/8.14.1").await, sign_in(&t, "phone").await);
    let changed = desk.post(CHANGE, change(PASSWORD, NEW)).await.is(200);
    assert_eq!(changed.header("cache-control"), "no-store");
    assert_eq!((changed.at("/data/sessionsEnded"), changed.at("/data/expiresAt")), (&json!(1), &json!("2026-11-30T09:30:00Z")));
    let renewed = bearer(&t, &changed.text_at("/data/token"));
    renewed.get(WHOAMI).await.is(200);
    for ended in [&desk, &phone] {
        ended.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    }
    let sign_in = async |password: &str| t.anonymous().post(SIGN_IN, json!({ "email": EMAIL, "password": password })).await;
    sign_in(PASSWORD).await.is(401);
    sign_in(NEW).await.is(200);
    let events = t.audit().await;
    let event = events.iter().find(|event| event["action"] == "member.password_changed").expect("an event");
    assert_eq!((&event["actor"]["name"], &event["details"]["endedSessions"]), (&json!("Ana Keller"), &json!(1)));
    let log = json!(events).to_string();
    assert!(!log.contains(PASSWORD) && !log.contains(NEW) && !log.contains("pcs_"), "{log}");
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn wrong_current_passwords_are_limited_like_sign_ins() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let guess = async || -> Response { desk.post(CHANGE, change("a guess at it", NEW)).await };
    let wrong = guess().await.is(401).code("INVALID_CREDENTIALS");
    assert!(!wrong.text.contains("a guess at it") && !wrong.text.contains(NEW), "{}", wrong.text);
    desk.get(WHOAMI).await.is(200);
    for _ in 2..=10 {
        guess().await.is(401);
    }
    let limited = guess().await.is(429).code("RATE_LIMITED");
    assert!(limited.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    desk.post(CHANGE, change(PASSWORD, NEW)).await.is(429);
    // One count for both: the form gives no further attempts to sign in.
    t.anonymous().post(SIGN_IN, json!({ "email": EMAIL, "password": "a guess at it" })).await.is(429);
    let events = t.audit().await;
    let failures: Vec<_> = events.iter().filter(|event| event["action"] == "member.sign_in_failed").collect();
    let count: u64 = failures.iter().map(|event| event["details"]["count"].as_u64().unwrap_or(1)).sum();
    assert_eq!((count, &failures[0]["actor"]["type"]), (10, &json!("anonymous")), "{failures:?}");
    assert!(!events.iter().any(|event| event["action"] == "member.password_changed"));
}

#[tokio::test]
async fn weak_new_passwords_are_refused_before_anything_is_hashed() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let too_long = "a".repeat(257);
    for new in ["", "fourteen chars", "password1234567", "Ana Keller 2026!", "Skyline Aviation 1", "planeconnection1", &too_long]
    {
        let refused = desk.post(CHANGE, change("not even the current one", new)).await.is(400).code("INVALID_REQUEST");
        refused.names_field("newPassword");
    }
    desk.post(CHANGE, change(PASSWORD, PASSWORD)).await.is(400).names_field("newPassword");
    desk.post(CHANGE, json!({ "currentPassword": PASSWORD })).await.is(400);
    desk.post(CHANGE, json!({ "currentPassword": PASSWORD, "newPassword": NEW, "repeat": NEW })).await.is(400);
    desk.get(WHOAMI).await.is(200);
    let events = t.audit().await;
    assert!(!events.iter().any(|event| event["action"] == "member.sign_in_failed"), "no guess was counted");
}

#[tokio::test]
async fn sessions_of_the_version_before_work_and_can_be_ended() {
    let t = TestApp::new().await;
    let ((_, desk), (_, phone)) = (sign_in(&t, "curl/8.14.1").await, sign_in(&t, "phone").await);
    t.tamper("UPDATE sessions SET last_seen_at = NULL, ip = NULL, user_agent = NULL, auth_time = NULL").await;
    let sessions = listed(&desk).await;
    for session in &sessions {
        assert_eq!(json!([session["lastSeenAt"], session["ip"], session["userAgent"]]), json!([null, null, null]));
    }
    t.flush().await;
    let used: Vec<_> = listed(&desk).await.into_iter().filter(|session| session["lastSeenAt"] != Value::Null).collect();
    assert_eq!(used.len(), 1, "the session that was used: {used:?}");
    let other = sessions.iter().find(|session| session["current"] == false).expect("the other session");
    desk.delete(&format!("{SESSIONS}/{}", other["id"].as_str().expect("an id"))).await.is(200);
    phone.get(WHOAMI).await.is(401).code("SESSION_INVALID");
}

#[tokio::test]
async fn reset_link_works_once_and_for_thirty_minutes() {
    let t = TestApp::new().await;
    let (_, desk) = sign_in(&t, "curl/8.14.1").await;
    let link = async || {
        let by = AuditContext::operator("test");
        auth::make_reset_link(&t.app, &t.owner, by).await.expect("a link").token.expose().to_owned()
    };
    let redeem = async |token: &str, password: &str| {
        let by = |actor| AuditContext::of(actor);
        auth::redeem_reset(&t.app, &t.app.passwords, token, &password.to_owned().into(), by).await
    };
    let password = async |password: &str| t.anonymous().post(SIGN_IN, json!({ "email": EMAIL, "password": password })).await;
    let first = link().await;
    desk.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    for no_longer in [PASSWORD, "!", ""] {
        password(no_longer).await.is(401);
    }
    let second = link().await;
    assert!(second.starts_with("pcr_") && second.len() == 47 && second != first, "{second}");
    assert!(matches!(redeem(&first, NEW).await, Err(auth::Error::ResetLink)), "a newer link replaces it");
    assert!(matches!(redeem(&second, "password1234567").await, Err(auth::Error::NewPassword(_))));
    let (one, other) = tokio::join!(redeem(&second, NEW), redeem(&second, "cranes above the river"));
    assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
    password(if one.is_ok() { NEW } else { "cranes above the river" }).await.is(200);
    let late = link().await;
    t.advance(Duration::from_mins(30)).await;
    assert!(matches!(redeem(&late, NEW).await, Err(auth::Error::ResetLink)));
    let events = t.audit().await;
    let reset = events.iter().find(|event| event["action"] == "member.password_reset").expect("an event");
    let expected = (&json!("operator"), &json!(1), &json!("2026-11-23T10:00:00Z"));
    assert_eq!((&reset["actor"]["type"], &reset["details"]["endedSessions"], &reset["details"]["linkExpiresAt"]), expected);
    let by_link = events.iter().find(|event| event["action"] == "member.password_changed").expect("an event");
    assert_eq!((&by_link["actor"]["name"], &by_link["details"]["byLink"]), (&json!("Ana Keller"), &json!(true)));
    assert!(!json!(events).to_string().contains("pcr_"));
    assert_eq!(compare(&t.app.db, t.workspace.id).await.expect("a comparison").total(), 0);
}

#[tokio::test]
async fn password_that_the_operator_sets_withdraws_an_open_link() {
    let t = TestApp::new().await;
    let token = auth::make_reset_link(&t.app, &t.owner, AuditContext::operator("test")).await.expect("a link").token;
    let by = AuditContext::operator("test");
    auth::reset_password(&t.app, &t.app.passwords, &t.owner, &PASSWORD.to_owned().into(), by).await.expect("a reset");
    assert!(auth::find_reset(&t.app, token.expose()).await.expect("a database").is_none());
    sign_in(&t, "curl/8.14.1").await;
}

#[tokio::test]
async fn reset_forgets_the_browsers_and_addresses_of_the_password_before() {
    let t = TestApp::new().await;
    let known = async || t.number("SELECT count(*) FROM known_callers").await;
    sign_in(&t, "curl/8.14.1").await;
    assert_eq!(known().await, 1);
    auth::make_reset_link(&t.app, &t.owner, AuditContext::operator("test")).await.expect("a link");
    assert_eq!(known().await, 0);
}
