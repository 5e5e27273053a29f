//! A rolling upgrade: nodes of the previous version and of this one on one database, as `cargo xtask test` builds them.
//!
//! The previous version supports SQLite only. That is enough: both versions run the same statements on both engines, and
//! the subject here is that each accepts the schema and the rows of the other.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use kit::clock::Clock;
use planeconnection::cluster::LEASE;
use serde_json::{Value, json};
use testkit::{
    Authenticator, INVOICES, KEYS, Key, Node, OWNER, PASSWORD, REPORTS, Response, SIGN_IN, Site, WHOAMI, create_key_body, run,
    until,
};

/// The path of the binary under test.
const BINARY: &str = env!("CARGO_BIN_EXE_planeconnection");

/// The binary of the previous version.
fn previous() -> PathBuf {
    let usual = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/previous/build/debug/planeconnection");
    let binary = std::env::var_os("PREVIOUS_BINARY").map_or(usual, PathBuf::from);
    assert!(binary.is_file(), "{} is not there: `cargo xtask previous` builds it", binary.display());
    binary
}

/// A command of the previous version.
fn before(site: &Site, arguments: &[&str]) -> Command {
    let now = site.command(arguments);
    let mut command = Command::new(previous());
    command.args(arguments).env_clear().current_dir(site.folder());
    command.envs(now.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// A workspace that the previous version created.
fn old_site() -> Site {
    let site = Site::empty_in_file(BINARY);
    let create = ["workspace", "create", "--name", "S", "--slug", "skyline", "--owner-email", OWNER, "--owner-password-stdin"];
    run(before(&site, &create), PASSWORD).is(0);
    site
}

fn old_node(site: &Site) -> Node {
    Node::start(before(site, &["serve", "--listen", "127.0.0.1:0"]))
}

#[track_caller]
fn both_apply_changes(old: &Node, new: &Node, token: &str, name: &str) {
    for (number, (making, other)) in [(old, new), (new, old)].into_iter().enumerate() {
        let key = making.owner_with(token).create_key(&format!("{name} {number}"), &["trips:read"]);
        for node in [old, new] {
            node.with_key(&key).get(WHOAMI).is(200);
        }
        let rotated = making.owner_with(token).post(&format!("/api/v1/api-keys/{}/rotate", key.id), &json!({})).is(201);
        other.with_key(&Key::from_json(&rotated.json["data"])).get(WHOAMI).is(200);
        let begun = Instant::now();
        other.owner_with(token).revoke(&key);
        assert!(begun.elapsed() < LEASE, "it was waited for in vain");
        for node in [old, new] {
            node.with_key(&key).get(WHOAMI).is(401).code("API_KEY_REVOKED");
        }
    }
}

#[test]
fn nodes_of_both_versions_apply_each_others_changes() {
    let site = old_site();
    let old = old_node(&site);
    let token = old.sign_in();
    let kept = old.owner_with(&token).create_key("Kept", &["trips:read"]);
    old.with_key(&kept).get(WHOAMI).is(200);
    // Migrates the schema while the old node runs.
    let new = site.node();
    both_apply_changes(&old, &new, &token, "Together");
    let nodes = site.run(&["nodes", "list", "--json"]).is(0).json()["nodes"].clone();
    assert_eq!(nodes.as_array().expect("a list").len(), 2);
    assert_eq!(nodes[0]["version"], "", "the version before does not tell its own");
    // It goes on for a while, through several leases and flushes of both.
    let begun = Instant::now();
    until("two leases are over", || begun.elapsed() > 2 * LEASE);
    for node in [&old, &new] {
        node.with_key(&kept).get(WHOAMI).is(200);
        assert_eq!(node.anonymous().get("/readiness").status, 200);
    }
    both_apply_changes(&old, &new, &token, "Later");
    // The old node would go on to accept it.
    let pause = format!("{KEYS}/{}/pause", kept.id);
    new.owner_with(&token).post(&pause, &json!({})).is(409).code("UPGRADE_IN_PROGRESS");
    new.with_key(&kept).get(WHOAMI).is(200);
    let (status, _, log) = old.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    let (key, begun) = (new.owner_with(&token).create_key("Alone", &["trips:read"]), Instant::now());
    new.owner_with(&token).revoke(&key);
    assert!(begun.elapsed() < LEASE + Duration::from_secs(1));
    new.with_key(&kept).get(WHOAMI).is(200);
    new.owner_with(&token).post(&pause, &json!({})).is(200);
    new.with_key(&kept).get(WHOAMI).is(401).code("API_KEY_PAUSED");
    let (status, _, log) = new.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    site.verify_audit_log();
}

/// The page of the audit log, which says whether the chain fits.
#[track_caller]
fn audit_page(node: &Node, token: &str) -> String {
    node.anonymous().header("cookie", &format!("planeconnection_session={token}")).get("/settings/audit-log").is(200).body
}

#[test]
fn events_carry_proofs_of_identity_once_no_older_node_can_read_them() {
    let site = old_site();
    let old = old_node(&site);
    let token = old.sign_in();
    let created = |node: &Node, token: &str, name: &str| {
        node.owner_with(token).create_key(name, &["trips:read"]);
        let latest = node.owner_with(token).get("/api/v1/audit-log?action=api_key.created&page_size=1").is(200);
        latest.json["data"]["items"][0].clone()
    };
    let new = site.node();
    assert_eq!(created(&new, &token, "Together").get("authentication"), None);
    assert_eq!(created(&new, &new.sign_in(), "Again").get("authentication"), None);
    let page = audit_page(&old, &token);
    assert!(page.contains("Chain verified") && !page.contains("not as it was written"), "{page}");
    assert_eq!(new.stop().0.code(), Some(0));
    // What a day without such nodes comes to, in the database.
    site.execute("UPDATE event_authentication SET begun = true");
    let later = site.node();
    let carried = created(&later, &later.sign_in(), "Later")["authentication"].clone();
    assert_eq!(carried["methods"], json!(["password"]));
    assert!(carried["ageSeconds"].as_i64().is_some_and(|age| (0..600).contains(&age)), "{carried}");
    site.verify_audit_log();
    // The version before would call such an event altered, which is why they wait.
    let page = audit_page(&old, &token);
    assert!(page.contains("not as it was written"), "{page}");
}

#[track_caller]
fn file_report(node: &Node, token: &str, severity: &str) -> String {
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap", "occurredAt": "2026-11-22T17:05:00Z", "severity": severity,
        "description": "During the walk-around before the second leg the left fuel cap was found open.",
    });
    node.owner_with(token).post(REPORTS, &report).is(201).json["data"]["id"].as_str().expect("an id").to_owned()
}

#[track_caller]
fn severity(node: &Node, token: &str, id: &str) -> String {
    let report = node.owner_with(token).get(&format!("{REPORTS}/{id}")).is(200);
    report.json["data"]["severity"].as_str().expect("a severity").to_owned()
}

#[track_caller]
fn change_report(node: &Node, token: &str, id: &str, change: &Value) {
    let path = format!("{REPORTS}/{id}");
    node.owner_with(token).patch(&path, change).is(200);
}

#[test]
fn nodes_of_both_versions_read_and_change_each_others_severities() {
    let site = old_site();
    let old = old_node(&site);
    let token = old.sign_in();
    let before = file_report(&old, &token, "high");
    let new = site.node();
    let meanwhile = file_report(&old, &token, "low");
    let mut known = vec![(before, "high", "hazardous"), (meanwhile, "low", "minor")];
    for (present, former) in
        [("negligible", "low"), ("minor", "low"), ("major", "medium"), ("hazardous", "high"), ("catastrophic", "critical")]
    {
        known.push((file_report(&new, &token, present), former, present));
    }
    for (id, former, present) in &known {
        assert_eq!(severity(&old, &token, id), *former);
        assert_eq!(severity(&new, &token, id), *present);
        for (node, word) in [(&old, former), (&new, present)] {
            let found = node.owner_with(&token).get(&format!("{REPORTS}?severity={word}")).is(200).body;
            assert!(found.contains(id.as_str()), "{word}: {found}");
        }
    }
    // The previous version saves a report without touching its severity, and changes another one's.
    let negligible = &known[2].0;
    change_report(&old, &token, negligible, &json!({ "title": "Fuel cap open" }));
    assert_eq!(severity(&new, &token, negligible), "negligible");
    change_report(&old, &token, negligible, &json!({ "severity": "critical" }));
    assert_eq!(severity(&new, &token, negligible), "catastrophic");
    change_report(&new, &token, negligible, &json!({ "severity": "negligible" }));
    assert_eq!(severity(&old, &token, negligible), "low");
    assert_eq!(severity(&new, &token, negligible), "negligible");
    for node in [old, new] {
        let (status, _, log) = node.stop();
        assert_eq!(status.code(), Some(0));
        assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    }
    site.verify_audit_log();
}

#[track_caller]
fn found(node: &Node, token: &str, text: &str) -> usize {
    let query = serde_urlencoded::to_string([("search", text)]).expect("a query");
    let found = node.owner_with(token).get(&format!("{KEYS}?{query}")).is(200);
    found.json["data"]["items"].as_array().expect("a list").len()
}

#[test]
fn names_of_keys_that_the_previous_version_wrote_are_found_and_compared() {
    let site = old_site();
    let old = old_node(&site);
    let token = old.sign_in();
    let refused = |node: &Node, name: &str, by: &str| {
        let refusal = node.owner_with(&token).post(KEYS, &create_key_body(name, &["trips:read"])).is(409);
        assert!(refusal.body.contains(&format!("“{by}”")), "{name}: {}", refusal.body);
    };
    old.owner_with(&token).create_key("ÜBERFLUG Zürich", &["trips:read"]);
    let renamed = old.owner_with(&token).create_key("Große Straße", &["trips:read"]);
    let new = site.node();
    old.owner_with(&token).create_key("Рейс", &["trips:read"]);
    let written = [
        ("ÜBERFLUG Zürich", "überflug", "Überflug zürich"),
        ("Рейс", "РЕЙС", "рейс"),
        ("Große Straße", "große", "GROSSE STRASSE"),
    ];
    for (name, part, alike) in written {
        assert_eq!(found(&new, &token, part), 1, "{part}");
        refused(&new, alike, name);
    }
    // The previous version renames a key whose name this one has written.
    let path = format!("{KEYS}/{}", renamed.id);
    let rename = |node: &Node, name: &str| {
        node.owner_with(&token).patch(&path, &json!({ "name": name })).is(200);
    };
    rename(&new, "Flight desk");
    rename(&old, "Große Straße");
    refused(&new, "grosse strasse", "Große Straße");
    assert_eq!((found(&new, &token, "desk"), found(&new, &token, "GROẞE")), (0, 1));
    assert_eq!(old.stop().0.code(), Some(0));
    // It runs on the node that has run longest, which was the old one.
    let has_run = r#"planeconnection_background_job_runs_total{name="search_texts"} "#;
    until("a background job has derived the forms for search", || new.anonymous().get("/metrics").is(200).body.contains(has_run));
    assert_eq!(found(&new, &token, "strasse"), 1);
    for (name, part, alike) in written {
        assert_eq!(found(&new, &token, part), 1, "{part}");
        refused(&new, alike, name);
    }
    let (status, _, log) = new.stop();
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    site.verify_audit_log();
}

#[test]
fn chain_of_rotations_by_both_versions_shares_idempotency_keys() {
    let site = old_site();
    let old = old_node(&site);
    let token = old.sign_in();
    let early = old.owner_with(&token).create_key("Early", &["invoices:write"]);
    let rotated = |node: &Node, key: &Key| {
        let made = node.owner_with(&token).post(&format!("{KEYS}/{}/rotate", key.id), &json!({})).is(201);
        Key::from_json(&made.json["data"])
    };
    // Before the migration, after it by a node of the version before, and by one of this version.
    let first = rotated(&old, &early);
    let new = site.node();
    let second = rotated(&old, &first);
    let third = rotated(&new, &second);
    let line = json!({ "description": "Flight", "quantity": "1", "unitPrice": 100 });
    let invoice = json!({ "client": { "name": "Acme" }, "currency": "EUR", "lineItems": [line], "dueDate": "2099-01-01" });
    let bill = |node: &Node, key: &Key, order: &str| {
        let billed = node.with_key(key).header("idempotency-key", order).post(INVOICES, &invoice).is(201);
        billed.json["data"]["number"].clone()
    };
    let billed = bill(&old, &second, "order-1");
    for key in [&early, &first, &second, &third] {
        assert_eq!(bill(&new, key, "order-1"), billed);
    }
    let billed = bill(&new, &third, "order-2");
    assert_eq!(bill(&old, &third, "order-2"), billed, "the version before finds what its own keys have written");
    assert_eq!(bill(&new, &early, "order-2"), billed);
    assert_eq!(new.owner_with(&token).get(INVOICES).is(200).json["data"]["total"], 2);
}

#[test]
fn node_of_the_previous_version_lets_nobody_in_who_has_a_second_factor() {
    const TWO_FACTOR: &str = "/api/v1/auth/two-factor";
    let site = old_site();
    let old = old_node(&site);
    let new = site.node();
    let sign_in = |node: &Node| node.anonymous().post(SIGN_IN, &json!({ "email": OWNER, "password": PASSWORD }));
    let text =
        |response: &Response, pointer: &str| response.json.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned();
    sign_in(&old).is(200);
    let token = text(&sign_in(&new).is(200), "/data/token");
    let begun = new.owner_with(&token).post("/api/v1/auth/two-factor/setup", &json!({})).is(200);
    let code = Authenticator::of(&text(&begun, "/data/secret")).code(Clock::System.now(), 0);
    let confirm = json!({ "code": code });
    let confirmed = new.owner_with(&token).post("/api/v1/auth/two-factor/setup/confirm", &confirm).is(200);
    sign_in(&old).is(401).code("INVALID_CREDENTIALS");
    let challenge = text(&sign_in(&new).is(401).code("TWO_FACTOR_REQUIRED"), "/error/challenge/token");
    let code = text(&confirmed, "/data/backupCodes/0");
    old.anonymous().post(TWO_FACTOR, &json!({ "challenge": challenge, "code": code })).is(404);
    let session = new.anonymous().post(TWO_FACTOR, &json!({ "challenge": challenge, "code": code })).is(200);
    // Who has signed in with both steps is signed in on every node.
    old.owner_with(&text(&session, "/data/token")).get(WHOAMI).is(200);
    new.owner_with(&token).try_send("DELETE", TWO_FACTOR, None).expect("a response").is(200);
    for node in [&old, &new] {
        sign_in(node).is(200);
    }
    site.verify_audit_log();
}

#[test]
fn data_of_the_previous_version_is_served_and_copied() {
    let site = old_site();
    let old = old_node(&site);
    let [kept, revoked] = ["Kept", "Revoked"].map(|name| old.owner().create_key(name, &["trips:read"]));
    old.owner().revoke(&revoked);
    old.with_key(&kept).get(WHOAMI).is(200);
    assert_eq!(old.stop().0.code(), Some(0));
    let to = Site::empty(BINARY);
    site.run(&["copy", "--from", &site.url(), "--to", &to.url()]).is(0);
    for site in [site, to] {
        let node = site.node();
        node.with_key(&kept).get(WHOAMI).is(200);
        node.with_key(&revoked).get(WHOAMI).is(401).code("API_KEY_REVOKED");
        node.owner().get("/api/v1/audit-log").is(200);
        site.verify_audit_log();
    }
}
