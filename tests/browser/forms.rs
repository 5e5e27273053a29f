//! Forms from the first page to the last: one-time links, and the history of the browser after a form with faults.

use serde_json::json;
use testkit::WHOAMI;

use crate::support::{OWNER, PASSWORD, Site};

/// The path of a new invitation of an auditor.
pub fn invitation(site: &Site) -> String {
    let invited = json!({ "name": "Lea Winter", "email": "lea@skyline.example", "role": "auditor" });
    let url = site.node.owner().post("/api/v1/members", &invited).is(201).json["data"]["inviteUrl"].clone();
    let url = url.as_str().expect("text");
    url[url.find("/join").expect("a link")..].to_owned()
}

#[test]
fn invited_person_joins_by_the_link() {
    let site = Site::new();
    let link = invitation(&site);
    let mut tab = site.tab();
    tab.open("/sign-in");
    tab.open(&link);
    tab.fill("Password", PASSWORD);
    assert_eq!(tab.url(), "/join");
    assert_eq!(tab.value("Email"), "lea@skyline.example");
    tab.click("button", "Join");
    tab.has("heading", "Home");
    tab.back();
    tab.has("textbox", "Invitation code");
    tab.is_clean();
}

#[test]
fn person_signs_out_elsewhere_and_changes_the_password() {
    let site = Site::new();
    let (mut tab, mut elsewhere) = (site.tab_of(OWNER), site.node.owner());
    tab.open("/account");
    tab.has("heading", "Profile & Security");
    tab.says("This browser");
    tab.click("button", "Sign out everywhere else");
    tab.says("You were signed out everywhere else.");
    elsewhere.get(WHOAMI).is(401).code("SESSION_INVALID");
    tab.fill("Current password", PASSWORD);
    tab.fill("New password", "gliders over the lake");
    tab.click("button", "Change password");
    tab.says("Your password was changed.");
    tab.fill("Name", "Ana Keller-Roth");
    tab.click("button", "Save name");
    tab.says("Your name was changed.");
    tab.is_clean();
}

#[test]
fn person_resets_the_password_by_a_link_without_javascript() {
    let site = Site::new();
    let made = site.folder.run(&["members", "reset-password", "--email", OWNER, "--json"]).is(0).json();
    let link = made["resetUrl"].as_str().expect("a link");
    let mut tab = site.tab();
    tab.without_javascript();
    tab.open("/reset-password");
    tab.fill("Reset code", link);
    tab.click("button", "Continue");
    tab.fill("New password", "gliders over the lake");
    tab.click("button", "Set password");
    tab.says("Your new password is set.");
    tab.is_clean();
}

#[test]
fn invited_person_joins_without_javascript() {
    let site = Site::new();
    let link = invitation(&site);
    let mut tab = site.tab();
    tab.without_javascript();
    tab.open(&link);
    tab.fill("Invitation code", &link);
    tab.click("button", "Continue");
    tab.says("has invited you to skyline.");
    tab.fill("Password", PASSWORD);
    tab.click("button", "Join");
    tab.has("heading", "Home");
    tab.is_clean();
}

#[test]
fn going_back_after_a_corrected_form_sends_nothing_again() {
    let site = Site::new();
    let mut tab = site.tab();
    tab.open("/sign-in");
    for (password, is_right) in [("not this one, though", false), (PASSWORD, true)] {
        tab.fill("Email", OWNER);
        tab.fill("Password", password);
        tab.click("button", "Sign in");
        tab.says(if is_right { "Next departures" } else { "Wrong email or password." });
    }
    tab.open("/settings/api-keys/new");
    for _ in 0..2 {
        tab.click("button", "Create key");
        tab.click("link", "Enter a name.");
        assert_eq!(tab.focused(), ("textbox".into(), "Name".into()));
        assert_eq!(tab.url(), "/settings/api-keys/new");
    }
    tab.fill("Name", "Fleet Dashboard");
    tab.click("button", "Create key");
    tab.secret();
    tab.click("button", "I have stored this key");
    tab.has("heading", "Fleet Dashboard");
    for _ in 0..3 {
        tab.back();
        tab.has("heading", "New API Key");
        assert_eq!((tab.status(), tab.value("Name")), (200, String::new()));
    }
    // The pages of the sign-in lead on, as there is a session.
    for _ in 0..3 {
        tab.back();
        tab.has("heading", "Home");
    }
    assert_eq!(site.node.owner().get("/api/v1/api-keys").is(200).json["data"]["total"], 1);
    tab.is_clean();
}

#[test]
fn leaving_a_refused_form_by_a_link_leaves_nothing_to_send_again() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/settings/api-keys/new");
    tab.click("button", "Create key");
    tab.says("to be corrected");
    tab.go_to("Members");
    tab.has("heading", "Members");
    tab.back();
    tab.has("heading", "New API Key");
    assert_eq!(tab.status(), 200);
    tab.is_clean();
}

#[test]
fn first_workspace_is_set_up_by_the_printed_link() {
    let (site, link) = Site::empty();
    let mut tab = site.tab();
    tab.open(&link);
    tab.fill("Workspace name", "Skyline Aviation");
    tab.fill("Your name", "Ana Keller");
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Set up the workspace");
    tab.has("heading", "API Keys");
    tab.says("No API keys yet");
    let mut other = tab.beside();
    other.open(&link);
    other.has("link", "Sign in");
}

/// Makes every proof of identity 20 minutes old, and more.
pub fn twenty_minutes_pass(site: &Site) {
    site.folder.execute("UPDATE sessions SET auth_time = '2026-01-01 00:00:00+00:00'");
}

#[test]
fn key_is_created_after_20_minutes_with_one_question_and_nothing_typed_twice() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    let password = format!("Password of {OWNER}");
    tab.open("/settings/api-keys/new");
    tab.fill("Name", "Fleet Dashboard");
    tab.choose("radio", "Specific modules");
    tab.choose("radio", "Fleet: Read");
    twenty_minutes_pass(&site);
    tab.click("button", "Create key");
    tab.has("heading", "Confirm it is you");
    tab.says("This page keeps your input");
    tab.is_fine_everywhere();
    tab.fill(&password, "not this one, though");
    tab.click("button", "Confirm");
    tab.says("The password is wrong.");
    tab.is_fine_everywhere();
    tab.fill(&password, PASSWORD);
    tab.click("button", "Confirm");
    tab.secret();
    tab.click("button", "I have stored this key");
    tab.has("heading", "Fleet Dashboard");
    let keys = site.node.owner().get("/api/v1/api-keys").is(200).json["data"].clone();
    assert_eq!((&keys["total"], &keys["items"][0]["scopes"]), (&json!(1), &json!(["fleet:read"])));
    for _ in 0..3 {
        tab.back();
        tab.has("heading", "New API Key");
        assert_eq!(tab.status(), 200);
    }
    tab.fill("Name", "Second");
    tab.click("button", "Create key");
    tab.secret();
}

#[test]
fn download_begins_after_a_question_without_javascript() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/settings/audit-log");
    twenty_minutes_pass(&site);
    tab.without_javascript();
    tab.open("/settings/audit-log");
    tab.click("link", "Export CSV");
    tab.has("heading", "Confirm it is you");
    tab.fill(&format!("Password of {OWNER}"), PASSWORD);
    let (name, text) = tab.download(|tab| tab.click("button", "Confirm"));
    assert!(name.starts_with("audit-log-skyline") && text.contains("member.reauthenticated"), "{name}: {text}");
    tab.says("Your download starts.");
    tab.is_clean();
}
