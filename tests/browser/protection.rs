//! A workspace that requires a second factor of everybody from its first day: set-up, a lost phone, a reset, and a question
//! before a key is created.

use kit::clock::Clock;
use testkit::Authenticator as App;

use crate::forms::twenty_minutes_pass;
use crate::support::{OWNER, PASSWORD, Site, Tab};

const PILOT: &str = "pia@skyline.example";

/// The text of an element.
fn text_of(tab: &mut Tab, id: &str) -> String {
    let text = tab.evaluate(&format!("document.getElementById('{id}').textContent"));
    text.as_str().expect("text").trim().to_owned()
}

/// Sets up an authenticator app on the account page. Returns the backup codes.
fn set_up_an_app(tab: &mut Tab) -> Vec<String> {
    tab.click("button", "Enable 2FA");
    tab.has("image", "QR code for an authenticator app");
    let app = App::of(&text_of(tab, "secret"));
    tab.fill("Verification code", &app.code(Clock::System.now(), 0));
    tab.click("button", "Verify");
    tab.says("Store these codes now.");
    let codes = text_of(tab, "codes").lines().map(str::to_owned).collect();
    tab.click("button", "I have stored these codes");
    tab.says("Enabled on");
    codes
}

/// The owner of a new workspace, with an app and a passkey.
fn owner_with_two_factors(site: &Site, link: &str) -> Tab {
    let mut tab = site.tab();
    tab.without_autofill();
    tab.plug_in_authenticator();
    tab.open(link);
    tab.fill("Workspace name", "Skyline Aviation");
    tab.fill("Short name", "skyline");
    tab.fill("Your name", "Ana Keller");
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Set up the workspace");
    tab.has("heading", "API Keys");
    tab.open("/account");
    set_up_an_app(&mut tab);
    tab.fill("Name of a new passkey", "Work laptop");
    tab.click("button", "Add a passkey");
    tab.says("The passkey was added.");
    tab
}

fn require_for_all(owner: &mut Tab) {
    owner.go_to("Security");
    owner.choose("radio", "Required for all");
    owner.select("Grace period", "7 days");
    owner.click("button", "Preview");
    owner.has("heading", "What saving will do");
    owner.says("No member.");
    owner.click("button", "Save");
    owner.says("The security settings were saved.");
}

/// Invites a pilot. Returns the path of the link.
fn invite_a_pilot(owner: &mut Tab) -> String {
    owner.go_to("Members");
    owner.click("button", "Invite member");
    owner.fill("Name", "Pia Lang");
    owner.fill("Email", PILOT);
    owner.choose("radio", "Pilot");
    owner.click("button", "Invite member");
    owner.says("Copy this link now");
    let url = text_of(owner, "secret");
    owner.click("button", "I have copied the link");
    url[url.find("/join").expect("a link")..].to_owned()
}

/// The pilot in a browser that is not known, after the password.
fn pilot_after_the_password(site: &Site) -> Tab {
    let mut tab = site.tab();
    tab.open("/sign-in");
    tab.fill("Email", PILOT);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Sign in");
    tab
}

#[test]
fn workspace_that_requires_a_second_factor_survives_a_lost_phone() {
    let (site, link) = Site::empty_at_localhost();
    let mut owner = owner_with_two_factors(&site, &link);
    require_for_all(&mut owner);
    let invitation = invite_a_pilot(&mut owner);

    let mut pilot = site.tab();
    pilot.open(&invitation);
    pilot.fill("Password", PASSWORD);
    pilot.click("button", "Join");
    pilot.says("Two-factor authentication is required in 7 days.");
    pilot.is_fine_everywhere();
    pilot.click("link", "Set it up now");
    let codes = set_up_an_app(&mut pilot);
    assert!(!pilot.text().contains("is required in"), "{}", pilot.text());

    // The phone is lost.
    let mut pilot = pilot_after_the_password(&site);
    pilot.has("textbox", "Verification code");
    pilot.click("link", "Use a backup code");
    pilot.fill("Backup code", &codes[0]);
    pilot.click("button", "Sign in");
    pilot.lacks("button", "Sign in");
    pilot.open("/account");
    pilot.says("9 of 10 left");

    // And so are the codes.
    owner.go_to("Members");
    owner.click("link", "Pia Lang");
    owner.click("button", "Reset 2FA");
    owner.says("Copy this code now");
    let code = text_of(&mut owner, "secret");
    owner.click("button", "I have copied the code");
    pilot.open("/account");
    pilot.has("heading", "Sign in");
    let mut pilot = pilot_after_the_password(&site);
    pilot.fill("Reset code", &code);
    pilot.click("button", "Sign in");
    pilot.says("Two-factor authentication is required in");
    pilot.click("link", "Set it up now");
    set_up_an_app(&mut pilot);
    pilot.is_clean();

    // A key, 20 minutes later: one question, nothing typed twice.
    owner.go_to("API Keys");
    owner.click("button", "New API Key");
    owner.fill("Name", "Fleet Dashboard");
    owner.choose("radio", "Specific modules");
    owner.choose("radio", "Fleet: Read");
    twenty_minutes_pass(&site);
    owner.click("button", "Create key");
    owner.has("heading", "Confirm it is you");
    owner.says("This page keeps your input");
    owner.click("button", "Use a passkey");
    owner.secret();
    owner.click("button", "I have stored this key");
    owner.has("heading", "Fleet Dashboard");
    owner.says("Fleet (read)");
    owner.go_to("API Keys");
    owner.click("button", "New API Key");
    owner.fill("Name", "Second");
    owner.click("button", "Create key");
    owner.secret();
    site.folder.verify_audit_log();
}
