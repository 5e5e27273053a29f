//! The line of a request, in the words of `tracing`.

use std::io::{self, Write};
use std::net::IpAddr;
use std::time::Duration;

use super::TARGET;
use crate::clock::Clock;

/// The beginning of a JSON line.
const OPENING: &str = "{\"timestamp\":\"";

/// The length of the prefix that orders lines: up to the last digit of the time, in both formats.
pub(super) const TIME: usize = OPENING.len() + "2026-11-23T09:30:00.000000".len();

/// The fields of an access-log line.
#[derive(Clone, Copy, Debug)]
pub struct RequestLine<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub status: u16,
    pub took: Duration,
    pub ip: Option<IpAddr>,
    pub request_id: Option<&'a str>,
}

impl RequestLine<'_> {
    /// Adds the line, at the time it is.
    pub(super) fn write(&self, is_json: bool, now: &mut Second, text: &mut Vec<u8>) -> io::Result<()> {
        if is_json { self.write_json(now, text) } else { self.write_text(now, text) }
    }

    fn write_text(&self, now: &mut Second, text: &mut Vec<u8>) -> io::Result<()> {
        now.write(text);
        put(text, ["  INFO ", TARGET, ": method=\"", self.method, "\" path="]);
        quoted(self.path, text)?;
        put(text, [" status="]);
        digits(text, self.status.into(), 3);
        put(text, [" ms="]);
        self.millis(text);
        if let Some(ip) = self.ip {
            put(text, [" ip="]);
            address(ip, text)?;
        }
        if let Some(request_id) = self.request_id {
            put(text, [" request_id="]);
            quoted(request_id, text)?;
        }
        put(text, ["\n"]);
        Ok(())
    }

    fn write_json(&self, now: &mut Second, text: &mut Vec<u8>) -> io::Result<()> {
        put(text, [OPENING]);
        now.write(text);
        put(text, ["\",\"level\":\"INFO\",\"method\":\"", self.method, "\",\"path\":"]);
        serde_json::to_writer(&mut *text, self.path)?;
        put(text, [",\"status\":"]);
        digits(text, self.status.into(), 3);
        put(text, [",\"ms\":"]);
        self.millis(text);
        if let Some(ip) = self.ip {
            put(text, [",\"ip\":\""]);
            address(ip, text)?;
            put(text, ["\""]);
        }
        if let Some(request_id) = self.request_id {
            put(text, [",\"request_id\":"]);
            serde_json::to_writer(&mut *text, request_id)?;
        }
        put(text, [",\"target\":\"", TARGET, "\"}\n"]);
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

fn quoted(value: &str, text: &mut Vec<u8>) -> io::Result<()> {
    if !is_plain(value) {
        return write!(text, "{value:?}");
    }
    put(text, ["\"", value, "\""]);
    Ok(())
}

/// Returns whether a text needs no quoting.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' && byte != b'\'')
}

fn put<const N: usize>(text: &mut Vec<u8>, parts: [&str; N]) {
    for part in parts {
        text.extend_from_slice(part.as_bytes());
    }
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

/// The timestamp up to the second, cached: all lines of one second share it.
#[derive(Debug, Default)]
pub(super) struct Second {
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::Log;
    use super::super::lines::Lines;
    use super::*;
    use crate::lock::lock;

    fn line(path: &str, micros: u64) -> RequestLine<'_> {
        let (ip, took) = (Some([203, 0, 113, 7].into()), Duration::from_micros(micros));
        RequestLine { method: "GET", path, status: 200, took, ip, request_id: Some("req_1") }
    }

    /// Returns the line as this module writes it.
    fn written(is_json: bool, line: &RequestLine<'_>) -> String {
        let lines = Lines::to_stderr();
        lines.add_request(is_json, line);
        String::from_utf8(lines.take()).expect("text")
    }

    /// Returns the line as tracing writes it.
    fn traced(is_json: bool, line: &RequestLine<'_>) -> String {
        let memory = Memory::default();
        let writer = memory.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        let write = || Log::Traced.request(line);
        if is_json {
            let log = log.json().flatten_event(true).with_current_span(false);
            tracing::subscriber::with_default(log.finish(), write);
        } else {
            tracing::subscriber::with_default(log.finish(), write);
        }
        let text = std::mem::take(&mut *lock(&memory.0));
        String::from_utf8(text).expect("text")
    }

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            lock(&self.0).write(line)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_reads_as_tracing_would_have_written_it() {
        for line in [line("/api/v1/ops/trips", 3_017), RequestLine { ip: None, request_id: None, ..line("/a\"b\\\u{e9}", 20) }] {
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
    fn a_path_cannot_break_out_of_its_line() {
        let written = written(false, &line("/a\" status=200\n", 1));
        assert!(written.contains(r#"path="/a\" status=200\n" status=200"#), "{written}");
        assert_eq!(written.lines().count(), 1);
    }

    #[test]
    fn request_id_cannot_break_out_of_its_line() {
        let forged = RequestLine { request_id: Some("a\"ip=\"1.2.3.4"), ..line("/", 1) };
        let written = written(false, &forged);
        assert!(written.ends_with(" ip=203.0.113.7 request_id=\"a\\\"ip=\\\"1.2.3.4\"\n"), "{written}");
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
    fn milliseconds_have_three_decimals() {
        for (micros, expected) in
            [(0, "0.0"), (1, "0.001"), (120, "0.12"), (3_000, "3.0"), (17_450, "17.45"), (1_200_300, "1200.3")]
        {
            assert!(written(false, &line("/", micros)).contains(&format!(" ms={expected} ")), "{micros}");
        }
    }
}
