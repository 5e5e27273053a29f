//! Nodes whose wall clocks disagree.

use std::time::{Duration, Instant};

use planeconnection::app::App;
use planeconnection::audit::By;
use planeconnection::cluster::LEASE;
use planeconnection::config::Config;
use planeconnection::keys::{self, RevokeKey};
use planeconnection::kit::clock::Clock;
use planeconnection::kit::random::Random;

use crate::support::{TestApp, TestKey};

/// The same database, by a process whose clock is wrong by a day.
async fn other(t: &TestApp, clock: Clock, seed: u64) -> App {
    App::open_with(Config::default(), t.location(), clock, Random::seeded(seed)).await.expect("a database")
}

async fn revoke(app: &App, t: &TestApp, key: &TestKey) -> Duration {
    let begun = Instant::now();
    let id = key.id.parse().expect("an id");
    keys::revoke(app, t.workspace.id, By::operator("test"), id, RevokeKey { reason: None }).await.expect("revoked");
    begun.elapsed()
}

#[tokio::test]
async fn a_clock_that_is_wrong_does_not_shorten_a_lease() {
    let t = TestApp::new().await;
    let keys = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    let day = Duration::from_hours(24);
    for (seed, clock) in [(8, t.app.clock.now().after(day)), (9, t.app.clock.now().before(day))].into_iter().enumerate() {
        let app = other(&t, Clock::manual(clock.1), clock.0 + seed as u64).await;
        // The fixture's node does nothing by itself: it has a lease, and has not heard of the change.
        t.app.cluster.beat(&t.app).await.expect("a lease");
        let took = revoke(&app, &t, &keys[seed]).await;
        assert!(took >= LEASE, "the node could still have accepted it: {took:?}");
    }
}

#[tokio::test]
async fn a_node_that_was_forgotten_takes_part_again_before_it_trusts_its_memory() {
    let t = TestApp::new().await;
    let keys = [t.key(&["trips:read"]).await, t.key(&["trips:read"]).await];
    let app = other(&t, t.app.clock.clone(), 8).await;
    assert!(revoke(&app, &t, &keys[0]).await >= LEASE);
    // Forgotten: nobody waits for it any more, and by its own clock it has no lease either.
    t.app.clock.advance(LEASE);
    assert!(revoke(&app, &t, &keys[1]).await < LEASE);
    for key in &keys {
        t.with(key).get("/api/v1/auth/whoami").await.is(401).code("API_KEY_REVOKED");
    }
    t.app.cluster.beat(&t.app).await.expect("a lease");
    assert!(t.app.cluster.has_lease(&t.app.clock));
    let key = t.key(&["trips:read"]).await;
    assert!(revoke(&app, &t, &key).await >= LEASE, "it is waited for again");
}
