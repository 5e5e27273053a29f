//! A receiver of webhooks over HTTP that keeps what it receives, and answers as a test says.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::wait::until;

/// The answer to one request.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// A status with further headers and a body.
    With(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// A status, after a pause.
    After(Duration, u16),
    /// Nothing, for as long as the sender waits.
    Silence,
    /// The connection is closed.
    Close,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    /// Returns a header, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a body in JSON")
    }

    /// Returns the sequence of the event.
    pub fn sequence(&self) -> i64 {
        self.json()["sequence"].as_i64().expect("a sequence")
    }
}

type Answers = Box<dyn FnMut(&ReceivedRequest) -> Reply + Send>;

struct State {
    requests: Mutex<Vec<ReceivedRequest>>,
    answers: Mutex<Answers>,
    /// Requests that have no answer, and the largest number of them at once.
    open: AtomicUsize,
    most_open: AtomicUsize,
}

/// A receiver on a port of its own. It ends with the test's process.
#[derive(Clone)]
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
}

impl Receiver {
    /// Starts a receiver that answers every request with 200.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            requests: Mutex::default(),
            answers: Mutex::new(Box::new(|_| Reply::Status(200))),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { address, state }
    }

    /// The URL to give to an endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers the requests that follow by `answers`.
    pub fn answer_with(&self, answers: impl FnMut(&ReceivedRequest) -> Reply + Send + 'static) {
        *self.state.answers.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(answers);
    }

    /// Answers the requests that follow with `reply`.
    pub fn answer(&self, reply: Reply) {
        self.answer_with(move |_| reply.clone());
    }

    /// Returns the requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn count(&self) -> usize {
        self.state.requests.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until `count` requests have arrived.
    pub fn wait_for(&self, count: usize) -> Vec<ReceivedRequest> {
        until(&format!("{count} requests at the receiver"), || self.count() >= count);
        self.requests()
    }

    /// Asserts that each of these events has arrived and no other, and that none was attempted first before one in front of it.
    #[track_caller]
    pub fn assert_received_in_order(&self, sequences: &BTreeSet<i64>) {
        let requests = self.requests();
        let arrived: BTreeSet<i64> = requests.iter().map(ReceivedRequest::sequence).collect();
        assert_eq!(arrived, *sequences);
        let mut latest = i64::MIN;
        for request in &requests {
            let sequence = request.sequence();
            if request.header("x-planeconnection-attempt") == "1" && sequence > latest {
                let missing = sequences.range(latest.saturating_add(1)..sequence).count();
                assert_eq!(missing, 0, "{sequence} came before {missing} events in front of it");
                latest = sequence;
            }
        }
    }

    /// Returns the largest number of requests that had no answer at the same time.
    pub fn most_open(&self) -> usize {
        self.state.most_open.load(Ordering::SeqCst)
    }
}

fn serve(stream: &TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let open = state.open.fetch_add(1, Ordering::SeqCst) + 1;
        state.most_open.fetch_max(open, Ordering::SeqCst);
        state.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let reply = (state.answers.lock().unwrap_or_else(PoisonError::into_inner))(&request);
        let goes_on = answer(stream, &mut reader, reply);
        state.open.fetch_sub(1, Ordering::SeqCst);
        if !goes_on {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Option<ReceivedRequest> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(ReceivedRequest { headers, body })
}

/// Returns whether the connection goes on.
fn answer(mut stream: &TcpStream, reader: &mut impl Read, reply: Reply) -> bool {
    let (status, headers, body) = match reply {
        Reply::Status(status) => (status, Vec::new(), Vec::new()),
        Reply::With(status, headers, body) => (status, headers, body),
        Reply::After(pause, status) => {
            crate::wait::pause(pause);
            (status, Vec::new(), Vec::new())
        }
        Reply::Silence => {
            // Until the sender closes the connection.
            let _closed = reader.read(&mut [0; 1]);
            return false;
        }
        Reply::Close => return false,
    };
    let mut head = format!("HTTP/1.1 {status} Answer\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &[name, ": ", &value, "\r\n"].concat();
    }
    stream.write_all((head + "\r\n").as_bytes()).and_then(|()| stream.write_all(&body)).is_ok()
}
