//! Pictures of the pages, for people to look at: `cargo xtask pictures`. Two of them are in the README.

use std::env;
use std::path::{Path, PathBuf};

use crate::support::{OWNER, Site, Tab};

/// The pictures of the README.
const README: [&str; 2] = ["api-keys", "secret"];

/// The page that is open, on a wide and a narrow window, by day and by night.
fn picture(tab: &mut Tab, folder: &Path, name: &str) {
    tab.reduced_motion(true);
    for (width, height) in [(390, 844), (1280, 800)] {
        for (shade, is_dark) in [("dark", true), ("light", false)] {
            tab.size(width, height);
            tab.dark(is_dark);
            tab.screenshot(&folder.join(format!("{name}-{width}-{shade}.png")));
        }
    }
    if README.contains(&name) {
        tab.screenshot(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/pictures/{name}.png")));
    }
    println!("{}/{name}-*.png", folder.display());
}

/// Pages that are no more than their path.
const PLACES: [&str; 21] = [
    "/findings",
    "/account",
    "/account/two-factor",
    "/account/passkeys/new",
    "/settings/api-keys",
    "/settings/api-keys?status=revoked",
    "/settings/api-keys/new",
    "/settings/api-keys/new?kind=test",
    "/settings/api-keys/management",
    "/settings/api-keys/policy",
    "/settings/api-keys/sandbox",
    "/settings/api-keys/leaks",
    "/settings/api-keys/unusual",
    "/settings/audit-log",
    "/settings/audit-log?unusual=1",
    "/settings/audit-log/requests",
    "/settings/members",
    "/settings/members/new",
    "/settings/security",
    "/settings/webhooks",
    "/settings/webhooks/new",
];

fn places(tab: &mut Tab, folder: &Path, prefix: &str, places: &[&str]) {
    for place in places {
        tab.open(place);
        let name = place.trim_start_matches("/settings").trim_start_matches('/').replace(['/', '?', '='], "-");
        picture(tab, folder, &format!("{prefix}{}", if name.is_empty() { "home" } else { &name }));
    }
}

fn cluster(folder: &Path) {
    let site = Site::new();
    let _others = ["rack-1", "rack-2"].map(|name| site.folder.node_with(&["--node-name", name]));
    let mut tab = site.tab_of(OWNER);
    site.a_node_that_has_ended();
    tab.open("/settings/cluster");
    picture(&mut tab, folder, "cluster");
}

#[test]
#[ignore = "writes files: cargo xtask pictures"]
fn pictures() {
    let standard = concat!(env!("CARGO_MANIFEST_DIR"), "/target/pictures");
    let folder = env::var_os("PICTURES_DIR").map_or_else(|| PathBuf::from(standard), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("a folder");
    let site = Site::demo();
    let mut tab = site.tab();
    for (name, path) in [
        ("docs", "/docs"),
        ("docs-overview", "/docs/overview"),
        ("docs-errors", "/docs/errors"),
        ("docs-guide", "/docs/guides/sync-trips"),
        ("docs-webhooks", "/docs/guides/webhooks"),
        ("docs-call", "/docs/api/follow-changes"),
        ("sign-in", "/sign-in"),
        ("join", "/join"),
        ("reset-password", "/reset-password"),
        ("not-found", "/nothing-here"),
    ] {
        tab.open(path);
        picture(&mut tab, &folder, name);
    }
    let mut tab = site.tab_of(OWNER);
    tab.timezone("Europe/Zurich");
    for (name, path) in [
        ("home", "/"),
        ("trips", "/trips"),
        ("fleet", "/fleet"),
        ("safety", "/safety"),
        ("safety-new", "/safety/new"),
        ("invoices", "/invoices"),
        ("search", "/search"),
    ] {
        tab.open(path);
        picture(&mut tab, &folder, name);
    }
    for list in ["trips", "fleet", "safety", "invoices"] {
        tab.open(&format!("/{list}"));
        let path = tab.evaluate("document.querySelector('main tbody a').getAttribute('href')");
        tab.open(path.as_str().expect("a path"));
        picture(&mut tab, &folder, &format!("{list}-one"));
    }
    tab.open("/account");
    picture(&mut tab, &folder, "account");
    tab.fill("Current password", "not this one, though");
    tab.fill("New password", "gliders over the lake");
    tab.click("button", "Change password");
    picture(&mut tab, &folder, "account-faults");
    places(&mut tab, &folder, "", &PLACES);
    cluster(&folder);
    let site = Site::new();
    places(&mut site.tab_of(OWNER), &folder, "empty-", &["/", "/findings", "/settings/api-keys", "/settings/api-keys/sandbox"]);
    let new = |tab: &mut Tab| {
        tab.open("/settings/api-keys/new");
        tab.choose("radio", "Specific modules");
    };
    new(&mut tab);
    tab.click("button", "Create key");
    picture(&mut tab, &folder, "faults");
    new(&mut tab);
    tab.fill("Name", "Crew app");
    tab.choose("radio", "Trips: Read");
    tab.choose("radio", "Fleet: Read");
    picture(&mut tab, &folder, "specific-modules");
    tab.click("button", "Create key");
    tab.secret();
    picture(&mut tab, &folder, "secret");
    tab.click("button", "I have stored this key");
    for name in ["FlightPlan Sync", "Old website"] {
        tab.open("/settings/api-keys");
        tab.click("link", name);
        let (key, name) = (tab.url(), name.to_lowercase().replace(' ', "-"));
        for page in ["", "/edit", "/rotate", "/pause", "/revoke"] {
            tab.open(&format!("{key}{page}"));
            picture(&mut tab, &folder, &format!("{name}{}", page.replace('/', "-")));
        }
    }
}
