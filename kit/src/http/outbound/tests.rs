//! The client against receivers on this machine.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use super::*;

mod conduct;
mod direct;
mod dns;
mod http2;
mod tls;

/// Accepts one connection after the other and answers each with `response`, after reading the request's head.
async fn receiver(response: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, response));
        }
    });
    address
}

async fn answer(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, response: &'static [u8]) {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let _gone = stream.write_all(response).await;
    let _gone = stream.shutdown().await;
}

fn settings() -> OutboundSettings {
    OutboundSettings {
        user_agent: HeaderValue::from_static("Test/1"),
        allowed: AllowedRanges { ranges: vec!["127.0.0.0/8".parse().expect("a block")], allows_http: true },
        roots: Vec::new(),
        dns_server: None,
        dns_timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        max_body: 16,
    }
}

async fn post(settings: OutboundSettings, url: &str) -> Result<OutboundResponse, OutboundError> {
    Outbound::new(settings).post(1, url, HeaderMap::new(), Bytes::from_static(b"{}"), Box::new(|| {})).await
}

#[tokio::test]
async fn response_is_returned_with_the_beginning_of_its_body() {
    let address = receiver(b"HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: 20\r\n\r\n0123456789abcdefghij").await;
    let response = post(settings(), &format!("http://{address}/")).await.expect("a response");
    assert_eq!((response.status, &*response.body), (StatusCode::OK, &b"0123456789abcdef"[..]));
    assert_eq!(response.headers["x-seen"], "yes");
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let address = receiver(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    let response = post(settings(), &format!("http://{address}/")).await.expect("a response");
    assert_eq!(response.status, StatusCode::FOUND);
}

#[tokio::test]
async fn name_that_leads_to_this_machine_is_refused_at_the_connection() {
    let address = receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let strict = OutboundSettings { allowed: AllowedRanges::default(), ..settings() };
    let outcome = post(strict, &format!("https://localhost:{}/", address.port())).await;
    assert!(matches!(&outcome, Err(OutboundError::Address(ForbiddenAddress(ip))) if ip.is_loopback()), "{outcome:?}");
}

#[tokio::test]
async fn closed_port_and_early_end_are_told_apart() {
    // Bound without listening: no other process gets the port.
    let closed = TcpSocket::new_v4().expect("a socket");
    closed.bind(([127, 0, 0, 1], 0).into()).expect("a port");
    let address = closed.local_addr().expect("an address");
    let outcome = post(settings(), &format!("http://{address}/")).await;
    assert!(matches!(outcome, Err(OutboundError::Connect(_))), "{outcome:?}");
    let address = receiver(b"").await;
    let outcome = post(settings(), &format!("http://{address}/")).await;
    assert!(matches!(outcome, Err(OutboundError::Protocol(_))), "{outcome:?}");
}
