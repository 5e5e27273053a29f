//! The operator's view of a member's sessions, and resets of passwords, while a node runs.

use serde_json::{Value, json};
use testkit::{OWNER, PASSWORD, SIGN_IN, Site, WHOAMI};

use crate::BINARY;

const NEW: &str = "gliders over the lake";

fn status_of_sign_in(node: &testkit::Node, password: &str) -> u16 {
    node.anonymous().post(SIGN_IN, &json!({ "email": OWNER, "password": password })).status
}

/// The events of an action, as the operator exports them.
fn events(site: &Site, action: &str) -> Vec<Value> {
    let log = site.run(&["audit", "export", "--format", "ndjson"]).is(0).stdout;
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    events.filter(|event| event["action"] == action).collect()
}

#[test]
fn sessions_are_listed_without_tokens() {
    let site = Site::new(BINARY);
    let node = site.node();
    let token = node.sign_in();
    let listed = site.run(&["members", "sessions", "--email", OWNER, "--json"]).is(0);
    assert!(!listed.stdout.contains(&token) && !listed.stdout.contains("pcs_"), "{}", listed.stdout);
    let listed = listed.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!((&listed[0]["ip"], &listed[0]["methods"]), (&json!("127.0.0.1"), &json!(["password"])));
    let table = site.run(&["members", "sessions", "--email", OWNER]).is(0).stdout;
    assert!(table.starts_with("ID ") && table.contains("127.0.0.1") && table.contains("ses_"), "{table}");
    site.run(&["members", "sessions", "--email", "eve@skyline.example"]).fails(1, "eve@skyline.example is not a member");
    site.run(&["members", "sessions"]).is(2);
}

#[test]
fn password_from_stdin_ends_all_sessions_of_a_running_node() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut signed_in = node.owner();
    signed_in.get(WHOAMI).is(200);
    let reset = ["members", "reset-password", "--email", OWNER, "--password-stdin"];
    site.run_with_input(&reset, "fourteen chars").fails(1, "15 to 256 characters");
    signed_in.get(WHOAMI).is(200);
    let done = site.run_with_input(&reset, NEW).is(0).stdout;
    assert!(done.contains("1 session ended") && !done.contains(NEW), "{done}");
    node.owner_with("none").get(WHOAMI).is(401);
    signed_in.get(WHOAMI).is(401).code("SESSION_INVALID");
    assert_eq!((status_of_sign_in(&node, PASSWORD), status_of_sign_in(&node, NEW)), (401, 200));
    let [event] = &events(&site, "member.password_reset")[..] else { panic!("one event") };
    assert_eq!((&event["actor"]["type"], &event["details"]["endedSessions"]), (&json!("operator"), &json!(1)));
    site.verify_audit_log();
}

#[test]
fn printed_link_is_one_time_and_the_old_password_stops_working() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut signed_in = node.owner();
    let url = "https://keys.skyline.example";
    let reset = ["members", "reset-password", "--email", OWNER, "--public-url", url];
    let made = site.run(&[&reset[..], &["--json"]].concat()).is(0).json();
    let link = made["resetUrl"].as_str().expect("a link");
    assert!(link.starts_with("https://keys.skyline.example/reset-password#pcr_"), "{link}");
    assert_eq!(made["sessionsEnded"], 1, "{made}");
    signed_in.get(WHOAMI).is(401).code("SESSION_INVALID");
    assert_eq!((status_of_sign_in(&node, PASSWORD), status_of_sign_in(&node, "!")), (401, 401));
    let printed = site.run(&reset).is(0).stdout;
    assert!(printed.lines().last().is_some_and(|line| line.starts_with(url)), "{printed}");
    let token = link.split_once('#').expect("a token").1;
    assert!(!String::from_utf8_lossy(&site.dump()).contains(token), "only its digest is stored");
    assert_eq!(events(&site, "member.password_reset").len(), 2);
    site.run(&["members", "reset-password", "--email", OWNER, "--public-url", "skyline"]).is(2);
    let (_, _, log) = node.stop();
    assert!(!log.contains("pcr_"), "{log}");
}
