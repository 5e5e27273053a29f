//! [`Queue`]: items in memory until they are written, at most so many.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use kit::lock::lock;

/// Items in the order in which they came. An item stays readable until it is in the database.
#[derive(Debug)]
pub(super) struct Queue<T> {
    items: Mutex<VecDeque<Arc<T>>>,
    most: usize,
}

impl<T> Queue<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { items: Mutex::default(), most }
    }

    /// Adds an item. Returns false if the queue is full.
    pub(super) fn push(&self, item: T) -> bool {
        let mut items = lock(&self.items);
        let has_room = items.len() < self.most;
        if has_room {
            items.push_back(Arc::new(item));
        }
        has_room
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.items).len()
    }

    /// Returns the first `most` items, which stay in the queue.
    pub(super) fn first(&self, most: usize) -> Vec<Arc<T>> {
        lock(&self.items).iter().take(most).cloned().collect()
    }

    /// Removes the first items, which were written.
    pub(super) fn remove_first(&self, count: usize) {
        let mut items = lock(&self.items);
        let count = count.min(items.len());
        items.drain(..count);
    }

    /// Returns copies of the items that match.
    pub(super) fn matching(&self, matches: impl Fn(&T) -> bool) -> Vec<T>
    where
        T: Clone,
    {
        lock(&self.items).iter().filter(|item| matches(item)).map(|item| T::clone(item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_is_readable_until_it_is_removed_and_a_full_queue_refuses_more() {
        let queue = Queue::new(3);
        assert_eq!([1, 2, 3, 4].map(|item| queue.push(item)), [true, true, true, false]);
        assert_eq!(queue.first(2).iter().map(|item| **item).collect::<Vec<i32>>(), [1, 2]);
        assert_eq!(queue.matching(|item| *item < 3), [1, 2]);
        queue.remove_first(2);
        assert_eq!((queue.matching(|_| true), queue.len()), (vec![3], 1));
    }
}
