//! The user guide for administrators, step by step as it is written.

use crate::support::{Key, OWNER, Site, Tab};

/// A key with the secret that was copied.
fn held(secret: String) -> Key {
    Key { id: String::new(), secret }
}

/// Settings > API Keys, by the menu.
fn open_api_keys(tab: &mut Tab) {
    tab.go_to("API Keys");
    tab.has("heading", "API Keys");
}

/// “New API Key”, and nothing but a name; the secret that is then on the screen.
fn create(tab: &mut Tab, name: &str) -> Key {
    open_api_keys(tab);
    tab.click("button", "New API Key");
    tab.fill("Name", name);
    tab.click("button", "Create key");
    held(tab.secret())
}

#[test]
fn create_a_key_and_copy_it_once() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.grant_clipboard();
    open_api_keys(&mut tab);
    tab.click("button", "New API Key");
    tab.fill("Name", "Fleet Dashboard");
    assert!(tab.chosen("radio", "Read-only"));
    tab.choose("radio", "Specific modules");
    tab.choose("radio", "Fleet: Read");
    assert!(tab.chosen("radio", "90 days"));
    tab.click("button", "Create key");
    let key = held(tab.secret());
    tab.click("button", "Copy");
    tab.says("Copied");
    assert_eq!(tab.clipboard(), key.secret);
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(200);
    site.node.with_key(&key).get("/api/v1/ops/trips").is(403).code("SCOPE_REQUIRED");
    tab.click("button", "I have stored this key");
    tab.has("heading", "Fleet Dashboard");
    open_api_keys(&mut tab);
    tab.within("row", "Fleet Dashboard", |row| row.has("button", "Revoke"));
    tab.says("Active");
    assert!(!tab.text().contains(&key.secret));
    tab.is_clean();
}

#[test]
fn whole_key_is_displayed_once() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let key = create(&mut tab, "QuickBooks Integration");
    tab.reload();
    assert!(!tab.text().contains(&key.secret), "after a reload:\n{}", tab.text());
    tab.has("heading", "QuickBooks Integration");
    open_api_keys(&mut tab);
    for step in ["once", "twice", "three times"] {
        tab.back();
        assert!(!tab.text().contains(&key.secret), "going back {step}:\n{}", tab.text());
    }
    assert_eq!(site.node.owner().get("/api/v1/api-keys").is(200).json["data"]["total"], 1);
}

#[test]
fn leaving_asks_first_unless_the_key_was_copied() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.grant_clipboard();
    let key = create(&mut tab, "Fleet Dashboard");
    tab.stays();
    tab.go_to("Audit Log");
    assert_eq!(tab.dialogs().len(), 1);
    assert!(tab.text().contains(&key.secret));
    tab.click("button", "Copy");
    tab.says("Copied");
    tab.go_to("Members");
    tab.has("heading", "Members");
    assert_eq!(tab.dialogs().len(), 1);
}

#[test]
fn clipboard_failure_is_shown() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.deny_clipboard();
    let key = create(&mut tab, "Fleet Dashboard");
    tab.click("button", "Copy");
    tab.says("Your browser did not allow copying");
    assert_eq!(tab.evaluate("getSelection().toString()"), key.secret.as_str());
}

#[test]
fn rotate_without_downtime() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let old = create(&mut tab, "Fleet Dashboard");
    tab.click("button", "I have stored this key");
    site.node.with_key(&old).get("/api/v1/ops/aircraft").is(200);
    open_api_keys(&mut tab);
    tab.within("row", "Fleet Dashboard", |row| row.click("button", "Rotate"));
    tab.says("Create the replacement");
    tab.click("button", "Create replacement");
    let new = held(tab.secret());
    tab.click("button", "I have stored this key");
    tab.says("Confirm that the application works with it");
    for key in [&old, &new] {
        site.node.with_key(key).get("/api/v1/ops/aircraft").is(200);
    }
    tab.click("button", "Revoke the old key");
    tab.click("button", "Revoke key");
    site.node.with_key(&old).get("/api/v1/ops/aircraft").is(401).code("API_KEY_REVOKED");
    site.node.with_key(&new).get("/api/v1/ops/aircraft").is(200);
    tab.is_clean();
}

#[test]
fn pause_a_key_to_see_who_notices_and_resume_it() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let key = create(&mut tab, "Night import");
    tab.click("button", "I have stored this key");
    open_api_keys(&mut tab);
    tab.click("link", "Night import");
    tab.click("button", "Pause");
    tab.says("A pause is not a revocation");
    tab.choose("radio", "1 hour");
    tab.click("button", "Pause key");
    tab.says("Every server refuses it.");
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(401).code("API_KEY_PAUSED");
    tab.click("button", "Resume");
    tab.says("It works again.");
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(200);
    tab.is_clean();
}

#[test]
fn revoke_a_key_for_good() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let key = create(&mut tab, "Old website");
    tab.click("button", "I have stored this key");
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(200);
    open_api_keys(&mut tab);
    tab.within("row", "Old website", |row| row.click("button", "Revoke"));
    tab.says("Old website");
    tab.says("401 Unauthorized");
    tab.fill("Reason (optional)", "The website was replaced");
    tab.click("button", "Revoke key");
    tab.has("heading", "API Keys");
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(401).code("API_KEY_REVOKED");
    tab.within("row", "Old website", |row| {
        row.says("Revoked");
        row.lacks("button", "Revoke");
        row.lacks("button", "Rotate");
    });
    tab.go_to("Audit Log");
    tab.says("The website was replaced");
    site.folder.verify_audit_log();
}

#[test]
fn pasted_key_finds_its_row_and_is_not_sent() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let key = create(&mut tab, "Fleet Dashboard");
    tab.click("button", "I have stored this key");
    create(&mut tab, "Other");
    tab.click("button", "I have stored this key");
    open_api_keys(&mut tab);
    tab.fill("Search", &key.secret);
    tab.click("button", "Search");
    tab.says("The key you pasted");
    tab.says("Fleet Dashboard");
    assert!(!tab.text().contains("Other"));
    assert!(tab.url().starts_with("/settings/api-keys?search=sha256:"), "{}", tab.url());
    assert!(!tab.requests().iter().any(|address| address.ends_with("/search")), "{:?}", tab.requests());
}

#[test]
fn times_are_in_the_time_zone_of_the_workspace_wherever_the_reader_is() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.timezone("America/New_York");
    let times = "[...document.querySelectorAll('.log time')].map(time => time.textContent + time.title).join()";
    tab.open("/settings/audit-log");
    tab.says("Times are in UTC, the time zone of");
    let scripted = tab.evaluate(times);
    tab.without_javascript();
    tab.reload();
    assert_eq!(scripted, tab.evaluate(times));
    assert!(scripted.as_str().is_some_and(|text| text.ends_with(" UTC")), "{scripted}");
}
