//! Sign-ins under attack: limits of guesses, known clients, and bounds of repeated sign-ins.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::{SIGN_IN, WHOAMI};

use crate::browser::Person;
use crate::support::{Client, PASSWORD, Response, TestApp};

const EMAIL: &str = "ana@skyline.example";

async fn sign_in(client: &Client, email: &str, password: &str) -> Response {
    client.post(SIGN_IN, json!({ "email": email, "password": password })).await
}

async fn guess(t: &TestApp, from: &str) -> Response {
    // The workspace is named, because fewer hashes are computed then.
    let guess = json!({ "email": EMAIL, "password": "a guess at it", "workspace": "skyline" });
    t.anonymous().from(from).post(SIGN_IN, guess).await
}

/// The rows that are stored of known browsers and networks.
async fn known(t: &TestApp) -> i64 {
    t.number("SELECT count(*) FROM known_callers").await
}

/// Uses up the guesses for the owner's email, from addresses of documentation networks.
async fn use_up_guesses(t: &TestApp) {
    for address in 1..=5 {
        for _ in 0..10 {
            guess(t, &format!("203.0.113.{address}")).await.is(401);
        }
    }
    guess(t, "203.0.113.6").await.is(429).code("RATE_LIMITED");
}

async fn sign_in_by_page(person: &Person, password: &str) -> Response {
    person.submit("/sign-in", "/sign-in", &[("email", EMAIL), ("password", password)]).await
}

async fn failures(t: &TestApp) -> Vec<Value> {
    t.audit().await.into_iter().filter(|event| event["action"] == "member.sign_in_failed").collect()
}

#[tokio::test]
async fn guesses_do_not_lock_out_a_known_client_ip() {
    let t = TestApp::new().await;
    sign_in(&t.anonymous().from("198.51.100.7"), EMAIL, PASSWORD).await.is(200);
    sign_in(&t.anonymous().from("2001:db8:7::1"), EMAIL, PASSWORD).await.is(200);
    use_up_guesses(&t).await;
    sign_in(&t.anonymous().from("198.51.100.8"), EMAIL, PASSWORD).await.is(429);
    sign_in(&t.anonymous().from("198.51.100.7"), EMAIL, PASSWORD).await.is(200);
    sign_in(&t.anonymous().from("2001:db8:7::ffff"), EMAIL, PASSWORD).await.is(200);
    // It has fewer tries than it would have without the attack, and not none.
    for _ in 0..10 {
        guess(&t, "198.51.100.7").await.is(401);
    }
    guess(&t, "198.51.100.7").await.is(429);
}

#[tokio::test]
async fn guesses_do_not_lock_out_a_known_browser() {
    let t = TestApp::new().await;
    let ana = t.anonymous_person();
    sign_in_by_page(&ana, PASSWORD).await.redirects_to("/");
    ana.submit("/account", "/sign-out", &[]).await.redirects_to("/sign-in?after=sign-out");
    let browser = ana.cookie("planeconnection_browser").expect("a cookie that stays");
    assert!(browser.starts_with("pcd_") && browser.len() == 47, "{browser}");
    use_up_guesses(&t).await;
    // An attacker behind the same address, too.
    for number in 0..20 {
        sign_in(&t.anonymous(), &format!("user{number}@skyline.example"), "a guess at it").await.is(401);
    }
    let outsider = t.anonymous_person();
    sign_in_by_page(&outsider, PASSWORD).await.is(429);
    sign_in_by_page(&ana, "mistyped, once").await.is(401);
    sign_in_by_page(&ana, PASSWORD).await.redirects_to("/");
    assert_eq!(ana.cookie("planeconnection_browser"), Some(browser), "the browser stays the same");
}

#[tokio::test]
async fn known_browser_has_its_own_limit() {
    let t = TestApp::new().await;
    let ana = t.anonymous_person();
    sign_in_by_page(&ana, PASSWORD).await.redirects_to("/");
    ana.submit("/account", "/sign-out", &[]).await.redirects_to("/sign-in?after=sign-out");
    use_up_guesses(&t).await;
    // Ten as any address has that was used before, and ten for the browser.
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(sign_in_by_page(&ana, "a guess at it").await.status);
    }
    assert!(statuses.iter().filter(|status| **status == 401).count() <= 20, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn planted_or_invented_browser_token_is_not_known() {
    let t = TestApp::new().await;
    let planted = format!("pcd_{}", "aB3x".repeat(11).split_at(43).0);
    let ana = t.anonymous_person();
    ana.plant("planeconnection_browser", &planted);
    sign_in_by_page(&ana, PASSWORD).await.redirects_to("/");
    assert_ne!(ana.cookie("planeconnection_browser"), Some(planted.clone()));
    use_up_guesses(&t).await;
    for token in [planted.as_str(), "x", "pcd_"] {
        let mallory = t.anonymous_person().from("198.51.100.66");
        mallory.plant("planeconnection_browser", token);
        sign_in_by_page(&mallory, PASSWORD).await.is(429);
    }
}

#[tokio::test]
async fn people_who_share_a_browser_are_both_known() {
    let t = TestApp::new().await;
    let invited = json!({ "name": "Dee Patch", "email": "dee@skyline.example", "role": "pilot" });
    let url = t.owner().await.post("/api/v1/members", invited).await.is(201).text_at("/data/inviteUrl");
    let desk = t.anonymous_person();
    let code = url.split_once('#').expect("a link").1;
    desk.submit("/join", "/join", &[("code", code), ("password", "a password of hers")]).await.redirects_to("/");
    let first = desk.cookie("planeconnection_browser");
    desk.submit("/account", "/sign-out", &[]).await;
    sign_in_by_page(&desk, PASSWORD).await.redirects_to("/");
    assert!(first.is_some() && desk.cookie("planeconnection_browser") == first);
}

#[tokio::test]
async fn sign_in_to_another_workspace_does_not_make_a_client_known() {
    let t = TestApp::new().await;
    let (_, mallory) = t.other_workspace().await;
    let invited = json!({ "name": "Ana", "email": EMAIL, "role": "pilot" });
    let url = mallory.post("/api/v1/members", invited).await.is(201).text_at("/data/inviteUrl");
    let join = json!({ "token": url.split_once('#').expect("a link").1, "password": "chosen by mallory" });
    t.anonymous().post("/api/v1/auth/join", join).await.is(200);
    let elsewhere = t.anonymous().from("198.51.100.66");
    sign_in(&elsewhere, EMAIL, "chosen by mallory").await.is(200);
    use_up_guesses(&t).await;
    sign_in(&elsewhere, EMAIL, PASSWORD).await.is(401).code("INVALID_CREDENTIALS");
    sign_in(&elsewhere, EMAIL, "chosen by mallory").await.is(200);
}

#[tokio::test]
async fn removed_member_leaves_no_known_browser_behind() {
    let t = TestApp::new().await;
    sign_in(&t.anonymous().from("198.51.100.7"), EMAIL, PASSWORD).await.is(200);
    assert_eq!(known(&t).await, 1);
    let second = t.add_member(Role::AccountOwner).await;
    t.signed_in(second).await.delete(&format!("/api/v1/members/{}", t.owner.id)).await.is(200);
    assert_eq!(known(&t).await, 0);
}

#[tokio::test]
async fn known_clients_are_bounded_and_expire() {
    let t = TestApp::new().await;
    for number in 0..30 {
        t.advance(Duration::from_mins(1)).await;
        sign_in(&t.anonymous().from(&format!("198.51.100.{number}")), EMAIL, PASSWORD).await.is(200);
    }
    assert_eq!(known(&t).await, 20);
    t.advance(Duration::from_hours(180 * 24)).await;
    planeconnection::auth::forget_unused_callers(&t.app.db, t.app.clock.now()).await.expect("a sweep");
    assert_eq!(known(&t).await, 0);
}

#[tokio::test]
async fn reached_email_limit_is_recorded_once() {
    let t = TestApp::new().await;
    use_up_guesses(&t).await;
    for address in 10..60 {
        guess(&t, &format!("203.0.113.{address}")).await.is(429);
    }
    let events = failures(&t).await;
    let reached: Vec<_> = events.iter().filter(|event| event["details"]["limitReached"] == true).collect();
    assert_eq!(reached.len(), 1, "{events:?}");
    assert_eq!((&reached[0]["target"]["name"], &reached[0]["details"]["count"]), (&json!("Ana Keller"), &json!(51)));
    assert!(events.len() <= 7, "guesses of a minute are folded: {events:?}");
    let guesses: u64 = events.iter().filter(|event| event["details"]["limitReached"] != true).map(count).sum();
    assert_eq!(guesses, 50, "and counted");
    t.person(Role::AccountOwner)
        .await
        .get("/settings/audit-log?unusual=1")
        .await
        .is(200)
        .says("somebody is guessing this password");
}

fn count(event: &Value) -> u64 {
    event["details"]["count"].as_u64().unwrap_or(1)
}

#[tokio::test]
async fn correct_passwords_are_refused_past_the_sign_in_limit() {
    let t = TestApp::new().await;
    let mut counts = [0; 2];
    for _ in 0..60 {
        let answer = sign_in(&t.anonymous(), EMAIL, PASSWORD).await;
        counts[usize::from(answer.status == 200)] += 1;
        if answer.status != 200 {
            answer.is(429).code("RATE_LIMITED").header("retry-after");
        }
    }
    assert_eq!(counts, [30, 30]);
    sign_in(&t.anonymous().from("198.51.100.9"), EMAIL, PASSWORD).await.is(200);
    let (_, other) = t.other_workspace().await;
    other.get(WHOAMI).await.is(200);
    sign_in(&t.anonymous(), "ben@northwind.example", PASSWORD).await.is(200);
    t.advance(Duration::from_mins(5)).await;
    sign_in(&t.anonymous(), EMAIL, PASSWORD).await.is(200);
}

#[tokio::test]
async fn member_keeps_the_newest_twenty_sessions() {
    let t = TestApp::new().await;
    let mut clients = Vec::new();
    for _ in 0..25 {
        t.advance(Duration::from_secs(20)).await;
        let token = sign_in(&t.anonymous(), EMAIL, PASSWORD).await.is(200).text_at("/data/token");
        clients.push(t.anonymous().header("authorization", &format!("Bearer {token}")));
    }
    for (number, client) in clients.iter().enumerate() {
        client.get(WHOAMI).await.is(if number < 5 { 401 } else { 200 });
    }
    let ana = t.anonymous_person();
    t.advance(Duration::from_mins(5)).await;
    sign_in_by_page(&ana, PASSWORD).await.redirects_to("/");
    clients[5].get(WHOAMI).await.is(401).code("SESSION_INVALID");
    let events = t.audit().await;
    let ended = events
        .iter()
        .filter(|event| event["action"] == "member.signed_in")
        .filter_map(|event| event["details"]["endedSessions"].as_u64());
    assert!(ended.sum::<u64>() >= 6);
}

#[tokio::test]
async fn password_changed_during_the_check_opens_no_session() {
    let t = TestApp::new().await;
    let pair = json!({ "email": EMAIL, "password": PASSWORD });
    let client = t.anonymous();
    let change = async {
        // Once the stored hash was read, which the guess needs.
        t.tamper("UPDATE members SET password_hash = 'another hash'").await;
    };
    let (answer, ()) = tokio::join!(client.post(SIGN_IN, pair), change);
    assert!(matches!(answer.status, 200 | 401), "{}", answer.text);
    sign_in(&t.anonymous(), EMAIL, PASSWORD).await.is(401);
}
