//! A rate limit in eight bytes: the generic cell rate algorithm (ITU-T I.371, "virtual scheduling").
//!
//! A key may be used `requests` times at once and regains one every `per / requests`. The state is the
//! theoretical arrival time of the next request, in nanoseconds of the caller's clock: one compare-and-swap,
//! no lock. The price, next to a log of requests: a burst right after a quiet time can be followed by the
//! steady rate, so a window that holds both sees up to twice `requests`.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::lock::lock;

/// So many requests in so much time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    pub requests: u32,
    pub per: Duration,
}

impl Rate {
    fn per_nanos(self) -> u64 {
        u64::try_from(self.per.as_nanos()).unwrap_or(u64::MAX)
    }
    /// Returns the share of one of `of` nodes, so that all together keep to the limit; at least one request.
    #[must_use]
    pub fn share(self, of: u32) -> Self {
        if of <= 1 {
            return self;
        }
        Self { requests: (self.requests / of).max(1), ..self }
    }
    fn interval(self) -> u64 {
        (self.per_nanos() / u64::from(self.requests.max(1))).max(1)
    }
}

/// The permit for a request: the rest of the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remaining {
    /// Requests that may follow at once.
    pub remaining: u32,
}

/// A limit with the rest of it, for the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitState {
    pub rate: Rate,
    /// Requests that may follow at once.
    pub remaining: u32,
    /// The time until there is one more.
    pub next_in: Duration,
}

impl LimitState {
    /// Returns the time until there is one more in seconds, rounded up.
    pub fn seconds(self) -> u64 {
        whole_seconds(self.next_in)
    }
}

/// Rounds up, so that a caller who waits that long succeeds.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// The request came too soon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimited {
    /// The wait until the next attempt can succeed.
    pub retry_after: Duration,
    pub rate: Rate,
}

impl RateLimited {
    /// Returns the value for `Retry-After` in seconds, rounded up.
    pub fn seconds(self) -> u64 {
        whole_seconds(self.retry_after)
    }
}

/// The state of one limit.
#[derive(Debug, Default)]
pub struct Gcra(AtomicU64);

impl Gcra {
    /// Takes one request at `now` (any clock that goes forward), or says when to come back.
    #[inline]
    pub fn try_acquire(&self, rate: Rate, now: Duration) -> Result<Remaining, RateLimited> {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let interval = rate.interval();
        // Integer division makes `requests` intervals at most one interval short of `per`.
        let burst = rate.per_nanos().max(interval);
        let mut arrival = self.0.load(Ordering::Relaxed);
        loop {
            // No further ahead than this rate could have brought it: the state may stem from another rate.
            let next = arrival.clamp(now, now.saturating_add(burst)).saturating_add(interval);
            let ahead = next - now;
            if ahead > burst {
                return Err(RateLimited { retry_after: Duration::from_nanos(ahead - burst), rate });
            }
            match self.0.compare_exchange_weak(arrival, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    let remaining = u32::try_from((burst - ahead) / interval).unwrap_or(u32::MAX);
                    return Ok(Remaining { remaining: remaining.min(rate.requests.saturating_sub(1)) });
                }
                Err(seen) => arrival = seen,
            }
        }
    }

    /// Returns the rest of the limit at `now`, and takes nothing.
    pub fn state(&self, rate: Rate, now: Duration) -> LimitState {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let interval = rate.interval();
        let burst = rate.per_nanos().max(interval);
        let ahead = self.0.load(Ordering::Relaxed).clamp(now, now.saturating_add(burst)) - now;
        let remaining = ((burst - ahead) / interval).min(rate.requests.into());
        // The moment at which room for one more has come.
        let until = burst.saturating_sub((remaining + 1).saturating_mul(interval));
        let is_full = remaining >= rate.requests.into();
        let next_in = Duration::from_nanos(if is_full { 0 } else { ahead.saturating_sub(until) });
        LimitState { rate, remaining: u32::try_from(remaining).unwrap_or(u32::MAX), next_in }
    }

    /// Takes back one request that was taken.
    pub fn refund(&self, rate: Rate) {
        let earlier = |arrival: u64| Some(arrival.saturating_sub(rate.interval()));
        // Never refused: the closure always gives a value.
        let _always = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
    }

    /// Resets to a full limit.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn is_idle(&self, now: Duration) -> bool {
        u128::from(self.0.load(Ordering::Relaxed)) <= now.as_nanos()
    }
}

/// The policy for a caller without an entry while a full table has no idle entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhenFull {
    /// Refused: anybody can come up with callers, such as addresses.
    Refuse,
    /// Admitted without being counted: callers are authenticated, so that their number has a bound elsewhere.
    Admit,
}

/// One limit for each of many callers, in bounded memory.
#[derive(Debug)]
pub struct Limits<K> {
    rate: Rate,
    most: usize,
    when_full: WhenFull,
    callers: Mutex<Callers<K>>,
}

#[derive(Debug)]
struct Callers<K> {
    limits: HashMap<K, Gcra>,
    /// From when on it is worth looking for idle ones again.
    look_at: Duration,
}

/// The pause between scans of a large table for idle callers, so that not every new caller pays for one.
const PAUSE: Duration = Duration::from_secs(1);

impl<K: Hash + Eq> Limits<K> {
    /// `rate` for each caller; at `most` callers the idle ones are forgotten, and while none is idle, strangers are refused.
    pub fn new(rate: Rate, most: usize) -> Self {
        Self::with_policy(rate, most, WhenFull::Refuse)
    }

    /// Creates a limiter with a policy for a full table.
    pub fn with_policy(rate: Rate, most: usize, when_full: WhenFull) -> Self {
        Self { rate, most, when_full, callers: Mutex::new(Callers { limits: HashMap::new(), look_at: Duration::ZERO }) }
    }

    /// Takes one request for `caller` at `now`.
    pub fn try_acquire(&self, caller: K, now: Duration) -> Result<Remaining, RateLimited> {
        self.try_acquire_share(caller, 1, now)
    }

    /// Takes one request off the share that one of so many nodes has of the limit; the error names the whole limit.
    pub fn try_acquire_share(&self, caller: K, nodes: u32, now: Duration) -> Result<Remaining, RateLimited> {
        let mut callers = lock(&self.callers);
        let Callers { limits, look_at } = &mut *callers;
        if limits.len() >= self.most && !limits.contains_key(&caller) {
            if now >= *look_at {
                limits.retain(|_, limit| !limit.is_idle(now));
                *look_at = now + PAUSE;
            }
            if limits.len() >= self.most {
                return match self.when_full {
                    WhenFull::Refuse => Err(RateLimited { retry_after: self.rate.per, rate: self.rate }),
                    WhenFull::Admit => Ok(Remaining { remaining: 0 }),
                };
            }
        }
        let taken = limits.entry(caller).or_default().try_acquire(self.rate.share(nodes), now);
        taken.map_err(|too_soon| RateLimited { rate: self.rate, ..too_soon })
    }

    /// Takes back one request of `caller`, who turned out to be welcome.
    pub fn refund(&self, caller: &K) {
        self.refund_share(caller, 1);
    }

    /// Takes back what [`Limits::try_acquire_share`] took.
    pub fn refund_share(&self, caller: &K, nodes: u32) {
        let callers = lock(&self.callers);
        if let Some(limit) = callers.limits.get(caller) {
            limit.refund(self.rate.share(nodes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_new_rate_is_not_held_up_by_the_old_one() {
        let (slow, fast) =
            (Rate { requests: 1, per: Duration::from_hours(1) }, Rate { requests: 60, per: Duration::from_mins(1) });
        let (limit, now) = (Gcra::default(), Duration::from_secs(1_000_000));
        assert!(limit.try_acquire(slow, now).is_ok());
        let refused = limit.try_acquire(fast, now).expect_err("the old state counts as a full burst");
        assert_eq!(refused.retry_after, Duration::from_secs(1));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (rate, limit, now) = (Rate { requests: 1, per: Duration::from_mins(1) }, Gcra::default(), Duration::from_secs(9));
        for _ in 0..5 {
            assert!(limit.try_acquire(rate, now).is_ok());
            limit.refund(rate);
        }
    }

    #[test]
    fn state_tells_what_may_follow_at_once_and_when_there_is_more() {
        let rate = Rate { requests: 3, per: Duration::from_mins(1) };
        let (limit, start) = (Gcra::default(), Duration::from_secs(1_000_000));
        let state = |after| {
            let state = limit.state(rate, start + Duration::from_secs(after));
            (state.remaining, state.seconds())
        };
        assert_eq!(state(0), (3, 0), "nothing is used");
        assert!(limit.try_acquire(rate, start).is_ok());
        assert_eq!((state(0), state(5), state(20)), ((2, 20), (2, 15), (3, 0)));
        assert!(limit.try_acquire(rate, start).is_ok() && limit.try_acquire(rate, start).is_ok());
        assert_eq!((state(0), state(1), state(20), state(41)), ((0, 20), (0, 19), (1, 20), (2, 19)));
        let shrunk = Rate { requests: 1, ..rate };
        assert_eq!(limit.state(shrunk, start).remaining, 0);
    }

    #[test]
    fn idle_callers_make_room_but_are_not_looked_for_with_every_stranger() {
        let limits = Limits::new(Rate { requests: 10, per: Duration::from_secs(10) }, 2);
        let take = |caller: &'static str, millis| limits.try_acquire(caller, Duration::from_millis(millis)).is_ok();
        assert!(take("one", 0) && take("two", 0));
        assert!(!take("a stranger", 500), "nobody is idle yet");
        assert!(take("one", 500), "who is known is let in");
        assert!(!take("a stranger", 1_200), "the other is idle, and nobody has looked");
        assert!(take("a stranger", 1_500));
    }

    #[test]
    fn authenticated_callers_are_admitted_when_the_table_is_full_of_active_ones() {
        let minute = Rate { requests: 2, per: Duration::from_mins(1) };
        let limits = Limits::with_policy(minute, 2, WhenFull::Admit);
        let take = |caller: &'static str, seconds| limits.try_acquire(caller, Duration::from_secs(seconds)).is_ok();
        assert!(take("one", 0) && take("one", 0) && take("two", 0));
        assert!(take("three", 1) && take("three", 1) && take("three", 1), "there is no entry to count them in");
        assert!(!take("one", 1), "those with an entry are counted");
        assert!(take("three", 120) && take("three", 120) && !take("three", 120), "idle entries made room");
    }

    #[test]
    fn several_nodes_take_shares_of_one_limit() {
        let rate = Rate { requests: 6, per: Duration::from_mins(1) };
        let limits = Limits::new(rate, 10);
        let take = |nodes| limits.try_acquire_share("one", nodes, Duration::from_secs(1));
        assert!((0..3).all(|_| take(2).is_ok()));
        assert_eq!(take(2), Err(RateLimited { retry_after: Duration::from_secs(20), rate }), "the whole limit is named");
        limits.refund_share(&"one", 2);
        assert!(take(2).is_ok());
    }

    proptest! {
        #[test]
        fn a_burst_is_exactly_the_number_of_requests(requests in 1u32..5_000, seconds in 1u64..86_400) {
            let rate = Rate { requests, per: Duration::from_secs(seconds) };
            let limit = Gcra::default();
            let now = Duration::from_secs(1_000_000);
            for taken in 0..requests {
                let left = limit.try_acquire(rate, now);
                prop_assert_eq!(left.map(|left| left.remaining), Ok(requests - taken - 1));
                let state = limit.state(rate, now);
                prop_assert_eq!(state.remaining, requests - taken - 1);
                prop_assert!(limit.state(rate, now + state.next_in).remaining > state.remaining);
            }
            let refused = limit.try_acquire(rate, now).expect_err("the burst is used up");
            prop_assert!(limit.try_acquire(rate, now + refused.retry_after).is_ok());
        }

        #[test]
        fn no_window_sees_more_than_twice_the_number(requests in 1u32..200, gaps in prop::collection::vec(0u64..2_000_000_000, 1..600)) {
            let rate = Rate { requests, per: Duration::from_mins(1) };
            let limit = Gcra::default();
            let mut now = Duration::from_secs(5);
            let mut taken = Vec::new();
            for gap in gaps {
                now += Duration::from_nanos(gap);
                if limit.try_acquire(rate, now).is_ok() {
                    taken.push(now);
                }
            }
            for (first, start) in taken.iter().enumerate() {
                let inside = taken[first..].iter().take_while(|time| **time < *start + rate.per).count();
                prop_assert!(inside <= 2 * requests as usize, "{inside} in one window of {requests}");
            }
        }
    }
}
