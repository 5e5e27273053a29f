//! Emails: the outbox, an SMTP server that behaves and one that does not, and the emails that are sent.

mod digest;
mod notices;
mod resets;

use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::client::Certificate;
use planeconnection::config::Config;
use planeconnection::mail::MailSettings;
use planeconnection::members::Role;
use serde_json::json;
use testkit::{Authenticator, ReceivedMail, SIGN_IN, SMTP_USER, SmtpConduct, SmtpEncryption, SmtpServer};

use crate::support::{PASSWORD, Response, TestApp, test_config};

const NEW_PASSWORD: &str = "gliders over the lake";

pub(crate) fn settings(server: &SmtpServer) -> Config {
    let url = server.url().parse().expect("a URL");
    let mut mail = MailSettings::new(url, "Skyline Keys <keys@skyline.example>".parse().expect("a sender"));
    mail.roots = vec![Certificate::from_pem(server.certificate().as_bytes()).expect("a certificate")];
    mail.timeout = Duration::from_secs(1);
    Config { mail: Some(Arc::new(mail)), ..test_config() }
}

async fn start(encryption: SmtpEncryption) -> (SmtpServer, TestApp) {
    let server = SmtpServer::start(encryption);
    let t = TestApp::with_config(settings(&server)).await;
    (server, t)
}

async fn invite(t: &TestApp, name: &str, email: &str) -> Response {
    t.owner().await.post("/api/v1/members", json!({ "name": name, "email": email, "role": "pilot" })).await.is(201)
}

pub(crate) async fn send(t: &TestApp) {
    t.app.outbox.run(&t.app).await.expect("a run");
}

fn outcomes(t: &TestApp) -> [u64; 3] {
    t.app.outbox.outcomes().map(|(_, count)| count)
}

/// The text part of an email, decoded.
pub(crate) fn text(mail: &ReceivedMail) -> String {
    let (_, after) = mail.data.split_once("text/plain").expect("a text part");
    let (head, body) = after.split_once("\n\n").expect("a body");
    let body = body.split("\n--").next().expect("a part");
    if head.contains("quoted-printable") { unquoted(body) } else { body.to_owned() }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'=').then(|| after.get(..2)).flatten();
        if let Some(decoded) = digits.and_then(|digits| hex::decode(digits).ok()) {
            bytes.extend(decoded);
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// The code in the link of an email.
fn code(mail: &ReceivedMail, page: &str) -> String {
    let text = text(mail);
    let (_, code) = text.split_once(&format!("/{page}#")).unwrap_or_else(|| panic!("a link: {text}"));
    code.split_whitespace().next().expect("a code").to_owned()
}

#[tokio::test]
async fn invitation_is_emailed_over_every_encryption() {
    for encryption in [SmtpEncryption::None, SmtpEncryption::StartTls, SmtpEncryption::Tls] {
        let (server, t) = start(encryption).await;
        let invited = invite(&t, "Zoë Müller", "zoe@skyline.example").await;
        assert_eq!(invited.at("/data/emailed"), true);
        assert!(server.received().is_empty(), "nothing is sent by the request");
        send(&t).await;
        send(&t).await;
        let [mail] = server.received().try_into().expect("one email");
        let is_encrypted = encryption != SmtpEncryption::None;
        assert_eq!((mail.was_encrypted, mail.user.as_deref()), (is_encrypted, is_encrypted.then_some(SMTP_USER)));
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("keys@skyline.example", &["zoe@skyline.example".to_owned()][..]));
        assert!(mail.data.contains("Subject: Join Skyline Aviation on PlaneConnection"), "{}", mail.data);
        assert!(mail.data.contains("Auto-Submitted: auto-generated") && mail.data.contains("text/html"), "{}", mail.data);
        assert!(text(&mail).contains("Hello Zoë Müller"), "{}", text(&mail));
        let link = invited.text_at("/data/inviteUrl");
        assert!(text(&mail).contains(&link), "{} {link}", text(&mail));
        let join = json!({ "token": code(&mail, "join"), "password": NEW_PASSWORD });
        t.anonymous().post("/api/v1/auth/join", join).await.is(200);
        assert_eq!(outcomes(&t), [1, 0, 0]);
        assert!(t.metrics().await.contains("planeconnection_mails_total{outcome=\"sent\"} 1"));
    }
}

#[tokio::test]
async fn queued_link_is_sealed_and_deleted_afterwards() {
    let (_server, t) = start(SmtpEncryption::Tls).await;
    let url = invite(&t, "Dee Patch", "dee@skyline.example").await.text_at("/data/inviteUrl");
    let token = url.split_once('#').expect("a link").1;
    let dump = t.database.dump().await;
    assert!(!dump.windows(token.len()).any(|window| window == token.as_bytes()), "the link is in the database");
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox WHERE link IS NOT NULL").await, 1);
    send(&t).await;
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox WHERE link IS NOT NULL").await, 0);
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox WHERE sent_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn invitation_that_fails_is_not_emailed() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let taken = json!({ "name": "Ana", "email": "ana@skyline.example", "role": "pilot" });
    t.owner().await.post("/api/v1/members", taken).await.is(409);
    send(&t).await;
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn refused_recipient_is_given_up_and_a_busy_server_is_asked_again() {
    let (server, t) = start(SmtpEncryption::StartTls).await;
    server.conduct(SmtpConduct::UnknownRecipient);
    invite(&t, "Nobody", "nobody@skyline.example").await;
    send(&t).await;
    assert_eq!(outcomes(&t), [0, 1, 0]);
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox WHERE failed_at IS NOT NULL AND link IS NULL").await, 1);

    server.conduct(SmtpConduct::TryLater);
    invite(&t, "Dee Patch", "dee@skyline.example").await;
    send(&t).await;
    server.conduct(SmtpConduct::Proper);
    send(&t).await;
    assert!(server.received().is_empty(), "the pause is not over");
    t.advance(Duration::from_mins(1)).await;
    send(&t).await;
    send(&t).await;
    assert_eq!(server.received().len(), 1);
    assert_eq!(outcomes(&t), [1, 1, 0]);
}

#[tokio::test]
async fn emails_wait_for_a_server_that_cannot_be_reached() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    server.conduct(SmtpConduct::Mute);
    invite(&t, "Dee Patch", "dee@skyline.example").await;
    send(&t).await;
    assert_eq!(t.app.outbox.waiting(), 1);
    server.conduct(SmtpConduct::Proper);
    t.advance(Duration::from_secs(5)).await;
    send(&t).await;
    assert_eq!((server.received().len(), t.app.outbox.waiting()), (1, 0));
    assert_eq!(
        t.number("SELECT COUNT(*) FROM mail_outbox WHERE attempts = 1").await,
        1,
        "a failed connection counts for no email"
    );
}

#[tokio::test]
async fn email_is_not_sent_again_if_its_outcome_is_unknown() {
    for conduct in [SmtpConduct::HangUpAfterData, SmtpConduct::MuteAfterData] {
        let (server, t) = start(SmtpEncryption::None).await;
        server.conduct(conduct);
        invite(&t, "Dee Patch", "dee@skyline.example").await;
        send(&t).await;
        server.conduct(SmtpConduct::Proper);
        t.advance(Duration::from_hours(1)).await;
        send(&t).await;
        assert_eq!((server.received().len(), outcomes(&t)), (1, [0, 0, 1]), "{conduct:?}");
    }
}

#[tokio::test]
async fn attempt_of_a_killed_process_is_reported_and_not_repeated() {
    let (server, t) = start(SmtpEncryption::None).await;
    invite(&t, "Dee Patch", "dee@skyline.example").await;
    // A process was killed between the claim and the outcome.
    t.tamper("UPDATE mail_outbox SET due_at = NULL, attempts = 1, sending_at = created_at").await;
    send(&t).await;
    assert_eq!(outcomes(&t), [0, 0, 0], "another node may still be sending it");
    t.advance(Duration::from_mins(11)).await;
    send(&t).await;
    send(&t).await;
    assert_eq!((server.received().len(), outcomes(&t)), (0, [0, 0, 1]));
}

#[tokio::test]
async fn concurrent_senders_send_each_email_once() {
    let (server, t) = start(SmtpEncryption::None).await;
    for number in 0..6 {
        invite(&t, &format!("Pilot {number}"), &format!("pilot{number}@skyline.example")).await;
    }
    let other = planeconnection::mail::Outbox::default();
    let (first, second) = tokio::join!(t.app.outbox.run(&t.app), other.run(&t.app));
    first.and(second).expect("two runs");
    let mut to: Vec<String> = server.received().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, (0..6).map(|number| format!("pilot{number}@skyline.example")).collect::<Vec<_>>());
}

#[tokio::test]
async fn email_whose_link_has_expired_is_not_sent() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    invite(&t, "Dee Patch", "dee@skyline.example").await;
    t.advance(Duration::from_hours(7 * 24 + 1)).await;
    send(&t).await;
    assert_eq!((server.received().len(), outcomes(&t)), (0, [0, 1, 0]));
    t.advance(Duration::from_hours(24 * 24)).await;
    planeconnection::mail::forget_old(&t.app).await.expect("deleted");
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox").await, 0);
}

#[tokio::test]
async fn changed_password_is_announced() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    t.owner().await.post("/api/v1/auth/password", change).await.is(200);
    send(&t).await;
    let [notice] = server.received().try_into().expect("one email");
    assert_eq!(notice.to, ["ana@skyline.example"]);
    assert!(text(&notice).contains("was changed on 23 Nov 2026"), "{}", text(&notice));
}

#[tokio::test]
async fn server_without_smtp_says_so() {
    let t = TestApp::new().await;
    let invited = invite(&t, "Dee Patch", "dee@skyline.example").await;
    assert_eq!(invited.at("/data/emailed"), false);
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/settings/members/new").await.is(200).says("no email is sent");
    let anyone = t.anonymous_person();
    anyone.get("/sign-in").await.is(200).says("Ask an administrator for a link").does_not_say("/forgot-password");
    anyone.get("/forgot-password").await.is(200).says("This server sends no email");
    assert_eq!(t.number("SELECT COUNT(*) FROM mail_outbox").await, 0);
}

#[tokio::test]
async fn pages_say_that_an_email_is_sent() {
    let (_server, t) = start(SmtpEncryption::Tls).await;
    let ana = t.person(Role::AccountOwner).await;
    ana.get("/settings/members/new").await.is(200).says("They get an email with a link");
    let fields = [("name", "Dee Patch"), ("email", "dee@skyline.example"), ("role", "pilot")];
    let shown = ana.submit("/settings/members/new", "/settings/members/new", &fields).await.is(201);
    shown.says("An email with this link is on its way to dee@skyline.example").says("/join#pci_");
    t.anonymous_person().get("/sign-in").await.is(200).says("Forgot your password?");
}

#[tokio::test]
async fn sign_in_from_an_unknown_browser_and_network_is_announced() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let sign_in = async |address: &str| {
        let credentials = json!({ "email": "ana@skyline.example", "password": PASSWORD });
        let client = t.anonymous().from(address).header("user-agent", "curl/8.14.1");
        client.post(SIGN_IN, credentials).await.is(200);
        t.advance(Duration::from_secs(1)).await;
        send(&t).await;
        server.received().len()
    };
    assert_eq!(sign_in("198.51.100.7").await, 0, "the first sign-in is no news");
    assert_eq!(sign_in("198.51.100.7").await, 0);
    assert_eq!(sign_in("203.0.113.9").await, 1);
    assert_eq!(sign_in("203.0.113.9").await, 1, "known from now on");
    let [notice] = server.received().try_into().expect("one email");
    assert!(notice.data.contains("Subject: New sign-in to Skyline Aviation"), "{}", notice.data);
    let text = text(&notice);
    assert!(text.contains("203.0.113.9") && text.contains("curl"), "{text}");
}

#[tokio::test]
async fn changes_of_factors_are_announced() {
    let (server, t) = start(SmtpEncryption::Tls).await;
    let desk = t.owner().await;
    let secret = desk.post("/api/v1/auth/two-factor/setup", json!({})).await.is(200).text_at("/data/secret");
    let code = Authenticator::of(&secret).code(t.app.clock.now(), 0);
    let confirmed = desk.post("/api/v1/auth/two-factor/setup/confirm", json!({ "code": code })).await.is(200);
    let backup_code = confirmed.text_at("/data/backupCodes/0");
    t.advance(Duration::from_secs(1)).await;
    let credentials = json!({ "email": "ana@skyline.example", "password": PASSWORD });
    let challenge = t.anonymous().post(SIGN_IN, credentials).await.is(401).text_at("/error/challenge/token");
    let second = json!({ "challenge": challenge, "code": backup_code });
    t.anonymous().post("/api/v1/auth/two-factor", second).await.is(200);
    desk.delete("/api/v1/auth/two-factor").await.is(200);
    send(&t).await;
    let received = server.received();
    for subject in ["A second factor was added", "A backup code was used", "A second factor was removed"] {
        let found = received.iter().filter(|mail| mail.data.contains(&format!("Subject: {subject} for Skyline Aviation")));
        assert_eq!(found.count(), 1, "{subject}: {received:?}");
    }
    let used = received.iter().find(|mail| mail.data.contains("backup code")).expect("an email");
    assert!(text(used).contains("9 are left"), "{}", text(used));
}
