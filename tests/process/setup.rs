//! An empty database: `serve` prints a set-up link, which creates the workspace once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::{Client, Node, OWNER, PASSWORD, Response, Site, TRIPS, until};

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

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The demo, and a session of its account owner.
fn demo(site: &Site) -> (Node, String) {
    let node = Node::start(site.command(&["demo", "--listen", "127.0.0.1:0"]));
    let body = serde_json::from_str(between(&node.stdout(), "-d '", "'")).expect("JSON");
    let signed_in = node.anonymous().post("/api/v1/auth/sign-in", &body).is(200);
    let token = text(&signed_in.json["data"]["token"]).to_owned();
    (node, token)
}

/// The webhooks of the demo: the one that fails, and the one that is well.
fn demo_webhooks(owner: &mut Client) -> [Value; 2] {
    let found = owner.get("/api/v1/webhooks").is(200).json["data"]["items"].take();
    let [failing, active] = ["failing", "active"].map(|status| {
        let mut with_status = found.as_array().expect("a list").iter().filter(|webhook| webhook["status"] == status);
        with_status.next().unwrap_or_else(|| panic!("none is {status}: {found}")).clone()
    });
    [failing, active]
}

#[test]
fn webhooks_of_the_demo_have_weeks_of_deliveries() {
    let site = Site::empty(BINARY);
    let (node, token) = demo(&site);
    let mut owner = node.owner_with(&token);
    assert_eq!(demo_events(&node, &token, "action=webhook.created").len(), 3);
    for webhook in demo_webhooks(&mut owner) {
        let path = format!("/api/v1/webhooks/{}/deliveries", text(&webhook["id"]));
        let page = owner.get(&format!("{path}?page_size=100")).is(200).json["data"].take();
        assert!(page["total"].as_i64().is_some_and(|total| total > 50), "{}: {}", webhook["description"], page["total"]);
        let oldest =
            owner.get(&format!("{path}?page_size=100&page={}", page["total_pages"])).is(200).json["data"]["items"].take();
        let oldest = text(&oldest.as_array().and_then(|items| items.last()).expect("a delivery")["createdAt"]).to_owned();
        assert!(oldest[..10] < text(&webhook["health"]["lastSuccessAt"])[..10], "they begin days ago: {oldest}");
        let (mut errors, mut latest) = (BTreeSet::new(), [String::new(), String::new()]);
        for delivery in page["items"].as_array().expect("a list") {
            let delivery = owner.get(&format!("{path}/{}", text(&delivery["id"]))).is(200).json["data"].take();
            let payload = &delivery["payload"];
            assert_eq!((&payload["id"], &payload["type"]), (&delivery["eventId"], &delivery["type"]), "{delivery}");
            let attempts = delivery["attempts"].as_array().expect("a list");
            let is_accepted = |attempt: &Value| attempt["statusCode"] == 204 && attempt["error"].is_null();
            assert_eq!(attempts.iter().any(is_accepted), delivery["status"] == "delivered", "{delivery}");
            assert_eq!(delivery["nextAttemptAt"].is_null(), delivery["status"] != "pending", "{delivery}");
            errors.extend(attempts.iter().filter_map(|attempt| attempt["error"].as_str()).map(str::to_owned));
            for attempt in attempts {
                let start = &mut latest[usize::from(!is_accepted(attempt))];
                *start = text(&attempt["startedAt"]).to_owned().max(std::mem::take(start));
            }
        }
        // Attempts go on.
        let webhook = owner.get(&format!("/api/v1/webhooks/{}", text(&webhook["id"]))).is(200).json["data"].take();
        let [success, failure] =
            ["lastSuccessAt", "lastFailureAt"].map(|field| webhook["health"][field].as_str().unwrap_or_default());
        if webhook["status"] == "failing" {
            assert!(errors.len() >= 3, "they vary: {errors:?}");
            assert!(success < failure && latest[0].as_str() < success, "{latest:?}");
            assert!(webhook["health"]["pending"].as_i64().is_some_and(|pending| pending < 30), "{webhook}");
        }
        assert!(latest[1].as_str() <= failure, "{latest:?}");
    }
}

#[test]
fn receiver_of_the_demo_shows_what_arrives() {
    let site = Site::empty(BINARY);
    let (node, token) = demo(&site);
    let mut owner = node.owner_with(&token);
    let [failing, active] = demo_webhooks(&mut owner);
    let stdout = node.stdout();
    let address = between(&stdout, "deliver, here and at:\n\n  http://", "/").parse().expect("an address");
    let mut test = |webhook: &Value| {
        let tested = owner.post(&format!("/api/v1/webhooks/{}/test", text(&webhook["id"])), &json!({})).is(200);
        tested.json["data"]["attempt"]["statusCode"].clone()
    };
    assert_eq!([test(&active), test(&failing)], [json!(204), json!(503)]);

    let (_, line) = stdout.split_once("as the scheduling software").expect("a line");
    let (key, trip) = (between(line, "X-API-Key: ", "'"), between(line, "-d '", "'"));
    node.anonymous().header("x-api-key", key).post(TRIPS, &serde_json::from_str(trip).expect("JSON")).is(201);
    let arrived = || node.stdout().lines().find(|line| line.starts_with("Received trip.created")).map(str::to_owned);
    until("the trip has arrived", || arrived().is_some());
    let line = arrived().expect("a line");
    assert!(line.ends_with(" at /crew-scheduling, signature verified: answered 204"), "{line}");

    let mut receiver = Client::connect(address).expect("a connection");
    let page = receiver.get("/").is(200);
    assert!(page.body.contains("trip.created") && page.body.contains("verified"), "{}", page.body);
    let forged = receiver.post("/crew-scheduling", &json!({ "id": "evt_1" }));
    assert_eq!(forged.status, 401);
    assert_eq!(receiver.post("/of-my-own", &json!({ "id": "<b>" })).status, 204);
    assert!(receiver.get("/").is(200).body.contains("&#60;b&#62;"), "it is escaped");
    receiver.post("/of-my-own", &json!({ "id": "\u{1b}[2J" })).is(204);
    until("it is printed", || node.stdout().contains(r"\u{1b}[2J"));
    receiver.try_send("POST", "/switch", None).expect("a response").is(303);
    assert_eq!(test(&failing), json!(204), "it is repaired");
}
