//! How long hyper waits for a header, without a timer of the runtime's for each request, to be armed and taken back every
//! time: here that is a number, which one sleep for each connection looks at when it could have passed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// Of one connection.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    begun: Instant,
    /// Until when it lasts, in microseconds since it began; [`ENDLESS`] while nothing is waited for.
    until: Arc<AtomicU64>,
}

const ENDLESS: u64 = u64::MAX;

impl Default for Patience {
    fn default() -> Self {
        Self { begun: Instant::now(), until: Arc::new(AtomicU64::new(ENDLESS)) }
    }
}

impl Patience {
    fn set(&self, deadline: Instant) {
        let until = deadline.saturating_duration_since(self.begun).as_micros();
        self.until.store(u64::try_from(until).unwrap_or(ENDLESS), Ordering::Relaxed);
    }

    /// Resolves once a deadline has passed. hyper sets none that is nearer than `usual` from the moment it sets it.
    pub(super) async fn ends(&self, usual: Duration) {
        loop {
            let left = match self.until.load(Ordering::Relaxed) {
                // Whatever is waited for from now on may come until then.
                ENDLESS => usual,
                until => Duration::from_micros(until).saturating_sub(self.begun.elapsed()),
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    }
}

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.set(deadline);
        Box::pin(Waiting(self.until.clone()))
    }
    fn reset(&self, _waiting: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        self.set(deadline);
    }
}

/// Never resolves: the connection ends with the patience.
struct Waiting(Arc<AtomicU64>);

impl Sleep for Waiting {}

impl Future for Waiting {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(ENDLESS, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it ends when it is looked at in so many milliseconds, of which each wait takes one.
    async fn ends(patience: &Patience) -> bool {
        let [milli, bound] = [1, 50].map(Duration::from_millis);
        tokio::time::timeout(bound, patience.ends(milli)).await.is_ok()
    }

    #[tokio::test]
    async fn it_ends_when_what_is_waited_for_does_not_come() {
        let patience = Patience::default();
        let _waiting = patience.sleep(Duration::from_millis(2));
        assert!(ends(&patience).await);
    }

    #[tokio::test]
    async fn it_ends_by_the_deadline_that_was_set_last() {
        let patience = Patience::default();
        let mut waiting = patience.sleep(Duration::from_hours(1));
        patience.reset(&mut waiting, Instant::now());
        assert!(ends(&patience).await);
    }

    #[tokio::test]
    async fn it_does_not_end_before_its_time_nor_while_nothing_is_waited_for() {
        let patience = Patience::default();
        let waiting = patience.sleep(Duration::from_hours(1));
        assert!(!ends(&patience).await);
        drop(waiting);
        assert!(!ends(&patience).await);
    }
}
