//! Time: instants in UTC to the microsecond, and the clock that hands them out.
//!
//! - here the clock; `time` instants; `rfc3339` their text; `bound` the two ends of a filter

mod bound;
pub(crate) mod rfc3339;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use bound::{NotABound, Since, Until};
pub use time::{NotATime, Time};

/// Returns the time zone of this IANA name; UTC if this machine does not know it.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The source of time: the system, or a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// A wall clock that several machines share, reckoned from this machine's [`Clock::ticks`]: at zero ticks it showed so
    /// many microseconds since 1970.
    Shared(Arc<AtomicI64>),
    /// Microseconds since 1970, set by a test; both clocks move together.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `time` until [`Clock::advance`].
    pub fn manual(time: Time) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(time.micros())))
    }

    /// A shared clock that shows `time` now, until [`Clock::follow`].
    pub fn shared(time: Time) -> Self {
        Self::Shared(Arc::new(AtomicI64::new(time.micros() - as_micros(boot_time()))))
    }

    /// Sets a shared clock by a reading of it that was asked for at `asked` and was there at `answered`, in ticks.
    ///
    /// The clock was read some time between the two. If what is reckoned here agrees with that, it stays as it is, so that
    /// it does not jump to and fro with every reading; else it moves as little as it must. Two machines that do this agree
    /// to within the time that a reading takes, whatever their own clocks show.
    pub fn follow(&self, reading: Time, asked: Duration, answered: Duration) {
        if let Self::Shared(at_zero) = self {
            let (earliest, latest) = (reading.micros() - as_micros(answered), reading.micros() - as_micros(asked));
            let reckoned = at_zero.load(Ordering::Relaxed);
            at_zero.store(reckoned.clamp(earliest, latest.max(earliest)), Ordering::Relaxed);
        }
    }

    /// Returns the lead of this machine's wall clock over the shared one; zero if there is no shared one.
    #[expect(clippy::disallowed_methods, reason = "the one other place that reads it")]
    pub fn machine_ahead(&self) -> jiff::SignedDuration {
        match self {
            Self::Shared(_) => jiff::SignedDuration::from_micros(Timestamp::now().as_microsecond() - self.now().micros()),
            Self::System | Self::Manual(_) => jiff::SignedDuration::ZERO,
        }
    }

    /// Returns the wall-clock time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn now(&self) -> Time {
        let micros = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Shared(at_zero) => at_zero.load(Ordering::Relaxed) + as_micros(boot_time()),
            Self::Manual(micros) => micros.load(Ordering::Relaxed),
        };
        Time::from_micros(micros).unwrap_or(Time::FIRST)
    }

    /// Time that only goes forward and goes on while the machine is suspended (`CLOCK_BOOTTIME` on Linux).
    pub fn ticks(&self) -> Duration {
        match self {
            Self::System | Self::Shared(_) => boot_time(),
            Self::Manual(micros) => Duration::from_micros(u64::try_from(micros.load(Ordering::Relaxed)).unwrap_or(0)),
        }
    }

    /// Moves a manual clock forward; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(as_micros(by), Ordering::Relaxed);
        }
    }
}

fn as_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(target_os = "linux")]
fn boot_time() -> Duration {
    clock_time(rustix::time::ClockId::Boottime)
}

#[cfg(not(target_os = "linux"))]
fn boot_time() -> Duration {
    clock_time(rustix::time::ClockId::Monotonic)
}

fn clock_time(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000).expect("a time")
    }

    #[test]
    fn a_shared_clock_moves_only_as_far_as_a_reading_proves() {
        let (clock, second) = (Clock::shared(at(1_000_000)), Duration::from_secs(1));
        let Clock::Shared(at_zero) = &clock else { panic!("a shared clock") };
        at_zero.store(5_000_000, Ordering::Relaxed);
        // At 10 to 12 ticks it showed 16: at zero ticks it showed 4 to 6, and 5 is among them.
        clock.follow(at(16), 10 * second, 12 * second);
        assert_eq!(at_zero.load(Ordering::Relaxed), 5_000_000);
        clock.follow(at(20), 10 * second, 12 * second);
        assert_eq!(at_zero.load(Ordering::Relaxed), 8_000_000, "it was behind by at least three seconds");
        clock.follow(at(16), 10 * second, 12 * second);
        assert_eq!(at_zero.load(Ordering::Relaxed), 6_000_000, "it was ahead by at least two");
    }
}
