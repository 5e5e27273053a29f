//! Waiting for what has been started.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Stop;

/// The time limit of a start.
const PATIENCE: Duration = Duration::from_mins(3);

/// Waits until it holds; an error if that takes too long, or if this is asked to stop.
pub(crate) fn until(stop: &Stop, what: &str, mut holds: impl FnMut() -> io::Result<bool>) -> io::Result<()> {
    let longest = Instant::now() + PATIENCE;
    while !holds()? {
        if stop.is_asked() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if Instant::now() > longest {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("waited too long until {what}")));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}
