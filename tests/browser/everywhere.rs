//! Every page in every state: at 1280, 390 and 320 pixels, light and dark, with nothing that axe-core calls serious or
//! critical, no sideways scrolling, nothing in the console, and no request to any other host.

use crate::forms::invitation;
use crate::support::{OWNER, PASSWORD, Site, Tab};

fn are_fine(tab: &mut Tab, paths: &[&str]) {
    for path in paths {
        tab.open(path);
        assert_eq!(tab.status(), 200, "{path}");
        tab.is_fine_everywhere();
    }
}

/// The id of the demo's key of this name.
fn id_of(tab: &mut Tab, name: &str) -> String {
    tab.open("/settings/api-keys");
    tab.click("link", name);
    tab.url().rsplit('/').next().expect("an id").split('?').next().expect("an id").to_owned()
}

fn lists_of_a_workspace_in_use(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    are_fine(
        &mut tab,
        &[
            "/settings/api-keys",
            "/settings/api-keys?status=revoked&sort=name",
            "/settings/api-keys?search=nothing+like+it",
            "/settings/api-keys?search=sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "/settings/api-keys/management",
            "/settings/api-keys/leaks",
            "/settings/api-keys/unusual",
            "/settings/audit-log",
            "/settings/audit-log?unusual=1",
            "/settings/audit-log?topic=people&recent=7d&search=ana",
            "/settings/audit-log?action=trip.created&date_to=1970-01-01",
            "/settings/audit-log/requests",
            "/settings/audit-log/requests?request_id=req_that_is_not_there",
            "/settings/members",
            "/settings/members/new",
            "/account",
        ],
    );
}

fn home_and_pages_of_data(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    are_fine(
        &mut tab,
        &[
            "/",
            "/?range=30d",
            "/trips",
            "/trips?status=cancelled&date_from=2026-01-01",
            "/trips?date_to=1970-01-01",
            "/fleet",
            "/safety",
            "/safety/new",
            "/invoices",
            "/invoices?status=overdue",
            "/search?q=a",
        ],
    );
    for list in ["/trips", "/fleet", "/safety", "/invoices"] {
        tab.open(list);
        let path = tab.evaluate("document.querySelector('main tbody a').getAttribute('href')");
        tab.open(path.as_str().unwrap_or_else(|| panic!("no row in {list}")));
        tab.has("heading", "History");
        tab.is_fine_everywhere();
    }
}

fn menus(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    tab.open("/");
    for button in ["skyline", OWNER] {
        tab.click("button", button);
        tab.is_accessible();
        tab.press("Escape");
    }
    tab.size(390, 844);
    tab.click("button", "Menu");
    tab.is_accessible();
    tab.go_to("Members");
    tab.has("heading", "Members");
    tab.size(1280, 800);
    // By keyboard: the command menu, a page in it, and the search of a page.
    tab.press("Control+k");
    tab.has("searchbox", "Page or key");
    tab.is_accessible();
    tab.type_text("audit");
    // At once, before the results are there.
    tab.press("Enter");
    tab.arrives_at("/settings/audit-log");
    tab.has("heading", "Audit Log");
    tab.press("Control+k");
    tab.type_text("members");
    // The list is there, and is filtered.
    tab.has("link", "Members Settings");
    tab.lacks("link", "Cluster Settings");
    tab.press("ArrowDown");
    tab.press("Enter");
    tab.arrives_at("/settings/members");
    tab.has("heading", "Members");
    tab.open("/settings/audit-log");
    tab.press("/");
    assert_eq!(tab.focused(), ("searchbox".into(), "Search".into()));
    tab.is_clean();
}

fn security_settings_and_second_factors(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    are_fine(&mut tab, &["/account/recommended", "/settings/security"]);
    tab.click("button", "Preview");
    tab.has("heading", "What saving will do");
    tab.is_fine_everywhere();
    tab.open("/account");
    tab.click("button", "Enable 2FA");
    tab.has("image", "QR code for an authenticator app");
    tab.is_fine_everywhere();
    tab.fill("Verification code", "000000");
    tab.click("button", "Verify");
    tab.is_fine_everywhere();
}

fn nodes_of_a_cluster(site: &Site) {
    let _north = site.folder.node_with(&["--node-name", "north"]);
    let mut tab = site.tab_of(OWNER);
    site.a_node_that_has_ended();
    tab.go_to("Cluster");
    tab.has("heading", "Cluster");
    for text in ["3 nodes", "Up to date", "Silent"] {
        tab.says(text);
    }
    tab.is_fine_everywhere();
}

fn pages_of_one_key(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    for name in ["FlightPlan Sync", "Old website", "Legacy import"] {
        let id = id_of(&mut tab, name);
        let pages =
            ["", "?range=24h", "/rotate", "/pause", "/revoke", "/edit"].map(|page| format!("/settings/api-keys/{id}{page}"));
        for page in pages {
            tab.open(&page);
            tab.is_fine_everywhere();
        }
    }
}

fn pages_with_a_secret(site: &Site) {
    let mut tab = site.tab_of(OWNER);
    are_fine(&mut tab, &["/settings/api-keys", "/settings/api-keys/new", "/settings/audit-log", "/settings/members"]);
    tab.open("/settings/api-keys/new");
    tab.click("button", "Create key");
    tab.says("to be corrected");
    tab.is_fine_everywhere();
    tab.fill("Name", "Fleet Dashboard");
    tab.choose("radio", "Specific modules");
    tab.choose("radio", "No expiration");
    tab.is_fine_everywhere();
    tab.choose("radio", "Fleet: Read");
    tab.click("button", "Create key");
    tab.secret();
    tab.is_fine_everywhere();
    tab.click("button", "I have stored this key");
    tab.click("button", "Rotate");
    tab.click("button", "Create replacement");
    tab.secret();
    tab.click("button", "I have stored this key");
    tab.says("Confirm that the application works with it");
    tab.is_fine_everywhere();
    tab.open("/settings/members/new");
    tab.click("button", "Invite member");
    tab.is_fine_everywhere();
}

fn set_up(site: &Site, link: &str) {
    let mut tab = site.tab();
    for (path, button) in [(link, "Set up the workspace"), ("/setup", "Continue")] {
        tab.open(path);
        tab.has("button", button);
        tab.is_fine_everywhere();
    }
    tab.fill("Set-up code", "nonsense");
    tab.click("button", "Continue");
    tab.says("This set-up link is unknown");
    tab.is_fine_everywhere();
}

fn pages_without_access(site: &Site) {
    let email = site.member("pilot");
    let mut tab = site.tab();
    are_fine(&mut tab, &["/sign-in", "/sign-in?after=sign-out", "/join", "/reset-password", "/setup"]);
    tab.open("/sign-in");
    tab.fill("Email", &email);
    tab.fill("Password", "not this one, though");
    tab.click("button", "Sign in");
    tab.says("Wrong email or password.");
    tab.is_accessible();
    invitations(site, &mut site.tab());
    let mut pilot = site.tab_of(&email);
    for path in ["/settings/api-keys", "/settings/audit-log", "/settings/members"] {
        pilot.open(path);
        assert_eq!(pilot.status(), 403);
        pilot.says("Whom to ask");
        pilot.says("ana@skyline.example");
        pilot.lacks("link", "API Keys");
        pilot.is_fine_everywhere();
    }
    for path in ["/", "/trips", "/safety", "/safety/new"] {
        pilot.open(path);
        assert_eq!(pilot.status(), 200, "{path}");
        pilot.is_fine_everywhere();
    }
    pilot.click("button", "File report");
    pilot.says("to be corrected");
    pilot.is_fine_everywhere();
    pilot.open("/nothing-here");
    pilot.has("link", "/docs");
    pilot.has("link", "Profile & Security");
    pilot.is_fine_everywhere();
}

/// The pages of an invitation: open, with a fault, used and unknown.
fn invitations(site: &Site, tab: &mut Tab) {
    let link = invitation(site);
    tab.open(&link);
    tab.has("heading", "Join skyline");
    tab.is_fine_everywhere();
    tab.fill("Password", "skyline skyline");
    tab.click("button", "Join");
    tab.says("to be corrected");
    tab.is_fine_everywhere();
    tab.fill("Password", PASSWORD);
    tab.click("button", "Join");
    tab.has("heading", "Home");
    let mut other = site.tab();
    for (link, message) in [(link, "was already used"), (format!("/join#pci_{}", "x".repeat(43)), "does not work")] {
        other.open(&link);
        other.says(message);
        other.is_fine_everywhere();
    }
}

/// In Inter, the typeface that the server sends.
mod embedded {
    use super::Site;

    #[test]
    fn lists_of_a_workspace_in_use() {
        super::lists_of_a_workspace_in_use(&Site::demo());
    }

    #[test]
    fn home_and_pages_of_data() {
        super::home_and_pages_of_data(&Site::demo());
    }

    #[test]
    fn menus() {
        super::menus(&Site::new());
    }

    #[test]
    fn security_settings_and_second_factors() {
        super::security_settings_and_second_factors(&Site::demo());
    }

    #[test]
    fn nodes_of_a_cluster() {
        super::nodes_of_a_cluster(&Site::new());
    }

    #[test]
    fn pages_of_one_key() {
        super::pages_of_one_key(&Site::demo());
    }

    #[test]
    fn pages_with_a_secret() {
        super::pages_with_a_secret(&Site::new());
    }

    #[test]
    fn pages_without_access() {
        super::pages_without_access(&Site::new());
    }

    #[test]
    fn setup_page() {
        let (site, link) = Site::empty();
        super::set_up(&site, &link);
    }
}

/// In DejaVu Sans, whose letters are wider: where the embedded typeface does not arrive.
mod fallback {
    use super::Site;

    #[test]
    fn lists_of_a_workspace_in_use() {
        super::lists_of_a_workspace_in_use(&Site::demo().without_typeface());
    }

    #[test]
    fn home_and_pages_of_data() {
        super::home_and_pages_of_data(&Site::demo().without_typeface());
    }

    #[test]
    fn security_settings_and_second_factors() {
        super::security_settings_and_second_factors(&Site::demo().without_typeface());
    }

    #[test]
    fn nodes_of_a_cluster() {
        super::nodes_of_a_cluster(&Site::new().without_typeface());
    }

    #[test]
    fn pages_of_one_key() {
        super::pages_of_one_key(&Site::demo().without_typeface());
    }

    #[test]
    fn pages_with_a_secret() {
        super::pages_with_a_secret(&Site::new().without_typeface());
    }

    #[test]
    fn pages_without_access() {
        super::pages_without_access(&Site::new().without_typeface());
    }

    #[test]
    fn setup_page() {
        let (site, link) = Site::empty();
        super::set_up(&site.without_typeface(), &link);
    }
}

#[test]
fn key_lifecycle_works_without_javascript() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.without_javascript();
    tab.open("/settings/api-keys");
    tab.click("button", "New API Key");
    tab.fill("Name", "Fleet Dashboard");
    tab.click("button", "Create key");
    let secret = tab.secret();
    tab.lacks("button", "Copy");
    tab.click("button", "I have stored this key");
    tab.has("heading", "Fleet Dashboard");
    tab.go_to("API Keys");
    tab.fill("Search", &secret);
    tab.click("button", "Search");
    tab.says("The key you pasted");
    tab.click("button", "Revoke");
    tab.click("button", "Revoke key");
    tab.says("Revoked");
    tab.go_to("Audit Log");
    tab.select("Outcome", "Done");
    tab.click("button", "Filter");
    tab.says("Fleet Dashboard");
    tab.sign_out(OWNER);
    tab.has("button", "Sign in");
    tab.is_clean();
}

#[test]
fn key_is_created_by_keyboard_alone() {
    let site = Site::new();
    let mut tab = site.tab_of(OWNER);
    tab.open("/settings/api-keys");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("link".into(), "Skip to content".into()));
    tab.press("Enter");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("link".into(), "Policy".into()));
    tab.press("Tab");
    assert_eq!(tab.focused(), ("button".into(), "New API Key".into()));
    tab.press("Enter");
    tab.has("heading", "New API Key");
    while tab.focused() != ("textbox".into(), "Name".into()) {
        tab.press("Tab");
    }
    tab.type_text("Fleet Dashboard");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("radio".into(), "Live key".into()));
    tab.press("Tab");
    assert_eq!(tab.focused(), ("radio".into(), "Read-only".into()));
    tab.press("ArrowDown");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("radio".into(), "90 days".into()));
    while tab.focused() != ("button".into(), "Create key".into()) {
        tab.press("Tab");
    }
    tab.press("Enter");
    let key = tab.secret();
    tab.within("region", "The new key", |region| region.has("button", "Copy"));
    while tab.focused() != ("button".into(), "I have stored this key".into()) {
        tab.press("Tab");
    }
    tab.press("Enter");
    tab.says("Read-write");
    assert!(!tab.text().contains(&key));
}
