//! Limits and timeouts of a node's connections, and the open files that they need.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::output::{self, Failure};
use kit::http::serve::{OVERFLOW, Timeouts};

/// Connections to the metrics address at a time.
pub(super) const METRICS_CONNECTIONS: usize = 32;

/// Open files reserved for a SQLite database, listeners, the log and the runtime.
const OWN_FILES: usize = 64;

/// Connections served at a time by default, if the file limit allows.
const DEFAULT_CONNECTIONS: usize = 10_000;

const MIN_CONNECTIONS: usize = 8;

#[derive(clap::Args)]
pub(super) struct Bounds {
    /// Maximum number of open connections, of which one address may have a quarter; default: 10000, or what the file limit allows
    #[arg(long, env = "PLANECONNECTION_MAX_CONNECTIONS", value_name = "N")]
    max_connections: Option<usize>,
    /// Time limit for receiving a request's header, and for an idle connection: 15s, 2m
    #[arg(long, env = "PLANECONNECTION_HEADER_TIMEOUT", default_value = "15s", value_parser = output::duration, value_name = "TIME")]
    header_timeout: Duration,
    /// Time after which a connection is closed if the client accepts no data
    #[arg(long, env = "PLANECONNECTION_WRITE_TIMEOUT", default_value = "30s", value_parser = output::duration, value_name = "TIME")]
    write_timeout: Duration,
    /// Time limit for sending a response, exports included
    #[arg(long, env = "PLANECONNECTION_RESPONSE_TIMEOUT", default_value = "10m", value_parser = output::duration, value_name = "TIME")]
    response_timeout: Duration,
}

impl Bounds {
    pub(super) fn timeouts(&self) -> Result<Timeouts, Failure> {
        for (flag, timeout) in [
            ("header-timeout", self.header_timeout),
            ("write-timeout", self.write_timeout),
            ("response-timeout", self.response_timeout),
        ] {
            if timeout.is_zero() {
                return Err(Failure::usage(format!("--{flag}: give at least 1s")));
            }
        }
        Ok(Timeouts { header: self.header_timeout, write: self.write_timeout, response: self.response_timeout })
    }

    /// Raises the file limit to its maximum, and returns the number of connections to serve. Fails if the flag asks for more than
    /// the limit allows.
    pub(super) fn connections(&self, database_connections: usize) -> Result<usize, Failure> {
        let limit = raise_file_limit();
        let kept = OWN_FILES + OVERFLOW + METRICS_CONNECTIONS + database_connections;
        let room = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(kept));
        let wanted = self.max_connections.unwrap_or(room.min(DEFAULT_CONNECTIONS));
        if wanted >= MIN_CONNECTIONS && wanted <= room {
            return Ok(wanted);
        }
        let files = limit.map_or_else(|| "any number of".to_owned(), |limit| limit.to_string());
        Err(Failure::usage(format!(
            "--max-connections: expected {MIN_CONNECTIONS} to {room}; this process may open {files} files and keeps {kept} for itself \
             (raise the limit with ulimit -n, or LimitNOFILE= of systemd)"
        )))
    }
}

/// Raises the soft limit of open files to the hard limit. Returns the resulting limit, `None` if there is none.
fn raise_file_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current == limit.maximum {
        return limit.current;
    }
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, limit = limit.current, "the limit of open files cannot be raised");
            limit.current
        }
    }
}
