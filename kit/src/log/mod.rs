//! The log: buffered lines on their way to stderr, and the access log.
//!
//! A system call per line would cost more than the request it is about. Access-log lines are buffered until there are many,
//! for a tenth of a second at most; every other line is written at once, after all buffered ones. A killed process loses the
//! lines of its last tenth of a second; every other exit flushes.
//!
//! Access-log lines are formatted here instead of by `tracing`, in the same format, at a tenth of the cost.
//!
//! - here the destination; `request` the format of a line; `lines` the buffer; `excerpt` cuts what a caller wrote;
//!   `sampler` limits lines of requests without a credential; `events` limits all others

mod events;
mod excerpt;
mod lines;
mod request;
mod sampler;

use tracing::Level;

pub use events::EventLimit;
pub use excerpt::excerpt;
pub use lines::Lines;
pub use request::RequestLine;
pub use sampler::Sampler;

/// The target of access-log events.
const TARGET: &str = "access_log";

/// The destination of the access log.
#[derive(Clone, Debug, Default)]
pub enum Log {
    /// Events of `tracing`, for its subscribers.
    #[default]
    Traced,
    /// As lines of the log, if its filter lets them through.
    Written {
        lines: Lines,
        /// One JSON object a line, else for people.
        is_json: bool,
        /// The bound on events.
        events: EventLimit,
    },
}

impl Log {
    /// Returns a guard that flushes when it is dropped.
    pub fn rest(&self) -> Rest {
        Rest(self.clone())
    }

    /// Logs how many events were left out since the last time.
    pub fn sum_up(&self) {
        if let Self::Written { events, .. } = self {
            events.sum_up();
        }
    }

    /// Logs a request; of what its caller wrote, the beginning.
    pub fn request(&self, line: &RequestLine<'_>) {
        let (path, request_id) = (&*excerpt(line.path), line.request_id);
        let line = &RequestLine { path, ..*line };
        let RequestLine { method, status, took, ip, .. } = line;
        match self {
            Self::Traced => {
                let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
                let ip = ip.map(tracing::field::display);
                tracing::info!(target: TARGET, method, path, status, ms, ip, request_id);
            }
            Self::Written { lines, is_json, .. } => {
                if tracing::enabled!(target: TARGET, Level::INFO) {
                    lines.add_request(*is_json, line);
                }
            }
        }
    }
}

/// Writes what waits when it is dropped: `tracing` keeps its lines for as long as the process, and drops nothing.
#[derive(Debug)]
pub struct Rest(Log);

impl Drop for Rest {
    fn drop(&mut self) {
        if let Log::Written { lines, .. } = &self.0 {
            lines.flush();
        }
    }
}
