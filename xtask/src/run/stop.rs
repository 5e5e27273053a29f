//! A stop on Ctrl+C, SIGTERM, or a closed terminal.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A flag that is set when this process is asked to stop.
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on none of the signals ends the process: whoever made this looks now and then, and ends in good order.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let asked = Arc::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
