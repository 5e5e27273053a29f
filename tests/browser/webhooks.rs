//! Settings > Webhooks: every page in every state, as `everywhere` looks at the others, and its use without JavaScript.

use crate::support::{OWNER, Site};

/// Lets the only webhook fail for these hours.
fn fail(site: &Site, hours: u32) {
    let sqlite = format!("strftime('%Y-%m-%d %H:%M:%S+00:00', 'now', '-{hours} hours')");
    let postgres = format!("now() - interval '{hours} hours'");
    let since = site.folder.by_engine(&sqlite, &postgres);
    let failed = "failed_attempts = 100, failed_deliveries = 20";
    site.folder.execute(&format!("UPDATE webhook_endpoints SET failing_since = {since}, {failed}"));
}

/// The notices about a webhook that fails, will be disabled, and is disabled, on its page and in the list.
fn notices_of_webhooks(site: &Site, path: &str) {
    let mut tab = site.tab_of(OWNER);
    let mut look = |on_page: &str, in_list: Option<&str>| {
        tab.open(path);
        tab.says(on_page);
        tab.is_fine_everywhere();
        tab.go_to("Webhooks");
        if let Some(text) = in_list {
            tab.says(text);
            tab.is_fine_everywhere();
        }
    };
    fail(site, 30);
    look("No delivery has succeeded since", None);
    fail(site, 100);
    look("within a day", Some("A webhook will be disabled within a day"));
    site.folder.execute("UPDATE webhook_endpoints SET disabled_at = failing_since, disabled_reason = 'no success for 5 days'");
    look("The server disabled this webhook on", Some("The server disabled a webhook"));
    tab.open(path);
    tab.click("button", "Switch on");
    tab.choose("radio", "Skip them");
    tab.click("button", "Switch on");
    tab.says("The webhook is on.");
}

fn pages_of_webhooks(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    tab.go_to("Webhooks");
    tab.says("No webhooks yet");
    tab.is_fine_everywhere();
    tab.click("button", "New Webhook");
    tab.choose("radio", "Chosen events");
    tab.choose("radio", "Your own");
    tab.click("button", "Save");
    tab.says("to be corrected");
    tab.is_fine_everywhere();
    tab.fill("URL", "https://8.8.8.8/hooks/planeconnection");
    tab.fill("Description", "Crew scheduling");
    tab.choose("checkbox", "trip.*");
    tab.choose("radio", "Generated");
    tab.click("button", "Save");
    tab.says("Copy this secret now.");
    tab.is_fine_everywhere();
    tab.click("button", "I have stored this secret");
    tab.says("Nothing has been delivered yet");
    tab.is_fine_everywhere();
    let page = tab.url().split('?').next().expect("a path").to_owned();
    let path = page[page.find("/settings").expect("a path")..].to_owned();
    let pages = ["/deliveries", "/verify", "/edit", "/rotate-secret", "/delete"].map(|page| format!("{path}{page}"));
    for page in pages {
        tab.open(&page);
        tab.is_fine_everywhere();
    }
    notices_of_webhooks(site, &path);
    tab.open(&path);
    tab.click("switch", "Active");
    tab.says("Inactive");
    tab.is_fine_everywhere();
    tab.click("switch", "Active");
    tab.has("button", "Switch on");
    tab.is_fine_everywhere();
    tab.go_to("Webhooks");
    tab.is_fine_everywhere();
}

#[test]
fn pages_are_fine_in_the_embedded_typeface() {
    pages_of_webhooks(&Site::with_secret_key());
}

#[test]
fn pages_are_fine_in_the_fallback_typeface() {
    pages_of_webhooks(&Site::with_secret_key().without_typeface());
}

#[test]
fn webhook_lifecycle_works_without_javascript() {
    let site = Site::with_secret_key();
    let mut tab = site.tab_of(OWNER);
    tab.without_javascript();
    tab.open("/settings/webhooks");
    tab.click("button", "New Webhook");
    tab.fill("URL", "https://8.8.8.8/hooks/planeconnection");
    tab.click("button", "Save");
    tab.says("Copy this secret now.");
    tab.lacks("button", "Copy");
    tab.click("button", "I have stored this secret");
    tab.has("heading", "8.8.8.8");
    tab.click("switch", "Active");
    tab.says("The webhook is off.");
    tab.click("switch", "Active");
    tab.choose("radio", "Skip them");
    tab.click("button", "Switch on");
    tab.says("The webhook is on.");
    tab.click("button", "Delete");
    tab.click("button", "Delete webhook");
    tab.says("The webhook was deleted.");
    tab.is_clean();
}
