//! A receiver of webhooks over HTTPS for `cargo xtask bench webhooks`: a process of its own, so that its processor time is not
//! counted as the product's. It answers every request with 200 on kept-alive connections, each endpoint on a port of its own.
//!
//! `webhook-receiver FOLDER ANSWERING SILENT` writes the certificate authority that signed its certificate to `FOLDER/ca.pem`,
//! listens on as many ports that answer and ports that never do, and prints its ports: first that for questions, in plain HTTP.
//!
//! - `GET /count` returns the number of requests so far
//! - `GET /arrivals` returns and forgets the arrivals since the last question: port, trip and microseconds since 1970, by line.
//!   Arrivals are kept from the first question on

mod http;
mod tls;

use std::fmt::Write as _;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use http::Reader;

/// The answer to a request, with headers that receivers usually send.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: receiver\r\n\
    Cache-Control: no-store\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";

/// A request as it arrived.
struct Arrival {
    port: usize,
    trip: String,
    micros: u128,
}

#[derive(Default)]
struct State {
    count: AtomicU64,
    keeps_arrivals: AtomicBool,
    arrivals: Mutex<Vec<Arrival>>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = || io::Error::other("usage: webhook-receiver FOLDER ANSWERING SILENT");
    let folder = PathBuf::from(arguments.next().ok_or_else(usage)?);
    let mut number = || arguments.next().and_then(|text| text.parse::<usize>().ok()).ok_or_else(usage);
    let (answering, silent) = (number()?, number()?);
    let (acceptor, authority) = tls::acceptor().map_err(io::Error::other)?;
    std::fs::write(folder.join("ca.pem"), authority)?;
    let state = Arc::<State>::default();
    let questions = listener().await?;
    let mut ports = vec![questions.local_addr()?.port()];
    for port in 0..answering + silent {
        let (listener, acceptor, state) = (listener().await?, acceptor.clone(), Arc::clone(&state));
        ports.push(listener.local_addr()?.port());
        tokio::spawn(receive(listener, acceptor, port, port < answering, state));
    }
    println!("{}", ports.iter().map(u16::to_string).collect::<Vec<_>>().join(" "));
    loop {
        let (stream, _) = questions.accept().await?;
        tokio::spawn(answer_question(stream, Arc::clone(&state)));
    }
}

async fn listener() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

async fn receive(listener: TcpListener, acceptor: TlsAcceptor, port: usize, answers: bool, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let _as_usual = stream.set_nodelay(true);
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, port, answers, &state).await;
            }
        });
    }
}

/// Answers the requests of a connection until the sender closes it.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, port: usize, answers: bool, state: &State) {
    let mut reader = Reader::new(stream);
    while let Ok(Some(request)) = reader.next().await {
        if !answers {
            let _closed = reader.next().await;
            return;
        }
        state.count.fetch_add(1, Ordering::Relaxed);
        if state.keeps_arrivals.load(Ordering::Relaxed) {
            let trip = value_of("trip_id", &request.body).to_owned();
            let micros = request.first_byte.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_micros());
            state.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(Arrival { port, trip, micros });
        }
        if reader.stream().write_all(ANSWER).await.is_err() || reader.stream().flush().await.is_err() {
            return;
        }
    }
}

/// Returns the text of a field in JSON that has no spaces.
fn value_of<'a>(name: &str, json: &'a str) -> &'a str {
    let found = json.split_once(&format!("\"{name}\":\"")).and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("", |(value, _)| value)
}

async fn answer_question(stream: TcpStream, state: Arc<State>) {
    let mut reader = Reader::new(stream);
    let Ok(Some(request)) = reader.next().await else { return };
    let mut body = String::new();
    if request.path == "/arrivals" {
        state.keeps_arrivals.store(true, Ordering::Relaxed);
        for Arrival { port, trip, micros } in state.arrivals.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // Writing to a String cannot fail.
            let _written = writeln!(body, "{port} {trip} {micros}");
        }
    } else {
        body = state.count.load(Ordering::Relaxed).to_string();
    }
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let _closed = reader.stream().write_all((head + &body).as_bytes()).await;
}

/// Returns the time of day.
#[expect(clippy::disallowed_methods, reason = "the bench compares it with the time of another process on this machine")]
fn now() -> SystemTime {
    SystemTime::now()
}
