//! [`Moment`]: what a limiter needs to know of the time of a request.

use std::time::Duration;

/// A time by the monotonic clock, with the number of nodes that share a limit.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// In ticks of the monotonic clock.
    pub at: Duration,
    /// Live nodes, this one included.
    pub nodes: u32,
}
