//! Per-thread shards of a value that every thread writes and few read, so that no thread waits for another.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::lock::lock;

/// The first so many threads of a process have a part to themselves; more of them share.
const PARTS: usize = 64;

/// A `T` for each thread.
#[derive(Debug)]
pub struct Sharded<T>(Box<[Part<T>]>);

/// Two cache lines, which are fetched in pairs: threads that write to neighbours would wait as well.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part<T>(Mutex<T>);

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self((0..PARTS).map(|_| Part::default()).collect())
    }
}

impl<T> Sharded<T> {
    /// The part of the thread that asks.
    pub fn mine(&self) -> MutexGuard<'_, T> {
        lock(&self.0[PLACE.get()].0)
    }

    /// Every part, one after another.
    pub fn each(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.0.iter().map(|part| lock(&part.0))
    }
}

thread_local! {
    static PLACE: Cell<usize> = {
        // Threads are of the process, whatever else is not.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % PARTS)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_add_apart_is_read_together() {
        let sums: Sharded<u32> = Sharded::default();
        std::thread::scope(|scope| {
            for number in 1..=100 {
                let sums = &sums;
                let _thread = scope.spawn(move || *sums.mine() += number);
            }
        });
        assert_eq!(sums.each().map(|part| *part).sum::<u32>(), 5_050);
        assert!(sums.each().filter(|part| **part > 0).count() > 1, "threads share a part");
    }
}
