//! The boxes of the list of keys, and the findings of the demo.

use crate::support::{OWNER, Site};

#[test]
fn keys_are_selected_with_boxes_and_paused_after_one_confirmation() {
    let site = Site::new();
    let mut owner = site.node.owner();
    for name in ["Website", "Shop", "Import"] {
        owner.create_key(name, &["trips:read"]);
    }
    let mut tab = site.tab_of(OWNER);
    tab.go_to("API Keys");
    tab.says("No keys selected");
    tab.choose("checkbox", "Select all on this page");
    tab.says("3 keys selected");
    tab.click("checkbox", "Select Import");
    tab.says("2 keys selected");
    assert!(!tab.chosen("checkbox", "Select all on this page"));
    tab.is_fine_everywhere();
    tab.click("button", "Pause…");
    tab.has("heading", "Pause the selected keys?");
    tab.lacks("link", "Import");
    tab.is_fine_everywhere();
    tab.choose("radio", "Until resumed");
    tab.click("button", "Pause 2 keys");
    tab.says("2 of 2 selected keys paused.");
    tab.click("link", "Back to the list");
    tab.has("link", "Import");
    tab.is_clean();
}

#[test]
fn administrator_of_the_demo_follows_the_button_of_a_finding_on_home() {
    let site = Site::demo();
    let mut tab = site.tab_of(OWNER);
    tab.says("Not now");
    tab.click("link", "Not now");
    tab.has("heading", "Home");
    tab.says("The server switched the webhook Operations Chat off");
    tab.is_fine_everywhere();
    tab.open("/findings");
    tab.has("heading", "For information");
    tab.is_fine_everywhere();
    tab.open("/findings?code=key_unused");
    tab.click("link", "Pause");
    tab.choose("radio", "Until resumed");
    tab.click("button", "Pause key");
    tab.says("The key is paused.");
    tab.open("/findings?code=key_unused");
    tab.says("No finding matches the filters.");
    tab.is_clean();
}
