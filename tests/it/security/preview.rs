//! The effects of settings before they are saved.

use std::time::Duration;

use planeconnection::members::Role;
use serde_json::{Value, json};

use super::{SETTINGS, give_factor, settings};
use crate::support::TestApp;

const PREVIEW: &str = "/api/v1/settings/security/preview";

#[tokio::test]
async fn preview_names_members_who_would_be_locked_out_and_when() {
    let t = TestApp::new().await;
    give_factor(&t, "ana@skyline.example").await;
    let pilot = t.add_member(Role::Pilot).await;
    t.add_member(Role::Admin).await;
    let owner = t.owner().await;
    let with = async |policy: &str, days: u32| {
        owner.post(PREVIEW, settings(json!({ "twoFactorPolicy": policy, "graceDays": days }))).await.is(200).json["data"].clone()
    };
    assert_eq!(with("recommended", 0).await["lockedOutTotal"], 0);
    let admins = with("required_for_admins", 0).await;
    assert_eq!((&admins["lockedOutTotal"], &admins["lockedOut"][0]["role"]), (&json!(1), &json!("admin")));
    assert_eq!(admins["lockedOut"][0]["from"], "2026-11-23T09:30:00Z");
    let all = with("required_for_all", 7).await;
    assert_eq!(all["lockedOutTotal"], 2);
    let of_pilot = json!({
        "memberId": pilot.id, "name": pilot.name, "email": pilot.email, "role": "pilot", "from": "2026-11-30T09:30:00Z",
    });
    assert!(all["lockedOut"].as_array().is_some_and(|members| members.contains(&of_pilot)), "{all}");
    assert_eq!(all["secondFactorNeeded"], Value::Null);
    assert_eq!(owner.get(SETTINGS).await.json["data"], settings(json!({})), "nothing was saved");
}

#[tokio::test]
async fn preview_lists_sessions_that_would_end_and_keys_that_would_not() {
    let t = TestApp::new().await;
    t.named_key("Fleet Dashboard").await;
    t.advance(Duration::from_mins(90)).await;
    let admin = t.admin().await;
    let shown = admin.post(PREVIEW, settings(json!({ "idleMinutes": 60 }))).await.is(200);
    assert_eq!(
        (shown.at("/data/sessionsEndingTotal"), shown.at("/data/sessionsEnding/0/member")),
        (&json!(1), &json!("Ana Keller"))
    );
    assert_eq!(shown.at("/data/sessionsEnding/0/current"), false);
    assert_eq!(
        (shown.at("/data/keysUntouchedTotal"), shown.at("/data/keysUntouched/0/name")),
        (&json!(1), &json!("Fleet Dashboard"))
    );
    let shown = admin.post(PREVIEW, settings(json!({ "idleMinutes": 120 }))).await.is(200);
    assert_eq!(shown.at("/data/sessionsEndingTotal"), 0);
}

#[tokio::test]
async fn preview_says_that_a_second_factor_is_needed() {
    let t = TestApp::new().await;
    let shown = t.admin().await.post(PREVIEW, settings(json!({ "twoFactorPolicy": "required_for_all" }))).await.is(200);
    assert!(shown.text_at("/data/secondFactorNeeded").contains("your own account"), "{}", shown.text);
    t.admin().await.post(PREVIEW, settings(json!({ "graceDays": 91 }))).await.is(400).names_field("graceDays");
}
