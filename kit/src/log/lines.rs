//! Lines on their way to stderr.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

use super::request::{RequestLine, Second, TIME};
use crate::lock::lock;
use crate::sharded::Sharded;

/// The longest time that a line is buffered.
const WAIT: Duration = Duration::from_millis(100);

/// The largest buffer of one thread, in bytes.
const MOST: usize = 64 << 10;

/// Lines on their way to stderr.
#[derive(Clone, Debug)]
pub struct Lines(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    of_threads: Sharded<Part>,
    /// Held while lines are written: those that come later are written later.
    writing: Mutex<()>,
    has_some: Mutex<bool>,
    has_more: Condvar,
}

/// The buffered lines of one thread, in order.
#[derive(Debug, Default)]
struct Part {
    text: Vec<u8>,
    /// The end offsets of the lines.
    ends: Vec<usize>,
}

impl Part {
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }
}

impl Lines {
    /// Lines that are written to stderr now and then.
    pub fn to_stderr() -> Self {
        let lines = Self(Arc::default());
        let waiting = Arc::downgrade(&lines.0);
        // Without the thread, lines are written when there are many.
        let _thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || write_now_and_then(&waiting));
        lines
    }

    /// Writes the buffered lines.
    pub fn flush(&self) {
        self.0.write_out(&[]);
    }

    #[cfg(test)]
    pub(super) fn take(&self) -> Vec<u8> {
        self.0.take()
    }

    /// Adds a request's line. It is put together before the text is locked: what panics meanwhile is logged as well.
    pub(super) fn add_request(&self, is_json: bool, line: &RequestLine<'_>) {
        LINE.with_borrow_mut(|(text, second)| {
            text.clear();
            if line.write(is_json, second, text).is_ok() {
                self.0.add(text);
            }
        });
    }
}

thread_local! {
    /// The thread's line buffer and timestamp cache.
    static LINE: RefCell<(Vec<u8>, Second)> = RefCell::default();
}

impl Waiting {
    fn add(&self, line: &[u8]) {
        let mut part = self.of_threads.mine();
        let was_empty = part.ends.is_empty();
        part.text.extend_from_slice(line);
        let length = part.text.len();
        part.ends.push(length);
        drop(part);
        if length >= MOST {
            self.write_out(&[]);
        } else if was_empty {
            *lock(&self.has_some) = true;
            self.has_more.notify_one();
        }
    }

    /// Takes what waits, in the order of the times it begins with.
    fn take(&self) -> Vec<u8> {
        let parts: Vec<Part> = self.of_threads.each().map(|mut part| std::mem::take(&mut *part)).collect();
        let mut lines: Vec<&[u8]> = parts.iter().flat_map(Part::lines).collect();
        // What is in order already, as the lines of each thread are, is merged at the price of looking at it.
        lines.sort_by_key(|line| &line[..line.len().min(TIME)]);
        lines.concat()
    }

    /// Writes what waits, and `event` after it.
    fn write_out(&self, event: &[u8]) {
        let _writing = lock(&self.writing);
        let mut text = self.take();
        text.extend_from_slice(event);
        // There is no place to report a failed write.
        let _unwritten = io::stderr().write_all(&text);
    }
}

fn write_now_and_then(waiting: &Weak<Waiting>) {
    while let Some(waiting) = waiting.upgrade() {
        let has_some = lock(&waiting.has_some);
        let waited = waiting.has_more.wait_timeout_while(has_some, 10 * WAIT, |has_some| !*has_some);
        let is_there = waited.is_ok_and(|(mut has_some, _)| std::mem::take(&mut *has_some));
        if is_there {
            std::thread::sleep(WAIT);
            waiting.write_out(&[]);
        }
    }
}

/// An event of `tracing`, written at once, with all that waits before it.
impl Write for &Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_out(event);
        Ok(event.len())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_threads_are_written_in_the_order_of_their_times() {
        let lines = Lines(Arc::default());
        std::thread::scope(|scope| {
            for times in [[1, 4, 6], [2, 3, 5]] {
                let waiting = &lines.0;
                let _thread = scope.spawn(move || times.map(|time| waiting.add(format!("0{time} line\n").as_bytes())));
            }
        });
        assert_eq!(String::from_utf8_lossy(&lines.take()), "01 line\n02 line\n03 line\n04 line\n05 line\n06 line\n");
        assert!(lines.take().is_empty());
    }
}
