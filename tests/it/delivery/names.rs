//! Endpoints with a host name: the addresses that DNS gives, when the URL is entered and at each attempt.

use kit::http::outbound::AllowedRanges;
use planeconnection::config::Config;
use planeconnection::webhooks::WebhookSettings;
use serde_json::json;
use testkit::{DnsReply, DnsServer, Receiver};

use super::{WEBHOOKS, config, deliver, trip};
use crate::support::TestApp;

/// A node that asks this DNS server.
async fn asking(dns: &DnsServer, allowed: AllowedRanges) -> TestApp {
    let webhooks = WebhookSettings { allowed, dns_server: Some(dns.address()), ..WebhookSettings::default() };
    TestApp::with_config(Config { webhooks, ..config() }).await
}

#[tokio::test]
async fn name_that_leads_elsewhere_after_it_was_entered_is_not_connected_to() {
    let dns = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    let t = asking(&dns, AllowedRanges::default()).await;
    let owner = t.owner().await;
    let url = json!({ "url": "https://receiver.example/hook", "events": ["trip.*"] });
    let id = owner.post(WEBHOOKS, url.clone()).await.is(201).text_at("/data/webhook/id");
    dns.answer(DnsReply::by_aliases(&["inside.example."], &["8.8.8.8", "127.0.0.1"]));
    owner.post(WEBHOOKS, url).await.is(400).names_field("url");
    trip(&owner).await;
    deliver(&t).await;
    let at = format!("{WEBHOOKS}/{id}/deliveries");
    let delivery = owner.get(&at).await.is(200).text_at("/data/items/0/id");
    let shown = owner.get(&format!("{at}/{delivery}")).await.is(200);
    let error = "the host name leads to 127.0.0.1, which is not an address of the internet";
    assert_eq!(shown.at("/data/attempts/0/error"), error);
    assert_eq!(shown.text_at("/data/status"), "pending");
}

#[tokio::test]
async fn name_in_an_allowed_range_is_delivered_to_once_dns_knows_it() {
    let (dns, receiver) = (DnsServer::start(DnsReply::Code(3)), Receiver::start());
    let t = asking(&dns, config().webhooks.allowed).await;
    let owner = t.owner().await;
    let url = receiver.url().replace("127.0.0.1", "receiver.example");
    let made = owner.post(WEBHOOKS, json!({ "url": url, "events": ["trip.*"] })).await.is(201);
    assert!(made.text_at("/data/webhook/warning").contains("no address"), "{}", made.text);
    dns.answer(DnsReply::of(&["127.0.0.1"]));
    trip(&owner).await;
    deliver(&t).await;
    let [request] = &receiver.requests()[..] else { panic!("one request") };
    assert!(request.header("host").starts_with("receiver.example:"));
}
