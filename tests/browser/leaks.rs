//! Settings > API Keys > Find leaked keys: a log is pasted, and what leaves the browser is digests.

use testkit::KEYS;

use crate::support::{OWNER, Site};

const PATH: &str = "/settings/api-keys/leaks";

/// Writes a text into the field as a person does who pastes it.
fn paste(text: &str) -> String {
    format!("document.getElementById('text').value = {}", serde_json::json!(text))
}

/// Keeps the fields of the form as they are sent.
const LISTEN: &str = "document.querySelector('form[data-find-keys]').addEventListener('submit', ({ target }) => { \
    if (target.elements.digests.value) sessionStorage.sent = new URLSearchParams(new FormData(target)); })";

#[test]
fn keys_in_a_pasted_log_are_found_without_sending_it_and_revoked() {
    let site = Site::at_localhost();
    let mut owner = site.node.owner();
    let [website, shop] = ["Website", "Shop"].map(|name| owner.create_key(name, &["trips:read"]));
    let mut tab = site.tab_of(OWNER);
    tab.go_to("API Keys");
    tab.click("link", "Find leaked keys");
    tab.has("heading", "Find leaked keys");
    tab.is_fine_everywhere();

    let wrong = format!("{}x", &website.secret[..41]);
    tab.evaluate(&paste(&format!("2026-11-23 nothing {wrong} pck_short")));
    tab.click("button", "Find keys");
    tab.says("There is no API key in this text.");
    tab.is_fine_everywhere();

    let noise = "2026-11-23T09:30:00Z GET /api/v1/ops/trips 200\n".repeat(100_000);
    let elsewhere = "pck_000000000000000000000000000000001Exfzo";
    let log = format!("{noise}X-API-Key: {}\n{{\"key\":\"{}\\n\"}}{}{elsewhere}", website.secret, shop.secret, website.secret);
    tab.evaluate(&paste(&log));
    tab.evaluate(LISTEN);
    tab.click("button", "Find keys");
    tab.says("2 of 3 keys in the text belong to");
    tab.says("1 is unknown here.");
    tab.has("link", "Shop");
    tab.is_fine_everywhere();
    let sent = tab.evaluate("sessionStorage.sent").as_str().expect("what was sent").to_owned();
    for secret in [&website.secret, &shop.secret] {
        assert!(!sent.contains(&secret[4..]) && !sent.contains("pck_"), "{sent}");
    }
    assert!(sent.contains("digests=") && sent.len() < 400, "{sent}");
    assert_eq!(tab.evaluate("document.getElementById('text').value"), "");

    tab.within("row", "Website", |row| row.click("button", "Revoke"));
    tab.click("button", "Revoke key");
    tab.says("was revoked");
    // The first connection was idle for too long.
    let mut owner = site.node.owner();
    let mut status = |id: &str| owner.get(&format!("{KEYS}/{id}")).is(200).json["data"]["status"].clone();
    assert_eq!([status(&website.id), status(&shop.id)], ["revoked", "active"]);
    tab.is_clean();

    tab.without_javascript();
    tab.open(PATH);
    tab.says("This search needs JavaScript");
    tab.says("planeconnection keys scan -");
    tab.lacks("button", "Find keys");
}
