//! A DNS server over UDP that answers as a test says.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Types of records, and the class of the internet.
const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;

/// The answer to the questions about a name.
#[derive(Clone, Debug)]
pub enum DnsReply {
    /// Those of the family that was asked for.
    Addresses(Vec<IpAddr>),
    /// A chain of aliases, and the addresses of the last one.
    Aliases(Vec<&'static str>, Vec<IpAddr>),
    /// No records and a code: 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
    Code(u8),
    /// No answer.
    Silence,
}

impl DnsReply {
    /// Returns an answer with these addresses.
    pub fn of(addresses: &[&str]) -> Self {
        Self::Addresses(parsed(addresses))
    }

    /// Returns an answer with a chain of aliases, of which the last has these addresses.
    pub fn by_aliases(aliases: &[&'static str], addresses: &[&str]) -> Self {
        Self::Aliases(aliases.to_vec(), parsed(addresses))
    }
}

fn parsed(addresses: &[&str]) -> Vec<IpAddr> {
    addresses.iter().map(|text| text.parse().expect("an address")).collect()
}

type Answers = Box<dyn FnMut(&str) -> DnsReply + Send>;

struct State {
    answers: Mutex<Answers>,
    ttl: Mutex<u32>,
    questions: Mutex<Vec<String>>,
}

/// A server on a port of its own. It ends with the test's process.
#[derive(Clone)]
pub struct DnsServer {
    address: SocketAddr,
    state: Arc<State>,
}

impl DnsServer {
    /// Starts a server that answers all questions with `reply`, for a TTL of 0 s.
    pub fn start(reply: DnsReply) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let answers: Answers = Box::new(move |_| reply.clone());
        let state = Arc::new(State { answers: Mutex::new(answers), ttl: Mutex::default(), questions: Mutex::default() });
        let shared = Arc::clone(&state);
        thread::spawn(move || serve(&socket, &shared));
        Self { address, state }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers the questions that follow by their name, which ends with a full stop.
    pub fn answer_with(&self, answers: impl FnMut(&str) -> DnsReply + Send + 'static) {
        *self.state.answers.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(answers);
    }

    /// Answers the questions that follow with `reply`.
    pub fn answer(&self, reply: DnsReply) {
        self.answer_with(move |_| reply.clone());
    }

    /// Sets the seconds for which the answers that follow may be kept.
    pub fn set_ttl(&self, seconds: u32) {
        *self.state.ttl.lock().unwrap_or_else(PoisonError::into_inner) = seconds;
    }

    /// Returns the questions so far: a name, and the type of record.
    pub fn questions(&self) -> Vec<String> {
        self.state.questions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(socket: &UdpSocket, state: &State) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let Some((name, kind, question)) = question(&buffer[..length]) else { continue };
        let shown = format!("{name} {}", if kind == AAAA { "AAAA" } else { "A" });
        state.questions.lock().unwrap_or_else(PoisonError::into_inner).push(shown);
        let reply = (state.answers.lock().unwrap_or_else(PoisonError::into_inner))(&name);
        let ttl = *state.ttl.lock().unwrap_or_else(PoisonError::into_inner);
        let (code, records) = match reply {
            DnsReply::Silence => continue,
            DnsReply::Code(code) => (code, Vec::new()),
            DnsReply::Addresses(addresses) => (0, records(&[], kind, &addresses, ttl)),
            DnsReply::Aliases(aliases, addresses) if aliases.last() == Some(&&*name) => (0, records(&[], kind, &addresses, ttl)),
            DnsReply::Aliases(aliases, addresses) => (0, records(&aliases, kind, &addresses, ttl)),
        };
        // An answer, with recursion.
        let mut answer = vec![buffer[0], buffer[1], 0x81, 0x80 | code, 0, 1];
        answer.extend(u16::try_from(records.len()).expect("few records").to_be_bytes());
        answer.extend([0; 4]);
        answer.extend(question);
        answer.extend(records.concat());
        // A question that is repeated is answered again.
        let _lost = socket.send_to(&answer, from);
    }
}

/// Reads the name and the type of the first question, and the question's bytes.
fn question(packet: &[u8]) -> Option<(String, u16, Vec<u8>)> {
    let (mut at, mut name) = (12, String::new());
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name += &String::from_utf8_lossy(packet.get(at..at + length)?).to_ascii_lowercase();
        name.push('.');
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    Some((name, kind, packet.get(12..at + 4)?.to_vec()))
}

fn records(aliases: &[&str], kind: u16, addresses: &[IpAddr], ttl: u32) -> Vec<Vec<u8>> {
    // Empty for the name in question, which is named by its place in the packet.
    let names: Vec<&str> = std::iter::once("").chain(aliases.iter().copied()).collect();
    let chain = names.windows(2).map(|pair| record(pair[0], CNAME, ttl, &encoded(pair[1])));
    let last = names[names.len() - 1];
    let asked = addresses.iter().filter_map(|address| match (kind, address) {
        (A, IpAddr::V4(address)) => Some(record(last, A, ttl, &address.octets())),
        (AAAA, IpAddr::V6(address)) => Some(record(last, AAAA, ttl, &address.octets())),
        _ => None,
    });
    chain.chain(asked).collect()
}

fn record(name: &str, kind: u16, ttl: u32, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("short data");
    [&encoded(name)[..], &kind.to_be_bytes(), &INTERNET.to_be_bytes(), &ttl.to_be_bytes(), &length.to_be_bytes(), data].concat()
}

fn encoded(name: &str) -> Vec<u8> {
    if name.is_empty() {
        return vec![0xc0, 12];
    }
    let mut bytes = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
