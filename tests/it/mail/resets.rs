//! Emailed links that reset a password.

use std::time::Duration;

use serde_json::json;
use testkit::{SIGN_IN, SmtpEncryption};

use super::{NEW_PASSWORD, code, send, start, text};
use crate::support::{PASSWORD, Response, TestApp};

/// Waits until the outbox has this many emails.
async fn queued(t: &TestApp, count: i64) {
    let waiting = async {
        while t.number("SELECT COUNT(*) FROM mail_outbox").await < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(testkit::DEADLINE, waiting).await.expect("the emails are queued");
}

async fn forget(t: &TestApp, email: &str) -> Response {
    t.anonymous_person().submit("/forgot-password", "/forgot-password", &[("email", email)]).await
}

#[tokio::test]
async fn forgotten_password_is_reset_by_an_emailed_link() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let session = t.owner().await;
    let known = forget(&t, "ana@skyline.example").await.is(200);
    queued(&t, 1).await;
    let unknown = forget(&t, "ida@skyline.example").await.is(200);
    assert_eq!(known.text.replace("ana@", "ida@").len(), unknown.text.len(), "the answers are alike");
    assert!(known.text.contains("is on its way"), "{}", known.text);
    send(&t).await;
    let [mail] = server.received().try_into().expect("one email");
    assert_eq!(mail.to, ["ana@skyline.example"]);
    // Anybody can ask for a link: until it is used, nothing has changed.
    session.get("/api/v1/auth/whoami").await.is(200);
    t.anonymous().post(SIGN_IN, json!({ "email": "ana@skyline.example", "password": PASSWORD })).await.is(200);
    t.audit_ends_with(&["member.password_reset_requested"]).await;
    let fields = [("code", code(&mail, "reset-password")), ("password", NEW_PASSWORD.to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    t.anonymous_person().submit("/reset-password", "/reset-password", &fields).await.is(303);
    session.get("/api/v1/auth/whoami").await.is(401);
    t.anonymous().post(SIGN_IN, json!({ "email": "ana@skyline.example", "password": NEW_PASSWORD })).await.is(200);
    t.anonymous_person().submit("/reset-password", "/reset-password", &fields).await.is(410);
    send(&t).await;
    let notice = server.received().pop().expect("a notice");
    assert!(notice.data.contains("Subject: Your password for Skyline Aviation was changed"), "{}", notice.data);
    assert!(text(&notice).contains("tell an administrator of Skyline Aviation at once"), "{}", text(&notice));
}

#[tokio::test]
async fn request_of_anybody_leaves_the_link_of_an_administrator() {
    let (_server, t) = start(SmtpEncryption::None).await;
    let other_owner = t.member(planeconnection::members::Role::AccountOwner).await;
    let path = format!("/api/v1/members/{}/reset-password", t.owner.id);
    let link = other_owner.post(&path, json!({})).await.is(200).text_at("/data/resetUrl");
    let request = t.app.reset_requests.admit("192.0.2.7".parse().expect("an address"), t.app.clock.ticks());
    let email = "ana@skyline.example".parse().expect("an email");
    let context = || planeconnection::audit::AuditContext::operator("test");
    planeconnection::auth::send_reset_links(&t.app, request.expect("it is admitted"), &email, context)
        .await
        .expect("carried out");
    let fields = [("code", link.split_once('#').expect("a token").1), ("password", NEW_PASSWORD)];
    t.anonymous_person().submit("/reset-password", "/reset-password", &fields).await.redirects_to("/sign-in?after=reset");
}

#[tokio::test]
async fn links_to_one_person_are_few() {
    let (server, t) = start(SmtpEncryption::None).await;
    let email = "ana@skyline.example".parse().expect("an email");
    let mut sent = Vec::new();
    for _minute in 0..60 {
        let request = t.app.reset_requests.admit("192.0.2.7".parse().expect("an address"), t.app.clock.ticks());
        let request = request.expect("it is admitted");
        let context = || planeconnection::audit::AuditContext::operator("test");
        planeconnection::auth::send_reset_links(&t.app, request, &email, context).await.expect("it is carried out");
        send(&t).await;
        sent.push(server.received().len());
        t.advance(Duration::from_mins(1)).await;
    }
    assert_eq!((sent[0], sent[4], sent[5], sent[59]), (1, 1, 2, 5));
}

#[tokio::test]
async fn requests_of_one_network_are_limited_alike() {
    let (_server, t) = start(SmtpEncryption::None).await;
    for number in 0..10 {
        forget(&t, &format!("ida{number}@skyline.example")).await.is(200);
    }
    for email in ["ana@skyline.example", "ida@skyline.example"] {
        let refused = forget(&t, email).await.is(429);
        assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    }
}
