//! Settings > Security.

use planeconnection::members::Role;
use serde_json::json;

use super::{SETTINGS, give_factor, settings};
use crate::browser::Person;
use crate::passkeys;
use crate::support::{Response, TestApp};

const PAGE: &str = "/settings/security";
const PREVIEW: &str = "/settings/security/preview";

/// The fields that are filled in, with some of them changed.
const CHOSEN: [(&str, &str); 6] = [
    ("two_factor_policy", "recommended"),
    ("grace_days", "7"),
    ("passkeys_allowed", "true"),
    ("idle_minutes", "60"),
    ("absolute_minutes", "1440"),
    ("minimum_password_length", "20"),
];

/// Sends the form of an opened page, with what is hidden in it.
async fn send(person: &Person, opened: &Response, path: &str, fields: &[(&str, &str)]) -> Response {
    let hidden = opened.hidden(PREVIEW);
    let mut all: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    all.extend(fields);
    person.post(path, &all).await
}

#[tokio::test]
async fn settings_are_saved_after_their_effects_were_shown() {
    let t = TestApp::new().await;
    t.named_key("Fleet Dashboard").await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(PAGE).await.is(200).says("Two-Factor Authentication").does_not_say("What saving will do");
    // Without a preview nothing is saved.
    send(&person, &opened, PAGE, &CHOSEN).await.is(200).says("What saving will do");
    let shown = send(&person, &opened, PREVIEW, &CHOSEN).await.is(200).says("What saving will do").says("untouched");
    assert_eq!(t.owner().await.get(SETTINGS).await.json["data"], settings(json!({})));
    send(&person, &shown, PAGE, &CHOSEN).await.redirects_to("/settings/security?after=saved");
    let saved = settings(json!({
        "twoFactorPolicy": "recommended", "graceDays": 7, "idleMinutes": 60, "absoluteMinutes": 1440, "minimumPasswordLength": 20,
    }));
    assert_eq!(t.owner().await.get(SETTINGS).await.json["data"], saved);
    person.get("/settings/security?after=saved").await.says("The security settings were saved");
}

#[tokio::test]
async fn effects_on_passkeys_are_shown_before_they_are_forbidden() {
    let t = passkeys::app().await;
    passkeys::passkey_of(&t.owner().await).await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(PAGE).await;
    let without: Vec<_> = CHOSEN.into_iter().filter(|(name, _)| *name != "passkeys_allowed").collect();
    let shown = send(&person, &opened, PREVIEW, &without).await.is(200);
    shown.says("1 member has a passkey. It no longer signs them in alone.").does_not_say("Nothing ends when you save");
    send(&person, &opened, PREVIEW, &CHOSEN).await.is(200).does_not_say("no longer signs them in");
}

#[tokio::test]
async fn change_by_another_administrator_meanwhile_is_not_overwritten_unseen() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(PAGE).await;
    let shown = send(&person, &opened, PREVIEW, &CHOSEN).await.is(200);
    t.owner().await.put(SETTINGS, settings(json!({ "minimumPasswordLength": 30 }))).await.is(200);
    let conflict = send(&person, &shown, PAGE, &CHOSEN).await.is(409).says("Somebody else saved these settings");
    send(&person, &conflict, PAGE, &CHOSEN).await.redirects_to("/settings/security?after=saved");
}

#[tokio::test]
async fn strict_preset_fills_in_the_sessions_of_aal2() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(PAGE).await;
    let usual = [
        ("two_factor_policy", "optional"),
        ("grace_days", "0"),
        ("idle_minutes", "720"),
        ("absolute_minutes", "10080"),
        ("minimum_password_length", "15"),
        ("preset", "strict"),
    ];
    let shown = send(&person, &opened, PREVIEW, &usual).await.is(200);
    shown.says("value=\"60\" selected").says("value=\"1440\" selected");
}

#[tokio::test]
async fn requirement_without_a_second_factor_is_refused_with_the_reason() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let opened = person.get(PAGE).await;
    let mut required = CHOSEN;
    required[0].1 = "required_for_all";
    let shown = send(&person, &opened, PREVIEW, &required).await.is(200).says("This cannot be saved yet");
    send(&person, &shown, PAGE, &required).await.is(409).says("set up a second factor for your own account");
    let mut faulty = CHOSEN;
    faulty[5].1 = "14";
    send(&person, &opened, PREVIEW, &faulty).await.is(400).says("Give 15 to 256 characters.");
}

#[tokio::test]
async fn everyone_is_signed_out_once_the_short_name_is_typed() {
    let t = TestApp::new().await;
    let person = t.person(Role::Admin).await;
    let pilot = t.member(Role::Pilot).await;
    let action = "/settings/security/sign-out-everyone";
    person
        .submit(PAGE, action, &[("confirmation", "northwind")])
        .await
        .is(400)
        .says("Type the short name of the workspace, skyline");
    pilot.get("/api/v1/ops/trips").await.is(200);
    person.submit(PAGE, action, &[("confirmation", "skyline")]).await.redirects_to("/sign-in?after=everyone");
    person.get("/sign-in?after=everyone").await.says("Everyone was signed out");
    pilot.get("/api/v1/ops/trips").await.is(401);
}

#[tokio::test]
async fn members_page_shows_who_has_a_second_factor() {
    let t = TestApp::new().await;
    give_factor(&t, "ana@skyline.example").await;
    t.add_member(Role::Pilot).await;
    t.person(Role::Admin).await.get("/settings/members").await.says("since <time").says("<span class=\"badge warn\">None</span>");
    let listed = t.admin().await.get("/api/v1/members").await.is(200);
    let ana = listed.json["data"]["items"].as_array().and_then(|items| items.iter().find(|item| item["name"] == "Ana Keller"));
    assert_eq!(ana.map(|ana| &ana["secondFactorAt"]), Some(&json!("2026-11-20T08:00:00Z")));
}
