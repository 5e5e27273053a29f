//! Setting up the first workspace by the link that `serve` prints.

use std::time::Duration;

use planeconnection::workspaces;

use crate::browser::Person;
use crate::support::{EmptyApp, PASSWORD, Response, TestApp};

/// The list of keys, which says how the workspace is called in commands.
const LIST: &str = "/settings/api-keys?after=setup";

async fn link(t: &EmptyApp) -> String {
    workspaces::offer(&t.app).await.expect("a database").expect("a link").expose().to_owned()
}

fn filled(code: &str) -> [(&str, &str); 7] {
    [
        ("code", code),
        ("name", "Skyline Aviation"),
        ("slug", ""),
        ("timezone", "Europe/Zurich"),
        ("owner_name", "Ana Keller"),
        ("email", "Ana@skyline.example"),
        ("password", PASSWORD),
    ]
}

async fn set_up(person: &Person, fields: &[(&str, &str)]) -> Response {
    person.submit("/setup", "/setup", fields).await
}

/// Replaces one field of a form.
fn but<'a>(fields: [(&'a str, &'a str); 7], name: &str, value: &'a str) -> [(&'a str, &'a str); 7] {
    fields.map(|(known, text)| (known, if known == name { value } else { text }))
}

#[tokio::test]
async fn setup_link_creates_a_workspace_and_its_owner() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    ana.get("/sign-in").await.redirects_to("/setup");
    ana.get("/setup").await.is(200).says("Set-up code").does_not_say("Europe/Zurich");
    let opened = set_up(&ana, &[("code", &code)]).await.is(200).keeps("code", &code);
    opened.says("<option>Europe/Zurich</option>").says("<option selected>UTC</option>");
    set_up(&ana, &filled(&code)).await.redirects_to(LIST);
    ana.get(LIST).await.is(200).says("Skyline Aviation is set up.").says("<code id=\"slug\">skyline-aviation</code>");
    ana.get("/account").await.is(200).says("Ana Keller").says("ana@skyline.example").says("Account owner");
    let made = workspaces::find_by_slug(t.app.db.read(), "skyline-aviation").await.expect("a database").expect("a workspace");
    assert_eq!((made.name.as_str(), made.timezone.as_str()), ("Skyline Aviation", "Europe/Zurich"));
    let later = t.anonymous_person();
    let signed_in = [("email", "ana@skyline.example"), ("password", PASSWORD)];
    later.submit("/sign-in", "/sign-in", &signed_in).await.redirects_to("/");
    let session = later.cookie("planeconnection_session").expect("a session");
    let log = t.anonymous().header("authorization", &format!("Bearer {session}")).get("/api/v1/audit-log").await.is(200);
    assert_eq!(log.items("action"), ["member.signed_in", "member.signed_in", "member.added", "workspace.created"]);
    assert_eq!(log.at("/data/items/3/actor/type"), "operator");
    assert_eq!(log.at("/data/items/3/actor/name"), "set-up link");
    assert_eq!(log.at("/data/items/3/ip"), "192.0.2.1");
}

#[tokio::test]
async fn setup_page_leads_to_sign_in_once_a_workspace_exists() {
    let t = TestApp::new().await;
    t.anonymous_person().get("/setup").await.is(200).says("Already set up").says("href=\"/sign-in\"").does_not_say("<form");
    assert!(workspaces::offer(&t.app).await.expect("a database").is_none());
}

#[tokio::test]
async fn second_workspace_is_refused_and_every_link_ends() {
    let t = EmptyApp::new().await;
    let (one, other) = (link(&t).await, link(&t).await);
    let (ana, ben) = (t.anonymous_person(), t.anonymous_person());
    let bens = ben.get("/setup").await.is(200).hidden("/setup").remove(0).1;
    set_up(&ana, &filled(&one)).await.is(303);
    for code in [&one, &other] {
        let fields = [&[("csrf", bens.as_str())][..], &but(filled(code), "slug", "northwind")].concat();
        ben.post("/setup", &fields).await.is(409).says("Already set up").does_not_say(PASSWORD);
    }
    assert_eq!(workspaces::all(t.app.db.read()).await.expect("a database").len(), 1);
}

#[tokio::test]
async fn concurrent_setups_succeed_once() {
    for same_link in [true, false] {
        let t = EmptyApp::new().await;
        let one = link(&t).await;
        let other = if same_link { one.clone() } else { link(&t).await };
        let (ana, ben) = (t.anonymous_person(), t.anonymous_person());
        let (first, second) = (filled(&one), but(filled(&other), "slug", "northwind"));
        let (first, second) = tokio::join!(set_up(&ana, &first), set_up(&ben, &second));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "{} {}", first.text, second.text);
        assert_eq!(workspaces::all(t.app.db.read()).await.expect("a database").len(), 1);
    }
}

#[tokio::test]
async fn setup_link_expires_after_a_day() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    let opened = ana.get("/setup").await.is(200).hidden("/setup").remove(0).1;
    t.app.clock.advance(Duration::from_hours(24));
    ana.get("/setup").await.is(200).says("planeconnection workspace create").does_not_say("<form");
    let fields = [&[("csrf", opened.as_str())][..], &filled(&code)].concat();
    ana.post("/setup", &fields).await.is(410).says("Ask the operator of this server for a new one");
    let fresh = link(&t).await;
    set_up(&ana, &filled(&code)).await.is(410).reports("code").keeps("name", "Skyline Aviation");
    set_up(&ana, &filled(&fresh)).await.redirects_to(LIST);
}

#[tokio::test]
async fn setup_code_is_checked_before_the_form_is_shown() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    for (wrong, status) in [("", 400), ("#", 400), ("nonsense", 410), (&code[..46], 410), ("pci_x", 410)] {
        let refused = set_up(&ana, &[("code", wrong)]).await.is(status).reports("code");
        refused.does_not_say("Workspace name");
    }
    let whole = format!(" http://127.0.0.1:8080/setup#{code} ");
    set_up(&ana, &[("code", &whole)]).await.is(200).keeps("code", &code).says("Workspace name");
    let opened = ana.get("/setup").await.hidden("/setup").remove(0).1;
    t.make_workspace("northwind").await;
    ana.post("/setup", &[("csrf", &opened), ("code", &code)]).await.is(410).says("Already set up").does_not_say("<form");
}

#[tokio::test]
async fn workspace_created_by_command_ends_setup_links() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    let opened = ana.get("/setup").await.is(200).hidden("/setup").remove(0).1;
    t.make_workspace("northwind").await;
    let fields = [&[("csrf", opened.as_str())][..], &filled(&code)].concat();
    ana.post("/setup", &fields).await.is(409).says("Already set up");
    ana.get("/sign-in").await.is(200);
}

#[tokio::test]
async fn only_the_digest_of_a_link_is_stored() {
    let t = EmptyApp::new().await;
    let code = link(&t).await;
    assert!(code.starts_with("pcu_") && code.len() == 47, "{code}");
    let bytes = t.database.dump().await;
    assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()));
}

#[tokio::test]
async fn invalid_setup_is_reported_per_field_and_keeps_the_link() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    let empty = set_up(&ana, &[("password", "")]).await.is(400).says("5 fields need to be corrected");
    for field in ["code", "name", "owner_name", "email", "password"] {
        assert!(empty.page().error_of(field).is_some(), "{field}: {}", empty.text);
    }
    for (field, value) in [
        ("code", ""),
        ("name", &*"x".repeat(101)),
        ("slug", "Sky Line"),
        ("timezone", "Mars/Olympus"),
        ("owner_name", " "),
        ("email", "ana"),
        ("password", "elevenchars"),
    ] {
        let refused = set_up(&ana, &but(filled(&code), field, value)).await.is(400).says("One field needs to be corrected");
        let refused = refused.reports(field).does_not_say(PASSWORD).does_not_say("elevenchars");
        assert!(field == "owner_name" || refused.page().field("owner_name").value() == "Ana Keller");
        assert!(field == "timezone" || refused.page().field("timezone").value() == "Europe/Zurich");
    }
    set_up(&ana, &but(filled(&code), "name", "東京")).await.is(400).reports("slug");
    let hostile = set_up(&ana, &but(but(filled(&code), "name", "\"><script>"), "email", "ana")).await.is(400);
    hostile.does_not_say("<script>").keeps("name", "\"><script>");
    set_up(&ana, &filled("wrong")).await.is(410).says("restart the server");
    set_up(&ana, &filled(&format!("http://127.0.0.1:8080/setup#{code}"))).await.redirects_to(LIST);
}

#[tokio::test]
async fn setup_form_requires_its_csrf_token() {
    let t = EmptyApp::new().await;
    let (code, ana) = (link(&t).await, t.anonymous_person());
    ana.post("/setup", &filled(&code)).await.is(403);
    ana.get("/setup").await.is(200);
    let others = t.anonymous_person().get("/setup").await.hidden("/setup").remove(0).1;
    ana.post("/setup", &[&[("csrf", others.as_str())][..], &filled(&code)].concat()).await.is(403);
    assert!(workspaces::all(t.app.db.read()).await.expect("a database").is_empty());
}
