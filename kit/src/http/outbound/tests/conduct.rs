//! Receivers that misbehave after the connection is there: each ends in time, with one sentence.

use tokio::net::TcpStream;

use super::*;

const LIMIT: Duration = Duration::from_millis(300);

/// A receiver that treats each connection as `conduct` says, after reading the beginning of a request.
async fn conducted<F: Future<Output = ()> + Send + 'static>(conduct: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let conduct = conduct.clone();
            tokio::spawn(async move {
                let _head = stream.read_buf(&mut Vec::with_capacity(4096)).await;
                conduct(stream).await;
            });
        }
    });
    format!("http://{address}/")
}

/// A receiver that writes `head` and then `rest` again and again, with a pause between.
async fn repeating(head: &'static [u8], rest: &'static [u8], pause: Duration) -> String {
    conducted(move |mut stream| async move {
        let _gone = stream.write_all(head).await;
        while stream.write_all(rest).await.is_ok() {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    })
    .await
}

/// A receiver that writes `response` and closes the connection.
async fn answering(response: &'static [u8]) -> String {
    conducted(move |mut stream| async move {
        let _gone = stream.write_all(response).await;
        let _gone = stream.shutdown().await;
        // What is not read by then would reset the connection.
        while stream.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {}
    })
    .await
}

/// Returns what is said about a receiver before the usual limit.
async fn sentence(url: &str) -> String {
    post(settings(), url).await.expect_err("no response").to_string()
}

/// Returns what is said about a receiver after a short limit.
async fn late(url: &str) -> String {
    let quick = OutboundSettings { timeout: LIMIT, ..settings() };
    post(quick, url).await.expect_err("no response").to_string()
}

const SLOW: Duration = Duration::from_millis(20);
const HEADERS: &str = "no valid response: its headers are too many, or longer than 64 KiB";
const CLOSED: &str = "no valid response: the server closed the connection before the end of it";

#[tokio::test]
async fn receiver_without_an_answer_is_given_up_after_the_limit() {
    let silent = conducted(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    });
    assert_eq!(late(&silent.await).await, "no answer within 0.3 s");
    let byte_by_byte = repeating(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", SLOW);
    assert_eq!(late(&byte_by_byte.await).await, "no answer within 0.3 s");
    let informational = repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n", Duration::ZERO);
    assert_eq!(late(&informational.await).await, "no answer within 0.3 s");
    let hints = repeating(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", SLOW);
    assert_eq!(late(&hints.await).await, "no answer within 0.3 s");
}

#[tokio::test]
async fn slow_body_is_given_up_after_the_limit() {
    let byte_by_byte = repeating(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x", Duration::from_millis(50));
    assert_eq!(late(&byte_by_byte.await).await, "no complete answer within 0.3 s");
    let chunks = repeating(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", Duration::from_millis(50));
    assert_eq!(late(&chunks.await).await, "no complete answer within 0.3 s");
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    assert_eq!(sentence(&repeating(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n", Duration::ZERO).await).await, HEADERS);
    assert_eq!(sentence(&repeating(b"HTTP/1.1 200 OK\r\nX-Long: ", &[b'x'; 1024], Duration::ZERO).await).await, HEADERS);
    assert_eq!(sentence(&repeating(b"HTTP/1.1 200 ", &[b'x'; 1024], Duration::ZERO).await).await, HEADERS);
}

#[tokio::test]
async fn connection_that_is_closed_early_is_named() {
    assert_eq!(sentence(&answering(b"").await).await, CLOSED);
    assert_eq!(sentence(&answering(b"HTTP/1.1 200 OK\r\n").await).await, CLOSED);
    assert_eq!(sentence(&answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx").await).await, CLOSED);
    assert_eq!(sentence(&answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx").await).await, CLOSED);
}

#[tokio::test]
async fn anything_but_http_is_named() {
    for response in [
        &b"SSH-2.0-OpenSSH_9.6\r\n"[..],
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 999999 No\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ] {
        let sentence = sentence(&answering(response).await).await;
        assert!(sentence.starts_with("no valid response: what arrived is not HTTP ("), "{sentence}");
    }
    let chunks = answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n").await;
    let sentence = sentence(&chunks).await;
    assert!(sentence.starts_with("no valid response: Invalid chunk size line"), "{sentence}");
}

#[tokio::test]
async fn beginning_of_a_huge_or_endless_body_is_enough() {
    for head in [
        &b"HTTP/1.1 200 OK\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
    ] {
        let url = repeating(head, &[b'x'; 1024], Duration::ZERO).await;
        let response = post(settings(), &url).await.expect("a response");
        assert_eq!((response.status, response.body), (StatusCode::OK, vec![b'x'; 16]));
    }
}
