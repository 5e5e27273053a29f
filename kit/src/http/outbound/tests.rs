//! The client against receivers on this machine.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

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
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        max_body: 16,
    }
}

async fn post(settings: OutboundSettings, url: &str) -> Result<OutboundResponse, OutboundError> {
    Outbound::new(settings).post(url, HeaderMap::new(), Bytes::from_static(b"{}"), Box::new(|| {})).await
}

#[tokio::test]
async fn response_is_returned_with_the_beginning_of_its_body() {
    let address = receiver(b"HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: 20\r\n\r\n0123456789abcdefghij").await;
    let response = post(settings(), &format!("http://{address}/")).await.expect("a response");
    assert_eq!((response.status, &*response.body), (StatusCode::OK, &b"0123456789abcdef"[..]));
    assert_eq!(response.headers["x-seen"], "yes");
}

#[tokio::test]
async fn endless_body_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let _head = stream.read_buf(&mut Vec::new()).await;
        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 1024]).await.is_ok() {}
    });
    let response = post(settings(), &format!("http://{address}/")).await.expect("a response");
    assert_eq!(response.body, [b'x'; 16]);
}

#[tokio::test]
async fn redirect_is_not_followed() {
    let address = receiver(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n").await;
    let response = post(settings(), &format!("http://{address}/")).await.expect("a response");
    assert_eq!(response.status, StatusCode::FOUND);
}

#[tokio::test]
async fn silent_receiver_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let quick = OutboundSettings { timeout: Duration::from_millis(50), ..settings() };
    let outcome = post(quick, &format!("http://{address}/")).await;
    assert!(matches!(outcome, Err(OutboundError::Timeout)), "{outcome:?}");
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

/// A receiver with a certificate for `localhost`, and that certificate.
async fn tls_receiver() -> (SocketAddr, CertificateDer<'static>) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = certified.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    let serve = async move |stream: TcpStream| {
        if let Ok(stream) = acceptor.accept(stream).await {
            answer(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    (address, certificate)
}

#[tokio::test]
async fn certificate_of_an_unknown_authority_is_refused() {
    let (address, certificate) = tls_receiver().await;
    let url = format!("https://localhost:{}/", address.port());
    let both = AllowedRanges {
        ranges: ["127.0.0.0/8", "::1/128"].map(|block| block.parse().expect("a block")).to_vec(),
        allows_http: false,
    };
    let untrusted = OutboundSettings { allowed: both.clone(), ..settings() };
    let outcome = post(untrusted, &url).await;
    assert!(matches!(outcome, Err(OutboundError::Tls(_))), "{outcome:?}");
    let trusted = OutboundSettings { allowed: both, roots: vec![certificate], ..settings() };
    assert_eq!(post(trusted, &url).await.expect("a response").status, StatusCode::OK);
}
