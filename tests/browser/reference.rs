//! The documentation and the page of a failure: read by anyone, on anything.

use crate::support::{OWNER, PASSWORD, Site};

#[test]
fn documentation_is_accessible_and_self_contained() {
    let site = Site::new();
    let mut tab = site.tab();
    for (path, title) in [
        ("/docs", "Get started in five minutes"),
        ("/docs/authentication", "API authentication"),
        ("/docs/errors", "Error codes"),
        ("/docs/api/create-invoice", "Create invoice"),
    ] {
        tab.open(path);
        assert_eq!(tab.status(), 200);
        tab.has("heading", title);
        tab.evaluate("document.querySelectorAll('main details').forEach(details => details.open = true)");
        tab.is_fine_everywhere();
    }
}

#[test]
fn documentation_is_searched_in_the_browser() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs/overview");
    tab.fill("Search the documentation", "idempotency_key_reused");
    tab.says("IDEMPOTENCY_KEY_REUSED");
    tab.press("Enter");
    tab.has("heading", "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(tab.url(), "/docs/errors#idempotency_key_reused");
    tab.fill("Search the documentation", "how to verify a signature");
    tab.says("Verify the signature");
    tab.press("Enter");
    tab.has("heading", "Verify the signature");
    assert_eq!(tab.url(), "/docs/guides/webhooks#verify-the-signature");
}

#[test]
fn enter_follows_no_result_of_an_earlier_query() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs/authentication");
    tab.fill("Search the documentation", "idempotency_key_reused");
    tab.says("IDEMPOTENCY_KEY_REUSED");
    tab.fill("Search the documentation", "");
    tab.press("Enter");
    assert_eq!(tab.url(), "/docs/authentication");
    tab.fill("Search the documentation", "idempotency_key_reused");
    tab.says("IDEMPOTENCY_KEY_REUSED");
    tab.press("Escape");
    tab.press("Enter");
    assert_eq!(tab.url(), "/docs/authentication");
}

#[test]
fn language_of_an_example_is_remembered() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs/api/list-trips");
    tab.says("curl -sS");
    tab.evaluate("document.querySelector('.languages > input[value=\"Go\"]').click()");
    tab.open("/docs/api/get-trip");
    tab.says("http.NewRequest");
}

#[test]
fn error_page_is_accessible_and_self_contained() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/nothing-here");
    assert_eq!(tab.status(), 404);
    tab.is_fine_everywhere();
}

#[test]
fn documentation_is_reached_by_keyboard() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("link".into(), "Skip to content".into()));
    tab.press("Enter");
    assert_eq!(tab.url(), "/docs#content");
}

#[test]
fn read_call_is_made_from_its_page() {
    let site = Site::new();
    let key = site.node.owner().create_key("Fleet Dashboard", &["fleet:read"]);
    let mut tab = site.tab_of(OWNER);
    tab.open("/docs/api/list-trips");
    tab.has("heading", "Try it");
    tab.says("Your newest key: Fleet Dashboard");
    tab.says("(fleet:read). It does not open this call, which needs trips:read.");
    tab.fill("page_size", "5");
    tab.select("status", "draft");
    tab.click("button", "Send");
    tab.says("200 OK after");
    tab.says("\"items\": []");
    tab.says("\"per_page\": 5");
    assert!(!tab.text().contains(&key.secret), "{}", tab.text());
    tab.is_fine_everywhere();
    tab.click("link", "Fleet Dashboard");
    tab.has("heading", "Fleet Dashboard");
}

#[test]
fn refusal_of_a_call_is_shown() {
    let site = Site::new();
    let mut tab = site.tab_of(&site.member("pilot"));
    tab.open("/docs/api/get-trip");
    tab.fill("id (required)", "a/../b?c");
    tab.press("Enter");
    tab.says("404 Not Found after");
    tab.says("NOT_FOUND");
    tab.open("/docs/api/list-api-keys");
    tab.click("button", "Send");
    tab.says("403 Forbidden after");
    tab.says("ROLE_REQUIRED");
    tab.is_clean();
}

#[test]
fn reader_without_a_session_is_asked_to_sign_in() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs/api/list-trips");
    tab.has("heading", "Try it");
    tab.lacks("button", "Send");
    tab.has("link", "Sign in");
    let asked: Vec<_> = tab.requests().iter().filter(|address| address.contains("/docs/try")).collect();
    assert!(asked.is_empty(), "{asked:?}");
    tab.is_fine_everywhere();
    tab.click("link", "Sign in");
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Sign in");
    tab.has("button", "Send");
    assert_eq!(tab.url(), "/docs/api/list-trips#try-it");
}

#[test]
fn answer_is_removed_when_its_page_is_left() {
    let site = Site::new();
    site.node.owner().create_key("Fleet Dashboard", &["fleet:read"]);
    let mut tab = site.tab_of(OWNER);
    tab.open("/docs/api/list-trips");
    tab.says("Your newest key: Fleet Dashboard");
    tab.click("button", "Send");
    tab.says("200 OK after");
    // The events of a page that the browser keeps in memory, and shows again after the session has ended.
    tab.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))");
    let kept = "document.querySelector('[data-newest-key]').textContent + document.getElementById('try-it-body').textContent";
    assert_eq!(tab.evaluate(kept), "");
    let text = tab.text();
    assert!(!text.contains("200 OK after") && !text.contains("Fleet Dashboard"), "{text}");
    site.folder.execute("DELETE FROM sessions");
    tab.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))");
    tab.lacks("button", "Send");
    tab.has("link", "Sign in");
    tab.is_clean();
}

#[test]
fn signing_secret_in_a_field_is_not_sent() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/docs/api/get-trip");
    tab.fill("id (required)", &format!("whsec_{}", "a".repeat(32)));
    tab.press("Enter");
    tab.says("which is not sent in an address");
    assert!(tab.requests().iter().all(|address| !address.contains("whsec_")), "{:?}", tab.requests());
    tab.is_clean();
}

#[test]
fn ended_session_is_noticed() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/docs/api/list-trips");
    tab.has("button", "Send");
    site.folder.execute("DELETE FROM sessions");
    tab.click("button", "Send");
    tab.says("Your session has ended.");
    tab.has("link", "Sign in");
    tab.lacks("button", "Send");
    tab.is_clean();
}

#[test]
fn page_without_javascript_or_of_a_writing_call_has_no_form() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/docs/api/create-trip");
    tab.has("heading", "Create trip");
    tab.lacks("heading", "Try it");
    tab.without_javascript();
    tab.open("/docs/api/list-trips");
    tab.has("heading", "List trips");
    tab.lacks("heading", "Try it");
    tab.lacks("button", "Send");
}
