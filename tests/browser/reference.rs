//! The documentation and the page of a failure: read by anyone, on anything.

use crate::support::Site;

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
