//! URLs of webhooks: every form that leads into a network of this machine is refused when it is entered.

use std::time::Duration;

use kit::http::outbound::AllowedRanges;
use planeconnection::config::Config;
use planeconnection::webhooks::WebhookSettings;
use serde_json::json;

use super::{URL, WEBHOOKS, webhook};
use crate::support::{TestApp, test_config};

/// Hosts in forbidden ranges, in all spellings.
const FORBIDDEN_HOSTS: [&str; 43] = [
    "localhost",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127。0。0。1",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::ffff:0:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
];

/// URLs that are refused for another reason, with a word of it.
const REFUSED: [(&str, &str); 12] = [
    ("http://8.8.8.8/", "https"),
    ("ftp://8.8.8.8/", "https"),
    ("file:///etc/passwd", "https"),
    ("8.8.8.8/hook", "https"),
    ("https://", "https"),
    ("https://me@8.8.8.8/", "user name"),
    ("https://me:password@8.8.8.8/", "user name"),
    ("https://:password@8.8.8.8/", "user name"),
    ("https://8.8.8.8/#here", "fragment"),
    ("https://8.8.8.8:22/", "port"),
    ("https://8.8.8.8:80/", "port"),
    ("https://8.8.8.8:1023/", "port"),
];

#[tokio::test]
async fn urls_into_forbidden_networks_are_refused_in_every_spelling() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let known = format!("{WEBHOOKS}/{}", webhook(&owner, &["*"]).await);
    for host in FORBIDDEN_HOSTS {
        // Changes of one member have a rate limit.
        t.app.clock.advance(Duration::from_secs(3));
        for url in [format!("https://{host}/"), format!("https://{host}:8443/hook?a=b")] {
            owner.post(WEBHOOKS, json!({ "url": url, "events": ["*"] })).await.is(400).names_field("url");
            owner.patch(&known, json!({ "url": url })).await.is(400).names_field("url");
        }
    }
    assert_eq!(*owner.get(&known).await.is(200).at("/data/url"), URL);
    assert_eq!(owner.get(WEBHOOKS).await.is(200).items("id").len(), 1);
}

#[tokio::test]
async fn urls_are_refused_by_scheme_user_fragment_and_port() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for (url, word) in REFUSED {
        let refused = owner.post(WEBHOOKS, json!({ "url": url, "events": ["*"] })).await.is(400).names_field("url");
        assert!(refused.text_at("/error/message").contains(word), "{url}: {}", refused.text);
    }
    for url in ["", "   ", "https://8.8.8.8/\u{0}", &format!("https://8.8.8.8/{}", "x".repeat(2_000))] {
        owner.post(WEBHOOKS, json!({ "url": url, "events": ["*"] })).await.is(400).names_field("url");
    }
}

#[tokio::test]
async fn urls_of_the_internet_are_taken() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for url in [
        "https://8.8.8.8",
        "https://8.8.8.8:443/",
        "https://8.8.8.8:1024/",
        "https://[2606:4700::1111]/hook?a=b",
        "https://[64:ff9b::808:808]/",
    ] {
        let made = owner.post(WEBHOOKS, json!({ "url": url, "events": ["*"] })).await.is(201);
        assert_eq!(made.text_at("/data/webhook/url"), url);
    }
}

#[tokio::test]
async fn name_that_leads_nowhere_is_taken_with_a_warning() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let nowhere = json!({ "url": "https://receiver.invalid/hook", "events": ["*"] });
    let made = owner.post(WEBHOOKS, nowhere).await.is(201);
    assert!(made.text_at("/data/webhook/warning").contains("no address"), "{}", made.text);
    let at = format!("{WEBHOOKS}/{}", made.text_at("/data/webhook/id"));
    assert!(owner.get(&at).await.is(200).json["data"].get("warning").is_none());
    assert!(owner.patch(&at, json!({ "url": URL })).await.is(200).json["data"].get("warning").is_none());
    let changed = owner.patch(&at, json!({ "url": "https://other.invalid/" })).await.is(200);
    assert!(changed.text_at("/data/warning").contains("no address"));
}

fn with_ranges(ranges: &[&str], allows_http: bool) -> Config {
    let ranges = ranges.iter().map(|range| range.parse().expect("a range")).collect();
    let allowed = AllowedRanges { ranges, allows_http };
    Config { webhooks: WebhookSettings { allowed, ..WebhookSettings::default() }, ..test_config() }
}

#[tokio::test]
async fn operator_admits_ranges_and_http_for_them_only() {
    let t = TestApp::with_config(with_ranges(&["127.0.0.0/8", "10.1.0.0/16"], true)).await;
    let owner = t.owner().await;
    let status = async |url: &str| owner.post(WEBHOOKS, json!({ "url": url, "events": ["*"] })).await.status;
    for url in ["https://127.0.0.1:8443/", "http://127.0.0.1:8080/", "https://10.1.2.3/", "https://8.8.8.8/"] {
        assert_eq!(status(url).await, 201, "{url}");
    }
    for url in ["http://8.8.8.8:8080/", "https://10.2.0.1/", "https://[::1]/", "http://[::1]:8080/"] {
        assert_eq!(status(url).await, 400, "{url}");
    }
    let t = TestApp::with_config(with_ranges(&["127.0.0.0/8"], false)).await;
    let refused = t.owner().await.post(WEBHOOKS, json!({ "url": "http://127.0.0.1:8080/", "events": ["*"] })).await;
    refused.is(400).names_field("url");
}
