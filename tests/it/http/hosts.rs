//! Accepted host names, and access to metrics.

use planeconnection::config::Config;

use crate::support::TestApp;

async fn app() -> TestApp {
    let public_url = "https://keys.skyline.example".to_owned();
    let (allowed_hosts, trusted_proxies) = (vec!["plane.lan".to_owned()], vec!["10.0.0.0/8".parse().expect("a block")]);
    TestApp::with_config(Config { public_url, allowed_hosts, trusted_proxies, ..Config::default() }).await
}

#[tokio::test]
async fn page_with_a_foreign_host_is_refused() {
    let t = app().await;
    for known in ["keys.skyline.example", "plane.lan:8080", "localhost:8080", "192.0.2.7", "[::1]:8080"] {
        t.anonymous().header("host", known).get("/sign-in").await.is(200);
    }
    let foreign = || t.anonymous().header("host", "evil.example");
    for path in ["/", "/sign-in", "/settings/api-keys", "/join", "/setup"] {
        let refused = foreign().get(path).await.is(421);
        assert!(refused.text.contains("https://keys.skyline.example"), "{}", refused.text);
    }
    for path in ["/health", "/readiness", "/openapi.json"] {
        foreign().get(path).await.is(200);
    }
    foreign().get("/api/v1/auth/whoami").await.is(401);
    // A proxy that is trusted has chosen its own name for the connection.
    foreign().from("10.0.0.1").get("/sign-in").await.is(200);
}

#[tokio::test]
async fn metrics_on_the_main_address_are_local_only() {
    let t = app().await;
    let local = || t.anonymous().from("127.0.0.1").header("host", "127.0.0.1:8080");
    local().get("/metrics").await.is(200);
    t.anonymous().from("::1").header("host", "localhost:8080").get("/metrics").await.is(200);
    local().header("x-forwarded-for", "203.0.113.7").get("/metrics").await.is(404);
    for host in ["evil.example", "keys.skyline.example", "192.0.2.7:8080"] {
        t.anonymous().from("127.0.0.1").header("host", host).get("/metrics").await.is(404);
    }
    t.anonymous().from("203.0.113.7").header("host", "127.0.0.1:8080").get("/metrics").await.is(404);
    t.anonymous().from("10.0.0.1").header("host", "127.0.0.1:8080").get("/metrics").await.is(404);
}
