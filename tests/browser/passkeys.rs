//! Passkeys in a browser with a virtual authenticator.

use crate::support::{Authenticator, OWNER, PASSWORD, Site, Tab, Wrongly};

const BUTTON: &str = "Sign in with a passkey";

/// The owner with an authenticator, signed in.
fn with_authenticator(site: &Site) -> (Tab, Authenticator) {
    let mut tab = site.tab();
    tab.without_autofill();
    let authenticator = tab.plug_in_authenticator();
    tab.open("/sign-in");
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Sign in");
    tab.has("heading", "Home");
    (tab, authenticator)
}

/// Adds a passkey on the account page.
fn add(tab: &mut Tab, name: &str) {
    tab.open("/account");
    tab.fill("Name of a new passkey", name);
    tab.click("button", "Add a passkey");
}

/// Signs out from a page that has no other button of this name.
fn sign_out(tab: &mut Tab) {
    tab.open("/settings/api-keys");
    tab.sign_out(OWNER);
    tab.says("You are signed out.");
}

/// The owner with a passkey, on the sign-in page.
fn with_passkey(site: &Site) -> (Tab, Authenticator) {
    let (mut tab, authenticator) = with_authenticator(site);
    add(&mut tab, "Work laptop");
    tab.says("The passkey was added.");
    sign_out(&mut tab);
    (tab, authenticator)
}

#[test]
fn passkey_is_added_and_signs_in_without_email_and_password() {
    let site = Site::at_localhost();
    let (mut tab, _) = with_passkey(&site);
    tab.click("button", BUTTON);
    tab.arrives_at("/");
    tab.open("/account");
    tab.says("Work laptop");
    tab.says("On one device");
    tab.click("link", "Rename");
    tab.fill("Name", "Old laptop");
    tab.click("button", "Save name");
    tab.says("The passkey was renamed.");
    tab.says("Old laptop");
    tab.click("button", "Remove");
    tab.says("The passkey was removed.");
    tab.lacks("link", "Rename");
    tab.is_clean();
}

#[test]
fn passkey_signs_in_after_an_email_was_typed_and_returns_to_the_page() {
    let site = Site::at_localhost();
    let (mut tab, _) = with_passkey(&site);
    tab.open("/account");
    tab.fill("Email", OWNER);
    tab.click("button", BUTTON);
    tab.arrives_at("/account");
    tab.is_clean();
}

#[test]
fn autofill_signs_in_with_a_passkey() {
    let site = Site::at_localhost();
    let (mut adding, authenticator) = with_passkey(&site);
    let credential = adding.credential(&authenticator);
    let mut tab = site.tab();
    let authenticator = tab.plug_in_authenticator();
    tab.copy_credential(&authenticator, &credential);
    tab.open("/sign-in");
    tab.arrives_at("/");
    tab.is_clean();
}

#[test]
fn authenticator_that_does_not_verify_its_user_is_refused() {
    let site = Site::at_localhost();
    let (mut tab, authenticator) = with_authenticator(&site);
    tab.user_is_verified(&authenticator, false);
    add(&mut tab, "Careless");
    tab.says("No passkey was used: that was cancelled, or took too long.");
    tab.user_is_verified(&authenticator, true);
    tab.click("button", "Continue");
    tab.says("The passkey was added.");
    sign_out(&mut tab);
    tab.user_is_verified(&authenticator, false);
    tab.click("button", BUTTON);
    tab.says("No passkey was used: that was cancelled, or took too long.");
    tab.user_is_verified(&authenticator, true);
    tab.answering(&authenticator, Wrongly::WithoutVerifyingTheUser, |tab| {
        tab.click("button", BUTTON);
        tab.says("or could not be verified");
    });
    tab.click("button", BUTTON);
    tab.arrives_at("/");
}

#[test]
fn bogus_signature_is_refused() {
    let site = Site::at_localhost();
    let (mut tab, authenticator) = with_passkey(&site);
    tab.answering(&authenticator, Wrongly::WithBogusSignature, |tab| {
        tab.click("button", BUTTON);
        tab.says("or could not be verified");
        tab.has("heading", "Sign in");
    });
    tab.click("button", BUTTON);
    tab.arrives_at("/");
}

#[test]
fn response_of_an_earlier_sign_in_is_refused() {
    let site = Site::at_localhost();
    let (mut tab, _) = with_passkey(&site);
    tab.eavesdrop();
    tab.reload();
    tab.click("button", BUTTON);
    tab.arrives_at("/");
    sign_out(&mut tab);
    tab.replay("form[data-passkey-sign-in]");
    tab.says("This took too long, or was done before: begin again.");
    tab.has("heading", "Sign in");
}

#[test]
fn passkey_is_the_second_step_after_a_password() {
    let site = Site::at_localhost();
    let (mut tab, authenticator) = with_passkey(&site);
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Sign in");
    tab.lacks("textbox", "Verification code");
    tab.is_fine_everywhere();
    tab.answering(&authenticator, Wrongly::WithBogusSignature, |tab| {
        tab.click("button", "Use a passkey");
        tab.says("or could not be verified");
    });
    tab.click("button", "Use a passkey");
    tab.arrives_at("/");
    tab.open("/account");
    tab.says("Password and passkey");
}

#[test]
fn passkey_proves_that_it_is_still_the_same_person() {
    let site = Site::at_localhost();
    let (mut tab, _) = with_passkey(&site);
    tab.click("button", BUTTON);
    tab.arrives_at("/");
    site.folder.execute("UPDATE sessions SET auth_time = '2026-01-01 08:00:00+00:00'");
    tab.open("/account");
    tab.click("button", "Remove");
    tab.has("heading", "Confirm it is you");
    tab.is_fine_everywhere();
    tab.click("button", "Use a passkey");
    tab.says("The passkey was removed.");
}

#[test]
fn authenticator_is_registered_once() {
    let site = Site::at_localhost();
    let (mut tab, authenticator) = with_authenticator(&site);
    add(&mut tab, "Work laptop");
    tab.says("The passkey was added.");
    add(&mut tab, "Again");
    tab.says("This authenticator has a passkey for your account already.");
    tab.click("link", "Cancel");
    assert!(!tab.text().contains("Again"), "{}", tab.text());
    tab.credential(&authenticator);
}

#[test]
fn passkeys_work_at_the_public_url_only() {
    let site = Site::at_localhost();
    let (mut tab, _) = with_passkey(&site);
    let public_url = tab.origin().to_owned();
    tab.move_to(&public_url.replace("localhost", "127.0.0.1"));
    tab.open("/sign-in");
    tab.click("button", BUTTON);
    tab.says(&format!("Passkeys work at {public_url} only. Open the page there."));
}

#[test]
fn passkey_whose_counter_goes_back_is_refused_and_reported() {
    let site = Site::at_localhost();
    let mut admin = site.tab_of(&site.member("admin"));
    let (mut tab, authenticator) = with_passkey(&site);
    let copied = tab.credential(&authenticator);
    tab.click("button", BUTTON);
    tab.arrives_at("/");
    sign_out(&mut tab);
    tab.unplug_authenticator(&authenticator);
    let copy = tab.plug_in_authenticator();
    tab.copy_credential(&copy, &copied);
    tab.click("button", BUTTON);
    tab.says("a copy of it seems to exist");
    admin.open("/settings/audit-log?unusual=1");
    admin.says("Work laptop, was refused: its counter went back");
}

#[test]
fn server_at_an_address_says_why_it_has_no_passkeys() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/account");
    tab.says("Passkeys cannot be used here. The public URL of this server is an IP address");
    tab.lacks("button", "Add a passkey");
    sign_out(&mut tab);
    tab.lacks("button", BUTTON);
    tab.is_clean();
}

#[test]
fn pages_say_that_passkeys_need_javascript() {
    let site = Site::at_localhost();
    let mut tab = site.tab();
    tab.without_javascript();
    tab.open("/sign-in");
    tab.lacks("button", BUTTON);
    tab.fill("Email", OWNER);
    tab.fill("Password", PASSWORD);
    tab.click("button", "Sign in");
    tab.open("/account");
    tab.says("Passkeys need JavaScript.");
    tab.lacks("button", "Add a passkey");
}

#[test]
fn pages_of_passkeys_are_accessible_at_every_width() {
    let site = Site::at_localhost();
    let (mut tab, authenticator) = with_authenticator(&site);
    tab.open("/account");
    tab.is_fine_everywhere();
    add(&mut tab, "Password manager with a rather long name of its own");
    tab.says("The passkey was added.");
    tab.is_fine_everywhere();
    tab.user_is_verified(&authenticator, false);
    add(&mut tab, "Careless");
    tab.says("No passkey was used");
    tab.is_fine_everywhere();
    tab.click("link", "Cancel");
    tab.click("link", "Rename");
    tab.is_fine_everywhere();
    sign_out(&mut tab);
    tab.is_fine_everywhere();
    tab.click("button", BUTTON);
    tab.says("No passkey was used");
    tab.is_fine_everywhere();
}
