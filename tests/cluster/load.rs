//! Requests without end, with keys that come and go, and a record of every one that was accepted.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Instant;

use testkit::{Client, Key, WHOAMI, until};

/// State that all clients share.
#[derive(Default)]
pub struct Load {
    keys: RwLock<Vec<Key>>,
    is_over: AtomicBool,
    requests: AtomicU64,
    accepted: Mutex<Vec<(String, Instant)>>,
    answered: Mutex<HashMap<String, Instant>>,
}

impl Load {
    /// From now on requests are made with this key.
    pub fn add(&self, key: Key) {
        self.keys.write().expect("no panic").push(key);
    }

    /// One of the keys that are in use.
    pub fn any(&self, number: usize) -> Key {
        let keys = self.keys.read().expect("no panic");
        keys[number % keys.len()].clone()
    }

    /// Records that the revocation of this key has just returned. Requests with the key continue for a while.
    pub fn answered(&self, key: &Key) {
        self.answered.lock().expect("no panic").insert(key.id.clone(), Instant::now());
    }

    /// No more requests with this key.
    pub fn remove(&self, key: &Key) {
        self.keys.write().expect("no panic").retain(|known| known.id != key.id);
    }

    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Acquire)
    }

    /// Sends requests until the end to whatever listens at `address`, which may come and go.
    pub fn run(&self, address: impl Fn() -> SocketAddr) {
        let mut accepted = Vec::new();
        let mut number = 0;
        while !self.is_over() {
            let mut client = None;
            until("the node listens", || {
                client = Client::connect(address()).ok();
                client.is_some() || self.is_over()
            });
            let Some(mut client) = client else { break };
            while !self.is_over() {
                number += 1;
                let key = self.any(number);
                let start = Instant::now();
                let Ok(answer) = client.try_get_with(&key, WHOAMI) else { break };
                self.requests.fetch_add(1, Ordering::AcqRel);
                match answer.status {
                    200 => accepted.push((key.id, start)),
                    401 | 503 => {}
                    status => panic!("{status}: {}", answer.body),
                }
            }
        }
        self.accepted.lock().expect("no panic").append(&mut accepted);
    }

    /// Counts the requests that were accepted although they started after the revocation of their key returned, and all
    /// accepted requests.
    pub fn late(&self) -> (usize, usize) {
        let (accepted, answered) = (self.accepted.lock().expect("no panic"), self.answered.lock().expect("no panic"));
        let is_late = |(key, start): &&(String, Instant)| answered.get(key).is_some_and(|at| start > at);
        (accepted.iter().filter(is_late).count(), accepted.len())
    }
}
