//! Time: instants in UTC to the microsecond, and the clock that hands them out.
//!
//! - here the clock; `time` instants; `bound` the two ends of a filter

mod bound;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

pub use bound::{Since, Until};
pub use time::{NotATime, Time};

/// Where the time comes from: the system, or a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clocks.
    #[default]
    System,
    /// Microseconds since 1970, set by a test; both clocks move together.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `time` until [`Clock::advance`].
    pub fn manual(time: Time) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(time.micros())))
    }

    /// The wall clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn now(&self) -> Time {
        let micros = match self {
            Self::System => Timestamp::now().as_microsecond(),
            Self::Manual(micros) => micros.load(Ordering::Relaxed),
        };
        Time::from_micros(micros).unwrap_or(Time::FIRST)
    }

    /// Time that only goes forward and goes on while the machine is suspended (`CLOCK_BOOTTIME` on Linux).
    pub fn ticks(&self) -> Duration {
        match self {
            Self::System => boot_time(),
            Self::Manual(micros) => Duration::from_micros(u64::try_from(micros.load(Ordering::Relaxed)).unwrap_or(0)),
        }
    }

    /// Moves a manual clock forward; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(micros) = self {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(0), Ordering::Relaxed);
        }
    }
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
