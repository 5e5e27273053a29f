//! The deadlines of one connection: for the header of a request, for the peer to take bytes, for a whole response.
//!
//! A timer of the runtime for each of them would be armed and cancelled with every request. Here an event is a relaxed
//! store, and one sleep for each connection wakes when the nearest deadline could have passed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The longest that parts of an exchange may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// The header of a request, and an idle connection.
    pub header: Duration,
    /// Without the peer taking a byte while there are some to send.
    pub write: Duration,
    /// From the end of a request's header to the last byte of the response. The connection ends up to `header` later.
    pub response: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { header: Duration::from_secs(15), write: Duration::from_secs(30), response: Duration::from_mins(10) }
    }
}

/// The deadline that has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    Header,
    Write,
    Response,
}

/// The deadlines of one connection.
#[derive(Clone, Debug)]
pub(super) struct Deadlines(Arc<State>);

#[derive(Debug)]
struct State {
    start: Instant,
    /// Until when a header may arrive, in microseconds since the start; [`NONE`] while a request is being answered.
    header: AtomicU64,
    /// Since when the peer has taken no byte; [`NONE`] while all that was written was taken.
    stalled: AtomicU64,
    /// Headers that have arrived.
    requests: AtomicU64,
}

const NONE: u64 = u64::MAX;

impl Default for Deadlines {
    fn default() -> Self {
        let none = || AtomicU64::new(NONE);
        Self(Arc::new(State { start: Instant::now(), header: none(), stalled: none(), requests: AtomicU64::new(0) }))
    }
}

impl Deadlines {
    fn set_header(&self, deadline: Instant) {
        self.0.header.store(micros(deadline.saturating_duration_since(self.0.start)), Ordering::Relaxed);
    }

    /// Notes that there are bytes to write and the peer takes none.
    pub(super) fn stall(&self) {
        if !self.is_stalled() {
            self.0.stalled.store(micros(self.0.start.elapsed()), Ordering::Relaxed);
        }
    }

    /// Notes that the peer has taken bytes.
    pub(super) fn proceed(&self) {
        if self.is_stalled() {
            self.0.stalled.store(NONE, Ordering::Relaxed);
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.0.stalled.load(Ordering::Relaxed) != NONE
    }

    /// Resolves once a deadline has passed. hyper sets none for a header that is nearer than `timeouts.header`.
    pub(super) async fn passed(&self, timeouts: Timeouts) -> Passed {
        // The request that is being answered, by its number, and since when it has been seen to be.
        let mut answering = None;
        loop {
            let now = self.0.start.elapsed();
            let (header, stalled) = (load(&self.0.header), load(&self.0.stalled));
            let request = self.0.requests.load(Ordering::Relaxed);
            answering = match (header, answering) {
                (None, Some((known, since))) if known == request => Some((known, since)),
                (None, _) if request > 0 => Some((request, now)),
                _ => None,
            };
            let left = |since: Duration, timeout: Duration| (since + timeout).saturating_sub(now);
            let nearest = [
                // What is waited for from now on may take the whole time.
                (header.map_or(timeouts.header, |deadline| deadline.saturating_sub(now)), Passed::Header),
                (left(stalled.unwrap_or(now), timeouts.write), Passed::Write),
                (left(answering.map_or(now, |(_, since)| since), timeouts.response), Passed::Response),
            ];
            let (left, which) = nearest[1..].iter().fold(nearest[0], |least, next| if next.0 < least.0 { *next } else { least });
            if left.is_zero() {
                return which;
            }
            tokio::time::sleep(left).await;
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NONE)
}

fn load(time: &AtomicU64) -> Option<Duration> {
    Some(time.load(Ordering::Relaxed)).filter(|time| *time != NONE).map(Duration::from_micros)
}

/// The timer that hyper is given; it asks for nothing but the header's deadline.
impl Timer for Deadlines {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.set_header(deadline);
        Box::pin(Waiting(self.0.clone()))
    }
    fn reset(&self, _waiting: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        self.set_header(deadline);
    }
}

/// A wait for a header. It never resolves: the connection ends by its deadlines.
struct Waiting(Arc<State>);

impl Sleep for Waiting {}

impl Future for Waiting {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

/// hyper drops it when the header has arrived.
impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.header.store(NONE, Ordering::Relaxed);
        // Only the task of the connection writes to it.
        self.0.requests.store(self.0.requests.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// The deadline that passes within fifty milliseconds, if each of these is so many milliseconds.
    async fn passed(deadlines: &Deadlines, [header, write, response]: [u64; 3]) -> Option<Passed> {
        let [header, write, response] = [header, write, response].map(Duration::from_millis);
        let passed = deadlines.passed(Timeouts { header, write, response });
        tokio::time::timeout(Duration::from_millis(50), passed).await.ok()
    }

    #[tokio::test]
    async fn header_that_does_not_arrive_ends_the_connection() {
        let deadlines = Deadlines::default();
        let _waiting = deadlines.sleep(Duration::from_millis(2));
        assert_eq!(passed(&deadlines, [1, 1_000, 1_000]).await, Some(Passed::Header));
    }

    #[tokio::test]
    async fn last_deadline_of_a_header_counts() {
        let deadlines = Deadlines::default();
        let mut waiting = deadlines.sleep(HOUR);
        deadlines.reset(&mut waiting, Instant::now());
        assert_eq!(passed(&deadlines, [1, 1_000, 1_000]).await, Some(Passed::Header));
    }

    #[tokio::test]
    async fn nothing_passes_before_its_time_nor_while_nothing_is_waited_for() {
        let deadlines = Deadlines::default();
        let waiting = deadlines.sleep(HOUR);
        assert_eq!(passed(&deadlines, [1, 1, 1]).await, None);
        drop(waiting);
        assert_eq!(passed(&deadlines, [1, 1, 1_000]).await, None);
    }

    #[tokio::test]
    async fn peer_that_takes_nothing_ends_the_connection() {
        let deadlines = Deadlines::default();
        let _waiting = deadlines.sleep(HOUR);
        deadlines.stall();
        assert_eq!(passed(&deadlines, [1_000, 2, 1_000]).await, Some(Passed::Write));
        deadlines.proceed();
        assert_eq!(passed(&deadlines, [1_000, 2, 1_000]).await, None);
    }

    #[tokio::test]
    async fn response_that_takes_too_long_ends_the_connection() {
        let deadlines = Deadlines::default();
        drop(deadlines.sleep(HOUR));
        assert_eq!(passed(&deadlines, [1_000, 1_000, 2]).await, Some(Passed::Response));
        let _next = deadlines.sleep(HOUR);
        assert_eq!(passed(&deadlines, [1_000, 1_000, 2]).await, None);
    }
}
