//! The log of a process: lines on their way to stderr, and the line that each request is told in.
//!
//! A system call for each line would cost more than the request it is about. The lines of requests wait in memory until
//! there are many, a tenth of a second at most; any other is written at once, with all before it. What is killed takes the
//! lines of its last tenth of a second along; whatever else ends writes them.
//!
//! The line of a request is put together here and not by `tracing`, in the same words, at a tenth of the price.
//!
//! - here where it is said; `request` the line; `lines` what waits; `excerpt` what a caller wrote, cut;
//!   `sampler` bounds lines of requests without a credential; `events` bounds the other ones

mod events;
mod excerpt;
mod lines;
mod request;
mod sampler;

use tracing::Level;

pub use events::EventLimit;
use excerpt::excerpt;
pub use lines::Lines;
pub use request::RequestLine;
pub use sampler::Sampler;

/// What requests are logged as.
const TARGET: &str = "planeconnection::request";

/// Where requests are logged.
#[derive(Clone, Debug, Default)]
pub enum Log {
    /// As events of `tracing`, for whoever listens.
    #[default]
    Traced,
    /// As lines of the log, if its filter lets them through.
    Written {
        /// The log.
        lines: Lines,
        /// One JSON object a line, else for people.
        is_json: bool,
        /// The bound on events.
        events: EventLimit,
    },
}

impl Log {
    /// What is to be dropped last of all.
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
