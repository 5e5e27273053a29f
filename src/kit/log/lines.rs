//! Lines on their way to stderr.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::request::{RequestLine, Second};
use crate::kit::lock::lock;

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(100);

/// How much may wait.
const MOST: usize = 64 << 10;

/// Lines on their way to stderr.
#[derive(Clone, Debug)]
pub struct Lines(pub(super) Arc<Waiting>);

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) text: Mutex<Vec<u8>>,
    second: Mutex<Second>,
    is_some: Condvar,
}

impl Lines {
    /// Lines that are written to stderr now and then.
    pub fn to_stderr() -> Self {
        let lines = Self(Arc::new(Waiting { text: Mutex::default(), second: Mutex::default(), is_some: Condvar::new() }));
        let waiting = Arc::downgrade(&lines.0);
        // Without the thread, lines are written when there are many.
        let _thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_now_and_then(&waiting));
        lines
    }

    /// Writes what waits.
    pub fn flush(&self) {
        write_out(&mut lock(&self.0.text));
    }

    /// Adds a request's line. It is put together before the text is locked: what panics meanwhile is logged as well.
    pub(super) fn add_request(&self, is_json: bool, line: &RequestLine<'_>) {
        LINE.with_borrow_mut(|text| {
            text.clear();
            if line.write(is_json, &mut lock(&self.0.second), text).is_ok() {
                self.add(text);
            }
        });
    }

    fn add(&self, line: &[u8]) {
        let mut text = lock(&self.0.text);
        let was_empty = text.is_empty();
        text.extend_from_slice(line);
        if text.len() >= MOST {
            write_out(&mut text);
        } else if was_empty {
            self.0.is_some.notify_one();
        }
    }
}

thread_local! {
    /// Where a thread puts its lines together.
    static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn write_now_and_then(waiting: &Weak<Waiting>) {
    while let Some(waiting) = waiting.upgrade() {
        let text = lock(&waiting.text);
        let waited = waiting.is_some.wait_timeout_while(text, 10 * WAIT, |text| text.is_empty());
        let is_empty = waited.map_or(true, |(text, _)| text.is_empty());
        if !is_empty {
            std::thread::sleep(WAIT);
            write_out(&mut lock(&waiting.text));
        }
    }
}

/// Nobody can be told if it cannot be written.
fn write_out(text: &mut Vec<u8>) {
    let _unwritten = io::stderr().write_all(text);
    text.clear();
}

/// An event of `tracing`, written at once, with all that waits before it.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Lines::flush(self);
        Ok(line.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Lines::flush(self);
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;
    fn make_writer(&'a self) -> &'a Self {
        self
    }
}
