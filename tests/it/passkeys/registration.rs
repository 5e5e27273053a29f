//! Adding, renaming and removing passkeys.

use std::time::Duration;

use planeconnection::config::Config;
use planeconnection::members::Role;
use serde_json::{Value, json};
use testkit::WHOAMI;

use super::{ORIGIN, PASSKEYS, REGISTRATION, SIGN_IN_OPTIONS, app, at, event, passkey_of, sign_in, start};
use crate::support::Authenticator;

#[tokio::test]
async fn options_ask_for_a_discoverable_credential_of_a_verified_person() {
    let t = app().await;
    let ana = t.owner().await;
    let (_, options) = start(&ana, REGISTRATION).await;
    assert_eq!(options["rp"], json!({ "name": "PlaneConnection", "id": "localhost" }));
    let expected = json!({ "residentKey": "required", "requireResidentKey": true, "userVerification": "required" });
    assert_eq!(options["authenticatorSelection"], expected);
    assert_eq!((&options["attestation"], &options["excludeCredentials"]), (&json!("none"), &json!([])));
    assert_eq!(options["user"]["name"], "ana@skyline.example");
    let (_, options) = start(&t.anonymous(), SIGN_IN_OPTIONS).await;
    assert_eq!((&options["rpId"], &options["userVerification"]), (&json!("localhost"), &json!("required")));
    assert_eq!((&options["allowCredentials"], options.get("extensions")), (&json!([]), None));
}

#[tokio::test]
async fn user_handles_are_random_and_belong_to_one_member() {
    let t = app().await;
    let (ana, ben) = (t.owner().await, t.admin().await);
    let mut handles = Vec::new();
    for client in [&ana, &ana, &ben] {
        handles.push(start(client, REGISTRATION).await.1["user"]["id"].as_str().expect("a handle").to_owned());
    }
    assert_eq!(handles[0], handles[1]);
    assert_ne!(handles[0], handles[2]);
    assert_eq!(handles[0].len(), 22, "16 bytes");
    let ids = t.owner.id.0.as_bytes().to_vec();
    assert_ne!(data_encoding::BASE64URL_NOPAD.decode(handles[0].as_bytes()).expect("bytes"), ids);
}

#[tokio::test]
async fn authenticator_is_registered_once() {
    let t = app().await;
    let ana = t.owner().await;
    let (authenticator, id) = passkey_of(&ana).await;
    let (_, options) = start(&ana, REGISTRATION).await;
    let excluded = json!([{ "type": "public-key", "id": authenticator.credential_id() }]);
    assert_eq!(options["excludeCredentials"], excluded);
    // One that registers all the same, under the same credential.
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let mut forced = Authenticator::at(ORIGIN);
    let credential = forced.create(&options);
    let new = |ceremony: &str, credential: &Value| json!({ "ceremony": ceremony, "name": "Again", "credential": credential });
    ana.post(PASSKEYS, new(&ceremony, &credential)).await.is(201);
    let ben = t.admin().await;
    let (ceremony, options) = start(&ben, REGISTRATION).await;
    let again = forced.create_again(&options);
    ben.post(PASSKEYS, new(&ceremony, &again)).await.is(409).code("CONFLICT");
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    let again = forced.create_again(&options);
    ana.post(PASSKEYS, new(&ceremony, &again)).await.is(400).code("PASSKEY_INVALID");
    assert_eq!(ana.get(PASSKEYS).await.is(200).at("/data/total"), 2);
    ana.delete(&format!("{PASSKEYS}/{id}")).await.is(200);
}

#[tokio::test]
async fn passkey_is_renamed_and_removed() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, id) = passkey_of(&ana).await;
    let path = format!("{PASSKEYS}/{id}");
    assert_eq!(ana.patch(&path, json!({ "name": " Old  laptop " })).await.is(200).at("/data/name"), "Old laptop");
    ana.patch(&path, json!({ "name": "" })).await.is(400).names_field("name");
    assert_eq!(ana.get(PASSKEYS).await.is(200).items("name"), ["Old laptop"]);
    let has_factor = "SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL";
    assert_eq!(t.number(has_factor).await, 1);
    assert_eq!(ana.delete(&path).await.is(200).at("/data/name"), "Old laptop");
    assert_eq!(t.number(has_factor).await, 0);
    ana.delete(&path).await.is(404).code("NOT_FOUND");
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    t.audit_ends_with(&["member.passkey_added", "member.passkey_removed"]).await;
    let removed = event(&t, "member.passkey_removed").await;
    assert_eq!(removed["details"], json!({ "passkey": { "id": id, "name": "Old laptop" } }));
}

#[tokio::test]
async fn first_passkey_ends_the_sessions_that_began_without_it() {
    let t = app().await;
    let (ana, elsewhere) = (t.owner().await, t.owner().await);
    passkey_of(&ana).await;
    elsewhere.get(WHOAMI).await.is(401).code("SESSION_INVALID");
    assert_eq!(event(&t, "member.passkey_added").await["details"]["endedSessions"], 1);
    let later = t.owner().await;
    passkey_of(&ana).await;
    later.get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn second_factor_begins_with_the_first_passkey_and_ends_with_the_last() {
    let t = app().await;
    let ana = t.owner().await;
    let (_, first) = passkey_of(&ana).await;
    t.advance(Duration::from_mins(1)).await;
    let (_, second) = passkey_of(&ana).await;
    ana.delete(&format!("{PASSKEYS}/{first}")).await.is(200);
    let since_first = "SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL AND second_factor_at < \
                       (SELECT created_at FROM passkeys)";
    assert_eq!(t.number(since_first).await, 1);
    ana.delete(&format!("{PASSKEYS}/{second}")).await.is(200);
    assert_eq!(t.number("SELECT count(*) FROM members WHERE second_factor_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn passkeys_of_others_are_not_found() {
    let t = app().await;
    let (ana, pilot) = (t.owner().await, t.member(Role::Pilot).await);
    let (_, outsider) = t.other_workspace().await;
    let (_, id) = passkey_of(&pilot).await;
    let path = format!("{PASSKEYS}/{id}");
    for other in [&ana, &outsider] {
        other.delete(&path).await.is(404).code("NOT_FOUND");
        other.patch(&path, json!({ "name": "Mine" })).await.is(404).code("NOT_FOUND");
        assert_eq!(other.get(PASSKEYS).await.is(200).at("/data/total"), 0);
    }
    pilot.delete(&path).await.is(200);
    let key = t.with(&t.key(&["audit:read"]).await);
    key.get(PASSKEYS).await.is(403).code("PERSON_REQUIRED");
    key.post(REGISTRATION, json!({})).await.is(403).code("PERSON_REQUIRED");
}

#[tokio::test]
async fn passkey_of_a_removed_member_signs_nobody_in() {
    let t = app().await;
    let pilot = t.add_member(Role::Pilot).await;
    let (mut authenticator, _) = passkey_of(&t.signed_in(pilot.clone()).await).await;
    t.owner().await.delete(&format!("/api/v1/members/{}", pilot.id)).await.is(200);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(t.number("SELECT count(*) FROM passkeys").await, 0);
    assert_eq!(t.number("SELECT count(*) FROM passkey_users").await, 0);
}

#[tokio::test]
async fn reset_of_second_factors_removes_passkeys() {
    let t = app().await;
    let pilot = t.add_member(Role::Pilot).await;
    let (mut authenticator, _) = passkey_of(&t.signed_in(pilot.clone()).await).await;
    t.owner().await.post(&format!("/api/v1/members/{}/reset-two-factor", pilot.id), json!({})).await.is(200);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    assert_eq!(t.number("SELECT count(*) FROM passkeys").await, 0);
}

#[tokio::test]
async fn person_has_twenty_passkeys_at_most() {
    let t = app().await;
    let ana = t.owner().await;
    for _ in 0..19 {
        passkey_of(&ana).await;
    }
    let (ceremony, options) = start(&ana, REGISTRATION).await;
    // Another session adds the last one meanwhile.
    passkey_of(&t.owner().await).await;
    let new = json!({ "ceremony": ceremony, "name": "One more", "credential": Authenticator::at(ORIGIN).create(&options) });
    ana.post(PASSKEYS, new).await.is(409).code("QUOTA_EXCEEDED");
    let refused = ana.post(REGISTRATION, json!({})).await.is(409).code("QUOTA_EXCEEDED");
    assert_eq!(refused.at("/error/limit"), 20);
    passkey_of(&t.admin().await).await;
}

#[tokio::test]
async fn public_url_must_be_able_to_have_passkeys() {
    for (url, because) in [("http://127.0.0.1:8080", "is an IP address"), ("http://planes.example", "has no TLS")] {
        let t = at(url).await;
        for (client, path) in [(t.anonymous(), SIGN_IN_OPTIONS), (t.owner().await, REGISTRATION)] {
            let refused = client.post(path, json!({})).await.is(409).code("PASSKEYS_UNAVAILABLE");
            assert!(refused.text.contains(because), "{}", refused.text);
        }
        t.owner().await.get(PASSKEYS).await.is(200);
    }
}

#[tokio::test]
async fn passkeys_stay_bound_to_the_host_that_they_were_made_for() {
    let t = app().await;
    let ana = t.owner().await;
    let (mut authenticator, _) = passkey_of(&ana).await;
    let others = |rp_id| planeconnection::auth::passkeys::count_of_other_relying_parties(t.app.db.read(), rp_id);
    assert_eq!(others(Some("localhost")).await, Ok(0));
    assert_eq!((others(Some("planes.example")).await, others(None).await), (Ok(1), Ok(1)));
    let config = Config { public_url: "https://planes.example".to_owned(), ..Config::default() };
    let t = t.restarted_with(config).await;
    "https://planes.example".clone_into(&mut authenticator.origin);
    sign_in(&t.anonymous(), &mut authenticator).await.is(401).code("PASSKEY_INVALID");
    let (_, options) = start(&t.owner().await, REGISTRATION).await;
    assert_eq!(options["excludeCredentials"], json!([]), "the authenticator has none for this host");
}
