//! SIGKILL at any moment: acknowledged writes are stored, and the audit log verifies.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::wait::pause;
use testkit::{Key, Node, Site, until};

use crate::BINARY;

const ROUNDS: usize = 50;

/// The acknowledged creations and revocations of keys by one thread.
#[derive(Default)]
struct Answered {
    made: Vec<Key>,
    revoked: Vec<Key>,
}

impl Answered {
    fn count(&self) -> usize {
        self.made.len() + self.revoked.len()
    }
}

#[test]
fn acknowledged_writes_survive_a_crash() {
    let mut random = StdRng::seed_from_u64(7);
    let site = Site::new(BINARY);
    let token = site.node().sign_in();
    forget_the_dead(&site);
    let mut last = Answered::default();
    for round in 0..ROUNDS {
        let node = site.node_with(&["--limits", "member-writes=none"]);
        check(&node, &last);
        let answered = Mutex::new(Answered::default());
        let enough = random.random_range(0..8);
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let (address, token, answered) = (node.address, &token, &answered);
                scope.spawn(move || write_until_the_end(address, token, &format!("{round}-{thread}"), answered));
            }
            until("the changes of this round were answered", || answered.lock().expect("no panic").count() >= enough);
            pause(Duration::from_micros(random.random_range(0..50_000)));
            node.kill();
        });
        forget_the_dead(&site);
        last = answered.into_inner().expect("no panic");
        site.verify_audit_log();
    }
    check(&site.node(), &last);
}

/// Otherwise the first change of each round would wait for the lease of a node that this test knows to be dead.
fn forget_the_dead(site: &Site) {
    site.execute("DELETE FROM nodes");
}

fn write_until_the_end(address: SocketAddr, token: &str, name: &str, answered: &Mutex<Answered>) {
    let Ok(client) = testkit::Client::connect(address) else { return };
    let mut client = client.header("authorization", &format!("Bearer {token}"));
    for number in 0.. {
        let body = testkit::create_key_body(&format!("{name}-{number}"), &["trips:read"]).to_string();
        let Ok(made) = client.try_send("POST", "/api/v1/api-keys", Some(&body)) else { return };
        let key = Key::from_json(&made.is(201).json["data"]);
        answered.lock().expect("no panic").made.push(key.clone());
        if number % 2 == 0 {
            let Ok(revoked) = client.try_send("POST", &format!("/api/v1/api-keys/{}/revoke", key.id), Some("{}")) else { return };
            revoked.is(200);
            answered.lock().expect("no panic").revoked.push(key);
        }
    }
}

fn check(node: &Node, answered: &Answered) {
    let status = |key: &Key| node.with_key(key).get("/api/v1/auth/whoami").status;
    for key in &answered.revoked {
        assert_eq!(status(key), 401, "{} was revoked", key.id);
    }
    // The last key of a thread may have been revoked without an answer.
    let is_revoked = |key: &&Key| answered.revoked.iter().any(|revoked| revoked.id == key.id);
    let accepted = answered.made.iter().filter(|key| !is_revoked(key)).map(status);
    assert!(accepted.filter(|status| *status != 200).count() <= 2, "keys that were made are gone");
    for key in answered.made.iter().filter(|key| !is_revoked(key)) {
        let answer = node.with_key(key).get("/api/v1/auth/whoami");
        assert_ne!(answer.json["error"]["code"], "API_KEY_INVALID", "{} was made", key.id);
    }
}
