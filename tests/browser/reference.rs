//! The reference page and the page of a failure: read by anyone, on anything.

use crate::support::Site;

#[test]
fn reference_is_accessible_and_self_contained() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs");
    assert_eq!(tab.status(), 200);
    tab.has("heading", "API reference");
    tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)");
    tab.is_fine_everywhere();
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
fn reference_is_reached_by_keyboard() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/docs");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("link".into(), "Skip to the reference".into()));
    tab.press("Enter");
    assert_eq!(tab.url(), "/docs#content");
}
