//! Nodes that are cut off from the database, a database that is restarted, and nodes that start in the middle of it.

use rustix::process::Signal;
use serde_json::json;
use testkit::{Cable, WHOAMI, until};

use crate::test_cluster::{
    TestCluster, accepts, is_not_ready, is_one_lease, is_ready_again, metric, proof, refuses, revoking_takes, status, whoami,
};

#[test]
fn partitioned_node_answers_503_and_recovers() {
    let cluster = TestCluster::new();
    let alive = cluster.node();
    let token = alive.sign_in();
    let mut owner = alive.owner_with(&token);
    for mend in [Cable::restore, Cable::reset] {
        let (cut_off, cable) = cluster.node_on_a_cable();
        let [gone, kept] = ["Gone", "Kept"].map(|name| owner.create_key(&format!("{name} {}", cable.bytes()), &["trips:read"]));
        accepts(&[&alive, &cut_off], &gone);
        cable.cut();
        is_one_lease(revoking_takes(&mut owner, &gone));
        // The other node may have given it up a moment before the revocation did.
        let proof_of_gone = proof(&mut owner, &gone);
        let silent = ["leaseRanOut", "gone"].into_iter().find_map(|list| proof_of_gone[list][0]["id"].as_str());
        let silent = silent.unwrap_or_else(|| panic!("the silent node is named: {proof_of_gone}")).to_owned();
        let shown = cluster.site.run(&["nodes", "show", &silent, "--json"]).is(0).json();
        assert_eq!(shown["address"], json!(cut_off.address.to_string()));
        is_not_ready(&cut_off);
        for key in [&gone, &kept] {
            whoami(&cut_off, key).is(503).code("UNAVAILABLE");
        }
        assert_eq!(status(&cut_off, "/health"), 200);
        assert!(metric(&cut_off, "lease_left_seconds") == 0.0, "a lease that has run out");
        accepts(&[&alive], &kept);
        mend(&cable);
        is_ready_again(&cut_off);
        refuses(&[&alive, &cut_off], &gone);
        accepts(&[&alive, &cut_off], &kept);
        // It is waited for again, and does not keep anyone waiting.
        owner.revoke(&kept);
        refuses(&[&alive, &cut_off], &kept);
        assert_eq!(proof(&mut owner, &kept)["leaseRanOut"], json!([]));
        assert_eq!(cut_off.stop().0.code(), Some(0));
    }
    cluster.site.verify_audit_log();
}

#[test]
fn uncommitted_revocation_is_503_and_changes_nothing() {
    let cluster = TestCluster::new();
    let (cut_off, cable) = cluster.node_on_a_cable();
    let alive = cluster.node();
    let token = alive.sign_in();
    let mut owner = alive.owner_with(&token);
    let key = owner.create_key("Key", &["trips:read"]);
    let mut there = cut_off.owner_with(&token);
    there.get("/api/v1/api-keys").is(200);
    cable.cut();
    let path = format!("/api/v1/api-keys/{}/revoke", key.id);
    there.post(&path, &json!({})).is(503).code("UNAVAILABLE");
    // It never reached the database.
    assert_eq!(owner.get(&format!("/api/v1/api-keys/{}", key.id)).is(200).json["data"]["status"], "active");
    accepts(&[&alive], &key);
    cable.reset();
    is_ready_again(&cut_off);
    cut_off.owner_with(&token).post(&path, &json!({})).is(200);
    refuses(&[&alive, &cut_off], &key);
    cluster.site.verify_audit_log();
}

#[test]
fn nodes_recover_from_a_restart_of_the_database() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<2>();
    let token = nodes[0].sign_in();
    let mut owner = nodes[0].owner_with(&token);
    let [gone, kept] = ["Gone", "Kept"].map(|name| owner.create_key(name, &["trips:read"]));
    for how in ["immediate", "fast"] {
        cluster.server.down(how).expect("it stops");
        // Verified from memory, for as long as the lease lasts; then closed.
        for node in &nodes {
            is_not_ready(node);
            whoami(node, &kept).is(503).code("UNAVAILABLE");
        }
        owner.post(&format!("/api/v1/api-keys/{}/revoke", gone.id), &json!({})).is(503).code("UNAVAILABLE");
        cluster.server.up().expect("it starts");
        for node in &nodes {
            is_ready_again(node);
            accepts(&[node], &kept);
        }
    }
    // The node's connections to it are new; so may the first answers be failures, but no wrong ones.
    let path = format!("/api/v1/api-keys/{}/revoke", gone.id);
    until("it can be revoked", || nodes[1].owner_with(&token).post(&path, &json!({})).status == 200);
    refuses(&nodes.each_ref(), &gone);
    for node in nodes {
        assert_eq!(node.stop().0.code(), Some(0));
    }
    cluster.site.verify_audit_log();
}

#[test]
fn frozen_node_delays_a_revocation_by_its_lease_and_blocks_no_writes() {
    let cluster = TestCluster::new();
    let [frozen, alive] = cluster.nodes::<2>();
    let token = alive.sign_in();
    let mut owner = alive.owner_with(&token);
    let keys = ["First", "Second"].map(|name| owner.create_key(name, &["trips:read"]));
    accepts(&[&frozen, &alive], &keys[0]);
    // It freezes in the middle of writing, with the locks of every change of a key.
    let mut writing = frozen.owner_with(&token);
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            let mut made = 0;
            while writing
                .try_send(
                    "POST",
                    "/api/v1/api-keys",
                    Some(&testkit::create_key_body(&format!("Busy {made}"), &["trips:read"]).to_string()),
                )
                .is_ok_and(|answer| answer.status == 201)
            {
                made += 1;
            }
            made
        });
        testkit::wait::pause(std::time::Duration::from_millis(500));
        frozen.pause();
        // Another may have to wait until the server ends what the frozen one has begun.
        until("it is revoked", || owner.post(&format!("/api/v1/api-keys/{}/revoke", keys[0].id), &json!({})).status == 200);
        let mut patient = frozen.with_key(&keys[0]);
        patient
            .write(format!("GET {WHOAMI} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n", keys[0].secret).as_bytes())
            .expect("sent");
        frozen.resume();
        // Its connections may be lost, so that it cannot look the key up: then it answers 503 until it can.
        let first = patient.read_response().expect("an answer");
        assert!([401, 503].contains(&first.status), "{first:?}");
        until("the frozen node refuses the key", || frozen.with_key(&keys[0]).get(WHOAMI).status == 401);
        frozen.signal(Signal::KILL);
        assert!(busy.join().expect("no panic") > 0, "it was not writing");
    });
    refuses(&[&alive], &keys[0]);
    accepts(&[&alive], &keys[1]);
    cluster.site.verify_audit_log();
}

#[test]
fn nodes_started_during_revocations_refuse_revoked_keys() {
    let cluster = TestCluster::new();
    let first = cluster.node();
    let token = first.sign_in();
    let keys: Vec<_> = (0..30).map(|number| first.owner_with(&token).create_key(&format!("{number}"), &["trips:read"])).collect();
    let nodes = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..3).map(|_| scope.spawn(|| cluster.node())).collect();
        let mut owner = first.owner_with(&token);
        for key in &keys {
            owner.revoke(key);
        }
        starting.into_iter().map(|node| node.join().expect("it starts")).collect::<Vec<_>>()
    });
    for key in &keys {
        refuses(&nodes.iter().collect::<Vec<_>>(), key);
    }
}

#[test]
fn nodes_started_concurrently_migrate_once() {
    let cluster = TestCluster::new();
    let site = cluster.empty();
    let nodes: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| site.node())).collect();
        starting.into_iter().map(|node| node.join().expect("it starts")).collect()
    });
    site.create_workspace("skyline", testkit::OWNER).is(0);
    let key = nodes[0].owner().create_key("Key", &["trips:read"]);
    accepts(&nodes.iter().collect::<Vec<_>>(), &key);
}

#[test]
fn node_without_notifications_polls_often_enough() {
    let cluster = TestCluster::new();
    let hearing = cluster.node();
    until("notifications arrive", || metric(&hearing, "notifications_arrive") > 0.5);
    // It listens where nothing is ever said, as behind a pooler that shares connections.
    let deaf = cluster.site.node_with(&["--database-notifications", &cluster.server.url("postgres")]);
    until("it knows", || deaf.stderr().contains("--database-notifications"));
    assert!(metric(&deaf, "notifications_arrive") < 0.5);
    let token = hearing.sign_in();
    let mut owners = [&hearing, &deaf].map(|node| node.owner_with(&token));
    for round in 0..10 {
        let key = owners[0].create_key(&format!("Key {round}"), &["trips:read"]);
        accepts(&[&hearing, &deaf], &key);
        let took = revoking_takes(&mut owners[round % 2], &key);
        assert!(took < planeconnection::cluster::LEASE, "{took:?}");
        refuses(&[&hearing, &deaf], &key);
        assert_eq!(proof(&mut owners[0], &key)["leaseRanOut"], json!([]));
    }
}

#[test]
fn idle_node_leaves_when_stopped() {
    let cluster = TestCluster::new();
    let [leaving, staying] = cluster.nodes::<2>();
    let mut owner = staying.owner();
    let key = owner.create_key("Key", &["trips:read"]);
    assert_eq!(leaving.stop().0.code(), Some(0));
    let took = revoking_takes(&mut owner, &key);
    assert!(took < planeconnection::cluster::LEASE, "nobody was left to wait for: {took:?}");
    assert_eq!(proof(&mut owner, &key)["confirmedBy"].as_array().expect("a list").len(), 1);
}
