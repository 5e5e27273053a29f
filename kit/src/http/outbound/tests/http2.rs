//! HTTP/2: used where it is offered, with a server of `hyper` and with servers that break its rules.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::KeyPair;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::*;

/// A TLS server with a certificate for 127.0.0.1, and a client that trusts it.
struct Server {
    url: String,
    client: Outbound,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server that offers `protocols` and treats each connection, numbered from 0, as `conduct` says.
    async fn start<F: Future<Output = ()> + Send + 'static>(
        protocols: &[&str],
        conduct: impl Fn(TlsStream<TcpStream>, usize) -> F + Send + Sync + 'static,
    ) -> Self {
        let key = KeyPair::generate().expect("a key");
        let made = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name").self_signed(&key).expect("made");
        let der = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], der)
            .expect("a configuration");
        tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let url = format!("https://{}/", listener.local_addr().expect("an address"));
        let (acceptor, conduct) = (TlsAcceptor::from(Arc::new(tls)), Arc::new(conduct));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, conduct, counted) = (acceptor.clone(), Arc::clone(&conduct), Arc::clone(&counted));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let number = counted.fetch_add(1, Ordering::SeqCst);
                        conduct(stream, number).await;
                    }
                });
            }
        });
        let trusting = OutboundSettings { roots: vec![made.der().clone()], timeout: Duration::from_secs(30), ..settings() };
        Self { url, client: Outbound::new(trusting), connections }
    }

    async fn post(&self, key: u128, body: String) -> Result<OutboundResponse, OutboundError> {
        self.client.post(key, &self.url, HeaderMap::new(), body.into(), Box::new(|| {})).await
    }

    /// Posts to a server that breaks the rules. Returns what is said about it.
    async fn sentence(&self) -> String {
        self.post(1, "{}".to_owned()).await.expect_err("no response").to_string()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

type Seen = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// A server of `hyper` that keeps the version and the body of each request.
async fn hyper_server(protocols: &[&str]) -> (Server, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let server = Server::start(protocols, move |stream, _| {
        let kept = Arc::clone(&kept);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let kept = Arc::clone(&kept);
            async move {
                let version = format!("{:?}", request.version());
                let body = request.into_body().collect().await.expect("a body").to_bytes();
                kept.lock().expect("no panic").push((version, body.to_vec()));
                Ok::<_, std::convert::Infallible>(hyper::Response::new(http_body_util::Full::new(Bytes::from(vec![
                    b'x';
                    100_000
                ]))))
            }
        });
        async move {
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            let io = TokioIo::new(stream);
            if is_h2 {
                let _gone = hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await;
            } else {
                let _gone = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
            }
        }
    })
    .await;
    (server, seen)
}

#[tokio::test]
async fn http2_is_used_where_it_is_offered_over_one_connection_for_each_key() {
    let (server, seen) = hyper_server(&["h2", "http/1.1"]).await;
    for number in 0..20 {
        let response = server.post(1, number.to_string()).await.expect("a response");
        assert_eq!((response.status, response.body), (StatusCode::OK, vec![b'x'; 16]));
    }
    assert_eq!(server.connections(), 1);
    let expected: Vec<_> = (0..20).map(|number| ("HTTP/2.0".to_owned(), number.to_string().into_bytes())).collect();
    assert_eq!(*seen.lock().expect("no panic"), expected);
    server.post(2, "other".to_owned()).await.expect("a response");
    assert_eq!(server.connections(), 2, "nothing is shared between keys");
    let together = futures_util::future::join_all((0..8).map(|_| server.post(2, "together".to_owned()))).await;
    assert!(together.iter().all(Result::is_ok), "{together:?}");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn first_requests_at_once_all_succeed() {
    let (server, seen) = hyper_server(&["h2"]).await;
    let together = futures_util::future::join_all((0..8).map(|number| server.post(1, number.to_string()))).await;
    assert!(together.iter().all(Result::is_ok), "{together:?}");
    let bodies: BTreeSet<Vec<u8>> = seen.lock().expect("no panic").iter().map(|(_, body)| body.clone()).collect();
    assert_eq!(bodies.len(), 8);
}

#[tokio::test]
async fn server_without_http2_gets_http1() {
    for protocols in [&["http/1.1"][..], &[]] {
        let (server, seen) = hyper_server(protocols).await;
        server.post(1, "{}".to_owned()).await.expect("a response");
        assert_eq!(*seen.lock().expect("no panic"), [("HTTP/1.1".to_owned(), b"{}".to_vec())]);
    }
}

/// Frames of HTTP/2, of RFC 9113: length, type, flags, stream.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const GOAWAY: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const REFUSED_STREAM: &[u8] = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
const INTERNAL_ERROR: &[u8] = &[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 2];
/// A whole response: the static entry `:status: 204`.
const NO_CONTENT: &[u8] = &[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x89];
const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
/// A head that goes on in frames that follow, and such a frame with a header of 64 bytes.
const HEADERS_BEGIN: &[u8] = &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88];
const INFORMATIONAL: &[u8] = &[0, 0, 5, 1, 4, 0, 0, 0, 1, 8, 3, b'1', b'0', b'3'];

fn continuation() -> Vec<u8> {
    let header = [&[0, 1, b'x', 62][..], &[b'y'; 62]].concat();
    [&[0, 0, 66, 9, 0, 0, 0, 0, 1][..], &header].concat()
}

async fn read_preface(stream: &mut TlsStream<TcpStream>) {
    let _read = stream.read_exact(&mut [0; 24]).await;
}

/// Reads until the head of the next request has arrived: a frame of type 1.
async fn read_head(stream: &mut TlsStream<TcpStream>) -> Option<()> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await.ok()?;
        if head[3] == 1 {
            return Some(());
        }
    }
}

/// A server that writes `frames` after the head of a request, and then `endless` again and again. From its second connection on, it
/// answers 204.
async fn raw(frames: &'static [&'static [u8]], endless: Vec<u8>) -> Server {
    Server::start(&["h2"], move |mut stream, number| {
        let endless = endless.clone();
        async move {
            let _gone = stream.write_all(SETTINGS).await;
            read_preface(&mut stream).await;
            if read_head(&mut stream).await.is_none() {
                return;
            }
            let frames = if number == 0 { frames } else { &[NO_CONTENT][..] };
            for frame in frames {
                let _gone = stream.write_all(frame).await;
            }
            let (mut reader, mut writer) = tokio::io::split(stream);
            let reading = async {
                let mut read = vec![0; 4096];
                while reader.read(&mut read).await.is_ok_and(|length| length > 0) {}
            };
            let writing = async {
                while !endless.is_empty() && number == 0 && writer.write_all(&endless).await.is_ok() {}
                std::future::pending::<()>().await;
            };
            tokio::select! { () = reading => {}, () = writing => {} }
        }
    })
    .await
}

#[tokio::test]
async fn request_that_was_not_processed_is_sent_once_more() {
    let server = raw(&[GOAWAY], Vec::new()).await;
    let response = server.post(1, "{}".to_owned()).await.expect("a response");
    assert_eq!((response.status, server.connections()), (StatusCode::NO_CONTENT, 2));
    let server = Server::start(&["h2"], |mut stream, _| async move {
        let _gone = stream.write_all(SETTINGS).await;
        read_preface(&mut stream).await;
        // The first request is stream 1, the second is stream 3.
        for answer in [REFUSED_STREAM, &[0, 0, 1, 1, 5, 0, 0, 0, 3, 0x89]] {
            if read_head(&mut stream).await.is_some() {
                let _gone = stream.write_all(answer).await;
            }
        }
        while read_head(&mut stream).await.is_some() {}
    })
    .await;
    let response = server.post(1, "{}".to_owned()).await.expect("a response");
    assert_eq!((response.status, server.connections()), (StatusCode::NO_CONTENT, 1));
}

#[tokio::test]
async fn request_that_may_have_been_processed_is_not_sent_again() {
    let server = raw(&[INTERNAL_ERROR], Vec::new()).await;
    let sentence = server.sentence().await;
    assert!(sentence.starts_with("no valid response: "), "{sentence}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn floods_of_frames_end_with_the_limit_or_before() {
    let endless = async |first: &'static [&'static [u8]], frame: Vec<u8>| {
        let mut server = raw(first, frame).await;
        server.client = server.client.with_timeout(Duration::from_millis(500));
        server.sentence().await
    };
    let late = "no answer within 0.5 s";
    for frame in [PING, SETTINGS, INFORMATIONAL] {
        let sentence = endless(&[], frame.to_vec()).await;
        assert!(sentence == late || sentence.starts_with("no valid response: "), "{sentence}");
    }
    let sentence = endless(&[HEADERS_BEGIN], continuation()).await;
    assert!(sentence.starts_with("no valid response: "), "{sentence}");
}

#[tokio::test]
async fn dead_connection_is_not_used_again() {
    let server = Server::start(&["h2"], |mut stream, number| async move {
        let _gone = stream.write_all(SETTINGS).await;
        if number > 0 {
            read_preface(&mut stream).await;
        }
        if number > 0 && read_head(&mut stream).await.is_some() {
            let _gone = stream.write_all(NO_CONTENT).await;
        }
        // It reads nothing more, and answers no PING.
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(server.sentence().await, "no valid response: the server stopped answering");
    assert_eq!(server.post(1, "{}".to_owned()).await.expect("a response").status, StatusCode::NO_CONTENT);
}
