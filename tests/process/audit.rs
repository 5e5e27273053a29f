//! `audit verify`: altered tables and rewritten logs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use testkit::{Site, until};

use crate::BINARY;

/// Cuts the log short after its second event, and its head with it.
const CUT: &str = "DELETE FROM audit_events WHERE sequence > 2; \
                   UPDATE audit_heads SET sequence = 2, hash = (SELECT hash FROM audit_events WHERE sequence = 2)";

fn make_key(site: &Site, name: &str) -> String {
    let make = ["keys", "create", "--name", name, "--permissions", "read_only", "--no-expiration", "--json"];
    site.run(&make).is(0).json()["apiKey"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn key_unrevoked_in_the_database_is_reported() {
    let site = Site::new(BINARY);
    let id = make_key(&site, "Leaked");
    site.run(&["keys", "revoke", &id]).is(0);
    site.verify_audit_log();
    site.execute("UPDATE api_keys SET revoked_at = NULL");
    let ran = site.run(&["audit", "verify"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains(&format!("API key “Leaked” ({id}): revokedAt is ")), "{ran:?}");
    assert!(ran.stderr.contains("differences: 1"), "{ran:?}");
    let found = site.run(&["audit", "verify", "--json"]).is(1).json();
    assert_eq!((&found["verified"], &found["fault"], &found["keys"]), (&json!(false), &json!(null), &json!(1)));
    assert_eq!(found["differences"][0]["id"], json!(id));
    assert_eq!((&found["differences"][0]["field"], &found["differences"][0]["table"]), (&json!("revokedAt"), &json!("nothing")));
}

#[test]
fn signed_head_proves_truncation() {
    let site = Site::new(BINARY);
    let key = site.folder().join("audit-key").display().to_string();
    make_key(&site, "One");
    let head = site.run(&["audit", "head", "--audit-key", &key, "--json"]).is(0).json();
    let [signed, public] = ["signed", "publicKey"].map(|field| head[field].as_str().expect("a text").to_owned());
    let line = format!("2026-11-23T09:30:00Z  INFO planeconnection::audit: audit head workspace=skyline head={signed}");
    make_key(&site, "Two");
    site.run(&["audit", "verify", "--expect", &line, "--public-key", &public]).is(0);
    site.run(&["audit", "verify", "--expect", &signed, "--audit-key", &key]).is(0);
    site.run(&["audit", "verify", "--expect", &signed, "--public-key", &"0".repeat(64)]).fails(1, "not signed by the key");
    let altered = signed.replacen(".3.", ".2.", 1);
    site.run(&["audit", "verify", "--expect", &altered, "--public-key", &public]).fails(1, "not signed by the key");
    site.run(&["audit", "verify", "--expect", &signed]).fails(2, "give --public-key");
    site.run(&["audit", "verify", "--expect", "pcah1.x"]).is(2);
    site.execute(&format!("{CUT}; DELETE FROM api_keys"));
    site.verify_audit_log();
    site.run(&["audit", "verify", "--expect", &signed, "--public-key", &public]).fails(1, "rewritten or truncated");
}

#[test]
fn node_signs_heads_with_a_key_beside_the_database_file() {
    let site = Site::in_file(BINARY);
    let node = site.node();
    let mut signed = None;
    until("a head is logged", || {
        let log = node.stderr();
        signed = log.lines().find(|line| line.contains("audit head ")).map(str::to_owned);
        signed.is_some()
    });
    site.run(&["audit", "verify", "--expect", &signed.expect("a line")]).is(0);
    let key = site.folder().join("plane.db.audit-key");
    assert_eq!(std::fs::metadata(&key).expect("the key").permissions().mode() & 0o777, 0o600);
    assert_eq!(node.stop().0.code(), Some(0));
    // Only the node may read the signing key.
    std::fs::set_permissions(&key, Permissions::from_mode(0o644)).expect("a mode");
    site.run(&["serve", "--listen", "127.0.0.1:0"]).fails(1, "chmod 600");
}
