//! Keys that writers mark for one reader.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::lock::lock;

/// A set of marked keys. A writer pays one atomic load while there is no reader.
#[derive(Debug)]
pub struct DirtySet<K> {
    has_reader: AtomicBool,
    marked: Mutex<HashSet<K>>,
    changed: Notify,
}

impl<K> Default for DirtySet<K> {
    fn default() -> Self {
        Self { has_reader: AtomicBool::new(false), marked: Mutex::default(), changed: Notify::new() }
    }
}

impl<K: Eq + Hash> DirtySet<K> {
    /// Begins to collect marks. Earlier changes are not marked: the reader looks for them itself, after this.
    pub fn open(&self) {
        self.has_reader.store(true, Ordering::SeqCst);
    }

    pub fn mark(&self, key: K) {
        if self.has_reader.load(Ordering::SeqCst) && lock(&self.marked).insert(key) {
            self.changed.notify_one();
        }
    }

    /// Waits until a key is marked, and takes all that are.
    pub async fn take(&self) -> HashSet<K> {
        loop {
            let marked = std::mem::take(&mut *lock(&self.marked));
            if !marked.is_empty() {
                return marked;
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn marks_are_taken_once() {
        let set = DirtySet::default();
        set.mark(1);
        set.open();
        set.mark(2);
        set.mark(3);
        set.mark(2);
        assert_eq!(set.take().await, HashSet::from([2, 3]));
        set.mark(4);
        assert_eq!(set.take().await, HashSet::from([4]));
    }
}
