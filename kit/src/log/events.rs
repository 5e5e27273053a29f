//! A bound on the log's events: so many a second from each place in the code, the others as a sum.
//!
//! An event may be one that callers cause with every request, such as a secret in a URL or a database that is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::time::Instant;

use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::limit::{Gcra, Rate};
use crate::lock::lock;

/// Events from one place: fifty at once, ten a second.
const PLACE: Rate = Rate { requests: 50, per: Duration::from_secs(5) };

/// Lets through so many events from each place in the code. Levels below INFO are whole: an operator asked for them.
#[derive(Clone, Debug)]
pub struct EventLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Instant,
    places: Mutex<HashMap<Identifier, Place>>,
}

#[derive(Debug)]
struct Place {
    metadata: &'static Metadata<'static>,
    limit: Gcra,
    left_out: u64,
}

impl Default for EventLimit {
    fn default() -> Self {
        Self(Arc::new(Inner { start: Instant::now(), places: Mutex::default() }))
    }
}

impl EventLimit {
    fn admits(&self, metadata: &'static Metadata<'static>, now: Duration) -> bool {
        if *metadata.level() > Level::INFO {
            return true;
        }
        let mut places = lock(&self.0.places);
        let place = places.entry(metadata.callsite()).or_insert_with(|| Place { metadata, limit: Gcra::default(), left_out: 0 });
        let is_admitted = place.limit.try_acquire(PLACE, now).is_ok();
        place.left_out += u64::from(!is_admitted);
        is_admitted
    }

    /// Logs how many events of each place were left out since the last time.
    pub fn sum_up(&self) {
        for (metadata, left_out) in self.take_left_out() {
            let (place, line) = (metadata.module_path().unwrap_or_default(), metadata.line().unwrap_or_default());
            tracing::warn!(left_out, place, line, "more events from one place than are logged one by one");
        }
    }

    /// Apart from the logging, which asks for the lock again.
    fn take_left_out(&self) -> Vec<(&'static Metadata<'static>, u64)> {
        let mut places = lock(&self.0.places);
        let left_out = places.values_mut().map(|place| (place.metadata, std::mem::take(&mut place.left_out)));
        left_out.filter(|(_, count)| *count > 0).collect()
    }
}

impl<S: Subscriber> Layer<S> for EventLimit {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.admits(event.metadata(), self.0.start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            lock(&self.0).write(line)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn events_of_one_place_are_bounded_and_summed_up() {
        let (memory, limit) = (Memory::default(), EventLimit::default());
        let writer = memory.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        tracing::subscriber::with_default(log.finish().with(limit.clone()), || {
            for number in 0..10_000 {
                tracing::warn!(number, "flood");
            }
            tracing::warn!("another place");
            limit.sum_up();
        });
        let text = String::from_utf8(lock(&memory.0).clone()).expect("text");
        let floods = text.lines().filter(|line| line.contains("flood")).count();
        assert!((50..1_000).contains(&floods), "{floods}");
        assert!(text.contains("another place") && text.contains(&format!("left_out={}", 10_000 - floods)), "{text}");
    }
}
