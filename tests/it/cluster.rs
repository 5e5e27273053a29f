//! Nodes whose wall clocks disagree, and databases that forget.

use std::time::{Duration, Instant};

use kit::clock::Clock;
use kit::db::{Packing, packed};
use kit::http::Paging;
use kit::random::Random;
use planeconnection::app::App;
use planeconnection::audit::AuditContext;
use planeconnection::cluster::{self, LEASE};
use planeconnection::config::Config;
use planeconnection::keys::{self, Include, KeyQuery, RevokeKey, Status};

use sea_orm::sea_query::Query;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{TestApp, TestKey};

/// Another process on the database, with a clock that is wrong by a day.
async fn other(t: &TestApp, clock: Clock, seed: u64) -> App {
    App::open_with(Config::default(), t.location(), clock, Random::seeded(seed)).await.expect("a database")
}

async fn revoke(app: &App, t: &TestApp, key: &TestKey) -> Duration {
    let begun = Instant::now();
    let id = key.id.parse().expect("an id");
    keys::revoke(&app.keys, t.workspace.id, AuditContext::operator("test"), id, RevokeKey { reason: None })
        .await
        .expect("revoked");
    begun.elapsed()
}

#[tokio::test]
async fn wrong_clock_does_not_shorten_a_lease() {
    let t = TestApp::new().await;
    let keys = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    let day = Duration::from_hours(24);
    for (seed, clock) in [(8, t.app.clock.now().after(day)), (9, t.app.clock.now().before(day))].into_iter().enumerate() {
        let app = other(&t, Clock::manual(clock.1), clock.0 + seed as u64).await;
        // The fixture's node does nothing by itself: it has a lease, and has not heard of the change.
        t.app.cluster.heartbeat().await.expect("a lease");
        let took = revoke(&app, &t, &keys[seed]).await;
        assert!(took >= LEASE, "the node could still have accepted it: {took:?}");
    }
}

#[tokio::test]
async fn removed_node_rejoins_before_it_trusts_its_index() {
    let t = TestApp::new().await;
    let keys = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    let app = other(&t, t.app.clock.clone(), 8).await;
    assert!(revoke(&app, &t, &keys[0]).await >= LEASE);
    // Its row is deleted: no revocation waits for it, and by its own clock its lease has run out.
    t.app.clock.advance(LEASE);
    assert!(revoke(&app, &t, &keys[1]).await < LEASE);
    for key in &keys {
        t.with(key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
    }
    t.app.cluster.heartbeat().await.expect("a lease");
    assert!(t.app.cluster.has_lease(t.app.clock.ticks()));
    let key = t.key(&["trips:read"]).await;
    assert!(revoke(&app, &t, &key).await >= LEASE, "it is waited for again");
}

#[tokio::test]
async fn cluster_api_shows_only_node_counts() {
    let t = TestApp::new().await;
    let (_, other) = t.other_workspace().await;
    let owner = t.owner().await;
    t.app.cluster.heartbeat().await.expect("a lease");
    let state = async || owner.get("/api/v1/cluster").await.is(200).json["data"].clone();
    let alone = json!({ "nodes": 1, "upToDate": 1, "catchingUp": 0, "silent": 0 });
    assert_eq!(state().await, alone);
    // Another workspace makes a key, which this node's row does not confirm yet: nothing of that shows here.
    let body = json!({ "name": "Theirs", "permissions": "read_only", "expiresAt": null });
    other.post("/api/v1/api-keys", body.clone()).await.is(201);
    assert_eq!(state().await, alone);
    assert_eq!(other.get("/api/v1/cluster").await.is(200).at("/data/catchingUp"), 1);
    // A key of its own does.
    owner.post("/api/v1/api-keys", body).await.is(201);
    assert_eq!(state().await, json!({ "nodes": 1, "upToDate": 0, "catchingUp": 1, "silent": 0 }));
    t.app.cluster.heartbeat().await.expect("a lease");
    assert_eq!(state().await, alone);
    t.app.clock.advance(2 * LEASE);
    assert_eq!(state().await, json!({ "nodes": 1, "upToDate": 0, "catchingUp": 0, "silent": 1 }));
}

#[tokio::test]
async fn ended_node_can_be_looked_up() {
    let t = TestApp::new().await;
    t.app.cluster.leave().await.expect("it leaves");
    assert!(cluster::nodes(t.app.db.read()).await.expect("the nodes").is_empty());
    let runs = cluster::runs(t.app.db.read()).await.expect("the runs");
    assert_eq!(runs.iter().map(|run| (run.id, run.address.as_str())).collect::<Vec<_>>(), [(t.app.cluster.id(), "test")]);
}

#[tokio::test]
async fn key_changed_by_another_node_is_counted_at_once() {
    let t = TestApp::new().await;
    let app = other(&t, t.app.clock.clone(), 8).await;
    let counted = async |status| {
        let query = KeyQuery { status, ..KeyQuery::default() };
        let list = keys::list(&app.keys, t.workspace.id, &query, |_| Paging::default(), Include::Nothing, app.clock.now()).await;
        list.expect("a list").page.number.map_or(0, |number| number.total)
    };
    assert_eq!(counted(None).await, 0);
    let key = t.key(&["trips:read"]).await;
    assert_eq!((counted(None).await, counted(Some(Status::Active)).await), (1, 1));
    revoke(&t.app, &t, &key).await;
    assert_eq!((counted(None).await, counted(Some(Status::Active)).await), (1, 0));
}

/// A standby took over before the last commits had reached it: the database is as it was some changes ago.
async fn go_back(t: &TestApp, changes: &str, by: i64) {
    t.tamper(&format!(
        "{changes}; UPDATE revisions SET value = value - {by}; UPDATE nodes SET applied_revision = applied_revision - {by}"
    ))
    .await;
}

#[tokio::test]
async fn node_follows_a_database_that_lost_a_change() {
    let t = TestApp::new().await;
    let [revoked, lost, kept] = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    // Counted, and not written yet.
    for key in [&lost, &kept] {
        t.with(key).get("/api/v1/auth/whoami").await.is(200);
    }
    let id = revoked.id.parse().expect("an id");
    keys::revoke(&t.app.keys, t.workspace.id, AuditContext::operator("test"), id, RevokeKey { reason: None })
        .await
        .expect("revoked");
    t.app.cluster.heartbeat().await.expect("a lease");
    // The revocation, and before it the second key, were never there.
    let of = |secret: &str| hex::encode(Sha256::digest(secret));
    let digest = t.database.by_engine("lower(hex(digest))", "encode(digest, 'hex')");
    let undo = format!(
        "UPDATE api_keys SET revoked_at = NULL, revision = 2 WHERE {digest} = '{}'; DELETE FROM api_keys WHERE {digest} = '{}'",
        of(&revoked.secret),
        of(&lost.secret)
    );
    go_back(&t, &undo, 2).await;
    t.app.cluster.heartbeat().await.expect("a lease");
    t.with(&revoked).get("/api/v1/auth/whoami").await.is(200);
    t.with(&lost).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_INVALID");
    // Counts of the lost key do not prevent the flush of other counts.
    for _flush in 0..2 {
        t.flush().await;
    }
    assert!(t.app.recorder.is_empty());
    let path = format!("/api/v1/api-keys/{}/usage?to=2026-11-23", kept.id);
    assert_eq!(t.owner().await.get(&path).await.is(200).at("/data/buckets/0/allowed"), &json!(1));
}

#[tokio::test]
async fn change_with_a_reused_revision_is_applied() {
    // The node has already announced its own change, or holds it only in memory.
    for is_notified in [true, false] {
        let t = TestApp::new().await;
        let [renamed, revoked] = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
        t.app.cluster.heartbeat().await.expect("a lease");
        t.owner().await.patch(&format!("/api/v1/api-keys/{}", renamed.id), json!({ "name": "Lost" })).await.is(200);
        if is_notified {
            t.app.cluster.heartbeat().await.expect("a lease");
        }
        t.with(&revoked).get("/api/v1/auth/whoami").await.is(200);
        let owner = t.owner().await;
        let active = async || owner.get("/api/v1/api-keys?status=active").await.is(200).at("/data/total").clone();
        let found =
            async |text: &str| owner.get(&format!("/api/v1/api-keys?search={text}")).await.is(200).at("/data/total").clone();
        assert_eq!((active().await, found("lost").await), (json!(2), json!(1)));
        // The new name was lost, and its number is now that of a revocation.
        let digest = t.database.by_engine("lower(hex(digest))", "encode(digest, 'hex')");
        let of = |key: &TestKey| format!("{digest} = '{}'", hex::encode(Sha256::digest(&key.secret)));
        let row = if is_notified { "applied_revision = applied_revision - 1" } else { "applied_revision = applied_revision" };
        t.tamper(&format!(
            "UPDATE nodes SET {row}; UPDATE api_keys SET name = 'Known', revision = 2 WHERE {}; \
             UPDATE api_keys SET revoked_at = created_at, revision = (SELECT value FROM revisions) WHERE {}",
            of(&renamed),
            of(&revoked),
        ))
        .await;
        t.app.cluster.heartbeat().await.expect("a lease");
        assert!(t.app.cluster.has_lease(t.app.clock.ticks()));
        t.with(&revoked).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
        let known = t.with(&renamed).get("/api/v1/auth/whoami").await.is(200);
        assert_eq!(known.at("/data/apiKey/name"), "Known", "notified: {is_notified}");
        assert_eq!(active().await, 1, "notified: {is_notified}");
        assert_eq!((found("lost").await, found("known").await), (json!(0), json!(1)), "notified: {is_notified}");
    }
}

#[tokio::test]
async fn change_of_a_key_with_a_lost_local_change_is_applied() {
    let t = TestApp::new().await;
    let key = t.key(&["trips:read"]).await;
    t.app.cluster.heartbeat().await.expect("a lease");
    t.owner().await.patch(&format!("/api/v1/api-keys/{}", key.id), json!({ "name": "Lost" })).await.is(200);
    // An equal key and revision, but the key was revoked instead of renamed.
    t.tamper("UPDATE api_keys SET revoked_at = created_at, name = 'Known'").await;
    t.app.cluster.heartbeat().await.expect("a lease");
    t.with(&key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
}

#[tokio::test]
async fn rate_limit_is_shared_among_nodes() {
    let t = TestApp::new().await;
    let limit = json!({ "requests": 9, "perSeconds": 60 });
    let body = |name: &str| json!({ "name": name, "permissions": "read_only", "expiresAt": null, "rateLimit": limit });
    for (nodes, share) in [(1, 9), (3, 3), (100, 1)] {
        // Created before: the write limit of the member is shared as well.
        let key = t.key_with(body(&format!("For {nodes}"))).await;
        t.app.limits.set_nodes(nodes);
        for _ in 0..share {
            t.with(&key).get("/api/v1/auth/whoami").await.is(200);
        }
        t.with(&key).get("/api/v1/auth/whoami").await.is(429).code("RATE_LIMITED");
        t.app.limits.set_nodes(1);
    }
}

#[tokio::test]
async fn startup_loads_what_changes_apply() {
    let t = TestApp::new().await;
    let all = json!({
        "name": "“Ops” \\ tab\u{a0}& more, long enough not to fit", "permissions": "custom", "scopes": ["fleet:write", "audit:read"],
        "expiresAt": "2027-01-01T00:00:00.123456Z", "ipAllowlist": ["192.0.2.0/24", "2001:db8::/32"],
        "rateLimit": { "requests": 7, "perSeconds": 60 },
    });
    t.key_with(all).await;
    t.key_with(json!({ "name": "Plain", "permissions": "read_write", "expiresAt": null, "rateLimit": null })).await;
    t.key_with(json!({ "name": "Test", "permissions": "read_only", "expiresAt": null, "test": true })).await;
    for minutes in [json!(null), json!(90)] {
        let paused = t.key(&["trips:read"]).await;
        t.admin().await.post(&format!("/api/v1/api-keys/{}/pause", paused.id), json!({ "minutes": minutes })).await.is(200);
    }
    let revoked = t.key(&["trips:read"]).await;
    t.admin().await.post(&format!("/api/v1/api-keys/{}/revoke", revoked.id), json!({})).await.is(200);

    let db = t.app.db.read();
    let one_by_one = keys::changed_since(db, 0, 100).await.expect("keys");
    let last = one_by_one.last().expect("keys").revision;
    let mut at_once = keys::changed_between(db, 0, last).await.expect("keys");
    at_once.sort_by_key(|key| key.revision);
    assert_eq!((at_once.len(), at_once), (6, one_by_one));
    assert_eq!(keys::changed_between(db, last, last + 1).await.expect("no keys"), []);
    let but_the_last = keys::changed_between(db, 0, last - 1).await.expect("keys");
    assert!(but_the_last.len() == 5 && but_the_last.iter().all(|key| !key.is_revoked), "{but_the_last:?}");
}

#[tokio::test]
async fn connection_is_usable_after_rows_that_cannot_be_read() {
    let t = TestApp::new().await;
    for _ in 0..2 {
        t.key(&["trips:read"]).await;
    }
    let db = t.app.db.read();
    let last = keys::changed_since(db, 0, 100).await.expect("keys").last().expect("a key").revision;
    // More often than there are connections.
    for _ in 0..20 {
        let names = Query::select().from("api_keys").take();
        packed::<(i64,)>(db, names, [("name", Packing::Integer)]).await.expect_err("a name is not a number");
        assert_eq!(keys::changed_between(db, 0, last).await.expect("keys").len(), 2);
    }
}
