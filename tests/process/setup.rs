//! An empty database: `serve` prints a set-up link, which creates the workspace once.

use serde_json::{Value, json};
use testkit::{Client, Node, OWNER, PASSWORD, Response, Site};

use crate::BINARY;

/// The token of the link that a node has printed.
#[track_caller]
fn code(node: &Node) -> String {
    let stdout = node.stdout();
    let link = format!("http://{}/setup#", node.address);
    let (_, code) = stdout.split_once(&link).unwrap_or_else(|| panic!("no link: {stdout}"));
    code.lines().next().unwrap_or_default().to_owned()
}

/// The text between two others.
#[track_caller]
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}: {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after}: {text}")).0
}

/// A page, with the cookie that its form is held against.
struct Form {
    client: Client,
    token: String,
}

impl Form {
    fn open(node: &Node) -> Self {
        let page = node.anonymous().get("/setup").is(200);
        let cookie = page.headers.iter().find(|(name, _)| name == "set-cookie").expect("a cookie");
        let cookie = cookie.1.split(';').next().expect("a pair").to_owned();
        let token = between(&page.body, "name=\"csrf\" value=\"", "\"").to_owned();
        Self { client: node.anonymous().header("cookie", &cookie), token }
    }

    fn send(&mut self, code: &str, slug: &str) -> Response {
        let fields = [
            ("csrf", self.token.as_str()),
            ("code", code),
            ("name", "Skyline Aviation"),
            ("slug", slug),
            ("timezone", "Europe/Zurich"),
            ("owner_name", "Ana Keller"),
            ("email", OWNER),
            ("password", PASSWORD),
        ];
        let body = serde_urlencoded::to_string(fields).expect("fields");
        self.client.try_send_form("/setup", &body).expect("an answer")
    }
}

#[test]
fn printed_link_sets_up_the_workspace() {
    let site = Site::empty(BINARY);
    let node = site.node();
    let code = code(&node);
    let stdout = node.stdout();
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(matches!(lines[..], [_, _, _, listening] if listening.starts_with("Listening on ")), "{stdout}");
    assert!(stdout.contains("within 24 hours") && stdout.contains("planeconnection workspace create"), "{stdout}");
    let made = Form::open(&node).send(&code, "skyline").is(303);
    assert!(made.headers.contains(&("location".to_owned(), "/settings/api-keys?after=setup".to_owned())), "{made:?}");
    node.owner().get("/api/v1/auth/whoami").is(200);
    site.verify_audit_log();
    let (status, stdout, stderr) = node.stop();
    assert!(status.success());
    assert_eq!(stdout.matches(&code).count(), 1);
    assert!(!stderr.contains(&code), "the link is in the log: {stderr}");
    let (_, stdout, _) = site.node().stop();
    assert!(stdout.starts_with("Listening on "), "{stdout}");
}

#[test]
fn links_of_two_nodes_set_up_one_workspace() {
    let site = Site::empty(BINARY);
    let nodes = [site.node(), site.node()];
    let codes = [code(&nodes[0]), code(&nodes[1])];
    assert_ne!(codes[0], codes[1]);
    // The link of either node is good at the other, too.
    let mut forms = [Form::open(&nodes[0]), Form::open(&nodes[1])];
    let [one, other] = &mut forms;
    let mut statuses = std::thread::scope(|scope| {
        let first = scope.spawn(|| one.send(&codes[1], "skyline").status);
        let second = scope.spawn(|| other.send(&codes[0], "northwind").status);
        [first.join().expect("an answer"), second.join().expect("an answer")]
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    for node in &nodes {
        node.anonymous().post("/api/v1/auth/sign-in", &json!({ "email": OWNER, "password": PASSWORD })).is(200);
        assert!(node.anonymous().get("/setup").is(200).body.contains("Already set up"));
    }
}

#[test]
fn setup_link_ends_when_the_operator_creates_a_workspace() {
    let site = Site::empty(BINARY);
    let node = site.node_with(&["--public-url", "https://keys.skyline.example/"]);
    let stdout = node.stdout();
    let code = between(&stdout, "https://keys.skyline.example/setup#", "\n").to_owned();
    let mut form = Form::open(&node);
    site.create_workspace("skyline", OWNER).is(0);
    form.send(&code, "northwind").is(409);
    node.owner().get("/api/v1/auth/whoami").is(200);
}

/// The audit events of one action, by the demo's account owner.
#[track_caller]
fn demo_events(node: &Node, token: &str, query: &str) -> Vec<Value> {
    let answer = node.owner_with(token).get(&format!("/api/v1/audit-log?page_size=100&{query}")).is(200);
    answer.json["data"]["items"].as_array().expect("a list").clone()
}

#[test]
fn demo_is_filled_by_members_and_keys_within_their_permissions() {
    let site = Site::empty(BINARY);
    let node = Node::start(site.command(&["demo", "--listen", "127.0.0.1:0"]));
    let stdout = node.stdout();
    let body = serde_json::from_str(between(&stdout, "-d '", "'")).expect("JSON");
    let signed_in = node.anonymous().post("/api/v1/auth/sign-in", &body).is(200);
    let token = signed_in.json["data"]["token"].as_str().expect("a token").to_owned();

    let confirmed = demo_events(&node, &token, "action=api_key.refused_everywhere");
    assert_eq!(confirmed.len(), 1);
    assert_eq!(confirmed[0]["details"]["confirmedBy"].as_array().map(Vec::len), Some(1), "{}", confirmed[0]);

    let keys = node.owner_with(&token).get("/api/v1/api-keys").is(200);
    let keys = keys.json["data"]["items"].as_array().expect("a list").clone();
    let id = |name: &str| keys.iter().find(|key| key["name"] == name).expect("a key")["id"].as_str().expect("an id").to_owned();
    for (name, action) in [
        ("QuickBooks Integration", "invoice.created"),
        ("QuickBooks Integration", "invoice.payment_recorded"),
        ("FlightPlan Sync", "trip.created"),
    ] {
        let events = demo_events(&node, &token, &format!("action={action}&actor_id={}", id(name)));
        assert!(events.len() > 5, "{name} {action}: {}", events.len());
    }
    let usage = format!("/api/v1/api-keys/{}/usage?bucket=day", id("QuickBooks Integration"));
    assert!(node.owner_with(&token).get(&usage).is(200).body.contains("invoices:write"));
    let reviewers = demo_events(&node, &token, "action=report.updated");
    assert!(reviewers.len() > 20 && reviewers.iter().all(|event| event["actor"]["name"] == "Mira Rossi"));
}

#[test]
fn demo_prints_working_credentials() {
    let site = Site::empty(BINARY);
    let node = Node::start(site.command(&["demo", "--listen", "127.0.0.1:0"]));
    let stdout = node.stdout();
    assert!(stdout.contains(&format!("http://{}/sign-in?email={OWNER}\n", node.address)), "{stdout}");
    let said = |name| stdout.lines().find_map(|line| line.trim().strip_prefix(name)).expect("a line").trim();
    let credentials = json!({ "email": said("Email "), "password": said("Password ") });
    node.anonymous().post("/api/v1/auth/sign-in", &credentials).is(200);
    let page = node.anonymous().get(&format!("/sign-in?email={OWNER}")).is(200);
    assert!(page.body.contains(&format!("value=\"{OWNER}\"")), "{}", page.body);
    let body = between(&stdout, "-d '", "'");
    node.anonymous().post("/api/v1/auth/sign-in", &serde_json::from_str(body).expect("JSON")).is(200);
    let secret = between(&stdout, "X-API-Key: ", "'");
    node.anonymous().header("x-api-key", secret).get("/api/v1/ops/fleet-status").is(200);
}
