//! Calls that wait for changes: their memory, their processor time while nothing changes, and the time until all have a change.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::OwnedFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use super::load::processor_time;
use super::rivals::{Server, make_key, post, product_command, sign_in};
use super::scale::resident;
use crate::run::{Folder, Product, Stop, ask};

/// Addresses of the readers, 127.0.0.1 and those that follow: one address may have a quarter of all connections.
const ADDRESSES: u8 = 5;

/// Connections beside those of the readers.
const OTHERS: u32 = 64;

/// Readers that are opened before the next request is awaited: of one workspace, 200 may wait for a database connection.
const AT_ONCE: usize = 50;

/// The time in which usage of the key is stored.
const SETTLING: Duration = Duration::from_secs(2);

/// The longest and the shortest time without a change. It ends before the first wait does: then readers ask again.
const QUIET: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(5)];

/// The wait of a reader: the longest that the API takes.
const WAIT: Duration = Duration::from_secs(30);

/// The time for which it is quiet before the first wait ends.
const MARGIN: Duration = Duration::from_secs(1);

/// The time after which readers without a response count as lost.
const LOST: Duration = Duration::from_mins(2);

const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

const TRIP: &str = r#"{"tripType":"charter","origin":"KTEB","destination":"KMIA","departureDate":"2027-04-01T10:00:00Z"}"#;

/// Measures this many readers of one workspace; the section of the document.
pub(super) fn table(readers: u32, stop: &Stop) -> io::Result<String> {
    raise_file_limit()?;
    let folder = Folder::make("bench-feed")?;
    let folder = folder.path();
    let product = Product { binary: super::servers()?, database: format!("sqlite://{}/feed.db", folder.display()) };
    let password = product.make_workspace()?;
    let (connections, limits) =
        ((readers + OTHERS).to_string(), format!("waiting-readers={readers},node-waiting-readers={readers}"));
    let more = ["--max-connections", &connections, "--limits", &limits];
    let server = Server::start(folder, "feed", stop, |at| product_command(&product, at, &more))?;
    let (address, process) = (server.address, server.process.id());
    let token = sign_in(address, &password)?;
    let key = make_key(address, &token, "Readers", "null")?;
    // First uses of a key and of an address are events, which would wake all readers.
    Readers::open(ADDRESSES.into(), Duration::ZERO, address, &key)?.until_all_have(0, stop)?;
    sleep(SETTLING);
    let idle = quiet(process, QUIET[0])?;
    let before = resident(process, "VmRSS:")?;
    let first = Instant::now();
    let mut all = Readers::open(readers, WAIT, address, &key)?;
    sleep(SETTLING);
    let left = (WAIT.saturating_sub(MARGIN)).saturating_sub(first.elapsed());
    if left < QUIET[1] {
        return Err(io::Error::other(
            "the first wait ends soon after the last reader has come: the machine is too slow, or busy",
        ));
    }
    let waiting = quiet(process, left.min(QUIET[0]))?;
    let during = resident(process, "VmRSS:")?;
    if !all.arrived(Timespec::default())?.is_empty() {
        return Err(io::Error::other("readers were answered in the time without a change"));
    }
    // Once all have asked again, each has most of its wait left.
    all.until_all_have(0, stop)?;
    let begun = Instant::now();
    post(address, "/ops/trips", Some(&token), TRIP)?;
    let times = all.until_all_have(1, stop)?;
    let since = |place: usize| times.get(place).map_or(f64::NAN, |at| at.duration_since(begun).as_secs_f64());
    let more = during.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "figures to be read")]
    let [mib, more, each] = [before as f64 / 1_048_576.0, more as f64 / 1_048_576.0, more as f64 / f64::from(readers)];
    let row = format!(
        "| {readers} | {mib:.0} MiB | {more:.0} MiB | {each:.0} bytes | {idle:.1} ms | {waiting:.1} ms | {:.2} s | {:.2} s |\n",
        since(times.len() / 2),
        since(times.len().saturating_sub(1)),
    );
    print!("{row}");
    Ok(format!(
        "| readers | memory without them | with them, more | for each | processor time of a second without them | with them | \
         change, half of them | all |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n{row}"
    ))
}

/// Raises the soft limit of open files to the hard limit, for this process and the node that it starts.
fn raise_file_limit() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// Returns the processor time of a process in a second, in milliseconds.
fn quiet(process: u32, time: Duration) -> io::Result<f64> {
    let (before, begun) = (processor_time(process)?, Instant::now());
    sleep(time);
    Ok((processor_time(process)? - before) * 1e3 / begun.elapsed().as_secs_f64())
}

/// Connections that each ask for changes.
struct Readers {
    connections: Vec<(TcpStream, Vec<u8>)>,
    request: String,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Readers {
    /// Opens this many connections, and sends a request on each.
    fn open(count: u32, wait: Duration, address: SocketAddr, key: &str) -> io::Result<Self> {
        let wait = wait.as_secs();
        let request = format!("GET /api/v1/changes?wait={wait} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {key}\r\n\r\n");
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut readers = Self { connections: Vec::new(), request, epoll, events: Vec::with_capacity(AT_ONCE) };
        for (number, host) in (0..count).zip((1..=ADDRESSES).cycle()) {
            let stream = connected(Ipv4Addr::new(127, 0, 0, host), address)?;
            epoll::add(&readers.epoll, &stream, epoll::EventData::new_u64(number.into()), epoll::EventFlags::IN)?;
            readers.connections.push((stream, Vec::new()));
            readers.send(readers.connections.len() - 1)?;
            if readers.connections.len().is_multiple_of(AT_ONCE) {
                let (status, body) = ask(address, "GET /api/v1/changes", &[("X-API-Key", key)], "")?;
                if status != 200 {
                    return Err(io::Error::other(format!("a request beside {} readers: {status} {body}", number + 1)));
                }
            }
        }
        Ok(readers)
    }

    fn send(&self, number: usize) -> io::Result<()> {
        // It fits in the buffer of the socket.
        (&self.connections[number].0).write_all(self.request.as_bytes())
    }

    /// Waits until each reader has had a response with so many changes, and returns the times of these. A response without a
    /// change is followed by another request.
    fn until_all_have(&mut self, changes: usize, stop: &Stop) -> io::Result<Vec<Instant>> {
        let (begun, mut times) = (Instant::now(), Vec::with_capacity(self.connections.len()));
        let mut has = vec![false; self.connections.len()];
        while times.len() < self.connections.len() {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if begun.elapsed() > LOST {
                let missing = self.connections.len() - times.len();
                return Err(io::Error::other(format!("{missing} readers have had no response with {changes} changes")));
            }
            for (number, found) in self.arrived(LOOK)? {
                if found == changes && !std::mem::replace(&mut has[number], true) {
                    times.push(Instant::now());
                }
                if found == 0 {
                    self.send(number)?;
                }
            }
        }
        Ok(times)
    }

    /// Waits for responses, and returns those that have arrived: the number of the reader and how many changes it has.
    fn arrived(&mut self, longest: Timespec) -> io::Result<Vec<(usize, usize)>> {
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&longest)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut arrived = Vec::new();
        for event in &self.events {
            let data = event.data;
            let number = usize::try_from(data.u64()).map_err(io::Error::other)?;
            let (stream, received) = &mut self.connections[number];
            let mut part = [0; 4096];
            match stream.read(&mut part)? {
                0 => return Err(io::Error::other(format!("the node has closed the connection of reader {number}"))),
                length => received.extend_from_slice(&part[..length]),
            }
            if let Some(changes) = response(received)? {
                received.clear();
                arrived.push((number, changes));
            }
        }
        Ok(arrived)
    }
}

/// Connects to a server from an address of this machine.
fn connected(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new(from, 0))?;
    connect(&socket, &to)?;
    Ok(socket.into())
}

/// Returns the number of changes in a response; `None` if a part of it is missing.
fn response(received: &[u8]) -> io::Result<Option<usize>> {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let length: Option<usize> =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    if length.is_none_or(|length| body.len() < length) {
        return Ok(None);
    }
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    match json["data"]["items"].as_array() {
        Some(changes) if head.starts_with("HTTP/1.1 200 ") => Ok(Some(changes.len())),
        _ => Err(io::Error::other(format!("a reader was refused: {text}"))),
    }
}
