//! Reading and changing the settings.

use planeconnection::audit::AuditContext;
use planeconnection::auth;
use planeconnection::auth::password::Weak;
use planeconnection::members::Role;
use serde_json::json;

use super::{SETTINGS, give_factor, settings};
use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn workspace_has_default_settings_until_they_are_changed() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    assert_eq!(admin.get(SETTINGS).await.is(200).json["data"], settings(json!({})));
    let changed = settings(json!({ "passkeysAllowed": false, "idleMinutes": 60, "minimumPasswordLength": 20 }));
    assert_eq!(admin.put(SETTINGS, changed.clone()).await.is(200).json["data"], changed);
    assert_eq!(admin.get(SETTINGS).await.is(200).json["data"], changed);
    let (_, other) = t.other_workspace().await;
    assert_eq!(other.get(SETTINGS).await.is(200).json["data"], settings(json!({})));
}

#[tokio::test]
async fn change_of_the_settings_is_audited_with_both_values() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let changed = settings(json!({ "twoFactorPolicy": "recommended", "idleMinutes": 60 }));
    admin.put(SETTINGS, changed.clone()).await.is(200);
    admin.put(SETTINGS, changed).await.is(200);
    let events = t.audit().await;
    let of_settings: Vec<_> = events.iter().filter(|event| event["action"] == "settings.security.updated").collect();
    assert_eq!(of_settings.len(), 1, "the second call changes nothing: {of_settings:?}");
    let details = json!({
        "twoFactorPolicy": { "from": "optional", "to": "recommended" },
        "idleMinutes": { "from": 720, "to": 60 },
    });
    assert_eq!((&of_settings[0]["details"], &of_settings[0]["target"]["type"]), (&details, &json!("workspace")));
}

#[tokio::test]
async fn value_out_of_range_is_refused_with_its_field() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for (field, values) in [
        ("twoFactorPolicy", [json!("required"), json!(null)]),
        ("graceDays", [json!(-1), json!(91)]),
        ("passkeysAllowed", [json!("yes"), json!(1)]),
        ("idleMinutes", [json!(14), json!(43_201)]),
        ("absoluteMinutes", [json!(59), json!(129_601)]),
        ("minimumPasswordLength", [json!(14), json!(257)]),
    ] {
        for value in values {
            let refused = admin.put(SETTINGS, settings(json!({ field: value }))).await.is(400).code("INVALID_REQUEST");
            assert_eq!(refused.at("/error/fields/0/field"), field, "{}", refused.text);
        }
    }
    let bounds =
        settings(json!({ "graceDays": 90, "idleMinutes": 43_200, "absoluteMinutes": 129_600, "minimumPasswordLength": 256 }));
    admin.put(SETTINGS, bounds).await.is(200);
    admin.put(SETTINGS, settings(json!({ "idleMinutes": 15, "absoluteMinutes": 60 }))).await.is(200);
    admin.put(SETTINGS, settings(json!({ "color": "red" }))).await.is(400);
    admin.put(SETTINGS, json!({ "graceDays": 7 })).await.is(400);
}

#[tokio::test]
async fn second_factor_is_required_only_by_an_administrator_who_has_one() {
    let t = TestApp::new().await;
    let member = t.add_member(Role::Admin).await;
    let (email, admin) = (member.email.clone(), t.signed_in(member).await);
    for policy in ["required_for_admins", "required_for_all"] {
        let required = settings(json!({ "twoFactorPolicy": policy, "graceDays": 7 }));
        admin.put(SETTINGS, required).await.is(409).code("SECOND_FACTOR_NEEDED");
    }
    give_factor(&t, &email).await;
    let required = settings(json!({ "twoFactorPolicy": "required_for_all", "graceDays": 7 }));
    let refused = admin.put(SETTINGS, required.clone()).await.is(409).code("SECOND_FACTOR_NEEDED");
    assert!(refused.text_at("/error/message").contains("account owner"), "{}", refused.text);
    give_factor(&t, "ana@skyline.example").await;
    admin.put(SETTINGS, required).await.is(200);
}

#[tokio::test]
async fn minimum_length_of_the_workspace_holds_wherever_a_password_is_chosen() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.put(SETTINGS, settings(json!({ "minimumPasswordLength": 30 }))).await.is(200);
    // 22 characters.
    let short = "quartz-ledger-swim-oat";
    let change = |new: &str| json!({ "currentPassword": PASSWORD, "newPassword": new });
    let refused = owner.post("/api/v1/auth/password", change(short)).await.is(400).names_field("newPassword");
    assert!(refused.text_at("/error/message").contains("30 to 256 characters"), "{}", refused.text);
    let invited = owner.post("/api/v1/members", json!({ "name": "Lea", "email": "lea@skyline.example", "role": "pilot" })).await;
    let token = invited.is(201).text_at("/data/inviteUrl").split_once('#').expect("a link").1.to_owned();
    let join = |password: &str| json!({ "token": token, "password": password });
    t.anonymous().post("/api/v1/auth/join", join(short)).await.is(400).names_field("password");
    t.anonymous().post("/api/v1/auth/join", join("quartz-ledger-swim-oat-and-more")).await.is(200);
    let context = AuditContext::operator("test");
    let reset = auth::reset_password(&t.app, &t.app.passwords, &t.owner, &short.to_owned().into(), context).await;
    assert!(matches!(reset, Err(auth::Error::NewPassword(Weak::Length(30)))), "{reset:?}");
    t.person(Role::Pilot).await.get("/account").await.says("30 to 256 characters");
}

#[tokio::test]
async fn eight_characters_are_enough_with_a_second_factor() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    owner.put(SETTINGS, settings(json!({ "minimumPasswordLength": 30 }))).await.is(200);
    give_factor(&t, "ana@skyline.example").await;
    let change = |new: &str| json!({ "currentPassword": PASSWORD, "newPassword": new });
    owner.post("/api/v1/auth/password", change("7 chars")).await.is(400).names_field("newPassword");
    owner.post("/api/v1/auth/password", change("oat swim")).await.is(200);
}
