//! Requests that were refused, of which only so many are told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::TARGET;
use crate::kit::limit::{Gcra, Rate};

/// How many refusals are told one by one.
const REFUSALS: Rate = Rate { requests: 20, per: Duration::from_secs(1) };

/// Requests that were refused with 401 or 429: whoever sends many of them must not fill the log.
#[derive(Debug, Default)]
pub struct Refusals {
    limit: Gcra,
    left_out: AtomicU64,
}

impl Refusals {
    /// Whether another one is told by a line of its own, else it is counted.
    pub fn is_told(&self, ticks: Duration) -> bool {
        let is_told = self.limit.take(REFUSALS, ticks).is_ok();
        if !is_told {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_told
    }

    /// Tells how many had no line of their own, if there were any.
    pub fn sum_up(&self) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            tracing::info!(target: TARGET, left_out, "more requests were refused with 401 or 429 than are told one by one");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_refusals_a_few_are_told_and_the_others_counted() {
        let (refusals, second) = (Refusals::default(), Duration::from_secs(1));
        let told = (0..1_000).filter(|_| refusals.is_told(second)).count();
        assert_eq!((told, refusals.left_out.load(Ordering::Relaxed)), (20, 980));
        assert!(refusals.is_told(2 * second));
    }
}
