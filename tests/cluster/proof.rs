//! The views of nodes, and of the revocations that they confirmed.

use kit::clock::Time;
use planeconnection::cluster::LEASE;
use serde_json::{Value, json};
use testkit::{PASSWORD, until};

use crate::test_cluster::{TestCluster, metric, proof};

#[test]
fn operator_sees_nodes_and_account_owner_sees_confirmations() {
    let cluster = TestCluster::new();
    let nodes = ["north", "south", "west"].map(|name| cluster.site.node_with(&["--node-name", name]));
    let mut owner = nodes[0].owner();
    let key = owner.create_key("Key", &["trips:read"]);
    let revoked = owner.post(&format!("/api/v1/api-keys/{}/revoke", key.id), &json!({})).is(200);
    let since = revoked.json["data"]["refusedEverywhereAt"].clone();
    assert!(since.is_string(), "{}", revoked.body);
    let proof = proof(&mut owner, &key);
    assert_eq!(proof["refusedEverywhereAt"], since);
    let confirmed: Vec<&str> =
        proof["confirmedBy"].as_array().expect("a list").iter().filter_map(|node| node["id"].as_str()).collect();
    assert_eq!((confirmed.len(), &proof["leaseRanOut"], &proof["gone"]), (3, &json!([]), &json!([])));
    let mut names = confirmed.clone();
    for name in &mut names {
        let shown = cluster.site.run(&["nodes", "show", name, "--json"]).is(0).json();
        *name = ["north", "south", "west"].into_iter().find(|known| shown["name"] == *known).expect("a name");
    }
    names.sort_unstable();
    assert_eq!(names, ["north", "south", "west"]);
    let counts = owner.get("/api/v1/cluster").is(200).json["data"].clone();
    assert_eq!(counts, json!({ "nodes": 3, "upToDate": 3, "catchingUp": 0, "silent": 0 }));

    let rows = cluster.site.run(&["nodes", "list", "--json"]).is(0).json()["nodes"].as_array().expect("a list").clone();
    assert_eq!(rows.len(), 3);
    for (node, name) in nodes.iter().zip(["north", "south", "west"]) {
        let row = rows.iter().find(|row| row["name"] == name).expect("the node");
        assert_eq!(row["address"], json!(node.address.to_string()));
        assert_eq!(row["version"], json!(env!("CARGO_PKG_VERSION")));
        assert!(confirmed.iter().any(|id| row["id"] == *id), "{row}");
        assert!(row["appliedRevision"].as_i64().expect("a number") >= 3, "{row}");
        let time = |field: &str| row[field].as_str().expect("a time").parse::<Time>().expect("a time");
        assert_eq!(time("leaseUntil").since(time("lastSeenAt")), LEASE);
        assert!(time("startedAt") <= time("lastSeenAt"), "{row}");
    }
    until("the nodes know of each other", || (metric(&nodes[0], "nodes") - 3.0).abs() < 0.1);
    let metrics = nodes[0].anonymous().get("/metrics").is(200).body;
    assert!(metrics.contains("planeconnection_revoke_seconds_count 1"), "{metrics}");
    assert!(metrics.contains("planeconnection_revision_lag 0"), "{metrics}");
}

#[test]
fn nodes_are_visible_to_account_owners_only() {
    let cluster = TestCluster::new();
    let node = cluster.node();
    let add = ["members", "add", "--email", "ben@skyline.example", "--name", "Ben", "--role", "admin", "--password-stdin"];
    cluster.site.run_with_input(&add, PASSWORD).is(0);
    let body = json!({ "email": "ben@skyline.example", "password": PASSWORD });
    let signed_in = node.anonymous().post("/api/v1/auth/sign-in", &body).is(200).json;
    let bearer = format!("Bearer {}", signed_in["data"]["token"].as_str().expect("a token"));
    node.anonymous().header("authorization", &bearer).get("/api/v1/cluster").is(403).code("ROLE_REQUIRED");
    let key = node.owner().create_key("Key", &["trips:read"]);
    node.with_key(&key).get("/api/v1/cluster").is(403).code("PERSON_REQUIRED");
    assert_eq!(node.anonymous().get("/api/v1/cluster").is(401).json["data"], Value::Null);
}
