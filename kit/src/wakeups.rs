//! Wake-ups of readers in this process by its writers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::lock::lock;

/// The readers that wait for writes, by the key of the writes that they wait for.
///
/// A writer pays one atomic load while no reader is subscribed, and one signal for all readers of its key.
#[derive(Debug)]
pub struct Wakeups<K> {
    has_readers: AtomicBool,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    signals: HashMap<K, watch::Sender<()>>,
    is_closed: bool,
}

/// A reader's subscription. It ends when this is dropped.
#[derive(Debug)]
pub struct Subscription(watch::Receiver<()>);

/// The reason why a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// There was a write since the subscription, or since the last wake-up.
    ByWrite,
    /// No reader is to wait any longer: the process stops.
    ByClose,
}

impl<K> Default for Wakeups<K> {
    fn default() -> Self {
        Self { has_readers: AtomicBool::new(false), state: Mutex::new(State { signals: HashMap::new(), is_closed: false }) }
    }
}

impl<K: Eq + Hash + Clone> Wakeups<K> {
    /// Subscribes to writes with `key`. A reader must subscribe before it looks for new data: a write after the look then
    /// wakes it.
    pub fn subscribe(&self, key: K) -> Subscription {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Subscription(watch::Sender::new(()).subscribe());
        }
        let subscription = state.signals.entry(key).or_default().subscribe();
        // Before the reader's look: a writer that sees no reader has committed before it, so the look finds the write.
        self.has_readers.store(true, Ordering::SeqCst);
        Subscription(subscription)
    }

    /// Wakes the readers of `key`. Called after the commit.
    pub fn wake(&self, key: &K) {
        if self.has_readers.load(Ordering::SeqCst)
            && let Some(signal) = lock(&self.state).signals.get(key)
        {
            signal.send_replace(());
        }
    }

    /// Returns the keys that readers wait for, and forgets those whose readers have left. To be called now and then.
    pub fn keys(&self) -> Vec<K> {
        if !self.has_readers.load(Ordering::SeqCst) {
            return Vec::new();
        }
        let mut state = lock(&self.state);
        state.signals.retain(|_, signal| signal.receiver_count() > 0);
        self.has_readers.store(!state.signals.is_empty(), Ordering::SeqCst);
        state.signals.keys().cloned().collect()
    }

    /// Wakes all readers for the last time. Subscriptions from now on are woken at once.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.is_closed = true;
        // A receiver without its sender is woken.
        state.signals.clear();
    }
}

impl Subscription {
    /// Returns whether no wake-up follows, as the process stops.
    pub fn is_closed(&self) -> bool {
        self.0.has_changed().is_err()
    }

    /// Waits for a write since the subscription, or since the last wake-up.
    pub async fn woken(&mut self) -> Woken {
        match self.0.changed().await {
            Ok(()) => Woken::ByWrite,
            Err(_) => Woken::ByClose,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn readers_are_woken_by_their_key_alone() {
        let wakeups = Wakeups::default();
        let [mut one, mut same, mut other] = [1, 1, 2].map(|key| wakeups.subscribe(key));
        wakeups.wake(&1);
        let woken = [&mut one, &mut same, &mut other].map(|reader| reader.woken().now_or_never());
        assert_eq!(woken, [Some(Woken::ByWrite), Some(Woken::ByWrite), None]);
        assert_eq!(one.woken().now_or_never(), None, "one wake-up per write");
    }

    #[test]
    fn keys_of_readers_that_have_left_are_forgotten() {
        let wakeups = Wakeups::default();
        let stays = wakeups.subscribe(1);
        drop(wakeups.subscribe(2));
        assert_eq!(wakeups.keys(), [1]);
        drop(stays);
        assert_eq!(wakeups.keys(), [0; 0]);
        assert!(!wakeups.has_readers.load(Ordering::SeqCst));
        assert!(lock(&wakeups.state).signals.is_empty());
    }

    #[test]
    fn closing_wakes_readers_and_those_that_subscribe_later() {
        let wakeups = Wakeups::default();
        let mut before = wakeups.subscribe(1);
        wakeups.close();
        let mut after = wakeups.subscribe(1);
        for reader in [&mut before, &mut after] {
            assert_eq!((reader.is_closed(), reader.woken().now_or_never()), (true, Some(Woken::ByClose)));
        }
    }
}
