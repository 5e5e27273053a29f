//! Everyone is signed out while they work, and all keys are revoked.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};
use testkit::wait::pause;
use testkit::{Client, Key, Node, WHOAMI};

use crate::test_cluster::{TestCluster, create, insist};

const SESSIONS: usize = 50;
const KEYS: usize = 10;

/// Rounds, each of which ends everything that is in use.
const ROUNDS: usize = 3;

const UNLIMITED: [&str; 2] = ["--limits", "member-reads=none,workspace-reads=none,member-writes=none,workspace-writes=none"];

/// A credential in use: the header that presents it.
#[derive(Clone)]
struct Credential {
    name: &'static str,
    value: String,
}

/// Sessions of the owner beside the one that signed in. A member has fewer, but it is only a sign-in that ends the oldest.
fn sessions(cluster: &TestCluster, round: usize) -> Vec<Credential> {
    let token = |number: usize| format!("pcs_round{round}session{number}");
    let rows: Vec<String> =
        (0..SESSIONS).map(|number| format!("decode('{}', 'hex')", hex::encode(Sha256::digest(token(number))))).collect();
    let columns = "workspace_id, member_id, created_at, expires_at, auth_time, methods, last_seen_at";
    cluster.site.execute(&format!(
        "INSERT INTO sessions (digest, {columns}) SELECT digest, {columns} FROM \
         (SELECT {columns} FROM sessions LIMIT 1) AS one, unnest(ARRAY[{}]) AS digest",
        rows.join(", ")
    ));
    (0..SESSIONS).map(|number| Credential { name: "authorization", value: format!("Bearer {}", token(number)) }).collect()
}

fn is_let_in(node: &Node, credential: &Credential) -> bool {
    let ask = || node.anonymous().header(credential.name, &credential.value).get(WHOAMI);
    insist(ask).status == 200
}

#[test]
fn no_request_that_starts_after_everyone_was_signed_out_is_let_in() {
    let cluster = TestCluster::new();
    let nodes: [Node; 2] = std::array::from_fn(|_| cluster.site.node_with(&UNLIMITED));
    for round in 0..ROUNDS {
        let token = nodes[round % 2].sign_in();
        let mut owner = nodes[round % 2].owner_with(&token);
        let keys: Vec<Key> = (0..KEYS).map(|number| create(&mut owner, &format!("Key {round}-{number}"))).collect();
        let of_key = |key: &Key| Credential { name: "x-api-key", value: key.secret.clone() };
        let credentials: Vec<Credential> = sessions(&cluster, round).into_iter().chain(keys.iter().map(of_key)).collect();
        for node in &nodes {
            assert!(credentials.iter().all(|credential| is_let_in(node, credential)), "they are in use");
        }
        let (let_in, is_over, requests) = (Mutex::new(Vec::new()), AtomicBool::new(false), AtomicUsize::new(0));
        let mut answered = None;
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (credentials, let_in, is_over, requests) = (&credentials, &let_in, &is_over, &requests);
                let address = nodes[thread % 2].address;
                scope.spawn(move || {
                    for credential in credentials.iter().cycle().skip(thread * 10) {
                        if is_over.load(Ordering::Acquire) {
                            break;
                        }
                        let start = Instant::now();
                        let Ok(client) = Client::connect(address) else { continue };
                        let answer = client.header(credential.name, &credential.value).try_send("GET", WHOAMI, None);
                        requests.fetch_add(1, Ordering::AcqRel);
                        if answer.is_ok_and(|answer| answer.status == 200) {
                            let_in.lock().expect("no panic").push(start);
                        }
                    }
                });
            }
            pause(Duration::from_secs(1));
            let path = "/api/v1/settings/security/sign-out-everyone";
            let answer = insist(|| owner.post(path, &json!({ "revokeApiKeys": true }))).is(200);
            answered = Some(Instant::now());
            assert_eq!(answer.json["data"]["sessionsEnded"], SESSIONS + 1, "{}", answer.body);
            assert_eq!(answer.json["data"]["keysRevoked"], KEYS, "{}", answer.body);
            pause(Duration::from_secs(1));
            is_over.store(true, Ordering::Release);
        });
        let answered = answered.expect("an answer");
        let let_in = let_in.into_inner().expect("no panic");
        let late = let_in.iter().filter(|start| **start > answered).count();
        println!("{} let in of {}, {late} of them late", let_in.len(), requests.into_inner());
        assert!(let_in.len() > 100, "that was no load: {}", let_in.len());
        assert_eq!(late, 0);
        for node in &nodes {
            assert!(!credentials.iter().any(|credential| is_let_in(node, credential)), "all of them have ended");
        }
    }
    cluster.site.verify_audit_log();
}
