//! The log of a process: lines on their way to stderr, and the line that each request is told in.
//!
//! A system call for each line would cost more than the request it is about. The lines of requests wait in memory until
//! there are many, a tenth of a second at most; any other is written at once, with all before it. What is killed takes the
//! lines of its last tenth of a second along; whatever else ends writes them.
//!
//! The line of a request is put together here and not by `tracing`, in the same words, at a tenth of the price.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use super::clock::Clock;
use super::limit::{Gcra, Rate};
use super::lock::lock;

/// How long a line may wait.
const WAIT: Duration = Duration::from_millis(100);

/// How much may wait.
const MOST: usize = 64 << 10;

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
    },
}

/// How many refusals are told one by one.
const REFUSALS: Rate = Rate { requests: 20, per: Duration::from_secs(1) };

/// Requests that were refused with 401 or 429: whoever sends many of them must not fill the log.
#[derive(Debug, Default)]
pub struct Refusals {
    limit: Gcra,
    left_out: AtomicU64,
}

impl Refusals {
    /// Whether another one is told by a line of its own, else it is counted.
    pub fn is_told(&self, ticks: Duration) -> bool {
        let is_told = self.limit.take(REFUSALS, ticks).is_ok();
        if !is_told {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
        is_told
    }

    /// Tells how many had no line of their own, if there were any.
    pub fn sum_up(&self) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            tracing::info!(target: TARGET, left_out, "more requests were refused with 401 or 429 than are told one by one");
        }
    }
}

/// What is told of a request.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "they are what they are called")]
pub struct RequestLine<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub status: u16,
    pub took: Duration,
    pub ip: Option<IpAddr>,
    pub request_id: &'a str,
}

impl Log {
    /// What is to be dropped last of all.
    pub fn rest(&self) -> Rest {
        Rest(self.clone())
    }

    /// Tells of a request.
    pub fn request(&self, line: &RequestLine<'_>) {
        let RequestLine { method, path, status, took, ip, request_id } = line;
        match self {
            Self::Traced => {
                let ms = (took.as_secs_f64() * 1e6).round() / 1e3;
                let ip = ip.map(tracing::field::display);
                tracing::info!(target: TARGET, method, path, status, ms, ip, request_id = %request_id);
            }
            Self::Written { lines, is_json } => {
                if tracing::enabled!(target: TARGET, Level::INFO) {
                    lines.add_at_now(*is_json, |text| if *is_json { line.as_json(text) } else { line.as_text(text) });
                }
            }
        }
    }
}

impl RequestLine<'_> {
    fn as_text(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let status = u64::from(self.status);
        text.extend(b"  INFO planeconnection::request: method=\"");
        text.extend(self.method.as_bytes());
        text.extend(b"\" path=");
        if is_plain(self.path) {
            quote(self.path, text);
        } else {
            write!(text, "{:?}", self.path)?;
        }
        text.extend(b" status=");
        digits(text, status, 3);
        text.extend(b" ms=");
        self.millis(text);
        if let Some(ip) = self.ip {
            text.extend(b" ip=");
            address(ip, text)?;
        }
        text.extend(b" request_id=");
        text.extend(self.request_id.as_bytes());
        text.push(b'\n');
        Ok(())
    }

    fn as_json(&self, text: &mut Vec<u8>) -> io::Result<()> {
        let status = u64::from(self.status);
        text.extend(b"\",\"level\":\"INFO\",\"method\":\"");
        text.extend(self.method.as_bytes());
        text.extend(b"\",\"path\":");
        if is_plain(self.path) {
            quote(self.path, text);
        } else {
            serde_json::to_writer(&mut *text, self.path)?;
        }
        text.extend(b",\"status\":");
        digits(text, status, 3);
        text.extend(b",\"ms\":");
        self.millis(text);
        if let Some(ip) = self.ip {
            text.extend(b",\"ip\":\"");
            address(ip, text)?;
            text.push(b'"');
        }
        text.extend(b",\"request_id\":");
        serde_json::to_writer(&mut *text, self.request_id)?;
        text.extend(b",\"target\":\"planeconnection::request\"}\n");
        Ok(())
    }

    /// To the microsecond: 0.12, 3.0, 17.45.
    fn millis(&self, text: &mut Vec<u8>) {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX);
        let (whole, rest) = (micros / 1_000, micros % 1_000);
        digits(text, whole, places(whole));
        text.push(b'.');
        match (rest % 10, rest % 100) {
            (_, 0) => digits(text, rest / 100, 1),
            (0, _) => digits(text, rest / 10, 2),
            _ => digits(text, rest, 3),
        }
    }
}

/// Whether a text says the same quoted and bare.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' && byte != b'\'')
}

fn quote(plain: &str, text: &mut Vec<u8>) {
    text.push(b'"');
    text.extend(plain.as_bytes());
    text.push(b'"');
}

fn address(ip: IpAddr, text: &mut Vec<u8>) -> io::Result<()> {
    let IpAddr::V4(v4) = ip else { return write!(text, "{ip}") };
    for (place, octet) in v4.octets().into_iter().map(u64::from).enumerate() {
        if place > 0 {
            text.push(b'.');
        }
        digits(text, octet, places(octet));
    }
    Ok(())
}

fn places(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

fn digits(text: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut places = [b'0'; 20];
    for place in places.iter_mut().rev().take(width) {
        *place += u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    text.extend_from_slice(&places[20 - width..]);
}

/// What lines begin with, whichever clock the product goes by. All that do so in one second begin alike.
#[derive(Debug, Default)]
struct Second {
    number: i64,
    text: String,
}

impl Second {
    fn write(&mut self, text: &mut Vec<u8>) {
        let now = Clock::System.now().micros();
        let number = now / 1_000_000;
        if self.number != number || self.text.is_empty() {
            let second = jiff::Timestamp::from_second(number).unwrap_or_default();
            *self = Self { number, text: second.strftime("%Y-%m-%dT%H:%M:%S.").to_string() };
        }
        text.extend(self.text.as_bytes());
        digits(text, (now % 1_000_000).unsigned_abs(), 6);
        text.push(b'Z');
    }
}

/// Lines on their way to stderr.
#[derive(Clone, Debug)]
pub struct Lines(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    text: Mutex<Vec<u8>>,
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

    /// A line that begins with the time. It is put together before anything is locked: what panics is logged as well.
    fn add_at_now(&self, is_json: bool, line: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) {
        LINE.with_borrow_mut(|text| {
            text.clear();
            if is_json {
                text.extend(b"{\"timestamp\":\"");
            }
            lock(&self.0.second).write(text);
            if line(text).is_ok() {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, micros: u64) -> RequestLine<'_> {
        let (ip, took) = (Some([203, 0, 113, 7].into()), Duration::from_micros(micros));
        RequestLine { method: "GET", path, status: 200, took, ip, request_id: "req_1" }
    }

    /// What is written of a line.
    fn written(is_json: bool, line: &RequestLine<'_>) -> String {
        let lines = Lines::to_stderr();
        lines.add_at_now(is_json, |text| if is_json { line.as_json(text) } else { line.as_text(text) });
        let text = std::mem::take(&mut *lock(&lines.0.text));
        String::from_utf8(text).expect("text")
    }

    /// What tracing writes of it.
    fn traced(is_json: bool, line: &RequestLine<'_>) -> String {
        let lines = Lines::to_stderr();
        let waiting = lines.0.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Memory(waiting.clone()));
        let write = || Log::Traced.request(line);
        if is_json {
            let log = log.json().flatten_event(true).with_current_span(false);
            tracing::subscriber::with_default(log.finish(), write);
        } else {
            tracing::subscriber::with_default(log.finish(), write);
        }
        let text = std::mem::take(&mut *lock(&lines.0.text));
        String::from_utf8(text).expect("text")
    }

    struct Memory(Arc<Waiting>);

    impl Write for Memory {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            lock(&self.0.text).write(line)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_reads_as_tracing_would_have_written_it() {
        for line in [line("/api/v1/ops/trips", 3_017), RequestLine { ip: None, ..line("/a\"b\\\u{e9}", 20) }] {
            let [ours, theirs] = [written(false, &line), traced(false, &line)].map(|text| {
                let (time, rest) = text.split_once("  ").expect("a time");
                assert!(time.len() == 27 && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
                rest.to_owned()
            });
            assert_eq!(ours, theirs);
            let [ours, theirs] = [written(true, &line), traced(true, &line)].map(|text| {
                let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).expect("an object");
                assert!(object.remove("timestamp").is_some());
                object
            });
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn of_many_refusals_a_few_are_told_and_the_others_counted() {
        let (refusals, second) = (Refusals::default(), Duration::from_secs(1));
        let told = (0..1_000).filter(|_| refusals.is_told(second)).count();
        assert_eq!((told, refusals.left_out.load(Ordering::Relaxed)), (20, 980));
        assert!(refusals.is_told(2 * second));
    }

    #[test]
    fn a_path_cannot_break_out_of_its_line() {
        let written = written(false, &line("/a\" status=200\n", 1));
        assert!(written.contains(r#"path="/a\" status=200\n" status=200"#), "{written}");
        assert_eq!(written.lines().count(), 1);
    }

    #[test]
    fn an_object_stays_one_whatever_the_path() {
        for path in ["/a\"b\\", "/plain"] {
            let object: serde_json::Value = serde_json::from_str(&written(true, &line(path, 120))).expect("an object");
            assert_eq!((&object["path"], &object["ms"], &object["status"]), (&path.into(), &0.12.into(), &200.into()));
            assert_eq!((&object["level"], &object["target"]), (&"INFO".into(), &TARGET.into()));
            assert!(object["timestamp"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()));
        }
    }

    #[test]
    fn milliseconds_are_told_to_the_microsecond() {
        for (micros, expected) in
            [(0, "0.0"), (1, "0.001"), (120, "0.12"), (3_000, "3.0"), (17_450, "17.45"), (1_200_300, "1200.3")]
        {
            assert!(written(false, &line("/", micros)).contains(&format!(" ms={expected} ")), "{micros}");
        }
    }
}
