//! Password rules in every interface, and the compatibility of stored hashes.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use planeconnection::audit::AuditContext;
use planeconnection::members::{self, AddMember, Role};
use serde_json::json;
use testkit::SIGN_IN;

use crate::support::{Client, EmptyApp, PASSWORD, Response, TestApp};

const EMAIL: &str = "ana@skyline.example";

/// Refused everywhere, for a person "Dee Patch" with the email dee.patch@skyline.example in the workspace "Skyline Aviation".
const REFUSED: [&str; 12] = [
    "password1234567",
    "Password1234567",
    "passwordpassword",
    "qwertyuiop12345",
    "aaaaaaaaaaaaaaa",
    "abcdefghijklmno",
    "123456789012345",
    "               ",
    "dee.patch@skyline.example",
    "DeePatch2026!!!",
    "Skyline Aviation",
    "planeconnection1",
];

async fn sign_in(client: &Client, password: &str) -> Response {
    client.post(SIGN_IN, json!({ "email": EMAIL, "password": password })).await
}

async fn invite(t: &TestApp) -> String {
    let invited = json!({ "name": "Dee Patch", "email": "dee.patch@skyline.example", "role": "pilot" });
    let url = t.owner().await.post("/api/v1/members", invited).await.is(201).text_at("/data/inviteUrl");
    url.split_once('#').expect("a link").1.to_owned()
}

fn hash(password: &str, memory: u32) -> String {
    let params = Params::new(memory, 2, 1, None).expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_with_salt(password.as_bytes(), &[7; 16]).expect("a hash").to_string()
}

async fn stored_hash(t: &TestApp) -> String {
    let seats = members::with_password(t.app.db.read(), EMAIL, None).await.expect("a database");
    seats.into_iter().next().expect("a seat").1
}

#[tokio::test]
async fn common_passwords_are_refused_by_api_and_page() {
    let t = TestApp::new().await;
    let token = invite(&t).await;
    for password in REFUSED {
        let refused = t.anonymous().post("/api/v1/auth/join", json!({ "token": token, "password": password })).await;
        let refused = refused.is(400).code("INVALID_REQUEST").names_field("password");
        assert!(refused.text.contains("choose another"), "{}", refused.text);
        let dee = t.anonymous_person();
        let page = dee.submit("/join", "/join", &[("code", &token), ("password", password)]).await.is(400);
        let page = page.reports("password").says("choose another");
        // For password managers, a field has the email of the invitation; no field has the password.
        if password != "dee.patch@skyline.example" {
            page.does_not_say(&format!("value=\"{password}\""));
        }
    }
    t.anonymous().post("/api/v1/auth/join", json!({ "token": token, "password": "gliders over the lake" })).await.is(200);
}

#[tokio::test]
async fn common_passwords_are_refused_by_commands() {
    let t = TestApp::new().await;
    for password in REFUSED {
        let input = AddMember {
            name: "Dee Patch".parse().expect("a name"),
            email: "dee.patch@skyline.example".parse().expect("an email"),
            role: Role::Pilot,
        };
        let (by, chosen) = (AuditContext::operator("test"), password.to_owned().into());
        let added = members::add(&t.app, &t.app.passwords, t.workspace.id, by, input, chosen).await;
        assert!(matches!(added, Err(members::Error::Password(_))), "{password}: {added:?}");
    }
}

#[tokio::test]
async fn common_passwords_are_refused_by_setup() {
    let t = EmptyApp::new().await;
    let code = planeconnection::workspaces::offer(&t.app).await.expect("a database").expect("a link").expose().to_owned();
    let ana = t.anonymous_person();
    for password in ["password1234567", "SkylineAviation1", "ana@skyline.example", "aaaaaaaaaaaaaaa"] {
        let fields = [
            ("code", code.as_str()),
            ("name", "Skyline Aviation"),
            ("owner_name", "Ana Keller"),
            ("email", EMAIL),
            ("password", password),
        ];
        ana.submit("/setup", "/setup", &fields).await.is(400).reports("password").says("choose another");
    }
}

#[tokio::test]
async fn weak_password_of_an_existing_member_still_signs_in() {
    let t = TestApp::new().await;
    for password in ["password1234", "            ", "aaaaaaaaaaaa"] {
        t.tamper(&format!("UPDATE members SET password_hash = '{}'", hash(password, 19_456))).await;
        sign_in(&t.anonymous(), password).await.is(200);
    }
}

#[tokio::test]
async fn password_is_unicode_normalized() {
    let t = TestApp::new().await;
    let token = invite(&t).await;
    let join = json!({ "token": token, "password": "cafe\u{301} ﬁve o'clock" });
    t.anonymous().post("/api/v1/auth/join", join).await.is(200);
    for typed in ["caf\u{e9} five o'clock", "cafe\u{301} ﬁve o'clock"] {
        let credentials = json!({ "email": "dee.patch@skyline.example", "password": typed });
        t.anonymous().post(SIGN_IN, credentials).await.is(200);
    }
    // Fourteen characters, of fifteen code points.
    let token = {
        let again = json!({ "name": "Eve", "email": "eve@skyline.example", "role": "pilot" });
        let url = t.owner().await.post("/api/v1/members", again).await.is(201).text_at("/data/inviteUrl");
        url.split_once('#').expect("a link").1.to_owned()
    };
    let short = json!({ "token": token, "password": "cafe\u{301} o'clock 1" });
    t.anonymous().post("/api/v1/auth/join", short).await.is(400).names_field("password");
}

#[tokio::test]
async fn hash_of_an_unnormalized_password_works_and_is_renewed() {
    let t = TestApp::new().await;
    t.tamper(&format!("UPDATE members SET password_hash = '{}'", hash("cafe\u{301} au lait please", 19_456))).await;
    sign_in(&t.anonymous(), "caf\u{e9} au lait please").await.is(401);
    sign_in(&t.anonymous(), "cafe\u{301} au lait please").await.is(200);
    for typed in ["caf\u{e9} au lait please", "cafe\u{301} au lait please"] {
        sign_in(&t.anonymous(), typed).await.is(200);
    }
}

#[tokio::test]
async fn hash_with_lower_parameters_is_renewed_only_at_sign_in() {
    let t = TestApp::new().await;
    let old = hash(PASSWORD, 8_192);
    t.tamper(&format!("UPDATE members SET password_hash = '{old}'")).await;
    sign_in(&t.anonymous(), "a wrong password").await.is(401);
    assert_eq!(stored_hash(&t).await, old);
    sign_in(&t.anonymous(), PASSWORD).await.is(200);
    let renewed = stored_hash(&t).await;
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    sign_in(&t.anonymous(), PASSWORD).await.is(200);
    assert_eq!(stored_hash(&t).await, renewed, "once");
}

#[tokio::test]
async fn overlong_password_is_wrong() {
    let t = TestApp::new().await;
    for password in ["x".repeat(4_000), "\u{fdfa}".repeat(2_000), String::new()] {
        sign_in(&t.anonymous(), &password).await.is(401).code("INVALID_CREDENTIALS");
    }
}
