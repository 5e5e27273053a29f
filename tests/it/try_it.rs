//! Read calls that a page of the documentation makes with the reader's own session.

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::limits::{Limit, Settings};
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{KEYS, PASSWORD, TRIPS};

use crate::support::{Response, TestApp, test_config};

const PATH: &str = "/docs/try?call=%2Fapi%2Fv1%2Fops%2Ftrips";
const SESSIONS: &str = "/api/v1/auth/sessions";

/// The JSON body of the call's answer.
fn body(answer: &Response) -> Value {
    serde_json::from_str(&answer.text_at("/data/body")).expect("JSON")
}

/// Asserts the status and the error code of the call's answer.
#[track_caller]
fn is_refused(answer: &Response, status: u16, code: &str) {
    assert_eq!((answer.status, answer.at("/data/status")), (200, &json!(status)), "{}", answer.text);
    assert_eq!(body(answer)["error"]["code"], code, "{}", answer.text);
}

#[tokio::test]
async fn reader_gets_what_their_role_may_see() {
    let t = TestApp::new().await;
    let trip = json!({ "tripType": "charter", "origin": "LSZH", "destination": "EGLF", "departureDate": "2026-12-05T05:00:00Z" });
    t.owner().await.post(TRIPS, trip).await.is(201);
    let dispatcher = t.person(Role::Dispatcher).await;
    let answer = dispatcher.try_it("/api/v1/ops/trips?page_size=5").await.is(200);
    assert_eq!((answer.at("/data/status"), answer.at("/data/reason")), (&json!(200), &json!("OK")));
    assert_eq!(body(&answer)["data"]["items"][0]["destination"], "EGLF");
    assert_eq!(answer.at("/data/isCut"), false);
    is_refused(&dispatcher.try_it(KEYS).await, 403, "ROLE_REQUIRED");
    let owner = t.person(Role::AccountOwner).await;
    assert_eq!(owner.try_it(KEYS).await.at("/data/status"), 200);
    is_refused(&owner.try_it("/api/v1/ops/trips?colour=red").await, 400, "INVALID_REQUEST");
}

#[tokio::test]
async fn answer_is_json_that_is_neither_kept_nor_sets_cookies() {
    let t = TestApp::new().await;
    let answer = t.person(Role::Pilot).await.try_it("/api/v1/auth/whoami").await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.headers.get("set-cookie").is_none(), "{:?}", answer.headers);
    let names: Vec<_> = answer.at("/data/headers").as_array().expect("headers").iter().map(|pair| pair[0].clone()).collect();
    assert!(names.contains(&json!("content-type")) && !names.contains(&json!("set-cookie")), "{names:?}");
}

#[tokio::test]
async fn call_has_the_request_id_of_the_page() {
    let t = TestApp::new().await;
    let answer = t.person(Role::Pilot).await.try_it(TRIPS).await.is(200);
    assert_eq!(answer.text_at("/data/requestId"), answer.header("x-request-id"));
}

#[tokio::test]
async fn call_comes_from_the_address_of_the_reader() {
    let trusted_proxies = vec!["10.0.0.0/8".parse().expect("a block")];
    let t = TestApp::with_config(Config { trusted_proxies, ..test_config() }).await;
    let person = t.person(Role::Pilot).await.from("10.0.0.1");
    t.advance(Duration::from_mins(1)).await;
    let headers = [("x-try-it", "1"), ("x-forwarded-for", "203.0.113.7"), ("user-agent", "Firefox/140")];
    person.get_with(PATH, &headers).await.is(200);
    t.flush().await;
    let sessions = body(&person.try_it(SESSIONS).await);
    let session = &sessions["data"]["items"][0];
    assert_eq!((&session["ip"], &session["userAgent"]), (&json!("203.0.113.7"), &json!("Firefox/140")), "{sessions}");
}

#[tokio::test]
async fn reader_without_a_session_calls_nothing() {
    let t = TestApp::new().await;
    let anonymous = t.anonymous_person();
    assert_eq!(anonymous.try_it(TRIPS).await.is(204).text, "");
    // A key is not taken from a cookie.
    anonymous.plant("planeconnection_session", &t.key(&["trips:read"]).await.secret);
    anonymous.try_it(TRIPS).await.is(204);
}

#[tokio::test]
async fn session_that_ended_is_named() {
    let t = TestApp::new().await;
    let person = t.person(Role::Pilot).await;
    let session = person.cookie("planeconnection_session").expect("a session");
    person.submit("/account", "/sign-out", &[]).await.redirects_to("/sign-in?after=sign-out");
    person.plant("planeconnection_session", &session);
    is_refused(&person.try_it(TRIPS).await, 401, "SESSION_INVALID");
}

#[tokio::test]
async fn another_site_cannot_make_a_call() {
    let t = TestApp::new().await;
    let person = t.person(Role::AccountOwner).await;
    for foreign in [
        &[][..],
        &[("x-try-it", "yes")],
        &[("sec-fetch-site", "same-origin")],
        &[("x-try-it", "1"), ("sec-fetch-site", "cross-site")],
        &[("x-try-it", "1"), ("sec-fetch-site", "same-site")],
        &[("x-try-it", "1"), ("origin", "https://evil.example")],
    ] {
        let refused = person.get_with(PATH, foreign).await.is(403).says("This address is for the documentation of this server");
        assert_eq!(refused.header("cache-control"), "no-store");
        // The script shows the message.
        assert_eq!(refused.header("content-type"), "application/json");
        assert_eq!(refused.at("/error/code"), "FORM_REFUSED");
    }
    person.get_with(PATH, &[("x-try-it", "1"), ("sec-fetch-site", "same-origin")]).await.is(200);
    person.get_with(PATH, &[("x-try-it", "1"), ("host", "evil.example")]).await.is(421);
    let posted = person.post_with(PATH, &[], &[("x-try-it", "1")]).await;
    assert!(matches!(posted.status, 403 | 405), "{} {}", posted.status, posted.text);
}

#[tokio::test]
async fn only_read_calls_of_the_route_table_are_made() {
    let t = TestApp::new().await;
    let person = t.person(Role::AccountOwner).await;
    for other in [
        "/api/v1/nothing",
        "/api/v1/audit-log/export?format=csv",
        "/api/v1/auth/check",
        "/api/v1/auth/check/fleet:read",
        "/api/v1/auth/sign-out",
        "/api/v1/ops%2Ftrips",
        "/api/v1/../docs",
        "/api/v1/ops/trips/../../api-keys",
    ] {
        let answer = person.try_it(other).await.is(200);
        assert_eq!(answer.at("/data/status"), 404, "{other}: {}", answer.text);
        let message = body(&answer)["error"]["message"].to_string();
        assert!(message.contains("There is no call at this address that a page can make"), "{other}: {message}");
    }
    // To the route of one key, the name of the export is an id.
    let export = person.try_it("/api/v1/api-keys/export").await.is(200);
    assert!(export.at("/data/status").as_u64().is_some_and(|status| status >= 400), "{}", export.text);
    // A value with slashes and dots is one value.
    let answer = person.try_it("/api/v1/ops/trips/by-external-id/..%2F..%2Fapi-keys").await;
    is_refused(&answer, 404, "NOT_FOUND");
    person.try_it("/api/v1/auth/whoami").await.is(200);
}

#[tokio::test]
async fn addresses_outside_the_api_are_refused() {
    let t = TestApp::new().await;
    let person = t.person(Role::AccountOwner).await;
    for outside in
        ["", "/docs", "/settings/api-keys", "/api/v2/ops/trips", "//evil.example/api/v1/x", "https://evil.example/api/v1/x"]
    {
        person.try_it(outside).await.is(400).says("must be the path of a read call");
    }
}

#[tokio::test]
async fn no_call_waits_for_a_change() {
    let t = TestApp::new().await;
    let person = t.person(Role::AccountOwner).await;
    assert_eq!(person.try_it("/api/v1/changes?after=0").await.is(200).at("/data/status"), 200);
    for waiting in ["/api/v1/changes?after=0&wait=30", "/api/v1/changes?%77ait=30"] {
        person.try_it(waiting).await.is(400).says("must not have the parameter wait");
    }
}

#[tokio::test]
async fn key_in_a_call_is_refused() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    let person = t.person(Role::AccountOwner).await;
    let mut written = key.secret.clone();
    for _ in 0..6 {
        let refused = person.try_it(&format!("/api/v1/ops/trips?external_id={written}")).await.is(400);
        assert_eq!(refused.does_not_say(&key.secret).at("/error/code"), "CREDENTIAL_IN_URL", "{written}");
        written = written.bytes().fold(String::new(), |written, byte| written + &format!("%{byte:02X}"));
    }
}

#[tokio::test]
async fn call_counts_once_towards_the_limit_of_the_member() {
    let limits = Settings::default().with(Limit::MemberReads, Some(3));
    let t = TestApp::with_config(Config { limits, ..test_config() }).await;
    let person = t.person(Role::Dispatcher).await;
    for _ in 0..3 {
        assert_eq!(person.try_it(TRIPS).await.is(200).at("/data/status"), 200);
    }
    let limited = person.try_it(TRIPS).await;
    is_refused(&limited, 429, "RATE_LIMITED");
    let headers = limited.at("/data/headers").to_string();
    assert!(headers.contains("retry-after") && headers.contains("member-reads"), "{headers}");
}

#[tokio::test]
async fn only_pages_of_read_calls_have_a_form() {
    let t = TestApp::new().await;
    let read = t.anonymous().get("/docs/api/list-trips").await.is(200).text;
    for part in [
        "data-call=\"/api/v1/ops/trips\" hidden>",
        "href=\"/sign-in?next=/docs/api/list-trips%23try-it\"",
        "<select id=\"try-status\" name=\"status\" data-in=\"query\">",
        "data-newest-key data-scopes=\"trips:read\" hidden>",
    ] {
        assert!(read.contains(part), "no {part} in {read}");
    }
    let place = |text: &str| read.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(place("curl -sS") < place("id=\"try-it\"") && place("id=\"try-it\"") < place("id=\"parameters\""), "{read}");
    let one = t.anonymous().get("/docs/api/get-trip").await.is(200).text;
    assert!(one.contains("<label for=\"try-id\">id (required)</label>"), "{one}");
    let write = t.anonymous().get("/docs/api/create-trip").await.is(200).text;
    assert!(write.contains("data-scopes=\"trips:write\"") && !write.contains("try-it"), "{write}");
    for path in ["/docs/api/list-trips.md", "/llms.txt", "/docs", "/docs/api/export-api-keys", "/docs/api/check-a-credential"] {
        let text = t.anonymous().get(path).await.is(200).text;
        assert!(!text.contains("try-it") && !text.contains("data-call"), "{path}: {text}");
    }
}

#[tokio::test]
async fn sign_in_leads_back_to_the_page_of_the_call() {
    let t = TestApp::new().await;
    let page = "/sign-in?next=/docs/api/list-trips%23try-it";
    let fields = [("email", "ana@skyline.example"), ("password", PASSWORD)];
    t.anonymous_person().submit(page, "/sign-in", &fields).await.redirects_to("/docs/api/list-trips#try-it");
    // The call itself is no page.
    let page = format!("/sign-in?next={}", PATH.replace('%', "%25"));
    t.anonymous_person().submit(&page, "/sign-in", &fields).await.redirects_to("/");
}
