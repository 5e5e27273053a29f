//! `copy`: everything, from a file to whatever the suite runs on, and back.

use serde_json::{Value, json};
use testkit::{Key, OWNER, Site, WHOAMI, create_key_body};

use crate::BINARY;

/// A file with something of everything in it.
fn filled() -> (Site, Key, Key) {
    let site = Site::in_file(BINARY);
    let node = site.node();
    let mut owner = node.owner();
    let [kept, revoked] =
        ["Kept", "Revoked"].map(|name| owner.create_key(name, &["trips:write", "fleet:write", "safety:write", "invoices:write"]));
    owner.revoke(&revoked);
    let mut app = node.with_key(&kept);
    let aircraft = json!({ "tailNumber": "HB-JVA", "typeDesignator": "C68A", "model": "Cessna Citation Latitude" });
    app.post("/api/v1/ops/aircraft", &aircraft).is(201);
    let trip = json!({
        "externalId": "A-1", "tripType": "charter", "origin": "LSZH", "destination": "EGLF",
        "departureDate": "2026-12-01T08:00:00Z", "passengerCount": 4,
    });
    app.post("/api/v1/ops/trips", &trip).is(201);
    let report = json!({
        "reportType": "hazard", "title": "Fuel cap", "occurredAt": "2026-11-22T17:05:00Z", "severity": "hazardous",
        "description": "During the walk-around before the second leg the left fuel cap was found open and hanging by its chain.",
    });
    app.post("/api/v1/sms/reports", &report).is(201);
    let invoice = json!({
        "client": { "name": "Älpli & Söhne \u{1f6e9}", "email": "pay@alpli.example" }, "currency": "CHF", "dueDate": "2026-12-31",
        "lineItems": [{ "description": "Flight", "quantity": "1.5", "unitPrice": 123_456 }],
    });
    app.post("/api/v1/ops/invoices", &invoice).is(201);
    assert_eq!(node.stop().0.code(), Some(0));
    (site, kept, revoked)
}

/// Everything that a node's lists return.
fn contents(site: &Site) -> Vec<Value> {
    let node = site.node();
    let mut owner = node.owner();
    let paths = ["/api/v1/ops/aircraft", "/api/v1/ops/trips", "/api/v1/sms/reports", "/api/v1/ops/invoices", "/api/v1/members"];
    let mut contents: Vec<Value> = paths.map(|path| owner.get(path).is(200).json["data"].clone()).into();
    for path in
        ["/api/v1/api-keys?search=Kept", "/api/v1/audit-log?action=api_key.created", "/api/v1/audit-log?action=trip.created"]
    {
        contents.push(owner.get(path).is(200).json["data"].clone());
    }
    assert_eq!(node.stop().0.code(), Some(0));
    contents
}

#[test]
fn copy_is_complete_and_its_chain_verifies() {
    let (from, kept, revoked) = filled();
    let (to, back) = (Site::empty(BINARY), Site::empty_in_file(BINARY));
    for (source, target) in [(&from, &to), (&to, &back)] {
        let before = contents(source);
        let copied = source.run(&["copy", "--from", &source.url(), "--to", &target.url()]).is(0);
        assert!(copied.stdout.contains("api_keys") && copied.stdout.contains("The audit log of skyline fits"), "{copied:?}");
        target.verify_audit_log();
        assert_eq!(contents(target), before);
        let node = target.node();
        node.with_key(&kept).get(WHOAMI).is(200);
        node.with_key(&revoked).get(WHOAMI).is(401).code("API_KEY_REVOKED");
        // Numbers go on where they were, and so do revisions.
        let key = node.owner().create_key("Later", &["trips:read"]);
        node.with_key(&key).get(WHOAMI).is(200);
        node.owner().revoke(&key);
        node.with_key(&key).get(WHOAMI).is(401);
        node.owner().post("/api/v1/api-keys", &create_key_body("Kept", &["trips:read"])).is(409);
        assert_eq!(node.stop().0.code(), Some(0));
        target.verify_audit_log();
        target.run(&["members", "list"]).is(0);
        assert!(target.run(&["members", "list"]).stdout.contains(OWNER));
    }
}

#[test]
fn copy_requires_an_empty_target_and_a_stopped_source() {
    let (from, _, _) = filled();
    let to = Site::new(BINARY);
    let copy = |from: &Site, to: &Site| from.run(&["copy", "--from", &from.url(), "--to", &to.url()]);
    copy(&from, &to).fails(1, "is not empty");
    copy(&from, &from).is(2);
    copy(&Site::empty_in_file(BINARY), &to).fails(1, "there is no database");
    let empty = Site::empty(BINARY);
    let node = from.node();
    copy(&from, &empty).fails(1, "stop it first");
    drop(node);
    let contents = empty.run(&["keys", "list"]);
    assert_ne!(contents.code, Some(0), "nothing was copied: {contents:?}");
}
