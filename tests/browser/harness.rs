//! The harness itself, on pages made for it: what it says of a page is so.

use serde_json::json;

use crate::support::{Dialog, FakeServer, PASSWORD, Site, Tab};

const FORM: &str = "<h1>New key</h1>
<form method=post action=/made>
<label>Name <input name=name value=Old></label>
<label>Search <input type=search name=search></label>
<label>Requests <input type=number name=requests></label>
<label>Expires <input type=date name=expires></label>
<label>Since <input type=datetime-local name=since></label>
<label>At <input type=time name=at></label>
<label>Status <select name=status><option>All<option>Active<option disabled>Gone</select></label>
<fieldset><legend>Permissions</legend>
<label><input type=radio name=permissions value=read style='opacity:0;position:absolute'> Read-only</label>
<label><input type=radio name=permissions value=write> Read-write</label>
</fieldset>
<label><input type=checkbox name=stored> I have stored this key</label>
<button>Create key</button>
</form>
<button disabled>Rotate</button>
<table><tr><th scope=row>Fleet<td><a href='#one'>Revoke</a><tr><th scope=row>Trips<td><a href='/two'>Revoke</a></table>
<p><a href=/file>Export</a> <a href=/nothing>Nothing</a></p>";

const SCRIPTED: &str = "<button id=copy>Copy</button><button id=late>Later</button><a href=/>Away</a><p id=said></p>
<script>
addEventListener('beforeunload', event => event.preventDefault());
late.onclick = () => setTimeout(() => location = '/two', 50);
copy.onclick = () => navigator.clipboard.writeText('pck_1').then(() => said.textContent = 'Copied', () => said.textContent = 'Refused');
</script>";

const BAD: &str = "<img src='http://localhost:1/picture.png'><script>console.error('oh')</script><script>missing()</script>
<p style='color:red'>Styled</p><table width=3000><tr><td>Wide</table><input>";

fn page(head: &str, body: &str) -> String {
    let html = format!("<!doctype html><html lang=en><title>FakeServer</title><link rel=icon href='data:,'>{body}");
    format!("HTTP/1.1 {head}\r\ncontent-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{html}", html.len())
}

fn answer(line: &str) -> String {
    match line {
        "GET /" => page("200 OK", FORM),
        "GET /scripted" => page("200 OK", SCRIPTED),
        "GET /bad" => page("200 OK\r\ncontent-security-policy: style-src 'self'", BAD),
        "POST /made" => page("303 See Other\r\nlocation: /two", ""),
        "GET /two" => page("200 OK", "<h1>Two</h1><script>document.write('<p>Scripts run')</script>"),
        "GET /file" => page("200 OK\r\ncontent-disposition: attachment; filename=log.csv", "a,b"),
        "GET /nothing" => page("204 No Content", ""),
        _ => page("404 Not Found", "<h1>Not here</h1>"),
    }
}

fn tab(path: &str) -> Tab {
    let mut tab = FakeServer::new(answer).tab();
    tab.open(path);
    tab
}

fn fill_in(tab: &mut Tab) {
    tab.fill("Name", "Fleet Dashboard");
    tab.fill("Search", "fleet");
    tab.fill("Requests", "600");
    tab.fill("Expires", "2031-02-03");
    tab.fill("Since", "2026-12-31T00:05");
    tab.fill("At", "18:30");
    tab.select("Status", "Active");
    tab.within("group", "Permissions", |group| group.choose("radio", "Read-only"));
    tab.choose("checkbox", "I have stored this key");
    let values = ["Name", "Search", "Requests", "Status"].map(|label| tab.value(label));
    assert_eq!(values, ["Fleet Dashboard", "fleet", "600", "Active"]);
    assert!(!tab.chosen("radio", "Read-write"));
}

#[test]
fn form_is_filled_in_and_submitted() {
    let mut tab = tab("/");
    fill_in(&mut tab);
    tab.click("button", "Create key");
    assert_eq!((tab.url().as_str(), tab.status(), tab.count("heading", "Two")), ("/two", 200, 1));
    assert!(tab.text().contains("Scripts run"));
    tab.back();
    tab.has("heading", "New key");
    tab.is_clean();
}

#[test]
fn form_is_filled_in_and_submitted_without_javascript() {
    let mut tab = tab("/");
    tab.without_javascript();
    tab.reload();
    fill_in(&mut tab);
    tab.click("button", "Create key");
    assert_eq!((tab.url().as_str(), tab.count("heading", "Two")), ("/two", 1));
    assert!(!tab.text().contains("Scripts run"));
}

#[test]
fn row_is_found_by_its_content() {
    let mut tab = tab("/");
    tab.within("row", "Fleet", |row| row.click("link", "Revoke"));
    assert_eq!(tab.url(), "/#one");
    tab.within("row", "Trips", |row| row.click("link", "Revoke"));
    assert_eq!(tab.url(), "/two");
    tab.open("/else");
    assert_eq!((tab.status(), tab.count("heading", "Not here")), (404, 1));
    tab.is_clean();
}

#[test]
fn link_to_no_content_or_a_download_is_followed() {
    let mut tab = tab("/");
    tab.click("link", "Nothing");
    let (name, text) = tab.download(|tab| tab.click("link", "Export"));
    assert_eq!((name.as_str(), text.ends_with("a,b")), ("log.csv", true));
    assert_eq!(tab.url(), "/");
}

#[test]
fn keyboard_focuses_and_activates() {
    let mut tab = tab("/");
    tab.press("Tab");
    assert_eq!(tab.focused(), ("textbox".into(), "Name".into()));
    tab.press("Tab");
    tab.type_text("fleet");
    tab.press("Shift+Tab");
    assert_eq!((tab.focused().1.as_str(), tab.value("Search").as_str()), ("Name", "fleet"));
    tab.press("Enter");
    assert_eq!(tab.url(), "/two");
}

#[test]
fn delayed_navigation_is_waited_for() {
    let mut tab = tab("/scripted");
    tab.click("button", "Later");
    tab.has("heading", "Two");
    tab.lacks("button", "Later");
    tab.says("Scripts run");
}

#[test]
fn leave_dialog_is_answered() {
    let mut tab = tab("/scripted");
    tab.click("button", "Copy");
    tab.stays();
    tab.click("link", "Away");
    assert_eq!(tab.url(), "/scripted");
    tab.leaves();
    tab.click("link", "Away");
    assert_eq!(tab.url(), "/");
    assert_eq!(tab.dialogs(), [(); 2].map(|()| Dialog { kind: "beforeunload".into(), message: String::new() }));
}

#[test]
fn clipboard_is_granted_and_denied() {
    let mut tab = tab("/scripted");
    tab.grant_clipboard();
    tab.click("button", "Copy");
    tab.says("Copied");
    assert_eq!(tab.clipboard(), "pck_1");
    let mut other = tab.beside();
    other.open("/scripted");
    other.deny_clipboard();
    other.click("button", "Copy");
    other.says("Refused");
}

#[test]
fn emulated_conditions_are_applied() {
    let mut tab = tab("/");
    tab.size(390, 844);
    tab.dark(true);
    tab.reduced_motion(true);
    tab.print_media();
    tab.timezone("America/New_York");
    for query in ["(width: 390px)", "(prefers-color-scheme: dark)", "(prefers-reduced-motion)", "print"] {
        assert_eq!(tab.evaluate(&format!("matchMedia('{query}').matches")), true, "{query}");
    }
    assert_eq!(tab.evaluate("new Date('2026-07-01T12:00Z').getHours()"), 8);
    assert!(!tab.scrolls_sideways());
}

#[test]
fn faults_of_a_page_are_detected() {
    let mut tab = tab("/bad");
    let console = tab.console().join("\n");
    for complaint in ["console.error", "uncaught", "style-src", "missing is not defined"] {
        assert!(console.contains(complaint), "{complaint}: {console}");
    }
    assert!(tab.requests().iter().any(|address| address == "http://localhost:1/picture.png"));
    assert!(tab.scrolls_sideways());
    let rules: Vec<_> = tab.axe().into_iter().map(|finding| finding.rule).collect();
    assert_eq!(rules, ["image-alt", "label"]);
}

#[test]
#[should_panic(expected = "button \"Rotate\" is disabled")]
fn disabled_element_is_not_clicked() {
    tab("/").click("button", "Rotate");
}

#[test]
#[should_panic(expected = "there are 2 of link \"Revoke\": say within what")]
fn ambiguous_match_fails() {
    tab("/").click("link", "Revoke");
}

#[test]
fn site_provides_keys_and_members() {
    let site = Site::new();
    let key = site.node.owner().create_key("Fleet Dashboard", &["fleet:read"]);
    site.node.with_key(&key).get("/api/v1/ops/aircraft").is(200);
    let pilot = json!({ "email": site.member("pilot"), "password": PASSWORD });
    site.node.anonymous().post("/api/v1/auth/sign-in", &pilot).is(200);
    site.folder.verify_audit_log();
}
