//! Wake-ups of readers in this process by its writers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Notify;

use crate::lock::lock;

/// The readers that wait for writes, each for those with one key or for all.
///
/// A writer pays one atomic load while no reader is subscribed.
#[derive(Debug)]
pub struct Wakeups<K> {
    has_readers: AtomicBool,
    readers: Mutex<Vec<Reader<K>>>,
}

#[derive(Debug)]
struct Reader<K> {
    key: Option<K>,
    notify: Weak<Notify>,
}

/// A reader's subscription. It ends when this is dropped.
#[derive(Debug)]
pub struct Subscription(Arc<Notify>);

impl<K> Default for Wakeups<K> {
    fn default() -> Self {
        Self { has_readers: AtomicBool::new(false), readers: Mutex::default() }
    }
}

impl<K: PartialEq> Wakeups<K> {
    /// Subscribes to writes with `key`, or to all writes. A reader must subscribe before it looks for new data: a write after
    /// the look then wakes it.
    pub fn subscribe(&self, key: Option<K>) -> Subscription {
        let notify = Arc::<Notify>::default();
        let mut readers = lock(&self.readers);
        readers.retain(|reader| reader.notify.strong_count() > 0);
        readers.push(Reader { key, notify: Arc::downgrade(&notify) });
        // Before the reader's look: a writer that sees no reader has committed before it, so the look finds the write.
        self.has_readers.store(true, Ordering::SeqCst);
        Subscription(notify)
    }

    /// Wakes the readers of `key`. Called after the commit.
    pub fn wake(&self, key: &K) {
        if !self.has_readers.load(Ordering::SeqCst) {
            return;
        }
        let mut readers = lock(&self.readers);
        readers.retain(|reader| {
            let Some(notify) = reader.notify.upgrade() else { return false };
            if reader.key.as_ref().is_none_or(|wanted| wanted == key) {
                notify.notify_one();
            }
            true
        });
        self.has_readers.store(!readers.is_empty(), Ordering::SeqCst);
    }
}

impl Subscription {
    /// Waits for a write since the subscription, or since the last wake-up.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn reader_is_woken_by_its_key_alone() {
        let wakeups = Wakeups::default();
        let (one, all) = (wakeups.subscribe(Some(1)), wakeups.subscribe(None));
        wakeups.wake(&2);
        assert_eq!((one.woken().now_or_never(), all.woken().now_or_never()), (None, Some(())));
        wakeups.wake(&1);
        assert_eq!((one.woken().now_or_never(), all.woken().now_or_never()), (Some(()), Some(())));
        assert_eq!(one.woken().now_or_never(), None, "one wake-up per write");
    }

    #[test]
    fn writer_ignores_readers_that_have_left() {
        let wakeups = Wakeups::default();
        drop(wakeups.subscribe(Some(1)));
        wakeups.wake(&1);
        assert!(!wakeups.has_readers.load(Ordering::SeqCst));
        assert!(lock(&wakeups.readers).is_empty());
    }
}
