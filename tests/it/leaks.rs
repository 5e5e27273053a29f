//! GitHub's secret scanning: reports with right and wrong signatures, and what they do.

use std::io::Write;
use std::ops::Deref;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use data_encoding::BASE64;
use kit::http::outbound::AllowedRanges;
use planeconnection::config::Config;
use planeconnection::leaks::{KeySource, MAX_SOURCES, retry_remedies};
use planeconnection::members::Role;
use planeconnection::webhooks::WebhookSettings;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use testkit::{Receiver, Reply, SmtpEncryption, SmtpServer, WHOAMI};

use crate::mail::{send, settings, text};
use crate::support::{Response, TestApp, TestKey, test_config};

const PATH: &str = "/api/v1/secret-scanning/github";
const URL: &str = "https://github.com/skyline/website/blob/0123abcd/.env";

/// A key pair of the sender, and its identifier.
struct Signer(EcdsaKeyPair, &'static str);

static GITHUB: LazyLock<Signer> = LazyLock::new(|| Signer::new("current"));

impl Signer {
    fn new(id: &'static str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).expect("a key"), id)
    }

    fn entry(&self) -> Value {
        let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").expect("digits");
        let base64 = BASE64.encode(&[&prefix, self.0.public_key().as_ref()].concat());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &base64[..64], &base64[64..]);
        json!({ "key_identifier": self.1, "key": pem, "is_current": true })
    }

    fn sign(&self, body: &[u8]) -> String {
        BASE64.encode(self.0.sign(&SystemRandom::new(), body).expect("a signature").as_ref())
    }

    async fn report(&self, t: &TestApp, matches: &Value) -> Response {
        let body = matches.to_string();
        send_report(t, self.1, &self.sign(body.as_bytes()), body).await
    }
}

fn document(signers: &[&Signer]) -> String {
    json!({ "public_keys": signers.iter().map(|signer| signer.entry()).collect::<Vec<_>>() }).to_string()
}

async fn send_report(t: &TestApp, id: &str, signature: &str, body: String) -> Response {
    let client = t.anonymous().header("github-public-key-identifier", id).header("github-public-key-signature", signature);
    client.header("content-type", "application/json").send(Method::POST, PATH, Body::from(body)).await
}

/// A node that accepts reports by [`GITHUB`], whose public key is in a file.
struct Scanning {
    t: TestApp,
    _file: NamedTempFile,
}

impl Deref for Scanning {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.t
    }
}

async fn scanning(config: Config) -> Scanning {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(document(&[&*GITHUB]).as_bytes()).expect("a document");
    let github_keys = Some(KeySource::File(file.path().to_owned()));
    Scanning { t: TestApp::with_config(Config { github_keys, ..config }).await, _file: file }
}

fn found(key: &TestKey, url: &str) -> Value {
    json!({ "token": key.secret, "type": "planeconnection_api_key", "url": url, "source": "content" })
}

async fn leaks(t: &TestApp) -> Vec<Value> {
    t.audit().await.into_iter().filter(|event| event["action"] == "api_key.leaked").collect()
}

#[tokio::test]
async fn report_is_answered_with_a_label_for_each_match_and_recorded_without_a_use() {
    let t = scanning(test_config()).await;
    let [live, revoked] = [t.named_key("Website").await, t.named_key("Old").await];
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", revoked.id), json!({})).await.is(200);
    let elsewhere = "pck_00000000000000000000000000000000000000";
    let other = json!({ "token": elsewhere, "type": "a", "url": null, "source": "wiki", "is_new": true });
    let answer = GITHUB.report(&t, &json!([found(&live, URL), other, found(&revoked, "")])).await.is(200);
    let label = |token: &str, kind: &str, label: &str| json!({ "token_hash": hex::encode(Sha256::digest(token)), "token_type": kind, "label": label });
    let kind = "planeconnection_api_key";
    let expected = json!([
        label(&live.secret, kind, "true_positive"),
        label(elsewhere, "a", "false_positive"),
        label(&revoked.secret, kind, "true_positive"),
    ]);
    assert_eq!(answer.json, expected);
    let events = leaks(&t).await;
    let of = |key: &TestKey| events.iter().find(|event| event["target"]["id"] == key.id).expect("an event");
    let details = &of(&live)["details"];
    assert_eq!([&details["foundBy"], &details["url"], &details["live"]], [&json!("github"), &json!(URL), &json!(true)]);
    assert_eq!((&of(&revoked)["details"]["live"], events.len()), (&json!(false), 2));
    assert_eq!(of(&live)["actor"]["type"], "system");
    let owner = t.owner().await;
    let key = owner.get(&format!("/api/v1/api-keys/{}", live.id)).await.is(200);
    assert_eq!((key.at("/data/lastUsedAt"), key.at("/data/status")), (&Value::Null, &json!("active")));
    let page = t.person(Role::Admin).await.get("/settings/audit-log?unusual=1").await.is(200);
    page.says("was found in public by GitHub").says("others can read this key: revoke it").does_not_say(&live.secret);
}

#[tokio::test]
async fn report_without_the_right_signature_changes_nothing() {
    let t = scanning(test_config()).await;
    let key = t.named_key("Website").await;
    let body = json!([found(&key, URL)]).to_string();
    let (signature, stranger) = (GITHUB.sign(body.as_bytes()), Signer::new("stranger"));
    let altered = body.replace("content", "commit");
    for (id, signature, body) in [
        ("current", "", &body),
        ("", signature.as_str(), &body),
        ("stranger", &stranger.sign(body.as_bytes()), &body),
        ("current", &stranger.sign(body.as_bytes()), &body),
        ("current", &signature, &altered),
        ("current", &signature, &format!("{body} ")),
        ("current", &signature, &String::new()),
        ("current", "MEQCIQ==", &body),
    ] {
        send_report(&t, id, signature, body.clone()).await.is(403).code("SIGNATURE_INVALID");
    }
    let bare = t.anonymous().header("content-type", "application/json");
    bare.send(Method::POST, PATH, Body::from(body.clone())).await.is(403).code("SIGNATURE_INVALID");
    let twice = t.anonymous().header("github-public-key-identifier", "current").header("github-public-key-identifier", "current");
    twice.header("github-public-key-signature", &signature).send(Method::POST, PATH, Body::from(body.clone())).await.is(403);
    assert_eq!(leaks(&t).await.len(), 0);
    send_report(&t, "current", &signature, body).await.is(200);
}

#[tokio::test]
async fn signed_body_of_another_form_or_size_is_refused() {
    let t = scanning(test_config()).await;
    let key = t.named_key("Website").await;
    for body in ["", "{}", "null", "[1]", r#"[{"type":"a"}]"#, "[", &format!("[{{\"token\":\"{}\"", key.secret)] {
        let refused = send_report(&t, "current", &GITHUB.sign(body.as_bytes()), body.to_owned()).await.is(400);
        assert!(!refused.text.contains(&key.secret), "{}", refused.text);
    }
    GITHUB.report(&t, &json!([])).await.is(200);
    let many = |count: usize| json!(vec![found(&key, URL); count]);
    GITHUB.report(&t, &many(4_000)).await.is(200);
    GITHUB.report(&t, &many(8_000)).await.is(413).code("PAYLOAD_TOO_LARGE");
    GITHUB.report(&t, &json!(vec![json!({ "token": "", "type": "" }); 10_001])).await.is(413).code("PAYLOAD_TOO_LARGE");
    assert_eq!(leaks(&t).await.len(), 1, "the same place many times");
}

#[tokio::test]
async fn place_that_is_reported_again_is_recorded_once_a_day_and_places_have_a_bound() {
    let t = scanning(test_config()).await;
    let key = t.named_key("Website").await;
    let report = json!([found(&key, URL)]);
    for _ in 0..3 {
        GITHUB.report(&t, &report).await.is(200);
    }
    assert_eq!(leaks(&t).await.len(), 1);
    t.advance(Duration::from_hours(25)).await;
    GITHUB.report(&t, &report).await.is(200);
    assert_eq!(leaks(&t).await.len(), 2);
    let forks: Vec<_> = (0..200).map(|fork| found(&key, &format!("https://github.com/fork/{fork}"))).collect();
    GITHUB.report(&t, &json!(forks)).await.is(200);
    assert_eq!(leaks(&t).await.len() as u64, MAX_SOURCES + 1);
}

#[tokio::test]
async fn reports_with_a_wrong_signature_are_limited_by_address_and_those_with_a_right_one_are_not() {
    let t = scanning(test_config()).await;
    for _ in 0..100 {
        GITHUB.report(&t, &json!([])).await.is(200);
    }
    let wrong = async || send_report(&t, "current", "MEQCIQ==", "[]".to_owned()).await.status;
    let mut statuses = Vec::new();
    for _ in 0..61 {
        statuses.push(wrong().await);
    }
    assert_eq!((statuses[0], statuses[59], statuses[60]), (403, 403, 429));
    t.advance(Duration::from_mins(1)).await;
    GITHUB.report(&t, &json!([])).await.is(200);
}

#[tokio::test]
async fn server_without_keys_says_that_secret_scanning_is_off() {
    let t = TestApp::new().await;
    GITHUB.report(&t, &json!([])).await.is(404).code("SECRET_SCANNING_OFF");
}

/// A node that fetches the keys from a server.
async fn fetching(server: &Receiver) -> TestApp {
    let allowed = AllowedRanges { ranges: vec!["127.0.0.0/8".parse().expect("a block")], allows_http: true };
    let webhooks = WebhookSettings { allowed, ..WebhookSettings::default() };
    TestApp::with_config(Config { github_keys: Some(KeySource::Url(server.url())), webhooks, ..test_config() }).await
}

fn serve(server: &Receiver, signers: &[&Signer]) {
    server.answer(Reply::With(200, Vec::new(), document(signers).into_bytes()));
}

#[tokio::test]
async fn keys_are_fetched_when_they_are_needed_and_replaced_by_new_ones() {
    let (server, next) = (Receiver::start(), Signer::new("next"));
    serve(&server, &[&GITHUB]);
    let t = fetching(&server).await;
    for _ in 0..5 {
        GITHUB.report(&t, &json!([])).await.is(200);
        next.report(&t, &json!([])).await.is(403);
    }
    serve(&server, &[&next]);
    t.advance(Duration::from_mins(1)).await;
    next.report(&t, &json!([])).await.is(403);
    assert_eq!(server.count(), 1, "unknown keys ask every 15 minutes");
    t.advance(Duration::from_mins(14)).await;
    next.report(&t, &json!([])).await.is(200);
    GITHUB.report(&t, &json!([])).await.is(403).code("SIGNATURE_INVALID");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn last_known_keys_stay_while_their_server_is_away() {
    let server = Receiver::start();
    server.answer(Reply::Status(500));
    let t = fetching(&server).await;
    GITHUB.report(&t, &json!([])).await.is(503).code("OVERLOADED").header("retry-after");
    serve(&server, &[&GITHUB]);
    t.advance(Duration::from_mins(1)).await;
    GITHUB.report(&t, &json!([])).await.is(200);
    for reply in [Reply::Close, Reply::Status(429), Reply::With(200, Vec::new(), b"{\"public_keys\":[]}".to_vec())] {
        server.answer(reply);
        t.advance(Duration::from_hours(2)).await;
        GITHUB.report(&t, &json!([])).await.is(200);
    }
    assert_eq!(server.count(), 5);
}

#[tokio::test]
async fn administrators_get_one_email_about_the_live_keys_of_a_report() {
    let server = SmtpServer::start(SmtpEncryption::None);
    let t = scanning(settings(&server)).await;
    let admin = t.add_member(Role::Admin).await;
    t.add_member(Role::Pilot).await;
    let (key, old) = (t.named_key("Website & shop").await, t.named_key("Old").await);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", old.id), json!({})).await.is(200);
    let report = json!([found(&key, URL), found(&old, URL)]);
    GITHUB.report(&t, &report).await.is(200);
    GITHUB.report(&t, &report).await.is(200);
    send(&t).await;
    let sent = server.received();
    let mut to: Vec<String> = sent.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    let mut expected = [admin.email, t.owner.email.clone()];
    expected.sort();
    assert_eq!(to, expected);
    let words = text(&sent[0]);
    for expected in
        ["GitHub has found the API key “Website & shop” of Skyline Aviation", URL, &format!("/settings/api-keys/{}", key.id)]
    {
        assert!(words.contains(expected), "no {expected} in {words}");
    }
    assert!(!words.contains(&key.secret) && !words.contains("Old"), "{words}");
    GITHUB.report(&t, &json!([found(&old, "https://github.com/other")])).await.is(200);
    send(&t).await;
    assert_eq!(server.received().len(), 2, "a revoked key is no news");
}

#[tokio::test]
async fn keys_of_several_workspaces_are_recorded_each_in_its_own() {
    let t = scanning(test_config()).await;
    let key = t.named_key("Website").await;
    let (_, other) = t.other_workspace().await;
    let body = other.post("/api/v1/api-keys", crate::support::read_only_key("Northwind")).await.is(201);
    let theirs = TestKey { id: body.text_at("/data/apiKey/id"), secret: body.text_at("/data/secret") };
    GITHUB.report(&t, &json!([found(&key, URL), found(&theirs, URL)])).await.is(200);
    let events = leaks(&t).await;
    assert_eq!((events.len(), &events[0]["target"]["id"]), (1, &json!(key.id)));
    let log = other.get("/api/v1/audit-log?action=api_key.leaked").await.is(200);
    assert_eq!(log.at("/data/items/0/target/id"), &json!(theirs.id));
    t.with(&key).get(WHOAMI).await.is(200);
}

/// Sets what happens to keys that are found.
async fn on_leak(t: &TestApp, policy: &str) {
    let settings = json!({
        "maxLifetimeDays": null, "allowNoExpiration": true, "requireIpAllowlistForWrite": false, "rotateAfterDays": 90,
        "onLeak": policy,
    });
    t.owner().await.put("/api/v1/settings/api-keys/policy", settings).await.is(200);
}

#[tokio::test]
async fn policy_revokes_a_key_that_was_found_at_once() {
    let t = scanning(test_config()).await;
    on_leak(&t, "revoke").await;
    let key = t.named_key("Website").await;
    for _ in 0..2 {
        GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    }
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    t.audit_ends_with(&["api_key.leaked", "api_key.unusual", "api_key.revoked", "api_key.refused_everywhere", "api_key.denied"])
        .await;
    let shown = t.owner().await.get(&format!("/api/v1/api-keys/{}", key.id)).await.is(200);
    assert_eq!(shown.text_at("/data/revokeReason"), format!("Found in public by GitHub: {URL}"));
    assert_eq!(leaks(&t).await[0]["details"]["onLeak"], "revoke");
}

#[tokio::test]
async fn policy_pauses_a_key_once_for_each_place() {
    let t = scanning(test_config()).await;
    on_leak(&t, "pause").await;
    let key = t.named_key("Website").await;
    let resume = format!("/api/v1/api-keys/{}/resume", key.id);
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    t.owner().await.post(&resume, json!({})).await.is(200);
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    GITHUB.report(&t, &json!([found(&key, "https://github.com/fork")])).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
}

#[tokio::test]
async fn place_that_comes_again_after_a_pause_announces_no_further_one() {
    let server = SmtpServer::start(SmtpEncryption::None);
    let t = scanning(settings(&server)).await;
    on_leak(&t, "pause").await;
    let key = t.named_key("Website").await;
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    send(&t).await;
    t.owner().await.post(&format!("/api/v1/api-keys/{}/resume", key.id), json!({})).await.is(200);
    t.advance(Duration::from_hours(25)).await;
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    t.with(&key).get(WHOAMI).await.is(200);
    let mut said: Vec<_> = leaks(&t).await.iter().map(|event| event["details"]["onLeak"].clone()).collect();
    said.sort_by_key(ToString::to_string);
    assert_eq!(said, [json!("notify"), json!("pause")]);
    send(&t).await;
    let sent = server.received();
    let letters: Vec<_> = sent.iter().map(text).filter(|words| words.contains("“Website”")).collect();
    let paused = letters.iter().filter(|words| words.contains("paused until somebody resumes")).count();
    assert_eq!((letters.len(), paused), (2, 1), "{letters:?}");
}

#[tokio::test]
async fn new_place_takes_the_room_of_one_that_was_handled() {
    let t = scanning(test_config()).await;
    on_leak(&t, "pause").await;
    let key = t.named_key("Website").await;
    let forks: Vec<_> = (0..MAX_SOURCES).map(|fork| found(&key, &format!("https://github.com/fork/{fork}"))).collect();
    GITHUB.report(&t, &json!(forks)).await.is(200);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/resume", key.id), json!({})).await.is(200);
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    t.with(&key).get(WHOAMI).await.is(401).code("API_KEY_PAUSED");
    assert_eq!(leaks(&t).await.len() as u64, MAX_SOURCES + 1);
}

#[tokio::test]
async fn policy_is_carried_out_for_each_key_of_a_report() {
    let t = scanning(test_config()).await;
    on_leak(&t, "revoke").await;
    let [one, gone, two] = [t.named_key("One").await, t.named_key("Gone").await, t.named_key("Two").await];
    t.owner().await.post(&format!("/api/v1/api-keys/{}/revoke", gone.id), json!({})).await.is(200);
    GITHUB.report(&t, &json!([found(&one, URL), found(&gone, URL), found(&two, URL)])).await.is(200);
    for key in [&one, &gone, &two] {
        t.with(key).get(WHOAMI).await.is(401).code("API_KEY_REVOKED");
    }
    let events = leaks(&t).await;
    let of_gone = events.iter().find(|event| event["target"]["id"] == gone.id).expect("an event");
    assert_eq!(of_gone["details"]["onLeak"], "notify", "it was revoked before");
}

/// Reports a key that cannot be paused or revoked.
async fn report_in_vain(t: &TestApp, key: &TestKey) {
    t.database.reject_writes("UPDATE", "api_keys", "1 = 1").await;
    let status = GITHUB.report(t, &json!([found(key, URL)])).await.status;
    assert!(status >= 500, "{status}");
    assert_eq!(t.number("SELECT COUNT(*) FROM key_leak_remedies").await, 1);
}

async fn retry(t: &TestApp) {
    retry_remedies(&t.app.keys).await.expect("a run");
}

#[tokio::test]
async fn remedy_that_failed_is_carried_out_by_the_background_job() {
    let t = scanning(test_config()).await;
    for (policy, code) in [("pause", "API_KEY_PAUSED"), ("revoke", "API_KEY_REVOKED")] {
        on_leak(&t, policy).await;
        let key = t.named_key(policy).await;
        report_in_vain(&t, &key).await;
        t.advance(Duration::from_mins(1)).await;
        retry(&t).await;
        t.database.accept_writes("api_keys").await;
        retry(&t).await;
        t.with(&key).get(WHOAMI).await.is(200);
        t.advance(Duration::from_mins(1)).await;
        retry(&t).await;
        retry(&t).await;
        t.with(&key).get(WHOAMI).await.is(401).code(code);
        assert_eq!(t.number("SELECT COUNT(*) FROM key_leak_remedies").await, 0);
    }
    let events = t.audit().await;
    let of = |action: &str| events.iter().filter(|event| event["action"] == action).count();
    assert_eq!([of("api_key.leaked"), of("api_key.paused"), of("api_key.revoked")], [2, 1, 1]);
}

#[tokio::test]
async fn remedy_that_is_carried_out_at_once_leaves_nothing_to_do() {
    let t = scanning(test_config()).await;
    on_leak(&t, "pause").await;
    let key = t.named_key("Website").await;
    GITHUB.report(&t, &json!([found(&key, URL)])).await.is(200);
    assert_eq!(t.number("SELECT COUNT(*) FROM key_leak_remedies").await, 0);
    t.owner().await.post(&format!("/api/v1/api-keys/{}/resume", key.id), json!({})).await.is(200);
    t.advance(Duration::from_hours(2)).await;
    retry(&t).await;
    t.with(&key).get(WHOAMI).await.is(200);
}

#[tokio::test]
async fn remedy_is_given_up_once_the_policy_is_a_notice_only() {
    let t = scanning(test_config()).await;
    on_leak(&t, "revoke").await;
    let key = t.named_key("Website").await;
    report_in_vain(&t, &key).await;
    t.database.accept_writes("api_keys").await;
    on_leak(&t, "notify").await;
    t.advance(Duration::from_mins(1)).await;
    retry(&t).await;
    t.with(&key).get(WHOAMI).await.is(200);
    assert_eq!(t.number("SELECT COUNT(*) FROM key_leak_remedies").await, 0);
}
