//! Settings > API Keys > Find leaked keys: the script on a text without keys.

use crate::support::{OWNER, Site};

/// Writes a text into the field as a person does who pastes it.
fn paste(text: &str) -> String {
    format!("document.getElementById('text').value = {}", serde_json::json!(text))
}

#[test]
fn text_without_a_key_is_not_sent_and_says_so() {
    let site = Site::at_localhost();
    let website = site.node.owner().create_key("Website", &["trips:read"]);
    let mut tab = site.tab_of(OWNER);
    tab.go_to("API Keys");
    tab.click("link", "Find leaked keys");
    tab.has("heading", "Find leaked keys");
    tab.is_fine_everywhere();

    let wrong = format!("{}-", &website.secret[..41]);
    tab.evaluate(&paste(&format!("2026-11-23 nothing {wrong} pck_short")));
    tab.click("button", "Find keys");
    tab.says("There is no API key in this text.");
    tab.is_fine_everywhere();
}
