//! The log of a test's thread.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;

/// A log that a test can read.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Captures the log of this thread while the guard lives.
    pub fn of_this_thread() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        // While there is one listener only, a thread without it may say for all threads that there is no listener; a second
        // one, kept for good, makes tracing ask them all.
        std::mem::forget(tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new()));
        tracing::callsite::rebuild_interest_cache();
        (lines, guard)
    }

    /// The log so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("the lock").clone()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the lock").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
