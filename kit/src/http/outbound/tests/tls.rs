//! TLS: certificates that are refused, old versions, and what is no TLS at all.

use std::sync::atomic::{AtomicBool, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority of the test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A receiver with a certificate of this authority. Returns its port.
    async fn receiver(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> u16 {
        let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        tls_receiver(certificate, &key).await
    }

    /// Posts to a receiver, trusting this authority.
    async fn post(&self, port: u16) -> Result<OutboundResponse, OutboundError> {
        post(trusting(&self.certificate), &format!("https://127.0.0.1:{port}/")).await
    }

    async fn sentence(&self, port: u16) -> String {
        self.post(port).await.expect_err("no response").to_string()
    }
}

fn trusting(root: &CertificateDer<'static>) -> OutboundSettings {
    OutboundSettings { roots: vec![root.clone()], ..settings() }
}

async fn tls_receiver(certificate: CertificateDer<'static>, key: &KeyPair) -> u16 {
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
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
    port
}

/// A receiver that answers the first bytes with `bytes`. Returns its port.
async fn raw(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _hello = stream.read_buf(&mut Vec::with_capacity(4096)).await;
            let _gone = stream.write_all(bytes).await;
            let _gone = stream.shutdown().await;
        }
    });
    port
}

const LOCAL: &[&str] = &["127.0.0.1"];

/// A `ServerHello` of TLS 1.1, without extensions.
const HELLO: &[u8] = &{
    let mut hello = [0; 47];
    let (head, suite) = ([22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2], [0, 0, 0x2f, 0]);
    let mut at = 0;
    while at < head.len() {
        hello[at] = head[at];
        at += 1;
    }
    at = 0;
    while at < suite.len() {
        hello[43 + at] = suite[at];
        at += 1;
    }
    hello
};

#[tokio::test]
async fn certificate_of_an_operators_authority_is_taken() {
    let authority = Authority::new("The authority");
    let port = authority.receiver(LOCAL, |_| {}).await;
    assert_eq!(authority.post(port).await.expect("a response").status, StatusCode::OK);
}

#[tokio::test]
async fn refused_certificates_are_explained_in_one_sentence() {
    let authority = Authority::new("The authority");
    let expired = authority.receiver(LOCAL, |params| params.not_after = date_time_ymd(2024, 3, 3)).await;
    assert_eq!(authority.sentence(expired).await, "TLS: the certificate expired on 3 March 2024");
    let early = authority.receiver(LOCAL, |params| params.not_before = date_time_ymd(3000, 3, 3)).await;
    assert_eq!(authority.sentence(early).await, "TLS: the certificate is not valid before 3 March 3000");
    let other = authority.receiver(&["other.example"], |_| {}).await;
    assert_eq!(authority.sentence(other).await, "TLS: the certificate is for other.example and not for 127.0.0.1");
    let unknown =
        "TLS: the certificate is self-signed, or its authority is not known here, or an intermediate certificate is missing";
    let foreign = Authority::new("Another authority").receiver(LOCAL, |_| {}).await;
    assert_eq!(authority.sentence(foreign).await, unknown);
    let key = KeyPair::generate().expect("a key");
    let self_signed = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name").self_signed(&key).expect("made");
    assert_eq!(authority.sentence(tls_receiver(self_signed.der().clone(), &key).await).await, unknown);
}

#[tokio::test]
async fn old_versions_and_other_protocols_are_named() {
    let authority = Authority::new("The authority");
    let old = "TLS: the server offers neither TLS 1.2 nor TLS 1.3 with cipher suites that are accepted";
    assert_eq!(authority.sentence(raw(HELLO).await).await, old);
    // The alert of a server that knows no version on offer.
    assert_eq!(authority.sentence(raw(&[21, 3, 1, 0, 2, 2, 70]).await).await, old);
    let no_tls = "TLS: the server does not speak TLS on this port";
    assert_eq!(authority.sentence(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n").await).await, no_tls);
    assert_eq!(authority.sentence(raw(b"SSH-2.0-OpenSSH_9.6\r\n").await).await, no_tls);
    let closed = "TLS: the server closed the connection during the handshake";
    assert_eq!(authority.sentence(raw(b"").await).await, closed);
}

#[tokio::test]
async fn handshake_that_stands_still_ends_with_the_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let url = format!("https://{}/", listener.local_addr().expect("an address"));
    let quick = OutboundSettings { timeout: Duration::from_millis(300), ..settings() };
    assert_eq!(post(quick, &url).await.expect_err("no response").to_string(), "no answer within 0.3 s");
}

#[tokio::test]
async fn request_leaves_only_after_the_certificate_was_verified() {
    let authority = Authority::new("The authority");
    let sent = async |port: u16| {
        let sent = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&sent);
        let client = Outbound::new(trusting(&authority.certificate));
        let on_sent = Box::new(move || mark.store(true, Ordering::SeqCst));
        let url = format!("https://127.0.0.1:{port}/");
        let _outcome = client.post(1, &url, HeaderMap::new(), Bytes::from_static(b"{}"), on_sent).await;
        sent.load(Ordering::SeqCst)
    };
    assert!(sent(authority.receiver(LOCAL, |_| {}).await).await);
    assert!(!sent(Authority::new("Another authority").receiver(LOCAL, |_| {}).await).await);
}
