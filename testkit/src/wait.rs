//! Waiting: by polling a condition, never by sleeping for a time that is hoped to be enough.

use std::time::{Duration, Instant};

/// The longest that anything may take; a test that waits longer fails.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// Time between two looks at a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Polls a condition until it holds, and panics with its description after [`DEADLINE`].
#[track_caller]
pub fn until(condition: &str, holds: impl FnMut() -> bool) {
    assert!(within(DEADLINE, holds), "waited too long until {condition}");
}

/// Polls a condition until it holds; returns whether it did so in time.
pub fn within(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > time {
            return false;
        }
        pause(POLL_INTERVAL);
    }
    true
}

/// Lets a span of time go by, of a schedule in which a test freezes and kills nodes. Conditions are waited for by [`until`].
pub fn pause(span: Duration) {
    let begun = Instant::now();
    // A parked thread may wake up early.
    while let Some(left) = span.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}
