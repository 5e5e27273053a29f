//! A form that cannot be granted comes back with what was typed, and says at each field what is wrong.

use planeconnection::members::Role;
use serde_json::json;

use super::{NEW, how_many, send};
use crate::support::{Response, TestApp};

/// Asserts that a field has this message, and that the summary links to the field.
#[track_caller]
fn faults(page: &Response, field: &str, message: &str) {
    let page = page.page();
    assert_eq!(page.error_of(field).as_deref(), Some(message));
    assert_eq!(page.link(message), format!("#{field}"));
    page.root().first(&format!("#{field}"));
}

#[tokio::test]
async fn invalid_input_is_reported_per_field_and_kept() {
    let t = TestApp::new().await;
    let everything = [
        ("name", " "),
        ("permissions", "custom"),
        ("expiration", "custom"),
        ("date", "2026-11-22"),
        ("description", "The <b>lobby</b> screen"),
        ("addresses", "203.0.113.0/24\r\n\r\nlocalhost"),
        ("requests", "0"),
        ("seconds", "86401"),
    ];
    let page = send(&t.person(Role::Admin).await, &everything).await.is(400);
    insta::assert_snapshot!(page.main());
    assert_eq!(how_many(&t).await, json!(0));
}

#[tokio::test]
async fn field_errors_are_plain_sentences() {
    let t = TestApp::new().await;
    let (admin, key) = (t.person(Role::Admin).await, t.key(&["trips:read"]).await);
    let (long, essay) = ("x".repeat(101), "y".repeat(1001));
    let (secret, many) = (format!("it is {}", key.secret), "10.0.0.1\r\n".repeat(51));
    let over = "Give 1 to 1,000,000 requests.";
    for (field, value, message) in [
        ("name", "", "Enter a name."),
        ("name", &long, "This name has 101 characters; at most 100 are allowed."),
        ("name", "a\u{202e}b", "This name contains an invisible character. Type it instead of pasting it."),
        ("name", &secret, "This name contains an API key or token. Remove it, and revoke it: it may have leaked."),
        ("description", &essay, "This description has 1,001 characters; at most 1,000 are allowed."),
        ("description", &secret, "This description contains an API key or token. Remove it, and revoke it: it may have leaked."),
        ("permissions", "", "Choose what the key may do."),
        ("expiration", "365", "Choose how long the key works."),
        (
            "addresses",
            "10.0.0.0/8, 10.1.0.0/16",
            "Line 1, “10.0.0.0/8, 10.1.0.0/16”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32.",
        ),
        (
            "addresses",
            "10.0.0.0/8\r\n\r\n::ffff:203.0.113.0/24",
            "Line 3, “::ffff:203.0.113.0/24”: the length of an IPv4-mapped block is 96 to 128; write 203.0.113.0/24.",
        ),
        (
            "addresses",
            "a\r\n10.0.0.1\r\n203.0.113.7/0\r\nb",
            "Line 1, “a”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32. \
             Line 3, “203.0.113.7/0”: length 0 leaves nothing of the address; \
             write 203.0.113.7, or 0.0.0.0/0 for every IPv4 address. \
             Line 4, “b”, is not an address or a block such as 203.0.113.0/24 or 2001:db8::/32.",
        ),
        ("addresses", &many, "There are 51 lines; at most 50 are allowed."),
        ("requests", "1000001", over),
        ("requests", "many", over),
        ("requests", "", over),
        ("seconds", "0", "Give 1 to 86,400 seconds."),
    ] {
        faults(&send(&admin, &[(field, value)]).await.is(400), field, message);
    }
    let nothing = [("permissions", "custom"), ("scope-audit", "write")];
    faults(&send(&admin, &nothing).await.is(400), "modules", "Choose Read or Write for at least one module.");
    assert_eq!(how_many(&t).await, json!(1));
}

#[tokio::test]
async fn custom_date_is_within_five_years() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    for (date, message) in [
        ("", "Choose an expiration date."),
        ("23/11/2027", "Enter a date, such as 2027-02-21."),
        ("2027-02-30", "Enter a date, such as 2027-02-21."),
        ("2026-11-22", "22 Nov 2026 is in the past. Choose 23 Nov 2026 or later."),
        ("2031-11-23", "23 Nov 2031 is more than 5 years ahead. Choose 22 Nov 2031 or earlier."),
        ("9999-12-31", "31 Dec 9999 is more than 5 years ahead. Choose 22 Nov 2031 or earlier."),
    ] {
        let page = send(&admin, &[("expiration", "custom"), ("date", date)]).await.is(400);
        faults(&page, "date", message);
        let page = page.page();
        assert_eq!((page.field("date").value(), page.field("date").attribute("max")), (date.to_owned(), "2031-11-22"));
        assert_eq!(page.field("expiration").value(), "custom");
    }
}

#[tokio::test]
async fn duplicate_name_is_reported_at_its_field() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    send(&admin, &[]).await.is(201);
    let page = send(&admin, &[("scope-fleet", "write")]).await.is(409);
    faults(&page, "name", "An active key of this workspace is already called “Fleet Dashboard”: choose another name.");
    let page = page.page();
    assert_eq!([page.field("name").value(), page.field("scope-fleet").value()], ["Fleet Dashboard", "write"]);
    assert_eq!(how_many(&t).await, json!(1));
}

#[tokio::test]
async fn corrected_form_keeps_its_idempotency_key() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    let opened = admin.get(NEW).await.hidden(NEW);
    let hidden: Vec<_> = opened.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let refused = admin.post(NEW, &hidden).await.is(400);
    assert_eq!(refused.hidden(NEW), opened);
    assert_ne!(admin.get(NEW).await.hidden(NEW), opened, "a form that is opened anew makes another key");
}

#[tokio::test]
async fn more_options_are_open_if_they_have_input() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    let is_open = |page: &Response| page.page().root().first("details.more").has_attribute("open");
    assert!(!is_open(&send(&admin, &[("name", "")]).await.is(400)));
    for touched in [("description", "x"), ("addresses", "x"), ("requests", "1"), ("seconds", "0"), ("unlimited", "yes")] {
        assert!(is_open(&send(&admin, &[("name", ""), touched]).await.is(400)), "{touched:?}");
    }
}
